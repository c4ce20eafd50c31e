//! A random venue for tests and benches: accounts with keys, a market that moves, and transactions, most of them good.
//!
//! Everything follows from a seed. Prices come from a toy model; nothing here is part of the exchange.

pub mod moves;
pub mod prices;
pub mod samples;
pub mod spoil;
pub mod venue;

pub use venue::{Actor, Shape, Venue};
