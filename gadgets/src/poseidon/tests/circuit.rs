//! Generic over the instructions: a program of hashes in a circuit, compared with the native twin, tampered with, measured.

use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    plonk::{Circuit, Column, ConstraintSystem, Error, Instance},
};
use halo2curves::{bn256::Fr, ff::Field};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::{
    frame::{Cursor, Lanes, Word, value::to_field},
    layout::Layout,
    poseidon::{Given, PoseidonChip, PoseidonInstructions, chain, compress, hash2},
    testing::{Failure, failures, free_cells},
};

/// What the chip under test must be able to do beside the instructions.
trait Configured: PoseidonInstructions + Clone + 'static {
    fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self;
}

impl Configured for PoseidonChip {
    fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self {
        Self::configure_with_paths(meta, lanes)
    }
}

/// A hash of earlier values, by number; its output is the next number.
#[derive(Debug, Clone)]
enum Step {
    Two(Fr, [usize; 2]),
    Three([usize; 3]),
    Chain(Fr, [usize; 2], Vec<[usize; 2]>),
    /// Leaf, siblings, index.
    Path(usize, Vec<usize>, u64),
    /// A path with the siblings and the index of the one before it.
    Again(usize),
}

/// Inputs, the first of which is zero, and hashes. The last `public` values are public.
#[derive(Debug, Clone)]
struct Program<P> {
    inputs: Vec<Fr>,
    steps: Vec<Step>,
    public: usize,
    chip: std::marker::PhantomData<P>,
}

impl<P: Configured> Program<P> {
    fn new(inputs: usize, steps: &[Step], public: usize) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(inputs as u64);
        let inputs = std::iter::once(Fr::ZERO).chain((1..inputs).map(|_| Fr::random(&mut rng))).collect();
        Self { inputs, steps: steps.to_vec(), public, chip: std::marker::PhantomData }
    }

    /// The public values by the native twin.
    fn instance(&self) -> Vec<Vec<Fr>> {
        let mut values = self.inputs.clone();
        let mut last: (&[usize], u64) = (&[], 0);
        for step in &self.steps {
            let root = |leaf: usize, (siblings, index): (&[usize], u64)| {
                siblings.iter().enumerate().fold(values[leaf], |node, (i, &sibling)| match index >> i & 1 {
                    0 => hash2(node, values[sibling]),
                    _ => hash2(values[sibling], node),
                })
            };
            let value = match step {
                Step::Two(capacity, [x, y]) => compress(*capacity, values[*x], values[*y]),
                Step::Three([h, x, y]) => compress(values[*h], values[*x], values[*y]),
                Step::Chain(tag, first, rest) => {
                    let words: Vec<_> = first.iter().chain(rest.as_flattened()).map(|&i| values[i]).collect();
                    chain(*tag, &words)
                }
                Step::Path(leaf, siblings, index) => {
                    last = (siblings, *index);
                    root(*leaf, last)
                }
                Step::Again(leaf) => root(*leaf, last),
            };
            values.push(value);
        }
        vec![values.split_off(values.len() - self.public)]
    }

    fn k(&self) -> u32 {
        let hashes: usize = self
            .steps
            .iter()
            .map(|step| match step {
                Step::Two(..) | Step::Three(_) => 1,
                Step::Chain(_, _, rest) => 1 + rest.len(),
                Step::Path(_, siblings, _) => siblings.len(),
                Step::Again(_) => 4,
            })
            .sum();
        (42 * hashes + self.inputs.len() + 60).next_power_of_two().ilog2()
    }
}

impl<P: Configured> Circuit<Fr> for Program<P> {
    type Config = (P, Lanes, Column<Instance>);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let lanes = Lanes::configure_without_lookups(meta);
        let chip = P::configure(meta, &lanes);
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        (chip, lanes, instance)
    }

    fn synthesize(&self, (chip, lanes, instance): Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let words = layouter.assign_region(
            || "program",
            |mut region| {
                let mut words = vec![];
                for (row, input) in self.inputs.iter().enumerate() {
                    let cell = region.assign_advice(lanes.advice[0], row, Value::known(*input)).cell();
                    words.push(Word::digest(cell, Some(*input)));
                }
                let mut cursor = Cursor::new(&mut region, &lanes);
                cursor.row = self.inputs.len();
                let mut last = None;
                for step in &self.steps {
                    let output = match step {
                        Step::Two(capacity, inputs) => {
                            chip.compress_under(&mut cursor, *capacity, inputs.map(|i| &words[i]))
                        }
                        Step::Three(inputs) => chip.compress(&mut cursor, inputs.map(|i| &words[i])),
                        Step::Chain(tag, first, rest) => {
                            let rest: Vec<_> = rest.iter().map(|pair| pair.map(|i| &words[i])).collect();
                            chip.chain(&mut cursor, *tag, first.map(|i| &words[i]), &rest)
                        }
                        Step::Path(leaf, siblings, index) => {
                            let siblings: Vec<_> = siblings
                                .iter()
                                .map(|&i| Given::Witness(Some(to_field(words[i].value.unwrap()))))
                                .collect();
                            let index: Vec<_> =
                                (0..siblings.len()).map(|i| Given::Witness(Some(Fr::from(index >> i)))).collect();
                            let path = chip.path(&mut cursor, &words[*leaf], &siblings, &index, &words[0]);
                            last.insert(path).root.clone()
                        }
                        Step::Again(leaf) => {
                            let last = last.as_ref().unwrap();
                            let siblings: Vec<_> = last.siblings.iter().map(Given::Copied).collect();
                            let index: Vec<_> = last.index.iter().map(Given::Copied).collect();
                            chip.path(&mut cursor, &words[*leaf], &siblings, &index, &words[0]).root
                        }
                    };
                    words.push(output);
                }
                Ok(words)
            },
        )?;
        let first = words.len() - self.public;
        for (row, word) in words[first..].iter().enumerate() {
            layouter.constrain_instance(word.cell, instance, row);
        }
        Ok(())
    }
}

type Chip = Program<PoseidonChip>;

/// Every kind of hash after every other.
fn mixed() -> Vec<Step> {
    vec![
        Step::Two(Fr::ZERO, [1, 2]),
        Step::Two(Fr::from(7), [1, 1]),
        Step::Three([3, 2, 4]),
        Step::Three([6, 6, 0]),
        Step::Two(-Fr::ONE, [6, 7]),
        Step::Path(8, vec![1, 2, 3, 4], 0b0110),
        Step::Two(Fr::ZERO, [9, 9]),
        Step::Path(1, vec![2], 1),
        Step::Three([1, 2, 3]),
        Step::Chain(Fr::from(99), [1, 2], vec![[3, 4], [5, 0]]),
        Step::Path(13, vec![1, 2, 3, 4], 0b1001),
        Step::Again(3),
    ]
}

fn circuit_is_native<P: Configured>() {
    let program = Program::<P>::new(4, &mixed(), 12);
    assert_eq!(failures(program.k(), &program, &program.instance(), &[]), []);
    // Extreme inputs.
    let mut extreme = Program::<P>::new(3, &[Step::Two(Fr::ZERO, [1, 2]), Step::Three([0, 1, 2])], 2);
    extreme.inputs = vec![Fr::ZERO, -Fr::ONE, Fr::ZERO];
    assert_eq!(failures(extreme.k(), &extreme, &extreme.instance(), &[]), []);
}

fn no_cell_is_free<P: Configured>() {
    let program = Program::<P>::new(4, &mixed(), 12);
    let free = free_cells(program.k(), &program, &program.instance());
    assert_eq!(free, []);
}

fn wrong_outputs_are_refused<P: Configured>() {
    let program = Program::<P>::new(4, &mixed(), 12);
    for output in 0..12 {
        let mut instance = program.instance();
        instance[0][output] += Fr::ONE;
        let failures = failures(program.k(), &program, &instance, &[]);
        assert_eq!(failures.len(), 2, "{failures:?}");
        assert_eq!(failures[1], Failure::new("copy of instance 0", output));
    }
}

#[test]
fn the_chip_hashes_as_the_native_twin() {
    circuit_is_native::<PoseidonChip>();
}

#[test]
fn the_chip_has_no_free_cells() {
    no_cell_is_free::<PoseidonChip>();
}

#[test]
fn the_chip_refuses_wrong_outputs() {
    wrong_outputs_are_refused::<PoseidonChip>();
}

#[test]
fn degrees_are_five_at_most() {
    let program = Chip::new(4, &mixed(), 1);
    let layout = Layout::record(program.k(), &program).unwrap();
    let degrees: Vec<_> = layout.degrees().collect();
    assert_eq!(degrees.iter().map(|(_, degree)| *degree).max(), Some(5), "{degrees:?}");
    let shared = degrees.iter().filter(|(name, _)| !name.starts_with("poseidon: path step"));
    assert!(shared.clone().count() > 40);
}

fn rows(inputs: usize, steps: &[Step]) -> (usize, usize) {
    let program = Chip::new(inputs, steps, 0);
    let layout = Layout::record(program.k(), &program).unwrap();
    (layout.rows() - inputs, layout.advice_cells() - inputs)
}

#[test]
fn costs_are_as_stated() {
    for n in 1..4 {
        let two = PoseidonChip::cost_of_two();
        assert_eq!(rows(4, &vec![Step::Two(Fr::ZERO, [1, 2]); n]), (n * two.rows + 1, n * two.advice_cells));
        let three = PoseidonChip::cost_of_three();
        assert_eq!(rows(4, &vec![Step::Three([1, 2, 3]); n]), (n * three.rows + 1, n * three.advice_cells));
        // The leaf's copy and the zero are beside the steps' cells.
        assert_eq!(rows(5, &[Step::Path(1, vec![2; n], 0)]), (n * two.rows + 1, n * two.advice_cells + 2));
        assert!(two.area <= 160);
    }
    // A leaf that has just been hashed is not copied.
    let leaf = [Step::Two(Fr::ZERO, [1, 2]), Step::Path(4, vec![2, 3], 3)];
    assert_eq!(rows(4, &leaf).0, 3 * 40 + 1);
}

/// A hash of two inputs in rows 3 to 43.
fn two() -> (Chip, Vec<Vec<Fr>>) {
    let program = Chip::new(3, &[Step::Two(Fr::ZERO, [1, 2])], 1);
    let instance = program.instance();
    (program, instance)
}

#[test]
fn each_gate_names_its_equation() {
    let (program, instance) = two();
    let fails =
        |row: usize, column: usize| failures(program.k(), &program, &instance, &[((column, 3 + row), Fr::from(5))]);
    let expect = |names: &[(&str, usize)]| -> Vec<Failure> {
        names.iter().map(|(name, row)| Failure::new(&format!("poseidon: {name}"), 3 + row)).collect()
    };
    // The square of the first input.
    assert_eq!(
        fails(0, 3),
        expect(&[
            ("two inputs: round 1: lane 0", 0),
            ("two inputs: round 1: lane 1", 0),
            ("two inputs: x = (s + c)^2", 0),
        ])
    );
    // The square of lane 2 of round 1.
    assert_eq!(
        fails(2, 1),
        expect(&[
            ("round 1: lane 2 = (s + c)^2", 1),
            ("round 1: round 2: lane 0", 1),
            ("round 1: round 2: lane 1", 1),
            ("round 1: round 2: lane 2", 1),
        ])
    );
    // The input of the S-box in half row 30: read by the gates of the rows 13 to 15.
    assert_eq!(
        fails(15, 0),
        expect(&[
            ("two partial rounds: q0 = (s + c)^2", 15),
            ("two partial rounds: slot 3", 14),
            ("two partial rounds: slot 3", 15),
            ("two partial rounds: slot 4", 13),
            ("two partial rounds: slot 4", 14),
        ])
    );
    // The square in half row 79.
    assert_eq!(
        fails(39, 3),
        expect(&[("out of the partial rounds: output", 32), ("out of the partial rounds: q15 = (s + c)^2", 32)])
    );
}

/// A path in rows 4 to 84: leaf 1, siblings 2 and 3, index 2.
#[test]
fn a_path_is_of_its_index() {
    let program = Chip::new(4, &[Step::Path(1, vec![2, 3], 2)], 1);
    let instance = program.instance();
    assert_eq!(failures(program.k(), &program, &instance, &[]), []);
    let with = |edits: &[((usize, usize), u64)]| {
        let edits: Vec<_> = edits.iter().map(|(cell, value)| (*cell, Fr::from(*value))).collect();
        failures(program.k(), &program, &instance, &edits)
    };
    let bit = |row| Failure::new("poseidon: path step: bit (1 - bit) = 0", row);
    // 6 = 0b110 has no place in a tree of depth 2: its second step is at 3, which halves to 1 and not to the zero beside the root.
    let too_large = with(&[((2, 4), 6), ((2, 44), 3)]);
    assert!(too_large.contains(&bit(44)) && !too_large.contains(&bit(4)), "{too_large:?}");
    let halved = with(&[((2, 4), 6), ((2, 44), 3), ((2, 84), 1)]);
    assert_eq!(halved, [Failure::new("copy of advice 0", 0), Failure::new("copy of advice 2", 84)]);
    // The other index swaps the leaf and its sibling.
    assert_eq!(
        with(&[((2, 4), 3)]),
        ["round 1: lane 0", "round 1: lane 1", "x = (s + c)^2", "y = (s + c)^2"]
            .map(|name| Failure::new(&format!("poseidon: path step: {name}"), 4))
    );
}
