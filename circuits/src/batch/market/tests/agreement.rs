//! Slots of every type, alone and mixed, make public what the native batch does.

use zomma_gadgets::layout::Layout;

use super::*;
use crate::state::oracle::{fixing_message, report_message};
use crate::state::tx::{FixExpiry, OracleUpdate};

/// Asserts that a batch is accepted, and that it is not when anything else is claimed to be public.
fn accepted(k: u32, claim: &Claim) {
    assert_eq!(claim.refused(k), [""; 0]);
}

#[test]
fn a_listing() {
    let mut venue = venue(1);
    let claim = Claim::of(&mut venue.state, &[perpetual(9).into(), series(4_095, 2_000_000_000).into()], 0);
    accepted(K, &claim);
    for row in 0..3 {
        let wrong = claim.clone().with(|claim| claim.public[row] += Fr::one());
        assert_eq!(wrong.refused(K), [["old root", "new root", "context"][row]]);
    }
}

#[test]
fn an_index_price_by_any_three_signers_in_any_order_of_prices() {
    // Every order is tried on the block alone; here those that choose differently.
    let cases = [([5, 9, 7], [0, 1, 2], 7), ([9, 5, 7], [0, 2, 4], 7), ([7, 7, 5], [2, 3, 4], 7)];
    for (prices, signers, median) in cases {
        let mut venue = venue(2);
        let (time, marks) = (venue.time + 1, Fr::from(33));
        let words = venue.state.params().venue();
        let message = |price| report_message(PERPETUAL, time, price, marks, words);
        let reports = reports(&venue, signers, prices, message);
        let update = OracleUpdate { market: PERPETUAL, time, marks, reports };
        accepted(K, &Claim::of(&mut venue.state, &[update.into()], 0));
        assert_eq!(market(&mut venue, PERPETUAL).index_price, median);
    }
}

#[test]
fn an_index_price_at_its_largest() {
    let mut venue = venue(3);
    let (time, marks) = ((1 << 40) - 1, -Fr::one());
    let words = venue.state.params().venue();
    let message = |price| report_message(PERPETUAL, time, price, marks, words);
    let reports = reports(&venue, [1, 2, 3], [u64::MAX >> 1; 3], message);
    let update = OracleUpdate { market: PERPETUAL, time, marks, reports };
    accepted(K, &Claim::of(&mut venue.state, &[update.into()], 0));
}

#[test]
fn a_settlement_price() {
    let mut venue = venue(4);
    let expiry = market(&mut venue, SERIES).expiry;
    venue.time = expiry;
    let update = venue.oracle_update();
    let words = venue.state.params().venue();
    let reports = reports(&venue, [0, 3, 4], [3, 1, 2], |price| fixing_message(SERIES, expiry, price, words));
    let fixing = FixExpiry { market: SERIES, reports };
    accepted(K, &Claim::of(&mut venue.state, &[update.into(), fixing.into()], 0));
}

#[test]
fn a_risk_array() {
    let mut venue = venue(5);
    venue.time += 1;
    let update = venue.oracle_update();
    venue.must(update);
    let adopt = venue.risk_array();
    accepted(K, &Claim::of(&mut venue.state, &[adopt.into()], 1));
}

#[test]
fn funding_within_the_cap_at_it_and_beyond() {
    // The cap is 50 bp of an index of about 20,000: 100 ticks.
    for premium in [-99, 5_000, -5_000] {
        let mut venue = priced(6, premium);
        let before = market(&mut venue, PERPETUAL);
        accepted(K, &Claim::of(&mut venue.state, &[TICK.into()], 0));
        let after = market(&mut venue, PERPETUAL);
        // An eighth of the premium, which is a tick or two off as the index is, or of the cap, rounded down.
        let step = after.funding_index - before.funding_index;
        let expected = match premium {
            5_000 => 12..=12,
            -5_000 => -13..=-13,
            _ => (premium - 2).div_euclid(8)..=(premium + 2).div_euclid(8),
        };
        assert!(expected.contains(&step), "{premium}: {step}");
        assert!(venue.time - after.funding_time < HOUR);
    }
}

#[test]
fn intervals_are_forgiven() {
    let mut venue = priced(7, 0);
    venue.must(TICK);
    let once = market(&mut venue, PERPETUAL);
    venue.time = once.funding_time + 3 * HOUR - 1;
    venue.publish();
    accepted(K, &Claim::of(&mut venue.state, &[TICK.into()], 0));
    assert_eq!(market(&mut venue, PERPETUAL).funding_time, once.funding_time + 2 * HOUR);
}

#[test]
fn nothing_on_any_state() {
    let mut some = venue(8);
    let root = some.state.root().expect("a store in memory");
    let claim = Claim::of(&mut some.state, &[], 2);
    accepted(K, &claim);
    assert_eq!(claim.public[..2], [root, root]);
    let store = Box::new(crate::state::store::MemoryStore::new());
    let mut empty = State::open(store, some.state.params().clone()).expect("valid parameters and an empty store");
    accepted(K, &Claim::of(&mut empty, &[], 1));
    // On a state without anything, the first listing and update.
    let update = some.oracle_update();
    accepted(K, &Claim::of(&mut empty, &[perpetual(0).into(), update.into()], 0));
}

#[test]
fn all_types_mixed() {
    let mut venue = priced(9, 40);
    let mut txs: Vec<Tx> = vec![TICK.into(), perpetual(7).into()];
    venue.time = market(&mut venue, SERIES).expiry + 3;
    let update = venue.oracle_update();
    txs.push(update.clone().into());
    let fixing = venue.fixing(SERIES, venue.time - 3);
    txs.push(fixing.into());
    txs.push(series(4, venue.time + 1).into());
    // What is adopted follows the update, so the state has to be there first.
    let mut twin = priced(9, 40);
    twin.time = venue.time;
    txs.iter().for_each(|tx| drop(twin.must(tx.clone())));
    let adopt = array(&mut twin, -7);
    txs.push(adopt.into());
    txs.push(TICK.into());
    let claim = Claim::of(&mut venue.state, &txs, 1);
    accepted(16, &claim);
}

#[test]
fn rows_are_as_stated() {
    let mut venue = venue(10);
    let claim = Claim::of(&mut venue.state, &[], 2);
    for circuit in [claim.circuit.clone(), claim.circuit.without_witnesses()] {
        let layout = Layout::record(K, &circuit).expect("it can be laid out");
        println!("market slot: {SLOT} rows; frame: {FRAME}; all: {}", layout.rows());
        assert!(layout.fits(), "{} of {}", layout.needed_rows, layout.usable_rows);
        assert_eq!(layout.degrees().map(|(_, degree)| degree).max(), Some(5));
    }
}
