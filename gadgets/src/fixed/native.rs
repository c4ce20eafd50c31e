//! Native twins of the fixed-point operations, on 256-bit integers.

use ethnum::{I256, U256};

/// `floor(numerator / denominator)` for a numerator of any sign; 0 for a denominator that is not positive.
pub fn div_floor(numerator: I256, denominator: I256) -> I256 {
    if denominator <= 0 {
        return I256::ZERO;
    }
    numerator.div_euclid(denominator)
}

/// `numerator / denominator` to nearest, halves up; 0 for a denominator that is not positive.
pub fn div_nearest(numerator: I256, denominator: I256) -> I256 {
    div_floor(2 * numerator + denominator, 2 * denominator)
}

/// `value / 2^shift` to nearest, halves up, `shift >= 1`.
pub fn round(value: I256, shift: u32) -> I256 {
    (value + (I256::ONE << (shift - 1))) >> shift
}

/// `value / 2^shift` to nearest, halves away from zero, `shift >= 1`.
pub fn round_signed(value: I256, shift: u32) -> I256 {
    let magnitude = round(value.abs(), shift);
    if value < 0 { -magnitude } else { magnitude }
}

/// `floor(sqrt(value))`; 0 for negative values.
pub fn sqrt_floor(value: I256) -> I256 {
    if value <= 0 {
        return I256::ZERO;
    }
    let value = value.unsigned_abs();
    // Newton from above: decreases strictly until the floor of the root.
    let mut root = U256::ONE << (256 - value.leading_zeros()).div_ceil(2);
    loop {
        let next = (root + value / root) >> 1;
        if next >= root {
            return root.as_i256();
        }
        root = next;
    }
}
