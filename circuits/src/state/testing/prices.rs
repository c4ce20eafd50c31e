//! A toy model of prices: intrinsic value plus a hat-shaped time value, shocked by 33 scenarios.

use halo2curves::bn256::Fr;

use crate::{
    margin::{RiskRow, SCENARIOS},
    state::{
        ids::{InstrumentId, OptionKind},
        market::Market,
    },
};

/// Forward shock in percent and volatility factor in percent of each scenario.
pub fn shocks() -> [(i64, u64); SCENARIOS] {
    const GRID: [i64; 9] = [-16, -12, -8, -4, 0, 4, 8, 12, 16];
    const TAILS: [i64; 6] = [-66, -50, -33, 50, 100, 500];
    core::array::from_fn(|scenario| match scenario {
        0..27 => (GRID[scenario / 3], [75, 100, 150][scenario % 3]),
        _ => (TAILS[scenario - 27], 100),
    })
}

/// The weight of each scenario, in bp.
pub fn weights() -> Vec<u16> {
    (0..SCENARIOS).map(|scenario| if scenario < 27 { 10_000 } else { 1_000 }).collect()
}

/// The price of an option, or of a perpetual, at a spot and a volatility factor in percent.
fn price(market: &Market, instrument: InstrumentId, spot: u64, vol: u64, time: u64) -> u64 {
    if market.is_perpetual() {
        return spot;
    }
    let strike = market.strike(instrument);
    let intrinsic = match instrument.kind() {
        OptionKind::Call => spot.saturating_sub(strike),
        OptionKind::Put => strike.saturating_sub(spot),
    };
    let days = (market.expiry.saturating_sub(time) / 86_400 + 1).min(400);
    let peak = (u128::from(spot) * u128::from(vol) * u128::from(days) / 40_000) as u64;
    intrinsic + peak.saturating_sub(spot.abs_diff(strike) / 4)
}

/// The row of an instrument at a spot and a level of volatility in percent.
pub fn row(market: &Market, instrument: InstrumentId, spot: u64, vol: u64, time: u64) -> RiskRow {
    let mut prices = [0; SCENARIOS + 1];
    prices[0] = price(market, instrument, spot, vol, time);
    for (shocked, (move_percent, vol_percent)) in prices[1..].iter_mut().zip(shocks()) {
        let spot = spot / 100 * (100 + move_percent) as u64;
        *shocked = price(market, instrument, spot, vol * vol_percent / 100, time);
    }
    RiskRow {
        instrument,
        expiry: market.expiry,
        strike: market.strike(instrument),
        spot,
        prices,
        greeks: Fr::from(u64::from(instrument.0)),
    }
}
