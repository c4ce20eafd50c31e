//! The harness finds what is wrong with circuits that are wrong.

use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Fixed, Instance, Selector, TableColumn},
    poly::Rotation,
};
use halo2curves::{bn256::Fr, ff::Field};

use super::*;

/// One row: x in 0..8, y = x^2 or y^2 = x^4, z = y copied, and a cell that nothing reads.
#[derive(Clone, Copy)]
struct Square {
    sound: bool,
}

#[derive(Clone)]
struct Config {
    cells: [Column<Advice>; 4],
    factor: Column<Fixed>,
    instance: Column<Instance>,
    table: TableColumn,
    on: Selector,
}

impl Circuit<Fr> for Square {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = bool;

    fn params(&self) -> bool {
        self.sound
    }

    fn without_witnesses(&self) -> Self {
        *self
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Config {
        unreachable!("configured with parameters")
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, sound: bool) -> Config {
        let cells = [(); 4].map(|()| meta.advice_column());
        cells.iter().for_each(|&cell| meta.enable_equality(cell));
        let factor = meta.fixed_column();
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        let on = meta.selector();
        let table = meta.lookup_table_column();
        meta.create_gate("square", |meta| {
            let [x, y] = [0, 1].map(|i| meta.query_advice(cells[i], Rotation::cur()));
            let factor = meta.query_fixed(factor, Rotation::cur());
            let on = meta.query_selector(on);
            let square = x.clone() * x;
            vec![("y", on * if sound { y - factor * square } else { y.clone() * y - square.clone() * square })]
        });
        meta.lookup("x < 8", |meta| vec![(meta.query_advice(cells[0], Rotation::cur()), table)]);
        Config { cells, factor, instance, table, on }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_table(
            || "small",
            |mut table| {
                (0..8).try_for_each(|i| {
                    table.assign_cell(|| "i", config.table, i, || Value::known(Fr::from(i as u64))).map(|_| ())
                })
            },
        )?;
        let y = layouter.assign_region(
            || "row",
            |mut region| {
                config.on.enable(&mut region, 3)?;
                region.assign_fixed(config.factor, 3, Fr::ONE);
                let mut assign = |i: usize, value: u64| {
                    region.assign_advice(config.cells[i], 3, Value::known(Fr::from(value))).cell()
                };
                assign(0, 5);
                assign(3, 9);
                let (y, z) = (assign(1, 25), assign(2, 25));
                region.constrain_equal(y, z);
                Ok(y)
            },
        )?;
        if self.sound {
            layouter.constrain_instance(y, config.instance, 0);
        }
        Ok(())
    }
}

const K: u32 = 5;

fn public() -> [Vec<Fr>; 1] {
    [vec![Fr::from(25)]]
}

#[test]
fn failures_are_exact() {
    let circuit = Square { sound: true };
    assert_eq!(failures(K, &circuit, &public(), &[]), []);
    let x = failures(K, &circuit, &public(), &[((0, 3), Fr::from(9))]);
    assert_eq!(x, [Failure::new("lookup x < 8", 3), Failure::new("square: y", 3)]);
    let z = failures(K, &circuit, &public(), &[((2, 3), Fr::from(26))]);
    assert_eq!(z.len(), 2, "{z:?}");
    let copies = |failure: &Failure| failure.name.starts_with("copy of");
    assert!(z.iter().all(copies), "{z:?}");
    // Another witness altogether, with x negated: only the lookup objects.
    let negated = failures(K, &circuit, &public(), &[((0, 3), -Fr::from(5))]);
    assert_eq!(negated, [Failure::new("lookup x < 8", 3)]);
}

#[test]
fn cells_that_nothing_reads_are_found() {
    assert_eq!(free_cells(K, &Square { sound: true }, &public()), [(3, 3)]);
}

/// A square root has two values, neither of them one more than the other or random: single mutations do not see that, and tests must.
#[test]
fn an_unsound_gate_accepts_the_other_root() {
    let unsound = Square { sound: false };
    let edits = [((1, 3), -Fr::from(25)), ((2, 3), -Fr::from(25))];
    assert_eq!(failures(K, &unsound, &public(), &edits), []);
    assert_ne!(failures(K, &Square { sound: true }, &public(), &edits), []);
}

#[test]
#[should_panic(expected = "the honest witness is not accepted: [copy of")]
fn a_wrong_honest_witness_is_no_basis() {
    let _ = free_cells(K, &Square { sound: true }, &[vec![Fr::ZERO]]);
}
