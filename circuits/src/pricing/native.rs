//! The native engine: Black-76 with Greeks in exact integers, every rounding stated.
//!
//! "Qn" is an integer that stands for itself over 2^n. Formats: prices are ticks; volatility, rate, dividend Q38; logarithms,
//! `rate * T` and square roots of discount factors Q60; total volatility and d1 Q52; Phi and phi Q60 before the exact polynomial.
//! The circuit's blocks state the same formulas as identities; this engine is written apart from them.

use ethnum::{AsI256, I256};
use serde::{Deserialize, Serialize};

use super::{CARRY_BITS, Kind, RATE_BITS, YEAR};
use zomma_gadgets::fixed::native::{div_floor, round, round_signed, sqrt_floor};
use zomma_gadgets::functions::elementary::{exp_half, ln, normal};
use zomma_gadgets::functions::{
    EXP_ARGUMENT_BITS, EXP_BITS, EXP_OFFSET, LN_BITS, NORMAL_BITS, denominator_bits, table,
};

/// Fractional bits of total volatility and of d1.
pub const W_BITS: u32 = 52;
/// Fractional bits of the grid that d1 and d2 are cut to.
pub const GRID_BITS: u32 = 24;
/// Bits below the grid.
pub const REST_BITS: u32 = W_BITS - GRID_BITS;
/// Fractional bits of the square root of time.
pub const SQRT_BITS: u32 = 54;
/// Fractional bits of a discount factor.
pub const FACTOR_FRACTION: u32 = 56;
/// Fractional bits of delta.
pub const DELTA_BITS: u32 = FACTOR_FRACTION;
/// Fractional bits of gamma, per tick.
pub const GAMMA_BITS: u32 = 80;
/// Fractional bits of `Dq phi(d1)`.
pub(super) const DENSITY_BITS: u32 = 52;
/// Fractional bits of `Dq phi(d1) / w`.
pub(super) const SLOPE_BITS: u32 = 60;
/// `log2` of the denominator of Phi on the grid.
pub(super) const COARSE_BITS: u32 = denominator_bits(NORMAL_BITS, 0);
/// `log2` of the denominator of Phi with a residual.
pub(super) const FINE_BITS: u32 = denominator_bits(NORMAL_BITS, REST_BITS);

/// Price and Greeks of one option, as integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Valuation {
    /// Ticks.
    pub price: u128,
    /// With respect to spot, Q56.
    pub delta: i64,
    /// With respect to spot, Q80 per tick.
    pub gamma: u128,
    /// Ticks per 1.00 of volatility.
    pub vega: u128,
    /// Ticks per year, towards expiry.
    pub theta: i128,
    /// Ticks per 1.00 of rate.
    pub rho: i128,
}

/// What an option's value depends on; within the domain that the book states under "Formats".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Call or put.
    pub kind: Kind,
    /// Spot, ticks.
    pub spot: u64,
    /// Strike, ticks.
    pub strike: u64,
    /// Seconds to expiry.
    pub seconds: u32,
    /// Volatility, Q38.
    pub vol: u64,
    /// Rate, signed Q38.
    pub rate: i64,
    /// Dividend yield, signed Q38.
    pub dividend: i64,
}

/// What an expiry contributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carry {
    /// `exp(-rate T / 2)`, Q60.
    pub discount_root: i64,
    /// `exp(-dividend T / 2)`, Q60.
    pub yield_root: i64,
    /// `exp(-dividend T)`, Q56.
    pub yield_discount: i64,
    /// `(rate - dividend) T`, Q60.
    pub drift: i128,
    /// `sqrt(T)` in years, Q60, floor.
    pub sqrt_time: u64,
    /// Whether T = 0.
    pub expired: bool,
}

/// The argument `5 - rate T` of the exponential's table, Q60, floor.
pub(super) fn exp_argument(rate: i64, seconds: u32) -> u64 {
    let offset = EXP_OFFSET.as_i256() << EXP_ARGUMENT_BITS;
    let scaled = (rate.as_i256() * seconds.as_i256()) << (EXP_ARGUMENT_BITS - RATE_BITS);
    div_floor(offset * YEAR.as_i256() - scaled, YEAR.as_i256()).as_u64()
}

/// The part of a valuation that all options of an expiry share.
#[must_use]
pub fn carry(seconds: u32, rate: i64, dividend: i64) -> Carry {
    let (rate_argument, yield_argument) = (exp_argument(rate, seconds), exp_argument(dividend, seconds));
    let yield_root = exp_half(yield_argument);
    let square = yield_root.as_i256() * yield_root.as_i256();
    Carry {
        discount_root: exp_half(rate_argument),
        yield_root,
        yield_discount: round(square, 2 * EXP_BITS - FACTOR_FRACTION).as_i64(),
        drift: i128::from(yield_argument) - i128::from(rate_argument),
        sqrt_time: sqrt_floor(div_floor(seconds.as_i256() << (2 * SQRT_BITS), YEAR.as_i256())).as_u64(),
        expired: seconds == 0,
    }
}

/// A price times the discount factor whose square root is given, in ticks with [`CARRY_BITS`] fractional bits.
#[must_use]
pub fn discounted(price: u64, root: i64) -> u128 {
    let root = root.as_i256();
    round(price.as_i256() * root * root, 2 * EXP_BITS - CARRY_BITS).as_u128()
}

/// Total volatility split at the grid: `w = grid 2^28 + rest`, Q52.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TotalVol {
    /// Multiples of 2^-24, to nearest.
    pub grid: u64,
    /// What is left, below half a grid step.
    pub rest: i64,
}

impl TotalVol {
    /// From Q52.
    #[must_use]
    pub fn new(w: u64) -> Self {
        let half = 1 << (REST_BITS - 1);
        let biased = w + half;
        Self { grid: biased >> REST_BITS, rest: (biased & ((1 << REST_BITS) - 1)) as i64 - half as i64 }
    }

    /// Q52.
    #[must_use]
    pub fn total(self) -> I256 {
        (self.grid.as_i256() << REST_BITS) + self.rest.as_i256()
    }
}

/// `vol * sqrt(T)`.
#[must_use]
pub fn total_vol(vol: u64, sqrt_time: u64) -> TotalVol {
    TotalVol::new(round(vol.as_i256() * sqrt_time.as_i256(), RATE_BITS + SQRT_BITS - W_BITS).as_u64())
}

/// d1 as sign and Q52 magnitude, towards zero: `d1 w = x + w^2 / 2`. Zero for an expired option.
#[must_use]
pub fn fine_d1(x: i128, w: TotalVol, expired: bool) -> (bool, I256) {
    let w = w.total();
    let x = if expired { I256::ZERO } else { x.as_i256() };
    let doubled = (x << (2 * W_BITS - LN_BITS + 1)) + w * w;
    let divisor = 2 * (w + I256::from(expired));
    (doubled < 0, div_floor(doubled.abs(), divisor))
}

/// The value of a call and of the option, from d1 on the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priced {
    /// Ticks.
    pub price: u128,
    /// Value of the call, ticks with [`CARRY_BITS`] fractional bits.
    pub call: u128,
    /// Whether the call counts as in the money: its price is intrinsic value plus the put's.
    pub in_the_money: bool,
}

/// Black-76 with d1 given as a signed multiple of 2^-24.
///
/// `spot_leg` is S Dq and `strike_leg` K D, ticks with [`CARRY_BITS`] fractional bits. The time value, that is the price of the
/// out-of-the-money side, is clamped at zero; the other side follows by parity, exactly.
#[must_use]
pub fn price_at(kind: Kind, d1: i64, w: TotalVol, spot_leg: u128, strike_leg: u128, expired: bool) -> Priced {
    let (spot_leg, strike_leg) = (spot_leg.as_i256(), strike_leg.as_i256());
    let intrinsic = spot_leg - strike_leg;
    let d2 = d1 - w.grid as i64;
    let (in_the_money, time_value) = if expired {
        (intrinsic >= 0, I256::ZERO)
    } else {
        let phi1 = signed_phi(d1 < 0, normal(&table::PHI, d1.unsigned_abs().as_i256(), 0), COARSE_BITS);
        let phi2 = signed_phi(d2 < 0, phi_with_rest(d2, w.rest), FINE_BITS);
        let call = ((spot_leg * phi1) << REST_BITS) - strike_leg * phi2;
        let in_the_money = d2 >= 0;
        let out = if in_the_money { call - (intrinsic << FINE_BITS) } else { call };
        (in_the_money, out.max(I256::ZERO) >> FINE_BITS)
    };
    let call = time_value + if in_the_money { intrinsic } else { I256::ZERO };
    let value = match kind {
        Kind::Call => call,
        Kind::Put => call - intrinsic,
    };
    Priced { price: round(value, CARRY_BITS).as_u128(), call: call.as_u128(), in_the_money }
}

/// Phi of a signed argument from Phi of its magnitude.
fn signed_phi(negative: bool, phi: I256, bits: u32) -> I256 {
    if negative { (I256::ONE << bits) - phi } else { phi }
}

/// Numerator of Phi(|d2 - rest|), d2 on the grid.
fn phi_with_rest(d2: i64, rest: i64) -> I256 {
    let magnitude = d2.unsigned_abs();
    let rest = if d2 < 0 { rest } else { -rest };
    let segment_bits = table::PHI.segment_bits;
    let low_bits = GRID_BITS - segment_bits;
    let segment = (magnitude >> low_bits).min(table::PHI.rows() as u64 - 1) as usize;
    table::PHI.numerator(segment, (magnitude & ((1 << low_bits) - 1)) as u32, rest, REST_BITS)
}

/// Price and Greeks.
#[must_use]
pub fn value(terms: &Terms) -> Valuation {
    let carry = carry(terms.seconds, terms.rate, terms.dividend);
    let x = ln(terms.spot) + carry.drift - ln(terms.strike);
    let w = total_vol(terms.vol, carry.sqrt_time);
    let spot_leg = discounted(terms.spot, carry.yield_root);
    let strike_leg = discounted(terms.strike, carry.discount_root);
    let (negative, magnitude) = fine_d1(x, w, carry.expired);
    let grid = round(magnitude, REST_BITS).as_i64();
    let d1 = if negative { -grid } else { grid };
    let priced = price_at(terms.kind, d1, w, spot_leg, strike_leg, carry.expired);
    greeks(terms, &carry, w, (spot_leg, strike_leg), (negative, magnitude), &priced)
}

/// Greeks from d1 with its residual.
#[must_use]
pub fn greeks(
    terms: &Terms,
    carry: &Carry,
    w: TotalVol,
    (spot_leg, strike_leg): (u128, u128),
    (negative, magnitude): (bool, I256),
    priced: &Priced,
) -> Valuation {
    let put = terms.kind == Kind::Put;
    let [spot, seconds, vol] = [terms.spot.as_i256(), terms.seconds.as_i256(), terms.vol.as_i256()];
    let yield_discount = carry.yield_discount.as_i256();
    let (phi, density) = if carry.expired {
        (if priced.in_the_money { I256::ONE << FINE_BITS } else { I256::ZERO }, I256::ZERO)
    } else {
        let phi = signed_phi(negative, normal(&table::PHI, magnitude, REST_BITS), FINE_BITS);
        (phi, normal(&table::PDF, magnitude, REST_BITS))
    };
    let call_delta = round(yield_discount * phi, FINE_BITS);
    let delta = if put { call_delta - yield_discount } else { call_delta };
    let density = round(yield_discount * density, FACTOR_FRACTION + FINE_BITS - DENSITY_BITS);
    let vega = round(spot * density * carry.sqrt_time.as_i256(), DENSITY_BITS + SQRT_BITS);
    let divisor = w.total() + I256::from(carry.expired);
    let slope = div_floor(density << (SLOPE_BITS + W_BITS - DENSITY_BITS), divisor);
    let gamma = div_floor(slope << (GAMMA_BITS - SLOPE_BITS), spot);

    // The spot leg of the call is S delta; its strike leg, K D Phi(d2), is what the price leaves of that. A put's legs are less
    // by the whole of each.
    let to_q56 = FACTOR_FRACTION - CARRY_BITS;
    let spot_side = spot * call_delta - if put { spot_leg.as_i256() << to_q56 } else { I256::ZERO };
    let strike_side = spot * call_delta
        - (priced.call.as_i256() << to_q56)
        - if put { strike_leg.as_i256() << to_q56 } else { I256::ZERO };
    let rho_scaled = strike_side * seconds;
    let year = YEAR.as_i256() << FACTOR_FRACTION;
    let rho_magnitude = div_floor(rho_scaled.abs() + (year >> 1), year);
    let rho = if rho_scaled < 0 { -rho_magnitude } else { rho_magnitude };

    let decay_bits = SLOPE_BITS + 2 * RATE_BITS + 1;
    let carry_term = terms.dividend.as_i256() * spot_side - terms.rate.as_i256() * strike_side;
    let theta = (carry_term << (decay_bits - RATE_BITS - FACTOR_FRACTION)) - spot * slope * vol * vol;
    Valuation {
        price: priced.price,
        delta: delta.as_i64(),
        gamma: gamma.as_u128(),
        vega: vega.as_u128(),
        theta: round_signed(theta, decay_bits).as_i128(),
        rho: rho.as_i128(),
    }
}
