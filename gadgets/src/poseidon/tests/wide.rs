//! The hash of five words in a circuit: as the native twin has it, no cell free, exact failures.

use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    plonk::{Circuit, Column, ConstraintSystem, Error, Instance},
};
use halo2curves::{bn256::Fr, ff::Field};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::{
    frame::{Cursor, Lanes, Word},
    layout::Layout,
    linear::LinearChip,
    poseidon::{WidePoseidonChip, WidePoseidonInstructions, hash5},
    testing::{Failure, failures, free_cells},
};

/// Row 0 to 5: zero and the inputs; the hash follows.
#[derive(Debug, Clone)]
struct Hash {
    inputs: [Fr; 5],
}

const FIRST: usize = 6;
const K: u32 = 9;

impl Circuit<Fr> for Hash {
    type Config = (WidePoseidonChip, Lanes, Column<Instance>);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let lanes = Lanes::configure_without_lookups(meta);
        let linear = LinearChip::configure(meta, &lanes);
        let chip = WidePoseidonChip::configure(meta, &lanes, linear);
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        (chip, lanes, instance)
    }

    fn synthesize(&self, (chip, lanes, instance): Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let words = layouter.assign_region(
            || "hash",
            |mut region| {
                let mut words = vec![];
                for (row, value) in [Fr::ZERO].iter().chain(&self.inputs).enumerate() {
                    let cell = region.assign_advice(lanes.advice[0], row, Value::known(*value)).cell();
                    words.push(Word::digest(cell, Some(*value)));
                }
                let mut cursor = Cursor::new(&mut region, &lanes);
                cursor.row = FIRST;
                let inputs = [1, 2, 3, 4, 5].map(|i| &words[i]);
                let hash = chip.hash5(&mut cursor, inputs, &words[0]);
                Ok([hash].into_iter().chain(words).collect::<Vec<_>>())
            },
        )?;
        for (row, word) in words.iter().enumerate() {
            layouter.constrain_instance(word.cell, instance, row);
        }
        Ok(())
    }
}

fn hash(inputs: [Fr; 5]) -> (Hash, Vec<Vec<Fr>>) {
    let instance = [hash5(inputs), Fr::ZERO].into_iter().chain(inputs).collect();
    (Hash { inputs }, vec![instance])
}

fn random() -> [Fr; 5] {
    let mut rng = ChaCha20Rng::seed_from_u64(6);
    [(); 5].map(|()| Fr::random(&mut rng))
}

#[test]
fn the_chip_hashes_five_as_the_native_twin() {
    for inputs in [random(), [Fr::ZERO; 5], [-Fr::ONE; 5]] {
        let (circuit, instance) = hash(inputs);
        assert_eq!(failures(K, &circuit, &instance, &[]), []);
    }
}

#[test]
fn a_hash_of_five_has_no_free_cells() {
    let (circuit, instance) = hash(random());
    assert_eq!(free_cells(K, &circuit, &instance), []);
}

#[test]
fn each_gate_names_its_equation() {
    let (circuit, instance) = hash(random());
    let fails = |row: usize, column: usize| failures(K, &circuit, &instance, &[((column, row), Fr::from(5))]);
    // The first S-box's square and output; the output is also a term of the sums.
    let q = |row| Failure::new("poseidon of six: S-box: q = (s + c)^2", row);
    let y = |row| Failure::new("poseidon of six: S-box: y = (s + c) q^2", row);
    assert_eq!(fails(FIRST, 1), [q(FIRST), y(FIRST)]);
    let output = fails(FIRST, 2);
    assert_eq!(output[1..], [Failure::new("copy of advice 2", FIRST), y(FIRST)]);
    assert!(output[0].name.starts_with("copy of "), "{output:?}");
    // Three rounds of six S-boxes and eighteen rows of sums, six S-boxes; then the twentieth partial round.
    let row = FIRST + 3 * 24 + 6 + 20;
    let partial = |name: &str, row| Failure::new(&format!("poseidon of six: partial round: {name}"), row);
    assert_eq!(fails(row, 1), [partial("q = (s + c)^2", row), partial("y = (s + c) q^2", row)]);
    // The recurrence takes its first row's output and not its input.
    let mut expected = vec![partial("q = (s + c)^2", row)];
    expected.extend((row - 6..row).map(|row| partial("the input six rounds on", row)));
    expected.push(partial("y = (s + c) q^2", row));
    assert_eq!(fails(row, 0), expected);
}

#[test]
fn costs_are_as_stated() {
    let (circuit, _) = hash(random());
    let layout = Layout::record(K, &circuit).unwrap();
    let cost = WidePoseidonChip::cost_of_five();
    assert_eq!((layout.rows(), layout.advice_cells()), (FIRST + cost.rows, FIRST + cost.advice_cells));
    assert_eq!(layout.degrees().map(|(_, degree)| degree).max(), Some(5));
}
