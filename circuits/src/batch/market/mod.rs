//! Market slots: listings, index prices, fixings, risk arrays, funding, in slots of one shape.
//!
//! A slot opens one market, before and after, in the tree of markets, and one leaf beside it: the row that funding reads, or the underlying
//! that a series is listed on. It verifies three signatures; a slot without reports verifies a fixed one by a fixed key instead.

mod blocks;
mod chip;
mod witness;

#[cfg(test)]
mod tests;

pub(super) use blocks::REPORTS;
pub(super) use chip::MarketChip;
pub(super) use witness::MarketWitness;
