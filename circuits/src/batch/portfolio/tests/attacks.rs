//! Cheating witnesses, and what refuses them.

use std::collections::BTreeSet;

use halo2curves::bn256::Fr;
use zomma_gadgets::testing::{Failure, failures};

use super::*;
use crate::batch::portfolio::witness::Kind;
use crate::state::position::Position;

/// Names of what refuses the witness that `cheat` makes of an honest one, copies as `LIST` and public inputs by number.
fn refused((mut circuit, instance): (Portfolios, Vec<Vec<Fr>>), cheat: impl Fn(&mut Portfolios)) -> Vec<String> {
    cheat(&mut circuit);
    let found = failures(K, &circuit, &instance, &[]);
    let is_public = |failure: &Failure| failure.name == "copy of instance 0";
    let is_copy = |failure: &Failure| failure.name.starts_with("copy of advice");
    // A public input that differs is reported at its advice cell too.
    let public = found.iter().filter(|failure| is_public(failure)).count();
    let copies = found.iter().filter(|failure| is_copy(failure)).count();
    let name = |failure: &Failure| match is_public(failure) {
        true => format!("public input {}", failure.row),
        false => failure.name.clone(),
    };
    let mut names: BTreeSet<String> = found.iter().filter(|failure| !is_copy(failure)).map(name).collect();
    if copies > public {
        names.insert(LIST.to_owned());
    }
    names.into_iter().collect()
}

/// A list afterwards is not the one before, edited; or a signature's point is not where it must be.
const LIST: &str = "copies";
const NEW_ROOT: &str = "public input 1";
const CONTEXT: &str = "public input 2";
const EDIT: &str = "list: word: old = m + entry";
const WORDS: &str = "registers afterwards: as many words as claimed";

#[test]
fn leaving_it_out() {
    let nothing = |circuit: &mut Portfolios| circuit.slots[0] = PortfolioWitness::nothing();
    assert_eq!(refused(liquidated(), nothing), [NEW_ROOT, CONTEXT, WORDS]);
}

#[test]
fn another_bid_than_was_signed() {
    let pay = |circuit: &mut Portfolios| circuit.slots[0].pay += 1;
    // The account gets more, so its leaf is another and the other's path does not fit.
    assert_eq!(refused(liquidated(), pay), [LIST, NEW_ROOT, CONTEXT, OTHER_PATH]);
    let expiry = |circuit: &mut Portfolios| circuit.slots[0].expiry += 1;
    assert_eq!(refused(liquidated(), expiry), [LIST]);
    let unsigned = |circuit: &mut Portfolios| circuit.slots[0].signature = PortfolioWitness::nothing().signature;
    assert_eq!(refused(liquidated(), unsigned), [LIST]);
}

#[test]
fn a_liquidation_for_a_takeover_and_the_other_way_round() {
    let over = |circuit: &mut Portfolios| circuit.slots[0].kind = Some(Kind::Takeover);
    let expected = [
        LIST,
        EDIT,
        "parties: the insurance account takes over",
        NEW_ROOT,
        CONTEXT,
        OTHER_PATH,
        "standing: below close-out = sum of limbs",
    ];
    assert_eq!(refused(liquidated(), over), expected);
    let bid = |circuit: &mut Portfolios| {
        let slot = &mut circuit.slots[0];
        (slot.kind, slot.share, slot.expiry) = (Some(Kind::Liquidate), 10_000, 1 << 39);
    };
    let expected = [
        "account afterwards: cash < 2^95 = sum of limbs",
        "account afterwards: cash > -2^95 = sum of limbs",
        "auction: an auction is open = sum of limbs",
        "auction: the auction has not lapsed = sum of limbs",
        LIST,
        "initial margin: the liquidator has it",
        "insurance: the register is in range = sum of limbs",
        "part of the equity: 10^8 part >= rate E share = sum of limbs",
        "part of the equity: no less would do = sum of limbs",
        NEW_ROOT,
        CONTEXT,
        OTHER_PATH,
        "standing: not below close-out = sum of limbs",
    ];
    assert_eq!(refused(taken_over(), bid), expected);
}

#[test]
fn positions_that_are_not_in_the_lists() {
    let forgotten = |circuit: &mut Portfolios| {
        circuit.slots[0].parties[0].lists[0].0.remove(1);
        circuit.slots[0].held.remove(1);
    };
    let found = refused(liquidated(), forgotten);
    assert!(found.contains(&PATH.to_owned()), "{found:?}");
    let kept = |circuit: &mut Portfolios| {
        circuit.slots[0].parties[1].lists[1].0.remove(1);
    };
    assert_eq!(refused(liquidated(), kept), [LIST, EDIT, NEW_ROOT]);
    let more = |circuit: &mut Portfolios| circuit.slots[0].parties[1].lists[1].0[0].qty += 1;
    assert_eq!(refused(liquidated(), more), [LIST, NEW_ROOT]);
}

/// What the liquidator has already is not said to be there: it would be in the list twice.
#[test]
fn a_position_beside_the_one_that_is_there() {
    let twice = |circuit: &mut Portfolios| {
        let slot = &mut circuit.slots[0];
        let at = slot.held.iter().position(Option::is_some).expect("Carol has one of Alice's instruments");
        let there = slot.held[at].take().expect("it is some");
        let list = &mut slot.parties[1].lists[1].0;
        let place = list.iter().position(|position| position.instrument == there.instrument).expect("it is there");
        let sum = list[place];
        list[place] = Position { qty: sum.qty - there.qty, entry: sum.entry - there.entry, ..sum };
        list.insert(place + 1, there);
    };
    assert_eq!(refused(liquidated(), twice), ["position: instruments ascend = sum of limbs", NEW_ROOT]);
}

#[test]
fn accounts_of_one_s_own() {
    let cash = |party: usize| {
        refused(taken_over(), move |circuit: &mut Portfolios| circuit.slots[0].parties[party].cells[0] += 1)
    };
    assert_eq!(cash(0), [NEW_ROOT, PATH]);
    assert_eq!(cash(1), [NEW_ROOT, OTHER_PATH]);
    let place = |party: usize| {
        refused(taken_over(), move |circuit: &mut Portfolios| circuit.slots[0].parties[party].path.index += 1)
    };
    // The data names another account.
    assert_eq!(place(0), [CONTEXT, PATH, OTHER_PATH]);
    // The account after the insurance account is Alice's, who would take over her own positions.
    let same = "parties: account and liquidator: they differ = sum of limbs";
    assert_eq!(place(1), [same, "parties: the insurance account takes over", NEW_ROOT, OTHER_PATH]);
    let siblings = |party: usize| {
        refused(taken_over(), move |circuit: &mut Portfolios| circuit.slots[0].parties[party].path.siblings.swap(0, 1))
    };
    assert_eq!(siblings(0), [PATH, OTHER_PATH]);
    assert_eq!(siblings(1), [NEW_ROOT, OTHER_PATH]);
}
