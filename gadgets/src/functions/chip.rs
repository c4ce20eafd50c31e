//! Special functions on blocks.

use ethnum::I256;
use num_bigint::BigInt;

use super::table::{self, FunctionTable};
use super::{
    EXP_ARGUMENT_BITS, EXP_BITS, FunctionInstructions, LN_BITS, LN_INPUT_BITS, LOW_BITS, Point, denominator_bits,
};
use crate::frame::{BlockBuilder, Integer};
use crate::range::RangeInstructions;

/// Residual bits of the mantissa in `ln`: 62 fractional bits less segment and grid.
pub(super) const LN_REST_BITS: u32 = LN_INPUT_BITS - 1 - 13 - LOW_BITS;
/// Bits of `ln` above its segment's first coefficient: a segment is 2^-13 wide; plus a bit for the sign.
const LN_STEP_BITS: u32 = LN_BITS - 13 + 2;

/// Residual bits of the argument of `exp_half`, whose segments are 2^-10 of `v` and 2^-11 of `v / 2`.
pub(super) const EXP_REST_BITS: u32 = EXP_ARGUMENT_BITS - 10 - LOW_BITS;
/// Bits of `exp_half` above its segment's first coefficient: below 2^2 2^-11; plus a bit for the sign.
const EXP_STEP_BITS: u32 = EXP_BITS + 2 - 11 + 1;

impl FunctionInstructions for BlockBuilder {
    fn point(
        &mut self,
        name: &str,
        function: &'static FunctionTable,
        argument: &Integer,
        rest_bits: u32,
        excess_bits: Option<u32>,
    ) -> Point {
        let last = function.rows() as i64 - 1;
        let half = if rest_bits == 0 { I256::ZERO } else { I256::ONE << (rest_bits - 1) };
        let biased = argument + Integer::constant(half);
        let cut = {
            let biased = biased.clone();
            move |cells: &[I256]| biased.evaluate(cells) >> (rest_bits + LOW_BITS)
        };
        let saturates = excess_bits.is_some();
        let segment_hint = {
            let cut = cut.clone();
            move |cells: &[I256]| if saturates { cut(cells).min(I256::from(last)) } else { cut(cells) }
        };
        let (segment, coefficients) = self.function(function, segment_hint);
        let low_hint = {
            let biased = biased.clone();
            move |cells: &[I256]| (biased.evaluate(cells) >> rest_bits) & ((1 << LOW_BITS) - 1)
        };
        let low = self.unsigned(LOW_BITS, low_hint);
        let shifted_rest = if rest_bits == 0 {
            Integer::constant(0)
        } else {
            let biased = biased.clone();
            self.unsigned(rest_bits, move |cells| biased.evaluate(cells) & ((I256::ONE << rest_bits) - 1))
        };
        let mut segments = segment.clone();
        if let Some(bits) = excess_bits {
            let excess = self.unsigned(bits, move |cells| (cut(cells) - I256::from(last)).max(I256::ZERO));
            self.require_zero(
                format!("{name}: excess only beyond the last segment"),
                &excess * (&segment - Integer::constant(last)),
            );
            segments = segments + excess;
        }
        let grid = segments.shift(LOW_BITS) + &low;
        self.require_zero(format!("{name} = segment, low, rest"), biased - grid.shift(rest_bits) - &shifted_rest);
        Point { segment, low, grid, rest: shifted_rest - Integer::constant(half), rest_bits, coefficients, function }
    }

    fn same_point(&mut self, name: &str, function: &'static FunctionTable, point: &Point) -> Point {
        let hint = point.segment.clone();
        let (segment, coefficients) = self.function(function, move |cells| hint.evaluate(cells));
        self.require_zero(format!("{name}: same segment"), &segment - &point.segment);
        Point { segment, coefficients, function, ..point.clone() }
    }

    fn numerator_with_rest(&self, point: &Point, rest: &Integer, rest_bits: u32) -> Integer {
        let [c0, c1, c2, c3] = &point.coefficients;
        let low = &point.low;
        let square = low * low;
        let value = c0.shift(3 * LOW_BITS)
            + (c1 * low).shift(2 * LOW_BITS)
            + (c2 * &square).shift(LOW_BITS)
            + c3 * &square * low;
        let slope = c1.shift(2 * LOW_BITS) + (c2 * low).shift(LOW_BITS + 1) + (c3 * &square).scale(3);
        let numerator = if rest_bits == 0 { value } else { value.shift(rest_bits) + slope * rest };
        let (low, high) = numerator_bounds(point.function, rest_bits);
        numerator.with_bounds(low, high)
    }

    fn ln(&mut self, name: &str, value: &Integer) -> Integer {
        let top = LN_INPUT_BITS - 1;
        let hint = value.clone();
        // The exponent is the one that brings the mantissa into [2^62, 2^63): any other leaves it outside of the segments.
        let (exponent, [power, ..]) = self.function(&table::POW2, move |cells| {
            let value = hint.evaluate(cells);
            if value <= 0 { I256::ZERO } else { I256::from(top).wrapping_sub(I256::from(255 - value.leading_zeros())) }
        });
        let mantissa = value * &power - Integer::power_of_two(top);
        let point = self.point(&format!("mantissa of {name}"), &table::LN, &mantissa, LN_REST_BITS, None);
        let numerator = self.numerator(&point);
        let shift = denominator_bits(LN_BITS, LN_REST_BITS) - LN_BITS;
        let mantissa_ln = round_near(self, name, &numerator, &point.coefficients[0], shift, LN_STEP_BITS);
        (Integer::constant(top) - exponent).scale(table::LN_2) + mantissa_ln
    }

    fn exp_half(&mut self, name: &str, argument: &Integer) -> Integer {
        let point = self.point(&format!("argument of {name}"), &table::EXP, argument, EXP_REST_BITS, None);
        let numerator = self.numerator(&point);
        let shift = denominator_bits(EXP_BITS, EXP_REST_BITS) - EXP_BITS;
        round_near(self, name, &numerator, &point.coefficients[0], shift, EXP_STEP_BITS)
    }
}

/// Bounds of a function's numerator, row by row: the coefficients of a lookup are those of one row, which is more than their ranges say.
///
/// For `0 <= low < 2^14` and `|rest| <= 2^(R-1)` the cubic is within `c0 + sum of min(0, c_i)` and `c0 + sum of max(0, c_i)`, and the slope
/// adds at most `(|c1| + 2 |c2| + 3 |c3|) 2^-15`.
pub(super) fn numerator_bounds(function: &FunctionTable, rest_bits: u32) -> (BigInt, BigInt) {
    let rows = function.coefficients.iter().map(|row| {
        let [c0, c1, c2, c3] = row.map(i128::from);
        let slope = c1.abs() + 2 * c2.abs() + 3 * c3.abs();
        let reach = if rest_bits == 0 { 0 } else { (slope >> (LOW_BITS + 1)) + 1 };
        let below: i128 = [c1, c2, c3].map(|c| c.min(0)).iter().sum();
        let above: i128 = [c1, c2, c3].map(|c| c.max(0)).iter().sum();
        (c0 + below - reach, c0 + above + reach)
    });
    let (low, high) = rows.fold((i128::MAX, i128::MIN), |(low, high), (a, b)| (low.min(a), high.max(b)));
    let shift = 3 * LOW_BITS + rest_bits;
    (BigInt::from(low) << shift, BigInt::from(high) << shift)
}

/// `of / 2^shift` to nearest when it is known to be within `2^(bits - 1)` of `base`: fewer limbs than the whole value.
fn round_near(b: &mut BlockBuilder, name: &str, of: &Integer, base: &Integer, shift: u32, bits: u32) -> Integer {
    let offset = Integer::power_of_two(bits - 1);
    let half = Integer::power_of_two(shift - 1);
    let biased = of - (base - &offset).shift(shift) + half;
    let step = b.decompose(&format!("rounded {name}"), &biased, &[shift, bits]).remove(1);
    // The decomposition is of `of` itself, so the result is within its bounds.
    let (low, high) = of.bounds();
    (base + step - offset).with_bounds(low >> shift, (high >> shift) + 1)
}
