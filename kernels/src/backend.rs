//! The seam between the proving pipeline and whoever computes on polynomials.

use std::borrow::Cow;
use std::fmt::Debug;

use halo2curves::bn256::{Fr, G1Affine};

use crate::{Domain, Error, Program};

/// A grand product to be computed: the factors of its numerator and of its denominator, row by row.
#[derive(Debug)]
pub struct Fraction<P> {
    /// Numerators, one per row.
    pub numerator: P,
    /// Denominators, one per row.
    pub denominator: P,
}

/// The columns of one lookup argument after its permutation.
#[derive(Debug)]
pub struct LookupColumns<P> {
    /// The inputs, equal values next to each other, in ascending order.
    pub input: P,
    /// The table, such that where `input` shows a value for the first time the table shows it too.
    pub table: P,
}

/// Where polynomials live and who computes on them.
///
/// A polynomial is a handle of type [`Backend::Poly`] to `n` field elements in the backend's memory, either values on
/// the rows of a [`Domain`] ("Lagrange") or coefficients, lowest first; dropping the handle frees it. The lifetime lets
/// a backend that shares memory with its caller borrow what it is given; others copy. All operations work on batches,
/// compute exactly (results do not depend on the number of threads) and may run in parallel.
pub trait Backend: Debug + Send + Sync {
    /// A polynomial in this backend's memory.
    type Poly<'a>: Debug + Send + Sync;
    /// Points that polynomials are committed against, prepared for this backend.
    type Bases<'a>: Debug + Send + Sync;
    /// A constraint program prepared for this backend.
    type Program: Debug + Send + Sync;

    /// What computes, for reports: never a fallback's name.
    fn name(&self) -> String;

    /// Bytes that one polynomial of `n` elements occupies.
    fn poly_bytes(&self, n: usize) -> usize;

    /// Makes polynomials of the given elements.
    fn upload<'a>(&self, columns: Vec<Cow<'a, [Fr]>>) -> Result<Vec<Self::Poly<'a>>, Error>;

    /// The elements of a polynomial.
    fn download(&self, poly: &Self::Poly<'_>) -> Result<Vec<Fr>, Error>;

    /// Overwrites the elements from `offset` on.
    ///
    /// # Errors
    /// [`Error::Length`] if they reach beyond the polynomial's end.
    fn write(&self, poly: &mut Self::Poly<'_>, offset: usize, elements: &[Fr]) -> Result<(), Error>;

    /// Prepares points for commitments. `table_bytes` bounds what may be spent on precomputed multiples; with 0 the
    /// points alone are kept.
    fn prepare_bases<'a>(&self, points: Cow<'a, [G1Affine]>, table_bytes: usize) -> Result<Self::Bases<'a>, Error>;

    /// Bytes that `n` prepared points take, precomputed multiples apart.
    fn bases_bytes(&self, n: usize) -> usize;

    /// Bytes that [`commit`](Backend::commit) takes while it runs, for polynomials of `n` elements; an estimate.
    fn commit_bytes(&self, n: usize) -> usize;

    /// Bytes that precomputed multiples of these points take: at most what was allowed.
    fn table_bytes(&self, bases: &Self::Bases<'_>) -> usize;

    /// Commits to every polynomial: $\sum_i p_i\,\mathrm{bases}_i$. A polynomial may be shorter than the basis.
    ///
    /// # Errors
    /// [`Error::Length`] if a polynomial is longer than the basis.
    fn commit(&self, bases: &Self::Bases<'_>, polys: &[&Self::Poly<'_>]) -> Result<Vec<G1Affine>, Error>;

    /// Values on the rows to coefficients, in place where the memory is the backend's own.
    fn lagrange_to_coeff<'a>(&self, domain: &Domain, polys: Vec<Self::Poly<'a>>) -> Result<Vec<Self::Poly<'a>>, Error>;

    /// Coefficients to values on coset `part` of the domain, in the order of the rows.
    fn coeff_to_coset<'a>(
        &self,
        domain: &Domain,
        polys: &[&Self::Poly<'_>],
        part: usize,
    ) -> Result<Vec<Self::Poly<'a>>, Error>;

    /// From the values of a numerator on every coset part, the pieces $q_j$ of its quotient by $X^n - 1$:
    /// the quotient is $\sum_j X^{jn} q_j$, and there are as many pieces as parts.
    fn cosets_to_quotient<'a>(&self, domain: &Domain, parts: Vec<Self::Poly<'a>>)
    -> Result<Vec<Self::Poly<'a>>, Error>;

    /// Permutes lookup inputs and tables as the plookup argument needs it, over the first `usable` rows; the rows
    /// after them are zero and for the caller to [`write`](Backend::write).
    ///
    /// Each lookup is an input and the index of its table. The inputs come out in ascending order of their integer
    /// representatives. The table entries that no first occurrence claims fill the other rows in ascending order.
    ///
    /// # Errors
    /// [`Error::NotInTable`] if an input value is not in its table.
    fn permute_lookups<'a>(
        &self,
        lookups: &[(&Self::Poly<'_>, usize)],
        tables: &[&Self::Poly<'_>],
        usable: usize,
    ) -> Result<Vec<LookupColumns<Self::Poly<'a>>>, Error>;

    /// Grand products $z_0 = 1,\ z_{i+1} = z_i\,\mathrm{numerator}_i/\mathrm{denominator}_i$ up to row `last`; the rows
    /// after it are zero and for the caller to [`write`](Backend::write). If `chained`, each product after the first
    /// begins with the value that the one before it has at row `last`. The inverse of zero is zero.
    fn grand_products<'a>(
        &self,
        fractions: Vec<Fraction<Self::Poly<'a>>>,
        last: usize,
        chained: bool,
    ) -> Result<Vec<Self::Poly<'a>>, Error>;

    /// Prepares a constraint program.
    fn prepare_program(&self, program: Program) -> Result<Self::Program, Error>;

    /// Evaluates a program for every row: its outputs. `columns` are values in the order of the rows of `domain`,
    /// `arguments` the program's scalars, `shift` the coset they are on (1 for the rows themselves).
    ///
    /// # Errors
    /// [`Error::Length`] if there are too few columns or arguments, or a column is not of the domain's size.
    fn evaluate<'a>(
        &self,
        program: &Self::Program,
        domain: &Domain,
        columns: &[&Self::Poly<'_>],
        arguments: &[Fr],
        shift: Fr,
    ) -> Result<Vec<Self::Poly<'a>>, Error>;

    /// The value of each polynomial, given by coefficients, at its point.
    fn evaluate_at(&self, queries: &[(&Self::Poly<'_>, Fr)]) -> Result<Vec<Fr>, Error>;

    /// $\sum_j c_j p_j$ for every list of terms, as long as its longest polynomial.
    ///
    /// # Errors
    /// [`Error::Length`] if a list is empty.
    fn combine<'a>(&self, sums: &[Vec<(Fr, &Self::Poly<'_>)>]) -> Result<Vec<Self::Poly<'a>>, Error>;

    /// The quotient, without remainder, of each polynomial, given by coefficients, by $X - z$. It has as many elements
    /// as the dividend; the last is zero.
    fn divide_by_linear<'a>(&self, dividends: Vec<(Self::Poly<'a>, Fr)>) -> Result<Vec<Self::Poly<'a>>, Error>;
}
