//! Cheating witnesses: each is refused, and by the constraint that is there for it.
//!
//! A transaction that the state refuses is assigned as a prover would who applies it nevertheless; public inputs, which are then another history's, are
//! not looked at. The second account of such a fill or transfer is opened as it was before the first one changed, which its path shows. What is not named by a constraint is a copy: of a root, of a word of a list, or of a coordinate of a signature's point.

use halo2curves::bn256::Fr;

use super::*;
use crate::batch::tests::{call, of, perpetual, venue};
use crate::state::ids::{AccountId, Owner};
use crate::state::order::Side;
use crate::state::testing::venue::{Venue, unsigned};
use crate::state::tx::{Auction, Cancel, Collect, Deposit, Fill, Reserve, RotateKey, Settle, Transfer, Tx, Withdraw};

/// A sale of the perpetual by account 3 to account 4.
fn fill(venue: &mut Venue) -> Fill {
    let perpetual = perpetual(venue);
    venue.trade(4, 3, perpetual, 20_000, 10)
}

#[test]
fn a_fill_that_is_tampered_with() {
    let shape = of([0, 2, 2, 0, 3]);
    let cases: [(&str, Cheat, &[&str]); 15] = [
        ("honest", |_| {}, &[]),
        ("swapped siblings", |batch| batch.touches[0].path.siblings.swap(0, 1), &[COPY]),
        (
            "another account in the taker's place",
            |batch| batch.touches[1].path.index ^= 1,
            &[COPY, "instrument: the account named"],
        ),
        (
            "the taker left out",
            |batch| drop(batch.touches.remove(1)),
            &[COPY, "kind: a taker after a maker", "registers afterwards: as many words as claimed"],
        ),
        (
            "the maker left out",
            |batch| drop(batch.touches.remove(0)),
            &[
                COPY,
                "instrument: the account named",
                "instrument: the other side",
                "instrument: the same amount or price",
                "instrument: the same size",
                "kind: a taker after a maker",
                "registers afterwards: as many words as claimed",
            ],
        ),
        (
            "the same account on both sides",
            |batch| batch.touches[1] = TouchWitness { kind: batch.touches[1].kind, ..batch.touches[0].clone() },
            &[COPY, "instrument: the account named", "instrument: the other side"],
        ),
        (
            "another price for the taker",
            |batch| batch.touches[1].amount -= 1,
            &[COPY, "instrument: the same amount or price"],
        ),
        (
            "another size for the taker",
            |batch| batch.touches[1].size += 1,
            &[COPY, "instrument: the same size", "slot: not exhausted = sum of limbs"],
        ),
        ("another limit than was signed", |batch| batch.touches[1].order.limit += 1, &[COPY]),
        ("another signature", |batch| batch.touches[1].signature = batch.touches[0].signature, &[COPY]),
        (
            "a slot as it never was",
            |batch| batch.touches[0].slot.number = 3,
            &[COPY, "slot: numbers only grow = sum of limbs"],
        ),
        ("positions of which one is not looked at", |batch| batch.touches[1].after.0.clear(), &[COPY]),
        ("a position that is not the account's", |batch| batch.touches[0].before.0[0].qty += 1, &[COPY]),
        (
            "positions out of order",
            |batch| batch.touches[0].after.0.reverse(),
            &[COPY, "position: instruments ascend = sum of limbs"],
        ),
        (
            "padding that changes cash",
            |batch| {
                let account = batch.touch_padding.account.as_mut().expect("the fee account");
                account.cash += 1;
            },
            &[COPY],
        ),
    ];
    let mut found = vec![];
    for (name, cheat, expected) in sampled(cases) {
        let mut venue = venue(11);
        let tx = fill(&mut venue).into();
        found.push((name, refused(shape, accepted(&mut venue, &tx, cheat)), expected));
    }
    check(found);
}

/// The rest of an order that is filled in part: the account's slots as they were before its first fill are not those of its leaf.
#[test]
fn slots_rolled_back() {
    let mut venue = venue(14);
    let whole = fill(&mut venue);
    venue.must(Fill { size: 6, ..whole });
    let witness = forged(&mut venue, &whole.into(), |batch| {
        for touch in &mut batch.touches {
            assert_eq!(touch.slot.used, 6);
            touch.slot = Default::default();
        }
    });
    assert_eq!(refused(of([0, 2, 2, 0, 2]), witness), [COPY]);
}

#[test]
fn fills_that_the_rules_refuse() {
    type Make = fn(&mut Venue) -> Fill;
    let shape = of([0, 2, 2, 0, 2]);
    let cases: [(&str, Make, &[&str]); 11] = [
        (
            "the same order twice",
            |venue| {
                let fill = fill(venue);
                venue.must(fill);
                fill
            },
            &[COPY, "slot: not exhausted = sum of limbs"],
        ),
        (
            "more than was ordered",
            |venue| Fill { size: 11, ..fill(venue) },
            &[COPY, "slot: not exhausted = sum of limbs"],
        ),
        (
            "a price above the buyer's limit",
            |venue| Fill { price: 20_001, ..fill(venue) },
            &[COPY, "order: price within the limit = sum of limbs"],
        ),
        (
            "a price below the seller's limit",
            |venue| Fill { price: 19_999, ..fill(venue) },
            &[COPY, "order: price within the limit = sum of limbs"],
        ),
        (
            "an order that was superseded",
            |venue| {
                let old = fill(venue);
                venue.actors[3].next_order = old.maker.order.id + 256;
                let new = fill(venue);
                venue.must(new);
                Fill { maker: old.maker, ..fill(venue) }
            },
            &[COPY, "slot: numbers only grow = sum of limbs"],
        ),
        (
            "what is worth something for a tick, by whom nothing is required of",
            |venue| {
                // A box, and all that it is worth borrowed.
                let put = venue.instruments()[6];
                let mark = venue.mark(put).expect("a price");
                let fill = venue.trade(2, 4, put, mark, 500);
                venue.must(fill);
                let health = venue.state.health(AccountId(2)).expect("a priced account");
                assert_eq!((health.maintenance, health.initial), (0, 0));
                let amount = health.equity as u64;
                let mut tx = Withdraw { account: AccountId(2), amount, nonce: 0, signature: unsigned() };
                tx.signature = venue.actors[2].key.sign(tx.message(venue.state.params().venue()));
                venue.must(tx);
                venue.trade(4, 2, put, 1, 500)
            },
            &[COPY, "relief: no hole is dug = sum of limbs"],
        ),
        (
            "an order that has expired",
            |venue| {
                let mut fill = fill(venue);
                fill.maker.order.expiry = venue.time - 1;
                fill.maker = venue.sign(3, fill.maker.order);
                fill
            },
            &[COPY, "order: not expired = sum of limbs"],
        ),
        (
            "an order that was cancelled",
            |venue| {
                let fill = fill(venue);
                let mut cancel = Cancel { account: AccountId(3), order_id: fill.maker.order.id, signature: unsigned() };
                cancel.signature = venue.actors[3].key.sign(cancel.message(venue.state.params().venue()));
                venue.must(cancel);
                fill
            },
            &[COPY, "slot: not closed = sum of limbs", "slot: not exhausted = sum of limbs"],
        ),
        (
            "both sell",
            |venue| {
                let mut fill = fill(venue);
                fill.taker.order.side = Side::Sell;
                fill.taker = venue.sign(4, fill.taker.order);
                fill
            },
            &[COPY, "instrument: the other side"],
        ),
        (
            "more than the margin bears",
            |venue| {
                let perpetual = perpetual(venue);
                venue.trade(4, 3, perpetual, 20_000, 10_000_000)
            },
            &[COPY, "relief: health does not fall = sum of limbs", "relief: reduce-only = sum of limbs"],
        ),
        (
            "stale marks",
            |venue| {
                venue.time += 301;
                let update = venue.oracle_update();
                venue.must(update);
                fill(venue)
            },
            &[COPY, "need of margin: a fill is at fresh marks", "prices that are used: they are fresh"],
        ),
    ];
    let mut found = vec![];
    for (name, make, expected) in sampled(cases) {
        let mut venue = venue(12);
        let tx = make(&mut venue).into();
        found.push((name, refused(shape, forged(&mut venue, &tx, |_| {})), expected));
    }
    check(found);
}

/// A transaction signed by account 2.
macro_rules! signed {
    ($venue:expr, $tx:expr) => {{
        let mut tx = $tx;
        tx.signature = $venue.actors[2].key.sign(tx.message($venue.state.params().venue()));
        tx.into()
    }};
}

#[test]
fn transactions_that_the_rules_refuse() {
    type Make = fn(&mut Venue) -> Tx;
    const ALICE: AccountId = AccountId(2);
    let cases: [(&str, Make, Cheat, &[&str]); 17] = [
        (
            "a withdrawal of what the margin needs",
            |venue| signed!(venue, Withdraw { account: ALICE, amount: 4_000_000_000, nonce: 0, signature: unsigned() }),
            |_| {},
            &["outcome: initial margin"],
        ),
        (
            "a withdrawal by nobody's signature",
            |_| Withdraw { account: ALICE, amount: 5, nonce: 0, signature: unsigned() }.into(),
            |_| {},
            &[COPY],
        ),
        (
            "a withdrawal with another nonce",
            |venue| signed!(venue, Withdraw { account: ALICE, amount: 5, nonce: 1, signature: unsigned() }),
            |_| {},
            &[COPY],
        ),
        (
            "a withdrawal of nothing",
            |venue| signed!(venue, Withdraw { account: ALICE, amount: 0, nonce: 0, signature: unsigned() }),
            |_| {},
            &["values: amount >= 1 = sum of limbs"],
        ),
        (
            "a reserve beyond the margin",
            |venue| signed!(venue, Reserve { account: ALICE, amount: 1 << 62, nonce: 0, signature: unsigned() }),
            |_| {},
            &["outcome: initial margin"],
        ),
        (
            "a transfer to oneself",
            |venue| signed!(venue, Transfer { from: ALICE, to: ALICE, amount: 5, nonce: 0, signature: unsigned() }),
            |_| {},
            &[COPY, "instrument: two accounts = sum of limbs"],
        ),
        (
            "a transfer to nobody",
            |venue| {
                signed!(venue, Transfer { from: ALICE, to: AccountId(77), amount: 5, nonce: 0, signature: unsigned() })
            },
            |_| {},
            &["account before: the account is known", COPY],
        ),
        (
            "a transfer that ends halfway",
            |venue| {
                signed!(venue, Transfer { from: ALICE, to: AccountId(3), amount: 5, nonce: 0, signature: unsigned() })
            },
            |batch| {
                batch.touches.truncate(1);
                let padding = batch.touch_padding.clone();
                batch.touches.insert(0, padding);
            },
            &[COPY],
        ),
        (
            "a registration of an account that is there",
            |venue| venue.registration(2).into(),
            |_| {},
            &["account before: no such account"],
        ),
        (
            "a registration over an account said not to be there",
            |venue| venue.registration(2).into(),
            |batch| batch.touches[0].account = None,
            &["account before: blank: no orders", "account before: blank: no position", COPY],
        ),
        (
            "a key of small order",
            |venue| {
                let key = crate::state::keys::PublicKey { x: Fr::zero(), y: Fr::one() };
                signed!(venue, RotateKey { account: ALICE, key, nonce: 0, signature: unsigned() })
            },
            |_| {},
            &["key: not the neutral element"],
        ),
        (
            "a key that is in part of small order",
            |venue| {
                // The point (0, -1) is of order two: the sum has both coordinates negated.
                let crate::state::keys::PublicKey { x, y } = venue.actors[3].key.public();
                let key = crate::state::keys::PublicKey { x: -x, y: -y };
                signed!(venue, RotateKey { account: ALICE, key, nonce: 0, signature: unsigned() })
            },
            |_| {},
            &["key: the key is the eightfold: x", "key: the key is the eightfold: y"],
        ),
        (
            "a key that is no point",
            |venue| {
                let key = crate::state::keys::PublicKey { x: Fr::from(5), y: Fr::from(6) };
                signed!(venue, RotateKey { account: ALICE, key, nonce: 0, signature: unsigned() })
            },
            |_| {},
            &["key: the key is the eightfold: x", "key: the key is the eightfold: y"],
        ),
        (
            "an auction of a healthy account",
            |_| Auction { account: ALICE }.into(),
            |_| {},
            &["outcome: a healthy account has an auction to stop"],
        ),
        (
            "a settlement before there is a price",
            |venue| Settle { account: ALICE, instrument: call(venue) }.into(),
            |batch| batch.touches[0].after.0.clear(),
            &["payoff: there is a settlement price = sum of limbs"],
        ),
        (
            "fees to another account",
            |_| Collect {}.into(),
            |batch| {
                let touch = batch.touches[1].clone();
                batch.touches[0] = TouchWitness { kind: batch.touches[0].kind, ..touch };
                batch.touches.truncate(1);
            },
            &["cash: fees go to the fee account"],
        ),
        (
            "a deposit to an account made up",
            |venue| {
                let index = venue.state.registers().deposit_cursor;
                Deposit { index, account: AccountId(99), owner: Owner([3; 20]), amount: 6 }.into()
            },
            |batch| batch.touches[0].account = batch.touch_padding.account.clone(),
            &[COPY],
        ),
    ];
    let mut found = vec![];
    for (name, make, cheat, expected) in sampled(cases) {
        let mut venue = venue(13);
        let tx = make(&mut venue);
        let other = TouchWitness::nothing(&mut venue.state, ALICE).expect("a store in memory");
        let witness = forged(&mut venue, &tx, |batch| {
            if matches!(tx, Tx::Collect(_)) {
                batch.touches.push(other.clone());
            }
            cheat(batch);
        });
        let shape = of([0, 1, 1, 0, witness.touches.len()]);
        found.push((name, refused(shape, witness), expected));
    }
    check(found);
}
