//! Lookups whose table is in advice columns: a cell that changes may change what is read, what is there to be read, or both.

use std::collections::HashMap;

use super::AdviceCell;

/// The values of a lookup's input or of a row of its table.
pub(super) type Values = Vec<[u8; 32]>;

/// A lookup whose table moves with the witness.
#[derive(Debug, Clone, Default)]
pub(super) struct Moving {
    /// Which lookup.
    pub(super) lookup: usize,
    /// Columns and rotations that a row of the table reads.
    pub(super) table: Vec<(usize, i32)>,
    /// Columns and rotations that an input reads.
    pub(super) inputs: Vec<(usize, i32)>,
    /// How many rows of the table have these values, and how many inputs, in the honest witness.
    counts: [HashMap<Values, usize>; 2],
}

/// What the rows of a table and the inputs which a cell reaches hold.
#[derive(Debug, Default)]
pub(super) struct Reached {
    pub(super) table: Vec<Values>,
    pub(super) inputs: Vec<Values>,
}

impl Moving {
    pub(super) fn new(lookup: usize, table: Vec<(usize, i32)>, inputs: Vec<(usize, i32)>, honest: Reached) -> Self {
        let counts = [honest.table, honest.inputs].map(|values| {
            let mut counts = HashMap::new();
            values.into_iter().for_each(|values| *counts.entry(values).or_default() += 1);
            counts
        });
        Self { lookup, table, inputs, counts }
    }

    /// Rows at which expressions that read these columns reach a cell.
    pub(super) fn rows(reads: &[(usize, i32)], (column, row): AdviceCell) -> impl Iterator<Item = i32> + '_ {
        reads.iter().filter(move |(read, _)| *read == column).map(move |(_, rotation)| row as i32 - rotation)
    }

    /// Whether every input is in the table still, after what a cell reaches has changed.
    pub(super) fn holds(&self, before: &Reached, after: &Reached) -> bool {
        let among = |values: &[Values], wanted: &Values| values.iter().filter(|value| *value == wanted).count();
        let now = |which: usize, before: &[Values], after: &[Values], wanted: &Values| {
            self.counts[which].get(wanted).copied().unwrap_or(0) + among(after, wanted) - among(before, wanted)
        };
        // Only what is read newly or may have gone from the table can be missing.
        after.inputs.iter().chain(&before.table).all(|wanted| {
            now(1, &before.inputs, &after.inputs, wanted) == 0 || now(0, &before.table, &after.table, wanted) > 0
        })
    }
}
