//! Between the limbs of instances, three of 88 bits, and those of the chip, four of 68.
//!
//! Both cut the same number at different places; the parts between all cuts are range-checked, and both are sums of them.
//!
//! | part | bits | in the instance's limb | in the chip's limb |
//! |---|---|---|---|
//! | 0 | 0 .. 68 | 0 | 0 (range-checked there) |
//! | 1 | 68 .. 88 | 0 | 1 |
//! | 2 | 88 .. 136 | 1 | 1 |
//! | 3 | 136 .. 176 | 1 | 2 |
//! | 4 | 176 .. 204 | 2 | 2 |
//! | 5 | 204 .. 255 | 2 | 3 (range-checked there) |

use halo2_base::{
    AssignedValue, Context,
    QuantumCell::Constant,
    gates::{GateChip, GateInstructions},
};
use halo2curves::{
    bn256::Fr,
    ff::{Field, PrimeField},
};
use num_bigint::BigUint;

use super::{chip::CHIP_LIMBS, instance::LIMBS};

type Scalar = AssignedValue<Fr>;

/// Where the parts start, and where the last one ends.
const CUTS: [usize; 7] = [0, 68, 88, 136, 176, 204, 255];
/// The parts of each limb of an instance.
const OF_INSTANCE: [[usize; 2]; LIMBS] = [[0, 1], [2, 3], [4, 5]];

/// The limbs of an instance, from those of the chip, which are range-checked.
pub(super) fn to_instance_limbs(
    gate: &GateChip<Fr>,
    ctx: &mut Context<Fr>,
    limbs: &[Scalar; CHIP_LIMBS],
) -> [Scalar; LIMBS] {
    let value = join(limbs, 68);
    let inner = inner_parts(gate, ctx, &value);
    let parts = [limbs[0], inner[0], inner[1], inner[2], inner[3], limbs[3]];
    for (limb, [low, high]) in [(limbs[1], [1, 2]), (limbs[2], [3, 4])] {
        let sum = two_parts(gate, ctx, &parts, low, high);
        ctx.constrain_equal(&sum, &limb);
    }
    OF_INSTANCE.map(|[low, high]| two_parts(gate, ctx, &parts, low, high))
}

/// The limbs of the chip, from those of an instance. The first and the last one have yet to be range-checked by the chip.
pub(super) fn to_chip_limbs(gate: &GateChip<Fr>, ctx: &mut Context<Fr>, limbs: &[Scalar]) -> [Scalar; CHIP_LIMBS] {
    let value = join(limbs, 88);
    let inner = inner_parts(gate, ctx, &value);
    let [first, last] = [0, 5].map(|part| ctx.load_witness(part_of(&value, part)));
    let parts = [first, inner[0], inner[1], inner[2], inner[3], last];
    for (limb, [low, high]) in limbs.iter().zip(OF_INSTANCE) {
        let sum = two_parts(gate, ctx, &parts, low, high);
        ctx.constrain_equal(&sum, limb);
    }
    [first, two_parts(gate, ctx, &parts, 1, 2), two_parts(gate, ctx, &parts, 3, 4), last]
}

/// Parts 1 to 4, range-checked.
fn inner_parts(gate: &GateChip<Fr>, ctx: &mut Context<Fr>, value: &BigUint) -> [Scalar; 4] {
    std::array::from_fn(|i| {
        let part = ctx.load_witness(part_of(value, i + 1));
        gate.num_to_bits(ctx, part, CUTS[i + 2] - CUTS[i + 1]);
        part
    })
}

fn two_parts(gate: &GateChip<Fr>, ctx: &mut Context<Fr>, parts: &[Scalar; 6], low: usize, high: usize) -> Scalar {
    let shift = Fr::from(2).pow([(CUTS[high] - CUTS[low]) as u64]);
    gate.mul_add(ctx, parts[high], Constant(shift), parts[low])
}

fn join(limbs: &[Scalar], bits: usize) -> BigUint {
    let whole = |limb: &Scalar| BigUint::from_bytes_le(limb.value().to_repr().as_ref());
    limbs.iter().enumerate().map(|(i, limb)| whole(limb) << (bits * i)).sum()
}

fn part_of(value: &BigUint, part: usize) -> Fr {
    let mask = (BigUint::from(1u32) << (CUTS[part + 1] - CUTS[part])) - 1u32;
    // A wrong witness may be larger than all cuts; the range check then fails.
    Fr::from_u128(u128::try_from((value >> CUTS[part]) & mask).expect("at most 68 bits"))
}
