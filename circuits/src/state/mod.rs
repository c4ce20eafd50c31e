//! The exchange's state: the values that it is made of, the trees that commit them, and the stores that keep them.
//!
//! Normative text: the book chapter "The exchange as a state machine".

pub mod ids;
pub mod keyfile;
pub mod limits;
pub mod market;
pub mod orders;
pub mod position;
pub mod reject;
pub mod store;

pub use reject::Reject;
