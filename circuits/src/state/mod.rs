//! The exchange's state: accounts, markets, the adopted risk array, and the transactions that change them.
//!
//! The native engine. [`State::apply`] checks a [`Tx`](tx::Tx) and changes the state or names the
//! [`Reject`] and changes nothing; [`State::root`] is the digest that proofs speak of; [`State::commit`] makes a durable
//! version. Normative text: the book chapter "The exchange as a state machine".

pub mod account;
pub mod batch;
pub mod draft;
pub mod ids;
pub mod keyfile;
pub mod keys;
pub mod limits;
pub mod market;
pub mod oracle;
pub mod order;
pub mod orders;
pub mod params;
pub mod position;
pub mod receipt;
pub mod registers;
pub mod reject;
pub mod risk;
pub mod snapshot;
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod tree;
pub mod tx;

mod machine;
mod views;

pub(crate) use machine::market_from_record;
pub use machine::{ApplyError, OpenError, State};
pub use reject::Reject;

#[cfg(test)]
mod tests;
