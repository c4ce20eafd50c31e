//! Lists of words with zeros after the last: an entry is put in, taken out or replaced, and the rest moves up or down.
//!
//! A list of at most n entries is n words, of which those that are there come first and are not zero. An edit goes through the list once, two
//! rows for each word, whatever it does, so that what is done to a list need not show in the shape of a circuit.
//!
//! Where an entry is put in is the prover's choice: whoever relies on an order requires it, with [`ListInstructions::ascending`] or otherwise.

mod chip;
mod native;

#[cfg(test)]
mod tests;

use crate::frame::{Cursor, Word};

pub use chip::ListChip;
pub use native::edit;

/// An entry that may be there.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// A bit: whether it is.
    pub present: &'a Word,
    /// The word, which is not zero if it is there, and zero if it is not. That it is zero is proven here; that it is not is the caller's to prove.
    pub word: &'a Word,
}

/// Lists in a circuit.
pub trait ListInstructions {
    /// The list in which, at one place, the first entry is replaced by the second: an entry is replaced if both are there, taken out if only the first is,
    /// put in if only the second is; if neither is, the list stays as it is. `place` is where, unknown while keys are made. `zero` is a cell that holds 0.
    ///
    /// No proof exists for an entry that is not in the list, and for one that is put into a full list.
    ///
    /// # Panics
    /// If the list has no words, or a presence is not proven to be a bit.
    fn edit(
        &self,
        cursor: &mut Cursor<'_, '_>,
        list: &[Word],
        entries: [Entry<'_>; 2],
        place: Option<usize>,
        zero: &Word,
    ) -> Vec<Word>;

    /// Requires that entries which are there come before those that are not, and that their ids strictly ascend. Each id comes with its presence, a bit.
    ///
    /// # Panics
    /// If an id is not proven to be below $2^{32}$, or a presence not to be a bit.
    fn ascending(&self, cursor: &mut Cursor<'_, '_>, ids: &[[&Word; 2]]);
}
