//! The blocks of the pricing statements: each a formula of the native engine as identities over integers.
//!
//! Comments give the formula and its fractional bits; widths are proven by the limbs, and that nothing wraps is asserted from them
//! when a block is configured.

mod carry;
mod greeks;
mod price;
pub mod risk;
mod terms;

pub use carry::{exp_block, factor_block, leg_block, ln_block, sqrt_block, vol_block};
pub use greeks::{density_block, fine_block, gamma_rho_block, theta_block, vega_block};
pub use price::price_block;
pub use terms::terms_block;

/// Bits of a price in ticks.
pub const PRICE_BITS: u32 = 63;
/// Bits of a number of seconds to expiry.
pub const SECONDS_BITS: u32 = 28;
/// Bits of a volatility.
pub const VOL_BITS: u32 = 42;
/// Bits of a rate less [`RATE_LOW`].
pub const RATE_WIDTH: u32 = 40;
/// The smallest rate, -0.5.
pub const RATE_LOW: i64 = -(1 << (super::RATE_BITS - 1));
/// Bits of the square root of a discount factor.
pub const HALF_FACTOR_BITS: u32 = 62;
/// Bits of a discount factor.
pub const FACTOR_BITS: u32 = 60;
/// Bits of a discounted price with fractional bits.
pub const LEG_BITS: u32 = PRICE_BITS + 4 + super::CARRY_BITS;
/// Bits of the square root of time.
pub const SQRT_WIDTH: u32 = 56;
/// Bits of total volatility on the grid.
pub const GRID_WIDTH: u32 = 28;
/// Bits by which `|d|` may exceed 9, in segments.
pub const EXCESS_BITS: u32 = 36;
/// Bits of a price that is proven.
pub const VALUE_BITS: u32 = 70;
/// Bits of the magnitude of delta.
pub const DELTA_WIDTH: u32 = 61;
/// Bits of `Dq phi(d1) / w`.
pub const SLOPE_WIDTH: u32 = 84;
/// Bits of gamma.
pub const GAMMA_WIDTH: u32 = 112;
/// Bits of the magnitude of theta.
pub const THETA_WIDTH: u32 = 84;
