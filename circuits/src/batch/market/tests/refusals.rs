//! Transactions that the state refuses, and the constraint that refuses each: the prover assigns it all the same, as honestly as can be.

use super::*;
use crate::state::ApplyError;
use crate::state::oracle::{fixing_message, report_message};
use crate::state::tx::{FixExpiry, OracleUpdate};

/// Asserts that the state refuses a transaction with this code; what refuses it in the circuit, what it would make public apart.
fn refused_with(
    state: &mut State,
    tx: impl Into<Tx>,
    code: &str,
    cheat: impl FnOnce(&mut MarketWitness),
) -> Vec<String> {
    let tx = tx.into();
    let mut claim = Claim::of(state, &[], 1);
    let mut slot = MarketWitness::of(state, &tx).expect("a store in memory").expect("a market transaction");
    cheat(&mut slot);
    claim.circuit.slots = vec![Some(slot)];
    if let Some(frame) = &mut claim.circuit.frame {
        frame.words = tx.encode().len() as u32;
    }
    match state.apply(&tx) {
        Err(ApplyError::Rejected(reject)) => assert_eq!(reject.code(), code, "{tx:?}"),
        other => panic!("{tx:?}: {other:?}"),
    }
    claim.refused(K).into_iter().filter(|name| name != "new root" && name != "context").collect()
}

fn refused(state: &mut State, tx: impl Into<Tx>, code: &str) -> Vec<String> {
    refused_with(state, tx, code, |_| ())
}

#[test]
fn listings() {
    let mut venue = venue(20);
    let now = venue.state.registers().time;
    let mut refuses = |list: List, code: &str, expected: &[&str]| {
        assert_eq!(refused(&mut venue.state, list, code), expected, "{list:?}");
    };
    // Over a market: its place has another leaf, and saying that it is empty does not help.
    refuses(perpetual(0), "market_exists", &["listing: no such market", "path"]);
    let unknown = "second opening: the underlying is a market";
    refuses(List { underlying: MarketId(9), ..series(5, now + 9) }, "unknown_market", &[unknown]);
    // A series is a market, but its terms are not an id alone.
    refuses(List { underlying: SERIES, ..series(5, now + 9) }, "bad_listing", &[unknown]);
    refuses(series(5, now), "bad_listing", &["listing: it expires later = sum of limbs"]);
    // The rules of strikes are those of a block, and tested there.
    let over = |slot: &mut MarketWitness| slot.exists = false;
    assert_eq!(refused_with(&mut venue.state, perpetual(0), "market_exists", over), ["path"]);
}

/// An update by three signers at the time given.
fn update(venue: &Venue, market: MarketId, time: u64) -> OracleUpdate {
    let words = venue.state.params().venue();
    let message = |price| report_message(market, time, price, Fr::from(5), words);
    let reports = reports(venue, [0, 1, 2], [7, 8, 9], message);
    OracleUpdate { market, time, marks: Fr::from(5), reports }
}

#[test]
fn updates() {
    let mut venue = venue(21);
    let now = venue.time;
    venue.must(perpetual(2));
    let backwards =
        ["market rules: time > the index's = sum of limbs", "market rules: time >= the state's = sum of limbs"];
    let tx = update(&venue, PERPETUAL, now - 1);
    assert_eq!(refused(&mut venue.state, tx, "time_backwards"), backwards);
    let tx = update(&venue, PERPETUAL, now);
    assert_eq!(refused(&mut venue.state, tx, "time_backwards"), backwards[..1]);
    let tx = update(&venue, MarketId(2), now - 1);
    assert_eq!(refused(&mut venue.state, tx, "time_backwards"), backwards[1..]);
    let tx = update(&venue, SERIES, now + 1);
    assert_eq!(refused(&mut venue.state, tx, "not_an_index"), ["market rules: it is an index"]);
    let tx = update(&venue, MarketId(3), now + 1);
    assert_eq!(refused(&mut venue.state, tx, "unknown_market"), ["market rules: the market exists"]);
    let mut tx = update(&venue, PERPETUAL, now + 1);
    tx.reports[1].price = 0;
    let found = refused(&mut venue.state, tx, "out_of_range");
    assert_eq!(found, ["report: price >= 1 = sum of limbs", "signature 1"]);
}

#[test]
fn signers() {
    let mut venue = venue(22);
    let honest = update(&venue, PERPETUAL, venue.time + 1);
    let mut refuses = |spoil: &dyn Fn(&mut OracleUpdate), code: &str, expected: &[&str]| {
        let mut tx = honest.clone();
        spoil(&mut tx);
        assert_eq!(refused(&mut venue.state, tx, code), expected, "{code}");
    };
    let ascend = "signer: signers ascend = sum of limbs";
    refuses(&|tx| tx.reports[1] = tx.reports[0], "signer_order", &[ascend]);
    // Beyond the parameters' five, where the coordinates are the prover's.
    let found = |tx: &mut OracleUpdate| tx.reports[2].signer = 5;
    let curve = "edwards: step of a ladder: a p^2 + y^2 = 1 + d p^2 y^2";
    let unknown = ["at most: w v = c", curve, "signature 2", "signer: it is one of the parameters'"];
    refuses(&found, "unknown_signer", &unknown);
    // Somebody else's signature, another price, a response that is one more, one that is a multiple of the order more.
    refuses(&|tx| tx.reports[2].signer = 3, "bad_signature", &["signature 2"]);
    refuses(&|tx| tx.reports[0].price = 1, "bad_signature", &["signature 0"]);
    refuses(&|tx| tx.reports[0].signature.s += Fr::one(), "bad_signature", &["signature 0"]);
    refuses(&|tx| tx.marks += Fr::one(), "bad_signature", &["signature 0", "signature 1", "signature 2"]);
    let order = Fr::from_raw(zomma_gadgets::edwards::ORDER);
    let mut malleated = honest.clone();
    malleated.reports[0].signature.s += order;
    assert!(malleated.reports[0].signature.read().is_none(), "it is not even a witness");
    // One report too few.
    let mut few = honest;
    few.reports.truncate(2);
    let found = refused(&mut venue.state, few, "report_count");
    let price = "report: price >= 1 = sum of limbs";
    assert_eq!(found, [unknown[0], curve, price, "signature 2", "signer: one key signs", ascend]);
}

#[test]
fn another_threshold() {
    let old = venue(23);
    let mut params = old.state.params().clone();
    params.oracle.threshold = 5;
    let store = Box::new(crate::state::store::MemoryStore::new());
    let mut state = State::open(store, params).expect("valid parameters and an empty store");
    state.apply(&perpetual(0).into()).expect("a good listing");
    let tx = update(&old, PERPETUAL, old.time);
    let found = refused(&mut state, tx, "report_count");
    assert_eq!(found, ["market rules: as many as the threshold"]);
}

#[test]
fn fixings() {
    let mut venue = venue(24);
    let expiry = market(&mut venue, SERIES).expiry;
    let words = venue.state.params().venue();
    let fixing = |venue: &Venue, market: MarketId, expiry: u64| {
        let reports = reports(venue, [0, 1, 2], [7, 8, 9], |price| fixing_message(market, expiry, price, words));
        FixExpiry { market, reports }
    };
    let tx = fixing(&venue, SERIES, expiry);
    let early = refused(&mut venue.state, tx.clone(), "not_expired");
    assert_eq!(early, ["market rules: it has expired = sum of limbs"]);
    venue.time = expiry;
    let update = venue.oracle_update();
    venue.must(update);
    let perpetual = fixing(&venue, PERPETUAL, 0);
    assert_eq!(refused(&mut venue.state, perpetual, "not_a_series"), ["market rules: it is a series"]);
    let nowhere = fixing(&venue, MarketId(9), 0);
    let found = refused(&mut venue.state, nowhere, "unknown_market");
    assert_eq!(found, ["market rules: it is a series", "market rules: the market exists"]);
    // The price of a minute later, or of an index update, does not count.
    let later = fixing(&venue, SERIES, expiry + 60);
    let signatures = ["signature 0", "signature 1", "signature 2"];
    assert_eq!(refused(&mut venue.state, later, "bad_signature"), signatures);
    let message = |price| report_message(SERIES, expiry, price, Fr::zero(), words);
    let reports = reports(&venue, [0, 1, 2], [7, 8, 9], message);
    let other = FixExpiry { market: SERIES, reports };
    assert_eq!(refused(&mut venue.state, other, "bad_signature"), signatures);
    venue.must(tx.clone());
    let twice = refused(&mut venue.state, tx, "already_settled");
    assert_eq!(twice, ["market rules: it has no settlement price"]);
}

#[test]
fn ticks() {
    let mut venue = priced(25, 5);
    let not_row = "second opening: the row is in the risk array";
    let found = refused(&mut venue.state, FundingTick { market: SERIES }, "not_an_index");
    let index = ["funding is due: the index is fresh", "funding is due: the index is of some time"];
    let index = index.map(|name| format!("{name} = sum of limbs"));
    assert_eq!(found, [&index[0], &index[1], "market rules: it is an index", not_row]);
    venue.must(TICK);
    let due = "funding is due: an interval has passed = sum of limbs";
    assert_eq!(refused(&mut venue.state, TICK, "funding_not_due"), [due]);
    venue.must(perpetual(6));
    // An hour later with an index price, and marks of an hour ago.
    venue.time += HOUR;
    let update = venue.oracle_update();
    venue.must(update);
    let marks = "funding is due: the marks are fresh = sum of limbs";
    assert_eq!(refused(&mut venue.state, TICK, "stale_price"), [marks]);
    // Fresh marks, and an index price that is old, or of no time.
    venue.time += HOUR;
    let other = self::update(&venue, MarketId(6), venue.time);
    venue.must(other);
    let adopt = array(&mut venue, 0);
    venue.must(adopt);
    let index = "funding is due: the index is fresh = sum of limbs";
    assert_eq!(refused(&mut venue.state, TICK, "stale_price"), [index]);
    // A perpetual that has no row; another's row does not do.
    let found = refused(&mut venue.state, FundingTick { market: MarketId(6) }, "not_in_risk_array");
    assert_eq!(found, [not_row]);
    let row = MarketWitness::of(&mut venue.state, &TICK.into()).expect("a store in memory").expect("a tick");
    let another = |slot: &mut MarketWitness| {
        (slot.words, slot.last, slot.second) = (row.words, row.last, row.second);
    };
    let tick = FundingTick { market: MarketId(6) };
    assert_eq!(refused_with(&mut venue.state, tick, "not_in_risk_array", another), [not_row]);
}

#[test]
fn arrays_before_any_marks() {
    let params = venue(26).state.params().clone();
    let store = Box::new(crate::state::store::MemoryStore::new());
    let mut state = State::open(store, params).expect("valid parameters and an empty store");
    let adopt = AdoptRisk {
        risk_root: Fr::from(5),
        marks: Fr::zero(),
        scenario_hash: state.params().scenario_hash,
        time: 0,
        rows: vec![],
    };
    let found = refused(&mut state, adopt, "out_of_range");
    assert_eq!(found, ["market effect: there are marks to adopt = sum of limbs"]);
}

/// The circuit has no marks, scenario set or time of its own for an array: those of the state and the parameter set are the only ones, and the
/// context names them to whoever checks the proof of `risk`.
#[test]
fn arrays_of_other_marks_are_for_the_state_to_refuse() {
    let mut venue = priced(27, 0);
    let honest = array(&mut venue, 0);
    let mut refuses = |spoil: &dyn Fn(&mut AdoptRisk), code: &str| {
        let mut tx = honest.clone();
        spoil(&mut tx);
        assert_eq!(refused(&mut venue.state, tx, code), [""; 0], "{code}");
    };
    refuses(&|tx| tx.marks += Fr::one(), "wrong_marks");
    refuses(&|tx| tx.scenario_hash += Fr::one(), "wrong_scenarios");
    refuses(&|tx| tx.time -= 1, "stale_marks");
    refuses(&|tx| tx.risk_root += Fr::one(), "risk_root_mismatch");
    refuses(&|tx| tx.rows.swap(0, 2), "bad_risk_row");
}
