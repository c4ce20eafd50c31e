//! `batch`: a state's root before and after a run of transactions, and what they publish.
//!
//! A room for each part: [`frame`] what every batch has, [`market`] market transactions, [`table`] prices and margin, [`portfolio`] liquidations and takeovers, [`touch`] other account transactions. The
//! witness is what the state itself reads and does ([`witness`]). See the book, "The statement batch".

mod blocks;
mod chip;
#[cfg(test)]
mod field_tests;
mod frame;
mod inputs;
mod market;
mod portfolio;
mod shape;
mod store;
mod table;
#[cfg(test)]
mod tests;
mod touch;
mod unsigned;
mod witness;

pub use inputs::{BatchInputs, Cut, NodeInputs, RecordInputs, RecordInputsKind};
pub use shape::{Counts, shape};
pub use witness::BatchWitness;

use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::plonk::{Circuit, Column, ConstraintSystem, Error, Instance};
use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use zomma_gadgets::frame::{Cursor, Lanes, lanes::Table};

use crate::encoding::hex_fr;
use crate::error::StatementError;
use crate::statement::Statement;
use chip::BatchChip;
use shape::{MAX_K, MIN_K};

/// Depth of the account tree.
pub(crate) const ACCOUNT_DEPTH: usize = 24;

/// The statement.
#[derive(Debug, Clone, Copy)]
pub struct Batch;

/// What is public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchInstance {
    /// The state root before.
    #[serde(with = "hex_fr")]
    pub old_root: Fr,
    /// The state root after.
    #[serde(with = "hex_fr")]
    pub new_root: Fr,
    /// The hash of the context: [`BatchContext::hash`](crate::state::batch::BatchContext::hash).
    #[serde(with = "hex_fr")]
    pub context: Fr,
}

/// The circuit of [`Batch`].
#[derive(Debug, Clone)]
pub struct BatchCircuit {
    shape: Counts,
    witness: Option<BatchWitness>,
}

/// Columns and gates of [`BatchCircuit`].
#[derive(Debug, Clone)]
pub struct BatchConfig {
    lanes: Lanes,
    chip: BatchChip,
    instance: Column<Instance>,
}

impl Circuit<Fr> for BatchCircuit {
    type Config = BatchConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self { shape: self.shape, witness: None }
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let lanes = Lanes::configure_over(meta, Table::SHORT_RANGES);
        let chip = BatchChip::configure(meta, &lanes);
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        BatchConfig { lanes, chip, instance }
    }

    fn synthesize(&self, config: Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        config.lanes.load_table(&mut layouter)?;
        let public = layouter.assign_region(
            || "batch",
            |mut region| {
                let mut cursor = Cursor::new(&mut region, &config.lanes);
                Ok(config.chip.batch(&mut cursor, &self.shape, self.witness.as_ref()))
            },
        )?;
        for (row, word) in public.iter().enumerate() {
            layouter.constrain_instance(word.cell, config.instance, row);
        }
        Ok(())
    }
}

impl Statement for Batch {
    type Inputs = BatchInputs;
    type Witness = BatchWitness;
    type Instance = BatchInstance;
    type Circuit = BatchCircuit;

    const NAME: &'static str = "batch";
    const MIN_K: u32 = MIN_K;
    const DEFAULT_K: u32 = MIN_K;

    fn k_for(inputs: &Self::Inputs) -> Result<u32, StatementError> {
        let counts = inputs.run(&Counts::UNLIMITED)?.counts;
        let fits = |k: &u32| counts.exceeds(&shape(*k)).is_none();
        (MIN_K..=MAX_K).find(fits).map_or_else(|| fit(&counts, MAX_K).map(|()| MAX_K), Ok)
    }

    fn evaluate(inputs: &Self::Inputs, k: u32) -> Result<(Self::Witness, Self::Instance), StatementError> {
        let ran = inputs.run(&Counts::UNLIMITED)?;
        fit(&ran.counts, k)?;
        let instance = BatchInstance {
            old_root: ran.old_root,
            new_root: ran.new_root,
            context: ran.context.hash(inputs.circuits),
        };
        Ok((ran.witness, instance))
    }

    fn instance(instance: &Self::Instance) -> Vec<Vec<Fr>> {
        vec![vec![instance.old_root, instance.new_root, instance.context]]
    }

    fn circuit(k: u32, witness: Option<Self::Witness>) -> Self::Circuit {
        BatchCircuit { shape: shape(k), witness }
    }
}

/// Whether so much fits at `k`.
fn fit(counts: &Counts, k: u32) -> Result<(), StatementError> {
    let pairs = counts.pairs(&shape(k));
    match pairs.into_iter().find(|(_, [given, room])| given > room) {
        None => Ok(()),
        Some((what, [given, room])) => Err(StatementError::TooMany { what, given, room, k }),
    }
}
