//! How much memory a proof takes, foreseen before work starts.

use std::collections::HashSet;

use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use zomma_kernels::Backend;

use super::expression::Source;
use super::lookup::Lookups;
use super::quotient::{self, Quotient};
use super::shape::Shape;
use crate::ProverError;

/// Bytes per advice cell while a witness is collected: its value, the fraction that halo2 keeps, and halo2's committed
/// value, which stays zero.
const WITNESS_CELL_BYTES: u64 = 32 + 72 + 32;

/// How much memory a prover may use, apart from that of parameters and key, which the caller holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Memory {
    /// What a proof takes. Nothing is kept for the next proof.
    #[default]
    Needed,
    /// Likewise, but proofs that take more bytes than this are refused before they begin.
    AtMost(u64),
    /// Likewise, and what a proof leaves of these bytes is spent on the key's columns on the quotient's cosets and on
    /// precomputed multiples of the commitment bases. That takes as long as a proof or two and makes all proofs after
    /// it faster.
    Cached(u64),
}

impl Memory {
    /// Refuses what needs more memory than there may be.
    ///
    /// # Errors
    /// [`ProverError::Memory`].
    pub fn check(self, needed: u64) -> Result<(), ProverError> {
        match self {
            Self::AtMost(budget) | Self::Cached(budget) if needed > budget => {
                Err(ProverError::Memory { needed, budget })
            }
            _ => Ok(()),
        }
    }

    /// What is left of it once `held` bytes are spent; nothing if there are not as many.
    #[must_use]
    pub fn less(self, held: u64) -> Self {
        match self {
            Self::Needed => Self::Needed,
            Self::AtMost(budget) => Self::AtMost(budget.saturating_sub(held)),
            Self::Cached(budget) => Self::Cached(budget.saturating_sub(held)),
        }
    }
}

/// What a proof needs and what a budget leaves for caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryPlan {
    /// Bytes that a proof of one circuit takes at its peak, apart from key and parameters, which the caller holds.
    pub proof: u64,
    /// Bytes for the key's columns on all cosets, kept between proofs; 0 if they did not fit.
    pub key_cosets: u64,
    /// Bytes of precomputed multiples of the commitment bases.
    pub tables: u64,
}

/// Counts of a key's columns.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub(super) instance: usize,
    pub(super) lookups: usize,
    /// Compressed inputs and tables of lookups.
    pub(super) compressed: usize,
    /// Columns of every stage of the quotient's numerator.
    pub(super) stages: Vec<Vec<Source>>,
}

/// Columns that belong to the key, on a coset, and are of use to every circuit and every proof.
pub(super) fn is_shared(source: &Source) -> bool {
    matches!(source, Source::Fixed(_) | Source::First | Source::Last | Source::Active)
}

/// Columns that a cache of the key's cosets holds.
pub(super) fn is_of_key(source: &Source) -> bool {
    is_shared(source) || matches!(source, Source::Sigma(_))
}

/// What a backend takes for polynomials and points of a size, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    poly: u64,
    bases: u64,
    commit: u64,
}

impl Sizes {
    pub(super) fn new<B: Backend>(backend: &B, n: usize) -> Self {
        Self {
            poly: backend.poly_bytes(n) as u64,
            bases: 2 * backend.bases_bytes(n) as u64,
            commit: backend.commit_bytes(n) as u64,
        }
    }
}

/// Bytes that a proof of `circuits` circuits with these constraints takes at its peak on `backend`, apart from those of
/// parameters and key: what there is to know before either is there. Selectors must have been turned into fixed columns.
///
/// # Errors
/// [`ProverError::DegreeTooHigh`], [`ProverError::NotEnoughRows`].
pub fn proof_memory<B: Backend>(
    backend: &B,
    cs: &ConstraintSystem<Fr>,
    k: u32,
    circuits: usize,
) -> Result<u64, ProverError> {
    let shape = Shape::new(cs, k, cs.degree())?;
    let columns = Columns::new(cs, &Lookups::compile(cs), &quotient::compile(cs, &shape));
    Ok(columns.proof_bytes(&shape, circuits, Sizes::new(backend, shape.n)))
}

impl Columns {
    pub(super) fn new(cs: &ConstraintSystem<Fr>, lookups: &Lookups, quotient: &Quotient) -> Self {
        Self {
            instance: cs.num_instance_columns(),
            lookups: cs.lookups().len(),
            compressed: lookups.compressed(),
            stages: quotient.stages.iter().map(|stage| stage.sources.clone()).collect(),
        }
    }

    /// Every column of the key that the quotient reads.
    pub(super) fn of_key(&self) -> Vec<Source> {
        let all: HashSet<Source> = self.stages.iter().flatten().copied().filter(is_of_key).collect();
        let mut all: Vec<Source> = all.into_iter().collect();
        all.sort();
        all
    }

    /// Most polynomials that are alive at once in a proof of `circuits` circuits, counted phase by phase as the pipeline
    /// holds them: while there are commitments to be made, and otherwise.
    fn peaks(&self, shape: &Shape, circuits: usize) -> [usize; 2] {
        let (advice, products, lookups) = (shape.advice_phases.len(), shape.permutation_products(), self.lookups);
        let witness = advice + self.instance;
        let permuted = self.compressed + 2 * lookups;
        let lookup = circuits * (witness + permuted) + lookups;
        let permutation = circuits * (witness + permuted + products) + products;
        let lookup_products = circuits * (witness + products + permuted + lookups) + lookups;
        let committed = circuits * (witness + products + 3 * lookups) + 1;
        let parts = shape.degree - 1;
        // Batches of SHPLONK: one for each set of points and for each point, of which there are few.
        let opening = committed + shape.degree + 16;
        let committing = [lookup, permutation, lookup_products, committed + parts, opening].into_iter().max();
        [committing.unwrap_or(0), committed + parts + self.peak_cosets()]
    }

    /// Most columns on a coset at once, with the numerator before and after a stage.
    fn peak_cosets(&self) -> usize {
        let mut alive: HashSet<Source> = HashSet::new();
        let mut peak = 0;
        for (stage, sources) in self.stages.iter().enumerate() {
            alive.extend(sources);
            peak = peak.max(alive.len() + 2);
            let later: HashSet<Source> = self.stages[stage + 1..].iter().flatten().copied().collect();
            alive.retain(|source| is_shared(source) || later.contains(source));
        }
        peak
    }

    /// Bytes that a proof of `circuits` circuits takes at its peak.
    pub(super) fn proof_bytes(&self, shape: &Shape, circuits: usize, sizes: Sizes) -> u64 {
        let (n, advice) = (shape.n as u64, shape.advice_phases.len() as u64);
        let polys = |count: usize| count as u64 * sizes.poly;
        let before = polys((circuits - 1) * shape.advice_phases.len() + circuits * self.instance);
        let witness = before + n * advice * WITNESS_CELL_BYTES;
        let [committing, otherwise] = self.peaks(shape, circuits).map(polys);
        sizes.bases + (witness + sizes.commit).max(committing + sizes.commit).max(otherwise)
    }
}

impl MemoryPlan {
    /// Shares memory out: what a proof needs first, then the key's cosets if all of them fit, then tables, of which fewer
    /// may be made than there is room for.
    ///
    /// # Errors
    /// [`ProverError::Memory`] if not even a proof fits.
    pub(super) fn new(columns: &Columns, shape: &Shape, sizes: Sizes, memory: Memory) -> Result<Self, ProverError> {
        let proof = columns.proof_bytes(shape, 1, sizes);
        memory.check(proof)?;
        let Memory::Cached(budget) = memory else { return Ok(Self { proof, key_cosets: 0, tables: 0 }) };
        let cosets = columns.of_key().len() as u64 * (shape.degree as u64 - 1) * sizes.poly;
        let key_cosets = if cosets <= budget - proof { cosets } else { 0 };
        Ok(Self { proof, key_cosets, tables: budget - proof - key_cosets })
    }
}
