//! The margin engine: from positions and rows of the risk array to an account's health.

use ethnum::I256;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::row::{LANE_BITS, PRICES, RiskRow, SCENARIOS};
use crate::state::{
    ids::{InstrumentId, OptionKind, decimal},
    limits::BP,
};

/// Gross exposure stays below this, so that a lane holds every sum, with its sign.
const EXPOSURE_LIMIT: u128 = 1 << (LANE_BITS - 1);
/// Equity, and each contingency, stays below this in magnitude.
const EQUITY_LIMIT: i128 = 1 << 97;

/// The margin part of a parameter set. Ratios in bp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarginRules {
    /// Weight of each scenario's result, at most 10,000.
    pub weights: Vec<u16>,
    /// Share of the worst scenario that maintenance margin asks for, at most 10,000.
    pub mm_factor: u16,
    /// Contingency on the notional of perpetuals, maintenance.
    pub perp_mm: u16,
    /// Further contingency on the notional of perpetuals, initial.
    pub perp_im: u16,
    /// Contingency on strike-netted naked shorts, maintenance.
    pub naked_mm: u16,
    /// Further contingency on strike-netted naked shorts, initial.
    pub naked_im: u16,
}

impl MarginRules {
    /// Checks the ranges of section 3.
    ///
    /// # Errors
    /// The name of the first field out of range.
    pub fn check(&self) -> Result<(), &'static str> {
        let ratio = |value: u16| i128::from(value) <= BP;
        if self.weights.len() != SCENARIOS || !self.weights.iter().all(|weight| ratio(*weight)) {
            return Err("weights");
        }
        let named = [
            ("mm_factor", self.mm_factor),
            ("perp_mm", self.perp_mm),
            ("perp_im", self.perp_im),
            ("naked_mm", self.naked_mm),
            ("naked_im", self.naked_im),
        ];
        named.into_iter().find(|(_, value)| !ratio(*value)).map_or(Ok(()), |(name, _)| Err(name))
    }
}

/// One position as margin sees it. Holdings of an account are strictly ascending by instrument.
#[derive(Debug, Clone, Copy)]
pub struct Holding<'a> {
    /// The instrument.
    pub instrument: InstrumentId,
    /// Signed quantity in lots, magnitude below 2^53.
    pub qty: i64,
    /// Whether the instrument is a perpetual.
    pub perpetual: bool,
    /// The market's cumulative funding index.
    pub funding_index: i64,
    /// The instrument's row of the risk array.
    pub row: &'a RiskRow,
}

/// The figures of margin, in cash units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// E: cash plus positions at their marks, net of funding.
    #[serde(with = "decimal")]
    pub equity: i128,
    /// L: the worst weighted scenario result, at most 0.
    #[serde(with = "decimal")]
    pub worst: i128,
    /// M: the maintenance requirement, at least 0.
    #[serde(with = "decimal")]
    pub maintenance: i128,
    /// N: the initial requirement, reserve included.
    #[serde(with = "decimal")]
    pub initial: i128,
}

impl Health {
    /// Maintenance margin is met.
    pub fn mm_ok(&self) -> bool {
        self.equity >= self.maintenance
    }

    /// Initial margin is met.
    pub fn im_ok(&self) -> bool {
        self.equity >= self.initial
    }

    /// By how much equity falls short of initial margin; 0 or less when it does not.
    pub fn shortfall(&self) -> i128 {
        self.initial - self.equity
    }

    /// The ratio of equity to maintenance is not lower than `before`'s, `E' M >= E M'`, and no hole is dug: `E' >= min(0, E)`.
    ///
    /// The ratio alone says nothing about equity where nothing is required, and where equity is negative it lets it fall as far as the requirement
    /// rises.
    pub fn not_worse_than(&self, before: &Self) -> bool {
        let product = |a: i128, b: i128| I256::from(a) * I256::from(b);
        product(self.equity, before.maintenance) >= product(before.equity, self.maintenance)
            && self.equity >= before.equity.min(0)
    }

    /// Equity is below the share `close_out` (bp) of the maintenance requirement.
    pub fn below_close_out(&self, close_out: u16) -> bool {
        self.equity * BP < i128::from(close_out) * self.maintenance
    }
}

/// Why an account's margin cannot be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MarginError {
    /// The exposure bound.
    #[error("gross exposure is at or above 2^83")]
    ExposureTooLarge,
    /// Equity or a contingency beyond 2^97.
    #[error("equity or a contingency is at or beyond 2^97")]
    EquityOverflow,
}

/// Sums over an account's positions.
struct Sums {
    gross: u128,
    values: [i128; PRICES],
    funding: i128,
}

impl Sums {
    fn over(holdings: &[Holding<'_>]) -> Self {
        let mut sums = Self { gross: 0, values: [0; PRICES], funding: 0 };
        for holding in holdings {
            let qty = i128::from(holding.qty);
            // Each term is below 2^122; only the total can leave u128, and then it is far beyond the limit.
            sums.gross = sums.gross.saturating_add(qty.unsigned_abs() * holding.row.total());
            for (value, price) in sums.values.iter_mut().zip(holding.row.prices) {
                *value += qty * i128::from(price);
            }
            sums.funding += qty * i128::from(holding.funding_index);
        }
        sums
    }
}

/// Computes an account's health.
///
/// `cash` is signed, below 2^95 in magnitude; there are at most 128 `holdings`, strictly ascending by instrument.
///
/// # Errors
/// [`MarginError::ExposureTooLarge`], then [`MarginError::EquityOverflow`].
pub fn assess(rules: &MarginRules, cash: i128, reserve: u64, holdings: &[Holding<'_>]) -> Result<Health, MarginError> {
    let sums = Sums::over(holdings);
    if sums.gross >= EXPOSURE_LIMIT {
        return Err(MarginError::ExposureTooLarge);
    }
    let base = sums.values[0];
    let worst = sums.values[1..]
        .iter()
        .zip(&rules.weights)
        .map(|(value, weight)| (i128::from(*weight) * (value - base)).div_euclid(BP))
        .fold(0, i128::min);
    let equity = cash + base - sums.funding;
    if equity.abs() >= EQUITY_LIMIT {
        return Err(MarginError::EquityOverflow);
    }
    let contingency = |perp: u16, naked: u16| contingency(holdings, perp, naked).ok_or(MarginError::EquityOverflow);
    let contingency_mm = contingency(rules.perp_mm, rules.naked_mm)?;
    let contingency_im = contingency(rules.perp_im, rules.naked_im)?;
    Ok(Health {
        equity,
        worst,
        maintenance: contingency_mm - (i128::from(rules.mm_factor) * worst).div_euclid(BP),
        initial: contingency_mm + contingency_im - worst + i128::from(reserve),
    })
}

/// Perpetual notional and strike-netted naked shorts at the given rates, rounded up; `None` at or beyond the limit.
fn contingency(holdings: &[Holding<'_>], perp_rate: u16, naked_rate: u16) -> Option<i128> {
    let mut total = 0u128;
    let mut rest = holdings;
    while let [first, others @ ..] = rest {
        let (rate, size, used) = if first.perpetual {
            (perp_rate, first.qty.unsigned_abs(), 1)
        } else {
            // The put of the same strike, if held, is the next one.
            let pair = others.first().filter(|next| {
                first.instrument.kind() == OptionKind::Call
                    && next.instrument.strike_key() == first.instrument.strike_key()
            });
            let net = first.qty + pair.map_or(0, |put| put.qty);
            (naked_rate, net.min(0).unsigned_abs(), 1 + usize::from(pair.is_some()))
        };
        // Saturation lies far beyond the limit, so it cannot hide an overflow.
        let notional = u128::from(size) * u128::from(first.row.spot);
        total = total.saturating_add(notional.saturating_mul(rate.into()));
        rest = &rest[used..];
    }
    i128::try_from(total.div_ceil(BP as u128)).ok().filter(|value| *value < EQUITY_LIMIT)
}
