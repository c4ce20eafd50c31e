//! Portfolio slots: against the native engine, exact failures, cells that nothing holds.

mod attacks;
mod blocks;

use std::collections::BTreeSet;

use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::plonk::{Circuit, Column, ConstraintSystem, Error, Instance};
use halo2curves::bn256::Fr;
use zomma_gadgets::eddsa::EddsaChip;
use zomma_gadgets::frame::{Cursor, Lanes, lanes::Table as Ranges, switch::CIRCUIT_DEGREE};
use zomma_gadgets::layout::Layout;
use zomma_gadgets::list::ListChip;
use zomma_gadgets::poseidon::PoseidonChip;
use zomma_gadgets::testing::{failures, free_cells};

use super::*;
use crate::batch::frame::{FrameChip, FrameWitness};
use crate::batch::table::{POSITIONS, PositionsChip, TableChip, TableShape, TableWitness};
use crate::batch::touch::Shared;
use crate::state::batch::BatchBuilder;
use crate::state::ids::{AccountId, InstrumentId};
use crate::state::receipt::{Event, Receipt};
use crate::state::store::MemoryStore;
use crate::state::testing::venue::{PERPETUAL, Shape, Venue};
use crate::state::tx::{Auction, Liquidate, Takeover, Tx};
use crate::state::{ApplyError, State};

const K: u32 = 15;
const CIRCUITS: u64 = 77;
const ALICE: usize = 2;
const BOB: usize = 3;
const CAROL: usize = 4;

const PATH: &str = "registers after a portfolio: the account's path leads to the root";
const OTHER_PATH: &str = "registers after a portfolio: the other account's path leads to the root";

/// Parameters and registers opened, a table, portfolio slots, registers closed. Public are both roots and the context.
#[derive(Debug, Clone)]
struct Portfolios {
    shape: TableShape,
    frame: FrameWitness,
    table: TableWitness,
    slots: Vec<PortfolioWitness>,
}

#[derive(Debug, Clone)]
struct Config {
    lanes: Lanes,
    frame: FrameChip,
    table: TableChip,
    positions: PositionsChip,
    portfolio: PortfolioChip,
    instance: Column<Instance>,
}

impl Circuit<Fr> for Portfolios {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        let lanes = Lanes::configure_over(meta, Ranges::SHORT_RANGES);
        let hash = PoseidonChip::configure_with_paths(meta, &lanes);
        let eddsa = EddsaChip::configure(meta, &lanes);
        let list = ListChip::configure(meta, &lanes);
        let frame = FrameChip::configure(meta, &lanes, &hash);
        let table = TableChip::configure(meta, &lanes, &hash);
        let positions = PositionsChip::configure(meta, &lanes, &hash);
        let portfolio = PortfolioChip::configure(meta, &lanes, (&hash, &eddsa, &list));
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        Config { lanes, frame, table, positions, portfolio, instance }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        config.lanes.load_table(&mut layouter)?;
        let public = layouter.assign_region(
            || "portfolios",
            |mut region| {
                let mut cursor = Cursor::new(&mut region, &config.lanes);
                let opened = config.frame.open(&mut cursor, Some(&self.frame));
                let (constants, params) = (&opened.constants, &opened.params);
                let (mut now, mut published) = (opened.registers.clone(), opened.published.clone());
                let rows = config.table.load(&mut cursor, self.shape, (constants, params, &now), Some(&self.table));
                let shared = Shared {
                    frame: &config.frame,
                    constants,
                    params,
                    positions: &config.positions,
                    table: &config.table,
                    rows: &rows,
                };
                for slot in &self.slots {
                    config.portfolio.slot(&mut cursor, &shared, (&mut now, &mut published), Some(slot));
                }
                let [new_root, context] = config.frame.close(&mut cursor, &opened, &now, &published);
                Ok([opened.root, new_root, context])
            },
        )?;
        for (row, word) in public.iter().enumerate() {
            layouter.constrain_instance(word.cell, config.instance, row);
        }
        Ok(())
    }
}

fn id(actor: usize) -> AccountId {
    AccountId(actor as u32)
}

/// Alice is short a perpetual and options, Bob and Carol are long; the spot has moved up by `percent`.
fn after_a_move(percent: u64) -> Venue {
    let mut venue = Venue::new(5, Shape { actors: 3, series: 1, strikes: 2, ..Shape::default() });
    let options = venue.instruments();
    let perpetual = InstrumentId::perpetual(PERPETUAL).expect("a market id");
    // Alice's, then what others have among themselves in the same instruments and in another.
    let trades = [
        (perpetual, 2_000, BOB, ALICE),
        (options[1], 701, BOB, ALICE),
        (options[3], 1, CAROL, ALICE),
        (options[1], 3, CAROL, BOB),
        (options[4], 5, CAROL, BOB),
    ];
    for (instrument, size, buyer, seller) in trades {
        let price = venue.mark(instrument).expect("a mark").max(1);
        let fill = venue.trade(buyer, seller, instrument, price, size);
        venue.must(fill);
    }
    venue.spot = venue.spot * percent / 100;
    venue.time += 60;
    venue.publish();
    venue
}

/// After the smallest move up at which Alice does not meet maintenance margin, with her auction open for five minutes.
fn in_auction() -> Venue {
    let unhealthy = (101..200).map(after_a_move).find_map(|mut venue| {
        let health = venue.state.health(id(ALICE)).expect("it is defined");
        (!health.mm_ok()).then_some((venue, health))
    });
    let (mut venue, health) = unhealthy.expect("some move makes Alice unhealthy");
    assert!(!health.below_close_out(venue.state.params().liquidation.close_out));
    venue.must(Auction { account: id(ALICE) });
    venue.time += 300;
    venue.publish();
    venue
}

/// A bid of Carol's for the largest share.
fn liquidation(venue: &mut Venue) -> Liquidate {
    let share = venue.state.quote(id(ALICE), 1).expect("a quote").largest_share;
    let floor = venue.state.quote(id(ALICE), share).expect("a quote").floor;
    venue.bid(CAROL, id(ALICE), share, floor)
}

/// After a move at which Alice is below close-out, and owes.
fn insolvent() -> Venue {
    let mut venue = after_a_move(260);
    let health = venue.state.health(id(ALICE)).expect("it is defined");
    assert!(health.equity < 0, "{health:?}");
    venue
}

/// The circuit of transactions and its public inputs by the native engine.
fn proven(make: impl Fn() -> State, transactions: &[Tx]) -> (Portfolios, Vec<Vec<Fr>>) {
    let (mut state, mut twin) = (make(), make());
    state.root().expect("a store in memory");
    let (params, registers) = (state.params().clone(), state.registers().clone());
    let mut slots = vec![];
    let mut words = 0;
    for tx in transactions {
        let slot = PortfolioWitness::of(&mut state, tx).expect("a store in memory");
        let mut slot = slot.expect("a type that moves portfolios");
        state.apply(tx).expect("it is accepted");
        slot.finish(&mut state).expect("a store in memory");
        words += tx.encode().len() as u32;
        slots.push(slot);
    }
    let instruments: BTreeSet<InstrumentId> = slots.iter().flat_map(PortfolioWitness::instruments).collect();
    let table = TableWitness::of(&mut state, &instruments, &BTreeSet::new()).expect("a store in memory");
    // One place of each kind is not used.
    let shape = TableShape { markets: table.markets.len() + 1, instruments: table.instruments.len() + 1 };
    let mut builder = BatchBuilder::new(&mut twin).expect("a store in memory");
    for tx in transactions {
        builder.push(tx.clone()).expect("it is accepted");
    }
    let batch = builder.finish().expect("a store in memory");
    let instance = vec![batch.old_root, batch.new_root, batch.context.hash(Fr::from(CIRCUITS))];
    let frame = FrameWitness { params, registers, circuits: Fr::from(CIRCUITS), words };
    (Portfolios { shape, frame, table, slots }, vec![instance])
}

fn liquidated() -> (Portfolios, Vec<Vec<Fr>>) {
    let bid = liquidation(&mut in_auction());
    proven(|| in_auction().state, &[bid.into()])
}

fn taken_over() -> (Portfolios, Vec<Vec<Fr>>) {
    proven(|| insolvent().state, &[Takeover { account: id(ALICE) }.into()])
}

#[test]
fn a_liquidation_is_the_native_engine_s() {
    let (circuit, instance) = liquidated();
    // Carol has one of the three positions already, the other way round.
    assert_eq!(circuit.slots[0].instruments().count(), 6);
    assert_eq!(failures(K, &circuit, &instance, &[]), []);
}

#[test]
fn a_takeover_is_the_native_engine_s() {
    let mut venue = insolvent();
    let event = venue.must(Takeover { account: id(ALICE) }).event;
    assert!(matches!(event, Event::TakenOver { uncovered, .. } if uncovered > 0), "{event:?}");
    let (mut circuit, instance) = taken_over();
    circuit.slots.push(PortfolioWitness::nothing());
    assert_eq!(failures(K, &circuit, &instance, &[]), []);
}

/// The second bid finds what the first has left.
#[test]
fn one_after_the_other() {
    let venue = &mut in_auction();
    let price = |venue: &mut Venue, share: u16| venue.state.quote(id(ALICE), share).expect("a quote").floor;
    let floor = price(venue, 1);
    let first = venue.bid(CAROL, id(ALICE), 1, floor + 3);
    venue.must(first);
    let floor = price(venue, 1);
    let second = venue.bid(BOB, id(ALICE), 1, floor);
    let (circuit, instance) = proven(|| in_auction().state, &[first.into(), second.into()]);
    assert_eq!(failures(K, &circuit, &instance, &[]), []);
}

/// What random venues come to, applied again on a state of one's own until then.
#[test]
fn random_portfolios() {
    let full = std::env::var_os("ZOMMA_FULL").is_some_and(|value| value == "1");
    // A liquidation, and a takeover.
    let seeds = if full { (0..32).collect() } else { vec![4, 6] };
    if !full {
        println!("not run without ZOMMA_FULL=1: 30 of 32 random portfolios");
    }
    for seed in seeds {
        let mut venue = Venue::new(seed, Shape { actors: 4, series: 1, strikes: 2, ..Shape::default() });
        let moves = |tx: &Tx| matches!(tx, Tx::Liquidate(_) | Tx::Takeover(_));
        let at = loop {
            venue.step();
            let accepted = |(tx, result): &(Tx, Result<Receipt, ApplyError>)| result.is_ok() && moves(tx);
            if let Some(at) = venue.log.iter().position(accepted) {
                break at;
            }
        };
        let make = || {
            let mut state = State::open(Box::new(MemoryStore::new()), venue.state.params().clone()).expect("valid");
            for (tx, result) in &venue.log[..at] {
                if result.is_ok() {
                    state.apply(tx).expect("it was accepted");
                }
            }
            state
        };
        let tx = venue.log[at].0.clone();
        let slot = PortfolioWitness::of(&mut make(), &tx).expect("a store in memory").expect("such a type");
        let places = slot.needs_positions();
        let (from, to) = (slot.parties[0].lists[0].0.len(), slot.parties[1].lists[0].0.len());
        println!("seed {seed}: {:?}, {from} positions to {to}, {places} places", slot.kind);
        assert!(places >= from.max(to) && places <= from + to);
        if places > POSITIONS {
            continue;
        }
        let (circuit, instance) = proven(make, &[tx]);
        assert_eq!(failures(K, &circuit, &instance, &[]), [], "seed {seed}");
    }
}

#[test]
fn padding_changes_nothing() {
    let (mut circuit, instance) = proven(|| in_auction().state, &[]);
    circuit.slots.push(PortfolioWitness::nothing());
    assert_eq!(instance[0][0], instance[0][1]);
    assert_eq!(failures(K, &circuit, &instance, &[]), []);
}

#[test]
fn rows_and_degree() {
    let (circuit, _) = proven(|| in_auction().state, &[]);
    let rows = |slots: usize| {
        let slots = vec![PortfolioWitness::nothing(); slots];
        Layout::record(16, &Portfolios { slots, ..circuit.clone() }).expect("it can be laid out").rows()
    };
    println!("a portfolio slot takes {} rows", rows(2) - rows(1));
    let mut meta = ConstraintSystem::default();
    Portfolios::configure(&mut meta);
    assert_eq!((meta.degree(), meta.num_advice_columns()), (CIRCUIT_DEGREE, 4));
}

/// No cell can be changed alone but those that say where a list that nothing is done to has its hole: anywhere behind its last word. There are two
/// edits for each of the places without a position.
#[test]
fn every_cell_is_held() {
    if std::env::var_os("ZOMMA_FULL").is_none_or(|value| value != "1") {
        println!("not run without ZOMMA_FULL=1: the cells of a whole slot");
        return;
    }
    let (circuit, instance) = liquidated();
    let none = Portfolios { slots: vec![], ..circuit.clone() };
    let opened = Layout::record(K, &none).expect("it can be laid out").rows();
    let one = Portfolios { slots: vec![circuit.slots[0].clone()], ..circuit };
    let free: Vec<_> = free_cells(K, &one, &instance).into_iter().filter(|(_, row)| *row >= opened).collect();
    assert_eq!(free.len(), 2 * (POSITIONS - one.slots[0].held.len()));
    assert!(free.iter().all(|(column, _)| *column == 1), "{free:?}");
}
