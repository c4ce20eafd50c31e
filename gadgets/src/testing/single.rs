//! A circuit of one block.

use std::sync::Arc;

use ethnum::I256;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::plonk::{Circuit, ConstraintSystem, Error};
use halo2curves::bn256::Fr;

use super::{AdviceCell, Edit, Failure, failures, free_cells};
use crate::frame::lanes::{Lanes, TABLE_K, Table};
use crate::frame::value::to_field;
use crate::frame::{Block, BlockBuilder, Word};

/// How the block is made.
#[derive(Debug, Clone, Copy)]
enum Make {
    Cells(fn(&mut BlockBuilder)),
    Block(fn(Table) -> BlockBuilder),
}

impl Make {
    fn builder(self, table: Table) -> BlockBuilder {
        match self {
            Self::Block(make) => make(table),
            Self::Cells(make) => {
                let mut builder = BlockBuilder::over(table, "block");
                make(&mut builder);
                builder
            }
        }
    }
}

/// One block, with the cells that its inputs are copied from below it.
#[derive(Debug, Clone)]
pub struct Single {
    make: Make,
    table: Table,
    inputs: Vec<I256>,
    witnesses: Vec<I256>,
}

thread_local! {
    /// What `configure`, which has no `self`, builds and over which table; set by the constructor on the test's own thread.
    static MAKE: std::cell::Cell<(Table, Make)> =
        const { std::cell::Cell::new((Table::FUNCTIONS, Make::Cells(|_| ()))) };
}

impl Single {
    /// The block that `make` adds cells to, called "block", over the table with functions.
    pub fn new(make: fn(&mut BlockBuilder), inputs: &[i128]) -> Self {
        Self::over(Table::FUNCTIONS, make, inputs)
    }

    /// The same over another table.
    pub fn over(table: Table, make: fn(&mut BlockBuilder), inputs: &[i128]) -> Self {
        Self::with(Make::Cells(make), table, inputs.iter().copied().map(I256::from).collect(), vec![])
    }

    /// A block over the short table, with its inputs and the witnesses that the prover chooses.
    pub fn of(make: fn(Table) -> BlockBuilder, inputs: Vec<I256>, witnesses: Vec<I256>) -> Self {
        Self::with(Make::Block(make), Table::SHORT_RANGES, inputs, witnesses)
    }

    fn with(make: Make, table: Table, inputs: Vec<I256>, witnesses: Vec<I256>) -> Self {
        MAKE.set((table, make));
        Self { make, table, inputs, witnesses }
    }

    /// A `k` that holds the table and the rows that halo2 keeps for itself.
    fn k(&self) -> u32 {
        let reserved = 16;
        if self.table.has_functions() { TABLE_K } else { (self.table.rows() + reserved).ilog2() + 1 }
    }

    /// The block alone, configured on fresh lanes.
    pub fn block(&self) -> Block {
        let mut meta = ConstraintSystem::default();
        let lanes = Lanes::configure_over(&mut meta, self.table);
        self.make.builder(self.table).configure(&mut meta, &lanes)
    }

    /// Values of the outputs.
    pub fn outputs(&self) -> Vec<I256> {
        self.block().evaluate_outputs(&self.inputs, &self.witnesses)
    }

    /// What the mock prover reports when cells hold other values.
    pub fn failures(&self, edits: &[Edit]) -> Vec<Failure> {
        failures(self.k(), self, &[], edits)
    }

    /// Cells of the block that can be changed alone.
    pub fn free_cells(&self) -> Vec<AdviceCell> {
        free_cells(self.k(), self, &[])
    }

    /// Asserts that the honest witness is accepted and that no cell can be changed alone.
    ///
    /// # Panics
    /// If it is not, or some can.
    pub fn assert_tight(&self) {
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
        let (table, make) = MAKE.get();
        let lanes = Lanes::configure_over(meta, table);
        let block = make.builder(table).configure(meta, &lanes);
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
                        let field = Value::known(to_field(*value));
                        let cell = region.assign_advice(lanes.advice[2], below + index, field).cell();
                        Word { cell, value: Some(*value), bounds: Arc::new((low, high)) }
                    })
                    .collect();
                block.assign(&mut region, &lanes, 0, &words.iter().collect::<Vec<_>>(), Some(&self.witnesses));
                Ok(())
            },
        )
    }
}
