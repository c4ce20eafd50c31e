//! `price`: options in, committed by a digest of their list; prices and Greeks out, committed by a root.

use std::io::Read;

use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::plonk::{Circuit, Column, ConstraintSystem, Error, Instance};
use halo2curves::bn256::Fr;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::lanes::TABLE_K;
use zomma_gadgets::frame::{Block, BlockBuilder, Cursor, Lanes};
use zomma_gadgets::merkle::merkle_root;
use zomma_gadgets::poseidon::{PoseidonInstructions, compress, tag};

use super::glue::{Glue, digest, hash_rows};
use super::{RESERVED_ROWS, check_terms, option_words, tree_nodes, value_words};
use crate::error::StatementError;
use crate::pricing::Kind;
use crate::pricing::chip::PricingChip;
use crate::pricing::csv::{Row, read_chain};
use crate::pricing::native::{Terms, Valuation, value};
use crate::statement::{InputOptions, Statement};

/// Depth of the tree of results.
const DEPTH: usize = 16;
/// Largest `k`: the tree has no more leaves.
const MAX_K: u32 = 24;

/// The statement: every option of a committed list is worth what a committed list of results says.
#[derive(Debug, Clone, Copy)]
pub struct Price;

/// Options to price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceInputs {
    /// When the terms were observed, seconds of the Unix epoch; bound into the commitment to the options.
    pub timestamp: u64,
    /// The options, in the order of the tree's leaves.
    pub options: Vec<Row>,
}

/// What is public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceInstance {
    /// Domain separator: `zomma.price`.
    pub domain: Fr,
    /// `f(zomma.price, digest of the options, timestamp)`.
    pub inputs: Fr,
    /// Root of the results: leaf i is that of option i, and what lies beyond the last is 0.
    pub results: Fr,
    /// Seconds of the Unix epoch.
    pub timestamp: u64,
}

impl PriceInputs {
    /// Price and Greeks of each option.
    ///
    /// # Errors
    /// [`StatementError::Domain`] naming the option and the field.
    pub fn values(&self) -> Result<Vec<Valuation>, StatementError> {
        Ok(self.terms()?.par_iter().map(value).collect())
    }

    /// The terms, checked.
    fn terms(&self) -> Result<Vec<Terms>, StatementError> {
        let check = |(index, row): (usize, &Row)| {
            let terms = Terms::from(row);
            check_terms(&format!("option {} (id {})", index + 1, row.id), &terms)?;
            Ok(terms)
        };
        self.options.iter().enumerate().map(check).collect()
    }
}

impl From<&Row> for Terms {
    fn from(row: &Row) -> Self {
        Self {
            kind: row.kind,
            spot: row.spot,
            strike: row.strike,
            seconds: row.expiry_seconds,
            vol: row.vol,
            rate: row.rate,
            dividend: row.dividend,
        }
    }
}

/// An option that fills a slot without being in the list.
const FILLER: Terms = Terms {
    kind: Kind::Call,
    spot: 1 << 30,
    strike: 1 << 30,
    seconds: crate::pricing::YEAR,
    vol: 1 << (crate::pricing::RATE_BITS - 2),
    rate: 0,
    dividend: 0,
};

/// Domain separators: of the statement and its inputs, of an option, of its value.
fn tags() -> [Fr; 3] {
    ["zomma.price", "zomma.option", "zomma.value"].map(tag)
}

/// Inputs: whether the slot above holds an option, the digest of the options above, that with this one, the digest of its value.
/// Witness: whether there is one. Outputs: that, the digest of the options so far, the leaf.
///
/// No option comes after an empty slot, so a leaf's index is its option's place in the list.
fn slot_block() -> BlockBuilder {
    let mut block = BlockBuilder::new("slot");
    let above = block.input(0, 1);
    let [list, longer, value] = [(); 3].map(|()| digest(&mut block));
    let active = block.witness_bit("active");
    block.require_zero("active only below an active one", &active * above.not());
    block.output(&active);
    let list = block.field("active ? longer list : list", &(&active * longer + active.not() * list));
    block.output(&list);
    let leaf = block.named("active ? value : 0", &(&active * value));
    block.output(&leaf);
    block
}

/// The circuit of [`Price`].
#[derive(Debug, Clone)]
pub struct PriceCircuit {
    k: u32,
    witness: Option<PriceWitness>,
}

/// What the circuit assigns.
#[derive(Debug, Clone)]
pub struct PriceWitness {
    options: Vec<Terms>,
    timestamp: u64,
}

/// Columns and gates of [`PriceCircuit`].
#[derive(Debug, Clone)]
pub struct PriceConfig {
    lanes: Lanes,
    pricing: PricingChip,
    time: Block,
    slot: Block,
    glue: Glue,
    instance: Column<Instance>,
}

impl PriceConfig {
    fn new(meta: &mut ConstraintSystem<Fr>) -> Self {
        let lanes = Lanes::configure(meta);
        let pricing = PricingChip::configure(meta, &lanes);
        let time = crate::pricing::blocks::risk::time_block().configure(meta, &lanes);
        let glue = Glue::configure(meta, &lanes, DEPTH, &[tags()[0], tags()[1], Fr::one()]);
        let slot = slot_block().configure(meta, &lanes);
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        Self { lanes, pricing, time, slot, glue, instance }
    }

    /// Options for which there is room at `k`.
    fn capacity(&self, k: u32) -> usize {
        let each = self.pricing.option_cost().rows + hash_rows(1, 1) + self.slot.cost().rows;
        let total = (1usize << k).saturating_sub(RESERVED_ROWS);
        let fits = |options: usize| {
            let shared = self.glue.rows() + self.time.cost().rows;
            options * each + hash_rows(tree_nodes(options, DEPTH) + 1, 0) + shared <= total
        };
        // Rows grow with the options, so the last that fits is where bisection ends.
        let (mut low, mut high) = (0, (total / each).min(1 << DEPTH) + 1);
        while high - low > 1 {
            let middle = low.midpoint(high);
            if fits(middle) { low = middle } else { high = middle }
        }
        low
    }
}

/// The row of the block that decides whether a slot is used.
#[cfg(test)]
pub(super) fn slot_row(index: usize) -> usize {
    let config = PriceConfig::new(&mut ConstraintSystem::default());
    let before = config.pricing.option_cost().rows + hash_rows(1, 1);
    config.glue.rows() + config.time.cost().rows + index * (before + config.slot.cost().rows) + before
}

/// Options for which there is room at `k`.
pub(super) fn capacity(k: u32) -> usize {
    let mut meta = ConstraintSystem::default();
    PriceConfig::new(&mut meta).capacity(k)
}

impl Circuit<Fr> for PriceCircuit {
    type Config = PriceConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self { k: self.k, witness: None }
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        PriceConfig::new(meta)
    }

    fn synthesize(&self, config: Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let PriceConfig { lanes, pricing, time, slot, glue, instance } = &config;
        lanes.load_table(&mut layouter)?;
        let public = layouter.assign_region(
            || "price",
            |mut region| {
                let mut cursor = Cursor::new(&mut region, lanes);
                let cursor = &mut cursor;
                let constants = glue.constants(cursor);
                let [domain_tag, _, value_tag] = tags();
                let [domain, empty_list, one] = &constants.tags[..] else {
                    unreachable!("three constants are asked for")
                };
                let timestamp = self.witness.as_ref().map(|witness| [witness.timestamp.into()]);
                let [timestamp] = cursor.block_with(time, &[], timestamp.as_ref().map(|w| &w[..]));
                let (mut above, mut list, mut leaves) = (one.clone(), empty_list.clone(), vec![]);
                for index in 0..config.capacity(self.k) {
                    let option = self.witness.as_ref().map(|witness| witness.options.get(index));
                    let terms = option.map(|option| option.unwrap_or(&FILLER));
                    let active = option.map(|option| [option.is_some().into()]);
                    let words = pricing.terms(cursor, terms);
                    let value = pricing.value(cursor, &words);
                    let longer = glue.hash.compress(cursor, [&list, &words.packed[0], &words.packed[1]]);
                    let result = glue.hash.compress_under(cursor, value_tag, value.packed.each_ref());
                    let inputs = [&above, &list, &longer, &result];
                    let [active, so_far, leaf] =
                        cursor.block_with(slot, &inputs, active.as_ref().map(|active| &active[..]));
                    (above, list) = (active, so_far);
                    leaves.push(leaf);
                }
                let results = glue.root(cursor, &constants, leaves);
                let inputs = glue.hash.compress_under(cursor, domain_tag, [&list, &timestamp]);
                Ok([domain.clone(), inputs, results, timestamp])
            },
        )?;
        for (row, word) in public.iter().enumerate() {
            layouter.constrain_instance(word.cell, *instance, row);
        }
        Ok(())
    }
}

impl Statement for Price {
    type Inputs = PriceInputs;
    type Witness = PriceWitness;
    type Instance = PriceInstance;
    type Circuit = PriceCircuit;

    const NAME: &'static str = "price";
    const MIN_K: u32 = TABLE_K;
    const DEFAULT_K: u32 = TABLE_K;

    fn read(file: impl Read, options: &InputOptions) -> Result<Self::Inputs, StatementError> {
        Ok(PriceInputs { timestamp: options.timestamp, options: read_chain(file, &options.tick)? })
    }

    fn k_for(inputs: &Self::Inputs) -> Result<u32, StatementError> {
        let given = inputs.options.len();
        (Self::MIN_K..=MAX_K).find(|k| capacity(*k) >= given).ok_or_else(|| StatementError::TooMany {
            what: "options",
            given,
            room: capacity(MAX_K),
            k: MAX_K,
        })
    }

    fn evaluate(inputs: &Self::Inputs, k: u32) -> Result<(Self::Witness, Self::Instance), StatementError> {
        super::check_time("timestamp", inputs.timestamp)?;
        let options = inputs.terms()?;
        let room = capacity(k);
        if options.len() > room {
            return Err(StatementError::TooMany { what: "options", given: options.len(), room, k });
        }
        let [domain, option_tag, value_tag] = tags();
        let list = options.iter().fold(option_tag, |list, terms| {
            let [a, b] = option_words(terms);
            compress(list, a, b)
        });
        let leaf = |terms| {
            let [a, b] = value_words(&value(terms));
            compress(value_tag, a, b)
        };
        let leaves: Vec<_> = options.par_iter().map(leaf).collect();
        let timestamp = inputs.timestamp;
        let instance = PriceInstance {
            domain,
            inputs: compress(domain, list, Fr::from(timestamp)),
            results: merkle_root(&leaves, DEPTH),
            timestamp,
        };
        Ok((PriceWitness { options, timestamp }, instance))
    }

    fn instance(instance: &Self::Instance) -> Vec<Vec<Fr>> {
        vec![vec![instance.domain, instance.inputs, instance.results, Fr::from(instance.timestamp)]]
    }

    fn circuit(k: u32, witness: Option<Self::Witness>) -> Self::Circuit {
        PriceCircuit { k, witness }
    }
}
