//! `risk`: the marks of an epoch in, the risk array out.

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
use super::{RESERVED_ROWS, check_terms, check_time, pack, rate_word, tree_nodes, value_words};
use crate::error::StatementError;
use crate::margin;
use crate::pricing::Kind;
use crate::pricing::blocks::risk::{ID_BITS, TIME_BITS};
use crate::pricing::blocks::{PRICE_BITS, VOL_BITS};
use crate::pricing::csv::{Row, read_chain};
use crate::pricing::native::Terms;
use crate::pricing::risk_chip::{ExpiryTerms, InstrumentTerms, RiskChip};
use crate::pricing::risk_native::{ExpiryRisk, RiskRow};
use crate::pricing::scenario::{FACTOR_BITS, PARAMETER_BITS, ScenarioSet};
use crate::state::ids::InstrumentId;
use crate::statement::{InputOptions, Statement};

/// Depth of the tree of rows.
const DEPTH: usize = 12;
/// Instruments that share one computation of their expiry; an expiry with more takes several.
const GROUP: usize = 4;
/// Largest `k`.
const MAX_K: u32 = 23;

/// The statement: the risk array of a root is that of committed marks under a scenario set of a known hash.
#[derive(Debug, Clone, Copy)]
pub struct Risk;

/// A listed instrument and its marks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Id; a book's ids ascend strictly.
    pub id: u32,
    /// Call or put.
    pub kind: Kind,
    /// Strike, ticks.
    pub strike: u64,
    /// Expiry, seconds of the Unix epoch.
    pub expiry: u64,
    /// Spot of the underlying, ticks.
    pub spot: u64,
    /// Volatility mark, Q38.
    pub vol: u64,
    /// Rate, signed Q38.
    pub rate: i64,
    /// Dividend yield, signed Q38.
    pub dividend: i64,
}

/// The marks of an epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskInputs {
    /// Time of the marks, seconds of the Unix epoch.
    pub time: u64,
    /// The scenario set.
    pub scenarios: ScenarioSet,
    /// The listings, ids ascending.
    pub listings: Vec<Listing>,
}

/// What is public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskInstance {
    /// Domain separator: `zomma.risk`.
    pub domain: Fr,
    /// Digest of the marks: the chain over each listing's terms and market.
    pub marks: Fr,
    /// Hash of the scenario set.
    pub scenarios: Fr,
    /// Root of the rows.
    pub risk_root: Fr,
    /// Seconds of the Unix epoch.
    pub time: u64,
}

/// Domain separators: of the statement and a row, of the marks, of a scenario set, of Greeks.
fn tags() -> [Fr; 4] {
    ["zomma.risk", "zomma.marks", "zomma.scenarios", "zomma.greeks"].map(tag)
}

/// The hash of a scenario set.
pub fn scenario_hash(set: &ScenarioSet) -> Fr {
    let [_, _, tag, _] = tags();
    let factors = set.factors().map(|factor| (u128::from(factor), FACTOR_BITS));
    let parameters = [set.vol_up, set.vol_down, set.exponent_short, set.exponent_long];
    let (first, second) = factors.split_at(8);
    let second: Vec<_> =
        second.iter().copied().chain(parameters.map(|parameter| (u128::from(parameter), PARAMETER_BITS))).collect();
    compress(tag, pack(first), pack(&second))
}

impl Listing {
    fn terms(&self, time: u64) -> Terms {
        Terms {
            kind: self.kind,
            spot: self.spot,
            strike: self.strike,
            seconds: u32::try_from(self.expiry.saturating_sub(time)).unwrap_or(u32::MAX),
            vol: self.vol,
            rate: self.rate,
            dividend: self.dividend,
        }
    }

    fn expiry_terms(&self) -> ExpiryTerms {
        ExpiryTerms { spot: self.spot, expiry: self.expiry, rate: self.rate, dividend: self.dividend }
    }

    /// Id, expiry, strike.
    fn terms_parts(&self) -> [(u128, u32); 3] {
        [(self.id.into(), ID_BITS), (self.expiry.into(), TIME_BITS), (self.strike.into(), PRICE_BITS + 1)]
    }

    /// What the digest of the marks absorbs.
    fn mark_words(&self) -> [Fr; 2] {
        let [id, expiry, strike] = self.terms_parts();
        let call = (u128::from(self.kind == Kind::Call), 1);
        let market = [
            (self.vol.into(), VOL_BITS),
            (self.spot.into(), PRICE_BITS),
            rate_word(self.rate),
            rate_word(self.dividend),
        ];
        [pack(&[id, expiry, strike, call]), pack(&market)]
    }

    /// The listing's row of the risk array.
    fn priced(&self, row: &RiskRow) -> margin::RiskRow {
        let [_, _, _, greeks_tag] = tags();
        let base = row.prices[0];
        let [a, b] = value_words(&row.base);
        margin::RiskRow {
            instrument: InstrumentId(self.id),
            expiry: self.expiry,
            strike: self.strike,
            spot: self.spot,
            prices: std::array::from_fn(|index| if index == 0 { base } else { row.prices[index - 1] }),
            greeks: compress(greeks_tag, a, b),
        }
    }
}

impl RiskInputs {
    /// The marks that a chain's rows are at `time`: sorted by expiry and by what its options share, numbered from 1. Also returns, for
    /// each listing, the index of its row.
    #[must_use]
    pub fn from_chain(rows: &[Row], time: u64, scenarios: ScenarioSet) -> (Self, Vec<usize>) {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|index| {
            let row = &rows[*index];
            (row.expiry_seconds, row.spot, row.rate, row.dividend)
        });
        let listing = |(position, index): (usize, &usize)| {
            let row = &rows[*index];
            Listing {
                id: position as u32 + 1,
                kind: row.kind,
                strike: row.strike,
                expiry: time + u64::from(row.expiry_seconds),
                spot: row.spot,
                vol: row.vol,
                rate: row.rate,
                dividend: row.dividend,
            }
        };
        let listings = order.iter().enumerate().map(listing).collect();
        (Self { time, scenarios, listings }, order)
    }

    /// The rows, one per listing.
    ///
    /// # Errors
    /// [`StatementError::Domain`] naming the listing and the field.
    pub fn rows(&self) -> Result<Vec<RiskRow>, StatementError> {
        self.check()?;
        let groups = self.groups();
        let rows = groups.par_iter().map(|(expiry, listings)| {
            let seconds = (expiry.expiry - self.time) as u32;
            let risk = ExpiryRisk::new(&self.scenarios, expiry.spot, seconds, expiry.rate, expiry.dividend);
            listings
                .iter()
                .map(|listing| {
                    risk.row(&listing.terms(self.time)).ok_or_else(|| StatementError::Domain {
                        field: format!("instrument {}: spot and strike", listing.id),
                        reason: "a price under some scenario is 2^63 ticks or more".into(),
                    })
                })
                .collect::<Result<Vec<_>, _>>()
        });
        Ok(rows.collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// The risk array as the tree holds it: rows in groups of one expiry, and empty places that fill the groups up.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub fn risk_array(&self) -> Result<Vec<Option<margin::RiskRow>>, StatementError> {
        Ok(self.places(self.rows()?))
    }

    fn places(&self, rows: Vec<RiskRow>) -> Vec<Option<margin::RiskRow>> {
        let mut places = vec![];
        let mut rows = rows.iter();
        for (_, listings) in self.groups() {
            places.extend(listings.iter().zip(&mut rows).map(|(listing, row)| Some(listing.priced(row))));
            places.resize(places.len().next_multiple_of(GROUP), None);
        }
        places
    }

    fn check(&self) -> Result<(), StatementError> {
        check_time("time", self.time)?;
        self.scenarios.check()?;
        let mut last = None;
        for listing in &self.listings {
            let path = format!("instrument {}", listing.id);
            let refuse =
                |field: &str, reason: String| Err(StatementError::Domain { field: format!("{path}: {field}"), reason });
            if last.is_some_and(|last| listing.id <= last) {
                return refuse("id", format!("ids must ascend strictly, and the one before is {}", last.unwrap_or(0)));
            }
            last = Some(listing.id);
            if listing.expiry < self.time {
                return refuse("expiry", format!("{} is before the time of the marks, {}", listing.expiry, self.time));
            }
            check_time(&format!("{path}: expiry"), listing.expiry)?;
            check_terms(&path, &listing.terms(self.time))?;
        }
        Ok(())
    }

    /// Runs of up to [`GROUP`] listings of the same expiry.
    fn groups(&self) -> Vec<(ExpiryTerms, &[Listing])> {
        self.listings
            .chunk_by(|a, b| a.expiry_terms() == b.expiry_terms())
            .flat_map(|run| run.chunks(GROUP))
            .map(|listings| (listings[0].expiry_terms(), listings))
            .collect()
    }
}

/// What the circuit assigns.
#[derive(Debug, Clone)]
pub struct RiskWitness {
    time: u64,
    scenarios: ScenarioSet,
    groups: Vec<(ExpiryTerms, [InstrumentTerms; GROUP])>,
}

impl RiskWitness {
    /// Fills the groups up with instruments that are not in the array.
    fn new(inputs: &RiskInputs, groups: usize) -> Self {
        let filler =
            ExpiryTerms { spot: 1 << 30, expiry: inputs.time + u64::from(crate::pricing::YEAR), rate: 0, dividend: 0 };
        let mut least = 0;
        let mut slot = |expiry: &ExpiryTerms, listing: Option<&Listing>| {
            let seconds = (expiry.expiry - inputs.time) as u32;
            let id = listing.map_or(least, |listing| listing.id);
            // Ids of slots that are not in the array ascend too; after the largest id there is none left, and the slots stay within 32 bits
            // because `evaluate` refuses books that come so near.
            least = id.saturating_add(1);
            let terms = Terms {
                kind: listing.map_or(Kind::Call, |listing| listing.kind),
                spot: expiry.spot,
                strike: listing.map_or(expiry.spot, |listing| listing.strike),
                seconds,
                vol: listing.map_or(1 << (crate::pricing::RATE_BITS - 2), |listing| listing.vol),
                rate: expiry.rate,
                dividend: expiry.dividend,
            };
            InstrumentTerms { id, active: listing.is_some(), terms }
        };
        let mut filled: Vec<_> = inputs
            .groups()
            .into_iter()
            .map(|(expiry, listings)| (expiry, std::array::from_fn(|index| slot(&expiry, listings.get(index)))))
            .collect();
        while filled.len() < groups {
            filled.push((filler, std::array::from_fn(|_| slot(&filler, None))));
        }
        Self { time: inputs.time, scenarios: inputs.scenarios.clone(), groups: filled }
    }
}

/// Inputs: whether a slot is used, digests of its row, of the marks with it and without. Outputs: its leaf, the marks.
fn used_block() -> BlockBuilder {
    let mut block = BlockBuilder::new("slot");
    let active = block.input(0, 1);
    let [row, marked, marks] = [(); 3].map(|()| digest(&mut block));
    let leaf = block.named("active ? row : 0", &(&active * row));
    block.output(&leaf);
    let marks = block.field("active ? marked : marks", &(&active * marked + active.not() * marks));
    block.output(&marks);
    block
}

/// The circuit of [`Risk`].
#[derive(Debug, Clone)]
pub struct RiskCircuit {
    k: u32,
    witness: Option<RiskWitness>,
}

/// Columns and gates of [`RiskCircuit`].
#[derive(Debug, Clone)]
pub struct RiskConfig {
    lanes: Lanes,
    chip: RiskChip,
    used: Block,
    glue: Glue,
    instance: Column<Instance>,
}

impl RiskConfig {
    fn new(meta: &mut ConstraintSystem<Fr>) -> Self {
        let lanes = Lanes::configure(meta);
        let chip = RiskChip::configure(meta, &lanes);
        let glue = Glue::configure(meta, &lanes, DEPTH, &tags()[..2]);
        let used = used_block().configure(meta, &lanes);
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        Self { lanes, chip, used, glue, instance }
    }

    /// Groups for which there is room at `k`.
    fn groups(&self, k: u32) -> usize {
        // The Greeks and the first two of the row's 14 words; the marks and the row's other words.
        let hashes = hash_rows(1 + 1, 1 + 6);
        let instrument = self.chip.instrument_rows() + hashes + self.used.cost().rows;
        let each = self.chip.expiry_rows() + GROUP * instrument;
        let shared = self.glue.rows() + self.chip.shared_rows() + hash_rows(1, 0);
        let total = (1usize << k).saturating_sub(RESERVED_ROWS + shared);
        let most = (total / each).min((1 << DEPTH) / GROUP);
        let fits = |groups: usize| groups * each + hash_rows(tree_nodes(groups * GROUP, DEPTH), 0) <= total;
        (0..=most).rev().find(|groups| fits(*groups)).unwrap_or(0)
    }
}

/// Groups for which there is room at `k`.
pub(super) fn room(k: u32) -> usize {
    RiskConfig::new(&mut ConstraintSystem::default()).groups(k)
}

impl Circuit<Fr> for RiskCircuit {
    type Config = RiskConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self { k: self.k, witness: None }
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        RiskConfig::new(meta)
    }

    fn synthesize(&self, config: Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let RiskConfig { lanes, chip, used, glue, instance } = &config;
        let witness = self.witness.as_ref();
        lanes.load_table(&mut layouter)?;
        let public = layouter.assign_region(
            || "risk",
            |mut region| {
                let mut cursor = Cursor::new(&mut region, lanes);
                let cursor = &mut cursor;
                let constants = glue.constants(cursor);
                let zero = &constants.empty[0];
                let [row_tag, _, scenarios_tag, greeks_tag] = tags();
                let [domain, no_marks] = &constants.tags[..] else { unreachable!("two tags are asked for") };
                let time = chip.time(cursor, witness.map(|witness| witness.time));
                let set = chip.scenarios(cursor, witness.map(|witness| &witness.scenarios));
                let scenarios = glue.hash.compress_under(cursor, scenarios_tag, set.packed.each_ref());
                let mut marks = no_marks.clone();
                let mut least = zero.clone();
                let mut leaves = vec![];
                for group in 0..config.groups(self.k) {
                    let group = witness.map(|witness| &witness.groups[group]);
                    let expiry = chip.expiry(cursor, &time, &set, group.map(|(expiry, _)| expiry));
                    for slot in 0..GROUP {
                        let instrument = group.map(|(_, instruments)| &instruments[slot]);
                        let row = chip.row(cursor, &expiry, (&least, zero), instrument);
                        let marked = glue.hash.compress(cursor, [&marks, &row.marked, &row.market]);
                        let greeks = glue.hash.compress_under(cursor, greeks_tag, row.base.packed.each_ref());
                        let mut words = vec![&row.terms];
                        words.extend(row.words.iter().chain([&greeks]));
                        let pairs: Vec<_> = words.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
                        let digest = glue.hash.chain(cursor, row_tag, pairs[0], &pairs[1..]);
                        let [leaf, next] = cursor.block(used, &[&row.active, &digest, &marked, &marks]);
                        leaves.push(leaf);
                        marks = next;
                        least = row.next_id;
                    }
                }
                let root = glue.root(cursor, &constants, leaves);
                Ok([domain.clone(), marks, scenarios, root, time])
            },
        )?;
        for (row, word) in public.iter().enumerate() {
            layouter.constrain_instance(word.cell, *instance, row);
        }
        Ok(())
    }
}

impl Statement for Risk {
    type Inputs = RiskInputs;
    type Witness = RiskWitness;
    type Instance = RiskInstance;
    type Circuit = RiskCircuit;

    const NAME: &'static str = "risk";
    const MIN_K: u32 = TABLE_K;
    const DEFAULT_K: u32 = TABLE_K + 2;

    fn read(file: impl Read, options: &InputOptions) -> Result<Self::Inputs, StatementError> {
        let rows = read_chain(file, &options.tick)?;
        Ok(RiskInputs::from_chain(&rows, options.timestamp, options.scenarios.clone()).0)
    }

    fn k_for(inputs: &Self::Inputs) -> Result<u32, StatementError> {
        let given = inputs.groups().len();
        (Self::MIN_K..=MAX_K).find(|k| room(*k) >= given).ok_or_else(|| StatementError::TooMany {
            what: "groups of instruments of one expiry",
            given,
            room: room(MAX_K),
            k: MAX_K,
        })
    }

    fn evaluate(inputs: &Self::Inputs, k: u32) -> Result<(Self::Witness, Self::Instance), StatementError> {
        let rows = inputs.rows()?;
        let room = room(k);
        let groups = inputs.groups();
        if groups.len() > room {
            return Err(StatementError::TooMany {
                what: "groups of instruments of one expiry",
                given: groups.len(),
                room,
                k,
            });
        }
        if let Some(last) = inputs.listings.last() {
            let top = u32::MAX - (room * GROUP) as u32;
            if last.id > top {
                return Err(StatementError::Domain {
                    field: format!("instrument {}: id", last.id),
                    reason: format!("ids above {top} leave no room for the ids of empty slots"),
                });
            }
        }
        let [domain, marks_tag, ..] = tags();
        let marks = inputs.listings.iter().fold(marks_tag, |marks, listing| {
            let [terms, market] = listing.mark_words();
            compress(marks, terms, market)
        });
        // An empty slot's leaf is 0.
        let places = inputs.places(rows);
        let leaves: Vec<Fr> = places.iter().map(|row| row.as_ref().map_or(Fr::zero(), margin::RiskRow::leaf)).collect();
        let instance = RiskInstance {
            domain,
            marks,
            scenarios: scenario_hash(&inputs.scenarios),
            risk_root: merkle_root(&leaves, DEPTH),
            time: inputs.time,
        };
        Ok((RiskWitness::new(inputs, room), instance))
    }

    fn instance(instance: &Self::Instance) -> Vec<Vec<Fr>> {
        vec![vec![instance.domain, instance.marks, instance.scenarios, instance.risk_root, Fr::from(instance.time)]]
    }

    fn circuit(k: u32, witness: Option<Self::Witness>) -> Self::Circuit {
        RiskCircuit { k, witness }
    }
}
