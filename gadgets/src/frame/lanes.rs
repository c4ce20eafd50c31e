//! The columns that all chips share, and the two lookup arguments over one tagged table.
//!
//! | column | on block rows | elsewhere |
//! |---|---|---|
//! | `a0`, `a1` | range-checked limbs; `a0` also the segment of a function lookup | free |
//! | `a2`, `a3` | free; on the two rows of a function lookup its coefficients | free |
//! | `f0`, `f1` | tags of the lookups of `a0` and `a1` | round constants |
//! | `checked` | 1 | 0: no lookup |
//! | `function` | 1 on the first row of a function lookup | 0 |
//!
//! A row of the table is `(tag, value, c0, c1, c2, c3)`. Tag `t` in 1..=12 and 14 holds every `value < 2^t`; the tags of
//! functions hold a segment and its polynomial. The tag is a column of its own, for a value that a prover may choose
//! freely must not be able to reach another tag's rows.

use halo2_proofs::circuit::{Layouter, Value};
use halo2_proofs::plonk::{Advice, Column, ConstraintSystem, Error, Expression, Fixed, TableColumn};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;

use super::switch::Switches;
use crate::functions::table;

/// Bits of a full limb.
pub const LIMB_BITS: u32 = 14;

/// Widths that one lookup checks. 13 is missing so that the table fits 2^16 rows; a limb of 13 bits takes two lookups.
pub const RANGE_TAGS: [u32; 13] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, LIMB_BITS];

/// The smallest `k` whose rows hold the whole table.
pub const TABLE_K: u32 = 16;

/// The shared columns.
#[derive(Debug, Clone)]
pub struct Lanes {
    /// `a0..a3`.
    pub advice: [Column<Advice>; 4],
    /// `f0`, `f1`.
    pub fixed: [Column<Fixed>; 2],
    pub(super) checked: Column<Fixed>,
    pub(super) function: Column<Fixed>,
    /// What switches the gates on.
    pub switches: Switches,
    table: [TableColumn; 6],
}

impl Lanes {
    /// Allocates the columns, for circuits whose chips look nothing up.
    pub fn configure_without_lookups(meta: &mut ConstraintSystem<Fr>) -> Self {
        let advice = [(); 4].map(|()| meta.advice_column());
        for column in advice {
            meta.enable_equality(column);
        }
        let fixed = [(); 2].map(|()| meta.fixed_column());
        let checked = meta.fixed_column();
        let function = meta.fixed_column();
        let table = [(); 6].map(|()| meta.lookup_table_column());
        Self { advice, fixed, checked, function, switches: Switches::default(), table }
    }

    /// Allocates the columns and configures both lookup arguments.
    pub fn configure(meta: &mut ConstraintSystem<Fr>) -> Self {
        let lanes = Self::configure_without_lookups(meta);
        let Self { advice, fixed, checked, function, table, .. } = lanes;
        meta.lookup("a0: range or function segment", |cells| {
            let checked = cells.query_fixed(checked, Rotation::cur());
            let function = cells.query_fixed(function, Rotation::cur());
            let mut gated = |gate: &Expression<Fr>, column: usize, rotation: Rotation| {
                gate.clone() * cells.query_advice(advice[column], rotation)
            };
            let coefficients = [
                gated(&function, 2, Rotation::cur()),
                gated(&function, 3, Rotation::cur()),
                gated(&function, 2, Rotation::next()),
                gated(&function, 3, Rotation::next()),
            ];
            let value = gated(&checked, 0, Rotation::cur());
            let tag = checked * cells.query_fixed(fixed[0], Rotation::cur());
            [tag, value].into_iter().chain(coefficients).zip(table).collect()
        });
        meta.lookup("a1: range", |cells| {
            let checked = cells.query_fixed(checked, Rotation::cur());
            let tag = checked.clone() * cells.query_fixed(fixed[1], Rotation::cur());
            let value = checked * cells.query_advice(advice[1], Rotation::cur());
            vec![(tag, table[0]), (value, table[1])]
        });
        lanes
    }

    /// Fills the table.
    ///
    /// # Errors
    /// [`Error`] from halo2, such as too few rows: `k` below [`TABLE_K`].
    pub fn load_table(&self, layouter: &mut impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_table(
            || "tagged table",
            |mut table| {
                let mut row = 0;
                let mut push = |entry: [Fr; 6]| {
                    for (column, value) in self.table.into_iter().zip(entry) {
                        table.assign_cell(|| "table", column, row, || Value::known(value))?;
                    }
                    row += 1;
                    Ok::<_, Error>(())
                };
                push([Fr::ZERO; 6])?;
                for tag in RANGE_TAGS {
                    for value in 0..1u64 << tag {
                        push([Fr::from(u64::from(tag)), Fr::from(value), Fr::ZERO, Fr::ZERO, Fr::ZERO, Fr::ZERO])?;
                    }
                }
                for function in table::tables() {
                    for (segment, coefficients) in function.coefficients.iter().enumerate() {
                        let [c0, c1, c2, c3] = coefficients.map(signed);
                        push([Fr::from(u64::from(function.tag)), Fr::from(segment as u64), c0, c1, c2, c3])?;
                    }
                }
                Ok(())
            },
        )
    }

    /// Number of rows of the table.
    pub fn table_rows() -> usize {
        1 + RANGE_TAGS.iter().map(|tag| 1usize << tag).sum::<usize>()
            + table::tables().iter().map(|function| function.rows()).sum::<usize>()
    }
}

fn signed(value: i64) -> Fr {
    let magnitude = Fr::from(value.unsigned_abs());
    if value < 0 { -magnitude } else { magnitude }
}
