//! Tests of the state as a whole: against the Python model, of its invariants, and of attacks on it.

mod attacks_market;
mod attacks_trade;
mod batch;
mod codes;
mod extremes;
mod invariants;
mod liquidation;
mod oracle;
mod priced;
mod snapshot;

use super::{
    ApplyError, Reject,
    ids::{InstrumentId, MarketId, OptionKind},
    receipt::Receipt,
    testing::{Shape, Venue, venue::PERPETUAL},
    tx::Tx,
};

/// Accounts 2 and 3 of a small venue; 0 and 1 are the fee and the insurance account.
const ALICE: usize = 2;
const BOB: usize = 3;
const CAROL: usize = 4;

/// A small venue with shallow trees.
fn small() -> Venue {
    let mut shape = Shape { actors: 3, ..Shape::default() };
    shape.depths.accounts = 8;
    shape.depths.instruments = 6;
    Venue::new(1, shape)
}

/// The perpetual.
fn perpetual() -> InstrumentId {
    InstrumentId::perpetual(PERPETUAL).unwrap()
}

/// The call of a strike of the first series.
fn call(strike: u32) -> InstrumentId {
    InstrumentId::option(MarketId(1), strike, OptionKind::Call).unwrap()
}

/// Applies a transaction that must be refused, and checks that nothing changed.
#[track_caller]
fn refused(venue: &mut Venue, tx: impl Into<Tx>) -> Reject {
    let tx = tx.into();
    let before = (venue.state.root().unwrap(), venue.state.registers().clone());
    let result = venue.apply(tx.clone());
    let after = (venue.state.root().unwrap(), venue.state.registers().clone());
    assert_eq!(before, after, "a refused transaction changed the state");
    match result {
        Err(ApplyError::Rejected(reject)) => reject,
        other => panic!("{tx:?} should be refused, but {other:?}"),
    }
}

/// Applies a transaction that must be accepted.
#[track_caller]
fn accepted(venue: &mut Venue, tx: impl Into<Tx>) -> Receipt {
    let tx = tx.into();
    match venue.apply(tx.clone()) {
        Ok(receipt) => receipt,
        Err(reason) => panic!("{tx:?} should be accepted, but: {reason}"),
    }
}
