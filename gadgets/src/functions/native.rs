//! How an argument is cut for a table lookup, and how an exact value is rounded: natively, bit for bit as in the
//! circuit.

use ethnum::I256;

use super::table::{FunctionTable, LOCAL_BITS};

/// An argument $u = (\text{segment} + \text{lo} / 2^{14} + \text{rest} / 2^{14 + R}) \, h$ of a function with
/// segments of width $h$.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Argument {
    /// Index of the segment.
    pub segment: usize,
    /// Local variable's grid point, below $2^{14}$.
    pub lo: u32,
    /// Signed distance from the grid point, in $[-2^{R-1}, 2^{R-1})$; 0 when $R = 0$.
    pub rest: i64,
    /// $R$, the bits of the rest.
    pub rest_bits: u32,
}

impl Argument {
    /// Cuts `value` $/ 2^{\text{frac\_bits}}$ at its nearest grid point (halves go up).
    ///
    /// # Panics
    /// If there are fewer than `segment_bits + 14` fractional bits, or more than `segment_bits + 14 + 62`.
    #[must_use]
    pub fn nearest(value: u128, frac_bits: u32, segment_bits: u32) -> Self {
        let rest_bits = frac_bits
            .checked_sub(segment_bits + LOCAL_BITS)
            .filter(|bits| *bits <= 62)
            .unwrap_or_else(|| panic!("{frac_bits} fractional bits do not fit segments of 2^-{segment_bits}"));
        let point = if rest_bits == 0 { value } else { ((value >> (rest_bits - 1)) + 1) >> 1 };
        let rest = i64::try_from(value as i128 - (point << rest_bits) as i128).expect("a rest is below 2^62");
        let lo = (point & ((1 << LOCAL_BITS) - 1)) as u32;
        Self { segment: (point >> LOCAL_BITS) as usize, lo, rest, rest_bits }
    }
}

impl FunctionTable {
    /// The exact numerator of the table's value at `argument`, over $2^{Q + 42 + R}$.
    ///
    /// # Panics
    /// As [`Self::numerator`].
    #[must_use]
    pub fn numerator_at(&self, argument: Argument) -> I256 {
        self.numerator(argument.segment, argument.lo, argument.rest, argument.rest_bits)
    }
}

/// `value` $/ 2^{\text{bits}}$ rounded to the nearest integer, halves up.
#[must_use]
pub fn round_shift(value: I256, bits: u32) -> I256 {
    if bits == 0 { value } else { ((value >> (bits - 1)) + 1) >> 1 }
}
