//! Pricing: options from what people write to what is proven.

pub mod accuracy;
pub mod blocks;
pub mod carry_chip;
pub mod chip;
pub mod csv;
pub mod native;
pub mod risk_chip;
pub mod risk_native;
#[cfg(test)]
mod risk_tests;
pub mod scenario;
#[cfg(test)]
mod soundness_tests;
pub mod statements;
#[cfg(test)]
mod tests;

pub use csv::Kind;

/// Seconds of a year, 365 days.
pub const YEAR: u32 = 31_536_000;

/// Fractional bits of volatilities, rates and dividend yields.
///
/// 38 and not 32: at 2^-33 the rounding of a decimal rate moves a five-year price of 100 by more than five ticks of 1e-8.
pub const RATE_BITS: u32 = 38;

/// Fractional bits of discounted prices, in ticks.
pub const CARRY_BITS: u32 = 10;
