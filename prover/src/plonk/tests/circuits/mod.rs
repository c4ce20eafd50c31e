//! Circuits that proofs are compared on.

pub(super) mod ledger;
pub(super) mod misfit;
pub(super) mod power;
pub(super) mod random;
pub(super) mod shuffle;
pub(super) mod standard;
