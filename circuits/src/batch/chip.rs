//! The rooms of a batch put together: registers opened, market slots, the table, touches, registers and context hashed.

use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use zomma_gadgets::eddsa::EddsaChip;
use zomma_gadgets::frame::{Cursor, Lanes, Word};
use zomma_gadgets::poseidon::PoseidonChip;

use super::frame::FrameChip;
use super::shape::Counts;
use super::table::{PositionsChip, TableChip, TableShape};
use super::touch::{Carry, Shared, TouchChip};
use super::witness::BatchWitness;

/// The blocks.
#[derive(Debug, Clone)]
pub(super) struct BatchChip {
    frame: FrameChip,
    positions: PositionsChip,
    table: TableChip,
    touch: TouchChip,
}

impl BatchChip {
    /// Creates the gates.
    pub(super) fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self {
        let hash = PoseidonChip::configure_with_paths(meta, lanes);
        let eddsa = EddsaChip::configure(meta, lanes);
        Self {
            frame: FrameChip::configure(meta, lanes, &hash),
            positions: PositionsChip::configure(meta, lanes, &hash),
            table: TableChip::configure(meta, lanes, &hash),
            touch: TouchChip::configure(meta, lanes, (&hash, &eddsa)),
        }
    }

    /// A batch: old root, new root, hash of the context.
    pub(super) fn batch(
        &self,
        cursor: &mut Cursor<'_, '_>,
        shape: &Counts,
        witness: Option<&BatchWitness>,
    ) -> [Word; 3] {
        let opened = self.frame.open(cursor, witness.map(|witness| &witness.frame));
        let (constants, params) = (&opened.constants, &opened.params);
        let (mut now, mut published) = (opened.registers.clone(), opened.published.clone());
        let entries = TableShape { markets: shape.markets, instruments: shape.instruments };
        let table = witness.map(|witness| &witness.table);
        let rows = self.table.load(cursor, entries, (constants, params, &now), table);
        let shared = Shared {
            frame: &self.frame,
            constants,
            params,
            positions: &self.positions,
            table: &self.table,
            rows: &rows,
        };
        let mut carry = Carry::nothing(constants);
        for index in 0..shape.touches {
            let touch = witness.map(|witness| witness.touches.get(index).unwrap_or(&witness.touch_padding));
            carry = self.touch.touch(cursor, &shared, (&mut now, &mut published), &carry, touch);
        }
        carry.end(cursor, constants);
        let [new_root, context] = self.frame.close(cursor, &opened, &now, &published);
        [opened.root, new_root, context]
    }
}
