//! The blocks of a market slot: a transaction's fields, a market's words, reports, funding, and what the slot leaves behind.
//!
//! Each rule is switched by the bit of the type that it is a rule of, so that a slot of another type, or of none, satisfies it whatever its cells
//! hold. Where a division follows, the switch is on what is divided, which makes the result nothing.

mod effect;
mod funding;
mod market;
mod reports;
mod row;

pub(super) use effect::{effect_block, encode_block};
pub(super) use funding::{due_block, premium_block, step_block};
pub(super) use market::{index_block, kind_block, listing_block, rules_block, terms_block};
pub(in crate::batch) use reports::REPORTS;
pub(super) use reports::{median_block, report_block, signer_block};
pub(super) use row::{last_block, opened_block, row_block};

/// Bits of a price in ticks.
const PRICE_BITS: u32 = 63;
