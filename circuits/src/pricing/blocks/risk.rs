//! What a risk array needs beyond the price of an option: expiries, shocks, volatility levels, scenarios.

use std::sync::LazyLock;

use ethnum::{AsI256, I256};
use num_bigint::BigInt;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::fixed::native::div_floor;
use zomma_gadgets::frame::{BlockBuilder, Integer};
use zomma_gadgets::functions::elementary::ln;
use zomma_gadgets::functions::{EXP_ARGUMENT_BITS, EXP_OFFSET, FunctionInstructions, LN_BITS};
use zomma_gadgets::range::RangeInstructions;

use super::price::{D_BITS, TotalVol, price};
use super::terms::pack;
use super::{FACTOR_BITS, GRID_WIDTH, LEG_BITS, PRICE_BITS, RATE_WIDTH, SECONDS_BITS, SQRT_WIDTH, VOL_BITS};
use crate::pricing::RATE_BITS;
use crate::pricing::native::{FACTOR_FRACTION, GRID_BITS, REST_BITS, SQRT_BITS, W_BITS};
use crate::pricing::scenario::{self, BASIS, PARAMETER_BITS, REFERENCE_SECONDS, SHORTEST_SECONDS};

/// Bits of a point in time, seconds of the Unix epoch.
pub const TIME_BITS: u32 = 40;
/// Bits of an instrument id.
pub const ID_BITS: u32 = 32;
/// Bits by which lanes of a risk row are apart.
pub const LANE_BITS: u32 = 84;
/// Fractional bits of `1 / w`.
pub const INVERSE_BITS: u32 = 34;
/// Bits of `1 / w`.
const INVERSE_WIDTH: u32 = 56;
/// Bits of total volatility.
const W_WIDTH: u32 = 56;
/// Bits of a volatility factor, Q56.
const VOL_FACTOR_BITS: u32 = 60;

/// `ln(10^4)`, Q60.
pub static LN_BASIS: LazyLock<i128> = LazyLock::new(|| ln(u64::from(BASIS)));
/// `ln(30 days)` in seconds, Q60.
pub static LN_REFERENCE: LazyLock<i128> = LazyLock::new(|| ln(u64::from(REFERENCE_SECONDS)));

fn input_ln(b: &mut BlockBuilder) -> Integer {
    b.input_signed(LN_BITS + 6)
}

/// Witnesses: shocked forwards in basis points, then the volatility shock's up, down, short and long exponent.
/// Outputs: the same, then both packed words.
pub fn scenarios_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("scenario set");
    let factors: Vec<_> =
        (0..scenario::SHOCKS).map(|i| b.witness(&format!("shocked forward {i}"), scenario::FACTOR_BITS)).collect();
    let parameters: Vec<_> = ["vol up", "vol down", "short exponent", "long exponent"]
        .iter()
        .map(|name| b.witness(name, PARAMETER_BITS))
        .collect();
    let wide = |parts: &[Integer]| parts.iter().map(|part| (part.clone(), scenario::FACTOR_BITS)).collect::<Vec<_>>();
    let first = wide(&factors[..8]);
    let mut second = wide(&factors[8..]);
    second.extend(parameters.iter().map(|part| (part.clone(), PARAMETER_BITS)));
    let pack_all = |b: &mut BlockBuilder, name: &str, parts: &[(Integer, u32)]| {
        pack(b, name, &parts.iter().map(|(part, bits)| (part, *bits)).collect::<Vec<_>>())
    };
    let first = pack_all(&mut b, "shocks", &first);
    let second = pack_all(&mut b, "shocks and volatility", &second);
    b.require_zero("the first shock is the base", &factors[0] - Integer::constant(BASIS));
    for output in factors.iter().chain(&parameters).chain([&first, &second]) {
        b.output(output);
    }
    b
}

/// Witness: the time of the marks. Output: the same.
pub fn time_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("time");
    let time = b.witness("time", TIME_BITS);
    b.output(&time);
    b
}

/// Input: the time of the marks. Witnesses: spot, expiry time, rate and dividend less the smallest rate, expired bit.
/// Outputs: spot, expiry time, rate, dividend, expired bit, seconds to expiry, the longer of that and a day.
pub fn expiry_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("expiry");
    let time = b.input_bits(TIME_BITS);
    let spot = b.witness("spot", PRICE_BITS);
    let expiry = b.witness("expiry", TIME_BITS);
    let rate = b.witness("rate", RATE_WIDTH);
    let dividend = b.witness("dividend", RATE_WIDTH);
    let expired = b.witness_bit("expired");
    let seconds = b.decompose("expiry - time", &(&expiry - time), &[SECONDS_BITS]).remove(0);
    let seconds = b.named("seconds", &seconds);
    b.require_zero("expired only at 0 seconds", &expired * &seconds);
    let shortest = Integer::constant(SHORTEST_SECONDS);
    let longer = b.max("max(seconds, 1 day)", &seconds, &shortest, SECONDS_BITS);
    let longer = b.named("days", &longer);
    for output in [&spot, &expiry, &rate, &dividend, &expired, &seconds, &longer] {
        b.output(output);
    }
    b
}

/// Inputs: ln of the days to expiry, short and long exponent. Output: `(30 days / days)^(p / 2)`, Q60.
pub fn power_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("volatility shock");
    let ln_days = input_ln(&mut b);
    let short = b.input_bits(PARAMETER_BITS);
    let long = b.input_bits(PARAMETER_BITS);
    let ratio = Integer::constant(LN_REFERENCE.as_i256()) - ln_days;
    let (beyond, _) = b.sign_magnitude("ln(30 days / days)", &ratio, LN_BITS + 7);
    let exponent = b.select(&beyond, &long, &short);
    // 10^4 argument + remainder = 10^4 5 2^60 + exponent ln(30 days / days), 0 <= remainder < 10^4.
    let offset = Integer::constant(EXP_OFFSET).shift(EXP_ARGUMENT_BITS).scale(BASIS);
    let numerator = exponent * ratio + offset;
    let basis = I256::from(BASIS);
    let hint = numerator.clone();
    let top = (BigInt::from(8) << EXP_ARGUMENT_BITS) - 1;
    let argument = b.free(0, top, move |cells| div_floor(hint.evaluate(cells), basis));
    let remainder = numerator - argument.scale(BASIS);
    b.range("0 <= remainder", &remainder, PARAMETER_BITS);
    b.range("remainder < 10^4", &(Integer::constant(BASIS - 1) - &remainder), PARAMETER_BITS);
    let power = b.exp_half("power", &argument);
    let power = b.named("power, Q60", &power);
    b.output(&power);
    b
}

/// Inputs: the power Q56, vol up, vol down. Outputs: factors of the flat, raised and lowered volatility, Q56.
pub fn vol_factors_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("volatility factors");
    let power = b.input_bits(FACTOR_BITS);
    let up = b.input_bits(PARAMETER_BITS);
    let down = b.input_bits(PARAMETER_BITS);
    let one = Integer::power_of_two(FACTOR_FRACTION);
    let basis = Integer::constant(BASIS);
    let (raise, _) = b.div_rem("up power", &(up * &power), &basis, VOL_FACTOR_BITS, PARAMETER_BITS);
    let (lower, _) = b.div_rem("down power", &(down * &power), &basis, FACTOR_FRACTION, PARAMETER_BITS);
    let flat = b.named("flat", &one);
    let raised = b.named("raised", &(&one + raise));
    // The lowering is below 2^56 by its limbs, so the factor is positive.
    let lowered = b.named("lowered", &(&one - lower));
    for output in [&flat, &raised, &lowered] {
        b.output(output);
    }
    b
}

/// Inputs: spot leg, shocked forward in basis points and its logarithm, ln spot, the exponentials' arguments of rate and
/// dividend. Outputs: the shocked spot leg, the logarithm of the shocked forward.
pub fn shock_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("forward shock");
    let leg = b.input_bits(LEG_BITS);
    let factor = b.input_bits(scenario::FACTOR_BITS);
    let ln_factor = input_ln(&mut b);
    let ln_spot = input_ln(&mut b);
    let rate_argument = b.input_bits(EXP_ARGUMENT_BITS + 3);
    let yield_argument = b.input_bits(EXP_ARGUMENT_BITS + 3);
    let biased = leg * factor + Integer::constant(BASIS / 2);
    let (shocked, _) = b.div_rem("leg (1 + shock)", &biased, &Integer::constant(BASIS), LEG_BITS, PARAMETER_BITS);
    let shocked = b.named("shocked leg", &shocked);
    let ln_forward = ln_spot + yield_argument - rate_argument + ln_factor - Integer::constant(LN_BASIS.as_i256());
    let ln_forward = b.named("ln of the shocked forward", &ln_forward);
    b.output(&shocked);
    b.output(&ln_forward);
    b
}

/// Inputs: the previous instrument's id plus one, spot, expiry, rate, dividend. Witnesses: id, strike, vol, call bit, active bit.
/// Outputs: id plus one, strike, vol, call bit, active bit, terms (id, expiry, strike), terms with the call bit, market.
pub fn instrument_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("instrument");
    let least = b.input(0, BigInt::from(1) << ID_BITS);
    let spot = b.input_bits(PRICE_BITS);
    let expiry = b.input_bits(TIME_BITS);
    let rate = b.input_bits(RATE_WIDTH);
    let dividend = b.input_bits(RATE_WIDTH);
    let id = b.witness("id", ID_BITS);
    let strike = b.witness("strike", PRICE_BITS);
    let vol = b.witness("vol", VOL_BITS);
    let call = b.witness_bit("call");
    let active = b.witness_bit("active");
    b.range("ids ascend", &(&id - least), ID_BITS);
    let next = b.named("id + 1", &(&id + Integer::constant(1)));
    let parts = [(&id, ID_BITS), (&expiry, TIME_BITS), (&strike, PRICE_BITS + 1)];
    let terms = pack(&mut b, "terms", &parts);
    let marked = pack(&mut b, "terms and kind", &[parts[0], parts[1], parts[2], (&call, 1)]);
    let market =
        pack(&mut b, "market", &[(&vol, VOL_BITS), (&spot, PRICE_BITS), (&rate, RATE_WIDTH), (&dividend, RATE_WIDTH)]);
    for output in [&next, &strike, &vol, &call, &active, &terms, &marked, &market] {
        b.output(output);
    }
    b
}

/// Inputs: vol, square root of time, volatility factor, expired bit. Outputs: total volatility (grid, rest), `1 / w` Q34.
///
/// An expired option takes 1 for `w` in the division, as in the division by `w` of d1.
pub fn level_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("volatility level");
    let vol = b.input_bits(VOL_BITS);
    let root = b.input_bits(SQRT_WIDTH);
    let factor = b.input_bits(VOL_FACTOR_BITS + 1);
    let expired = b.input(0, 1);
    let shift = RATE_BITS + SQRT_BITS + FACTOR_FRACTION - W_BITS;
    let half = Integer::power_of_two(REST_BITS - 1);
    let biased = vol * root * factor + Integer::power_of_two(shift - 1) + half.shift(shift);
    let parts = b.decompose("vol sqrt(T) factor + halves", &biased, &[shift, REST_BITS, GRID_WIDTH]);
    let grid = b.named("w on the grid", &parts[2]);
    let rest = b.named("rest of w", &(&parts[1] - &half));
    let divisor = grid.shift(REST_BITS) + &rest + expired.shift(W_BITS);
    let one = Integer::power_of_two(INVERSE_BITS + W_BITS);
    let (inverse, _) = b.div_rem("1 / w", &one, &divisor, INVERSE_WIDTH, W_WIDTH);
    let inverse = b.named("1 / w, Q34", &inverse);
    for output in [&grid, &rest, &inverse] {
        b.output(output);
    }
    b
}

/// Inputs: ln of the shocked forward, ln strike, `1 / w`, total volatility (grid, rest), shocked spot leg, strike leg, call bit, expired
/// bit, sum of prices so far. Outputs: price below 2^63 ticks, the sum with it, the call's value, the in-the-money bit.
pub fn scenario_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("scenario");
    let ln_forward = b.input_signed(LN_BITS + 8);
    let ln_strike = input_ln(&mut b);
    let inverse = b.input_bits(INVERSE_WIDTH);
    let w = TotalVol::input(&mut b);
    let spot_leg = b.input_bits(LEG_BITS);
    let strike_leg = b.input_bits(LEG_BITS);
    let call = b.input(0, 1);
    let expired = b.input(0, 1);
    let sum = b.input_bits(LANE_BITS - 1);
    // d1 = x / w + w / 2 at Q94, rounded to the grid, halves up.
    let fraction = LN_BITS + INVERSE_BITS;
    let exact = expired.not() * (ln_forward - ln_strike) * inverse + w.total().shift(fraction - W_BITS - 1);
    let shift = fraction - GRID_BITS;
    let biased = exact + Integer::power_of_two(shift - 1);
    let hint = biased.clone();
    let bound = BigInt::from(1) << D_BITS;
    // price() bounds d1: its magnitude is a segment and a limb.
    let d1 = b.free(-bound.clone(), bound, move |cells| hint.evaluate(cells) >> shift);
    b.range("d1 2^70 + remainder = x / w + w / 2", &(biased - d1.shift(shift)), shift);
    let [price, call_value, in_the_money] =
        price(&mut b, &d1, &w, (&spot_leg, &strike_leg), &call, &expired, PRICE_BITS);
    // 34 prices below 2^63 are summed: far below 2^83, so the output may be the next scenario's input.
    let sum = b.named("sum of prices", &(sum + &price)).with_bounds(0, (BigInt::from(1) << (LANE_BITS - 1)) - 1);
    for output in [&price, &sum, &call_value, &in_the_money] {
        b.output(output);
    }
    b
}

/// Inputs: sum of prices, spot, base price. Output: the sum of the three, the last lane of a row.
pub fn total_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("sum of lanes");
    let sum = b.input_bits(LANE_BITS - 1);
    let spot = b.input_bits(PRICE_BITS);
    let base = b.input_bits(PRICE_BITS);
    let total = b.named("sum of lanes", &(sum + spot + base));
    b.output(&total);
    b
}

/// Inputs: three lanes. Output: the word of them.
pub fn word_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("word of three lanes");
    let lanes = [(); 3].map(|()| b.input_bits(LANE_BITS));
    let word = pack(&mut b, "lanes", &[(&lanes[0], LANE_BITS), (&lanes[1], LANE_BITS), (&lanes[2], LANE_BITS)]);
    b.output(&word);
    b
}
