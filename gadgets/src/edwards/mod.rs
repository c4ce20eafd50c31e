//! Baby Jubjub: the twisted Edwards curve $168700 x^2 + y^2 = 1 + 168696 x^2 y^2$ over BN254's scalar field.
//!
//! Source: ERC-2494 (the parameters of circomlib); Bernstein, Birkner, Joye, Lange, Peters, "Twisted Edwards Curves", AFRICACRYPT 2008.
//! $a$ is a square and $d$ is not, so the addition law is complete: it holds for any two points of the curve, equal ones and the
//! neutral $(0, 1)$ included. The order is $8\ell$ with $\ell$ a prime of 251 bits; [`base8`] generates the subgroup of order
//! $\ell$, where keys and signatures live.

mod chip;
mod gates;
mod native;
mod scalar;
mod witness;

#[cfg(test)]
mod tests;

use halo2curves::bn256::Fr;

pub(crate) use chip::{BaseMultiple, EdwardsChip, Ladder};
pub(crate) use native::Extended;
pub use native::{Point, base8};
pub use scalar::Scalar;
pub(crate) use witness::{DIGIT_BITS, DIGITS, LADDER_BITS, after_the_last, element};

/// The coefficient $a$.
pub const A: Fr = Fr::from_raw([168_700, 0, 0, 0]);

/// The coefficient $d$.
pub const D: Fr = Fr::from_raw([168_696, 0, 0, 0]);

/// $\ell$, the order of the prime subgroup, in little-endian limbs:
/// 2736030358979909402780800718157159386076813972158567259200215660948447373041.
pub const ORDER: [u64; 4] = [0x677297dc392126f1, 0xab3eedb83920ee0a, 0x370a08b6d0302b0b, 0x060c89ce5c263405];
