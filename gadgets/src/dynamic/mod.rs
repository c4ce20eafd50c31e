//! A table in the advice columns: rows that the circuit fills by its own constraints, read elsewhere by their key.
//!
//! One lookup argument whose table is the shared columns themselves. A row of the table is `key, x, y, z`; reading it takes a row that holds the
//! same four cells. Two fixed columns say which rows are entries and which are reads, so a cell elsewhere can stand for neither.
//!
//! What is read is what stands beside the key, so two entries with one key let a prover choose between them: whoever writes entries sees to it that
//! keys which can be read are different, or that their values are the same.

mod chip;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use ethnum::I256;

use crate::{
    frame::{Cursor, Word},
    poseidon::Given,
};

pub use chip::DynamicTable;

/// Values beside a key.
pub const VALUES: usize = 3;

/// What has been written, for those who read later.
#[derive(Debug, Clone, Default)]
pub struct Entries(BTreeMap<I256, [I256; VALUES]>);

impl Entries {
    /// Whether a key has been written.
    #[must_use]
    pub fn contains(&self, key: I256) -> bool {
        self.0.contains_key(&key)
    }
}

/// Tables that a circuit fills.
pub trait DynamicTableInstructions {
    /// Begins a table: with the entry of key 0, whose values are 0, and with the row that every row which is no read finds. `zero` is a cell that
    /// holds 0.
    fn begin(&self, cursor: &mut Cursor<'_, '_>, zero: &Word) -> Entries;

    /// Writes an entry and returns the cells of its values.
    fn write(
        &self,
        cursor: &mut Cursor<'_, '_>,
        entries: &mut Entries,
        key: &Word,
        values: [Given<'_>; VALUES],
    ) -> [Word; VALUES];

    /// Reads the values beside a key, which has been written before. Nothing is proven of their range but that they are those of the entry. Of a
    /// key that no entry has, there is no proof.
    fn read(&self, cursor: &mut Cursor<'_, '_>, entries: &Entries, key: &Word) -> [Word; VALUES];
}
