//! Fixed-point integers: rounding, division, comparison, square root, signs.
//!
//! A signed value is a sign bit and a range-checked magnitude; "a large field element means negative" is never an
//! argument. Every operation is an identity between integers, and [`BlockBuilder::require_zero`](crate::frame::BlockBuilder::require_zero) asserts from the bounds of
//! its operands that it cannot wrap around the field order.

mod chip;
pub mod native;
#[cfg(test)]
mod tests;

use crate::frame::Integer;

/// Arithmetic on integers of a block.
///
/// `name` is the equation's name in failures and in the book. Widths are in bits and part of what is proven: a result that
/// does not fit has no witness.
pub trait FixedPointInstructions {
    /// A cell equal to `of`.
    fn named(&mut self, name: &str, of: &Integer) -> Integer;

    /// `floor(of / 2^shift)`, below `2^bits`, for `of >= 0`.
    fn floor(&mut self, name: &str, of: &Integer, shift: u32, bits: u32) -> Integer;

    /// `of / 2^shift` rounded to nearest, halves up, below `2^bits`, for `of >= -2^(shift-1)`.
    fn round(&mut self, name: &str, of: &Integer, shift: u32, bits: u32) -> Integer;

    /// Sign bit and `|of| / 2^shift` rounded to nearest, halves away from zero. The sign of zero is free.
    fn round_signed(&mut self, name: &str, of: &Integer, shift: u32, bits: u32) -> (Integer, Integer);

    /// Sign bit and magnitude below `2^bits`. The sign of zero is free.
    fn sign_magnitude(&mut self, name: &str, of: &Integer, bits: u32) -> (Integer, Integer);

    /// `|of|` below `2^bits`.
    fn abs(&mut self, name: &str, of: &Integer, bits: u32) -> Integer {
        self.sign_magnitude(name, of, bits).1
    }

    /// Quotient below `2^bits` and remainder of `numerator = quotient * denominator + remainder`, `0 <= remainder <
    /// denominator < 2^denominator_bits`, for `numerator >= 0`. There is no witness for a denominator of zero.
    fn div_rem(
        &mut self,
        name: &str,
        numerator: &Integer,
        denominator: &Integer,
        bits: u32,
        denominator_bits: u32,
    ) -> (Integer, Integer);

    /// `numerator mod denominator`.
    fn modulo(
        &mut self,
        name: &str,
        numerator: &Integer,
        denominator: &Integer,
        bits: u32,
        denominator_bits: u32,
    ) -> Integer {
        self.div_rem(name, numerator, denominator, bits, denominator_bits).1
    }

    /// `numerator / denominator` rounded to nearest, halves up: `floor((2 numerator + denominator) / (2 denominator))`.
    fn div_nearest(
        &mut self,
        name: &str,
        numerator: &Integer,
        denominator: &Integer,
        bits: u32,
        denominator_bits: u32,
    ) -> Integer {
        let doubled = numerator.scale(2) + denominator;
        self.div_rem(name, &doubled, &denominator.scale(2), bits, denominator_bits + 1).0
    }

    /// The bit `a < b`, for `|a - b| < 2^bits`.
    fn less_than(&mut self, name: &str, a: &Integer, b: &Integer, bits: u32) -> Integer;

    /// `bit ? a : b`, without a cell.
    fn select(&self, bit: &Integer, a: &Integer, b: &Integer) -> Integer;

    /// `min(a, b)`, for `|a - b| < 2^bits`.
    fn min(&mut self, name: &str, a: &Integer, b: &Integer, bits: u32) -> Integer {
        let less = self.less_than(name, a, b, bits);
        self.select(&less, a, b)
    }

    /// `max(a, b)`, for `|a - b| < 2^bits`.
    fn max(&mut self, name: &str, a: &Integer, b: &Integer, bits: u32) -> Integer {
        let less = self.less_than(name, a, b, bits);
        self.select(&less, b, a)
    }

    /// `s = floor(sqrt(of / scale))` below `2^bits`: `scale s^2 <= of < scale (s + 1)^2`, for `of >= 0`.
    fn sqrt_ratio(&mut self, name: &str, of: &Integer, scale: u32, bits: u32) -> Integer;

    /// `floor(sqrt(of))` below `2^bits`.
    fn sqrt(&mut self, name: &str, of: &Integer, bits: u32) -> Integer {
        self.sqrt_ratio(name, of, 1, bits)
    }
}
