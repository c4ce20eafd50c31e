//! Edits on the shared columns, two rows for each word of the list.
//!
//! | row | `a0` | `a1` | `a2` | `a3` |
//! |---|---|---|---|---|
//! | -1 | - | 0 | - | - |
//! | 2 j | e | e' | o | o' |
//! | 2 j + 1 | $m_j$ | $s_j$ | old | new |
//!
//! Old and new list are made of a middle one, m, with a hole at the place of the edit, where it is zero. $s_j$ is 1 from there on. If an entry is
//! there (o or o' is 1), the list has it in the hole (e or e'); if not, what follows the hole moves up. Below the last word are the entries once more, and
//! the word that is left of the middle list, which may not be lost.

use halo2_proofs::{
    plonk::{ConstraintSystem, Constraints, Expression},
    poly::Rotation,
};
use halo2curves::{bn256::Fr, ff::Field};
use num_bigint::BigInt;

use super::{Entry, ListInstructions};
use crate::{
    frame::{Block, BlockBuilder, Cost, Cursor, Integer, Lanes, Word, lanes::Table, switch::Position, value::to_field},
    range::RangeInstructions,
};

/// Bits of an id.
const ID_BITS: u32 = 32;

/// Edits of lists.
#[derive(Debug, Clone)]
pub struct ListChip {
    word: Position,
    end: Position,
    before: Block,
    ascends: Block,
}

impl ListChip {
    /// Creates the gates.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self {
        let one = || Expression::Constant(Fr::ONE);
        let word = lanes.switches.position(meta, 3);
        meta.create_gate("list: word", |meta| {
            let mut cell = |row: i32, column: usize| meta.query_advice(lanes.advice[column], Rotation(row));
            let entries = [cell(0, 0), cell(0, 1)];
            let present = [cell(0, 2), cell(0, 3)];
            let [middle, after, old, new] = [0, 1, 2, 3].map(|column| cell(1, column));
            let (previously, next) = (cell(-1, 1), cell(3, 0));
            let here = after.clone() - previously;
            let made = |which: usize| {
                let absent = one() - present[which].clone();
                let moved = absent * (after.clone() * (next.clone() - middle.clone()));
                middle.clone() + here.clone() * entries[which].clone() + moved
            };
            let constraints = [
                ("s (1 - s) = 0", after.clone() * (one() - after.clone())),
                ("s rises once", here.clone() * (one() - here.clone())),
                ("the hole is empty", here.clone() * middle.clone()),
                ("old = m + entry", old - made(0)),
                ("new = m + entry", new - made(1)),
            ];
            Constraints::with_selector(word.query(meta), constraints)
        });
        let end = lanes.switches.position(meta, 2);
        meta.create_gate("list: end", |meta| {
            let mut cell = |row: i32, column: usize| meta.query_advice(lanes.advice[column], Rotation(row));
            let [old, new, was, is] = [0, 1, 2, 3].map(|column| cell(0, column));
            let (left, after) = (cell(1, 0), cell(-1, 1));
            let constraints = [
                ("there is a hole", one() - after),
                ("no word is left", left * (was.clone() + is.clone())),
                ("e = 0 unless o", old * (one() - was)),
                ("e' = 0 unless o'", new * (one() - is)),
            ];
            Constraints::with_selector(end.query(meta), constraints)
        });
        Self {
            word,
            end,
            before: before(lanes.table()).configure(meta, lanes),
            ascends: ascends(lanes.table()).configure(meta, lanes),
        }
    }

    /// What an edit of a list costs.
    #[must_use]
    pub fn edit_cost(words: usize) -> Cost {
        let rows = 1 + 2 * (words + 1);
        Cost { rows, advice_cells: 1 + 8 * words + 5, lookup_cells: 0, area: 4 * rows }
    }

    /// What it costs to require that so many ids ascend.
    #[must_use]
    pub fn ascending_cost(&self, ids: usize) -> Cost {
        (0..ids).fold(self.before.cost(), |sum, _| sum + self.ascends.cost())
    }
}

/// Outputs: what is before the first id, presence and id: 1 and -1.
fn before(table: Table) -> BlockBuilder {
    let mut block = BlockBuilder::over(table, "before the first id");
    for (name, value) in [("present", 1), ("id", -1)] {
        let cell = block.free(value, value, move |_| value.into());
        block.require_zero(name, &cell - Integer::constant(value));
        block.output(&cell);
    }
    block
}

/// Inputs: presence and id of one entry, and of the next.
fn ascends(table: Table) -> BlockBuilder {
    let mut block = BlockBuilder::over(table, "ids ascend");
    let largest = (BigInt::from(1) << ID_BITS) - 1;
    let previously = block.input(0, 1);
    let previous = block.input(-1, largest);
    let present = block.input(0, 1);
    let id = block.input_bits(ID_BITS);
    block.require_zero("none after the last", &present * previously.not());
    block.range("id - previous - 1", &(present * (id - previous - Integer::constant(1))), ID_BITS);
    block
}

impl ListInstructions for ListChip {
    fn edit(
        &self,
        cursor: &mut Cursor<'_, '_>,
        list: &[Word],
        entries: [Entry<'_>; 2],
        place: Option<usize>,
        zero: &Word,
    ) -> Vec<Word> {
        assert!(!list.is_empty(), "a list has words");
        for entry in entries {
            let (low, high) = &*entry.present.bounds;
            assert!(*low >= BigInt::from(0) && *high <= BigInt::from(1), "a presence is a bit");
        }
        let old: Option<Vec<Fr>> = list.iter().map(|word| word.value.map(to_field)).collect();
        let present = entries.map(|entry| entry.present.value.map(|value| value != 0));
        let value = |which: usize| entries[which].word.value.map(to_field);
        let hole = place.map(|place| place.min(list.len() - 1));
        let middle = old.zip(hole).zip(present[0]).map(|((mut words, hole), was)| {
            if was {
                words[hole] = Fr::ZERO;
                words.push(Fr::ZERO);
            } else {
                words.insert(hole, Fr::ZERO);
            }
            words
        });
        let new = middle.clone().zip(hole).zip(present[1]).zip(value(1)).map(|(((mut words, hole), is), entry)| {
            if is {
                words[hole] = entry
            } else {
                words.remove(hole);
            }
            words
        });
        let first = cursor.row;
        cursor.copy(first, 1, zero);
        let copy_entries = |cursor: &mut Cursor<'_, '_>, row: usize| {
            let cells = [entries[0].word, entries[1].word, entries[0].present, entries[1].present];
            cells.into_iter().enumerate().for_each(|(column, cell)| drop(cursor.copy(row, column, cell)));
        };
        let edited = list.iter().enumerate().map(|(j, word)| {
            let row = first + 1 + 2 * j;
            self.word.enable(cursor.region(), row);
            copy_entries(cursor, row);
            cursor.assign(row + 1, 0, middle.as_ref().map(|words| words[j]));
            cursor.assign(row + 1, 1, hole.map(|hole| Fr::from(u64::from(j >= hole))));
            cursor.copy(row + 1, 2, word);
            cursor.assign(row + 1, 3, new.as_ref().map(|words| words[j]))
        });
        let edited: Vec<Word> = edited.collect();
        let row = first + 1 + 2 * list.len();
        self.end.enable(cursor.region(), row);
        copy_entries(cursor, row);
        cursor.assign(row + 1, 0, middle.map(|words| words[list.len()]));
        cursor.row = row + 2;
        edited
    }

    fn ascending(&self, cursor: &mut Cursor<'_, '_>, ids: &[[&Word; 2]]) {
        let [mut present, mut previous] = cursor.block(&self.before, &[]);
        for [id, is] in ids {
            let [] = cursor.block(&self.ascends, &[&present, &previous, is, id]);
            (present, previous) = ((*is).clone(), (*id).clone());
        }
    }
}
