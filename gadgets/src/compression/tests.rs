//! The compression function in the circuit against the native permutation.

use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::dev::MockProver;
use halo2_proofs::plonk::{Circuit, Column, ConstraintSystem, Error, Instance};
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::{CompressionChip, chain, compress, empty_roots, merkle_root, tag};
use crate::frame::{Cursor, Lanes, Word};

#[derive(Clone)]
struct Compressions(Vec<Option<[Fr; 3]>>);

impl Circuit<Fr> for Compressions {
    type Config = (Lanes, CompressionChip, Column<Instance>);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self(vec![None; self.0.len()])
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let lanes = Lanes::configure_without_lookups(meta);
        let chip = CompressionChip::configure(meta, &lanes);
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        (lanes, chip, instance)
    }

    fn synthesize(&self, (lanes, chip, instance): Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let outputs = layouter.assign_region(
            || "compressions",
            |mut region| {
                let mut outputs = vec![];
                let mut cursor = Cursor::new(&mut region, &lanes);
                for input in &self.0 {
                    let row = cursor.row;
                    cursor.row += 1;
                    let words: Vec<Word> = (0..3)
                        .map(|lane| {
                            let value = input.map(|input| input[lane]);
                            let field = value.map_or_else(Value::unknown, Value::known);
                            let column = lanes.advice[lane];
                            Word::digest(cursor.region().assign_advice(column, row, field).cell(), value)
                        })
                        .collect();
                    outputs.push(chip.assign(&mut cursor, [&words[0], &words[1], &words[2]]));
                }
                Ok(outputs)
            },
        )?;
        for (row, output) in outputs.iter().enumerate() {
            layouter.constrain_instance(output.cell, instance, row);
        }
        Ok(())
    }
}

#[test]
fn circuit_and_permutation_agree() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut inputs: Vec<_> = (0..4).map(|_| [(); 3].map(|()| Fr::random(&mut rng))).collect();
    inputs.push([Fr::ZERO; 3]);
    inputs.push([-Fr::ONE; 3]);
    let outputs: Vec<Fr> = inputs.iter().map(|[h, x, y]| compress(*h, *x, *y)).collect();
    let circuit = Compressions(inputs.iter().map(|input| Some(*input)).collect());
    MockProver::run(9, &circuit, vec![outputs.clone()]).expect("the circuit fits").assert_satisfied();
    let mut wrong = outputs;
    wrong[2] += Fr::ONE;
    assert!(MockProver::run(9, &circuit, vec![wrong]).expect("the circuit fits").verify().is_err());
}

#[test]
fn the_gates_are_of_degree_four() {
    let mut meta = ConstraintSystem::<Fr>::default();
    Compressions::configure(&mut meta);
    assert_eq!(meta.degree(), 4);
}

#[test]
fn digests_of_lists_and_trees() {
    let t = tag("zomma.test");
    let [a, b, c] = [1, 2, 3].map(Fr::from);
    assert_eq!(chain(t, &[a, b, c]), compress(compress(t, a, b), c, Fr::ZERO));
    let node = |l, r| compress(Fr::ZERO, l, r);
    let empty = empty_roots(2);
    assert_eq!(merkle_root(&[a, b, c], 3), node(node(node(a, b), node(c, Fr::ZERO)), empty[2]));
}
