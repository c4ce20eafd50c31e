//! Touch slots: what transactions do to accounts, one account at a time, in slots of one shape.
//!
//! A slot opens an account, with its positions and one order slot, checks what its kind asks for, and closes it again. A fill and a transfer are two
//! slots, one after the other: the first hands on what the second must be.

pub(super) mod blocks;
mod chip;
mod kind;
#[cfg(test)]
mod tests;
mod witness;

pub(super) use chip::{Carry, Shared, TouchChip};
pub(super) use witness::TouchWitness;
