//! Scenario sets: forward shocks times volatility shocks, as data whose hash is public.
//!
//! A set has nine forward shocks that are combined with three volatility levels, and six tails at the raised level: 33 scenarios. Scenario
//! `3 j + v` is grid shock `j` at level `v` (0 flat, 1 up, 2 down); scenario `27 + j` is tail `j`. The first grid shock is zero, so that scenario 0 is
//! the base.

use serde::{Deserialize, Serialize};

use crate::error::StatementError;

/// Denominator of everything in a set: basis points.
pub const BASIS: u32 = 10_000;
/// Forward shocks that are combined with every volatility level.
pub const GRID: usize = 9;
/// Forward shocks at the raised volatility level.
pub const TAILS: usize = 6;
/// Volatility levels.
pub const LEVELS: usize = 3;
/// Scenarios.
pub const SCENARIOS: usize = GRID * LEVELS + TAILS;
/// Distinct forward shocks.
pub const SHOCKS: usize = GRID + TAILS;
/// Bits of a shocked forward, in basis points of the forward.
pub const FACTOR_BITS: u32 = 17;
/// Bits of a parameter of the volatility shock, in basis points.
pub const PARAMETER_BITS: u32 = 14;
/// The volatility shock's reference time to expiry.
pub const REFERENCE_SECONDS: u32 = 30 * 86_400;
/// The shortest time to expiry that the volatility shock distinguishes.
pub const SHORTEST_SECONDS: u32 = 86_400;
/// Largest exponent: `(30 days / 1 day)^p` must stay within the exponential's table.
pub const MAX_EXPONENT: u32 = 7_300;

/// A scenario set; all numbers in basis points.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioSet {
    /// What the set is called; not hashed.
    pub name: String,
    /// Forward shocks of the grid, the first 0.
    pub grid: [i32; GRID],
    /// Forward shocks of the tails.
    pub tails: [i32; TAILS],
    /// Raised volatility is `vol (1 + vol_up s)`, `s = (30 d / max(T, 1 d))^p`.
    pub vol_up: u32,
    /// Lowered volatility is `vol (1 - vol_down s)`.
    pub vol_down: u32,
    /// `p` up to 30 days.
    pub exponent_short: u32,
    /// `p` beyond.
    pub exponent_long: u32,
}

impl ScenarioSet {
    /// The default set, from `params/scenarios/default.json`.
    ///
    /// # Panics
    /// Never: a test reads the same text.
    pub fn standard() -> Self {
        let text = include_str!("../../../params/scenarios/default.json");
        serde_json::from_str(text).expect("the default scenario set is valid JSON")
    }

    /// # Errors
    /// [`StatementError::Domain`] naming the number that is out of its range.
    pub fn check(&self) -> Result<(), StatementError> {
        let refuse = |field: String, reason: String| Err(StatementError::Domain { field, reason });
        if self.grid[0] != 0 {
            return refuse(
                "scenarios: grid[0]".into(),
                format!("the first shock is the base and must be 0, not {}", self.grid[0]),
            );
        }
        let top = (1 << FACTOR_BITS) - 1 - BASIS as i32;
        let shocks = self.grid.iter().enumerate().map(|(i, shock)| (format!("grid[{i}]"), *shock));
        let tails = self.tails.iter().enumerate().map(|(i, shock)| (format!("tails[{i}]"), *shock));
        for (field, shock) in shocks.chain(tails) {
            if shock <= -(BASIS as i32) || shock > top {
                return refuse(
                    format!("scenarios: {field}"),
                    format!("{shock} is outside {}..={top}", 1 - BASIS as i32),
                );
            }
        }
        // s is at most 30^p.
        let most = |exponent: u32| 30f64.powf(f64::from(exponent) / f64::from(BASIS));
        let parameters = [
            ("exponent_short", self.exponent_short, MAX_EXPONENT),
            ("exponent_long", self.exponent_long, MAX_EXPONENT),
            ("vol_up", self.vol_up, BASIS),
            ("vol_down", self.vol_down, (f64::from(BASIS) * 0.99 / most(self.exponent_short)) as u32),
        ];
        for (field, value, top) in parameters {
            if value > top {
                return refuse(format!("scenarios: {field}"), format!("{value} is outside 0..={top}"));
            }
        }
        Ok(())
    }

    /// Shocked forwards, in basis points of the forward: grid first, then tails.
    pub fn factors(&self) -> [u32; SHOCKS] {
        let mut shocks = self.grid.iter().chain(&self.tails);
        std::array::from_fn(|_| shocks.next().map_or(0, |shock| (BASIS as i32 + shock) as u32))
    }

    /// Forward shock and volatility level of a scenario.
    pub const fn scenario(index: usize) -> (usize, usize) {
        if index < GRID * LEVELS { (index / LEVELS, index % LEVELS) } else { (index - GRID * LEVELS + GRID, 1) }
    }
}
