//! Markets and instruments of a batch, opened once and read wherever they are needed, and the margin of positions from what is read.
//!
//! A [`DynamicTable`] holds both. Prices, funding indices and the clock do not change after a batch's market transactions, so each market is opened
//! once against the markets' root and each instrument once against the risk array's, in [`TableChip::load`].
//!
//! | key | values |
//! |---|---|
//! | 8 i + 1 + j, j = 0 … 3 | words W_3j … W_3j+2 of instrument i's row |
//! | 8 i + 5 + perpetual | funding index, spot, sum of lanes |
//! | 8 i + 7 | mark P\[0\] - I, base price P\[0\], funding index |
//! | 8 (2^32 + m) + 1 | expiry, strike base, strike step of market m |
//! | 8 (2^32 + m) + 2 | funding index, whether it is a perpetual, whether it is live |
//! | 8 (2^32 + m) + 3 | settlement price (0: none), strike base, strike step |
//!
//! That an instrument's figures stand under one of two keys tells a reader whether it is a perpetual. Entries that are not used have keys from
//! 2^50, which no reader can form, whatever their values; a read that is switched off reads key 0 and finds zeros.
//!
//! Everything that is read of an instrument is of one that is listed in a live market, whose row is in the risk array with the market's terms. That
//! the risk array is fresh is a bit, which each use requires that the rules make depend on it.

mod blocks;
mod evaluate;
mod load;
mod positions;
#[cfg(test)]
mod tests;
mod witness;

use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use num_bigint::BigInt;
use zomma_gadgets::dynamic::{DynamicTable, DynamicTableInstructions, Entries};
use zomma_gadgets::frame::{Block, BlockBuilder, Cursor, Lanes, Word};
use zomma_gadgets::poseidon::PoseidonChip;

pub(in crate::batch) use positions::{POSITIONS, Position, PositionsChip, PositionsWitness};
pub(in crate::batch) use witness::{InstrumentWitness, MarketWitness, TableWitness};

use super::frame::place;
use crate::margin::blocks::opened_row_block;
use crate::margin::figures::FiguresChip;
use crate::state::limits::AMOUNT_BITS;

/// Bits of a price and a spot.
const PRICE_BITS: u32 = 63;
/// Bits of a mark's magnitude.
pub(in crate::batch) const MARK_BITS: u32 = PRICE_BITS + 2;

/// A word that other constraints keep within `low..=high`.
pub(in crate::batch) fn within(word: &Word, low: impl Into<BigInt>, high: impl Into<BigInt>) -> Word {
    Word { bounds: std::sync::Arc::new((low.into(), high.into())), ..word.clone() }
}

fn below(word: &Word, bits: u32) -> Word {
    within(word, 0, (BigInt::from(1) << bits) - 1)
}

fn signed(word: &Word, bits: u32) -> Word {
    let bound = BigInt::from(1) << bits;
    within(word, -bound.clone(), bound)
}

/// How many markets and instruments there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::batch) struct TableShape {
    /// Markets.
    pub(in crate::batch) markets: usize,
    /// Instruments.
    pub(in crate::batch) instruments: usize,
}

/// The table, loaded.
#[derive(Debug, Clone)]
pub(in crate::batch) struct Table {
    entries: Entries,
    /// Whether the risk array is fresh: `risk_time >= 1` and `time - risk_time <= max_price_age`.
    pub(in crate::batch) fresh: Word,
}

/// What is read of an instrument; zeros where nothing is.
#[derive(Debug, Clone)]
pub(in crate::batch) struct InstrumentWords {
    /// `P[0] - I`, what a lot is worth: within 2^65 of 0.
    pub(in crate::batch) mark: Word,
    /// `I`, within 2^63 of 0.
    pub(in crate::batch) funding: Word,
}

/// What a settlement reads of a market; zeros where nothing is read.
#[derive(Debug, Clone)]
pub(in crate::batch) struct SettlementWords {
    /// The settlement price, 0 if there is none yet: 64 bits.
    pub(in crate::batch) price: Word,
    /// Strike base, 64 bits.
    pub(in crate::batch) base: Word,
    /// Strike step, 64 bits.
    pub(in crate::batch) step: Word,
}

/// Table and margin.
#[derive(Debug, Clone)]
pub(in crate::batch) struct TableChip {
    hash: PoseidonChip,
    table: DynamicTable,
    fresh: Block,
    terms: Block,
    index: Block,
    market: Block,
    instrument: Block,
    row: Block,
    opened_row: Block,
    keys: Block,
    key: Block,
    settlement_key: Block,
    require_fresh: Block,
    products: Block,
    exposure: Block,
    figures: FiguresChip,
}

impl TableChip {
    /// Creates the gates and the lookup.
    pub(in crate::batch) fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes, hash: &PoseidonChip) -> Self {
        let table = lanes.table();
        let dynamic = DynamicTable::configure(meta, lanes);
        let figures = FiguresChip::configure(meta, lanes);
        let mut configure = |builder: BlockBuilder| builder.configure(meta, lanes);
        Self {
            hash: *hash,
            table: dynamic,
            fresh: configure(blocks::fresh_block(table)),
            terms: configure(blocks::terms_block(table)),
            index: configure(crate::margin::blocks::index_block(table)),
            market: configure(blocks::market_block(table)),
            instrument: configure(blocks::instrument_block(table)),
            row: configure(blocks::row_block(table)),
            opened_row: configure(opened_row_block(table)),
            keys: configure(blocks::keys_block(table)),
            key: configure(blocks::key_block(table)),
            settlement_key: configure(blocks::settlement_key_block(table)),
            require_fresh: configure(blocks::require_fresh_block(table)),
            products: configure(crate::margin::blocks::copied_products_block(table)),
            exposure: configure(crate::margin::blocks::exposure_block(table)),
            figures,
        }
    }

    /// Reads an instrument, below 2^32, if the bit is set.
    pub(in crate::batch) fn instrument(
        &self,
        cursor: &mut Cursor<'_, '_>,
        table: &Table,
        on: &Word,
        instrument: &Word,
    ) -> InstrumentWords {
        let [key] = cursor.block(&self.key, &[on, instrument]);
        let [mark, _, funding] = self.table.read(cursor, &table.entries, &key);
        // As `row` proves them of each entry.
        InstrumentWords { mark: signed(&mark, MARK_BITS), funding: signed(&funding, AMOUNT_BITS - 1) }
    }

    /// Reads what a settlement needs of a market, below 2^20, if the bit is set.
    pub(in crate::batch) fn settlement(
        &self,
        cursor: &mut Cursor<'_, '_>,
        table: &Table,
        on: &Word,
        market: &Word,
    ) -> SettlementWords {
        let [key] = cursor.block(&self.settlement_key, &[on, market]);
        let [price, base, step] = self.table.read(cursor, &table.entries, &key);
        // As `terms` proves them of each entry.
        SettlementWords {
            price: below(&price, AMOUNT_BITS),
            base: below(&base, AMOUNT_BITS),
            step: below(&step, AMOUNT_BITS),
        }
    }

    /// Requires that the risk array is fresh if both bits are set.
    pub(in crate::batch) fn require_fresh(&self, cursor: &mut Cursor<'_, '_>, table: &Table, on: [&Word; 2]) {
        let [] = cursor.block(&self.require_fresh, &[on[0], on[1], &table.fresh]);
    }
}
