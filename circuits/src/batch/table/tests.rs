//! The table and margin from it: figures against the native engine, exact failures, cells that nothing holds.

use std::collections::BTreeSet;

use ethnum::I256;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::plonk::{Circuit, Column, Error, Instance};
use zomma_gadgets::frame::value::to_field;
use zomma_gadgets::frame::{Lanes, lanes::Table as Ranges, switch::CIRCUIT_DEGREE};
use zomma_gadgets::layout::Layout;
use zomma_gadgets::testing::{Failure, Single, failures, free_cells};

use super::blocks::*;
use super::*;
use crate::batch::frame::{FrameChip, FrameWitness};
use crate::encoding::biased;
use crate::margin::Health;
use crate::margin::figures::HealthWords;
use crate::state::ids::{AccountId, InstrumentId, MarketId};
use crate::state::limits::CASH_BITS;
use crate::state::risk::RiskArray;
use crate::state::testing::venue::{PERPETUAL, Shape, Venue};

const K: u32 = 14;
const SHAPE: TableShape = TableShape { markets: 3, instruments: 6 };

/// An account whose margin is asked for.
#[derive(Debug, Clone)]
struct Asked {
    positions: PositionsWitness,
    need: bool,
    cash: i128,
    reserve: u64,
}

/// Parameters and registers are opened, a table is loaded, and the margin of accounts computed, which is public: E, L, M, N, MM_ok, IM_ok of each.
#[derive(Debug, Clone)]
struct Assess {
    shape: TableShape,
    frame: FrameWitness,
    table: TableWitness,
    asked: Vec<Asked>,
}

#[derive(Debug, Clone)]
struct AssessConfig {
    lanes: Lanes,
    frame: FrameChip,
    table: TableChip,
    positions: PositionsChip,
    asked: Block,
    instance: Column<Instance>,
}

fn asked_block(table: Ranges) -> BlockBuilder {
    use zomma_gadgets::fixed::FixedPointInstructions;
    let mut b = BlockBuilder::over(table, "asked");
    let need = b.witness_bit("need");
    let stored = b.witness("cash", CASH_BITS);
    let reserve = b.witness("reserve", AMOUNT_BITS);
    let cash = b.named("cash", &crate::margin::blocks::unbias(&stored, CASH_BITS));
    [&need, &cash, &reserve].into_iter().for_each(|output| b.output(output));
    b
}

impl Circuit<Fr> for Assess {
    type Config = AssessConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> AssessConfig {
        let lanes = Lanes::configure_over(meta, Ranges::SHORT_RANGES);
        let hash = PoseidonChip::configure_with_paths(meta, &lanes);
        let frame = FrameChip::configure(meta, &lanes, &hash);
        let table = TableChip::configure(meta, &lanes, &hash);
        let positions = PositionsChip::configure(meta, &lanes, &hash);
        let asked = asked_block(lanes.table()).configure(meta, &lanes);
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        AssessConfig { lanes, frame, table, positions, asked, instance }
    }

    fn synthesize(&self, config: AssessConfig, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        config.lanes.load_table(&mut layouter)?;
        let public = layouter.assign_region(
            || "assess",
            |mut region| {
                let mut cursor = Cursor::new(&mut region, &config.lanes);
                let opened = config.frame.open(&mut cursor, Some(&self.frame));
                let shared = (&opened.constants, &opened.params, &opened.registers);
                let table = config.table.load(&mut cursor, self.shape, shared, Some(&self.table));
                let mut public = vec![];
                for asked in &self.asked {
                    let list = config.positions.list(&mut cursor, &opened.constants, Some(&asked.positions));
                    let cells = vec![asked.need.into(), biased(asked.cash, CASH_BITS).into(), asked.reserve.into()];
                    let [need, cash, reserve] = place(&mut cursor, &config.asked, &[], Some(cells));
                    let shared = (&table, &opened.constants, &opened.params);
                    let HealthWords { equity, worst, maintenance, initial, mm_ok, im_ok } =
                        config.table.evaluate(&mut cursor, shared, &list, &need, [&cash, &reserve]);
                    public.extend([equity, worst, maintenance, initial, mm_ok, im_ok]);
                }
                Ok(public)
            },
        )?;
        for (row, word) in public.iter().enumerate() {
            layouter.constrain_instance(word.cell, config.instance, row);
        }
        Ok(())
    }
}

fn figures(health: &Health) -> [I256; 6] {
    let Health { equity, worst, maintenance, initial } = *health;
    let [mm_ok, im_ok] = [health.mm_ok(), health.im_ok()].map(i128::from);
    [equity, worst, maintenance, initial, mm_ok, im_ok].map(I256::from)
}

/// A venue whose actors have traded in its instruments.
fn venue(seed: u64) -> Venue {
    let mut venue =
        Venue::new(seed, Shape { actors: 4, series: 2, strikes: 2, cash: 4_000_000_000, ..Shape::default() });
    let instruments = venue.instruments();
    for (index, instrument) in instruments.into_iter().enumerate().take(6) {
        let (buyer, seller) = [(2, 3), (3, 2), (4, 2), (3, 5), (5, 4), (2, 4)][index];
        let price = venue.mark(instrument).unwrap();
        let fill = venue.trade(buyer, seller, instrument, price.max(1), 300 + 177 * index as u64);
        venue.must(fill);
    }
    venue.time += 60;
    venue.spot += 150;
    venue.publish();
    venue
}

fn frame(venue: &mut Venue) -> FrameWitness {
    venue.state.root().expect("a store in memory");
    FrameWitness {
        params: venue.state.params().clone(),
        registers: venue.state.registers().clone(),
        circuits: Fr::from(77),
        words: 0,
    }
}

fn account(venue: &mut Venue, id: u32) -> Asked {
    let account = venue.state.account(AccountId(id)).expect("a store in memory").expect("an account");
    let positions = PositionsWitness(account.positions.as_slice().to_vec());
    Asked { positions, need: true, cash: account.cash, reserve: account.reserve }
}

fn instruments(asked: &[Asked]) -> BTreeSet<InstrumentId> {
    asked.iter().flat_map(|asked| asked.positions.0.iter().map(|position| position.instrument)).collect()
}

impl Assess {
    fn new(venue: &mut Venue, ids: &[u32]) -> (Self, Vec<I256>) {
        let asked: Vec<Asked> = ids.iter().map(|id| account(venue, *id)).collect();
        let frame = frame(venue);
        let table = TableWitness::of(&mut venue.state, &instruments(&asked), &BTreeSet::new());
        let expected = ids.iter().flat_map(|id| figures(&venue.state.health(AccountId(*id)).expect("it is defined")));
        let expected = expected.collect();
        (Self { shape: SHAPE, frame, table: table.expect("a store in memory"), asked }, expected)
    }

    fn failures(&self, expected: &[I256]) -> Vec<Failure> {
        failures(K, self, &[expected.iter().copied().map(to_field).collect()], &[])
    }

    /// Names of what refuses it.
    fn refused(&self, expected: &[I256]) -> Vec<String> {
        let names: BTreeSet<String> = self.failures(expected).into_iter().map(|failure| failure.name).collect();
        names.into_iter().collect()
    }
}

#[test]
fn figures_are_the_native_engine_s() {
    for seed in 0..3 {
        let (assess, expected) = Assess::new(&mut venue(seed), &[0, 2, 3]);
        assert!(assess.asked[1].positions.0.len() > 2);
        assert_eq!(assess.failures(&expected), [], "seed {seed}");
        let mut other = expected;
        other[8] += 1;
        assert!(!assess.failures(&other).is_empty());
    }
}

#[test]
fn the_degree_is_the_circuits() {
    let mut meta = ConstraintSystem::default();
    Assess::configure(&mut meta);
    assert_eq!(meta.degree(), CIRCUIT_DEGREE);
    assert_eq!(meta.num_advice_columns(), 4);
}

#[test]
fn rows() {
    let (assess, _) = Assess::new(&mut venue(1), &[2]);
    let rows = |assess: &Assess| Layout::record(K, assess).expect("it can be laid out").rows();
    let with = |shape: TableShape, accounts: usize| {
        rows(&Assess { shape, asked: vec![assess.asked[0].clone(); accounts], ..assess.clone() })
    };
    let (base, market) = (with(SHAPE, 1), with(TableShape { markets: 4, ..SHAPE }, 1));
    let (instrument, account) = (with(TableShape { instruments: 7, ..SHAPE }, 1), with(SHAPE, 2));
    println!("market {}, instrument {}, list and margin {}", market - base, instrument - base, account - base);
    assert!(instrument - base <= 850 && account - base <= 1_200);
}

/// Nothing is read and nothing is asked where margin is not needed: the instruments need not be there, nor prices be fresh.
#[test]
fn margin_that_is_not_needed() {
    let mut venue = venue(1);
    venue.time += 3_600;
    let update = venue.oracle_update();
    venue.must(update);
    let mut asked = account(&mut venue, 2);
    asked.need = false;
    let cash = crate::margin::assess(&venue.state.params().margin, asked.cash, asked.reserve, &[]).expect("in range");
    let frame = frame(&mut venue);
    let assess = Assess { shape: SHAPE, frame, table: TableWitness::default(), asked: vec![asked.clone()] };
    assert_eq!(assess.failures(&figures(&cash)), []);
    // An account without positions does not need prices either.
    let without = Asked { need: true, positions: PositionsWitness::default(), ..asked.clone() };
    assert_eq!(Assess { asked: vec![without], ..assess.clone() }.failures(&figures(&cash)), []);
    // With positions they are needed: there is no instrument, and what there is would be stale.
    let needed = Assess { asked: vec![Asked { need: true, ..asked }], ..assess };
    assert_eq!(needed.refused(&figures(&cash)), [READ, FRESH]);
}

const READ: &str = "lookup entries";
const FRESH: &str = "prices that are used: they are fresh";
const ROW_PATH: &str = "opened row: the path leads to the root";
const MARKET_PATH: &str = "loaded market: used: the path leads to the root";

#[test]
fn stale_prices() {
    let mut venue = venue(2);
    let (mut assess, expected) = Assess::new(&mut venue, &[2]);
    let registers = &mut assess.frame.registers;
    registers.time = registers.risk_time + u64::from(assess.frame.params.max_price_age);
    assert_eq!(assess.failures(&expected), []);
    assess.frame.registers.time += 1;
    assert_eq!(assess.refused(&expected), [FRESH]);
    // Marks of no time are no marks, however young the state is.
    (assess.frame.registers.time, assess.frame.registers.risk_time) = (0, 0);
    assert_eq!(assess.refused(&expected), [FRESH]);
}

#[test]
fn a_market_that_has_expired() {
    let mut venue = venue(2);
    let (mut assess, expected) = Assess::new(&mut venue, &[3]);
    let expiry = |id: u32, venue: &mut Venue| venue.state.market(MarketId(id)).unwrap().unwrap().expiry;
    let first = expiry(1, &mut venue);
    // Before the expiry of one series and after that of the other.
    assess.frame.registers.time = first - 1;
    assess.frame.registers.risk_time = first - 1;
    assert_eq!(assess.failures(&expected), []);
    assess.frame.registers.time = first;
    assert_eq!(assess.refused(&expected), ["row of an instrument: its market is live"]);
}

#[test]
fn instruments_and_markets_that_are_not_loaded() {
    let (assess, expected) = Assess::new(&mut venue(1), &[2]);
    let mut missing = assess.clone();
    missing.table.instruments.remove(1);
    assert!(missing.refused(&expected).contains(&READ.to_owned()));
    // Loaded, but said not to be used: nobody can form its keys.
    let mut unused = assess.clone();
    unused.table.instruments[1].used = false;
    assert!(unused.refused(&expected).contains(&READ.to_owned()));
    let mut without_market = assess.clone();
    without_market.table.markets.remove(0);
    assert!(without_market.refused(&expected).contains(&READ.to_owned()));
    let mut unused_market = assess;
    unused_market.table.markets[0].used = false;
    assert!(unused_market.refused(&expected).contains(&READ.to_owned()));
}

/// A row or a market of one's own: the path does not lead to the root. Figures follow what is loaded, so they are not what is refused.
#[test]
fn rows_and_markets_of_one_s_own() {
    let mut venue = venue(1);
    let (assess, expected) = Assess::new(&mut venue, &[2]);
    let mut row = assess.clone();
    // A middle word: two scenarios of the first instrument are worth nothing.
    row.table.instruments[0].words[3] = Fr::from(9);
    let refused = row.refused(&expected);
    assert!(refused.contains(&ROW_PATH.to_owned()) && !refused.contains(&READ.to_owned()), "{refused:?}");
    // The Greeks are opaque but hashed.
    let mut greeks = assess.clone();
    *greeks.table.instruments[0].words.last_mut().unwrap() += Fr::one();
    assert_eq!(greeks.refused(&expected), [ROW_PATH]);
    // Another instrument's row.
    let mut swapped = assess.clone();
    let other = swapped.table.instruments[1].clone();
    let first = &mut swapped.table.instruments[0];
    (first.words, first.path) = (other.words, other.path);
    assert!(swapped.refused(&expected).contains(&ROW_PATH.to_owned()));
    // A market with another funding index.
    let mut market = *venue.state.market(PERPETUAL).unwrap().unwrap();
    market.funding_index += 1;
    let mut funding = assess.clone();
    let path = funding.table.markets[0].path.clone();
    funding.table.markets[0] = MarketWitness::new(market, path);
    assert!(funding.refused(&expected).contains(&MARKET_PATH.to_owned()));
}

/// A perpetual's market has one instrument, even if the risk array has a row of another.
#[test]
fn a_second_instrument_of_a_perpetual() {
    let mut venue = venue(1);
    let (mut assess, _) = Assess::new(&mut venue, &[2]);
    let first = InstrumentId::perpetual(PERPETUAL).unwrap();
    let second = InstrumentId(first.0 + 2);
    let mut row = venue.state.risk().row(first).unwrap().clone();
    row.instrument = second;
    let array = RiskArray::new(vec![Some(row.clone())], 12).unwrap();
    assess.frame.registers.risk_root = array.root();
    let path = array.paths(&[second], 12).remove(0).unwrap();
    assess.table.instruments = vec![InstrumentWitness::new(&row, path)];
    assess.asked = vec![];
    assert_eq!(assess.refused(&[]), ["row of an instrument: a perpetual has one instrument"]);
}

#[test]
fn positions_out_of_order() {
    let (assess, expected) = Assess::new(&mut venue(1), &[2]);
    let mut unsorted = assess.clone();
    unsorted.asked[0].positions.0.swap(0, 1);
    assert!(unsorted.refused(&expected).iter().any(|name| name.starts_with("position: instruments ascend")));
    let mut twice = assess;
    let first = twice.asked[0].positions.0[0];
    twice.asked[0].positions.0.insert(0, first);
    assert!(twice.refused(&expected).iter().any(|name| name.starts_with("position: instruments ascend")));
}

/// No cell of the table, of reads and of figures can be changed alone.
#[test]
fn every_cell_is_held() {
    let mut venue = venue(1);
    let (assess, expected) = Assess::new(&mut venue, &[2]);
    let none = Assess { shape: TableShape { markets: 0, instruments: 0 }, asked: vec![], ..assess.clone() };
    let opened = Layout::record(K, &none).expect("it can be laid out").rows();
    // One place of each kind is not used.
    let shape = TableShape { markets: assess.table.markets.len() + 1, instruments: assess.table.instruments.len() + 1 };
    let small = Assess { shape, ..assess };
    let expected = [expected.into_iter().map(to_field).collect()];
    let free: Vec<_> = free_cells(K, &small, &expected).into_iter().filter(|(_, row)| *row >= opened).collect();
    assert_eq!(free, []);
}

fn integers(values: &[i128]) -> Vec<I256> {
    values.iter().copied().map(I256::from).collect()
}

fn single(make: fn(Ranges) -> BlockBuilder, inputs: &[i128], witnesses: &[i128]) -> Single {
    Single::of(make, integers(inputs), integers(witnesses))
}

const TIME: i128 = 1_700_000_000;

#[test]
fn blocks_are_tight() {
    single(fresh_block, &[TIME, TIME - 300, 300], &[]).assert_tight();
    single(fresh_block, &[TIME, TIME - 301, 300], &[]).assert_tight();
    single(fresh_block, &[0, 0, 300], &[]).assert_tight();
    for (expiry, perpetual) in [(0, 1), (TIME, 0), (TIME + 1, 0)] {
        single(terms_block, &[TIME], &[3, expiry, 900, 100, 7, perpetual]).assert_tight();
    }
    single(market_block, &[9, 9, 4], &[1]).assert_tight();
    single(instrument_block, &[], &[2, 3, 1, 1]).assert_tight();
    single(instrument_block, &[], &[2, 3, 1, 0]).assert_tight();
    let word = |lanes: [i128; 3]| lanes.iter().rev().fold(I256::ZERO, |word, lane| (word << 84) + I256::from(*lane));
    for (used, perpetual) in [(1, 0), (1, 1), (0, 1)] {
        let strike_index = 3 * (1 - perpetual);
        let mut inputs = integers(&[used, 2 << 12, strike_index, 0, 0, 900, 100, -3, perpetual, used]);
        inputs.extend([word([5, 6, 7]), word([8, 20_000, 700_000]), I256::from(88)]);
        // Free: the digest of the Greeks, which the row's hash reads.
        assert_eq!(Single::of(row_block, inputs, integers(&[8])).free_cells().len(), 1);
    }
    for (need, active, perpetual) in [(1, 1, 0), (1, 1, 1), (0, 1, 0), (1, 0, 0)] {
        single(keys_block, &[need, active, 77], &[perpetual]).assert_tight();
    }
    single(key_block, &[1, 77], &[]).assert_tight();
    single(settlement_key_block, &[0, 77], &[]).assert_tight();
    assert_eq!(single(require_fresh_block, &[1, 0, 0], &[]).failures(&[]), []);
    let stale = single(require_fresh_block, &[1, 1, 0], &[]).failures(&[]);
    assert_eq!(stale, [Failure::new(FRESH, 0)]);
}

/// By hand: three hundred seconds are not too old, one more is; no marks are never fresh.
#[test]
fn freshness_by_hand() {
    for (time, risk_time, fresh) in
        [(1_300, 1_000, 1), (1_301, 1_000, 0), (1_000, 1_000, 1), (300, 0, 0), (0, 0, 0), (1, 1, 1)]
    {
        assert_eq!(single(fresh_block, &[time, risk_time, 300], &[]).outputs(), [I256::from(fresh)]);
    }
}
