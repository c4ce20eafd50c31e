//! The chip of folding circuits: points of BN254 in its own scalar field, and the hash function of its transcripts.
//!
//! halo2-ecc computes with non-native numbers in a single vertical gate; a multi-scalar multiplication of 60 points takes it six
//! million cells. Here an addition takes 82 rows of two columns, table entries are read by lookup, and quotients, carries and range checks
//! share one column of running sums: see [`config`] for the layout, [`formulas`] for the equations and their bounds.

mod blocks;
mod circuit;
mod config;
mod formulas;
mod limbs;
mod msm;
mod rounds;
mod tape;
#[cfg(test)]
mod tests;

use halo2_base::{AssignedValue, Context};
use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::PrimeField,
};

pub use circuit::{FoldCircuit, FoldCost, FoldShape};
pub use config::FoldConfig;

use blocks::{ChipPoint, Ordinate, Passing, Small};
use limbs::{LIMB_BITS, LIMBS, Truncated, split, to_integer};
use msm::Constants;
use tape::{Held, Tape};

/// Limbs of a coordinate inside the chip.
pub(super) const CHIP_LIMBS: usize = LIMBS;
/// Their bits.
pub(super) const CHIP_LIMB_BITS: usize = LIMB_BITS;

/// What has been assigned, and what is needed to go on.
#[derive(Debug, Default)]
pub(super) struct Chip {
    tape: Tape,
    next_key: u64,
    small: Option<Small>,
}

/// A point on the curve, not the identity, with coordinates below the modulus.
#[derive(Debug, Clone)]
pub(super) struct LoadedPoint {
    point: ChipPoint,
    /// The limbs of x and of y as scalars.
    pub(super) limbs: [[AssignedValue<Fr>; LIMBS]; 2],
}

impl Chip {
    /// Loads a point that is not the identity.
    pub(super) fn load(&mut self, ctx: &mut Context<Fr>, value: G1Affine) -> LoadedPoint {
        let limbs = coordinates(&value).map(|limbs| limbs.map(|limb| ctx.load_witness(limb)));
        self.load_limbs(ctx, value, limbs)
    }

    /// Loads the point whose limbs are given. If they are not those of `value`, the constraints fail.
    pub(super) fn load_limbs(
        &mut self,
        ctx: &mut Context<Fr>,
        value: G1Affine,
        limbs: [[AssignedValue<Fr>; LIMBS]; 2],
    ) -> LoadedPoint {
        let small = *self.small.get_or_insert_with(|| {
            let [zero, three] = [0, 3].map(|value| ctx.load_constant(Fr::from(value)).into());
            Small { zero, three }
        });
        let point = self.tape.load(value, limbs.map(|limbs| limbs.map(Held::from)), &small);
        LoadedPoint { point, limbs }
    }

    /// The sum of points scaled by scalars, which must not be the identity.
    pub(super) fn multiply(
        &mut self,
        ctx: &mut Context<Fr>,
        pairs: &[(&LoadedPoint, AssignedValue<Fr>)],
    ) -> LoadedPoint {
        let pairs: Vec<_> = pairs.iter().map(|(point, scalar)| (point.point, Held::from(*scalar))).collect();
        // Keys are not zero: that is what rows without a point have.
        self.next_key = self.next_key.max(1);
        let sum = msm::multiply(&mut self.tape, &mut InContext(ctx), &mut self.next_key, &pairs);
        let limbs = [&sum.x, &sum.y].map(|number| number.limbs.map(|limb| ctx.load_witness(limb.value)));
        for (number, scalars) in [&sum.x, &sum.y].into_iter().zip(&limbs) {
            for (limb, scalar) in number.limbs.iter().zip(scalars) {
                self.tape.copy(limb.cell, (*scalar).into());
            }
        }
        // A wrong witness may lead anywhere; what is loaded then has other limbs, and the constraints fail.
        let value = sum.value().unwrap_or_else(G1Affine::generator);
        self.load_limbs(ctx, value, limbs)
    }

    /// The permutation of the hash function.
    pub(super) fn permute(&mut self, ctx: &mut Context<Fr>, state: [AssignedValue<Fr>; 3]) -> [AssignedValue<Fr>; 3] {
        rounds::permute(&mut self.tape, state.map(Held::from)).map(|lane| {
            let scalar = ctx.load_witness(lane.value);
            self.tape.copy(lane.cell, scalar.into());
            scalar
        })
    }
}

/// The limbs of both coordinates.
pub(super) fn coordinates(point: &G1Affine) -> [[Fr; LIMBS]; 2] {
    [point.x, point.y].map(|coordinate| split(&to_integer(&coordinate)).map(Fr::from_u128))
}

/// Constants among the scalars.
struct InContext<'a>(&'a mut Context<Fr>);

impl Constants for InContext<'_> {
    fn held(&mut self, value: Fr) -> Held {
        self.0.load_constant(value).into()
    }

    fn point(&mut self, value: G1Affine) -> (ChipPoint, Passing) {
        let [x, y] = coordinates(&value).map(|limbs| limbs.map(|limb| self.held(limb)));
        let native = self.held(Truncated::number(y.map(|limb| limb.value)).native);
        let [x, y] = [(x, value.x), (y, value.y)].map(|(limbs, value)| blocks::Number { limbs, value });
        (ChipPoint { x, y }, Passing { x, y: Ordinate::reduced(&y, native) })
    }
}
