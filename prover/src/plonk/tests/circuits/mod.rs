//! Circuits that proofs are compared on.

pub(super) mod standard;
