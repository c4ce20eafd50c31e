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
//!
//! A circuit without functions of its own takes a smaller table, of `(tag, value)` and shorter limbs: see [`Table`].

use halo2_proofs::circuit::{Layouter, Region, Value};
use halo2_proofs::plonk::{Advice, Column, ConstraintSystem, Error, Fixed, TableColumn};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;

use super::switch::Switches;
use crate::functions::table::{self, FunctionTable};

/// Bits of a full limb.
pub const LIMB_BITS: u32 = 14;

/// Widths that one lookup checks. 13 is missing so that the table fits 2^16 rows; a limb of 13 bits takes two lookups.
pub const RANGE_TAGS: [u32; 13] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, LIMB_BITS];

/// The smallest `k` whose rows hold the whole table.
pub const TABLE_K: u32 = 16;

/// Which table a circuit looks up in. Blocks are made for one, since it says how wide their limbs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    limb_bits: u32,
    functions: bool,
}

impl Table {
    /// Limbs of 14 bits and all functions, for circuits of 2^16 rows or more.
    pub const FUNCTIONS: Self = Self { limb_bits: LIMB_BITS, functions: true };
    /// Limbs of 14 bits, for circuits of 2^15 rows or more.
    pub const RANGES: Self = Self { limb_bits: LIMB_BITS, functions: false };
    /// Limbs of 12 bits, for circuits of 2^14 rows or more.
    pub const SHORT_RANGES: Self = Self { limb_bits: 12, functions: false };

    /// Bits of a full limb.
    #[must_use]
    pub fn limb_bits(self) -> u32 {
        self.limb_bits
    }

    /// Whether it holds the segments of functions.
    #[must_use]
    pub fn has_functions(self) -> bool {
        self.functions
    }

    /// Widths that one lookup checks.
    pub fn range_tags(self) -> impl Iterator<Item = u32> {
        RANGE_TAGS.into_iter().filter(move |tag| *tag <= self.limb_bits)
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(self) -> usize {
        1 + self.range_tags().map(|tag| 1usize << tag).sum::<usize>()
            + self.functions().map(FunctionTable::rows).sum::<usize>()
    }

    fn functions(self) -> impl Iterator<Item = &'static FunctionTable> {
        table::tables().into_iter().filter(move |_| self.functions)
    }
}

/// The columns of function lookups.
#[derive(Debug, Clone, Copy)]
struct Functions {
    on: Column<Fixed>,
    coefficients: [TableColumn; 4],
}

/// The shared columns.
#[derive(Debug, Clone)]
pub struct Lanes {
    /// `a0..a3`.
    pub advice: [Column<Advice>; 4],
    /// `f0`, `f1`.
    pub fixed: [Column<Fixed>; 2],
    pub(super) checked: Column<Fixed>,
    /// What switches the gates on.
    pub switches: Switches,
    functions: Option<Functions>,
    ranges: [TableColumn; 2],
    table: Table,
}

impl Lanes {
    /// Allocates the columns, for circuits whose chips look nothing up.
    pub fn configure_without_lookups(meta: &mut ConstraintSystem<Fr>) -> Self {
        Self::allocate(meta, Table::FUNCTIONS)
    }

    /// Allocates the columns and configures both lookup arguments over the table with functions.
    pub fn configure(meta: &mut ConstraintSystem<Fr>) -> Self {
        Self::configure_over(meta, Table::FUNCTIONS)
    }

    /// Allocates the columns and configures both lookup arguments over a table.
    pub fn configure_over(meta: &mut ConstraintSystem<Fr>, table: Table) -> Self {
        let lanes = Self::allocate(meta, table);
        let &Self { advice, fixed, checked, functions, ranges, .. } = &lanes;
        let name = if functions.is_some() { "a0: range or function segment" } else { "a0: range" };
        meta.lookup(name, |cells| {
            let checked = cells.query_fixed(checked, Rotation::cur());
            let value = checked.clone() * cells.query_advice(advice[0], Rotation::cur());
            let tag = checked * cells.query_fixed(fixed[0], Rotation::cur());
            let range = [tag, value].into_iter().zip(ranges);
            let Some(Functions { on, coefficients }) = functions else { return range.collect() };
            let function = cells.query_fixed(on, Rotation::cur());
            let mut gated =
                |column: usize, rotation: Rotation| function.clone() * cells.query_advice(advice[column], rotation);
            let polynomial = [
                gated(2, Rotation::cur()),
                gated(3, Rotation::cur()),
                gated(2, Rotation::next()),
                gated(3, Rotation::next()),
            ];
            range.chain(polynomial.into_iter().zip(coefficients)).collect()
        });
        meta.lookup("a1: range", |cells| {
            let checked = cells.query_fixed(checked, Rotation::cur());
            let tag = checked.clone() * cells.query_fixed(fixed[1], Rotation::cur());
            let value = checked * cells.query_advice(advice[1], Rotation::cur());
            vec![(tag, ranges[0]), (value, ranges[1])]
        });
        lanes
    }

    fn allocate(meta: &mut ConstraintSystem<Fr>, table: Table) -> Self {
        let advice = [(); 4].map(|()| meta.advice_column());
        for column in advice {
            meta.enable_equality(column);
        }
        let fixed = [(); 2].map(|()| meta.fixed_column());
        let checked = meta.fixed_column();
        let on = table.functions.then(|| meta.fixed_column());
        let ranges = [(); 2].map(|()| meta.lookup_table_column());
        let functions = on.map(|on| Functions { on, coefficients: [(); 4].map(|()| meta.lookup_table_column()) });
        Self { advice, fixed, checked, functions, ranges, table, switches: Switches::default() }
    }

    /// The table that is looked up in.
    #[must_use]
    pub fn table(&self) -> Table {
        self.table
    }

    /// Marks a row as the first of a function lookup.
    ///
    /// # Panics
    /// When the table has no functions, which blocks rule out when they are configured.
    pub(super) fn mark_function(&self, region: &mut Region<'_, Fr>, row: usize) {
        let functions = self.functions.expect("a block with functions is configured over a table that has them");
        region.assign_fixed(functions.on, row, Fr::ONE);
    }

    /// Fills the table.
    ///
    /// # Errors
    /// [`Error`] from halo2, such as too few rows: `k` below [`TABLE_K`] for the table with functions.
    pub fn load_table(&self, layouter: &mut impl Layouter<Fr>) -> Result<(), Error> {
        let [tags, values] = self.ranges;
        let coefficients = self.functions.map(|functions| functions.coefficients);
        layouter.assign_table(
            || "tagged table",
            |mut table| {
                let mut row = 0;
                let mut push = |tag: u64, value: u64, polynomial: [i64; 4]| {
                    let range = [(tags, Fr::from(tag)), (values, Fr::from(value))];
                    let polynomial = coefficients.into_iter().flatten().zip(polynomial.map(signed));
                    for (column, value) in range.into_iter().chain(polynomial) {
                        table.assign_cell(|| "table", column, row, || Value::known(value))?;
                    }
                    row += 1;
                    Ok::<_, Error>(())
                };
                push(0, 0, [0; 4])?;
                for tag in self.table.range_tags() {
                    for value in 0..1u64 << tag {
                        push(tag.into(), value, [0; 4])?;
                    }
                }
                for function in self.table.functions() {
                    for (segment, polynomial) in function.coefficients.iter().enumerate() {
                        push(function.tag.into(), segment as u64, *polynomial)?;
                    }
                }
                Ok(())
            },
        )
    }

    /// Number of rows of the table with functions.
    pub fn table_rows() -> usize {
        Table::FUNCTIONS.rows()
    }
}

fn signed(value: i64) -> Fr {
    let magnitude = Fr::from(value.unsigned_abs());
    if value < 0 { -magnitude } else { magnitude }
}
