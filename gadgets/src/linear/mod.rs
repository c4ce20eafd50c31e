//! Sums of cells with constant coefficients, in the field: mixing layers, limbs put together.
//!
//! The coefficients stand in the two shared fixed columns, two a row, so that one gate of degree 2 serves all sums. A gate that
//! had a long sum's coefficients in it would take no rows, but each of its products is worth several rows: it is evaluated on every row of a circuit.

mod chip;

#[cfg(test)]
mod tests;

use halo2curves::bn256::Fr;

use crate::frame::{Cursor, Word};

pub use chip::LinearChip;

/// Sums in a circuit.
pub trait LinearInstructions {
    /// $\sum_i c_i w_i$ in the field. `zero` is a cell that holds 0.
    ///
    /// # Panics
    /// If there are no terms.
    fn sum(&self, cursor: &mut Cursor<'_, '_>, terms: &[(Fr, &Word)], zero: &Word) -> Word;
}
