//! The table is filled: markets against the markets' root, instruments against the risk array's.

use halo2curves::bn256::Fr;
use zomma_gadgets::dynamic::{DynamicTableInstructions, Entries, VALUES};
use zomma_gadgets::frame::value::to_integer;
use zomma_gadgets::frame::{Cursor, Word};
use zomma_gadgets::merkle::MerkleInstructions;
use zomma_gadgets::poseidon::{Given, PoseidonInstructions};

use super::{
    InstrumentWitness, MarketWitness, Table, TableChip, TableShape, TableWitness, below, place, signed, within,
};
use crate::batch::frame::{Constants, Params, Registers};
use crate::encoding::Tag;
use crate::margin::chip::DEPTH;
use crate::margin::row::WORDS;
use crate::state::limits::{AMOUNT_BITS, MARKET_BITS, TIME_BITS};

impl TableChip {
    /// Loads the table against the registers as a batch's market transactions leave them. A witness has no more markets and instruments than there
    /// is room for.
    pub(in crate::batch) fn load(
        &self,
        cursor: &mut Cursor<'_, '_>,
        shape: TableShape,
        (constants, params, registers): (&Constants, &Params, &Registers),
        witness: Option<&TableWitness>,
    ) -> Table {
        let mut entries = self.table.begin(cursor, &constants.zero);
        let [fresh] = cursor.block(&self.fresh, &[&registers.time, &registers.risk_time, &params.max_price_age]);
        for index in 0..shape.markets {
            let market = witness.map(|witness| witness.markets.get(index).cloned().unwrap_or_else(MarketWitness::none));
            self.load_market(cursor, &mut entries, (constants, registers), market.as_ref());
        }
        for index in 0..shape.instruments {
            let instrument =
                witness.map(|witness| witness.instruments.get(index).cloned().unwrap_or_else(InstrumentWitness::none));
            self.load_instrument(cursor, &mut entries, (constants, registers), instrument.as_ref());
        }
        Table { entries, fresh }
    }

    fn load_market(
        &self,
        cursor: &mut Cursor<'_, '_>,
        entries: &mut Entries,
        (constants, registers): (&Constants, &Registers),
        witness: Option<&MarketWitness>,
    ) {
        let [perpetual, live, expiry, base, step, settlement, terms] =
            place(cursor, &self.terms, &[&registers.time], witness.map(MarketWitness::terms));
        let [funding, index] = place(cursor, &self.index, &[], witness.map(MarketWitness::index));
        let leaf = self.hash.compress_under(cursor, Tag::Market.word(), [&terms, &index]);
        let path = self.hash.merkle_root(cursor, &leaf, DEPTH, witness.map(|market| &market.path), &constants.zero);
        // The path proves that the index is below 2^12.
        let id = below(&path.index[0], MARKET_BITS);
        let used = witness.map(|market| vec![market.used.into()]);
        let keys: [Word; 3] = place(cursor, &self.market, &[&path.root, &registers.markets_root, &id], used);
        let rows = [[&expiry, &base, &step], [&funding, &perpetual, &live], [&settlement, &base, &step]];
        for (key, values) in keys.iter().zip(rows) {
            self.table.write(cursor, entries, key, values.map(Given::Copied));
        }
    }

    fn load_instrument(
        &self,
        cursor: &mut Cursor<'_, '_>,
        entries: &mut Entries,
        (constants, registers): (&Constants, &Registers),
        witness: Option<&InstrumentWitness>,
    ) {
        let outputs: [Word; 12] = place(cursor, &self.instrument, &[], witness.map(InstrumentWitness::id));
        let [used, instrument, strike, put, terms_key, index_key, keys @ .., mark_key, figures_key] = outputs;
        let [expiry, base, step] = self.table.read(cursor, entries, &terms_key);
        let [funding, perpetual, live] = self.table.read(cursor, entries, &index_key);
        // As the blocks prove of what is written for a market.
        let (expiry, [base, step]) = (below(&expiry, TIME_BITS), [&base, &step].map(|word| below(word, AMOUNT_BITS)));
        let (funding, [perpetual, live]) =
            (signed(&funding, AMOUNT_BITS - 1), [&perpetual, &live].map(|word| within(word, 0, 1)));

        let values: Option<Vec<Fr>> = witness.map(|witness| witness.words.clone());
        let mut words: Vec<Word> = vec![];
        for (group, key) in keys.iter().enumerate() {
            let given = std::array::from_fn(|index| {
                Given::Witness(values.as_ref().map(|values| values[1 + VALUES * group + index]))
            });
            words.extend(self.table.write(cursor, entries, key, given));
        }
        let market = [&expiry, &base, &step, &funding, &perpetual, &live];
        let inputs = [&[&used, &instrument, &strike, &put][..], &market, &[&words[0], &words[WORDS - 1], &figures_key]];
        let greeks = values.as_ref().map(|values| vec![to_integer(values[WORDS + 1])]);
        let [terms, greeks, spot, total, price, mark, figures_key] = place(cursor, &self.row, &inputs.concat(), greeks);
        self.table.write(cursor, entries, &figures_key, [&funding, &spot, &total].map(Given::Copied));
        self.table.write(cursor, entries, &mark_key, [&mark, &price, &funding].map(Given::Copied));

        let leaf: Vec<&Word> = [&terms].into_iter().chain(&words).chain([&greeks]).collect();
        let pairs: Vec<_> = leaf.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
        let leaf = self.hash.chain(cursor, Tag::Risk.word(), pairs[0], &pairs[1..]);
        let path = witness.map(|witness| &witness.path);
        let path = self.hash.merkle_root(cursor, &leaf, DEPTH, path, &constants.zero);
        let [] = cursor.block(&self.opened_row, &[&used, &path.root, &registers.risk_root]);
    }
}
