//! Cheating witnesses: each is refused, by the constraint that is there for it.

use std::collections::BTreeSet;

use ethnum::I256;
use halo2curves::bn256::Fr;
use zomma_gadgets::testing::failures;

use super::tests::{K, inputs, traded};
use super::{Margin, MarginInputs, MarginWitness, RowInputs};
use crate::Statement;
use crate::margin::Holding;
use crate::margin::witness::{AccountWitness, MarketWitness, PositionWitness, RulesWitness};
use crate::state::account::Account;
use crate::state::ids::OptionKind;

/// The account of the inputs, as the native engine has it.
fn account(inputs: &MarginInputs) -> Account {
    inputs.account.check().expect("inputs in range")
}

/// The position in a slot, with its row and path as they are and its market and pair bit as given.
fn slot(inputs: &MarginInputs, index: usize, market: usize, pair: bool) -> PositionWitness {
    let row = &inputs.rows[index];
    let path = super::inputs::path("row", row.place, &row.siblings).expect("an honest path");
    PositionWitness::new(inputs.account.positions[index], &row.row, path, market, pair)
}

/// The worst scenario of other positions and rows than the account's; the rows need not be of the positions' instruments.
fn least(inputs: &MarginInputs) -> (usize, I256) {
    let rows = inputs.account.positions.iter().zip(&inputs.rows);
    let holdings: Vec<_> = rows
        .map(|(position, RowInputs { row, .. })| Holding {
            instrument: position.instrument,
            qty: position.qty,
            perpetual: false,
            funding_index: 0,
            row,
        })
        .collect();
    inputs.least(&holdings)
}

/// Which constraints refuse the witness that `cheat` makes of the honest one. The figures of health are left out: a cheat publishes those
/// that follow from its witness.
fn refused(cheat: impl Fn(&MarginInputs, &mut MarginWitness)) -> Vec<String> {
    let inputs = inputs(&mut traded(3), 2);
    let (mut witness, instance) = Margin::evaluate(&inputs, K).expect("inputs in range");
    cheat(&inputs, &mut witness);
    let found = failures(K, &Margin::circuit(K, Some(witness)), &Margin::instance(&instance), &[]);
    let names: BTreeSet<String> = found
        .into_iter()
        .filter(|failure| !failure.name.starts_with("copy of advice"))
        .filter(|failure| !(failure.name == "copy of instance 0" && failure.row >= FIGURES))
        .map(|failure| match failure.name.as_str() {
            "copy of instance 0" => format!("public input {}", failure.row),
            _ => failure.name,
        })
        .collect();
    names.into_iter().collect()
}

/// Public inputs, by their row.
const ACCOUNT: &str = "public input 1";
const RISK_ROOT: &str = "public input 3";
const RULES: &str = "public input 4";
const TIME: &str = "public input 5";
const RISK_TIME: &str = "public input 6";
/// From this row on, the figures of health.
const FIGURES: usize = 7;

/// Slots `0..16` in another order.
fn reordered(order: impl Fn(&mut Vec<usize>)) -> Vec<String> {
    refused(|inputs, witness| {
        let mut forged = inputs.clone();
        let mut slots: Vec<usize> = (0..16).collect();
        order(&mut slots);
        forged.account.positions = slots.iter().map(|slot| inputs.account.positions[*slot]).collect();
        forged.rows = slots.iter().map(|slot| inputs.rows[*slot].clone()).collect();
        for index in 0..slots.len() {
            witness.positions[index] = honest_slot(&forged, index);
        }
        witness.account = AccountWitness::new(&account(inputs), inputs.account.orders_root, least(&forged));
    })
}

/// The position in a slot as its neighbour before it asks for.
fn honest_slot(inputs: &MarginInputs, index: usize) -> PositionWitness {
    slot(inputs, index, market_of(inputs, index), is_pair(inputs, index))
}

fn market_of(inputs: &MarginInputs, index: usize) -> usize {
    let market = inputs.account.positions[index].instrument.market();
    inputs.markets.iter().position(|opened| opened.id == market).expect("its market is given")
}

/// Whether a position is the put of the call before it.
fn is_pair(inputs: &MarginInputs, index: usize) -> bool {
    let id = |index: usize| inputs.account.positions[index].instrument;
    index > 0 && id(index).kind() == OptionKind::Put && id(index).0 == id(index - 1).0 + 1
}

#[test]
fn unsorted_positions() {
    assert_eq!(reordered(|slots| slots.swap(4, 14)), ["position: instruments ascend = sum of limbs", ACCOUNT]);
}

#[test]
fn a_position_twice() {
    assert_eq!(reordered(|slots| slots[5] = 4), ["position: instruments ascend = sum of limbs", ACCOUNT]);
}

#[test]
fn a_position_left_out() {
    let found = refused(|inputs, witness| {
        let mut forged = inputs.clone();
        forged.account.positions.pop();
        forged.rows.pop();
        *witness = Margin::evaluate(&forged, K).expect("inputs in range").0;
    });
    assert_eq!(found, [ACCOUNT]);
}

#[test]
fn a_hole_among_the_positions() {
    let found = refused(|inputs, witness| {
        let mut forged = inputs.clone();
        forged.account.positions.remove(0);
        forged.rows.remove(0);
        witness.positions[0] = PositionWitness::none();
        witness.account = AccountWitness::new(&account(inputs), inputs.account.orders_root, least(&forged));
    });
    assert_eq!(found, ["position: no position after the last", ACCOUNT]);
}

#[test]
fn another_price() {
    let found = refused(|inputs, witness| {
        let mut forged = inputs.clone();
        forged.rows[2].row.prices[7] += 1;
        witness.positions[2] = honest_slot(&forged, 2);
    });
    assert_eq!(found, ["opened row: the path leads to the root"]);
}

#[test]
fn the_row_of_another_instrument() {
    let found = refused(|inputs, witness| {
        let mut forged = inputs.clone();
        forged.rows[2] = inputs.rows[3].clone();
        witness.positions[2] = honest_slot(&forged, 2);
        witness.account = AccountWitness::new(&account(inputs), inputs.account.orders_root, least(&forged));
    });
    assert_eq!(found, ["opened row: the path leads to the root"]);
}

#[test]
fn another_funding_index() {
    let found = refused(|inputs, witness| {
        let market = &inputs.markets[0];
        let path = super::inputs::path("market", 0, &market.siblings).expect("an honest path");
        let mut forged = market.market;
        forged.funding_index += 1;
        witness.markets[0] = MarketWitness::new(forged, path);
    });
    assert_eq!(found, ["opened market: used: the path leads to the root"]);
}

#[test]
fn another_market() {
    let found = refused(|inputs, witness| witness.positions[15] = slot(inputs, 15, 1, is_pair(inputs, 15)));
    assert_eq!(found, ["holding: it is the position's", "opened row: the path leads to the root"]);
}

#[test]
fn a_call_and_a_put_that_are_not_netted() {
    let found = refused(|inputs, witness| {
        let put = (0..16).find(|index| is_pair(inputs, *index)).expect("a call and a put of one strike");
        witness.positions[put] = slot(inputs, put, market_of(inputs, put), false);
    });
    assert_eq!(found, ["position: instruments ascend = sum of limbs"]);
}

#[test]
fn two_positions_netted_that_are_no_pair() {
    let found = refused(|inputs, witness| witness.positions[1] = slot(inputs, 1, market_of(inputs, 1), true));
    assert_eq!(found, ["position: a pair is of neighbours", "position: a pair's second is a put"]);
}

/// Names another lane the least, with that lane's loss or another.
fn another_least(change: impl Fn(usize, I256) -> (usize, I256)) -> Vec<String> {
    refused(|inputs, witness| {
        let honest = (witness.account.least(), witness.account.loss());
        witness.account = AccountWitness::new(&account(inputs), inputs.account.orders_root, change(honest.0, honest.1));
    })
}

#[test]
fn a_milder_scenario() {
    let below = [0, 1, 2].map(|lane| format!("scenarios: lane {lane} is not below = sum of limbs"));
    assert_eq!(another_least(|_, _| (0, I256::ZERO)), below);
}

#[test]
fn a_worse_result_than_any() {
    assert_eq!(another_least(|lane, loss| (lane, loss + 1)), ["scenarios: lane 0 is the least: equal"]);
}

#[test]
fn no_scenario_at_all() {
    assert_eq!(another_least(|_, loss| (usize::MAX, loss)), ["contingencies: some result is the least"]);
}

#[test]
fn more_cash() {
    let found = refused(|inputs, witness| {
        let mut forged = account(inputs);
        forged.cash += 1;
        let least = (witness.account.least(), witness.account.loss());
        witness.account = AccountWitness::new(&forged, inputs.account.orders_root, least);
    });
    assert_eq!(found, [ACCOUNT]);
}

#[test]
fn milder_rules() {
    let found = refused(|inputs, witness| {
        let mut forged = inputs.params.clone();
        forged.max_price_age += 1;
        witness.rules = RulesWitness::new(&forged);
    });
    assert_eq!(found, [RULES]);
}

#[test]
fn stale_prices() {
    let found = refused(|inputs, witness| witness.times[0] += u64::from(inputs.params.max_price_age) + 1);
    assert_eq!(found, ["fresh prices: time - risk_time <= max_price_age = sum of limbs", TIME]);
}

#[test]
fn an_expired_series() {
    let found = refused(|inputs, witness| {
        let expiry = inputs.markets[1].market.expiry;
        witness.times = [expiry, expiry];
    });
    assert_eq!(found, ["market terms: a series has not expired = sum of limbs", TIME, RISK_TIME]);
}

#[test]
fn another_tree() {
    let found = refused(|_, witness| witness.roots[1] += Fr::one());
    assert_eq!(found, ["opened row: the path leads to the root", RISK_ROOT]);
}
