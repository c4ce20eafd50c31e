//! Liquidation: who can be liquidated, when, for how much; and what is left afterwards.

use super::*;
use crate::state::{
    ids::AccountId,
    receipt::Event,
    tx::{Auction, Bid, Liquidate, Takeover},
};

fn id(actor: usize) -> AccountId {
    AccountId(actor as u32)
}

/// Alice is short perpetuals and options, Bob and Carol are long; the spot has moved by `percent`.
pub(super) fn after_a_move(percent: u64) -> Venue {
    let mut venue = small();
    for (instrument, size, buyer) in [(perpetual(), 2_000, BOB), (call(1), 701, BOB), (call(0), 1, CAROL)] {
        let price = venue.mark(instrument).unwrap();
        let fill = venue.trade(buyer, ALICE, instrument, price, size);
        accepted(&mut venue, fill);
    }
    venue.spot = venue.spot * percent / 100;
    venue.time += 60;
    venue.publish();
    venue
}

/// The smallest move up after which Alice does not meet maintenance margin, but is above close-out.
pub(super) fn liquidatable() -> Venue {
    for percent in 101..200 {
        let mut venue = after_a_move(percent);
        let health = venue.state.health(id(ALICE)).unwrap();
        if !health.mm_ok() {
            assert!(!health.below_close_out(venue.state.params().liquidation.close_out), "{health:?}");
            return venue;
        }
    }
    panic!("no move makes Alice liquidatable");
}

/// The same with the auction open.
fn in_auction() -> Venue {
    let mut venue = liquidatable();
    assert_eq!(accepted(&mut venue, Auction { account: id(ALICE) }).event, Event::AuctionOpened);
    venue
}

fn healthy_and_frozen(venue: &mut Venue) {
    let bid = venue.bid(CAROL, id(ALICE), 1, 1 << 60);
    assert_eq!(refused(venue, bid), Reject::Healthy(id(ALICE)));
    assert_eq!(refused(venue, Auction { account: id(ALICE) }), Reject::Healthy(id(ALICE)));
    assert_eq!(refused(venue, Takeover { account: id(ALICE) }), Reject::Healthy(id(ALICE)));
}

#[test]
fn healthy_accounts_are_left_alone() {
    healthy_and_frozen(&mut after_a_move(100));
    healthy_and_frozen(&mut after_a_move(101));
}

#[test]
fn unhealthy_accounts_cannot_trade_up_but_can_reduce() {
    let venue = &mut liquidatable();
    let price = venue.spot;
    let more = venue.trade(BOB, ALICE, perpetual(), price, 1);
    assert!(matches!(refused(venue, more), Reject::InitialMargin { account, .. } if account == id(ALICE)));
    // At a price that leaves nothing; past zero it is not a reduction any more.
    let flip = venue.trade(ALICE, BOB, perpetual(), 2 * price, 2_001);
    assert!(matches!(refused(venue, flip), Reject::InitialMargin { account, .. } if account == id(ALICE)));
    let dear = venue.trade(ALICE, BOB, perpetual(), 2 * price, 1_000);
    assert_eq!(refused(venue, dear), Reject::HealthFell { account: id(ALICE) });
    let before = venue.state.health(id(ALICE)).unwrap();
    let less = venue.trade(ALICE, BOB, perpetual(), price, 1_000);
    accepted(venue, less);
    let after = venue.state.health(id(ALICE)).unwrap();
    assert!(after.equity * before.maintenance >= before.equity * after.maintenance);
    assert!(after.maintenance < before.maintenance);
}

/// A box, long the lower call and the higher put, is worth the same in every scenario: nothing is required. What was borrowed against it must not be left
/// behind by selling half of it to an accomplice for a tick, nor, in debt already, by selling to him what the rest was hedged with.
#[test]
fn nothing_required_is_no_leave_to_sell_for_nothing() {
    let venue = &mut small();
    let put = InstrumentId::option(MarketId(1), 2, OptionKind::Put).unwrap();
    for instrument in [call(0), put] {
        let price = venue.mark(instrument).unwrap();
        let fill = venue.trade(BOB, ALICE, instrument, price, 1_000);
        accepted(venue, fill);
    }
    let health = venue.state.health(id(BOB)).unwrap();
    assert_eq!((health.maintenance, health.initial), (0, 0));
    let mut tx = crate::state::tx::Withdraw {
        account: id(BOB),
        amount: health.equity as u64,
        nonce: 0,
        signature: crate::state::testing::venue::unsigned(),
    };
    tx.signature = venue.actors[BOB].key.sign(tx.message(venue.state.params().venue()));
    accepted(venue, tx);
    assert_eq!(venue.state.health(id(BOB)).unwrap().equity, 0);
    for (instrument, size) in [(call(0), 1_000), (put, 1_000), (put, 1)] {
        let gift = venue.trade(CAROL, BOB, instrument, 1, size);
        assert_eq!(refused(venue, gift), Reject::HealthFell { account: id(BOB) });
        // Nor at the mark, where the fee is what nobody has.
        let price = venue.mark(instrument).unwrap();
        let fair = venue.trade(CAROL, BOB, instrument, price, size);
        assert_eq!(refused(venue, fair), Reject::HealthFell { account: id(BOB) });
    }
    let price = venue.mark(put).unwrap() + 5;
    let dear = venue.trade(CAROL, BOB, put, price, 1_000);
    accepted(venue, dear);
    assert!(venue.state.health(id(BOB)).unwrap().equity >= 0);
}

#[test]
fn bids_need_an_auction_a_floor_a_share_and_the_right_portfolio() {
    let venue = &mut liquidatable();
    let early = venue.bid(CAROL, id(ALICE), 1, 1 << 60);
    assert_eq!(refused(venue, early), Reject::NoAuction(id(ALICE)));
    assert_eq!(refused(venue, Takeover { account: id(ALICE) }), Reject::AboveCloseOut(id(ALICE)));
    accepted(venue, Auction { account: id(ALICE) });
    assert_eq!(refused(venue, Auction { account: id(ALICE) }), Reject::AuctionRunning(id(ALICE)));

    let quote = venue.state.quote(id(ALICE), 1).unwrap();
    let largest = quote.largest_share;
    assert!((2..10_000).contains(&largest), "{quote:?}");
    let too_large = venue.bid(CAROL, id(ALICE), largest + 1, 1 << 60);
    assert_eq!(refused(venue, too_large), Reject::ShareTooLarge { share: largest + 1, largest });
    let quote = venue.state.quote(id(ALICE), largest).unwrap();
    let low = venue.bid(CAROL, id(ALICE), largest, quote.floor - 1);
    assert_eq!(refused(venue, low), Reject::BelowFloor { missing: 1 });
    let good = venue.bid(CAROL, id(ALICE), largest, quote.floor);
    let stale = Bid { positions: Default::default(), ..good.bid };
    assert_eq!(refused(venue, Liquidate { bid: stale, ..good }), Reject::PortfolioChanged(id(ALICE)));
    let signer = crate::state::reject::Signer::Account(id(CAROL));
    let other_pay = Bid { pay: good.bid.pay + 1, ..good.bid };
    assert_eq!(refused(venue, Liquidate { bid: other_pay, ..good }), Reject::BadSignature { signer });
    let late = Bid { expiry: venue.time - 1, ..good.bid };
    assert_eq!(refused(venue, Liquidate { bid: late, ..good }), Reject::OrderExpired { account: id(CAROL) });
    let used = Bid { nonce: 3, ..good.bid };
    assert!(matches!(refused(venue, Liquidate { bid: used, ..good }), Reject::BadNonce { expected: 0, given: 3, .. }));
    let oneself = Bid { liquidator: id(ALICE), ..good.bid };
    assert_eq!(refused(venue, Liquidate { bid: oneself, ..good }), Reject::SameAccount(id(ALICE)));
    let insurance = Bid { account: id(1), ..good.bid };
    assert_eq!(refused(venue, Liquidate { bid: insurance, ..good }), Reject::InsuranceAccount);
    assert_eq!(refused(venue, Auction { account: id(1) }), Reject::InsuranceAccount);
    assert_eq!(refused(venue, Takeover { account: id(1) }), Reject::InsuranceAccount);
    let nothing = Bid { share: 0, ..good.bid };
    assert_eq!(refused(venue, Liquidate { bid: nothing, ..good }), Reject::OutOfRange { field: "share" });
    let fortune = Bid { pay: -(1 << 94), ..good.bid };
    assert_eq!(refused(venue, Liquidate { bid: fortune, ..good }), Reject::OutOfRange { field: "pay" });
    accepted(venue, good);
}

#[test]
fn a_liquidation_moves_a_proportional_share_and_keeps_the_account_within_its_buffer() {
    let venue = &mut in_auction();
    venue.time += 300;
    venue.publish();
    let total = venue.total_cash();
    let before = venue.state.account(id(ALICE)).unwrap().unwrap().clone();
    let share = venue.state.quote(id(ALICE), 1).unwrap().largest_share;
    let quote = venue.state.quote(id(ALICE), share).unwrap();
    // 2% at the start, 30% at 900 s: after 300 s a third of the way, rounded down.
    assert_eq!(quote.discount, 200 + 2_800 / 3);
    let bid = venue.bid(CAROL, id(ALICE), share, quote.floor);
    let receipt = accepted(venue, bid);
    let Event::Liquidated { value, floor, fee, .. } = receipt.event else { panic!("a liquidation") };
    assert_eq!((value, floor, fee), (quote.value, quote.floor, quote.fee));

    let after = venue.state.account(id(ALICE)).unwrap().unwrap().clone();
    for position in before.positions.as_slice() {
        let moved = (position.qty.abs() * i64::from(share) + 9_999) / 10_000;
        assert_eq!(after.positions.qty(position.instrument), position.qty.signum() * (position.qty.abs() - moved));
    }
    let health = venue.state.health(id(ALICE)).unwrap();
    let rules = venue.state.params().liquidation;
    let equity = quote.health.equity;
    assert_eq!(health.equity, equity - (quote.value - quote.floor) - fee);
    let taken = i128::from(quote.discount + rules.fee) * equity * i128::from(share);
    assert!(health.equity >= equity - taken / 100_000_000 - 2);
    // Within its buffer, but for one more lot of each position and one more bp of share.
    let lot = i128::from(venue.spot) * 3;
    assert!(health.equity * 10_000 <= i128::from(rules.buffer) * (health.maintenance + lot));
    assert!(health.mm_ok(), "the largest share restores maintenance margin");
    assert_eq!(venue.total_cash(), total);
    assert_eq!(venue.state.registers().insurance, fee);
    // The clock is stopped once the account has recovered.
    assert_eq!(accepted(venue, Auction { account: id(ALICE) }).event, Event::AuctionClosed);
    assert_eq!(refused(venue, Auction { account: id(ALICE) }), Reject::Healthy(id(ALICE)));
}

#[test]
fn a_liquidator_must_bear_what_it_takes() {
    let venue = &mut in_auction();
    // Carol gives her cash away first.
    let mut tx = crate::state::tx::Withdraw {
        account: id(CAROL),
        amount: 39_900_000,
        nonce: 0,
        signature: crate::state::testing::venue::unsigned(),
    };
    tx.signature = venue.actors[CAROL].key.sign(tx.message(venue.state.params().venue()));
    accepted(venue, tx);
    let share = venue.state.quote(id(ALICE), 1).unwrap().largest_share;
    let floor = venue.state.quote(id(ALICE), share).unwrap().floor;
    let bid = venue.bid(CAROL, id(ALICE), share, floor);
    assert!(matches!(refused(venue, bid), Reject::InitialMargin { account, .. } if account == id(CAROL)));
}

#[test]
fn auctions_lapse_and_recover() {
    let venue = &mut in_auction();
    venue.time += 1_800;
    venue.publish();
    let bid = venue.bid(CAROL, id(ALICE), 1, 1 << 60);
    // The largest discount is in force, and the last second of the auction.
    assert_eq!(venue.state.quote(id(ALICE), 1).unwrap().discount, 3_000);
    venue.time += 1;
    venue.publish();
    assert_eq!(refused(venue, bid), Reject::NoAuction(id(ALICE)));
    assert_eq!(accepted(venue, Auction { account: id(ALICE) }).event, Event::AuctionOpened);
    assert_eq!(venue.state.quote(id(ALICE), 1).unwrap().discount, 200, "a new clock");
    // Enough cash, and a transaction that finds the account at initial margin, end it too.
    let tx = venue.deposit(ALICE, 1 << 40);
    accepted(venue, tx);
    let started = venue.state.account(id(ALICE)).unwrap().unwrap().auction_start;
    assert_eq!(started, venue.time);
    let price = venue.spot;
    let fill = venue.trade(BOB, ALICE, perpetual(), price, 1);
    accepted(venue, fill);
    assert_eq!(venue.state.account(id(ALICE)).unwrap().unwrap().auction_start, 0);
}

#[test]
fn below_close_out_only_insurance_acts() {
    let venue = &mut after_a_move(190);
    let health = venue.state.health(id(ALICE)).unwrap();
    assert!(health.equity < 0, "{health:?}");
    // An auction may still be opened, but nothing can be bid for.
    accepted(venue, Auction { account: id(ALICE) });
    let bid = venue.bid(CAROL, id(ALICE), 1, 1 << 60);
    assert_eq!(refused(venue, bid), Reject::BelowCloseOut(id(ALICE)));
    let total = venue.total_cash();
    let alice = venue.state.account(id(ALICE)).unwrap().unwrap().clone();
    let receipt = accepted(venue, Takeover { account: id(ALICE) });
    assert_eq!(receipt.event, Event::TakenOver { paid: 0, uncovered: -health.equity });
    let insurance = venue.state.account(id(1)).unwrap().unwrap().clone();
    let quantities = |account: &crate::state::account::Account| {
        account.positions.as_slice().iter().map(|position| (position.instrument, position.qty)).collect::<Vec<_>>()
    };
    assert_eq!(quantities(&insurance), quantities(&alice));
    assert_eq!(insurance.cash, alice.cash);
    assert_eq!(venue.state.health(id(1)).unwrap().equity, health.equity, "the hole is there to see");
    let alice = venue.state.account(id(ALICE)).unwrap().unwrap();
    assert_eq!((alice.cash, alice.positions.is_empty(), alice.auction_start), (0, true, 0));
    assert_eq!(venue.total_cash(), total);
    // Alice starts again from nothing: she is healthy.
    assert_eq!(refused(venue, Takeover { account: id(ALICE) }), Reject::Healthy(id(ALICE)));
}

#[test]
fn the_fund_pays_what_it_has() {
    let venue = &mut in_auction();
    let floor = venue.state.quote(id(ALICE), 1).unwrap().floor;
    let bid = venue.bid(CAROL, id(ALICE), 1, floor);
    accepted(venue, bid);
    let fund = venue.state.registers().insurance;
    assert!(fund > 0);
    venue.spot = venue.spot * 3 / 2;
    venue.time += 60;
    venue.publish();
    let total = venue.total_cash();
    let missing = -venue.state.health(id(ALICE)).unwrap().equity;
    let receipt = accepted(venue, Takeover { account: id(ALICE) });
    assert_eq!(receipt.event, Event::TakenOver { paid: fund, uncovered: missing - fund });
    assert_eq!(venue.state.registers().insurance, 0);
    assert_eq!(venue.total_cash(), total);
}

/// An account of single lots: a share of any size takes at least one lot, so that it can be liquidated at all.
#[test]
fn single_lots_can_be_liquidated() {
    let venue = &mut small();
    let price = venue.mark(call(1)).unwrap();
    let fill = venue.trade(BOB, ALICE, call(1), price, 1);
    accepted(venue, fill);
    // Take out what can be taken, then let the call rise.
    let spare = -venue.state.health(id(ALICE)).unwrap().shortfall();
    let mut tx = crate::state::tx::Withdraw {
        account: id(ALICE),
        amount: spare as u64,
        nonce: 0,
        signature: crate::state::testing::venue::unsigned(),
    };
    tx.signature = venue.actors[ALICE].key.sign(tx.message(venue.state.params().venue()));
    accepted(venue, tx);
    for _ in 0..200 {
        if !venue.state.health(id(ALICE)).unwrap().mm_ok() {
            break;
        }
        venue.spot += venue.spot / 200;
        venue.time += 10;
        venue.publish();
    }
    accepted(venue, Auction { account: id(ALICE) });
    let quote = venue.state.quote(id(ALICE), 1).unwrap();
    let bid = venue.bid(CAROL, id(ALICE), 1, quote.floor);
    accepted(venue, bid);
    let alice = venue.state.account(id(ALICE)).unwrap().unwrap().clone();
    assert!(alice.positions.is_empty() && alice.cash >= 0, "{alice:?}");
}
