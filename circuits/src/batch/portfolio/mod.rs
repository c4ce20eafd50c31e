//! Portfolio slots: transactions that move every position of an account to another, `liquidate` to the bidder and `takeover` to the insurance
//! account.
//!
//! A slot is of one shape whatever it does. It opens both accounts, walks the list of the first and edits the second's with it, and computes the
//! first's margin before and the second's after. A takeover is a liquidation of the whole that nobody signs: its share is 10,000 bp, so one rule
//! says what moves.
//!
//! With neither bit set nothing is compared with the state and nothing changes.

mod blocks;
mod chip;
mod moves;
#[cfg(test)]
mod tests;
mod witness;

pub(in crate::batch) use chip::PortfolioChip;
pub(in crate::batch) use witness::PortfolioWitness;
