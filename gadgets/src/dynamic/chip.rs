//! The table on the shared columns: a row for each entry, a row for each read.
//!
//! | `entry` | `read` | `a0` | `a1` | `a2` | `a3` |
//! |---|---|---|---|---|---|
//! | 1 | 0 | key | x | y | z |
//! | 0 | 1 | key | x | y | z |
//!
//! The lookup takes `read (1, a0, a1, a2, a3)` in `(entry, a0, a1, a2, a3)`. Its inputs are of degree 2 and its table of degree 1, which is what a
//! degree of 5 leaves room for. A row that is no read looks up zeros with tag 0: a blank row, of which one is set aside.

use ethnum::I256;
use halo2_proofs::{
    plonk::{Column, ConstraintSystem, Fixed},
    poly::Rotation,
};
use halo2curves::{bn256::Fr, ff::Field};

use super::{DynamicTableInstructions, Entries, VALUES};
use crate::{
    frame::{
        Cursor, Lanes, Word,
        value::{to_field, to_integer},
    },
    poseidon::Given,
};

/// The name of the lookup, in failures.
pub(super) const LOOKUP: &str = "entries";

/// A table in the shared columns.
#[derive(Debug, Clone, Copy)]
pub struct DynamicTable {
    entry: Column<Fixed>,
    read: Column<Fixed>,
}

impl DynamicTable {
    /// Rows of an entry, and of a read.
    pub const ROWS: usize = 1;

    /// Rows that [`begin`](DynamicTableInstructions::begin) takes.
    pub const BEGIN_ROWS: usize = 2;

    /// Configures the lookup.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self {
        let [entry, read] = [(); 2].map(|()| meta.fixed_column());
        meta.lookup_any(LOOKUP, |cells| {
            let [entry, read] = [entry, read].map(|column| cells.query_fixed(column, Rotation::cur()));
            let row = lanes.advice.map(|column| cells.query_advice(column, Rotation::cur()));
            let tag = (read.clone(), entry);
            [tag].into_iter().chain(row.map(|cell| (read.clone() * cell.clone(), cell))).collect()
        });
        Self { entry, read }
    }

    fn mark(column: Column<Fixed>, cursor: &mut Cursor<'_, '_>) {
        let row = cursor.row;
        cursor.region().assign_fixed(column, row, Fr::ONE);
        cursor.row += 1;
    }
}

impl DynamicTableInstructions for DynamicTable {
    fn begin(&self, cursor: &mut Cursor<'_, '_>, zero: &Word) -> Entries {
        // The blank row.
        cursor.row += 1;
        let mut entries = Entries::default();
        self.write(cursor, &mut entries, zero, [Given::Copied(zero); VALUES]);
        entries
    }

    fn write(
        &self,
        cursor: &mut Cursor<'_, '_>,
        entries: &mut Entries,
        key: &Word,
        values: [Given<'_>; VALUES],
    ) -> [Word; VALUES] {
        let row = cursor.row;
        cursor.copy(row, 0, key);
        let mut column = 0;
        let words = values.map(|value| {
            column += 1;
            match value {
                Given::Witness(value) => cursor.assign(row, column, value),
                Given::Copied(word) => cursor.copy(row, column, word),
            }
        });
        let integers = values.map(|value| match value {
            Given::Witness(value) => value.map(to_integer),
            Given::Copied(word) => word.value,
        });
        if let (Some(key), [Some(x), Some(y), Some(z)]) = (key.value, integers) {
            entries.0.insert(key, [x, y, z]);
        }
        Self::mark(self.entry, cursor);
        words
    }

    fn read(&self, cursor: &mut Cursor<'_, '_>, entries: &Entries, key: &Word) -> [Word; VALUES] {
        let row = cursor.row;
        cursor.copy(row, 0, key);
        // A key that is not there has no proof, whatever is put beside it.
        let found = key.value.map(|key| entries.0.get(&key).copied().unwrap_or([I256::ZERO; VALUES]));
        let words = [0, 1, 2].map(|index| {
            let value = found.map(|found| found[index]);
            Word { value, ..cursor.assign(row, 1 + index, value.map(to_field)) }
        });
        Self::mark(self.read, cursor);
        words
    }
}
