//! Portfolio margin: what an account is worth, and what it must be worth, under 33 scenarios.
//!
//! The native engine, [`health`] and [`row`], and the statement that proves it, [`statement`]. Normative text: sections 4 and 5 of the book
//! chapter "The exchange as a state machine".

pub mod blocks;
pub mod chip;
pub(crate) mod figures;
pub mod health;
pub mod row;
pub mod statement;
pub mod witness;

pub use health::{Health, Holding, MarginError, MarginRules, assess};
pub use row::{LANES, RiskRow, RowError, SCENARIOS, WORDS};

#[cfg(test)]
mod tests;
