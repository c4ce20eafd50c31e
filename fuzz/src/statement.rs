//! A statement small enough to be proven, read and verified many times a second: $y = x^3$.

use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Instance, Selector},
    poly::Rotation,
};
use halo2curves::{bn256::Fr, ff::PrimeField};
use serde::{Deserialize, Serialize};
use zomma_circuits::{Statement, StatementError};

/// The size at which the seeds are made.
pub const K: u32 = 4;

/// The prover knows x with $x^3 = y$.
#[derive(Debug)]
pub struct Cube;

/// The public y, as a decimal number below $2^{128}$.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Output(pub u128);

impl Statement for Cube {
    type Inputs = u32;
    type Witness = Fr;
    type Instance = Output;
    type Circuit = CubeCircuit;

    const NAME: &'static str = "cube";
    const MIN_K: u32 = K;
    const DEFAULT_K: u32 = K;

    fn k_for(_: &u32) -> Result<u32, StatementError> {
        Ok(K)
    }

    fn evaluate(x: &u32, _: u32) -> Result<(Fr, Output), StatementError> {
        Ok((Fr::from(u64::from(*x)), Output(u128::from(*x).pow(3))))
    }

    fn instance(output: &Output) -> Vec<Vec<Fr>> {
        vec![vec![Fr::from_u128(output.0)]]
    }

    fn circuit(_: u32, x: Option<Fr>) -> CubeCircuit {
        CubeCircuit { x: x.map_or(Value::unknown(), Value::known) }
    }
}

/// The circuit of [`Cube`].
#[derive(Debug, Clone)]
pub struct CubeCircuit {
    x: Value<Fr>,
}

/// Its columns.
#[derive(Debug, Clone)]
pub struct Config {
    cell: Column<Advice>,
    output: Column<Instance>,
    on: Selector,
}

impl Circuit<Fr> for CubeCircuit {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self { x: Value::unknown() }
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        let cell = meta.advice_column();
        meta.enable_equality(cell);
        let output = meta.instance_column();
        meta.enable_equality(output);
        let on = meta.selector();
        meta.create_gate("cube", |meta| {
            let [x, y] = [Rotation::cur(), Rotation::next()].map(|at| meta.query_advice(cell, at));
            let on = meta.query_selector(on);
            vec![("on (x^3 - y) = 0", on * (x.clone() * x.clone() * x - y))]
        });
        Config { cell, output, on }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let y = layouter.assign_region(
            || "cube",
            |mut region| {
                config.on.enable(&mut region, 0)?;
                region.assign_advice(config.cell, 0, self.x);
                Ok(region.assign_advice(config.cell, 1, self.x.map(|x| x * x * x)).cell())
            },
        )?;
        layouter.constrain_instance(y, config.output, 0);
        Ok(())
    }
}
