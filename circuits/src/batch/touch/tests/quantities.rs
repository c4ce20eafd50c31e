//! Quantities, values and fees out of range; lists that are none.

use ethnum::I256;
use zomma_gadgets::fixed::native::div_floor;
use zomma_gadgets::frame::BlockBuilder;
use zomma_gadgets::frame::lanes::Table;
use zomma_gadgets::testing::Single;

use super::super::blocks::trade_at;
use super::*;
use crate::batch::tests::{call, of, perpetual, venue};
use crate::state::ids::InstrumentId;

/// A venue whose accounts are rich enough for whatever they trade.
fn rich() -> Venue {
    let mut venue = venue(16);
    for actor in [2, 3, 4].repeat(40) {
        let deposit = venue.deposit(actor, (1 << 63) - 1);
        venue.must(deposit);
    }
    venue
}

#[test]
fn quantities_and_values_that_overflow() {
    type Make = fn(&mut Venue) -> Tx;
    const MOST: u64 = (1 << 53) - 1;
    let quantity = "position afterwards: |q| < 2^53 = sum of limbs";
    let value = [
        COPY,
        "relief: health does not fall = sum of limbs",
        "relief: no hole is dug = sum of limbs",
        "relief: reduce-only = sum of limbs",
        "trade: price size < 2^94 = sum of limbs",
        "trade: v < 2^94 = sum of limbs",
    ];
    let cases: [(&str, Make, &[&str]); 3] = [
        // Account 2 holds 500 lots, account 3 owes as many; the margin would bear it.
        (
            "a position of 2^53 lots",
            |venue| {
                let call = call(venue);
                venue.trade(2, 3, call, 1_000, MOST - 499).into()
            },
            &[COPY, quantity],
        ),
        (
            "a fill of 2^53 lots",
            |venue| {
                let perpetual = perpetual(venue);
                venue.trade(2, 4, perpetual, 1, MOST + 1).into()
            },
            &[COPY, "order: size in all = sum of limbs", quantity, "values: size = sum of limbs"],
        ),
        (
            "a value of 2^94",
            |venue| {
                let perpetual = perpetual(venue);
                venue.trade(2, 4, perpetual, 1 << 42, 1 << 52).into()
            },
            &value,
        ),
    ];
    let mut found = vec![];
    for (name, make, expected) in cases {
        let mut venue = rich();
        let tx = make(&mut venue);
        found.push((name, refused(of([0, 2, 2, 0, 2]), forged(&mut venue, &tx, |_| {})), expected));
    }
    check(found);
}

/// The same id twice, or ids out of order, in lists that are edited, hashed and margined as if they were good ones.
#[test]
fn lists_that_do_not_ascend() {
    type Pick = fn(&mut Venue) -> InstrumentId;
    let ascend: &[&str] = &["position: instruments ascend = sum of limbs"];
    let cases: [(&str, Pick, usize, Cheat); 3] = [
        ("a position beside the one that there is", call, 2, |batch| {
            let touch = &mut batch.touches[1];
            let [whole] = touch.after.0[..] else { panic!("one position") };
            let old = touch.held.take().expect("a position");
            let new = Position { qty: whole.qty - old.qty, entry: whole.entry - old.entry, ..whole };
            touch.after.0 = vec![new, old];
        }),
        ("the same, behind it", call, 2, |batch| {
            let touch = &mut batch.touches[1];
            let [whole] = touch.after.0[..] else { panic!("one position") };
            let old = touch.held.take().expect("a position");
            let new = Position { qty: whole.qty - old.qty, entry: whole.entry - old.entry, ..whole };
            touch.after.0 = vec![old, new];
            touch.place = 1;
        }),
        ("a position behind one of a higher id", perpetual, 2, |batch| {
            let touch = &mut batch.touches[1];
            touch.after.0.reverse();
            touch.place = 1;
        }),
    ];
    let mut found = vec![];
    for (name, pick, buyer, cheat) in cases {
        let mut venue = venue(17);
        let instrument = pick(&mut venue);
        let price = venue.mark(instrument).expect("a price");
        let tx = venue.trade(buyer, 4, instrument, price, 10).into();
        found.push((name, refused(of([0, 2, 2, 0, 2]), accepted(&mut venue, &tx, cheat)), ascend));
    }
    check(found);
}

/// A prover who takes another fee than is due, or a negative one.
#[test]
fn fees_that_are_not_due() {
    fn due(millionths: I256) -> I256 {
        div_floor(millionths + 999_999, I256::from(1_000_000))
    }
    let refused = |make: fn(Table) -> BlockBuilder, size: i64| -> BTreeSet<String> {
        let inputs = [0, 1, 20_001, size, 5, 100, 300].map(I256::from).to_vec();
        Single::of(make, inputs, vec![]).failures(&[]).into_iter().map(|failure| failure.name).collect()
    };
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let [low, high] = ["trade: fee: not too low = sum of limbs", "trade: fee: not too high = sum of limbs"];
    // The remainder, which is 997,900 for 7 lots and 0 for 10,000, is refused on its own side, and on the other where it is beyond what has limbs.
    for (size, less, more) in [(7, &[low][..], &[low, high][..]), (10_000, &[low, high], &[high])] {
        assert_eq!(refused(|table| trade_at(table, due), size), named(&[]));
        assert_eq!(refused(|table| trade_at(table, |at| due(at) - 1), size), named(less));
        assert_eq!(refused(|table| trade_at(table, |at| due(at) + 1), size), named(more));
        assert_eq!(refused(|table| trade_at(table, |_| I256::ZERO), size), named(&[low, high]));
        // A fee is a sum of limbs and cannot be negative: what -1 makes of them is a large one.
        assert_eq!(refused(|table| trade_at(table, |_| I256::from(-1)), size), named(&[low, high]));
    }
}
