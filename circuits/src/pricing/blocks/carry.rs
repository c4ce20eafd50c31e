//! Logarithms, discount factors, discounted prices, the square root of time, total volatility.

use num_bigint::BigInt;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::fixed::native::div_floor;
use zomma_gadgets::frame::{BlockBuilder, Integer};
use zomma_gadgets::functions::{EXP_ARGUMENT_BITS, EXP_BITS, EXP_OFFSET, FunctionInstructions};
use zomma_gadgets::range::RangeInstructions;

use super::{
    FACTOR_BITS, GRID_WIDTH, HALF_FACTOR_BITS, LEG_BITS, PRICE_BITS, RATE_LOW, RATE_WIDTH, SECONDS_BITS, SQRT_WIDTH,
    VOL_BITS,
};
use crate::pricing::native::{FACTOR_FRACTION, REST_BITS, SQRT_BITS, W_BITS};
use crate::pricing::{CARRY_BITS, RATE_BITS, YEAR};

/// Input: an integer of 63 bits. Output: its logarithm, Q60. There is no witness for 0.
pub fn ln_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("ln");
    let value = b.input_bits(PRICE_BITS);
    let ln = b.ln("ln", &value);
    let ln = b.named("ln, Q60", &ln);
    b.output(&ln);
    b
}

/// Inputs: rate less the smallest, seconds. Outputs: `5 - rate T`, `exp(-rate T / 2)`, both Q60.
pub fn exp_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("exp");
    let rate = b.input_bits(RATE_WIDTH) + Integer::constant(RATE_LOW);
    let seconds = b.input_bits(SECONDS_BITS);
    // year argument + remainder = (5 2^60) year - rate seconds 2^22, 0 <= remainder < year.
    let scaled = (&rate * &seconds).shift(EXP_ARGUMENT_BITS - RATE_BITS);
    let offset = Integer::constant(EXP_OFFSET).shift(EXP_ARGUMENT_BITS).scale(YEAR);
    let numerator = offset - scaled;
    let year = ethnum::I256::from(YEAR);
    let hint = numerator.clone();
    // The lookup of the argument's segment bounds it: 0 <= argument < 8.
    let argument =
        b.free(0, (BigInt::from(8) << EXP_ARGUMENT_BITS) - 1, move |cells| div_floor(hint.evaluate(cells), year));
    let remainder = numerator - argument.scale(YEAR);
    b.range("0 <= remainder", &remainder, 25);
    b.range("remainder < year", &(Integer::constant(YEAR - 1) - &remainder), 25);
    let half_factor = b.exp_half("exp", &argument);
    let half_factor = b.named("exp, Q60", &half_factor);
    b.output(&argument);
    b.output(&half_factor);
    b
}

/// Input: the square root of a discount factor, Q60. Output: the factor, Q56.
pub fn factor_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("discount factor");
    let root = b.input_bits(HALF_FACTOR_BITS);
    let factor = b.round("root^2", &(&root * &root), 2 * EXP_BITS - FACTOR_FRACTION, FACTOR_BITS);
    let factor = b.named("factor, Q56", &factor);
    b.output(&factor);
    b
}

/// Inputs: a price, the square root of a discount factor. Output: the discounted price in ticks with fractional bits.
pub fn leg_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("discounted price");
    let price = b.input_bits(PRICE_BITS);
    let root = b.input_bits(HALF_FACTOR_BITS);
    let leg = b.round("price root^2", &(price * &root * &root), 2 * EXP_BITS - CARRY_BITS, LEG_BITS);
    let leg = b.named("discounted", &leg);
    b.output(&leg);
    b
}

/// Input: seconds. Output: `floor(sqrt(seconds / year))`, Q60.
pub fn sqrt_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("square root of time");
    let seconds = b.input_bits(SECONDS_BITS);
    let root = b.sqrt_ratio("sqrt(seconds / year)", &seconds.shift(2 * SQRT_BITS), YEAR, SQRT_WIDTH);
    let root = b.named("sqrt(T), Q60", &root);
    b.output(&root);
    b
}

/// Inputs: vol, square root of time. Outputs: total volatility on the grid, and the signed rest.
pub fn vol_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("total volatility");
    let vol = b.input_bits(VOL_BITS);
    let root = b.input_bits(SQRT_WIDTH);
    // Rounding to Q52 and then to the grid, both to nearest, in one decomposition: bits below Q52, the rest, the grid.
    let shift = RATE_BITS + SQRT_BITS - W_BITS;
    let half = Integer::power_of_two(REST_BITS - 1);
    let biased = &vol * &root + Integer::power_of_two(shift - 1) + half.shift(shift);
    let parts = b.decompose("vol sqrt(T) + halves", &biased, &[shift, REST_BITS, GRID_WIDTH]);
    let grid = b.named("w on the grid", &parts[2]);
    let rest = b.named("rest of w", &(&parts[1] - &half));
    b.output(&grid);
    b.output(&rest);
    b
}
