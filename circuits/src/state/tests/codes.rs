//! Every code of a rejection is met by the engine and by the model, in sequences made to meet it.

use std::collections::BTreeSet;
use std::io::Write;

use halo2curves::bn256::Fr;
use serde_json::json;

use super::{
    liquidation::{after_a_move, liquidatable},
    oracle::{check, python_is_there, transaction_line},
    *,
};
use crate::{
    encoding::hex_fr,
    margin::row::PRICES,
    state::{
        State,
        ids::AccountId,
        keys::PublicKey,
        order::{Order, Side, SignedOrder},
        params::VenueParams,
        risk::RiskArray,
        store::MemoryStore,
        testing::venue::{DAY, unsigned},
        tx::{
            AdoptRisk, Auction, Bid, Cancel, Collect, Deposit, Fill, FundingTick, Liquidate, List, OracleUpdate,
            RotateKey, Settle, Takeover, Transfer, Withdraw,
        },
    },
};

/// The codes that the enum has, as its source names them.
fn all() -> BTreeSet<&'static str> {
    let source = include_str!("../reject.rs").split_once("pub fn code").expect("the codes are named there").1;
    let codes: BTreeSet<&str> =
        source.lines().filter_map(|line| line.split_once("=> \"")?.1.strip_suffix("\",")).collect();
    let variants =
        include_str!("../reject.rs").lines().filter(|line| line.trim_start().starts_with("#[error(")).count();
    assert_eq!(codes.len(), variants, "a variant without a code of its own");
    codes
}

fn id(actor: usize) -> AccountId {
    AccountId(actor as u32)
}

/// Sends a transaction that is refused with this code.
#[track_caller]
fn meet(venue: &mut Venue, code: &str, tx: impl Into<Tx>) {
    assert_eq!(refused(venue, tx).code(), code);
}

/// Signed by an actor.
macro_rules! signed {
    ($venue:expr, $actor:expr, $tx:expr) => {{
        let mut tx = $tx;
        tx.signature = $venue.actors[$actor].key.sign(tx.message($venue.state.params().venue()));
        tx
    }};
}

fn withdraw(venue: &Venue, actor: usize, amount: u64, nonce: u32) -> Withdraw {
    signed!(venue, actor, Withdraw { account: id(actor), amount, nonce, signature: unsigned() })
}

fn accounts_and_keys() -> Venue {
    let mut venue = small();
    let deposit = venue.deposit(ALICE, 5);
    meet(&mut venue, "out_of_range", Deposit { amount: 0, ..deposit });
    meet(&mut venue, "queue_order", Deposit { index: deposit.index + 1, ..deposit });
    let tx = withdraw(&venue, ALICE, 1, 0);
    meet(&mut venue, "unknown_account", Withdraw { account: AccountId(99), ..tx });
    meet(&mut venue, "bad_nonce", Withdraw { nonce: 5, ..tx });
    meet(&mut venue, "bad_signature", Withdraw { amount: 2, ..tx });
    let tx = withdraw(&venue, ALICE, 1 << 40, 0);
    meet(&mut venue, "initial_margin", tx);
    let registration = venue.registration(ALICE);
    meet(&mut venue, "account_exists", registration);
    let transfer = Transfer { from: id(ALICE), to: id(ALICE), amount: 1, nonce: 0, signature: unsigned() };
    meet(&mut venue, "same_account", transfer);
    let key = PublicKey { x: Fr::zero(), y: Fr::one() };
    meet(&mut venue, "bad_key", RotateKey { account: id(ALICE), key, nonce: 0, signature: unsigned() });
    meet(&mut venue, "nothing_to_collect", Collect {});
    meet(&mut venue, "no_position", Settle { account: id(ALICE), instrument: perpetual() });
    venue
}

fn orders() -> Venue {
    let mut venue = small();
    let price = venue.spot;
    let old = venue.trade(BOB, ALICE, perpetual(), price, 10);
    venue.actors[ALICE].next_order = old.maker.order.id + 256;
    let fill = venue.trade(BOB, ALICE, perpetual(), price, 10);
    accepted(&mut venue, Fill { size: 6, ..fill });
    meet(&mut venue, "order_superseded", Fill { maker: old.maker, size: 1, ..fill });
    meet(&mut venue, "overfilled", Fill { size: 5, ..fill });
    meet(&mut venue, "limit_price", Fill { price: price + 1, size: 1, ..fill });
    let order_id = fill.taker.order.id;
    let cancel = signed!(venue, BOB, Cancel { account: id(BOB), order_id, signature: unsigned() });
    accepted(&mut venue, cancel);
    meet(&mut venue, "order_closed", Fill { size: 1, ..fill });

    let fill = venue.trade(BOB, ALICE, perpetual(), price, 10);
    let changed = |venue: &Venue, change: &dyn Fn(&mut Order)| {
        let (mut maker, mut taker) = (fill.maker.order, fill.taker.order);
        change(&mut maker);
        change(&mut taker);
        Fill { maker: venue.sign(ALICE, maker), taker: venue.sign(BOB, taker), ..fill }
    };
    let now = venue.time;
    let late = changed(&venue, &|order| order.expiry = now - 1);
    meet(&mut venue, "order_expired", late);
    let one_sided = changed(&venue, &|order| order.side = Side::Buy);
    meet(&mut venue, "same_side", one_sided);
    let other: SignedOrder = venue.sign(BOB, Order { instrument: call(1), ..fill.taker.order });
    meet(&mut venue, "instrument_mismatch", Fill { taker: other, ..fill });
    for (code, instrument) in [
        ("unknown_market", InstrumentId::perpetual(MarketId(9)).unwrap()),
        ("unknown_instrument", InstrumentId(perpetual().0 + 2)),
        ("not_in_risk_array", call(900)),
    ] {
        let elsewhere = changed(&venue, &|order| order.instrument = instrument);
        meet(&mut venue, code, elsewhere);
    }
    let size = (1 << 53) - 1;
    let large = changed(&venue, &|order| (order.size, order.limit) = (size, 1 << 62));
    meet(&mut venue, "value_too_large", Fill { price: 1 << 62, size, ..large });
    venue
}

fn markets_and_prices() -> Venue {
    let mut venue = small();
    let list = List { market: MarketId(1), underlying: PERPETUAL, expiry: venue.time, strike_base: 1, strike_step: 1 };
    meet(&mut venue, "market_exists", list);
    meet(&mut venue, "bad_listing", List { market: MarketId(5), ..list });
    let fill = venue.trade(BOB, ALICE, call(1), 1_000, 10);
    accepted(&mut venue, fill);
    meet(&mut venue, "not_settled", Settle { account: id(ALICE), instrument: call(1) });

    let old = venue.risk_array();
    venue.time += 1;
    let update = venue.oracle_update();
    let few = OracleUpdate { reports: update.reports[..2].to_vec(), ..update.clone() };
    meet(&mut venue, "report_count", few);
    let mut changed = update.clone();
    changed.reports.reverse();
    meet(&mut venue, "signer_order", changed);
    let mut changed = update.clone();
    changed.reports[2].signer = 5;
    meet(&mut venue, "unknown_signer", changed);
    meet(&mut venue, "not_an_index", OracleUpdate { market: MarketId(1), ..update.clone() });
    accepted(&mut venue, update.clone());
    meet(&mut venue, "time_backwards", update);
    meet(&mut venue, "wrong_marks", old);
    let adopt = venue.risk_array();
    meet(&mut venue, "wrong_scenarios", AdoptRisk { scenario_hash: Fr::zero(), ..adopt.clone() });
    meet(&mut venue, "stale_marks", AdoptRisk { time: adopt.time - 1, ..adopt.clone() });
    meet(&mut venue, "risk_root_mismatch", AdoptRisk { risk_root: Fr::one(), ..adopt.clone() });
    let mut changed = adopt.clone();
    changed.rows.reverse();
    meet(&mut venue, "bad_risk_row", changed);
    let mut changed = adopt.clone();
    changed.rows.iter_mut().flatten().for_each(|row| row.strike += 1);
    changed.risk_root = RiskArray::new(changed.rows.clone(), 6).unwrap().root();
    accepted(&mut venue, changed);
    let fill = venue.trade(BOB, ALICE, call(1), 1_000, 10);
    meet(&mut venue, "terms_mismatch", fill);
    accepted(&mut venue, adopt);

    accepted(&mut venue, FundingTick { market: PERPETUAL });
    meet(&mut venue, "funding_not_due", FundingTick { market: PERPETUAL });
    venue.time += 400;
    let update = venue.oracle_update();
    accepted(&mut venue, update);
    let fill = venue.trade(BOB, ALICE, perpetual(), 20_000, 1);
    meet(&mut venue, "stale_price", fill);

    let expiry = venue.state.market(MarketId(1)).unwrap().unwrap().expiry;
    let early = venue.fixing(MarketId(1), expiry);
    meet(&mut venue, "not_expired", early.clone());
    meet(&mut venue, "not_a_series", crate::state::tx::FixExpiry { market: PERPETUAL, ..early });
    venue.time = expiry + DAY;
    venue.publish();
    let fill = venue.trade(BOB, ALICE, call(1), 1_000, 10);
    meet(&mut venue, "market_expired", fill);
    let tx = withdraw(&venue, ALICE, 1, 0);
    meet(&mut venue, "unsettled_position", tx);
    let fixing = venue.fixing(MarketId(1), expiry);
    accepted(&mut venue, fixing.clone());
    meet(&mut venue, "already_settled", fixing);
    venue
}

fn liquidations() -> Venue {
    let mut venue = liquidatable();
    let price = venue.spot;
    let dear = venue.trade(ALICE, BOB, perpetual(), 2 * price, 1_000);
    meet(&mut venue, "health_fell", dear);
    meet(&mut venue, "healthy", Auction { account: id(BOB) });
    meet(&mut venue, "insurance_account", Auction { account: id(1) });
    meet(&mut venue, "above_close_out", Takeover { account: id(ALICE) });
    let early = venue.bid(CAROL, id(ALICE), 1, 1 << 60);
    meet(&mut venue, "no_auction", early);
    accepted(&mut venue, Auction { account: id(ALICE) });
    meet(&mut venue, "auction_running", Auction { account: id(ALICE) });
    let largest = venue.state.quote(id(ALICE), 1).unwrap().largest_share;
    let greedy = venue.bid(CAROL, id(ALICE), largest + 1, 1 << 60);
    meet(&mut venue, "share_too_large", greedy);
    let floor = venue.state.quote(id(ALICE), largest).unwrap().floor;
    let low = venue.bid(CAROL, id(ALICE), largest, floor - 1);
    meet(&mut venue, "below_floor", low);
    meet(&mut venue, "portfolio_changed", Liquidate { bid: Bid { positions: Fr::one(), ..low.bid }, ..low });
    venue
}

fn insolvency() -> Venue {
    let mut venue = after_a_move(190);
    accepted(&mut venue, Auction { account: id(ALICE) });
    let bid = venue.bid(CAROL, id(ALICE), 1, 1 << 60);
    meet(&mut venue, "below_close_out", bid);
    venue
}

/// A venue of the same make under other parameters.
fn under(change: impl Fn(&mut VenueParams)) -> Venue {
    let made = small();
    let mut params = made.state.params().clone();
    change(&mut params);
    let state = State::open(Box::new(MemoryStore::new()), params).unwrap();
    let mut venue = Venue { state, log: vec![], ..made };
    accepted(&mut venue, List { market: PERPETUAL, underlying: PERPETUAL, expiry: 0, strike_base: 0, strike_step: 0 });
    venue.markets = [(PERPETUAL, 1)].into();
    for actor in 0..5 {
        let registration = venue.registration(actor);
        accepted(&mut venue, registration);
        let deposit = venue.deposit(actor, if actor < ALICE { 1 << 40 } else { (1 << 63) - 1 });
        accepted(&mut venue, deposit);
    }
    venue
}

/// An hour later at this index, with every price of the perpetual at `mark` and its spot at one.
fn published(venue: &mut Venue, index: u64, mark: u64) {
    venue.time += 3_600;
    venue.spot = index;
    let update = venue.oracle_update();
    accepted(venue, update);
    venue.spot = 1;
    let mut adopt = venue.risk_array();
    adopt.rows.iter_mut().flatten().for_each(|row| row.prices = [mark; PRICES]);
    adopt.risk_root = RiskArray::new(adopt.rows.clone(), venue.state.params().depths.instruments).unwrap().root();
    accepted(venue, adopt);
}

/// Buys `size` of the perpetual.
fn bought(venue: &mut Venue, [buyer, seller]: [usize; 2], price: u64, size: u64) {
    let fill = venue.trade(buyer, seller, perpetual(), price, size);
    accepted(venue, fill);
}

fn quantities_exposures_and_lists() -> Venue {
    let mut venue = under(|params| params.depths.positions = 0);
    published(&mut venue, 1, 1);
    bought(&mut venue, [BOB, ALICE], 1, (1 << 53) - 1);
    let more = venue.trade(BOB, ALICE, perpetual(), 1, 1);
    meet(&mut venue, "position_overflow", more);
    // Another perpetual.
    let market = MarketId(1);
    accepted(&mut venue, List { market, underlying: market, expiry: 0, strike_base: 0, strike_step: 0 });
    venue.markets.insert(market, 1);
    published(&mut venue, 1, 1);
    let second = InstrumentId::perpetual(market).unwrap();
    let fill = venue.trade(BOB, ALICE, second, 1, 1);
    meet(&mut venue, "too_many_positions", fill);
    published(&mut venue, 1, 1 << 30);
    let tx = withdraw(&venue, ALICE, 1, 0);
    meet(&mut venue, "exposure_too_large", tx);
    venue
}

/// An interval may take the funding index down by the whole index price, so that it, and what is owed through it, grows as large as it can.
fn whole_funding(params: &mut VenueParams) {
    (params.funding.cap, params.funding.period) = (10_000, params.funding.interval);
}

fn figures_that_overflow() -> Venue {
    let mut venue = under(whole_funding);
    published(&mut venue, 1, 1);
    bought(&mut venue, [BOB, ALICE], 1, 1 << 37);
    published(&mut venue, 1 << 61, 1);
    accepted(&mut venue, FundingTick { market: PERPETUAL });
    let tx = withdraw(&venue, BOB, 1, 0);
    meet(&mut venue, "equity_overflow", tx);
    // With |v| just below 2^94, the third sale takes its entry beyond 2^95.
    for _ in 0..2 {
        bought(&mut venue, [CAROL, 0], 1, (1 << 33) - 1);
    }
    let third = venue.trade(CAROL, 0, perpetual(), 1, (1 << 33) - 1);
    meet(&mut venue, "entry_overflow", third);
    let tx = Transfer { from: id(ALICE), to: id(0), amount: 1 << 62, nonce: 0, signature: unsigned() };
    let tx = signed!(venue, ALICE, tx);
    meet(&mut venue, "cash_overflow", tx);
    // What is left of its range is less than another such step.
    published(&mut venue, (1 << 61) - 10, 1);
    accepted(&mut venue, FundingTick { market: PERPETUAL });
    published(&mut venue, 1 << 61, 1);
    meet(&mut venue, "funding_overflow", FundingTick { market: PERPETUAL });
    venue
}

/// Fees of a tenth on both sides of trades as large as a value can be: the twelfth is more than the register holds.
fn fees_that_overflow() -> Venue {
    let mut venue = under(|params| {
        whole_funding(params);
        (params.fees.maker, params.fees.taker) = (100_000, 100_000);
    });
    published(&mut venue, 1, 1);
    // Alice owes what makes Bob and Carol rich enough.
    for winner in [BOB, CAROL] {
        bought(&mut venue, [winner, ALICE], 1, 1 << 36);
    }
    published(&mut venue, 1 << 59, 1);
    accepted(&mut venue, FundingTick { market: PERPETUAL });
    let size = 3_800_000_000;
    for round in 0..11 {
        let sides = if round % 2 == 0 { [BOB, CAROL] } else { [CAROL, BOB] };
        bought(&mut venue, sides, 1 << 62, size);
    }
    let last = venue.trade(CAROL, BOB, perpetual(), 1 << 62, size);
    meet(&mut venue, "register_overflow", last);
    venue
}

#[test]
fn the_model_meets_every_code_where_the_engine_does() {
    let made = [
        accounts_and_keys(),
        orders(),
        markets_and_prices(),
        liquidations(),
        insolvency(),
        quantities_exposures_and_lists(),
        figures_that_overflow(),
        fees_that_overflow(),
    ];
    let results = || made.iter().flat_map(|venue| &venue.log).map(|(_, result)| result);
    let met = results().filter_map(|result| match result {
        Err(ApplyError::Rejected(reject)) => Some(reject.code()),
        _ => None,
    });
    assert_eq!(met.collect::<BTreeSet<_>>(), all(), "what is met, and what there is");
    if !python_is_there() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("codes.jsonl");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    for mut venue in made {
        writeln!(file, "{}", json!({ "params": venue.state.params() })).unwrap();
        let last = venue.log.len() - 1;
        for (index, (tx, result)) in std::mem::take(&mut venue.log).iter().enumerate() {
            let mut line = transaction_line(tx, result);
            if index == last {
                line["root"] = hex_fr::to_string(&venue.state.root().unwrap()).into();
            }
            writeln!(file, "{line}").unwrap();
        }
    }
    file.flush().unwrap();
    check(&path);
}
