//! Special functions: exp, ln, Phi, phi, by one lookup of a cubic per segment, evaluated exactly.
//!
//! A function's argument `u` is cut as `u = (segment + t) h`, `t = low / 2^14 + rest / 2^(14 + R)`: the segment is looked up
//! together with its four coefficients, `low` is one limb, and `rest` is a signed residual, at most half a unit of `low`, that enters to first
//! order. The value is the exact integer [`FunctionInstructions::numerator`] over [`denominator_bits`]; the formula that uses it rounds once, at its end.

mod chip;
#[cfg(test)]
mod chip_tests;
pub mod elementary;
pub mod native;
pub mod table;
#[cfg(test)]
mod tests;

use crate::frame::Integer;
use table::FunctionTable;

/// Bits of `low`: the grid within a segment on which a cubic is evaluated exactly.
pub const LOW_BITS: u32 = 14;

/// Fractional bits of logarithms.
pub const LN_BITS: u32 = 60;

/// Fractional bits of `exp` of half an argument.
pub const EXP_BITS: u32 = 60;

/// Fractional bits of Phi and phi.
pub const NORMAL_BITS: u32 = 60;

/// Bits of the integers that `ln` takes, which are at least 1.
pub const LN_INPUT_BITS: u32 = 63;

/// `exp_half` takes `v + EXP_OFFSET`, for it must not be negative.
pub const EXP_OFFSET: i64 = 5;

/// Fractional bits of the argument of `exp_half`.
pub const EXP_ARGUMENT_BITS: u32 = 60;

/// `log2` of the denominator of [`FunctionInstructions::numerator`] for a residual of `rest_bits`.
pub const fn denominator_bits(function_bits: u32, rest_bits: u32) -> u32 {
    function_bits + 3 * LOW_BITS + rest_bits
}

/// An argument cut into segment, grid point and residual, with the coefficients of one function there.
#[derive(Debug, Clone)]
pub struct Point {
    /// The segment: a cell.
    pub segment: Integer,
    /// Grid point within the segment, below `2^14`.
    pub low: Integer,
    /// Grid point counted from the first segment, `segment 2^14 + low`, with what lies beyond the last segment.
    pub grid: Integer,
    /// Signed residual in units of `2^-(14 + R)` segments.
    pub rest: Integer,
    /// `R`.
    pub rest_bits: u32,
    /// The cubic's coefficients.
    pub coefficients: [Integer; 4],
    /// The function.
    pub function: &'static FunctionTable,
}

/// Special functions on integers of a block.
pub trait FunctionInstructions {
    /// Cuts `argument >= 0`, in units of `2^-(14 + rest_bits)` segments, to the nearest grid point.
    ///
    /// With `excess_bits`, arguments beyond the last segment, up to `2^excess_bits` segments further, are taken to the last segment,
    /// whose row is the function's limit.
    fn point(
        &mut self,
        name: &str,
        function: &'static FunctionTable,
        argument: &Integer,
        rest_bits: u32,
        excess_bits: Option<u32>,
    ) -> Point;

    /// Another function at the same point.
    fn same_point(&mut self, name: &str, function: &'static FunctionTable, point: &Point) -> Point;

    /// `2^(Q + 42 + R) f(u)`, with `rest` to first order, as a polynomial of degree 4:
    /// `(c0 2^42 + c1 low 2^28 + c2 low^2 2^14 + c3 low^3) 2^R + (c1 2^28 + 2 c2 low 2^14 + 3 c3 low^2) rest`.
    fn numerator(&self, point: &Point) -> Integer {
        self.numerator_with_rest(point, &point.rest, point.rest_bits)
    }

    /// The same with a residual from elsewhere, in units of `2^-(14 + rest_bits)` segments.
    fn numerator_with_rest(&self, point: &Point, rest: &Integer, rest_bits: u32) -> Integer;

    /// `ln(value)` at Q60, for a cell `1 <= value < 2^63`.
    fn ln(&mut self, name: &str, value: &Integer) -> Integer;

    /// `exp(v / 2)` at Q60, for `argument = v + 5` at Q60, `0 <= argument <= 7.5`. Its square is `exp(v)` with a relative error that does
    /// not grow as `exp(v)` falls.
    fn exp_half(&mut self, name: &str, argument: &Integer) -> Integer;
}
