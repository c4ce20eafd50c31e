//! The CPU backend: portable code, or AVX-512 IFMA where the machine has it.

mod arithmetic;
pub mod ifma;
pub mod msm;
mod ntt;
mod permute;
pub(crate) mod portable;
mod transform;
mod vector;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use group::Curve;
use halo2curves::bn256::{Fr, G1, G1Affine};
use rayon::prelude::*;

#[cfg(target_arch = "x86_64")]
use self::ifma::Ifma;
use self::portable::Portable;
use crate::naive::check_columns;
use crate::{Backend, Domain, Error, Fraction, LookupColumns, Program};

/// The instruction set that the CPU backend uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isa {
    /// Plain 64-bit arithmetic; runs everywhere.
    Portable,
    /// Eight lanes of 52-bit limbs with AVX-512 IFMA.
    Avx512Ifma,
}

impl Isa {
    /// All of them, slowest first.
    pub const ALL: [Isa; 2] = [Isa::Portable, Isa::Avx512Ifma];

    /// The name used in options and reports.
    pub fn name(self) -> &'static str {
        match self {
            Isa::Portable => "portable",
            Isa::Avx512Ifma => "avx512-ifma",
        }
    }

    /// The CPU features this needs and the machine lacks; empty if it can run.
    pub fn missing(self) -> Vec<&'static str> {
        match self {
            Isa::Portable => Vec::new(),
            Isa::Avx512Ifma => missing_ifma_features(),
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn missing_ifma_features() -> Vec<&'static str> {
    let features = [
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("avx512dq", is_x86_feature_detected!("avx512dq")),
        ("avx512bw", is_x86_feature_detected!("avx512bw")),
        ("avx512vl", is_x86_feature_detected!("avx512vl")),
        ("avx512ifma", is_x86_feature_detected!("avx512ifma")),
    ];
    features.into_iter().filter(|(_, present)| !present).map(|(name, _)| name).collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn missing_ifma_features() -> Vec<&'static str> {
    vec!["x86-64"]
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The kernels of an instruction set that is present.
#[derive(Clone, Copy, Debug)]
enum Engine {
    Portable(Portable),
    #[cfg(target_arch = "x86_64")]
    Ifma(Ifma),
}

/// Runs the same code with the kernels of whichever instruction set a backend has.
macro_rules! with_kernel {
    ($backend:expr, $kernel:ident => $body:expr) => {
        match $backend.engine() {
            crate::cpu::Engine::Portable($kernel) => $body,
            #[cfg(target_arch = "x86_64")]
            crate::cpu::Engine::Ifma($kernel) => $body,
        }
    };
}
use with_kernel;

/// Computes in the process's own memory, on the threads of the current rayon pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuBackend {
    isa: Isa,
}

impl CpuBackend {
    /// The backend for one instruction set.
    ///
    /// # Errors
    /// [`Error::MissingIsa`] if the machine does not have it; there is no fallback.
    pub fn new(isa: Isa) -> Result<Self, Error> {
        match isa.missing() {
            missing if missing.is_empty() => Ok(Self { isa }),
            missing => Err(Error::MissingIsa { isa: isa.name(), missing: missing.join(", ") }),
        }
    }

    /// The backend for the best instruction set of this machine.
    pub fn detect() -> Self {
        let isa = Isa::ALL.into_iter().rfind(|isa| isa.missing().is_empty()).unwrap_or(Isa::Portable);
        Self { isa }
    }

    fn engine(&self) -> Engine {
        match self.isa {
            Isa::Portable => Engine::Portable(Portable),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Ifma => {
                Engine::Ifma(Ifma::detect().expect("a backend is only made where its instruction set is present"))
            }
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx512Ifma => unreachable!("a backend is only made where its instruction set is present"),
        }
    }

    /// The proof that IFMA is there, if it is what this backend uses.
    fn token(&self) -> Option<ifma::Ifma> {
        match self.engine() {
            Engine::Portable(_) => None,
            #[cfg(target_arch = "x86_64")]
            Engine::Ifma(token) => Some(token),
        }
    }

    /// The instruction set in use.
    pub fn isa(&self) -> Isa {
        self.isa
    }
}

impl FromStr for CpuBackend {
    type Err = Error;

    /// `cpu` for the best instruction set, `cpu:portable` or `cpu:avx512-ifma` for a particular one.
    fn from_str(name: &str) -> Result<Self, Error> {
        let unknown = || Error::UnknownBackend { name: name.into(), known: "cpu, cpu:portable, cpu:avx512-ifma" };
        if name == "cpu" {
            return Ok(Self::detect());
        }
        let isa = name.strip_prefix("cpu:").ok_or_else(unknown)?;
        Self::new(Isa::ALL.into_iter().find(|known| known.name() == isa).ok_or_else(unknown)?)
    }
}

/// A polynomial in the memory of the process, borrowed from the caller or owned.
#[derive(Clone, Debug)]
pub struct CpuPoly<'a>(Cow<'a, [Fr]>);

impl CpuPoly<'_> {
    fn owned<'a>(elements: Vec<Fr>) -> CpuPoly<'a> {
        CpuPoly(Cow::Owned(elements))
    }
}

/// Points to commit against. They are in the form of an instruction set, so nothing is borrowed.
#[derive(Debug)]
pub struct CpuBases<'a>(msm::Bases, PhantomData<&'a [G1Affine]>);

/// A constraint program, with what an instruction set wants to know about it.
#[derive(Debug)]
pub struct CpuProgram {
    program: Program,
    #[cfg(target_arch = "x86_64")]
    ifma: Option<ifma::program::Prepared>,
}

impl Backend for CpuBackend {
    type Poly<'a> = CpuPoly<'a>;
    type Bases<'a> = CpuBases<'a>;
    type Program = CpuProgram;

    fn name(&self) -> String {
        format!("cpu:{}", self.isa)
    }

    fn poly_bytes(&self, n: usize) -> usize {
        n * size_of::<Fr>()
    }

    fn upload<'a>(&self, columns: Vec<Cow<'a, [Fr]>>) -> Result<Vec<CpuPoly<'a>>, Error> {
        Ok(columns.into_iter().map(CpuPoly).collect())
    }

    fn download(&self, poly: &CpuPoly<'_>) -> Result<Vec<Fr>, Error> {
        Ok(poly.0.to_vec())
    }

    fn write(&self, poly: &mut CpuPoly<'_>, offset: usize, elements: &[Fr]) -> Result<(), Error> {
        let len = poly.0.len();
        if offset.checked_add(elements.len()).is_none_or(|end| end > len) {
            let found = offset.saturating_add(elements.len());
            return Err(Error::Length { what: "elements written to a polynomial", expected: len, found });
        }
        poly.0.to_mut()[offset..offset + elements.len()].copy_from_slice(elements);
        Ok(())
    }

    fn prepare_bases<'a>(&self, points: Cow<'a, [G1Affine]>, table_bytes: usize) -> Result<CpuBases<'a>, Error> {
        Ok(CpuBases(msm::Bases::new(self.token(), &points, table_bytes)?, PhantomData))
    }

    fn bases_bytes(&self, n: usize) -> usize {
        msm::Bases::bytes(n)
    }

    fn commit_bytes(&self, n: usize) -> usize {
        msm::working_bytes(n)
    }

    fn table_bytes(&self, bases: &CpuBases<'_>) -> usize {
        bases.0.table_bytes()
    }

    fn commit(&self, bases: &CpuBases<'_>, polys: &[&CpuPoly<'_>]) -> Result<Vec<G1Affine>, Error> {
        if let Some(poly) = polys.iter().find(|poly| poly.0.len() > bases.0.len()) {
            let (expected, found) = (bases.0.len(), poly.0.len());
            return Err(Error::Length { what: "a polynomial to commit to", expected, found });
        }
        let scalars: Vec<&[Fr]> = polys.iter().map(|poly| poly.0.as_ref()).collect();
        let sums: Vec<G1> = bases.0.msm(&scalars)?;
        let mut points = vec![G1Affine::default(); sums.len()];
        G1::batch_normalize(&sums, &mut points);
        Ok(points)
    }

    fn lagrange_to_coeff<'a>(&self, domain: &Domain, polys: Vec<Self::Poly<'a>>) -> Result<Vec<CpuPoly<'a>>, Error> {
        check_sizes(domain, polys.iter())?;
        let transform = |poly: CpuPoly<'a>| {
            let mut elements = poly.0.into_owned();
            self.inverse_ntt(&mut elements);
            CpuPoly::owned(elements)
        };
        Ok(polys.into_par_iter().map(transform).collect())
    }

    fn coeff_to_coset<'a>(
        &self,
        domain: &Domain,
        polys: &[&CpuPoly<'_>],
        part: usize,
    ) -> Result<Vec<CpuPoly<'a>>, Error> {
        check_sizes(domain, polys.iter().copied())?;
        let shift = *domain.shifts().get(part).ok_or(Error::Length {
            what: "coset parts of the domain",
            expected: part + 1,
            found: domain.shifts().len(),
        })?;
        let transform = |poly: &&CpuPoly<'_>| {
            let mut values = vec![Fr::default(); domain.n()];
            self.coset_ntt(&poly.0, &shift, &mut values);
            CpuPoly::owned(values)
        };
        Ok(polys.par_iter().map(transform).collect())
    }

    fn cosets_to_quotient<'a>(&self, domain: &Domain, parts: Vec<Self::Poly<'a>>) -> Result<Vec<CpuPoly<'a>>, Error> {
        check_sizes(domain, parts.iter())?;
        let (expected, found) = (domain.shifts().len(), parts.len());
        if expected != found {
            return Err(Error::Length { what: "coset parts of a quotient", expected, found });
        }
        let parts = parts.into_iter().map(|part| part.0.into_owned()).collect();
        Ok(self.quotient_pieces(domain, parts).into_iter().map(CpuPoly::owned).collect())
    }

    fn permute_lookups<'a>(
        &self,
        lookups: &[(&CpuPoly<'_>, usize)],
        tables: &[&CpuPoly<'_>],
        usable: usize,
    ) -> Result<Vec<LookupColumns<CpuPoly<'a>>>, Error> {
        let inputs = lookups.iter().map(|(input, _)| *input);
        if let Some(poly) = inputs.chain(tables.iter().copied()).find(|poly| poly.0.len() < usable) {
            return Err(Error::Length { what: "a lookup column", expected: usable, found: poly.0.len() });
        }
        if let Some((_, table)) = lookups.iter().find(|(_, table)| *table >= tables.len()) {
            return Err(Error::Length { what: "lookup tables", expected: table + 1, found: tables.len() });
        }
        let sorted: Vec<permute::SortedTable> =
            tables.par_iter().map(|table| permute::SortedTable::new(&table.0[..usable])).collect();
        let permute = |(lookup, (input, table)): (usize, &(&CpuPoly<'_>, usize))| {
            let (input, table) = sorted[*table].permute(&input.0, usable).ok_or(Error::NotInTable { lookup })?;
            Ok(LookupColumns { input: CpuPoly::owned(input), table: CpuPoly::owned(table) })
        };
        lookups.par_iter().enumerate().map(permute).collect()
    }

    fn grand_products<'a>(
        &self,
        fractions: Vec<Fraction<Self::Poly<'a>>>,
        last: usize,
        chained: bool,
    ) -> Result<Vec<CpuPoly<'a>>, Error> {
        for Fraction { numerator, denominator } in &fractions {
            for poly in [numerator, denominator] {
                if poly.0.len() <= last || poly.0.len() != numerator.0.len() {
                    return Err(Error::Length {
                        what: "a factor of a product",
                        expected: last + 1,
                        found: poly.0.len(),
                    });
                }
            }
        }
        let (numerators, denominators): (Vec<Vec<Fr>>, Vec<CpuPoly<'_>>) =
            fractions.into_iter().map(|fraction| (fraction.numerator.0.into_owned(), fraction.denominator)).unzip();
        let fractions = numerators.into_iter().zip(denominators.iter().map(|denominator| &*denominator.0)).collect();
        let products = self.running_fractions(fractions, last, chained);
        Ok(products.into_iter().map(CpuPoly::owned).collect())
    }

    fn prepare_program(&self, program: Program) -> Result<CpuProgram, Error> {
        #[cfg(target_arch = "x86_64")]
        let ifma = matches!(self.isa, Isa::Avx512Ifma).then(|| ifma::program::Prepared::new(&program));
        Ok(CpuProgram {
            program,
            #[cfg(target_arch = "x86_64")]
            ifma,
        })
    }

    fn evaluate<'a>(
        &self,
        CpuProgram {
            program,
            #[cfg(target_arch = "x86_64")]
            ifma,
        }: &CpuProgram,
        domain: &Domain,
        columns: &[&CpuPoly<'_>],
        arguments: &[Fr],
        shift: Fr,
    ) -> Result<Vec<CpuPoly<'a>>, Error> {
        check_columns(program, domain.n(), columns.iter().map(|column| column.0.len()))?;
        let columns: Vec<&[Fr]> = columns.iter().map(|column| column.0.as_ref()).collect();
        let table = program.scalar_table(arguments)?;
        let outputs = match self.engine() {
            #[cfg(target_arch = "x86_64")]
            Engine::Ifma(kernel) if domain.n() >= ifma::program::MIN_ROWS && ifma.is_some() => {
                let prepared = ifma.as_ref().expect("checked in the guard");
                prepared.evaluate(kernel, program, domain, &columns, &table, shift)
            }
            _ => portable::interpret::evaluate(program, domain, &columns, &table, shift),
        };
        Ok(outputs.into_iter().map(CpuPoly::owned).collect())
    }

    fn evaluate_at(&self, queries: &[(&CpuPoly<'_>, Fr)]) -> Result<Vec<Fr>, Error> {
        Ok(queries.par_iter().map(|(poly, x)| self.evaluate_polynomial(&poly.0, x)).collect())
    }

    fn combine<'a>(&self, sums: &[Vec<(Fr, &CpuPoly<'_>)>]) -> Result<Vec<CpuPoly<'a>>, Error> {
        let combine = |terms: &Vec<(Fr, &CpuPoly<'_>)>| {
            let terms: Vec<(Fr, &[Fr])> = terms.iter().map(|(c, poly)| (*c, poly.0.as_ref())).collect();
            let len = terms.iter().map(|(_, poly)| poly.len()).max();
            let len = len.ok_or(Error::Length { what: "a linear combination", expected: 1, found: 0 })?;
            Ok(CpuPoly::owned(self.linear_combination(&terms, len)))
        };
        sums.par_iter().map(combine).collect()
    }

    fn divide_by_linear<'a>(&self, dividends: Vec<(Self::Poly<'a>, Fr)>) -> Result<Vec<CpuPoly<'a>>, Error> {
        let divide = |(poly, z): (CpuPoly<'a>, Fr)| {
            let mut elements = poly.0.into_owned();
            self.divide_polynomial(&mut elements, &z);
            CpuPoly::owned(elements)
        };
        Ok(dividends.into_par_iter().map(divide).collect())
    }
}

fn check_sizes<'p, 'a: 'p>(domain: &Domain, polys: impl Iterator<Item = &'p CpuPoly<'a>>) -> Result<(), Error> {
    for poly in polys {
        if poly.0.len() != domain.n() {
            let (expected, found) = (domain.n(), poly.0.len());
            return Err(Error::Length { what: "a polynomial to transform", expected, found });
        }
    }
    Ok(())
}
