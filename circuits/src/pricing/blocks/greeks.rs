//! Greeks from d1 with its residual.

use num_bigint::BigInt;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::fixed::native::div_floor;
use zomma_gadgets::frame::{BlockBuilder, Integer};
use zomma_gadgets::functions::{EXP_ARGUMENT_BITS, FunctionInstructions, LN_BITS, table};
use zomma_gadgets::range::RangeInstructions;

use super::price::{D_BITS, TotalVol, reflect};
use super::terms::pack;
use super::{
    DELTA_WIDTH, EXCESS_BITS, FACTOR_BITS, GAMMA_WIDTH, LEG_BITS, PRICE_BITS, RATE_LOW, RATE_WIDTH, SECONDS_BITS,
    SLOPE_WIDTH, SQRT_WIDTH, THETA_WIDTH, VALUE_BITS, VOL_BITS,
};
use crate::pricing::native::{
    DENSITY_BITS, FACTOR_FRACTION, FINE_BITS, GAMMA_BITS, REST_BITS, SLOPE_BITS, SQRT_BITS, W_BITS,
};
use crate::pricing::{CARRY_BITS, RATE_BITS, YEAR};

/// Bits of `Dq phi(d1)`.
const DENSITY_WIDTH: u32 = 56;
/// Bits of twice total volatility.
const DIVISOR_BITS: u32 = 57;

/// Inputs: ln spot, ln strike, the exponentials' arguments of rate and dividend, total volatility (grid, rest), expired bit.
/// Outputs: sign of d1, d1 on the grid, numerators of Phi(|d1|) and phi(|d1|).
pub fn fine_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("d1");
    let ln_bound = BigInt::from(1) << (LN_BITS + 6);
    let ln_spot = b.input(-ln_bound.clone(), ln_bound.clone());
    let ln_strike = b.input(-ln_bound.clone(), ln_bound);
    let rate_argument = b.input_bits(EXP_ARGUMENT_BITS + 3);
    let yield_argument = b.input_bits(EXP_ARGUMENT_BITS + 3);
    let w = TotalVol::input(&mut b);
    let expired = b.input(0, 1);
    let x = ln_spot + yield_argument - rate_argument - ln_strike;
    let total = w.total();
    // d1 w = x + w^2 / 2, doubled: sign (2 w d + remainder) = 2 x + w^2 at Q104, 0 <= remainder < 2 w. An expired option
    // divides by 1 instead of 0.
    let doubled = (expired.not() * x).shift(2 * W_BITS - LN_BITS + 1) + &total * &total;
    let divisor = (total + &expired).scale(2);
    let hint = doubled.clone();
    let negative = b.bit("d1 negative", move |cells| hint.evaluate(cells) < 0);
    let (hint, by) = (doubled.clone(), divisor.clone());
    // The lookup of its segment bounds the magnitude.
    let bound = BigInt::from(1) << (D_BITS + REST_BITS);
    let magnitude = b.free(0, bound, move |cells| div_floor(hint.evaluate(cells).abs(), by.evaluate(cells)));
    let (hint, by) = (doubled.clone(), divisor.clone());
    let remainder = b.unsigned(DIVISOR_BITS, move |cells| {
        let (value, by) = (hint.evaluate(cells).abs(), by.evaluate(cells));
        value - div_floor(value, by) * by
    });
    b.require_zero(
        "2 x + w^2 = sign (2 w d1 + remainder)",
        &doubled - negative.sign() * (&divisor * &magnitude + &remainder),
    );
    b.range("remainder < 2 w", &(divisor - Integer::constant(1) - remainder), DIVISOR_BITS);

    let point = b.point("d1", &table::PHI, &magnitude, REST_BITS, Some(EXCESS_BITS));
    let same = b.same_point("phi at d1", &table::PDF, &point);
    let phi = b.numerator(&point);
    let phi = b.named("Phi(|d1|)", &phi);
    let density = b.numerator(&same);
    let density = b.named("phi(|d1|)", &density);
    let grid = b.named("d1 on the grid", &(negative.sign() * &point.grid));
    for output in [&negative, &grid, &phi, &density] {
        b.output(output);
    }
    b
}

/// Inputs: yield discount, sign of d1, numerators of Phi and phi, expired bit, in-the-money bit, call bit.
/// Outputs: the call's delta, the option's delta, `Dq phi(d1)`.
pub fn density_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("delta");
    let yield_discount = b.input_bits(FACTOR_BITS);
    let negative = b.input(0, 1);
    let phi = b.input_signed(FINE_BITS + 1);
    let density = b.input_signed(FINE_BITS + 1);
    let expired = b.input(0, 1);
    let in_the_money = b.input(0, 1);
    let call = b.input(0, 1);
    let alive = expired.not();
    let phi = &alive * reflect(&negative, &phi, FINE_BITS) + (&expired * &in_the_money).shift(FINE_BITS);
    let call_delta = b.round("Dq Phi(d1)", &(&yield_discount * phi), FINE_BITS, DELTA_WIDTH);
    let call_delta = b.named("delta of the call", &call_delta);
    let delta = b.named("delta", &(&call_delta - call.not() * &yield_discount));
    let density = yield_discount * (alive * density);
    let density = b.round("Dq phi(d1)", &density, FACTOR_FRACTION + FINE_BITS - DENSITY_BITS, DENSITY_WIDTH);
    let density = b.named("density", &density);
    for output in [&call_delta, &delta, &density] {
        b.output(output);
    }
    b
}

/// Inputs: spot, density, square root of time, total volatility (grid, rest), expired bit. Outputs: vega, density over w.
pub fn vega_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("vega");
    let spot = b.input_bits(PRICE_BITS);
    let density = b.input_bits(DENSITY_WIDTH);
    let root = b.input_bits(SQRT_WIDTH);
    let w = TotalVol::input(&mut b);
    let expired = b.input(0, 1);
    let vega = b.round("spot density sqrt(T)", &(&spot * &density * root), DENSITY_BITS + SQRT_BITS, VALUE_BITS);
    let vega = b.named("vega", &vega);
    let scaled = density.shift(SLOPE_BITS + W_BITS - DENSITY_BITS);
    let (slope, _) = b.div_rem("density / w", &scaled, &(w.total() + expired), SLOPE_WIDTH, DIVISOR_BITS - 1);
    let slope = b.named("density over w", &slope);
    b.output(&vega);
    b.output(&slope);
    b
}

/// The strike side `K D Phi(d2)` of a call, less `K D` for a put, and likewise the spot side; Q56.
struct Sides {
    spot: Integer,
    strike: Integer,
}

impl Sides {
    fn new(
        (spot, call_delta, call_value): (&Integer, &Integer, &Integer),
        (spot_leg, strike_leg): (&Integer, &Integer),
        call: &Integer,
    ) -> Self {
        let to_q56 = FACTOR_FRACTION - CARRY_BITS;
        let whole = spot * call_delta;
        Self {
            spot: &whole - (call.not() * spot_leg).shift(to_q56),
            strike: whole - call_value.shift(to_q56) - (call.not() * strike_leg).shift(to_q56),
        }
    }
}

/// Inputs: spot, the call's delta, the call's value, spot leg, strike leg, call bit, seconds, density over w; then price and delta to be
/// packed. Outputs: gamma, rho, the first packed result.
pub fn gamma_rho_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("gamma and rho");
    let spot = b.input_bits(PRICE_BITS);
    let call_delta = b.input_bits(DELTA_WIDTH);
    let call_value = b.input_signed(LEG_BITS + 1);
    let spot_leg = b.input_bits(LEG_BITS);
    let strike_leg = b.input_bits(LEG_BITS);
    let call = b.input(0, 1);
    let seconds = b.input_bits(SECONDS_BITS);
    let slope = b.input_bits(SLOPE_WIDTH);
    let price = b.input_bits(VALUE_BITS);
    let delta = b.input_signed(DELTA_WIDTH);
    let (gamma, _) =
        b.div_rem("density / (w spot)", &slope.shift(GAMMA_BITS - SLOPE_BITS), &spot, GAMMA_WIDTH, PRICE_BITS);
    let gamma = b.named("gamma", &gamma);

    let strike = Sides::new((&spot, &call_delta, &call_value), (&spot_leg, &strike_leg), &call).strike;
    let scaled = strike * seconds;
    let hint = scaled.clone();
    let negative = b.bit("rho negative", move |cells| hint.evaluate(cells) < 0);
    // sign (year 2^56 rho + remainder - half) = strike side seconds, 0 <= remainder < year 2^56.
    let year = ethnum::I256::from(YEAR) << FACTOR_FRACTION;
    let half: ethnum::I256 = year >> 1;
    let hint = scaled.clone();
    let magnitude = b.unsigned(VALUE_BITS, move |cells| div_floor(hint.evaluate(cells).abs() + half, year));
    let hint = scaled.clone();
    let remainder = b.unsigned(FACTOR_FRACTION + 25, move |cells| {
        let value = hint.evaluate(cells).abs() + half;
        value - div_floor(value, year) * year
    });
    let rounded = magnitude.scale(year) + &remainder - Integer::constant(half);
    b.require_zero("strike side seconds = sign (year rho + remainder)", scaled - negative.sign() * rounded);
    b.range("remainder < year", &(Integer::constant(year - 1) - remainder), FACTOR_FRACTION + 25);
    let rho = b.named("rho", &(negative.sign() * magnitude));
    let parts = [(&price, VALUE_BITS), (&offset(&delta, DELTA_WIDTH), DELTA_WIDTH + 1), (&gamma, GAMMA_WIDTH)];
    let packed = pack(&mut b, "price, delta, gamma", &parts);
    for output in [&gamma, &rho, &packed] {
        b.output(output);
    }
    b
}

/// A signed integer of magnitude at most `2^bits`, made unsigned for packing.
fn offset(value: &Integer, bits: u32) -> Integer {
    value + Integer::power_of_two(bits)
}

/// Inputs: spot, the call's delta, the call's value, spot leg, strike leg, call bit, density over w, vol, rate, dividend; then vega
/// and rho to be packed. Outputs: theta, the second packed result.
pub fn theta_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("theta");
    let spot = b.input_bits(PRICE_BITS);
    let call_delta = b.input_bits(DELTA_WIDTH);
    let call_value = b.input_signed(LEG_BITS + 1);
    let spot_leg = b.input_bits(LEG_BITS);
    let strike_leg = b.input_bits(LEG_BITS);
    let call = b.input(0, 1);
    let slope = b.input_bits(SLOPE_WIDTH);
    let vol = b.input_bits(VOL_BITS);
    let rate = b.input_bits(RATE_WIDTH) + Integer::constant(RATE_LOW);
    let dividend = b.input_bits(RATE_WIDTH) + Integer::constant(RATE_LOW);
    let vega = b.input_bits(VALUE_BITS);
    let rho = b.input_signed(VALUE_BITS);
    // theta = dividend spot side - rate strike side - spot slope vol^2 / 2.
    let sides = Sides::new((&spot, &call_delta, &call_value), (&spot_leg, &strike_leg), &call);
    let decay_bits = SLOPE_BITS + 2 * RATE_BITS + 1;
    let carry = dividend * sides.spot - rate * sides.strike;
    let decay = spot * slope * &vol * &vol;
    let scaled = carry.shift(decay_bits - RATE_BITS - FACTOR_FRACTION) - decay;
    let (negative, magnitude) = b.round_signed("theta", &scaled, decay_bits, THETA_WIDTH);
    let theta = b.named("theta", &(negative.sign() * magnitude));
    let (theta_offset, rho) = (offset(&theta, THETA_WIDTH), offset(&rho, VALUE_BITS));
    let parts = [(&vega, VALUE_BITS), (&theta_offset, THETA_WIDTH + 1), (&rho, VALUE_BITS + 1)];
    let packed = pack(&mut b, "vega, theta, rho", &parts);
    b.output(&theta);
    b.output(&packed);
    b
}
