use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    plonk::{Circuit, Column, ConstraintSystem, Error, Instance},
};
use halo2curves::{bn256::Fr, ff::Field};

use super::*;
use crate::{
    frame::Lanes,
    layout::Layout,
    testing::{Failure, failures, free_cells},
};

/// Sums of the inputs, which stand in the first rows below a zero, with these coefficients.
#[derive(Debug, Clone)]
struct Sums {
    inputs: Vec<Fr>,
    coefficients: Vec<Vec<Fr>>,
}

impl Circuit<Fr> for Sums {
    type Config = (LinearChip, Lanes, Column<Instance>);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let lanes = Lanes::configure_without_lookups(meta);
        let chip = LinearChip::configure(meta, &lanes);
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        (chip, lanes, instance)
    }

    fn synthesize(&self, (chip, lanes, instance): Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let words = layouter.assign_region(
            || "sums",
            |mut region| {
                let mut words = vec![];
                for (row, value) in [Fr::ZERO].iter().chain(&self.inputs).enumerate() {
                    let cell = region.assign_advice(lanes.advice[0], row, Value::known(*value)).cell();
                    words.push(Word::digest(cell, Some(*value)));
                }
                let mut cursor = Cursor::new(&mut region, &lanes);
                cursor.row = words.len();
                let inputs = words.split_off(1);
                for coefficients in &self.coefficients {
                    let terms: Vec<_> = coefficients.iter().copied().zip(&inputs).collect();
                    words.push(chip.sum(&mut cursor, &terms, &words[0]));
                }
                Ok(words)
            },
        )?;
        for (row, word) in words.iter().enumerate() {
            layouter.constrain_instance(word.cell, instance, row);
        }
        Ok(())
    }
}

const K: u32 = 6;

fn sums() -> (Sums, Vec<Vec<Fr>>) {
    let [one, two, three] = [1, 2, 3].map(Fr::from);
    let inputs = vec![Fr::from(10), -one, Fr::from(1000)];
    let coefficients = vec![vec![two], vec![one, -three], vec![-one, three, two]];
    // 2 * 10; 10 + 3; -10 - 3 + 2000.
    let results = [0, 20, 13, 1987].map(Fr::from);
    (Sums { inputs, coefficients }, vec![results.to_vec()])
}

#[test]
fn sums_are_right_and_no_cell_is_free() {
    let (circuit, instance) = sums();
    assert_eq!(failures(K, &circuit, &instance, &[]), []);
    assert_eq!(free_cells(K, &circuit, &instance), []);
}

#[test]
fn a_wrong_sum_is_refused() {
    let (circuit, instance) = sums();
    // Rows 0 to 3 are inputs, then one row, one row, two rows.
    let name = "linear: sum";
    let wrong = failures(K, &circuit, &instance, &[((3, 6), Fr::from(5))]);
    let expected = [Failure::new("copy of advice 2", 7), Failure::new("copy of advice 3", 6), Failure::new(name, 6)];
    assert_eq!(wrong, expected);
    // Started from 1 instead of 0.
    let wrong = failures(K, &circuit, &instance, &[((2, 4), Fr::ONE), ((3, 4), Fr::from(21))]);
    assert!(wrong.iter().all(|failure| failure.name.starts_with("copy of ")) && !wrong.is_empty(), "{wrong:?}");
}

#[test]
fn costs_are_as_stated() {
    let (circuit, _) = sums();
    let layout = Layout::record(K, &circuit).unwrap();
    let total = [1, 2, 3].map(LinearChip::cost).into_iter().reduce(|a, b| a + b).unwrap();
    assert_eq!((layout.rows(), layout.advice_cells()), (4 + total.rows, 4 + total.advice_cells));
}
