//! Black-76 from d1 on the grid.

use num_bigint::BigInt;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::{BlockBuilder, Integer};
use zomma_gadgets::functions::{FunctionInstructions, Point, table};
use zomma_gadgets::range::RangeInstructions;

use super::{EXCESS_BITS, GRID_WIDTH, LEG_BITS, VALUE_BITS};
use crate::pricing::CARRY_BITS;
use crate::pricing::native::{COARSE_BITS, FINE_BITS, REST_BITS};

/// Bits of the magnitude of d1 on the grid.
pub(super) const D_BITS: u32 = EXCESS_BITS + 15;

/// Total volatility as it comes out of [`super::vol_block`]: grid and signed rest.
pub(super) struct TotalVol {
    pub(super) grid: Integer,
    pub(super) rest: Integer,
}

impl TotalVol {
    pub(super) fn input(b: &mut BlockBuilder) -> Self {
        let half = BigInt::from(1) << (REST_BITS - 1);
        Self { grid: b.input_bits(GRID_WIDTH), rest: b.input(-half.clone(), half) }
    }

    /// Q52.
    pub(super) fn total(&self) -> Integer {
        self.grid.shift(REST_BITS) + &self.rest
    }
}

/// Inputs: d1 on the grid, total volatility (grid, rest), spot leg, strike leg, call bit, expired bit.
/// Outputs: price in ticks; the call's value in ticks with fractional bits; the in-the-money bit.
pub fn price_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("price");
    let d1 = b.input_signed(D_BITS);
    let w = TotalVol::input(&mut b);
    let spot_leg = b.input_bits(LEG_BITS);
    let strike_leg = b.input_bits(LEG_BITS);
    let call = b.input(0, 1);
    let expired = b.input(0, 1);
    for output in price(&mut b, &d1, &w, (&spot_leg, &strike_leg), &call, &expired, VALUE_BITS) {
        b.output(&output);
    }
    b
}

/// The formula of [`price_block`]; also the second half of a scenario.
pub(super) fn price(
    b: &mut BlockBuilder,
    d1: &Integer,
    w: &TotalVol,
    (spot_leg, strike_leg): (&Integer, &Integer),
    call: &Integer,
    expired: &Integer,
    value_bits: u32,
) -> [Integer; 3] {
    let d2 = d1 - &w.grid;
    let (negative1, point1) = signed_point(b, "d1", d1);
    let (negative2, point2) = signed_point(b, "d2", &d2);
    let phi1 = b.numerator(&point1);
    let phi1 = b.named("Phi(|d1|)", &phi1);
    // |d2 - rest| = |d2| - sign rest.
    let rest = b.named("rest, with the sign of d2", &-(negative2.sign() * &w.rest));
    let phi2 = b.numerator_with_rest(&point2, &rest, REST_BITS);
    let phi2 = b.named("Phi(|d2|)", &phi2);
    let spot_side = spot_leg * reflect(&negative1, &phi1, COARSE_BITS);
    let strike_side = strike_leg * reflect(&negative2, &phi2, FINE_BITS);
    let value = b.named("S Dq Phi(d1) - K D Phi(d2)", &(spot_side.shift(REST_BITS) - strike_side));
    let intrinsic = spot_leg - strike_leg;

    // In the money: d2 >= 0, for then the put is the side without intrinsic value; for an expired option S Dq >= K D, shown below.
    let in_the_money = {
        let (expired, negative2, intrinsic) = (expired.clone(), negative2.clone(), intrinsic.clone());
        b.bit("in the money", move |cells| {
            if expired.evaluate(cells) == 1 { intrinsic.evaluate(cells) >= 0 } else { negative2.evaluate(cells) == 0 }
        })
    };
    let alive = expired.not();
    b.require_zero("alive: in the money = (d2 >= 0)", &alive * (&in_the_money - negative2.not()));

    // Time value of the out-of-the-money side, and for an expired option instead the proof that the bit is right:
    // (2 bit - 1) intrinsic - (1 - bit) >= 0.
    let time_value = &alive * (&value - (&in_the_money * &intrinsic).shift(FINE_BITS));
    let witness = &intrinsic * (in_the_money.scale(2) - Integer::constant(1)) - in_the_money.not();
    let shown = time_value + (expired * &witness).shift(FINE_BITS);
    let below_zero = {
        let shown = shown.clone();
        b.bit("time value below zero", move |cells| shown.evaluate(cells) < 0)
    };
    b.require_zero("below zero only by rounding, not when expired", &below_zero * expired);
    let magnitude = b.decompose("|time value|", &(below_zero.sign() * shown), &[FINE_BITS, LEG_BITS]).remove(1);
    let kept = &alive * below_zero.not() * magnitude;
    let call_value = b.named("call, with fractional bits", &(kept + &in_the_money * &intrinsic));
    let option_value = &call_value - call.not() * &intrinsic;
    let price = b.round("price", &option_value, CARRY_BITS, value_bits);
    let price = b.named("price in ticks", &price);
    [price, call_value, in_the_money]
}

/// Sign bit of `d` and the grid point of its magnitude.
pub(super) fn signed_point(b: &mut BlockBuilder, name: &str, d: &Integer) -> (Integer, Point) {
    let hint = d.clone();
    let negative = b.bit(&format!("{name} negative"), move |cells| hint.evaluate(cells) < 0);
    let point = b.point(name, &table::PHI, &(negative.sign() * d), 0, Some(EXCESS_BITS));
    (negative, point)
}

/// Phi of a signed argument: `negative ? 1 - phi : phi`.
pub(super) fn reflect(negative: &Integer, phi: &Integer, bits: u32) -> Integer {
    negative.shift(bits) + negative.sign() * phi
}
