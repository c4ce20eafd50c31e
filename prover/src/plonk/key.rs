//! A proving key in a backend's memory.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};

use halo2_proofs::SerdeFormat;
use halo2_proofs::plonk::{ProvingKey, VerifyingKey};
use halo2_proofs::poly::Polynomial;
use halo2_proofs::poly::commitment::{Params, ParamsProver};
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2curves::serde::SerdeObject;
use zomma_kernels::{Backend, Domain};

use super::expression::{Source, SourcedProgram};
use super::lookup::{LookupPrograms, Lookups};
use super::memory::{Columns, Memory, MemoryPlan, Sizes};
use super::permutation;
use super::quotient;
use super::shape::Shape;
use crate::ProverError;

/// A program in a backend's form and the columns it reads.
#[derive(Debug)]
pub(super) struct Prepared<P> {
    pub(super) program: P,
    pub(super) sources: Vec<Source>,
}

impl<P> Prepared<P> {
    pub(super) fn new<B: Backend<Program = P>>(backend: &B, sourced: SourcedProgram) -> Result<Self, ProverError> {
        Ok(Self { program: backend.prepare_program(sourced.program)?, sources: sourced.sources })
    }
}

/// Everything about a key that does not change from proof to proof: its polynomials in the backend's memory, the
/// points to commit against, its constraints compiled.
#[derive(Debug)]
pub(super) struct PreparedKey<'k, B: Backend> {
    pub(super) vk: &'k VerifyingKey<G1Affine>,
    pub(super) shape: Shape,
    pub(super) domain: Domain,
    pub(super) bases: CommitmentBases<'k, B>,
    pub(super) fixed_values: Vec<B::Poly<'k>>,
    pub(super) fixed_polys: Vec<B::Poly<'k>>,
    pub(super) sigma_values: Vec<B::Poly<'k>>,
    pub(super) sigma_polys: Vec<B::Poly<'k>>,
    pub(super) first: B::Poly<'k>,
    pub(super) last: B::Poly<'k>,
    pub(super) active: B::Poly<'k>,
    pub(super) lookups: LookupPrograms<B>,
    /// One program per grand product of the permutation argument.
    pub(super) permutation: Vec<Prepared<B::Program>>,
    /// The stages of the quotient's numerator.
    pub(super) quotient: Vec<Prepared<B::Program>>,
    /// Number of constraints that the numerator adds up.
    pub(super) constraints: usize,
    pub(super) columns: Columns,
    pub(super) sizes: Sizes,
    pub(super) memory: MemoryPlan,
    pub(super) policy: Memory,
    /// For every part, the key's columns on that coset, if they are kept.
    pub(super) cosets: Vec<HashMap<Source, B::Poly<'k>>>,
}

impl<'k, B: Backend> PreparedKey<'k, B> {
    /// Prepares a key, with such caches as `policy` allows.
    ///
    /// # Errors
    /// As [`Shape::of_key`]; [`ProverError::Mismatch`] if parameters and key are not of one size;
    /// [`ProverError::Memory`] if a proof does not fit into the budget; [`ProverError::Kernel`].
    pub(super) fn new(
        backend: &B,
        params: &'k ParamsKZG<Bn256>,
        pk: &'k ProvingKey<G1Affine>,
        policy: Memory,
    ) -> Result<Self, ProverError> {
        let vk = pk.get_vk();
        let (cs, shape) = (vk.cs(), Shape::of_key(vk)?);
        if params.k() != shape.k {
            return Err(ProverError::mismatch("k of the parameters", shape.k, params.k()));
        }
        let quotient = quotient::compile(cs, &shape);
        let lookups = Lookups::compile(cs);
        let columns = Columns::new(cs, &lookups, &quotient);
        let sizes = Sizes::new(backend, shape.n);
        let mut memory = MemoryPlan::new(&columns, &shape, sizes, policy)?;
        let bases = CommitmentBases::new(backend, params, memory.tables)?;
        memory.tables = bases.table_bytes(backend);
        let prepare = |program| Prepared::new(backend, program);
        let mut indicators = backend.upload(vec![borrow(pk.l0()), borrow(pk.l_last()), borrow(pk.l_active_row())])?;
        let mut indicator = || indicators.pop().expect("three were uploaded");
        let (active, last, first) = (indicator(), indicator(), indicator());
        let mut key = Self {
            vk,
            domain: Domain::new(shape.k, shape.degree - 1)?,
            bases,
            fixed_values: backend.upload(pk.fixed_values().iter().map(borrow).collect())?,
            fixed_polys: backend.upload(pk.fixed_polys().iter().map(borrow).collect())?,
            sigma_values: backend.upload(pk.permutation().permutations().iter().map(borrow).collect())?,
            sigma_polys: backend.upload(pk.permutation().polys().iter().map(borrow).collect())?,
            first,
            last,
            active,
            lookups: LookupPrograms::new(backend, lookups, cs.num_challenges())?,
            permutation: permutation::compile(cs, &shape).into_iter().map(prepare).collect::<Result<_, _>>()?,
            quotient: quotient.stages.into_iter().map(prepare).collect::<Result<_, _>>()?,
            constraints: quotient.constraints,
            shape,
            columns,
            sizes,
            memory,
            policy,
            cosets: Vec::new(),
        };
        if memory.key_cosets > 0 {
            key.cosets =
                (0..key.domain.shifts().len()).map(|part| key.key_cosets(backend, part)).collect::<Result<_, _>>()?;
        }
        Ok(key)
    }

    /// All columns of the key that the quotient reads, on one coset.
    fn key_cosets(&self, backend: &B, part: usize) -> Result<HashMap<Source, B::Poly<'k>>, ProverError> {
        let sources = self.columns.of_key();
        let polys: Vec<_> = sources.iter().filter_map(|source| self.coefficients(*source)).collect();
        Ok(sources.iter().copied().zip(backend.coeff_to_coset(&self.domain, &polys, part)?).collect())
    }

    /// A column of the key by coefficients; `None` for one that is not of the key.
    pub(super) fn coefficients(&self, source: Source) -> Option<&B::Poly<'k>> {
        match source {
            Source::Fixed(i) => Some(&self.fixed_polys[i]),
            Source::Sigma(i) => Some(&self.sigma_polys[i]),
            Source::First => Some(&self.first),
            Source::Last => Some(&self.last),
            Source::Active => Some(&self.active),
            _ => None,
        }
    }

    /// A column of the key on coset `part`, if it is kept.
    pub(super) fn cached_coset(&self, part: usize, source: &Source) -> Option<&B::Poly<'k>> {
        self.cosets.get(part)?.get(source)
    }

    /// Refuses a proof of `circuits` circuits that would exceed the budget.
    ///
    /// # Errors
    /// [`ProverError::Memory`].
    pub(super) fn check_memory(&self, circuits: usize) -> Result<(), ProverError> {
        let caches = self.memory.key_cosets + self.memory.tables;
        self.policy.check(self.columns.proof_bytes(&self.shape, circuits, self.sizes) + caches)
    }
}

fn borrow<Basis>(polynomial: &Polynomial<Fr, Basis>) -> Cow<'_, [Fr]> {
    Cow::Borrowed(polynomial.values())
}

/// The two bases of a structured reference string.
#[derive(Debug)]
pub(super) struct CommitmentBases<'k, B: Backend> {
    /// For polynomials given by coefficients.
    pub(super) coefficients: B::Bases<'k>,
    /// For polynomials given by their values on the rows.
    pub(super) lagrange: B::Bases<'k>,
}

impl<'k, B: Backend> CommitmentBases<'k, B> {
    fn new(backend: &B, params: &'k ParamsKZG<Bn256>, table_bytes: u64) -> Result<Self, ProverError> {
        let each = usize::try_from(table_bytes / 2).unwrap_or(usize::MAX);
        Ok(Self {
            coefficients: backend.prepare_bases(Cow::Borrowed(params.get_g()), each)?,
            lagrange: backend.prepare_bases(Cow::Owned(lagrange_basis(params)), each)?,
        })
    }

    fn table_bytes(&self, backend: &B) -> u64 {
        (backend.table_bytes(&self.coefficients) + backend.table_bytes(&self.lagrange)) as u64
    }
}

/// The Lagrange basis of the parameters. halo2 keeps it private but writes it, right after the coefficient basis.
pub(super) fn lagrange_basis(params: &ParamsKZG<Bn256>) -> Vec<G1Affine> {
    let n = params.get_g().len();
    let mut section = PointSection {
        skip: size_of::<u32>() + n * POINT_BYTES,
        n,
        points: Vec::with_capacity(n),
        partial: Vec::new(),
    };
    params.write_custom(&mut section, SerdeFormat::RawBytesUnchecked).expect("a section accepts all bytes");
    section.points
}

/// Bytes of an uncompressed point.
const POINT_BYTES: usize = 64;

/// Reads `n` uncompressed points out of what is written to it, from byte `skip` on.
struct PointSection {
    skip: usize,
    n: usize,
    points: Vec<G1Affine>,
    partial: Vec<u8>,
}

impl Write for PointSection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        if self.points.len() < self.n {
            self.partial.extend_from_slice(&bytes[skipped..]);
            let whole = self.partial.len() / POINT_BYTES * POINT_BYTES;
            let missing = self.n - self.points.len();
            let points = self.partial[..whole].chunks_exact(POINT_BYTES).map(G1Affine::from_raw_bytes_unchecked);
            self.points.extend(points.take(missing));
            self.partial.drain(..whole);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
