//! What must hold whatever happens, on random sequences of transactions.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use proptest::prelude::*;

use super::*;
use crate::{
    margin::Health,
    state::{
        State,
        account::Account,
        ids::AccountId,
        receipt::{Event, Forced},
        registers::Registers,
        tx::{Fill, Noop},
    },
};

/// Everything in a state, in plain values.
#[derive(Clone, PartialEq)]
struct Everything {
    registers: Registers,
    accounts: BTreeMap<AccountId, Account>,
}

fn everything(state: &mut State) -> Everything {
    let ids = state.account_ids().unwrap();
    let accounts = ids.into_iter().map(|id| (id, state.account(id).unwrap().unwrap().clone())).collect();
    // The roots in the registers are brought up to date on demand; they are no part of what is compared.
    let zero = Default::default();
    let registers = Registers { accounts_root: zero, markets_root: zero, ..state.registers().clone() };
    Everything { registers, accounts }
}

/// All cash, counting settled but not yet paid positions at their payoff.
fn wealth(state: &mut State, all: &Everything) -> i128 {
    let mut total = all.registers.insurance + all.registers.fees;
    for account in all.accounts.values() {
        total += account.cash;
        for position in account.positions.as_slice() {
            let market = *state.market(position.instrument.market()).unwrap().unwrap();
            if market.settlement_price > 0 {
                total += i128::from(position.qty) * i128::from(market.payoff(position.instrument));
            }
        }
    }
    total
}

/// Net quantity of every instrument whose settlement has not begun.
fn net_positions(state: &mut State, all: &Everything) -> BTreeMap<InstrumentId, i64> {
    let mut net = BTreeMap::new();
    for position in all.accounts.values().flat_map(|account| account.positions.as_slice()) {
        if state.market(position.instrument.market()).unwrap().unwrap().settlement_price == 0 {
            *net.entry(position.instrument).or_default() += position.qty;
        }
    }
    net
}

/// What a transaction brought in from the settlement layer, and what it pays out.
fn outside(tx: &Tx, receipt: &Receipt) -> i128 {
    let paid = receipt.payment.map_or(0, |payment| payment.amount.into());
    let taken = if let Tx::Deposit(deposit) = tx { deposit.amount.into() } else { 0 };
    taken - paid
}

/// The ratio of equity to maintenance did not fall, in big integers, and nothing is owed that was not.
fn health_held(before: &Health, after: &Health) -> bool {
    let ratio = BigInt::from(after.equity) * before.maintenance >= BigInt::from(before.equity) * after.maintenance;
    ratio && (after.equity >= 0 || after.equity >= before.equity)
}

/// A fill leaves both accounts IM_ok, or reduced and not less healthy.
fn check_fill(fill: &Fill, before: &Everything, after: &mut State, healths: &BTreeMap<AccountId, Health>) {
    for order in [fill.maker.order, fill.taker.order] {
        let health = after.health(order.account).unwrap();
        if health.equity >= health.initial {
            continue;
        }
        let old = before.accounts[&order.account].positions.qty(order.instrument);
        let new = after.account(order.account).unwrap().unwrap().positions.qty(order.instrument);
        assert!(new.abs() < old.abs() && new.signum() * old.signum() >= 0, "{old} became {new} below initial margin");
        assert!(health_held(&healths[&order.account], &health));
    }
}

/// Checks one accepted transaction.
fn check(tx: &Tx, receipt: &Receipt, before: &Everything, healths: &BTreeMap<AccountId, Health>, state: &mut State) {
    match (tx, &receipt.event) {
        (Tx::Fill(fill), _) => check_fill(fill, before, state, healths),
        (Tx::Liquidate(tx), Event::Liquidated { discount, value, floor, fee }) => {
            let (rules, old) = (state.params().liquidation, healths[&tx.bid.account]);
            assert!(old.equity < old.maintenance, "a healthy account was liquidated");
            let after = state.health(tx.bid.account).unwrap();
            let share = i128::from(tx.bid.share);
            let cost = |rate: u16| (i128::from(rate) * old.equity * share + 99_999_999) / 100_000_000;
            assert_eq!((value - floor, *fee), (cost(*discount), cost(rules.fee)));
            assert_eq!(after.equity, old.equity + tx.bid.pay - value - fee);
            assert!(after.equity >= old.equity - cost(*discount) - cost(rules.fee), "worse than the rule allows");
            assert!(after.equity >= -2, "liquidation made the account insolvent");
            let liquidator = state.health(tx.bid.liquidator).unwrap();
            assert!(liquidator.equity >= liquidator.initial);
        }
        (Tx::Takeover(tx), _) => {
            let old = healths[&tx.account];
            let close_out = i128::from(state.params().liquidation.close_out);
            assert!(old.equity < old.maintenance && 10_000 * old.equity < close_out * old.maintenance);
        }
        (Tx::Auction(tx), Event::AuctionOpened) => assert!(!healths[&tx.account].mm_ok()),
        (Tx::Withdraw(tx), _) => assert!(state.health(tx.account).unwrap().im_ok()),
        (Tx::Transfer(tx), _) => assert!(state.health(tx.from).unwrap().im_ok()),
        (Tx::ForcedWithdraw(tx), Event::Forced { outcome: Forced::Paid }) => {
            assert!(state.health(tx.account).unwrap().im_ok());
        }
        _ => {}
    }
}

/// Drives a venue and checks every transaction against the state before it.
fn run(seed: u64, steps: usize) {
    let mut venue = Venue::new(seed, Shape { actors: 6, ..Shape::default() });
    venue.log.clear();
    // The same transactions again, one at a time, on a second venue of the same seed.
    let mut replay = Venue::new(seed, Shape { actors: 6, ..Shape::default() }).state;
    for _ in 0..steps {
        venue.step();
        for (tx, result) in std::mem::take(&mut venue.log) {
            let before = everything(&mut replay);
            let healths: BTreeMap<AccountId, Health> =
                before.accounts.keys().filter_map(|id| replay.health(*id).ok().map(|health| (*id, health))).collect();
            let wealth_before = wealth(&mut replay, &before);
            assert_eq!(replay.apply(&tx), result);
            let after = everything(&mut replay);
            let Ok(receipt) = result else {
                assert!(before == after, "a rejection changed the state: {tx:?}");
                continue;
            };
            assert_eq!(wealth(&mut replay, &after), wealth_before + outside(&tx, &receipt), "{tx:?}");
            let net = net_positions(&mut replay, &after);
            assert!(net.values().all(|net| *net == 0), "{tx:?} unbalanced {net:?}");
            let step = u64::from(!matches!(tx, Tx::Noop(_)));
            assert_eq!(after.registers.seq, before.registers.seq + step);
            if step == 0 {
                assert!(before == after, "padding changed the state");
            }
            check(&tx, &receipt, &before, &healths, &mut replay);
        }
        // Padding anywhere changes no root.
        let root = replay.root().unwrap();
        replay.apply(&Noop {}.into()).unwrap();
        assert_eq!(replay.root().unwrap(), root);
    }
    assert_eq!(replay.root().unwrap(), venue.state.root().unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn cash_positions_and_margins_hold_on_random_sequences(seed in any::<u64>(), steps in 20usize..120) {
        run(seed, steps);
    }
}
