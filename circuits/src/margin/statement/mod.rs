//! `margin`: one account's health against a risk root.
//!
//! The account is known by its leaf, its prices by the roots of risk array and markets, the rules by the part of the parameter set that margin
//! reads. Whoever verifies compares these with a state it trusts; see the book, "The statement margin".

#[cfg(test)]
mod attacks;
mod inputs;
#[cfg(test)]
mod tests;

pub use inputs::{AccountInputs, MarginInputs, MarginWitness, MarketInputs, RowInputs};

use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::plonk::{Circuit, Column, ConstraintSystem, Error, Instance};
use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use zomma_gadgets::frame::value::to_field;
use zomma_gadgets::frame::{Cursor, Lanes, lanes::Table};
use zomma_gadgets::poseidon::tag;

use super::Health;
use super::chip::MarginChip;
use crate::encoding::hex_fr;
use crate::error::StatementError;
use crate::state::ids::decimal;
use crate::statement::Statement;

/// The smallest `k`: 2^14 rows hold the table of ranges and sixteen positions.
const MIN_K: u32 = 14;
/// The largest `k`: an account has no more positions than it holds.
const MAX_K: u32 = 17;
/// Most markets that an account's positions may be spread over.
const MAX_MARKETS: usize = 16;

/// Positions for which there is room at `k`.
pub fn positions(k: u32) -> usize {
    1 << k.min(MAX_K).saturating_sub(10)
}

/// Markets for which there is room at `k`.
pub fn markets(k: u32) -> usize {
    (positions(k) / 4).min(MAX_MARKETS)
}

/// The statement.
#[derive(Debug, Clone, Copy)]
pub struct Margin;

/// What is public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarginInstance {
    /// Domain separator: `zomma.margin`.
    #[serde(with = "hex_fr")]
    pub domain: Fr,
    /// The account's leaf.
    #[serde(with = "hex_fr")]
    pub account: Fr,
    /// Root of the market tree.
    #[serde(with = "hex_fr")]
    pub markets_root: Fr,
    /// Root of the risk array.
    #[serde(with = "hex_fr")]
    pub risk_root: Fr,
    /// Digest of the rules: [`VenueParams::rules`](crate::state::params::VenueParams::rules).
    #[serde(with = "hex_fr")]
    pub rules: Fr,
    /// The state's time, Unix seconds.
    pub time: u64,
    /// Time of the marks.
    pub risk_time: u64,
    /// E, signed cash.
    #[serde(with = "decimal")]
    pub equity: i128,
    /// L, at most 0.
    #[serde(with = "decimal")]
    pub worst: i128,
    /// M, at least 0.
    #[serde(with = "decimal")]
    pub maintenance: i128,
    /// N, at least 0.
    #[serde(with = "decimal")]
    pub initial: i128,
    /// E >= M.
    pub mm_ok: bool,
    /// E >= N.
    pub im_ok: bool,
}

/// The circuit of [`Margin`].
#[derive(Debug, Clone)]
pub struct MarginCircuit {
    k: u32,
    witness: Option<MarginWitness>,
}

/// Columns and gates of [`MarginCircuit`].
#[derive(Debug, Clone)]
pub struct MarginConfig {
    lanes: Lanes,
    chip: MarginChip,
    instance: Column<Instance>,
}

fn domain() -> Fr {
    tag("zomma.margin")
}

impl Circuit<Fr> for MarginCircuit {
    type Config = MarginConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self { k: self.k, witness: None }
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let lanes = Lanes::configure_over(meta, Table::SHORT_RANGES);
        let chip = MarginChip::configure(meta, &lanes, domain());
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        MarginConfig { lanes, chip, instance }
    }

    fn synthesize(&self, config: Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let MarginConfig { lanes, chip, instance } = &config;
        let witness = self.witness.as_ref();
        lanes.load_table(&mut layouter)?;
        let public = layouter.assign_region(
            || "margin",
            |mut region| {
                let mut cursor = Cursor::new(&mut region, lanes);
                let cursor = &mut cursor;
                let constants = chip.constants(cursor);
                let clock = witness.map(|witness| (witness.times, witness.roots));
                let [time, risk_time, markets_root, risk_root] = chip.clock(cursor, clock);
                let rules = chip.rules(cursor, witness.map(|witness| &witness.rules));
                let opened: Vec<_> = (0..markets(self.k))
                    .map(|index| {
                        let market = witness.map(|witness| &witness.markets[index]);
                        chip.market(cursor, &time, &markets_root, &constants, market)
                    })
                    .collect();
                let slots: Vec<_> =
                    (0..positions(self.k)).map(|index| witness.map(|witness| &witness.positions[index])).collect();
                let (leaf, health) = chip.health(
                    cursor,
                    &constants,
                    (&rules, &risk_root, [&time, &risk_time]),
                    &opened,
                    witness.map(|witness| &witness.account),
                    &slots,
                );
                Ok([
                    constants.domain,
                    leaf,
                    markets_root,
                    risk_root,
                    rules.digest,
                    time,
                    risk_time,
                    health.equity,
                    health.worst,
                    health.maintenance,
                    health.initial,
                    health.mm_ok,
                    health.im_ok,
                ])
            },
        )?;
        for (row, word) in public.iter().enumerate() {
            layouter.constrain_instance(word.cell, *instance, row);
        }
        Ok(())
    }
}

impl Statement for Margin {
    type Inputs = MarginInputs;
    type Witness = MarginWitness;
    type Instance = MarginInstance;
    type Circuit = MarginCircuit;

    const NAME: &'static str = "margin";
    const MIN_K: u32 = MIN_K;
    const DEFAULT_K: u32 = MIN_K;

    fn k_for(inputs: &Self::Inputs) -> Result<u32, StatementError> {
        let counts = [
            ("positions", inputs.account.positions.len(), positions as fn(u32) -> usize),
            ("markets", inputs.markets.len(), markets),
        ];
        (MIN_K..=MAX_K)
            .find(|k| counts.iter().all(|(_, given, room)| *given <= room(*k)))
            .map_or_else(|| check_counts(&counts, MAX_K).map(|()| MAX_K), Ok)
    }

    fn evaluate(inputs: &Self::Inputs, k: u32) -> Result<(Self::Witness, Self::Instance), StatementError> {
        let counts = [
            ("positions", inputs.account.positions.len(), positions as fn(u32) -> usize),
            ("markets", inputs.markets.len(), markets),
        ];
        check_counts(&counts, k)?;
        let evaluated = inputs.evaluate(positions(k), markets(k))?;
        let health: Health = evaluated.health;
        let instance = MarginInstance {
            domain: domain(),
            account: evaluated.leaf,
            markets_root: inputs.markets_root,
            risk_root: inputs.risk_root,
            rules: inputs.params.rules(),
            time: inputs.time,
            risk_time: inputs.risk_time,
            equity: health.equity,
            worst: health.worst,
            maintenance: health.maintenance,
            initial: health.initial,
            mm_ok: health.mm_ok(),
            im_ok: health.im_ok(),
        };
        Ok((evaluated.witness, instance))
    }

    fn instance(instance: &Self::Instance) -> Vec<Vec<Fr>> {
        let figures = [instance.equity, instance.worst, instance.maintenance, instance.initial];
        let digests = [instance.domain, instance.account, instance.markets_root, instance.risk_root, instance.rules];
        let flags = [instance.mm_ok, instance.im_ok];
        let mut column = digests.to_vec();
        column.extend([instance.time, instance.risk_time].map(Fr::from));
        column.extend(figures.map(|figure| to_field(figure.into())));
        column.extend(flags.map(|flag| Fr::from(u64::from(flag))));
        vec![column]
    }

    fn circuit(k: u32, witness: Option<Self::Witness>) -> Self::Circuit {
        MarginCircuit { k, witness }
    }
}

type Count = (&'static str, usize, fn(u32) -> usize);

fn check_counts(counts: &[Count], k: u32) -> Result<(), StatementError> {
    match counts.iter().find(|(_, given, room)| *given > room(k)) {
        Some((what, given, room)) => Err(StatementError::TooMany { what, given: *given, room: room(k), k }),
        None => Ok(()),
    }
}
