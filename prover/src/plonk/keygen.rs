//! Key generation on a backend: the keys that halo2's own generation makes, byte for byte.
//!
//! halo2-axiom has public constructors for its keys, made for generators like this one.

use std::borrow::Cow;

use ff::Field;
use halo2_proofs::circuit::Value;
use halo2_proofs::plonk::{
    Advice, Any, Assigned, Assignment, Challenge, Circuit, Column, ConstraintSystem, Error, Fixed, FloorPlanner,
    Instance, ProvingKey, Selector, VerifyingKey, permutation,
};
use halo2_proofs::poly::commitment::Params;
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2_proofs::poly::{EvaluationDomain, Polynomial};
use halo2curves::bn256::{Bn256, Fr, G1Affine};
use tracing::info_span;
use zomma_kernels::{Backend, Domain};

use super::column::ColumnBuilder;
use super::copies::Copies;
use super::key::lagrange_basis;
use super::shape::Shape;
use crate::ProverError;

/// Generates the verifying key of a circuit, without compressing selectors: `halo2_proofs::plonk::keygen_vk`.
///
/// # Errors
/// Those of [`keygen_vk_custom`].
pub fn keygen_vk<B: Backend, C: Circuit<Fr>>(
    backend: &B,
    params: &ParamsKZG<Bn256>,
    circuit: &C,
) -> Result<VerifyingKey<G1Affine>, ProverError> {
    keygen_vk_custom(backend, params, circuit, false)
}

/// Generates the verifying key of a circuit: `halo2_proofs::plonk::keygen_vk_custom`. With `compress_selectors`,
/// selectors that are never on in the same row share fixed columns.
///
/// # Errors
/// [`ProverError::DegreeTooHigh`] if a gate's degree exceeds what halo2 lays keys out for (the environment's MAX_DEGREE,
/// 5 by default, or the minimum degree that the circuit sets); [`ProverError::NotEnoughRows`] or
/// [`ProverError::Halo2`] if the circuit does not fit or fails; [`ProverError::Kernel`].
pub fn keygen_vk_custom<B: Backend, C: Circuit<Fr>>(
    backend: &B,
    params: &ParamsKZG<Bn256>,
    circuit: &C,
    compress_selectors: bool,
) -> Result<VerifyingKey<G1Affine>, ProverError> {
    let _span = info_span!("keygen_vk", backend = backend.name(), k = params.k()).entered();
    Layout::new(params.k(), circuit, compress_selectors)?.into_verifying_key(backend, params)
}

/// Generates the proving key that belongs to a verifying key: `halo2_proofs::plonk::keygen_pk`.
///
/// # Errors
/// Those of [`keygen_vk_custom`], and [`ProverError::Mismatch`] if key and parameters differ in `k`.
pub fn keygen_pk<B: Backend, C: Circuit<Fr>>(
    backend: &B,
    params: &ParamsKZG<Bn256>,
    vk: VerifyingKey<G1Affine>,
    circuit: &C,
) -> Result<ProvingKey<G1Affine>, ProverError> {
    let _span = info_span!("keygen_pk", backend = backend.name(), k = params.k()).entered();
    if vk.get_domain().k() != params.k() {
        return Err(ProverError::mismatch("k of the verifying key", params.k(), vk.get_domain().k()));
    }
    let layout = Layout::new(params.k(), circuit, vk.compress_selectors())?;
    let domain = Domain::new(layout.shape.k, 1)?;
    let sigma = layout.copies.sigma(&domain);
    let indicators = layout.indicators();
    let fixed = layout.fixed;

    // Coefficients of all of them, while their values stay.
    let interpolate = |columns: &[Vec<Fr>]| -> Result<Vec<Polynomial<Fr, _>>, ProverError> {
        let columns = backend.upload(columns.iter().map(|column| Cow::Borrowed(column.as_slice())).collect())?;
        let polys = backend.lagrange_to_coeff(&domain, columns)?;
        polys.iter().map(|poly| Ok(Polynomial::new(backend.download(poly)?))).collect()
    };
    let fixed_polys = interpolate(&fixed)?;
    let sigma_polys = interpolate(&sigma)?;
    let [first, last, active] = <[_; 3]>::try_from(interpolate(&indicators)?).expect("three columns went in");
    let values = |columns: Vec<Vec<Fr>>| columns.into_iter().map(Polynomial::new).collect();
    let sigma = permutation::ProvingKey::from_parts(values(sigma), sigma_polys);
    Ok(ProvingKey::from_parts(vk, first, last, active, values(fixed), fixed_polys, sigma))
}

/// A circuit laid out: its constraint system without selectors, its fixed columns and its copies.
struct Layout {
    shape: Shape,
    /// Degree that the quotient is laid out for.
    degree: usize,
    cs: ConstraintSystem<Fr>,
    fixed: Vec<Vec<Fr>>,
    copies: Copies,
    /// Kept only if selectors are compressed.
    selectors: Vec<Vec<bool>>,
    compress_selectors: bool,
}

impl Layout {
    fn new<C: Circuit<Fr>>(k: u32, circuit: &C, compress_selectors: bool) -> Result<Self, ProverError> {
        let mut cs = ConstraintSystem::default();
        let config = C::configure_with_params(&mut cs, circuit.params());
        let degree = cs.degree();
        let shape = Shape::new(&cs, k, degree)?;

        let mut assembly = Assembly::new(&shape, &cs);
        let synthesized = C::FloorPlanner::synthesize(&mut assembly, circuit, config, cs.constants().clone());
        if let Some(failure) = assembly.failure {
            return Err(failure);
        }
        synthesized.map_err(|source| ProverError::Halo2 { during: "laying the circuit out", source })?;

        let Assembly { fixed, selectors, copies, .. } = assembly;
        let mut fixed: Vec<Vec<Fr>> = fixed.into_iter().map(ColumnBuilder::finish).collect();
        let (cs, selector_columns, selectors) = if compress_selectors {
            let (cs, columns) = cs.compress_selectors(selectors.clone());
            (cs, columns, selectors)
        } else {
            let (cs, columns) = cs.directly_convert_selectors_to_fixed(selectors);
            (cs, columns, Vec::new())
        };
        fixed.extend(selector_columns);
        Ok(Self { shape, degree, cs, fixed, copies, selectors, compress_selectors })
    }

    fn into_verifying_key<B: Backend>(
        self,
        backend: &B,
        params: &ParamsKZG<Bn256>,
    ) -> Result<VerifyingKey<G1Affine>, ProverError> {
        let bases = backend.prepare_bases(Cow::Owned(lagrange_basis(params)), 0)?;
        let commit = |columns: &[Vec<Fr>]| -> Result<Vec<G1Affine>, ProverError> {
            let columns = backend.upload(columns.iter().map(|column| Cow::Borrowed(column.as_slice())).collect())?;
            Ok(backend.commit(&bases, &columns.iter().collect::<Vec<_>>())?)
        };
        let fixed = commit(&self.fixed)?;
        let sigma = commit(&self.copies.sigma(&Domain::new(self.shape.k, 1)?))?;
        let sigma = permutation::VerifyingKey::from_commitments(sigma);
        let domain = EvaluationDomain::new(self.degree as u32, self.shape.k);
        Ok(VerifyingKey::from_parts(domain, fixed, sigma, self.cs, self.selectors, self.compress_selectors))
    }

    /// Values of the polynomials that are one on the first row, on the last usable row, and on the rows before it.
    fn indicators(&self) -> [Vec<Fr>; 3] {
        let (n, last) = (self.shape.n, self.shape.usable_rows());
        let indicator = |rows: std::ops::Range<usize>| {
            let mut values = vec![Fr::ZERO; n];
            values[rows].fill(Fr::ONE);
            values
        };
        [indicator(0..1), indicator(last..last + 1), indicator(0..last)]
    }
}

/// What synthesis fills in without a witness.
struct Assembly<'s> {
    shape: &'s Shape,
    fixed: Vec<ColumnBuilder>,
    selectors: Vec<Vec<bool>>,
    copies: Copies,
    /// The first thing that went wrong: halo2's assignments cannot fail.
    failure: Option<ProverError>,
}

impl<'s> Assembly<'s> {
    fn new(shape: &'s Shape, cs: &ConstraintSystem<Fr>) -> Self {
        Self {
            shape,
            fixed: vec![ColumnBuilder::new(shape.n); cs.num_fixed_columns()],
            selectors: vec![vec![false; shape.n]; cs.num_selectors()],
            copies: Copies::new(shape.permutation.clone(), shape.n),
            failure: None,
        }
    }

    fn is_usable(&self, row: usize) -> bool {
        row < self.shape.usable_rows()
    }

    /// Remembers that a row is beyond the usable ones; whether it is not.
    fn check_row(&mut self, row: usize) -> bool {
        if !self.is_usable(row) {
            let (needed, available) = (row + 1, self.shape.usable_rows());
            self.failure.get_or_insert(ProverError::NotEnoughRows { needed, available, k: self.shape.k });
        }
        self.is_usable(row)
    }

    fn check_fixed(&mut self, column: Column<Fixed>) -> bool {
        let exists = column.index() < self.fixed.len();
        if !exists {
            let count = self.fixed.len();
            self.failure.get_or_insert(ProverError::mismatch(
                "fixed column",
                format!("one of {count}"),
                column.index(),
            ));
        }
        exists
    }

    fn copied_cell(&mut self, column: Column<Any>, row: usize) -> Option<usize> {
        if !self.check_row(row) {
            return None;
        }
        let cell = self.copies.cell(column, row);
        if cell.is_none() {
            let source = Error::ColumnNotInPermutation(column);
            self.failure.get_or_insert(ProverError::Halo2 { during: "laying the circuit out", source });
        }
        cell
    }
}

impl Assignment<Fr> for Assembly<'_> {
    fn enable_selector<A, AR>(&mut self, _: A, selector: &Selector, row: usize) -> Result<(), Error>
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        if !self.check_row(row) {
            return Err(Error::NotEnoughRowsAvailable { current_k: self.shape.k });
        }
        self.selectors.get_mut(selector.index()).ok_or(Error::BoundsFailure)?[row] = true;
        Ok(())
    }

    fn assign_fixed(&mut self, column: Column<Fixed>, row: usize, to: Assigned<Fr>) {
        if self.check_row(row) && self.check_fixed(column) {
            self.fixed[column.index()].assign(row, &to);
        }
    }

    fn fill_from_row(&mut self, column: Column<Fixed>, from: usize, to: Value<Assigned<Fr>>) -> Result<(), Error> {
        if !self.check_row(from) {
            return Err(Error::NotEnoughRowsAvailable { current_k: self.shape.k });
        }
        if !self.check_fixed(column) {
            return Err(Error::BoundsFailure);
        }
        let mut filler = None;
        let _ = to.map(|value| filler = Some(value));
        let filler = filler.ok_or(Error::Synthesis)?;
        (from..self.shape.usable_rows()).for_each(|row| self.fixed[column.index()].assign(row, &filler));
        Ok(())
    }

    fn copy(&mut self, left: Column<Any>, left_row: usize, right: Column<Any>, right_row: usize) {
        if let (Some(left), Some(right)) = (self.copied_cell(left, left_row), self.copied_cell(right, right_row)) {
            self.copies.copy(left, right);
        }
    }

    fn query_instance(&self, _: Column<Instance>, row: usize) -> Result<Value<Fr>, Error> {
        match self.is_usable(row) {
            true => Ok(Value::unknown()),
            false => Err(Error::NotEnoughRowsAvailable { current_k: self.shape.k }),
        }
    }

    // There is no witness.

    fn assign_advice<'v>(&mut self, _: Column<Advice>, _: usize, _: Value<Assigned<Fr>>) -> Value<&'v Assigned<Fr>> {
        Value::unknown()
    }

    fn get_challenge(&self, _: Challenge) -> Value<Fr> {
        Value::unknown()
    }

    fn enter_region<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn exit_region(&mut self) {}

    fn annotate_column<A: FnOnce() -> AR, AR: Into<String>>(&mut self, _: A, _: Column<Any>) {}

    fn push_namespace<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn pop_namespace(&mut self, _: Option<String>) {}
}
