//! A venue on disk: a folder with its parameter set and its state, transactions from files, and what can be asked of it.
//!
//! [`Venue`] is what `zomma exchange` drives; [`day`] is a whole trading day, for the demonstration.

mod cut;
pub mod day;
mod folder;
mod replay;
mod status;
#[cfg(test)]
mod tests;

pub use cut::{CutRun, cut};
pub use folder::{ExchangeError, Venue};
pub use replay::{BatchRecord, Outcome, Replay, read_transactions, replay};
pub use status::{AccountStatus, Status};
