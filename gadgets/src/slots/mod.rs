//! Slots: what was used of numbered permissions, one slot for all numbers that are equal modulo the number of slots.
//!
//! A slot holds the highest number seen in it and how much of that one is used. A higher number takes the slot over, and what was left of
//! the lower one is dead; a lower number is refused. A number can be closed, after which nothing of it can be used. Slots are leaves of a Merkle tree at the
//! number modulo $2^{\text{depth}}$; an empty leaf, 0, is a slot that has seen no number, for numbers begin at 1.
//!
//! That is one short path where a set of spent numbers would take a path as long as a number.

mod chip;
mod native;

#[cfg(test)]
mod tests;

use crate::{
    frame::{Cursor, Word},
    merkle::{MerklePath, Update},
};

pub use chip::SlotChip;
pub use native::{CLOSED, NUMBER_BITS, Slot, Use};

/// A use of a number in a circuit.
#[derive(Debug, Clone, Copy)]
pub struct AssignedUse<'a> {
    /// A bit: whether anything is done. If not, the slot stays what it is.
    pub used: &'a Word,
    /// A bit: whether the number is closed.
    pub close: &'a Word,
    /// The number, from 1, below $2^{63}$.
    pub number: &'a Word,
    /// How much of it is used, unless it is closed; below $2^{53}$.
    pub amount: &'a Word,
    /// How much of it may be used in all, below $2^{53}$.
    pub most: &'a Word,
}

/// Slots in a circuit.
pub trait SlotInstructions {
    /// Roots of the tree of slots before and after a use, at the place of its number. The caller binds the old root. `witness` is the slot that was
    /// there and its path, unknown while keys are made; `zero` is a cell that holds 0.
    ///
    /// No proof exists for what [`Slot::after`] refuses.
    ///
    /// # Panics
    /// If the path is not of this depth, the depth is not one of the chip's, or a word's proven range is larger than said.
    fn use_slot(
        &self,
        cursor: &mut Cursor<'_, '_>,
        of: AssignedUse<'_>,
        witness: Option<(Slot, &MerklePath)>,
        zero: &Word,
    ) -> Update;
}
