//! Statements for this crate's tests.

use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Instance, Selector, TableColumn},
    poly::Rotation,
};
use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use zomma_circuits::{Statement, StatementError};

const STEPS: usize = 8;

/// From `start`, square and add a byte, eight times over, to reach `end`. `N` makes different statements of the same circuit; with 3 the
/// witness is wrong.
#[derive(Debug)]
pub(crate) struct Squares<const N: u32>;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Inputs {
    pub(crate) start: u64,
    pub(crate) addends: Vec<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ends {
    pub(crate) start: u64,
    /// Hex of the field element, least significant byte first.
    pub(crate) end: String,
}

pub(crate) fn inputs() -> Inputs {
    Inputs { start: 3, addends: vec![1, 2, 3, 4, 5, 6, 7, 255] }
}

impl<const N: u32> Statement for Squares<N> {
    type Inputs = Inputs;
    type Witness = (Fr, Vec<u64>);
    type Instance = Ends;
    type Circuit = SquaresCircuit;

    const NAME: &'static str = if N == 1 { "other" } else { "squares" };
    const VERSION: u32 = if N == 2 { 2 } else { 1 };
    const MIN_K: u32 = 5;
    const DEFAULT_K: u32 = 9;

    fn k_for(_: &Inputs) -> Result<u32, StatementError> {
        Ok(Self::DEFAULT_K)
    }

    fn evaluate(inputs: &Inputs, k: u32) -> Result<((Fr, Vec<u64>), Ends), StatementError> {
        if inputs.addends.len() != STEPS {
            return Err(StatementError::TooMany { what: "addends", given: inputs.addends.len(), room: STEPS, k });
        }
        if let Some(i) = inputs.addends.iter().position(|&addend| addend > 255) {
            return Err(StatementError::Domain { field: format!("addend {i}"), reason: "above 255".to_owned() });
        }
        let start = Fr::from(inputs.start);
        let end = inputs.addends.iter().fold(start, |a, &b| a.square() + Fr::from(b));
        let instance = Ends { start: inputs.start, end: hex::encode(end.to_bytes()) };
        Ok(((start, inputs.addends.clone()), instance))
    }

    fn instance(instance: &Ends) -> Vec<Vec<Fr>> {
        let mut bytes = [0; 32];
        let known = hex::decode_to_slice(&instance.end, &mut bytes).is_ok();
        let end = known.then(|| Option::<Fr>::from(Fr::from_bytes(&bytes))).flatten().unwrap_or_default();
        vec![vec![Fr::from(instance.start), end]]
    }

    fn circuit(_: u32, witness: Option<(Fr, Vec<u64>)>) -> SquaresCircuit {
        let broken = (N == 3).then_some(4);
        SquaresCircuit { witness, broken }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct SquaresCircuit {
    witness: Option<(Fr, Vec<u64>)>,
    /// A step in which a wrong byte is assigned.
    broken: Option<usize>,
}

#[derive(Debug, Clone)]
pub(crate) struct Config {
    a: Column<Advice>,
    b: Column<Advice>,
    ends: Column<Instance>,
    step: Selector,
    bytes: TableColumn,
}

impl Circuit<Fr> for SquaresCircuit {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self { witness: None, broken: self.broken }
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        let [a, b] = [(); 2].map(|()| meta.advice_column());
        meta.enable_equality(a);
        let ends = meta.instance_column();
        meta.enable_equality(ends);
        let step = meta.selector();
        let bytes = meta.lookup_table_column();
        meta.create_gate("square and add", |meta| {
            let [a, next] = [Rotation::cur(), Rotation::next()].map(|at| meta.query_advice(a, at));
            let b = meta.query_advice(b, Rotation::cur());
            let step = meta.query_selector(step);
            vec![("step (a^2 + b - a') = 0", step * (a.clone() * a + b - next))]
        });
        meta.lookup("b is a byte", |meta| vec![(meta.query_advice(b, Rotation::cur()), bytes)]);
        Config { a, b, ends, step, bytes }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let mut values: Vec<Value<Fr>> = vec![Value::unknown(); STEPS + 1];
        let mut addends = vec![Value::unknown(); STEPS];
        if let Some((start, witness)) = &self.witness {
            values[0] = Value::known(*start);
            for i in 0..STEPS {
                addends[i] = Value::known(Fr::from(witness[i]));
                values[i + 1] = values[i].zip(addends[i]).map(|(a, b): (Fr, Fr)| a.square() + b);
            }
        }
        layouter.assign_table(
            || "bytes",
            |mut table| {
                (0..256).try_for_each(|i| {
                    table.assign_cell(|| "byte", config.bytes, i, || Value::known(Fr::from(i as u64))).map(|_| ())
                })
            },
        )?;
        let (first, last) = layouter.assign_region(
            || "chain",
            |mut region| {
                let mut cells = vec![];
                for i in 0..=STEPS {
                    cells.push(region.assign_advice(config.a, i, values[i]).cell());
                    if i < STEPS {
                        config.step.enable(&mut region, i)?;
                        let wrong = Fr::from(u64::from(self.broken == Some(i)));
                        region.assign_advice(config.b, i, addends[i].map(|b| b + wrong));
                    }
                }
                Ok((cells[0], cells[STEPS]))
            },
        )?;
        layouter.constrain_instance(first, config.ends, 0);
        layouter.constrain_instance(last, config.ends, 1);
        Ok(())
    }
}

impl SquaresCircuit {
    pub(crate) fn without_witness() -> Self {
        Self { witness: None, broken: None }
    }
}

/// A statement whose gate has degree 6: above what keys provide for.
#[derive(Debug)]
pub(crate) struct Steep;

#[derive(Debug, Clone)]
pub(crate) struct SteepCircuit;

impl Statement for Steep {
    type Inputs = ();
    type Witness = ();
    type Instance = ();
    type Circuit = SteepCircuit;

    const NAME: &'static str = "steep";
    const MIN_K: u32 = 4;
    const DEFAULT_K: u32 = 4;

    fn k_for((): &()) -> Result<u32, StatementError> {
        Ok(Self::DEFAULT_K)
    }

    fn evaluate((): &(), _: u32) -> Result<((), ()), StatementError> {
        Ok(((), ()))
    }

    fn instance((): &()) -> Vec<Vec<Fr>> {
        vec![]
    }

    fn circuit(_: u32, _: Option<()>) -> SteepCircuit {
        SteepCircuit
    }
}

impl Circuit<Fr> for SteepCircuit {
    type Config = Column<Advice>;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Column<Advice> {
        let a = meta.advice_column();
        meta.create_gate("sixth power", |meta| {
            let a = meta.query_advice(a, Rotation::cur());
            let cube = a.clone() * a.clone() * a;
            vec![("a^6 = 0", cube.clone() * cube)]
        });
        a
    }

    fn synthesize(&self, _: Column<Advice>, _: impl Layouter<Fr>) -> Result<(), Error> {
        Ok(())
    }
}
