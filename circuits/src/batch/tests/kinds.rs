//! Every kind of account transaction, with every outcome that it can have.

use super::*;
use crate::state::ids::Owner;
use crate::state::keys::SecretKey;
use crate::state::order::Side;
use crate::state::receipt::{Event, Forced};
use crate::state::testing::venue::{PERPETUAL, unsigned};
use crate::state::tx::{
    Auction, Cancel, Collect, Deposit, Fill, ForcedWithdraw, FundingTick, List, Noop, Register, Reserve, RotateKey,
    Settle, Transfer, Withdraw,
};

fn nonce(script: &mut Script, actor: usize) -> u32 {
    let id = script.venue.actors[actor].id;
    script.venue.state.account(id).expect("a store in memory").expect("an account").nonce
}

macro_rules! signed {
    ($script:expr, $actor:expr, $tx:expr) => {{
        let mut tx = $tx;
        tx.signature = $script.venue.actors[$actor].key.sign(tx.message($script.venue.state.params().venue()));
        $script.send(tx);
    }};
}

fn forced(script: &mut Script, account: u32, owner: Owner, amount: u64, outcome: Forced) {
    let index = script.venue.state.registers().forced_cursor;
    script.send(ForcedWithdraw { index, account: AccountId(account), owner, amount });
    let (_, result) = script.venue.log.last().expect("it is logged");
    assert_eq!(result.as_ref().map(|receipt| receipt.event.clone()), Ok(Event::Forced { outcome }));
}

#[test]
fn money_in_and_out() {
    proves(
        of([0, 1, 1, 0, 8]),
        || venue(1),
        |script| {
            let deposit = script.venue.deposit(2, 1_234_567);
            script.send(deposit);
            let index = deposit.index + 1;
            script.send(Deposit { index, account: AccountId(99), owner: Owner([3; 20]), amount: 6 });
            let nonce = nonce(script, 2);
            signed!(script, 2, Withdraw { account: AccountId(2), amount: 1_000, nonce, signature: unsigned() });
            let owner = script.venue.actors[3].owner;
            forced(script, 3, owner, 77, Forced::Paid);
            forced(script, 3, owner, 1 << 62, Forced::Refused);
            forced(script, 3, Owner([1; 20]), 5, Forced::Void);
            forced(script, 98, owner, 5, Forced::Void);
            script.send(Noop {});
        },
    );
}

#[test]
fn keys_orders_reserves_and_transfers() {
    proves(
        of([0, 1, 1, 0, 8]),
        || venue(2),
        |script| {
            let key = SecretKey::from_seed(&[9; 32]);
            let (account, owner) = (AccountId(50), Owner([7; 20]));
            let mut register = Register { account, owner, key: key.public(), signature: unsigned() };
            register.signature = key.sign(register.message(script.venue.state.params().venue()));
            script.send(register);
            let (next, id) = (SecretKey::from_seed(&[8; 32]), AccountId(2));
            let nonce = nonce(script, 2);
            signed!(script, 2, RotateKey { account: id, key: next.public(), nonce, signature: unsigned() });
            script.venue.actors[2].key = next;
            signed!(script, 2, Cancel { account: id, order_id: 70_000, signature: unsigned() });
            for (step, amount) in [(1, 5_000), (2, 0)] {
                let nonce = nonce + step;
                signed!(script, 2, Reserve { account: id, amount, nonce, signature: unsigned() });
            }
            let nonce = nonce + 3;
            signed!(script, 2, Transfer { from: id, to: account, amount: 9, nonce, signature: unsigned() });
        },
    );
}

/// Trades `size` of an instrument, the buyer taking.
fn trade(script: &mut Script, [buyer, seller]: [usize; 2], instrument: InstrumentId, price: u64, size: u64) {
    let fill = script.venue.trade(buyer, seller, instrument, price, size);
    script.send(fill);
}

#[test]
fn fills_that_open_close_and_turn() {
    proves(
        of([0, 2, 3, 0, 8]),
        || venue(3),
        |script| {
            let (call, perpetual) = (call(&mut script.venue), perpetual(&mut script.venue));
            // Both sides close, and a third party opens.
            trade(script, [3, 2], call, 990, 200);
            trade(script, [3, 2], call, 990, 300);
            trade(script, [4, 3], perpetual, 20_001, 7);
            // One order in two parts, the maker buying; both change sides.
            let maker = script.venue.order(3, perpetual, Side::Buy, 20_000, 30);
            let taker = script.venue.order(4, perpetual, Side::Sell, 19_000, 30);
            script.send(Fill { maker, taker, price: 19_500, size: 30 });
        },
    );
}

/// Account 3 is short of perpetuals, whose price has risen by so many percent.
fn after_a_rise(percent: u64) -> Venue {
    let mut venue = venue(4);
    let perpetual = perpetual(&mut venue);
    let fill = venue.trade(2, 3, perpetual, 20_000, 180_000);
    venue.must(fill);
    venue.spot = venue.spot * percent / 100;
    venue.time += 60;
    venue.publish();
    venue.state.commit().expect("a store in memory");
    venue
}

/// The smallest rise after which account 3 is not maintained.
fn unhealthy() -> Venue {
    for percent in 101..200 {
        let mut venue = after_a_rise(percent);
        let health = venue.state.health(AccountId(3)).expect("a priced account");
        if !health.mm_ok() {
            return venue;
        }
    }
    panic!("no rise makes account 3 unhealthy")
}

#[test]
fn a_fill_that_only_reduces() {
    proves(of([0, 2, 2, 0, 2]), unhealthy, |script| {
        let perpetual = perpetual(&mut script.venue);
        let mark = script.venue.mark(perpetual).expect("a price");
        trade(script, [3, 4], perpetual, mark - 100, 1_000);
        let health = script.venue.state.health(AccountId(3)).expect("a priced account");
        assert!(!health.im_ok(), "it is still not initially margined");
    });
}

#[test]
fn an_auction_that_opens_and_one_that_stops() {
    proves(of([0, 2, 2, 0, 3]), unhealthy, |script| {
        script.send(Auction { account: AccountId(3) });
        let deposit = script.venue.deposit(3, 1 << 40);
        script.send(deposit);
        script.send(Auction { account: AccountId(3) });
    });
}

#[test]
fn an_expired_position_paid_out_after_its_price_is_fixed_and_fees_collected() {
    for put in [false, true] {
        let make = || {
            let mut venue = venue(5);
            let instrument = venue.instruments()[if put { 2 } else { 1 }];
            let fill = venue.trade(2, 4, instrument, 1_000, 13);
            venue.must(fill);
            venue.state.commit().expect("a store in memory");
            venue
        };
        proves(of([4, 2, 1, 0, 3]), make, |script| {
            let instrument = script.venue.instruments()[if put { 2 } else { 1 }];
            let market = instrument.market();
            let expiry = script.venue.state.market(market).expect("a store").expect("a market").expiry;
            script.venue.time = expiry + 10;
            let update = script.venue.oracle_update();
            script.send(update);
            let fixing = script.venue.fixing(market, expiry);
            script.send(fixing);
            let adopt = script.venue.risk_array();
            script.send(adopt);
            script.send(FundingTick { market: PERPETUAL });
            script.send(Settle { account: AccountId(2), instrument });
            script.send(Settle { account: AccountId(4), instrument });
            script.send(Collect {});
        });
    }
}

#[test]
fn a_batch_of_nothing_changes_nothing() {
    let make = || venue(6);
    let (_, instance) = evaluated(of([1, 0, 0, 0, 1]), make, |script| script.send(Noop {}));
    assert_eq!(instance.old_root, instance.new_root);
    proves(of([1, 0, 0, 0, 1]), make, |script| script.send(Noop {}));
}

#[test]
fn a_listing_before_accounts() {
    proves(
        of([1, 1, 1, 0, 1]),
        || venue(7),
        |script| {
            let market = crate::state::ids::MarketId(9);
            script.send(List { market, underlying: market, expiry: 0, strike_base: 0, strike_step: 0 });
            let deposit = script.venue.deposit(2, 5);
            script.send(deposit);
        },
    );
}
