//! Market slots against the native state, what refuses a cheat, and blocks.
//!
//! The circuit here is a whole batch of market slots: the frame opens a state, closes it, and what is public is what a batch makes public.

mod agreement;
mod attacks;
mod cells;
mod refusals;

use std::collections::BTreeSet;
use std::ops::Range;

use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::plonk::{Circuit, Column, ConstraintSystem, Error, Instance};
use halo2curves::bn256::Fr;
use zomma_gadgets::eddsa::EddsaChip;
use zomma_gadgets::frame::{Cursor, Lanes, lanes::Table};
use zomma_gadgets::poseidon::PoseidonChip;
use zomma_gadgets::testing::failures;

use super::{MarketChip, MarketWitness};
use crate::batch::frame::{FrameChip, FrameWitness};
use crate::state::State;
use crate::state::batch::BatchBuilder;
use crate::state::ids::MarketId;
use crate::state::market::Market;
use crate::state::oracle::Report;
use crate::state::testing::venue::{PERPETUAL, Shape, Venue};
use crate::state::tx::{AdoptRisk, FundingTick, List, Tx};

/// Room for two slots.
const K: u32 = 14;
const CIRCUITS: u64 = 77;
/// Rows of the parameters and registers.
const FRAME: usize = 1_119;
/// Rows of a slot.
const SLOT: usize = 5_536;
/// Rows, from a slot's first, where the root stands that the market's path leads to: below the path, and in the block of the second opening.
const PATH: [usize; 2] = [550, 4_871];
/// Rows, from a slot's first, of the choice of a key and of its signature.
const SIGNATURES: [Range<usize>; 3] = [647..1_729, 1_818..2_900, 2_989..4_071];

/// A batch of market slots.
#[derive(Debug, Clone)]
struct Markets {
    frame: Option<FrameWitness>,
    slots: Vec<Option<MarketWitness>>,
}

#[derive(Debug, Clone)]
struct Config {
    lanes: Lanes,
    frame: FrameChip,
    market: MarketChip,
    instance: Column<Instance>,
}

impl Circuit<Fr> for Markets {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self { frame: None, slots: vec![None; self.slots.len()] }
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        let lanes = Lanes::configure_over(meta, Table::SHORT_RANGES);
        let hash = PoseidonChip::configure_with_paths(meta, &lanes);
        let eddsa = EddsaChip::configure(meta, &lanes);
        let frame = FrameChip::configure(meta, &lanes, &hash);
        let market = MarketChip::configure(meta, &lanes, (&hash, &eddsa));
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        Config { lanes, frame, market, instance }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let Config { lanes, frame, market, instance } = config;
        lanes.load_table(&mut layouter)?;
        let public = layouter.assign_region(
            || "market slots",
            |mut region| {
                let mut cursor = Cursor::new(&mut region, &lanes);
                let opened = frame.open(&mut cursor, self.frame.as_ref());
                assert_eq!(cursor.row, FRAME, "rows of the frame");
                let (mut now, mut published) = (opened.registers.clone(), opened.published.clone());
                for slot in &self.slots {
                    let row = cursor.row;
                    let given = (&frame, &opened.constants, &opened.params);
                    market.slot(&mut cursor, given, (&mut now, &mut published), slot.as_ref());
                    assert_eq!(cursor.row - row, SLOT, "rows of a slot");
                }
                let [root, context] = frame.close(&mut cursor, &opened, &now, &published);
                Ok([opened.root, root, context])
            },
        )?;
        for (row, word) in public.iter().enumerate() {
            layouter.constrain_instance(word.cell, instance, row);
        }
        Ok(())
    }
}

/// A batch, and what it makes public.
#[derive(Debug, Clone)]
struct Claim {
    circuit: Markets,
    public: [Fr; 3],
}

impl Claim {
    /// A batch of good transactions, each in a slot, and slots that do nothing.
    fn of(state: &mut State, txs: &[Tx], padding: usize) -> Self {
        let mut slots = vec![];
        let mut builder = BatchBuilder::new(state).expect("a store in memory");
        let (params, registers) = (builder.state().params().clone(), builder.state().registers().clone());
        for tx in txs {
            slots.push(MarketWitness::of(builder.state(), tx).expect("a store in memory"));
            assert!(slots.iter().all(Option::is_some), "{tx:?} is no market transaction");
            builder.push(tx.clone()).unwrap_or_else(|reason| panic!("{tx:?}: {reason}"));
        }
        for _ in 0..padding {
            slots.push(Some(MarketWitness::nothing(builder.state()).expect("a store in memory")));
        }
        let batch = builder.finish().expect("a store in memory");
        let words = txs.iter().map(|tx| tx.encode().len() as u32).sum();
        let frame = FrameWitness { params, registers, circuits: Fr::from(CIRCUITS), words };
        let public = [batch.old_root, batch.new_root, batch.context.hash(Fr::from(CIRCUITS))];
        Self { circuit: Markets { frame: Some(frame), slots }, public }
    }

    /// The first slot's witness.
    fn slot(&mut self) -> &mut MarketWitness {
        self.circuit.slots[0].as_mut().expect("a witness")
    }

    /// The same with another witness.
    fn with(mut self, cheat: impl FnOnce(&mut Self)) -> Self {
        cheat(&mut self);
        self
    }

    /// What refuses the witness, by name, each once.
    fn refused(&self, k: u32) -> Vec<String> {
        let slots = FRAME..FRAME + self.circuit.slots.len() * SLOT;
        let mut names = BTreeSet::new();
        for failure in failures(k, &self.circuit, &[self.public.to_vec()], &[]) {
            if failure.name == "copy of instance 0" {
                names.insert(["old root", "new root", "context"][failure.row].to_owned());
            } else if !failure.name.starts_with("copy of ") {
                names.insert(failure.name);
            } else if slots.contains(&failure.row) {
                let row = (failure.row - FRAME) % SLOT;
                let signature = SIGNATURES.iter().position(|rows| rows.contains(&row));
                names.insert(match signature {
                    Some(index) => format!("signature {index}"),
                    None if PATH.contains(&row) => "path".to_owned(),
                    None => format!("copy at row {row} of a slot"),
                });
            }
        }
        names.into_iter().collect()
    }
}

/// A venue of no traders: the perpetual, and a series that expires two days from the start.
fn venue(seed: u64) -> Venue {
    Venue::new(seed, Shape { actors: 0, series: 1, ..Shape::default() })
}

/// A market of a venue.
fn market(venue: &mut Venue, id: MarketId) -> Market {
    *venue.state.market(id).expect("a store in memory").expect("it is listed")
}

const SERIES: MarketId = MarketId(1);
/// An hour, which is how often funding is due.
const HOUR: u64 = 3_600;

fn perpetual(market: u32) -> List {
    let market = MarketId(market);
    List { market, underlying: market, expiry: 0, strike_base: 0, strike_step: 0 }
}

fn series(market: u32, expiry: u64) -> List {
    List { market: MarketId(market), underlying: PERPETUAL, expiry, strike_base: 900, strike_step: 50 }
}

/// An hour later, at new marks; the mark of the perpetual is so much above the index.
fn priced(seed: u64, premium: i64) -> Venue {
    let mut venue = venue(seed);
    venue.time += HOUR + 5;
    let update = venue.oracle_update();
    venue.must(update);
    let adopt = array(&mut venue, premium);
    venue.must(adopt);
    venue
}

/// The risk array at the present spot; the mark of the perpetual is so much above the index.
fn array(venue: &mut Venue, premium: i64) -> AdoptRisk {
    let mut adopt = venue.risk_array();
    if let Some(row) = &mut adopt.rows[0] {
        row.prices[0] = row.prices[0].saturating_add_signed(premium);
    }
    adopt.risk_root = crate::state::risk::RiskArray::new(adopt.rows.clone(), 12).expect("rows in order").root();
    adopt
}

const TICK: FundingTick = FundingTick { market: PERPETUAL };

/// Reports of these signers at these prices.
fn reports(venue: &Venue, signers: [u32; 3], prices: [u64; 3], message: impl Fn(u64) -> Fr) -> Vec<Report> {
    let report = |(signer, price): (u32, u64)| {
        let signature = venue.oracles[signer as usize].sign(message(price));
        Report { signer, price, signature }
    };
    signers.into_iter().zip(prices).map(report).collect()
}
