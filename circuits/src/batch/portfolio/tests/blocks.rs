//! Block by block: figures by hand, exact failures, no cell that can be changed alone.

use std::collections::BTreeSet;

use ethnum::I256;
use zomma_gadgets::frame::{BlockBuilder, lanes::Table};
use zomma_gadgets::testing::{Failure, Single};

use super::{OTHER_PATH, PATH};
use crate::batch::portfolio::blocks::*;
use crate::batch::portfolio::moves::*;

fn integers(values: &[i128]) -> Vec<I256> {
    values.iter().copied().map(I256::from).collect()
}

fn single(make: fn(Table) -> BlockBuilder, inputs: &[i128], witnesses: &[i128]) -> Single {
    Single::of(make, integers(inputs), integers(witnesses))
}

/// What a block alone refuses, each name once.
fn names(make: fn(Table) -> BlockBuilder, inputs: &[i128], witnesses: &[i128]) -> Vec<String> {
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
    single(registers_block, &[1, 5, 5, 6, 6, 7, 9], &[]).assert_tight();
    single(registers_block, &[0, 5, 1, 2, 3, 4, 9], &[]).assert_tight();
    assert_eq!(names(registers_block, &[1, 5, 4, 6, 6, 7, 9], &[]), [PATH]);
    assert_eq!(names(registers_block, &[1, 5, 5, 6, 5, 7, 9], &[]), [OTHER_PATH]);
}
