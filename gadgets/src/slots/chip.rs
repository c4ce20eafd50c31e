//! One block for the rules, and an update of the tree.

use ethnum::I256;
use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;

use super::{
    AssignedUse, Slot, SlotInstructions,
    native::{AMOUNT_BITS, CLOSED, NUMBER_BITS, USED_SHIFT},
};
use crate::{
    fixed::FixedPointInstructions,
    frame::{Block, BlockBuilder, Cost, Cursor, Integer, Lanes, Word, lanes::Table},
    merkle::{MerkleInstructions, MerklePath, Update, update_cost},
    poseidon::PoseidonChip,
    range::RangeInstructions,
};

/// Slots on the shared columns.
#[derive(Debug, Clone)]
pub struct SlotChip {
    hash: PoseidonChip,
    rules: Block,
    depth: usize,
}

impl SlotChip {
    /// Creates the gates, for trees of this depth, whose paths `hash` is configured for.
    ///
    /// # Panics
    /// If a number has fewer bits than the depth.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes, hash: PoseidonChip, depth: usize) -> Self {
        Self { hash, rules: rules(lanes.table(), depth as u32).configure(meta, lanes), depth }
    }

    /// What a use costs.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.rules.cost() + update_cost(self.depth)
    }
}

/// Inputs: as in [`AssignedUse`]. Witnesses: number and used part of the slot before. Outputs: the words before and after, the index.
fn rules(table: Table, depth: u32) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "slot");
    let [used, close] = [(); 2].map(|()| b.input(0, 1));
    let number = b.input(1, (1u64 << NUMBER_BITS) - 1);
    let [amount, most] = [(); 2].map(|()| b.input_bits(AMOUNT_BITS));
    let seen = b.witness("number seen", NUMBER_BITS);
    let before = b.witness("used before", AMOUNT_BITS + 1);

    let gap = &number - &seen;
    let hint = gap.clone();
    let same = b.bit("the same number", move |cells| hint.evaluate(cells) == 0);
    b.require_zero("the same number has no gap", &same * &gap);
    b.range("numbers only grow", &(&used * (gap - same.not())), NUMBER_BITS);
    let base = b.named("used of this number", &(same * &before));
    let closed = Integer::constant(CLOSED);
    b.range("not closed", &(&used * (&closed - Integer::constant(1) - &base)), AMOUNT_BITS);
    let open = close.not();
    let sum = &base + amount;
    b.range("not exhausted", &(&used * (&open * (most - &sum))), AMOUNT_BITS);

    let old = b.named("word before", &(&seen + before.shift(USED_SHIFT)));
    let after = number.clone() + (close * closed + open * sum).shift(USED_SHIFT);
    let new = b.named("word after", &(&old + used * (after - &old)));
    let rest = NUMBER_BITS - depth;
    let [index, _] = <[Integer; 2]>::try_from(b.decompose("number", &number, &[depth, rest])).expect("two parts");
    let index = b.named("index", &index);
    [&old, &new, &index].into_iter().for_each(|output| b.output(output));
    b
}

impl SlotInstructions for SlotChip {
    fn use_slot(
        &self,
        cursor: &mut Cursor<'_, '_>,
        of: AssignedUse<'_>,
        witness: Option<(Slot, &MerklePath)>,
        zero: &Word,
    ) -> Update {
        let inputs = [of.used, of.close, of.number, of.amount, of.most];
        let slot = witness.map(|(slot, _)| [I256::from(slot.number), I256::from(slot.used)]);
        let [old, new, index] = cursor.block_with(&self.rules, &inputs, slot.as_ref().map(|slot| slot.as_slice()));
        let path = witness.map(|(_, path)| path);
        let update = self.hash.merkle_update(cursor, [&old, &new], self.depth, path, zero);
        if let Some(place) = update.old.index.first() {
            cursor.equal(place, &index);
        }
        update
    }
}
