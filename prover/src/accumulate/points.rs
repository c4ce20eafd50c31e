//! Curve points inside a folding circuit, kept as linear combinations until the end.
//!
//! snark-verifier evaluates a multi-scalar multiplication for every proof that it verifies, and two more to combine the results.
//! Each costs 254 doublings, and points that occur in several are multiplied several times. Here a point is a sum of terms, scaling it
//! scales the factors, and [`LazyEcc::evaluate`] multiplies once, over all proofs of a circuit, with equal bases merged.

use std::{
    cell::{RefCell, RefMut},
    ops::Deref,
    rc::Rc,
};

use halo2_base::{
    AssignedValue, Context,
    QuantumCell::{self, Constant, Existing},
    gates::{GateChip, GateInstructions, flex_gate::threads::SinglePhaseCoreManager},
};
use halo2curves::{
    CurveAffine,
    bn256::{Fr, G1Affine},
    ff::Field,
    group::prime::PrimeCurveAffine,
};
use snark_verifier::{
    Error,
    loader::halo2::{EccInstructions, Halo2Loader},
    pcs::kzg::LimbsEncodingInstructions,
    system::halo2::transcript::halo2::NativeEncoding,
};

use super::{
    chip::{CHIP_LIMB_BITS, CHIP_LIMBS, Chip, LoadedPoint},
    instance::{LIMB_BITS, LIMBS, join_limbs},
    limbs::{to_chip_limbs, to_instance_limbs},
};

/// The loader of folding circuits.
pub(super) type Loader = Rc<Halo2Loader<G1Affine, LazyEcc>>;
type Pool = SinglePhaseCoreManager<Fr>;
type Scalar = AssignedValue<Fr>;

/// A point that has not been computed yet: the sum of its terms.
#[derive(Debug, Clone, Default)]
pub(super) struct Combination {
    terms: Vec<Term>,
}

#[derive(Debug, Clone)]
struct Term {
    base: Base,
    /// One, if there is none.
    factor: Option<Scalar>,
}

#[derive(Debug, Clone)]
enum Base {
    Constant(G1Affine),
    Loaded(Rc<LoadedPoint>),
}

impl Base {
    /// Whether both are known to be the same point: the same constant, or the same cells.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Constant(a), Self::Constant(b)) => a == b,
            (Self::Loaded(a), Self::Loaded(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl Combination {
    fn loaded(point: LoadedPoint, factor: Option<Scalar>) -> Self {
        Self { terms: vec![Term { base: Base::Loaded(Rc::new(point)), factor }] }
    }

    fn constant(point: G1Affine) -> Self {
        Self { terms: vec![Term { base: Base::Constant(point), factor: None }] }
    }

    fn scale(&self, gate: &GateChip<Fr>, ctx: &mut Context<Fr>, by: Scalar) -> Self {
        let scale = |term: &Term| {
            let factor = term.factor.map_or(by, |factor| gate.mul(ctx, factor, by));
            Term { base: term.base.clone(), factor: Some(factor) }
        };
        Self { terms: self.terms.iter().map(scale).collect() }
    }
}

/// A commitment of a verifying key.
#[derive(Debug)]
pub(super) struct Commitment {
    /// The point.
    pub(super) combination: Combination,
    /// The limbs of x, then of y; all zero for the identity.
    pub(super) limbs: [Scalar; 2 * CHIP_LIMBS],
}

/// Elliptic curve instructions over [`Combination`]s.
#[derive(Debug, Clone, Default)]
pub(super) struct LazyEcc {
    gate: GateChip<Fr>,
    chip: Rc<RefCell<Chip>>,
}

impl LazyEcc {
    /// The chip underneath.
    pub(super) fn chip(&self) -> RefMut<'_, Chip> {
        self.chip.borrow_mut()
    }

    /// What the chip has recorded; nothing is left to record on.
    pub(super) fn into_chip(self) -> Chip {
        self.chip.take()
    }

    /// Assigns a commitment of a verifying key: a point, or the identity (a column of zeros).
    ///
    /// For the identity the generator stands in, and is scaled by zero.
    pub(super) fn assign_commitment(&self, ctx: &mut Context<Fr>, value: G1Affine) -> Commitment {
        let identity = bool::from(value.is_identity());
        let generator = G1Affine::generator();
        let point = self.chip().load(ctx, if identity { generator } else { value });
        let identity = ctx.load_witness(Fr::from(u64::from(identity)));
        self.gate.assert_bit(ctx, identity);
        let present = self.gate.not(ctx, identity);
        let expected = super::chip::coordinates(&generator);
        let mut limbs = point.limbs.as_flattened().iter().zip(expected.as_flattened()).map(|(limb, expected)| {
            // The stand-in is the generator, so that a point is the identity in one way only.
            let difference = self.gate.sub(ctx, *limb, Constant(*expected));
            let zero = self.gate.mul(ctx, difference, identity);
            self.gate.assert_is_const(ctx, &zero, &Fr::ZERO);
            self.gate.mul(ctx, *limb, present)
        });
        let limbs = std::array::from_fn(|_| limbs.next().expect("as many"));
        Commitment { combination: Combination::loaded(point, Some(present)), limbs }
    }

    /// Computes a combination, which must not be the identity.
    pub(super) fn evaluate(&self, ctx: &mut Context<Fr>, combination: &Combination) -> LoadedPoint {
        let pairs = self.merge(ctx, combination);
        let pairs: Vec<_> = pairs.iter().map(|(point, scalar)| (point.deref(), *scalar)).collect();
        self.chip().multiply(ctx, &pairs)
    }

    /// Merges the terms that have the same base.
    fn merge(&self, ctx: &mut Context<Fr>, combination: &Combination) -> Vec<(Rc<LoadedPoint>, Scalar)> {
        let mut merged: Vec<(&Base, Vec<QuantumCell<Fr>>)> = vec![];
        for Term { base, factor } in &combination.terms {
            let factor = factor.map_or(Constant(Fr::ONE), Existing);
            match merged.iter_mut().find(|(other, _)| base.is(other)) {
                Some((_, factors)) => factors.push(factor),
                None => merged.push((base, vec![factor])),
            }
        }
        let pair = |(base, factors): (&Base, Vec<QuantumCell<Fr>>)| match base {
            Base::Constant(point) if bool::from(point.is_identity()) => None,
            Base::Constant(point) => {
                let limbs = super::chip::coordinates(point).map(|limbs| limbs.map(|limb| ctx.load_constant(limb)));
                let point = self.chip().load_limbs(ctx, *point, limbs);
                Some((Rc::new(point), self.gate.sum(ctx, factors)))
            }
            Base::Loaded(point) => Some((point.clone(), self.gate.sum(ctx, factors))),
        };
        merged.into_iter().filter_map(pair).collect()
    }

    /// The limbs of a point as instances have them.
    pub(super) fn instance_limbs(&self, ctx: &mut Context<Fr>, point: &LoadedPoint) -> Vec<Scalar> {
        point.limbs.iter().flat_map(|limbs| to_instance_limbs(&self.gate, ctx, limbs)).collect()
    }
}

impl EccInstructions<G1Affine> for LazyEcc {
    type Context = Pool;
    type ScalarChip = GateChip<Fr>;
    type AssignedCell = Scalar;
    type AssignedScalar = Scalar;
    type AssignedEcPoint = Combination;

    fn scalar_chip(&self) -> &GateChip<Fr> {
        &self.gate
    }

    fn assign_constant(&self, _: &mut Pool, point: G1Affine) -> Combination {
        Combination::constant(point)
    }

    fn assign_point(&self, pool: &mut Pool, point: G1Affine) -> Combination {
        Combination::loaded(self.chip().load(pool.main(), point), None)
    }

    fn sum_with_const(
        &self,
        _: &mut Pool,
        values: &[impl Deref<Target = Combination>],
        constant: G1Affine,
    ) -> Combination {
        let constant = (!bool::from(constant.is_identity())).then(|| Combination::constant(constant));
        let terms = values.iter().map(|value| value.deref().clone()).chain(constant);
        Combination { terms: terms.flat_map(|value| value.terms).collect() }
    }

    fn fixed_base_msm(&mut self, _: &mut Pool, pairs: &[(impl Deref<Target = Scalar>, G1Affine)]) -> Combination {
        let term =
            |(scalar, base): &(_, G1Affine)| Term { base: Base::Constant(*base), factor: Some(*Deref::deref(scalar)) };
        Combination { terms: pairs.iter().map(term).collect() }
    }

    fn variable_base_msm(
        &mut self,
        pool: &mut Pool,
        pairs: &[(impl Deref<Target = Scalar>, impl Deref<Target = Combination>)],
    ) -> Combination {
        let scaled = pairs.iter().flat_map(|(scalar, base)| base.scale(&self.gate, pool.main(), **scalar).terms);
        Combination { terms: scaled.collect() }
    }

    fn assert_equal(&self, pool: &mut Pool, a: &Combination, b: &Combination) {
        let [a, b] = [a, b].map(|combination| self.evaluate(pool.main(), combination).limbs);
        for (a, b) in a.as_flattened().iter().zip(b.as_flattened()) {
            pool.main().constrain_equal(a, b);
        }
    }
}

/// What transcripts absorb of a point: its coordinates, reduced into the scalar field.
impl NativeEncoding<G1Affine> for LazyEcc {
    fn encode(&self, pool: &mut Pool, point: &Combination) -> Result<Vec<Scalar>, Error> {
        let [Term { base: Base::Loaded(point), factor: None }] = point.terms.as_slice() else {
            return Err(Error::InvalidProtocol("only points that have been read are absorbed".to_owned()));
        };
        let base = Fr::from(2).pow([CHIP_LIMB_BITS as u64]);
        let weights: [_; CHIP_LIMBS] = std::array::from_fn(|i| Constant(base.pow([i as u64])));
        let native = |limbs: &[Scalar; CHIP_LIMBS]| self.gate.inner_product(pool.main(), *limbs, weights);
        Ok(point.limbs.iter().map(native).collect())
    }
}

impl LimbsEncodingInstructions<G1Affine, LIMBS, LIMB_BITS> for LazyEcc {
    fn assign_ec_point_from_limbs(&self, pool: &mut Pool, limbs: &[impl Deref<Target = Scalar>]) -> Combination {
        let ctx = pool.main();
        let limbs: Vec<Scalar> = limbs.iter().map(|limb| **limb).collect();
        let (x, y) = limbs.split_at(LIMBS);
        let [x_value, y_value] = [x, y].map(|limbs| {
            let values: Vec<Fr> = limbs.iter().map(|limb| *limb.value()).collect();
            join_limbs(&values)
        });
        // Limbs of no point can only come from a prover that means to cheat; with another point, the constraints fail.
        let point = x_value.zip(y_value).and_then(|(x, y)| G1Affine::from_xy(x, y).into());
        let [x, y] = [x, y].map(|limbs| to_chip_limbs(&self.gate, ctx, limbs));
        let point = self.chip().load_limbs(ctx, point.unwrap_or_else(G1Affine::generator), [x, y]);
        Combination::loaded(point, None)
    }

    fn assign_ec_point_to_limbs(&self, pool: &mut Pool, point: impl Deref<Target = Combination>) -> Vec<Scalar> {
        let point = self.evaluate(pool.main(), &point);
        self.instance_limbs(pool.main(), &point)
    }
}
