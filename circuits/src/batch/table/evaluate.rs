//! The margin of a list of positions, at the prices of the table.

use zomma_gadgets::dynamic::{DynamicTableInstructions, VALUES};
use zomma_gadgets::frame::{Cursor, Word};

use super::blocks::perpetual_key;
use super::{PRICE_BITS, Position, Table, TableChip, below, place, signed};
use crate::batch::frame::{Constants, Params};
use crate::margin::blocks::{GROUP, TOTAL_BITS};
use crate::margin::chip::HealthWords;
use crate::margin::figures::{Ratios, Sums, least};
use crate::margin::row::WORDS;
use crate::state::limits::AMOUNT_BITS;

impl TableChip {
    /// The figures of section 5 of the rules, of an account with these positions, `[cash, reserve]`: signed 96 bits and 64 bits.
    ///
    /// With `need`, a bit, set: if there are positions the risk array is fresh, each has an instrument in the table, and the figures are in range.
    /// With `need` not set nothing is read or required, and the figures are those of cash alone.
    ///
    /// # Panics
    /// If the number of positions is not a multiple of [`GROUP`].
    pub(in crate::batch) fn evaluate(
        &self,
        cursor: &mut Cursor<'_, '_>,
        (table, constants, params): (&Table, &Constants, &Params),
        positions: &[Position],
        need: &Word,
        money: [&Word; 2],
    ) -> HealthWords {
        assert!(positions.len().is_multiple_of(GROUP), "positions are taken {GROUP} at a time");
        if let Some(first) = positions.first() {
            // Positions come first, so there are some if there is a first.
            self.require_fresh(cursor, table, [need, &first.active]);
        }
        let mut sums = Sums::none(&constants.zero);
        for (group, four) in positions.chunks_exact(GROUP).enumerate() {
            let mut words = vec![];
            for (index, position) in four.iter().enumerate() {
                let next = positions.get(group * GROUP + index + 1);
                let paired = next.map_or(&constants.zero, |next| &next.paired);
                words.extend(self.read_position(cursor, (table, need), position, paired, &mut sums));
            }
            let quantities = four.iter().map(|position| &position.qty);
            let inputs: Vec<&Word> = quantities.chain(&sums.words).chain(&words).collect();
            sums.words = cursor.outputs(&self.products, &inputs);
        }
        let ratios =
            Ratios { weights: &params.weights, mm_factor: &params.mm_factor, contingencies: &params.contingencies };
        let lanes = self.figures.lanes(cursor, &sums);
        let least = least(&lanes, &params.weights);
        self.figures.figures(cursor, &constants.zero, ratios, money, (&sums, &lanes), least)
    }

    /// Reads a position's instrument and adds it to the sums, those of words apart. Returns the words, which are 0 where nothing is read.
    fn read_position(
        &self,
        cursor: &mut Cursor<'_, '_>,
        (table, need): (&Table, &Word),
        position: &Position,
        paired: &Word,
        sums: &mut Sums,
    ) -> Vec<Word> {
        let on = need.value.zip(position.active.value).map(|(need, active)| need * active == 1);
        let instrument = position.instrument.value.map(perpetual_key);
        let perpetual = on.zip(instrument).map(|(on, key)| vec![(on && table.entries.contains(key)).into()]);
        let [perpetual, keys @ .., figures_key]: [Word; 1 + WORDS / VALUES + 1] =
            place(cursor, &self.keys, &[need, &position.active, &position.instrument], perpetual);
        let words = keys.iter().flat_map(|key| self.table.read(cursor, &table.entries, key)).collect();
        let [funding, spot, total] = self.table.read(cursor, &table.entries, &figures_key);
        // As the blocks prove of what is written for an instrument.
        let (funding, spot, total) =
            (signed(&funding, AMOUNT_BITS - 1), below(&spot, PRICE_BITS), below(&total, TOTAL_BITS));
        let inputs = [
            [&position.active, &position.qty, &position.pair, paired],
            [&perpetual, &spot, &total, &funding],
            [&sums.gross, &sums.perp, &sums.naked, &sums.funding],
        ];
        [sums.gross, sums.perp, sums.naked, sums.funding] = cursor.block(&self.exposure, &inputs.concat());
        words
    }
}
