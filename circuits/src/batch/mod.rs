//! `batch`: a state's root before and after a run of transactions, and what they publish.
//!
//! This version proves the transactions that carry no signature and need no margin: padding, deposits with their refunds, the collection of fees, the
//! adoption of a risk array. Others are refused by name when inputs are read. See the book, "The statement batch".

pub mod blocks;
mod chip;
mod disclosure;
mod inputs;
#[cfg(test)]
mod tests;

pub use disclosure::Disclosure;
pub use inputs::{BatchInputs, BatchWitness, SlotInputs};

use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::plonk::{Circuit, Column, ConstraintSystem, Error, Instance};
use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use zomma_gadgets::frame::{Cursor, Lanes, lanes::Table};

use crate::encoding::hex_fr;
use crate::error::StatementError;
use crate::statement::Statement;
use chip::BatchChip;

/// Depth of the account tree.
pub(crate) const ACCOUNT_DEPTH: usize = 24;
/// Most oracle keys of a parameter set.
const KEYS: usize = 16;
/// The smallest `k`: 2^14 rows hold the table of ranges.
const MIN_K: u32 = 14;
/// The largest `k`.
const MAX_K: u32 = 20;
/// Rows that a slot takes at most, and what all slots share.
const ROWS: (usize, usize) = (2_350, 1_900);

/// Transactions for which there is room at `k`.
pub fn transactions(k: u32) -> usize {
    (1usize << k.min(MAX_K)).saturating_sub(ROWS.1) / ROWS.0
}

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
    k: u32,
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
        Self { k: self.k, witness: None }
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
                Ok(config.chip.batch(&mut cursor, transactions(self.k), self.witness.as_ref()))
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
        let given = inputs.slots.len();
        (MIN_K..=MAX_K).find(|k| transactions(*k) >= given).ok_or_else(|| too_many(given, MAX_K))
    }

    fn evaluate(inputs: &Self::Inputs, k: u32) -> Result<(Self::Witness, Self::Instance), StatementError> {
        let given = inputs.slots.len();
        if given > transactions(k) {
            return Err(too_many(given, k));
        }
        let evaluated = inputs.evaluate(transactions(k))?;
        let instance = BatchInstance {
            old_root: inputs.registers.root(),
            new_root: evaluated.registers.root(),
            context: evaluated.context.hash(inputs.circuits),
        };
        Ok((evaluated.witness, instance))
    }

    fn instance(instance: &Self::Instance) -> Vec<Vec<Fr>> {
        vec![vec![instance.old_root, instance.new_root, instance.context]]
    }

    fn disclosure(inputs: &Self::Inputs) -> Result<Option<serde_json::Value>, StatementError> {
        let evaluated = inputs.evaluate(inputs.slots.len())?;
        let disclosure = Disclosure {
            circuits: inputs.circuits,
            params: inputs.params.clone(),
            context: evaluated.context,
            payments: evaluated.payments,
        };
        disclosure.to_json().map(Some)
    }

    fn circuit(k: u32, witness: Option<Self::Witness>) -> Self::Circuit {
        BatchCircuit { k, witness }
    }
}

fn too_many(given: usize, k: u32) -> StatementError {
    StatementError::TooMany { what: "transactions", given, room: transactions(k), k }
}
