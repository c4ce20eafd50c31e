//! Native twins of `ln`, `exp_half` and the normal distribution.

use ethnum::{AsI256, I256};

use super::chip::{EXP_REST_BITS, LN_REST_BITS};
use super::native::{Argument, round_shift};
use super::table;
use super::{EXP_ARGUMENT_BITS, EXP_BITS, LN_BITS, LN_INPUT_BITS, denominator_bits};

/// `ln(value)` at Q60, for `1 <= value < 2^63`.
///
/// # Panics
/// When `value` is outside of that range.
#[must_use]
pub fn ln(value: u64) -> i128 {
    assert!((1..1 << LN_INPUT_BITS).contains(&value), "ln is for 1 <= value < 2^63");
    let top = LN_INPUT_BITS - 1;
    let exponent = value.leading_zeros() - 1;
    let mantissa = (value << exponent) - (1 << top);
    let numerator = table::LN.numerator_at(Argument::nearest(mantissa.into(), top, table::LN.segment_bits));
    let shift = denominator_bits(LN_BITS, LN_REST_BITS) - LN_BITS;
    i128::from(top - exponent) * i128::from(table::LN_2) + round_shift(numerator, shift).as_i128()
}

/// `exp(v / 2)` at Q60, for `argument = v + 5` at Q60, in `0..=7.5`.
///
/// # Panics
/// When `argument` is beyond the table.
#[must_use]
pub fn exp_half(argument: u64) -> i64 {
    // v + 5 at Q60 is (v + 5) / 2, what the table takes, at Q61.
    let numerator =
        table::EXP.numerator_at(Argument::nearest(argument.into(), EXP_ARGUMENT_BITS + 1, table::EXP.segment_bits));
    round_shift(numerator, denominator_bits(EXP_BITS, EXP_REST_BITS) - EXP_BITS).as_i64()
}

/// The exact numerator of Phi or phi at `argument >= 0`, with `rest_bits` below the grid; beyond 9 the function's limit.
#[must_use]
pub fn normal(function: &table::FunctionTable, argument: I256, rest_bits: u32) -> I256 {
    let last = function.rows() - 1;
    let unit_bits = function.segment_bits + super::LOW_BITS + rest_bits;
    let half = if rest_bits == 0 { I256::ZERO } else { I256::ONE << (rest_bits - 1) };
    if (argument + half) >> (rest_bits + super::LOW_BITS) >= last.as_i256() {
        return function.numerator(last, 0, 0, rest_bits);
    }
    function.numerator_at(Argument::nearest(argument.as_u128(), unit_bits, function.segment_bits))
}
