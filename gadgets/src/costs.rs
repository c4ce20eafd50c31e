//! What the gadgets' operations cost, each as a block of its own with its operands copied in.

use halo2_proofs::plonk::ConstraintSystem;

use crate::{
    eddsa::EddsaChip,
    fixed::FixedPointInstructions,
    frame::{BlockBuilder, Cost, Integer, Lanes},
    functions::{
        EXP_ARGUMENT_BITS, EXP_BITS, FunctionInstructions, LN_INPUT_BITS, NORMAL_BITS, denominator_bits, table,
    },
    list::ListChip,
    merkle::update_cost,
    poseidon::{PoseidonChip, WidePoseidonChip},
    range::RangeInstructions,
    slots::SlotChip,
};

/// Describes a block.
type Build = fn(&mut BlockBuilder);

/// Depth of the tree that `merkle_update` is the cost for: that of the exchange's accounts.
pub const UPDATE_DEPTH: usize = 24;

/// Words of the list that `list_edit` is the cost for.
pub const LIST_WORDS: usize = 16;

/// Depth of the tree that `slot_use` is the cost for: that of an account's orders.
pub const SLOT_DEPTH: usize = 8;

/// Names of operations and their costs.
///
/// | name | operation |
/// |---|---|
/// | `range64` | $0 \le x < 2^{64}$ |
/// | `mul` | $x y / 2^{32}$ to nearest, of two Q32 numbers below $2^{64}$ |
/// | `div` | $2^{32} x / y$ to nearest, of the same, below $2^{64}$ |
/// | `sqrt` | $\lfloor \sqrt{x} \rfloor$ below $2^{60}$ |
/// | `exp` | $e^v$ at Q60 from $v$ at Q60, $-5 \le v \le 2.5$ |
/// | `ln` | $\ln x$ at Q60 of an integer below $2^{63}$ |
/// | `normal_cdf` | $\Phi(x)$ at Q60 of a signed number at Q24 |
/// | `poseidon_2to1` | a node of a tree |
/// | `poseidon_5to1` | the hash of a signature |
/// | `eddsa_verify` | a signature |
/// | `merkle_update` | a leaf replaced in a tree of depth [`UPDATE_DEPTH`] |
/// | `list_edit` | an entry of a list of [`LIST_WORDS`] words put in, taken out or replaced |
/// | `slot_use` | a number used, with its slot in a tree of depth [`SLOT_DEPTH`] |
#[must_use]
pub fn operations() -> Vec<(&'static str, Cost)> {
    let blocks: [(&'static str, Build); 7] = [
        ("range64", |b| {
            let x = b.input_bits(64);
            b.range("x", &x, 64);
        }),
        ("mul", |b| {
            let [x, y] = [(); 2].map(|()| b.input_bits(64));
            let product = b.round("x y", &(x * y), 32, 96);
            output(b, &product);
        }),
        ("div", |b| {
            let [x, y] = [(); 2].map(|()| b.input_bits(64));
            let quotient = b.div_nearest("x / y", &x.shift(32), &y, 64, 64);
            output(b, &quotient);
        }),
        ("sqrt", |b| {
            let x = b.input_bits(120);
            let root = b.sqrt("sqrt x", &x, 60);
            output(b, &root);
        }),
        ("exp", |b| {
            let argument = b.input_bits(EXP_ARGUMENT_BITS + 3);
            let half = b.exp_half("exp(v / 2)", &argument);
            let half = b.named("exp(v / 2), Q60", &half);
            let exp = b.round("exp(v)", &(&half * &half), EXP_BITS, EXP_BITS + 4);
            output(b, &exp);
        }),
        ("ln", |b| {
            let x = b.input_bits(LN_INPUT_BITS);
            let ln = b.ln("ln x", &x);
            output(b, &ln);
        }),
        ("normal_cdf", |b| {
            let x = b.input_signed(28);
            let hint = x.clone();
            let negative = b.bit("x < 0", move |cells| hint.evaluate(cells) < 0);
            let point = b.point("|x|", &table::PHI, &(negative.sign() * &x), 0, Some(6));
            let numerator = b.numerator(&point);
            let phi = b.round("Phi(|x|)", &numerator, denominator_bits(NORMAL_BITS, 0) - NORMAL_BITS, NORMAL_BITS + 1);
            let phi = b.named("Phi(|x|), Q60", &phi);
            let reflected = negative.shift(NORMAL_BITS) + negative.sign() * phi;
            output(b, &reflected);
        }),
    ];
    let mut costs: Vec<_> = blocks.map(|(name, build)| (name, cost(name, build))).to_vec();
    let mut meta = ConstraintSystem::default();
    let lanes = Lanes::configure(&mut meta);
    let hash = PoseidonChip::configure_with_paths(&mut meta, &lanes);
    costs.extend([
        ("poseidon_2to1", PoseidonChip::cost_of_two()),
        ("poseidon_5to1", WidePoseidonChip::cost_of_five()),
        ("eddsa_verify", EddsaChip::configure(&mut meta, &lanes).cost()),
        ("merkle_update", update_cost(UPDATE_DEPTH)),
        ("list_edit", ListChip::edit_cost(LIST_WORDS)),
        ("slot_use", SlotChip::configure(&mut meta, &lanes, hash, SLOT_DEPTH).cost()),
    ]);
    costs
}

fn output(b: &mut BlockBuilder, of: &Integer) {
    let cell = b.named("result", of);
    b.output(&cell);
}

fn cost(name: &'static str, build: Build) -> Cost {
    let mut meta = ConstraintSystem::default();
    let lanes = Lanes::configure(&mut meta);
    let mut block = BlockBuilder::new(name);
    build(&mut block);
    block.configure(&mut meta, &lanes).cost()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_and_state_cost_what_they_may() {
        let costs = operations();
        let rows = |name: &str| costs.iter().find(|(known, _)| *known == name).map(|(_, cost)| cost.rows);
        for (name, most) in [("poseidon_5to1", 267), ("eddsa_verify", 1061), ("list_edit", 35), ("slot_use", 656)] {
            assert!(rows(name).is_some_and(|rows| rows <= most), "{name}: {:?}", rows(name));
        }
    }
}
