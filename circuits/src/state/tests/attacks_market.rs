//! Attacks on oracles, risk arrays, listings and expiries: each is refused for exactly its reason.

use halo2curves::bn256::Fr;

use super::*;
use crate::state::{
    oracle::report_message,
    receipt::Event,
    reject::Signer,
    risk::RiskArray,
    testing::venue::{DAY, START},
    tx::{AdoptRisk, FixExpiry, FundingTick, List, OracleUpdate, Settle, Withdraw},
};

/// A good oracle update for one second later.
fn next_update(venue: &mut Venue) -> OracleUpdate {
    venue.time += 1;
    venue.oracle_update()
}

#[test]
fn quorums() {
    let venue = &mut small();
    let good = next_update(venue);
    let with = |change: &dyn Fn(&mut OracleUpdate)| {
        let mut changed = good.clone();
        change(&mut changed);
        changed
    };
    let fewer = with(&|update| update.reports.truncate(2));
    assert_eq!(refused(venue, fewer), Reject::ReportCount { needed: 3, given: 2 });
    let more = with(&|update| update.reports.push(update.reports[2]));
    assert_eq!(refused(venue, more), Reject::ReportCount { needed: 3, given: 4 });
    let twice = with(&|update| update.reports[1] = update.reports[0]);
    assert_eq!(refused(venue, twice), Reject::SignerOrder, "one signer cannot count twice");
    let backwards = with(&|update| update.reports.reverse());
    assert_eq!(refused(venue, backwards), Reject::SignerOrder);
    let stranger = with(&|update| update.reports[2].signer = 5);
    assert_eq!(refused(venue, stranger), Reject::UnknownSigner(5));
    let first = good.reports[0].signer;
    let bad_signature = Reject::BadSignature { signer: Signer::Oracle(first) };
    let other_price = with(&|update| update.reports[0].price += 1);
    assert_eq!(refused(venue, other_price), bad_signature);
    let other_marks = with(&|update| update.marks += Fr::one());
    assert_eq!(refused(venue, other_marks), bad_signature);
    let other_time = with(&|update| update.time += 1);
    assert_eq!(refused(venue, other_time), bad_signature);
    let nothing = with(&|update| update.reports[1].price = 0);
    assert_eq!(refused(venue, nothing), Reject::OutOfRange { field: "price" });
    let series = with(&|update| update.market = MarketId(1));
    assert_eq!(refused(venue, series), Reject::NotAnIndex(MarketId(1)));
    let nowhere = with(&|update| update.market = MarketId(8));
    assert_eq!(refused(venue, nowhere), Reject::UnknownMarket(MarketId(8)));
    accepted(venue, good.clone());
    assert_eq!(refused(venue, good.clone()), Reject::TimeBackwards, "a report is used once");
    venue.time -= 1;
    let earlier = venue.oracle_update();
    assert_eq!(refused(venue, earlier), Reject::TimeBackwards);
}

#[test]
fn the_median_ignores_an_outlier() {
    let venue = &mut small();
    let mut update = next_update(venue);
    for (report, price) in update.reports.iter_mut().zip([19_990, 1 << 60, 20_010]) {
        report.price = price;
        let message = report_message(update.market, update.time, price, update.marks, venue.state.params().venue());
        report.signature = venue.oracles[report.signer as usize].sign(message);
    }
    let receipt = accepted(venue, update.clone());
    assert_eq!(receipt.event, Event::OracleUpdated { price: 20_010 });
    let market = venue.state.market(PERPETUAL).unwrap().unwrap();
    assert_eq!((market.index_price, market.index_time), (20_010, update.time));
    assert_eq!(venue.state.registers().oracle_root, update.marks);
}

#[test]
fn risk_arrays_are_bound_to_marks_scenarios_and_root() {
    let venue = &mut small();
    let old = venue.risk_array();
    let update = next_update(venue);
    accepted(venue, update);
    assert_eq!(refused(venue, old.clone()), Reject::WrongMarks, "computed from marks of another time");
    let good = venue.risk_array();
    let with = |change: &dyn Fn(&mut AdoptRisk)| {
        let mut changed = good.clone();
        change(&mut changed);
        changed
    };
    let other_scenarios = with(&|adopt| adopt.scenario_hash += Fr::one());
    assert_eq!(refused(venue, other_scenarios), Reject::WrongScenarios);
    let stale = with(&|adopt| adopt.time -= 1);
    assert_eq!(refused(venue, stale), Reject::StaleMarks);
    let other_root = with(&|adopt| adopt.risk_root += Fr::one());
    assert_eq!(refused(venue, other_root), Reject::RiskRootMismatch);
    let other_price = with(&|adopt| adopt.rows[3].as_mut().unwrap().prices[7] += 1);
    assert_eq!(refused(venue, other_price), Reject::RiskRootMismatch);
    let missing_rows = with(&|adopt| adopt.rows.truncate(3));
    assert_eq!(refused(venue, missing_rows), Reject::RiskRootMismatch);
    let ascend = "instruments do not strictly ascend";
    let swapped = with(&|adopt| adopt.rows.swap(2, 3));
    assert_eq!(refused(venue, swapped), Reject::BadRiskRow { row: 3, reason: ascend });
    let twice = with(&|adopt| adopt.rows[1] = adopt.rows[0].clone());
    assert_eq!(refused(venue, twice), Reject::BadRiskRow { row: 1, reason: ascend });
    let too_dear = with(&|adopt| adopt.rows[2].as_mut().unwrap().prices[0] = 1 << 63);
    assert_eq!(refused(venue, too_dear), Reject::BadRiskRow { row: 2, reason: "prices out of range" });
    let too_many = with(&|adopt| {
        adopt.rows.resize(65, None);
    });
    assert_eq!(refused(venue, too_many), Reject::BadRiskRow { row: 64, reason: "beyond the depth of the tree" });
    let shifted = with(&|adopt| adopt.rows.swap(0, 1));
    assert_eq!(refused(venue, shifted), Reject::RiskRootMismatch, "the same rows at other places");
    accepted(venue, good);
}

#[test]
fn stale_prices_stop_trading_but_not_plain_cash() {
    let venue = &mut small();
    let fill = venue.trade(BOB, ALICE, perpetual(), venue.spot, 10);
    accepted(venue, fill);
    venue.time += 301;
    let update = venue.oracle_update();
    accepted(venue, update);
    let fill = venue.trade(BOB, ALICE, perpetual(), venue.spot, 10);
    assert_eq!(refused(venue, fill), Reject::StalePrice);
    let withdraw = |venue: &Venue, actor: usize| {
        let mut tx = Withdraw {
            account: venue.actors[actor].id,
            amount: 1,
            nonce: 0,
            signature: crate::state::testing::venue::unsigned(),
        };
        tx.signature = venue.actors[actor].key.sign(tx.message(venue.state.params().venue()));
        tx
    };
    let tx = withdraw(venue, ALICE);
    assert_eq!(refused(venue, tx), Reject::StalePrice);
    let tx = withdraw(venue, CAROL);
    accepted(venue, tx);
    let adopt = venue.risk_array();
    accepted(venue, adopt);
    let tx = withdraw(venue, ALICE);
    accepted(venue, tx);
}

#[test]
fn rows_priced_with_other_terms() {
    let venue = &mut small();
    let update = next_update(venue);
    accepted(venue, update);
    for change in 0..2 {
        let mut adopt = venue.risk_array();
        let mut rows = adopt.rows.iter_mut().flatten();
        let row = rows.find(|row| row.instrument == call(1)).unwrap();
        match change {
            0 => row.strike += 1,
            _ => row.expiry += 1,
        }
        adopt.risk_root = RiskArray::new(adopt.rows.clone(), 6).unwrap().root();
        accepted(venue, adopt);
        let price = venue.mark(call(1)).unwrap();
        let fill = venue.trade(BOB, ALICE, call(1), price, 1);
        assert_eq!(refused(venue, fill), Reject::TermsMismatch(call(1)));
    }
}

#[test]
fn listings() {
    let venue = &mut small();
    let good = List {
        market: MarketId(5),
        underlying: PERPETUAL,
        expiry: venue.time + DAY,
        strike_base: 1,
        strike_step: ((1 << 63) - 2) / 2047,
    };
    let bad = |field| Reject::BadListing { field };
    assert_eq!(refused(venue, List { market: MarketId(1), ..good }), Reject::MarketExists(MarketId(1)));
    assert_eq!(refused(venue, List { underlying: MarketId(9), ..good }), Reject::UnknownMarket(MarketId(9)));
    assert_eq!(refused(venue, List { underlying: MarketId(1), ..good }), bad("underlying"));
    assert_eq!(refused(venue, List { expiry: venue.time, ..good }), bad("expiry"));
    assert_eq!(refused(venue, List { strike_base: 0, ..good }), bad("strike_base"));
    assert_eq!(refused(venue, List { strike_step: 0, ..good }), bad("strike_step"));
    assert_eq!(refused(venue, List { strike_step: good.strike_step + 1, ..good }), bad("strike_step"));
    assert_eq!(refused(venue, List { expiry: 0, ..good }), bad("underlying"));
    assert_eq!(refused(venue, List { expiry: 0, underlying: MarketId(5), ..good }), bad("strike_base"));
    assert_eq!(refused(venue, List { market: MarketId(1 << 12), ..good }), Reject::OutOfRange { field: "market" });
    accepted(venue, good);
}

/// A position is fixed at exactly its expiry, settled once, and nothing else works on it meanwhile.
#[test]
fn expiry_from_last_trade_to_settlement() {
    let venue = &mut small();
    let expiry = START + 2 * DAY;
    let (instrument, market) = (call(1), MarketId(1));
    let price = venue.mark(instrument).unwrap();
    let fill = venue.trade(BOB, ALICE, instrument, price, 10);
    accepted(venue, fill);
    let strike = venue.state.market(market).unwrap().unwrap().strike(instrument);
    let settle = Settle { account: venue.actors[ALICE].id, instrument };
    assert_eq!(refused(venue, settle), Reject::NotSettled(market));
    let early = venue.fixing(market, expiry);
    assert_eq!(refused(venue, early.clone()), Reject::NotExpired(market));

    venue.time = expiry;
    venue.spot = strike + 700;
    venue.publish();
    let fill = venue.trade(BOB, ALICE, instrument, price, 1);
    assert_eq!(refused(venue, fill), Reject::MarketExpired(market));
    let fill = venue.trade(BOB, ALICE, perpetual(), venue.spot, 1);
    assert_eq!(refused(venue, fill), Reject::UnsettledPosition(instrument));

    let fixing = venue.fixing(market, expiry);
    let wrong_time = venue.fixing(market, expiry + 1);
    let signer = Signer::Oracle(wrong_time.reports[0].signer);
    assert_eq!(refused(venue, wrong_time), Reject::BadSignature { signer }, "a price of another time");
    let other_series = FixExpiry { market: MarketId(2), reports: fixing.reports.clone() };
    assert_eq!(refused(venue, other_series), Reject::NotExpired(MarketId(2)));
    assert_eq!(refused(venue, FixExpiry { market: PERPETUAL, ..fixing.clone() }), Reject::NotASeries(PERPETUAL));
    let Event::ExpiryFixed { price } = accepted(venue, fixing.clone()).event else { panic!("a fixing") };
    assert_eq!(refused(venue, fixing), Reject::AlreadySettled(market));

    let cash = venue.state.account(settle.account).unwrap().unwrap().cash;
    let receipt = accepted(venue, settle);
    assert_eq!(receipt.event, Event::Settled { payoff: price - strike, qty: -10 });
    let after = venue.state.account(settle.account).unwrap().unwrap().cash;
    assert_eq!(after, cash - 10 * i128::from(price - strike));
    assert_eq!(refused(venue, settle), Reject::NoPosition { account: settle.account, instrument });
    // Bob has not settled yet: the other side is still frozen, and free once settled.
    let fill = venue.trade(BOB, CAROL, perpetual(), venue.spot, 1);
    assert_eq!(refused(venue, fill), Reject::UnsettledPosition(instrument));
    let bob = venue.actors[BOB].id;
    accepted(venue, Settle { account: bob, instrument });
    accepted(venue, fill);
}

#[test]
fn funding_is_charged_once_per_interval_and_sums_to_nothing() {
    let venue = &mut small();
    let tick = FundingTick { market: PERPETUAL };
    let fill = venue.trade(BOB, ALICE, perpetual(), venue.spot, 10);
    accepted(venue, fill);
    // Listed before the clock had started: the hours since are forgiven, all but one.
    accepted(venue, tick);
    let charged_up_to = venue.state.market(PERPETUAL).unwrap().unwrap().funding_time;
    assert!(charged_up_to <= venue.time && venue.time < charged_up_to + 3_600 && charged_up_to.is_multiple_of(3_600));
    assert_eq!(refused(venue, tick), Reject::FundingNotDue(PERPETUAL));
    assert_eq!(refused(venue, FundingTick { market: MarketId(1) }), Reject::NotAnIndex(MarketId(1)));
    assert_eq!(refused(venue, FundingTick { market: MarketId(9) }), Reject::UnknownMarket(MarketId(9)));

    // A mark above the index: longs pay shorts, capped at half a percent of the index for the period.
    venue.time = charged_up_to + 3_600;
    let update = venue.oracle_update();
    accepted(venue, update);
    let mut adopt = venue.risk_array();
    adopt.rows[0].as_mut().unwrap().prices[0] = 2 * venue.spot;
    adopt.risk_root = RiskArray::new(adopt.rows.clone(), 6).unwrap().root();
    accepted(venue, adopt);
    let equity = |venue: &mut Venue, actor: usize| venue.state.health(venue.actors[actor].id).unwrap().equity;
    let before = (equity(venue, ALICE), equity(venue, BOB));
    let index = venue.state.market(PERPETUAL).unwrap().unwrap().index_price;
    let Event::FundingTicked { step } = accepted(venue, tick).event else { panic!("a tick") };
    assert_eq!(step, (i64::try_from(index * 50 / 10_000).unwrap() * 3_600).div_euclid(28_800));
    assert!(step > 0);
    let after = (equity(venue, ALICE), equity(venue, BOB));
    assert_eq!((after.0 - before.0, after.1 - before.1), (10 * i128::from(step), -10 * i128::from(step)));
}

#[test]
fn funding_waits_for_its_time_and_for_prices() {
    let venue = &mut small();
    let market = MarketId(9);
    let list = List { market, underlying: market, expiry: 0, strike_base: 0, strike_step: 0 };
    accepted(venue, list);
    let tick = FundingTick { market };
    assert_eq!(refused(venue, tick), Reject::FundingNotDue(market));
    venue.time += 3_600;
    let update = venue.oracle_update();
    accepted(venue, update);
    assert_eq!(refused(venue, tick), Reject::StalePrice, "the risk array is old");
    let adopt = venue.risk_array();
    accepted(venue, adopt);
    assert_eq!(refused(venue, tick), Reject::StalePrice, "the market has no index");
}
