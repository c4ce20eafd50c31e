//! Portfolio slots: against the native engine, exact failures, cells that nothing holds.

use std::collections::BTreeSet;

use ethnum::I256;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::plonk::{Circuit, Column, ConstraintSystem, Error, Instance};
use halo2curves::bn256::Fr;
use zomma_gadgets::eddsa::EddsaChip;
use zomma_gadgets::frame::{BlockBuilder, Cursor, Lanes, lanes::Table as Ranges, switch::CIRCUIT_DEGREE};
use zomma_gadgets::layout::Layout;
use zomma_gadgets::list::ListChip;
use zomma_gadgets::poseidon::PoseidonChip;
use zomma_gadgets::testing::{Failure, Single, failures, free_cells};

use super::blocks::*;
use super::moves::*;
use super::witness::Kind;
use super::*;
use crate::batch::frame::{FrameChip, FrameWitness};
use crate::batch::table::{POSITIONS, PositionsChip, TableChip, TableShape, TableWitness};
use crate::batch::touch::Shared;
use crate::state::batch::BatchBuilder;
use crate::state::ids::{AccountId, InstrumentId};
use crate::state::position::Position;
use crate::state::receipt::Event;
use crate::state::testing::venue::{PERPETUAL, Shape, Venue};
use crate::state::tx::{Auction, Liquidate, Takeover, Tx};

const K: u32 = 15;
const CIRCUITS: u64 = 77;
const SHAPE: TableShape = TableShape { markets: 2, instruments: 5 };
const ALICE: usize = 2;
const BOB: usize = 3;
const CAROL: usize = 4;

/// Parameters and registers opened, a table, portfolio slots, registers closed. Public are both roots and the context.
#[derive(Debug, Clone)]
struct Portfolios {
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
                let rows = config.table.load(&mut cursor, SHAPE, (constants, params, &now), Some(&self.table));
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

/// The circuit of transactions, with padding after them, and its public inputs by the native engine.
fn proven(make: impl Fn() -> Venue, transactions: &[Tx]) -> (Portfolios, Vec<Vec<Fr>>) {
    let (mut venue, mut twin) = (make(), make());
    venue.state.root().expect("a store in memory");
    let registers = venue.state.registers().clone();
    let params = venue.state.params().clone();
    let mut slots = vec![];
    let mut words = 0;
    for tx in transactions {
        let slot = PortfolioWitness::of(&mut venue.state, tx).expect("a store in memory");
        let mut slot = slot.expect("a type that moves portfolios");
        venue.must(tx.clone());
        slot.finish(&mut venue.state).expect("a store in memory");
        words += tx.encode().len() as u32;
        slots.push(slot);
    }
    let instruments: BTreeSet<InstrumentId> = slots.iter().flat_map(PortfolioWitness::instruments).collect();
    let table = TableWitness::of(&mut venue.state, &instruments, &BTreeSet::new()).expect("a store in memory");
    // Two slots fill the rows.
    if slots.len() < 2 {
        slots.push(PortfolioWitness::nothing());
    }
    let mut builder = BatchBuilder::new(&mut twin.state).expect("a store in memory");
    transactions.iter().for_each(|tx| drop(builder.push(tx.clone()).expect("it is accepted")));
    let batch = builder.finish().expect("a store in memory");
    let instance = vec![batch.old_root, batch.new_root, batch.context.hash(Fr::from(CIRCUITS))];
    let frame = FrameWitness { params, registers, circuits: Fr::from(CIRCUITS), words };
    (Portfolios { frame, table, slots }, vec![instance])
}

fn liquidated() -> (Portfolios, Vec<Vec<Fr>>) {
    let bid = liquidation(&mut in_auction());
    proven(in_auction, &[bid.into()])
}

fn taken_over() -> (Portfolios, Vec<Vec<Fr>>) {
    proven(insolvent, &[Takeover { account: id(ALICE) }.into()])
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
    let (circuit, instance) = taken_over();
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
    let (circuit, instance) = proven(in_auction, &[first.into(), second.into()]);
    assert_eq!(failures(K, &circuit, &instance, &[]), []);
}

#[test]
fn padding_changes_nothing() {
    let (circuit, instance) = proven(in_auction, &[]);
    assert_eq!(instance[0][0], instance[0][1]);
    assert_eq!(failures(K, &circuit, &instance, &[]), []);
}

#[test]
fn rows_and_degree() {
    let (circuit, _) = proven(in_auction, &[]);
    let rows = |slots: usize| {
        let slots = vec![circuit.slots[0].clone(); slots];
        Layout::record(16, &Portfolios { slots, ..circuit.clone() }).expect("it can be laid out").rows()
    };
    println!("a portfolio slot takes {} rows", rows(2) - rows(1));
    let mut meta = ConstraintSystem::default();
    Portfolios::configure(&mut meta);
    assert_eq!((meta.degree(), meta.num_advice_columns()), (CIRCUIT_DEGREE, 4));
}

/// Names of what refuses the witness that `cheat` makes of an honest one, copies as `LIST` and public inputs by number.
fn refused((mut circuit, instance): (Portfolios, Vec<Vec<Fr>>), cheat: impl Fn(&mut Portfolios)) -> Vec<String> {
    cheat(&mut circuit);
    let found = failures(K, &circuit, &instance, &[]);
    let is_public = |failure: &Failure| failure.name == "copy of instance 0";
    let is_copy = |failure: &Failure| failure.name.starts_with("copy of advice");
    // A public input that differs is reported at its advice cell too.
    let public = found.iter().filter(|failure| is_public(failure)).count();
    let copies = found.iter().filter(|failure| is_copy(failure)).count();
    let name = |failure: &Failure| match is_public(failure) {
        true => format!("public input {}", failure.row),
        false => failure.name.clone(),
    };
    let mut names: BTreeSet<String> = found.iter().filter(|failure| !is_copy(failure)).map(name).collect();
    if copies > public {
        names.insert(LIST.to_owned());
    }
    names.into_iter().collect()
}

/// A list afterwards is not the one before, edited; or a signature's point is not where it must be.
const LIST: &str = "copies";
const NEW_ROOT: &str = "public input 1";
const CONTEXT: &str = "public input 2";
const PATH: &str = "registers after a portfolio: the account's path leads to the root";
const OTHER_PATH: &str = "registers after a portfolio: the other account's path leads to the root";
const EDIT: &str = "list: word: old = m + entry";
const WORDS: &str = "registers afterwards: as many words as claimed";

#[test]
fn leaving_it_out() {
    let nothing = |circuit: &mut Portfolios| circuit.slots[0] = PortfolioWitness::nothing();
    assert_eq!(refused(liquidated(), nothing), [NEW_ROOT, CONTEXT, WORDS]);
}

#[test]
fn another_bid_than_was_signed() {
    let pay = |circuit: &mut Portfolios| circuit.slots[0].pay += 1;
    // The account gets more, so its leaf is another and the other's path does not fit.
    assert_eq!(refused(liquidated(), pay), [LIST, NEW_ROOT, CONTEXT, OTHER_PATH]);
    let expiry = |circuit: &mut Portfolios| circuit.slots[0].expiry += 1;
    assert_eq!(refused(liquidated(), expiry), [LIST]);
    let unsigned = |circuit: &mut Portfolios| circuit.slots[0].signature = PortfolioWitness::nothing().signature;
    assert_eq!(refused(liquidated(), unsigned), [LIST]);
}

#[test]
fn a_liquidation_for_a_takeover_and_the_other_way_round() {
    let over = |circuit: &mut Portfolios| circuit.slots[0].kind = Some(Kind::Takeover);
    let expected = [
        LIST,
        EDIT,
        "parties: the insurance account takes over",
        NEW_ROOT,
        CONTEXT,
        OTHER_PATH,
        "standing: below close-out = sum of limbs",
    ];
    assert_eq!(refused(liquidated(), over), expected);
    let bid = |circuit: &mut Portfolios| {
        let slot = &mut circuit.slots[0];
        (slot.kind, slot.share, slot.expiry) = (Some(Kind::Liquidate), 10_000, 1 << 39);
    };
    let expected = [
        "account afterwards: cash < 2^95 = sum of limbs",
        "account afterwards: cash > -2^95 = sum of limbs",
        "auction: an auction is open = sum of limbs",
        "auction: the auction has not lapsed = sum of limbs",
        LIST,
        "initial margin: the liquidator has it",
        "insurance: the register is in range = sum of limbs",
        "part of the equity: 10^8 part >= rate E share = sum of limbs",
        "part of the equity: no less would do = sum of limbs",
        NEW_ROOT,
        CONTEXT,
        OTHER_PATH,
        "standing: not below close-out = sum of limbs",
    ];
    assert_eq!(refused(taken_over(), bid), expected);
}

#[test]
fn positions_that_are_not_in_the_lists() {
    let forgotten = |circuit: &mut Portfolios| {
        circuit.slots[0].parties[0].lists[0].0.remove(1);
        circuit.slots[0].held.remove(1);
    };
    let found = refused(liquidated(), forgotten);
    assert!(found.contains(&PATH.to_owned()), "{found:?}");
    let kept = |circuit: &mut Portfolios| drop(circuit.slots[0].parties[1].lists[1].0.remove(1));
    assert_eq!(refused(liquidated(), kept), [LIST, EDIT, NEW_ROOT]);
    let more = |circuit: &mut Portfolios| circuit.slots[0].parties[1].lists[1].0[0].qty += 1;
    assert_eq!(refused(liquidated(), more), [LIST, NEW_ROOT]);
}

/// What the liquidator has already is not said to be there: it would be in the list twice.
#[test]
fn a_position_beside_the_one_that_is_there() {
    let twice = |circuit: &mut Portfolios| {
        let slot = &mut circuit.slots[0];
        let at = slot.held.iter().position(Option::is_some).expect("Carol has one of Alice's instruments");
        let there = slot.held[at].take().expect("it is some");
        let list = &mut slot.parties[1].lists[1].0;
        let place = list.iter().position(|position| position.instrument == there.instrument).expect("it is there");
        let sum = list[place];
        list[place] = Position { qty: sum.qty - there.qty, entry: sum.entry - there.entry, ..sum };
        list.insert(place + 1, there);
    };
    assert_eq!(refused(liquidated(), twice), ["position: instruments ascend = sum of limbs", NEW_ROOT]);
}

#[test]
fn accounts_of_one_s_own() {
    let cash = |party: usize| {
        refused(taken_over(), move |circuit: &mut Portfolios| circuit.slots[0].parties[party].cells[0] += 1)
    };
    assert_eq!(cash(0), [NEW_ROOT, PATH]);
    assert_eq!(cash(1), [NEW_ROOT, OTHER_PATH]);
    let place = |party: usize| {
        refused(taken_over(), move |circuit: &mut Portfolios| circuit.slots[0].parties[party].path.index += 1)
    };
    // The data names another account.
    assert_eq!(place(0), [CONTEXT, PATH, OTHER_PATH]);
    // The account after the insurance account is Alice's, who would take over her own positions.
    let same = "parties: account and liquidator: they differ = sum of limbs";
    assert_eq!(place(1), [same, "parties: the insurance account takes over", NEW_ROOT, OTHER_PATH]);
    let siblings = |party: usize| {
        refused(taken_over(), move |circuit: &mut Portfolios| circuit.slots[0].parties[party].path.siblings.swap(0, 1))
    };
    assert_eq!(siblings(0), [PATH, OTHER_PATH]);
    assert_eq!(siblings(1), [NEW_ROOT, OTHER_PATH]);
}

fn integers(values: &[i128]) -> Vec<I256> {
    values.iter().copied().map(I256::from).collect()
}

fn single(make: fn(Ranges) -> BlockBuilder, inputs: &[i128], witnesses: &[i128]) -> Single {
    Single::of(make, integers(inputs), integers(witnesses))
}

/// What a block alone refuses, each name once.
fn names(make: fn(Ranges) -> BlockBuilder, inputs: &[i128], witnesses: &[i128]) -> Vec<String> {
    let found: BTreeSet<String> =
        single(make, inputs, witnesses).failures(&[]).into_iter().map(|failure| failure.name).collect();
    found.into_iter().collect()
}

const STORED: i128 = 1 << 95;
const TIME: i128 = 1_700_000_000;

#[test]
fn bids_in_range() {
    let of = |liquidate: i128, takeover: i128, share: i128, pay: i128, expiry: i128| {
        names(bid_block, &[], &[liquidate, takeover, share, STORED + pay, expiry])
    };
    let top = (1 << 94) - 1;
    for pay in [top, -top, 0] {
        assert_eq!(of(1, 0, 10_000, pay, 1), [""; 0]);
    }
    assert_eq!(of(1, 1, 1, 0, 1), ["bid: one type at most"]);
    for (share, pay, expiry, what) in [
        (0, 0, 1, "share >= 1"),
        (10_001, 0, 1, "share <= 10^4"),
        (1, top + 1, 1, "payment < 2^94"),
        (1, -top - 1, 1, "payment > -2^94"),
        (1, 0, 0, "expiry >= 1"),
    ] {
        assert_eq!(of(1, 0, share, pay, expiry), [format!("bid: {what} = sum of limbs")]);
    }
    for bits in [[1, 0], [0, 1], [0, 0]] {
        single(bid_block, &[], &[bits[0], bits[1], 700, STORED - 3, TIME]).assert_tight();
    }
}

#[test]
fn parties_differ() {
    let of = |liquidate: i128, ids: [i128; 3]| {
        names(parties_block, &[&[1, liquidate, 1 - liquidate], &ids[..]].concat(), &[])
    };
    assert_eq!(of(1, [5, 4, 1]), [""; 0]);
    assert_eq!(of(1, [4, 5, 1]), [""; 0]);
    assert_eq!(of(1, [4, 1, 1]), [""; 0]);
    assert_eq!(of(0, [4, 1, 1]), [""; 0]);
    let same = "parties: account and liquidator: they differ = sum of limbs";
    assert_eq!(of(1, [4, 4, 1]), [same]);
    assert_eq!(of(1, [1, 4, 1]), ["parties: account and insurance account: they differ = sum of limbs"]);
    assert_eq!(of(0, [4, 5, 1]), ["parties: the insurance account takes over"]);
    assert_eq!(of(0, [1, 1, 1]), [same]);
    for inputs in [[1, 1, 0, 5, 4, 1], [1, 0, 1, 5, 1, 1], [0, 0, 0, 0, 0, 1]] {
        single(parties_block, &inputs, &[]).assert_tight();
    }
}

/// Time, expiry, start of the auction; 900 s long, lapsing after 1,800 s, from 200 to 3,000 bp.
fn auction(liquidate: i128, time: i128, expiry: i128, opened: i128) -> Single {
    single(auction_block, &[liquidate, time, expiry, opened, 900, 1_800, 200, 3_000], &[])
}

#[test]
fn auctions_by_hand() {
    for (elapsed, discount) in [(0, 200), (1, 203), (300, 1_133), (899, 2_996), (900, 3_000), (1_800, 3_000)] {
        let open = auction(1, TIME + elapsed, TIME + elapsed, TIME);
        assert_eq!(open.outputs(), [I256::from(discount)]);
        open.assert_tight();
    }
    auction(0, TIME, 0, 0).assert_tight();
    let refused = |time: i128, expiry: i128, opened: i128| {
        auction(1, time, expiry, opened).failures(&[]).into_iter().map(|failure| failure.name).collect::<Vec<_>>()
    };
    let lapsed = "auction: the auction has not lapsed = sum of limbs";
    assert_eq!(refused(TIME + 1_801, TIME + 1_801, TIME), [lapsed]);
    assert_eq!(refused(TIME, TIME - 1, TIME), ["auction: the bid has not expired = sum of limbs"]);
    assert_eq!(refused(9, 9, 0), ["auction: an auction is open = sum of limbs"]);
    let backwards = [
        "auction: discount: numerator = quotient denominator + remainder",
        "auction: the auction has begun = sum of limbs",
    ];
    assert_eq!(refused(9, 9, 10), backwards);
}

/// E, M, MM_ok; 1,000 bp close-out, 12,000 bp buffer, 100 bp fee; discount 1,000 bp.
fn standing(bits: [i128; 2], [equity, maintenance, healthy]: [i128; 3], share: i128) -> Single {
    let inputs = [bits[0], bits[1], equity, maintenance, healthy, 1_000, 12_000, 100, 1_000, share];
    single(standing_block, &inputs, &[])
}

#[test]
fn standing_by_hand() {
    // E = 900, M = 1000: x (1200 - 0.11 * 900) >= 1200 - 900 at x = 0.27248…, rounded up to 2,725 bp.
    standing([1, 0], [900, 1_000, 0], 2_725).assert_tight();
    assert_eq!(
        standing([1, 0], [900, 1_000, 0], 2_726).failures(&[]),
        [Failure::new("standing: the share is not too large = sum of limbs", 0)]
    );
    assert_eq!(
        standing([1, 0], [900, 1_000, 1], 1).failures(&[]),
        [Failure::new("standing: the account is not healthy", 0)]
    );
    standing([1, 0], [100, 1_000, 0], 1).assert_tight();
    assert_eq!(
        standing([1, 0], [99, 1_000, 0], 1).failures(&[]),
        [Failure::new("standing: not below close-out = sum of limbs", 0)]
    );
    standing([0, 1], [99, 1_000, 0], 10_000).assert_tight();
    standing([0, 1], [-7, 0, 0], 10_000).assert_tight();
    assert_eq!(
        standing([0, 1], [100, 1_000, 0], 10_000).failures(&[]),
        [Failure::new("standing: below close-out = sum of limbs", 0)]
    );
    assert_eq!(
        standing([0, 1], [99, 1_000, 1], 10_000).failures(&[]),
        [Failure::new("standing: the account is not healthy", 0)]
    );
    standing([0, 0], [900, 1_000, 1], 10_000).assert_tight();
}

#[test]
fn prices_and_funds_by_hand() {
    // 1,133 bp and 100 bp of 900 times a share of 2,725 bp, rounded up.
    assert_eq!(single(base_block, &[1, 900, 2_725], &[]).outputs(), [I256::from(2_452_500)]);
    single(base_block, &[0, -900, 2_725], &[]).assert_tight();
    assert_eq!(single(part_block, &[1_133, 2_452_500], &[]).outputs(), [I256::from(28)]);
    assert_eq!(single(part_block, &[100, 2_000_000], &[]).outputs(), [I256::from(2)]);
    single(part_block, &[1_133, 2_452_500], &[]).assert_tight();
    single(part_block, &[100, 0], &[]).assert_tight();
    assert_eq!(names(floor_block, &[1, 500, 28, 472], &[]), [""; 0]);
    assert_eq!(
        names(floor_block, &[1, 500, 28, 471], &[]),
        ["floor: the payment is not below the floor = sum of limbs"]
    );
    assert_eq!(names(floor_block, &[0, 500, 28, 471], &[]), [""; 0]);
    for (takeover, equity, insurance, fee, paid, after) in
        [(1, -900, 1_000, 0, 900, 100), (1, -900, 400, 0, 400, 0), (1, 900, 400, 0, 0, 400), (0, -900, 400, 7, 0, 407)]
    {
        let fund = single(fund_block, &[takeover, equity, insurance, fee], &[]);
        assert_eq!(fund.outputs(), integers(&[paid, after]));
        fund.assert_tight();
    }
    let full = names(fund_block, &[0, 0, (1 << 95) - 7, 7], &[]);
    assert_eq!(full, ["insurance: the register is in range = sum of limbs"]);
}

#[test]
fn accounts_afterwards() {
    let account = [2 << 40, 7, TIME, 5, 11];
    let after =
        |bits: [i128; 2], pay: i128| single(account_after_block, &[&bits[..], &account, &[pay, 3]].concat(), &[]);
    let balance = |cash: i128, nonce: i128, opened: i128| {
        I256::from(STORED + cash) + (I256::from(nonce) << 96) + (I256::from(opened) << 128)
    };
    let owner = |reserve: i128| I256::from(5) + (I256::from(reserve) << 160);
    assert_eq!(after([1, 0], 100).outputs(), [balance((2 << 40) + 97, 7, TIME), owner(11)]);
    assert_eq!(after([0, 1], 100).outputs(), [balance(0, 7, 0), owner(0)]);
    assert_eq!(after([0, 0], 100).outputs(), [balance(2 << 40, 7, TIME), owner(11)]);
    after([1, 0], -100).assert_tight();
    let other = |bits: [i128; 2], cash: i128, nonce: i128, pay: i128| {
        single(other_after_block, &[&bits[..], &[cash, nonce, TIME, pay, 50, 6]].concat(), &[])
    };
    assert_eq!(other([1, 0], 1_000, 7, 100).outputs(), [I256::from(900), balance(900, 8, TIME)]);
    assert_eq!(other([0, 1], 1_000, 7, 100).outputs(), [I256::from(1_056), balance(1_056, 7, TIME)]);
    other([1, 0], 1_000, 7, 100).assert_tight();
    let limit = STORED - 1;
    assert_eq!(other([1, 0], -limit, 7, 0).failures(&[]), []);
    assert_eq!(
        other([1, 0], -limit, 7, 1).failures(&[]),
        [Failure::new("other account afterwards: cash > -2^95 = sum of limbs", 0)]
    );
    assert_eq!(
        other([1, 0], limit, 7, -1).failures(&[]),
        [Failure::new("other account afterwards: cash < 2^95 = sum of limbs", 0)]
    );
    assert_eq!(
        other([1, 0], 0, (1 << 32) - 1, 1).failures(&[]),
        [Failure::new("other account afterwards: the nonce is in range = sum of limbs", 0)]
    );
    assert_eq!(names(initial_block, &[1, 1], &[]), [""; 0]);
    assert_eq!(names(initial_block, &[0, 0], &[]), [""; 0]);
    assert_eq!(names(initial_block, &[1, 0], &[]), ["initial margin: the liquidator has it"]);
}

/// A position's instrument, quantity and entry, the share, the mark.
fn shared(qty: i128, entry: i128, share: i128, mark: i128) -> Single {
    single(share_block, &[1, 77, qty, entry, share, mark, 1_000], &[])
}

fn stored(qty: i128, entry: i128) -> I256 {
    I256::from(77) + (I256::from(qty + (1 << 55)) << 32) + (I256::from(entry + STORED) << 88)
}

#[test]
fn shares_by_hand() {
    // 2,725 bp of ten lots are three.
    let expected = |lots: i128, value: i128, left: i128, word: I256, entry: i128| {
        let mut outputs = integers(&[lots, value, left]);
        outputs.extend([word, I256::from(entry), I256::from(1_000 + value)]);
        outputs
    };
    assert_eq!(shared(-10, 500, 2_725, 40).outputs(), expected(-3, -120, 1, stored(-7, 620), 620));
    assert_eq!(shared(10, 500, 2_725, -40).outputs(), expected(3, -120, 1, stored(7, 620), 620));
    // One lot moves whole, however small the share.
    assert_eq!(shared(1, 5, 1, 40).outputs(), expected(1, 40, 0, I256::ZERO, -35));
    assert_eq!(shared(-10, 500, 10_000, 40).outputs(), expected(-10, -400, 0, I256::ZERO, 900));
    for block in [shared(-10, 500, 2_725, 40), shared(10, 500, 10_000, -40), shared(1, 5, 1, 40)] {
        block.assert_tight();
    }
    single(share_block, &[0, 77, 0, 500, 2_725, 40, 1_000], &[]).assert_tight();
}

/// Lots and value that are taken, and the position that was there.
fn taken(lots: i128, value: i128, was: i128, qty: i128, entry: i128) -> Single {
    single(take_block, &[1, 77, lots, value], &[was, qty + (1 << 55), entry + STORED])
}

#[test]
fn positions_taken_by_hand() {
    let outputs = |was: i128, before: I256, is: i128, after: I256, entry: i128| {
        vec![was.into(), before, is.into(), after, I256::from(entry)]
    };
    let new = taken(-3, -120, 0, 0, 0);
    assert_eq!(new.failures(&[]), []);
    for (lots, value, qty, entry, left) in [(-3, -120, 5, 90, 2), (-3, -120, 3, 90, 0), (4, 7, -3, 90, 1)] {
        let block = taken(lots, value, 1, qty, entry);
        let word = if left == 0 { I256::ZERO } else { stored(left, entry + value) };
        assert_eq!(block.outputs(), outputs(1, stored(qty, entry), i128::from(left != 0), word, entry + value));
        block.assert_tight();
    }
    new.assert_tight();
    single(take_block, &[0, 77, 0, 0], &[0, 0, 0]).assert_tight();
    // A word of nothing is no position, and one that does not move takes nothing out.
    let limit = (1 << 53) - 1;
    assert_eq!(taken(limit, 0, 0, 0, 0).failures(&[]), []);
    let large = [Failure::new("position that is taken: quantity < 2^53 = sum of limbs", 0)];
    assert_eq!(taken(limit, 0, 1, 1, 0).failures(&[]), large);
    assert_eq!(taken(-limit, 0, 1, -1, 0).failures(&[]), large);
    let nothing = [
        "position that is taken: a quantity is stored = sum of limbs",
        "position that is taken: quantity = sign * magnitude",
    ];
    assert_eq!(taken(5, 0, 1, -(1 << 55), 0).failures(&[]), nothing.map(|name| Failure::new(name, 0)));
    let none = single(take_block, &[0, 77, 0, 0], &[1, 5 + (1 << 55), STORED]).failures(&[]);
    assert_eq!(none, [Failure::new("position that is taken: nothing is taken out for nothing", 0)]);
    for entry in [STORED - 1, 1 - STORED] {
        single(entry_block, &[entry], &[]).assert_tight();
    }
    assert_eq!(names(entry_block, &[STORED], &[]), ["entry in range: entry < 2^95 = sum of limbs"]);
    assert_eq!(names(entry_block, &[-STORED], &[]), ["entry in range: entry > -2^95 = sum of limbs"]);
}

#[test]
fn what_is_encoded_and_signed() {
    single(encode_block, &[1, 0, 4, 2, 700, STORED, 7, TIME, 31_337], &[]).assert_tight();
    single(encode_block, &[0, 1, 4, 2, 700, STORED, 7, TIME, 31_337], &[]).assert_tight();
    assert_eq!(single(signer_block, &[1, 2, 3, 4, 5, 6, 7], &[]).outputs(), integers(&[2, 3, 4]));
    assert_eq!(single(signer_block, &[0, 2, 3, 4, 5, 6, 7], &[]).outputs(), integers(&[5, 6, 7]));
    single(signer_block, &[1, 2, 3, 4, 5, 6, 7], &[]).assert_tight();
    // Some, then root, found, between, found, after.
    single(registers_block, &[1, 5, 5, 6, 6, 7, 9, 0], &[]).assert_tight();
    single(registers_block, &[0, 5, 1, 2, 3, 4, 9, 1], &[]).assert_tight();
    assert_eq!(names(registers_block, &[1, 5, 4, 6, 6, 7, 9, 0], &[]), [PATH]);
    assert_eq!(names(registers_block, &[1, 5, 5, 6, 5, 7, 9, 0], &[]), [OTHER_PATH]);
}

/// No cell can be changed alone but those that say where a list that nothing is done to has its hole: anywhere behind its last word. There are two edits for each of the places
/// without a position.
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
