//! Range checks of any width, and the decomposition that all rounding is made of.
//!
//! A value below `2^bits` is written as limbs of as many bits as the [`Table`](crate::frame::lanes::Table) holds and one shorter limb on top;
//! each limb is looked up under the tag of its width, two limbs per row. The limbs themselves are the value: no cell is spent on a sum.

mod chip;
#[cfg(test)]
mod tests;

pub use chip::limb_widths;

use ethnum::I256;

use crate::frame::Integer;

/// Range checks.
pub trait RangeInstructions {
    /// Splits `of` exactly: `of = sum_i parts_i 2^(bits_0 + .. + bits_{i-1})` with `0 <= parts_i < 2^bits_i`, low part first.
    ///
    /// For `of` whose bounds exclude wrap-around this also shows `0 <= of < 2^(sum of bits)`, and the parts are unique.
    fn decompose(&mut self, name: &str, of: &Integer, bits: &[u32]) -> Vec<Integer>;

    /// Requires `0 <= of < 2^bits`.
    fn range(&mut self, name: &str, of: &Integer, bits: u32) {
        self.decompose(name, of, &[bits]);
    }

    /// A new unsigned integer below `2^bits`, as its limbs; the hint computes it.
    fn unsigned(&mut self, bits: u32, hint: impl Fn(&[I256]) -> I256 + Send + Sync + 'static) -> Integer;

    /// A new bit; the hint computes it.
    fn bit(&mut self, name: &str, hint: impl Fn(&[I256]) -> bool + Send + Sync + 'static) -> Integer;
}
