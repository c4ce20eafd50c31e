//! A circuit of one block, for the tests of what blocks are made of.

use ethnum::I256;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::plonk::{Circuit, ConstraintSystem, Error};
use halo2curves::bn256::Fr;
use std::sync::Arc;

use super::block::{Block, BlockBuilder, Word};
use super::lanes::{Lanes, TABLE_K};
use super::value::to_field;
use crate::testing::{AdviceCell, Edit, Failure, failures, free_cells};

/// One block with its inputs below it.
#[derive(Clone)]
pub(crate) struct Single {
    build: fn(&mut BlockBuilder),
    inputs: Vec<i128>,
}

thread_local! {
    /// What `configure`, which has no `self`, builds; set by the constructor on the test's own thread.
    static BUILD: std::cell::Cell<fn(&mut BlockBuilder)> = const { std::cell::Cell::new(|_| ()) };
}

impl Single {
    pub(crate) fn new(build: fn(&mut BlockBuilder), inputs: &[i128]) -> Self {
        BUILD.set(build);
        Self { build, inputs: inputs.to_vec() }
    }

    /// The block alone, configured on fresh lanes.
    pub(crate) fn block(&self) -> Block {
        let mut meta = ConstraintSystem::default();
        let lanes = Lanes::configure(&mut meta);
        let mut builder = BlockBuilder::new("block");
        (self.build)(&mut builder);
        builder.configure(&mut meta, &lanes)
    }

    /// Values of the outputs.
    pub(crate) fn outputs(&self) -> Vec<I256> {
        let inputs: Vec<I256> = self.inputs.iter().map(|value| I256::from(*value)).collect();
        self.block().evaluate_outputs(&inputs)
    }

    /// What the mock prover reports when cells hold other values.
    pub(crate) fn failures(&self, edits: &[Edit]) -> Vec<Failure> {
        failures(TABLE_K, self, &[], edits)
    }

    /// Cells of the block that can be changed alone. The inputs' sources are free by nature: they lie below the block.
    pub(crate) fn free_cells(&self) -> Vec<AdviceCell> {
        free_cells(TABLE_K, self, &[])
    }

    /// Asserts that the honest witness is accepted and that no cell can be changed alone.
    pub(crate) fn assert_tight(&self) {
        assert_eq!(self.free_cells(), [], "cells that nothing holds in place");
    }
}

impl Circuit<Fr> for Single {
    type Config = (Lanes, Block);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let lanes = Lanes::configure(meta);
        let mut builder = BlockBuilder::new("block");
        BUILD.get()(&mut builder);
        let block = builder.configure(meta, &lanes);
        (lanes, block)
    }

    fn synthesize(&self, (lanes, block): Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        lanes.load_table(&mut layouter)?;
        layouter.assign_region(
            || "block",
            |mut region| {
                let below = block.cost().rows;
                let words: Vec<Word> = self
                    .inputs
                    .iter()
                    .zip(block.input_bounds())
                    .enumerate()
                    .map(|(index, (value, (low, high)))| {
                        let value = I256::from(*value);
                        let field = Value::known(to_field(value));
                        let cell = region.assign_advice(lanes.advice[2], below + index, field).cell();
                        Word { cell, value: Some(value), bounds: Arc::new((low, high)) }
                    })
                    .collect();
                block.assign(&mut region, &lanes, 0, &words.iter().collect::<Vec<_>>(), None);
                Ok(())
            },
        )
    }
}
