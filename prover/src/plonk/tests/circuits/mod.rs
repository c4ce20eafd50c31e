//! Circuits that proofs are compared on.

pub(super) mod random;
pub(super) mod standard;
