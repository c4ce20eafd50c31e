//! The circuit of the whole-proof comparison: twelve advice columns, all of them copied, six of them range-checked.

use std::sync::Arc;

use ff::Field;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Fixed, Selector, TableColumn};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// Advice columns.
pub const ADVICE: usize = 12;
/// Advice columns whose values are looked up in a table of `2^(k - 1)` integers.
pub const RANGE_CHECKED: usize = 6;
/// Rows left free at the end.
const FREE_ROWS: usize = 16;
/// Degree of the highest gate.
const DEGREE: usize = 5;

/// A circuit that fills `2^k - 16` rows with random range-checked integers and products and sums of them.
#[derive(Clone, Debug)]
pub struct RangeCircuit {
    k: u32,
    rows: Option<Arc<Vec<[Fr; ADVICE]>>>,
}

impl RangeCircuit {
    /// The circuit with a random witness.
    pub fn new(k: u32, seed: u64) -> Self {
        let rng = &mut ChaCha20Rng::seed_from_u64(seed);
        let bound = 1u64 << (k - 1);
        let (mut sum, mut first) = (Fr::ZERO, rng.gen_range(0..bound));
        let row = |_| {
            let mut x = [Fr::ZERO; ADVICE];
            let integers: [u64; RANGE_CHECKED] =
                std::array::from_fn(|j| if j == 0 { first } else { rng.gen_range(0..bound) });
            first = integers[RANGE_CHECKED - 1];
            x[..RANGE_CHECKED].copy_from_slice(&integers.map(Fr::from));
            x[6] = x[0] * x[1];
            x[7] = x[2] * x[3] * x[4];
            x[8] = x[6] * x[5];
            x[9] = (1..DEGREE - 1).fold(x[0], |product, i| product * x[i % RANGE_CHECKED]);
            x[10] = sum;
            sum += x[6];
            x[11] = x[9] * x[10] + x[7] * x[8];
            x
        };
        let rows = (0..(1 << k) - FREE_ROWS).map(row).collect();
        Self { k, rows: Some(Arc::new(rows)) }
    }
}

/// Columns of [`RangeCircuit`].
#[derive(Clone, Debug)]
pub struct Config {
    advice: Vec<Column<Advice>>,
    selectors: Vec<Column<Fixed>>,
    table: TableColumn,
    in_range: Selector,
}

impl Circuit<Fr> for RangeCircuit {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self { k: self.k, rows: None }
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        let advice: Vec<_> = (0..ADVICE).map(|_| meta.advice_column()).collect();
        advice.iter().for_each(|column| meta.enable_equality(*column));
        let selectors: Vec<_> = (0..4).map(|_| meta.fixed_column()).collect();
        let table = meta.lookup_table_column();
        let in_range = meta.complex_selector();
        for column in &advice[..RANGE_CHECKED] {
            meta.lookup("range", |meta| {
                vec![(meta.query_selector(in_range) * meta.query_advice(*column, Rotation::cur()), table)]
            });
        }
        meta.create_gate("products and sums", |meta| {
            let s: Vec<_> = selectors.iter().map(|column| meta.query_fixed(*column, Rotation::cur())).collect();
            let x: Vec<_> = advice.iter().map(|column| meta.query_advice(*column, Rotation::cur())).collect();
            let next_sum = meta.query_advice(advice[10], Rotation::next());
            let product = (1..DEGREE - 1).fold(x[0].clone(), |product, i| product * x[i % RANGE_CHECKED].clone());
            let x = |i: usize| x[i].clone();
            let s = |i: usize| s[i].clone();
            vec![
                s(0) * (x(6) - x(0) * x(1)),
                s(0) * (x(7) - x(2) * x(3) * x(4)),
                s(1) * (x(8) - x(6) * x(5)),
                s(1) * (x(9) - product),
                s(2) * (next_sum - x(10) - x(6)),
                s(3) * (x(11) - x(9) * x(10) - x(7) * x(8)),
            ]
        });
        Config { advice, selectors, table, in_range }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let rows = (1 << self.k) - FREE_ROWS;
        layouter.assign_table(
            || "range",
            |mut table| {
                (0..1usize << (self.k - 1)).try_for_each(|row| {
                    table.assign_cell(|| "", config.table, row, || Value::known(Fr::from(row as u64)))
                })
            },
        )?;
        layouter.assign_region(
            || "rows",
            |mut region| {
                let mut before = None;
                for row in 0..rows {
                    if row + 1 < rows {
                        for column in &config.selectors {
                            region.assign_fixed(*column, row, Fr::ONE);
                        }
                    }
                    config.in_range.enable(&mut region, row)?;
                    let mut cells = Vec::with_capacity(ADVICE);
                    for (j, column) in config.advice.iter().enumerate() {
                        let value = self.rows.as_ref().map_or_else(Value::unknown, |rows| Value::known(rows[row][j]));
                        cells.push(region.assign_advice(*column, row, value).cell());
                    }
                    if let Some(before) = before {
                        region.constrain_equal(before, cells[0]);
                    }
                    before = Some(cells[RANGE_CHECKED - 1]);
                }
                Ok(())
            },
        )
    }
}
