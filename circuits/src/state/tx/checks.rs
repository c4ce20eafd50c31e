//! Range checks of transaction fields, each naming the field that failed.

use crate::state::{
    ids::{AccountId, InstrumentId, MarketId},
    limits::{AMOUNT_LIMIT, COUNTER_LIMIT, QTY_LIMIT, TIME_LIMIT},
    params::Depths,
    reject::Reject,
};

fn check(field: &'static str, holds: bool) -> Result<(), Reject> {
    if holds { Ok(()) } else { Err(Reject::OutOfRange { field }) }
}

/// An account id within the account tree.
pub(super) fn account(field: &'static str, id: AccountId, depths: Depths) -> Result<(), Reject> {
    check(field, u64::from(id.0) >> depths.accounts == 0)
}

/// A market id within the market tree.
pub(super) fn market(field: &'static str, id: MarketId, depths: Depths) -> Result<(), Reject> {
    check(field, u64::from(id.0) >> depths.markets == 0)
}

/// An instrument whose market is within the market tree.
pub(super) fn instrument(field: &'static str, id: InstrumentId, depths: Depths) -> Result<(), Reject> {
    market(field, id.market(), depths)
}

/// An amount, price or order id: from 1, below 2^63.
pub(super) fn amount(field: &'static str, value: u64) -> Result<(), Reject> {
    check(field, (1..AMOUNT_LIMIT).contains(&value))
}

/// An amount, price or strike that may be 0.
pub(super) fn amount_or_zero(field: &'static str, value: u64) -> Result<(), Reject> {
    check(field, value < AMOUNT_LIMIT)
}

/// A size in lots: from 1, below 2^53.
pub(super) fn size(field: &'static str, value: u64) -> Result<(), Reject> {
    check(field, (1..QTY_LIMIT as u64).contains(&value))
}

/// A time: from 1, below 2^40.
pub(super) fn time(field: &'static str, value: u64) -> Result<(), Reject> {
    check(field, (1..TIME_LIMIT).contains(&value))
}

/// A time that may be 0.
pub(super) fn time_or_zero(field: &'static str, value: u64) -> Result<(), Reject> {
    check(field, value < TIME_LIMIT)
}

/// A nonce or queue index: below 2^32 - 1, so that the next one fits.
pub(super) fn counter(field: &'static str, value: u32) -> Result<(), Reject> {
    check(field, value < COUNTER_LIMIT)
}

/// A signed payment.
pub(super) fn payment(field: &'static str, value: i128) -> Result<(), Reject> {
    check(field, value.unsigned_abs() < crate::state::limits::VALUE_LIMIT as u128)
}

/// A share in bp, from 1.
pub(super) fn share(field: &'static str, value: u16) -> Result<(), Reject> {
    check(field, (1..=10_000).contains(&value))
}
