//! The native risk array: one row of prices per instrument, and the Greeks at the base.

use ethnum::{AsI256, I256};
use serde::{Deserialize, Serialize};
use zomma_gadgets::fixed::native::{div_floor, round};
use zomma_gadgets::functions::elementary::{exp_half, ln};
use zomma_gadgets::functions::{EXP_ARGUMENT_BITS, EXP_BITS, EXP_OFFSET, LN_BITS};

use super::blocks::risk::{INVERSE_BITS, LN_BASIS, LN_REFERENCE};
use super::native::{
    Carry, FACTOR_FRACTION, GRID_BITS, Priced, SQRT_BITS, Terms, TotalVol, Valuation, W_BITS, carry, discounted,
    fine_d1, greeks, price_at,
};
use super::scenario::{BASIS, LEVELS, SCENARIOS, SHOCKS, SHORTEST_SECONDS, ScenarioSet};
use super::{Kind, RATE_BITS};

/// One row of the risk array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskRow {
    /// Price and Greeks at the base. The price is the first scenario's.
    pub base: Valuation,
    /// Price under each scenario, ticks.
    pub prices: Vec<u64>,
}

/// What all instruments of an expiry share.
#[derive(Debug, Clone)]
pub struct ExpiryRisk {
    carry: Carry,
    spot_leg: u128,
    ln_spot: i128,
    /// Shocked spot leg and logarithm of the shocked forward, per forward shock.
    shocks: [(u128, i128); SHOCKS],
    /// Volatility factors, Q56: flat, up, down.
    factors: [i64; LEVELS],
}

/// The volatility factors at a time to expiry: flat, up, down, Q56.
fn vol_factors(set: &ScenarioSet, seconds: u32) -> [i64; LEVELS] {
    let ratio = *LN_REFERENCE - ln(u64::from(seconds.max(SHORTEST_SECONDS)));
    let exponent = if ratio < 0 { set.exponent_long } else { set.exponent_short };
    let offset = EXP_OFFSET.as_i256() << EXP_ARGUMENT_BITS;
    let argument = div_floor(offset * BASIS.as_i256() + exponent.as_i256() * ratio.as_i256(), BASIS.as_i256());
    let root = exp_half(argument.as_u64()).as_i256();
    let power = round(root * root, 2 * EXP_BITS - FACTOR_FRACTION);
    let one = 1 << FACTOR_FRACTION;
    let scaled = |parameter: u32| div_floor(parameter.as_i256() * power, BASIS.as_i256()).as_i64();
    [one, one + scaled(set.vol_up), one - scaled(set.vol_down)]
}

impl ExpiryRisk {
    /// The shared part of a risk array.
    pub fn new(set: &ScenarioSet, spot: u64, seconds: u32, rate: i64, dividend: i64) -> Self {
        let carry = carry(seconds, rate, dividend);
        let spot_leg = discounted(spot, carry.yield_root);
        let ln_spot = ln(spot);
        let shocks = set.factors().map(|factor| {
            let shocked = div_floor(spot_leg.as_i256() * factor.as_i256() + (BASIS / 2).as_i256(), BASIS.as_i256());
            (shocked.as_u128(), ln_spot + carry.drift + ln(u64::from(factor)) - *LN_BASIS)
        });
        Self { carry, spot_leg, ln_spot, shocks, factors: vol_factors(set, seconds) }
    }

    /// The row of an instrument of this expiry.
    ///
    /// Prices may exceed the 63 bits that a lane of the array holds; `None` then.
    pub fn row(&self, terms: &Terms) -> Option<RiskRow> {
        let strike_leg = discounted(terms.strike, self.carry.discount_root);
        let ln_strike = ln(terms.strike);
        let levels = self.factors.map(|factor| self.level(terms.vol, factor));
        let mut base = None;
        let prices = (0..SCENARIOS)
            .map(|index| {
                let (shock, level) = ScenarioSet::scenario(index);
                let priced = self.scenario(terms.kind, ln_strike, strike_leg, self.shocks[shock], levels[level]);
                base.get_or_insert(priced);
                u64::try_from(priced.price).ok().filter(|price| price >> 63 == 0)
            })
            .collect::<Option<Vec<_>>>()?;
        let (w, _) = levels[0];
        let x = self.ln_spot + self.carry.drift - ln_strike;
        let d1 = fine_d1(x, w, self.carry.expired);
        let base = greeks(terms, &self.carry, w, (self.spot_leg, strike_leg), d1, &base?);
        Some(RiskRow { base, prices })
    }

    /// Total volatility at a level, and its inverse, Q34.
    fn level(&self, vol: u64, factor: i64) -> (TotalVol, I256) {
        let product = vol.as_i256() * self.carry.sqrt_time.as_i256() * factor.as_i256();
        let w = TotalVol::new(round(product, RATE_BITS + SQRT_BITS + FACTOR_FRACTION - W_BITS).as_u64());
        let divisor = w.total() + if self.carry.expired { I256::ONE << W_BITS } else { I256::ZERO };
        (w, div_floor(I256::ONE << (INVERSE_BITS + W_BITS), divisor))
    }

    fn scenario(
        &self,
        kind: Kind,
        ln_strike: i128,
        strike_leg: u128,
        (spot_leg, ln_forward): (u128, i128),
        (w, inverse): (TotalVol, I256),
    ) -> Priced {
        let x = if self.carry.expired { I256::ZERO } else { (ln_forward - ln_strike).as_i256() };
        let fraction = LN_BITS + INVERSE_BITS;
        let exact = x * inverse + (w.total() << (fraction - W_BITS - 1));
        let d1 = round(exact, fraction - GRID_BITS).as_i64();
        price_at(kind, d1, w, spot_leg, strike_leg, self.carry.expired)
    }
}
