//! The rooms of a batch put together: registers opened, market slots, the table, portfolio slots, touches, registers and context hashed.

use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use zomma_gadgets::eddsa::EddsaChip;
use zomma_gadgets::frame::{Cursor, Lanes, Word};
use zomma_gadgets::list::ListChip;
use zomma_gadgets::poseidon::PoseidonChip;

use super::frame::FrameChip;
use super::market::MarketChip;
use super::portfolio::PortfolioChip;
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
    market: MarketChip,
    portfolio: PortfolioChip,
    touch: TouchChip,
}

impl BatchChip {
    /// Creates the gates.
    pub(super) fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self {
        let hash = PoseidonChip::configure_with_paths(meta, lanes);
        let eddsa = EddsaChip::configure(meta, lanes);
        let list = ListChip::configure(meta, lanes);
        Self {
            frame: FrameChip::configure(meta, lanes, &hash),
            positions: PositionsChip::configure(meta, lanes, &hash),
            table: TableChip::configure(meta, lanes, &hash),
            market: MarketChip::configure(meta, lanes, (&hash, &eddsa)),
            portfolio: PortfolioChip::configure(meta, lanes, (&hash, &eddsa, &list)),
            touch: TouchChip::configure(meta, lanes, (&hash, &eddsa, &list)),
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
        for index in 0..shape.market_slots {
            let slot = witness.map(|witness| witness.markets.get(index).unwrap_or(&witness.market_padding));
            self.market.slot(cursor, (&self.frame, constants, params), (&mut now, &mut published), slot);
        }
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
        for index in 0..shape.portfolios {
            let slot = witness.map(|witness| witness.portfolios.get(index).unwrap_or(&witness.portfolio_padding));
            self.portfolio.slot(cursor, &shared, (&mut now, &mut published), slot);
        }
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
