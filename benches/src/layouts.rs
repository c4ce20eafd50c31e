//! What a layout of the pricing chips costs the prover: circuits with the same work in other columns.
//!
//! A scenario's price is 37 looked-up cells and 30 others. With A advice columns, L of them looked up, it takes as many rows as the
//! dearer of the two says; each of these circuits is full of such rows, with constraints as many and as high as those of `risk`, which
//! a prover evaluates in every row whether they are switched on or not.

use ff::Field;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::plonk::{Advice, Circuit, Column, ConstraintSystem, Constraints, Error, Fixed, TableColumn};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// Cells of a scenario's price that are looked up.
pub const LOOKED_UP: usize = 37;
/// Advice cells of a scenario's price.
pub const CELLS: usize = 67;
/// Constraints of `risk`, of which each is evaluated in every row.
const CONSTRAINTS: usize = 200;
/// Columns of the table.
const TABLE: usize = 6;
/// Bits of a full limb.
const LIMB_BITS: u32 = 14;
/// Rows left free at the end.
const FREE_ROWS: usize = 32;

/// Columns of a layout.
#[derive(Clone, Copy, Debug, Default)]
pub struct Columns {
    /// Advice columns.
    pub advice: usize,
    /// Lookup arguments, each of one advice column.
    pub lookups: usize,
}

impl Columns {
    /// Rows that one price takes.
    #[must_use]
    pub fn rows(self) -> usize {
        LOOKED_UP.div_ceil(self.lookups).max(CELLS.div_ceil(self.advice))
    }

    /// Prices in $2^k$ rows.
    #[must_use]
    pub fn prices(self, k: u32) -> usize {
        ((1 << k) - FREE_ROWS) / self.rows()
    }
}

/// A circuit full of random cells.
#[derive(Clone, Debug)]
pub struct LayoutCircuit {
    columns: Columns,
    k: u32,
    seed: Option<u64>,
}

impl LayoutCircuit {
    /// The circuit with a random witness.
    #[must_use]
    pub fn new(columns: Columns, k: u32, seed: u64) -> Self {
        Self { columns, k, seed: Some(seed) }
    }
}

/// Columns of [`LayoutCircuit`].
#[derive(Clone, Debug)]
pub struct Config {
    advice: Vec<Column<Advice>>,
    tags: Vec<Column<Fixed>>,
    table: [TableColumn; TABLE],
}

impl Circuit<Fr> for LayoutCircuit {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Columns;

    fn params(&self) -> Columns {
        self.columns
    }

    fn without_witnesses(&self) -> Self {
        Self { seed: None, ..self.clone() }
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, columns: Columns) -> Config {
        let advice: Vec<_> = (0..columns.advice).map(|_| meta.advice_column()).collect();
        advice.iter().for_each(|column| meta.enable_equality(*column));
        let tags: Vec<_> = (0..columns.lookups).map(|_| meta.fixed_column()).collect();
        let switch = meta.fixed_column();
        let table: [TableColumn; TABLE] = std::array::from_fn(|_| meta.lookup_table_column());
        for (i, tag) in tags.iter().enumerate() {
            meta.lookup("limb", |meta| {
                let switch = meta.query_fixed(switch, Rotation::cur());
                let mut inputs =
                    vec![meta.query_fixed(*tag, Rotation::cur()), meta.query_advice(advice[i], Rotation::cur())];
                if i == 0 {
                    // The coefficients of a function.
                    let last = advice[columns.advice - 1];
                    inputs.extend(
                        (0..TABLE as i32 - 2).map(|row| switch.clone() * meta.query_advice(last, Rotation(row))),
                    );
                }
                inputs.into_iter().zip(table).collect()
            });
        }
        meta.create_gate("identities", |meta| {
            let on = meta.query_fixed(switch, Rotation::cur());
            let cells: Vec<_> = (0..CELLS)
                .map(|i| meta.query_advice(advice[i % columns.advice], Rotation((i / columns.advice) as i32)))
                .collect();
            let product = |i: usize| {
                [1, 7, 31]
                    .iter()
                    .fold(cells[i % CELLS].clone(), |product, step| product * cells[(i * step + 3) % CELLS].clone())
            };
            Constraints::with_selector(
                on,
                (0..CONSTRAINTS).map(|i| product(i) - cells[(i + 5) % CELLS].clone()).collect::<Vec<_>>(),
            )
        });
        Config { advice, tags, table }
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Config {
        unreachable!("the columns are parameters")
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_table(
            || "limbs",
            |mut table| {
                let mut push = |row: usize, tag: u64, value: u64| {
                    config.table.iter().enumerate().try_for_each(|(i, column)| {
                        let cell = [tag, value].get(i).copied().unwrap_or(0);
                        table.assign_cell(|| "", *column, row, || Value::known(Fr::from(cell)))
                    })
                };
                push(0, 0, 0)?;
                (0..1u64 << LIMB_BITS).try_for_each(|value| push(value as usize + 1, 1, value))
            },
        )?;
        layouter.assign_region(
            || "cells",
            |mut region| {
                let mut rng = self.seed.map(ChaCha20Rng::seed_from_u64);
                for row in 0..self.columns.prices(self.k) * self.columns.rows() {
                    for tag in &config.tags {
                        region.assign_fixed(*tag, row, Fr::ONE);
                    }
                    for (i, column) in config.advice.iter().enumerate() {
                        let value = rng.as_mut().map_or_else(Value::unknown, |rng| {
                            Value::known(if i < self.columns.lookups {
                                Fr::from(rng.gen_range(0..1u64 << LIMB_BITS))
                            } else {
                                Fr::random(rng)
                            })
                        });
                        region.assign_advice(*column, row, value);
                    }
                }
                Ok(())
            },
        )
    }
}
