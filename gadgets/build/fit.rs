//! From a local expansion to four integers: economise, round, certify.
//!
//! Choosing the integers needs no rigour; what the row publishes is the certified distance of the finished integer
//! polynomial from the enclosed function.

use num_bigint::BigInt;
use num_integer::Integer;

use crate::{
    ball::{Ball, PRECISION},
    chebyshev::Chebyshev,
    special::Expansion,
};

/// The residual is published in units of $2^{-(Q + 20)}$.
pub(crate) const RESIDUAL_EXTRA_BITS: u32 = 20;

/// One row of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// $c_0 .. c_3$ in units of $2^{-Q}$.
    pub(crate) coefficients: [i64; 4],
    /// Certified bound of $|p(t) - f|$ for $t \in [-2^{-15}, 1 + 2^{-15}]$, in units of $2^{-(Q + 20)}$.
    pub(crate) residual: u32,
}

/// Where the cubic is fitted, in the segment's $t$: `centre +- radius`, in units of $2^{-16}$.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    centre: u32,
    radius: u32,
}

impl Window {
    const BITS: u32 = 16;

    /// The segment.
    pub(crate) const SEGMENT: Self = Self { centre: 1 << 15, radius: 1 << 15 };

    /// Reaches below the segment so that the outermost zero of $T_4$ falls on $t = 0$: the centre is
    /// $\cos(\pi/8) / (1 + \cos(\pi/8))$. There the cubic interpolates.
    pub(crate) const EXACT_AT_ZERO: Self = Self { centre: 31470, radius: 34066 };
}

/// Fits a cubic in `window` and certifies it on the segment; `exact` fixes $c_0$.
pub(crate) fn fit(expansion: &Expansion, frac_bits: u32, exact: Option<i64>) -> Row {
    let window = if exact.is_some() { Window::EXACT_AT_ZERO } else { Window::SEGMENT };
    let mut coefficients = economise(expansion, frac_bits, window);
    if let Some(value) = exact {
        coefficients[0] = value;
    }
    Row { coefficients, residual: certify(expansion, frac_bits, coefficients) }
}

/// Degree by degree from the top: drop the Chebyshev terms above, round the leading coefficient to an integer,
/// subtract it. What a rounding leaves over is thus spread over the lower coefficients as well as it can be.
fn economise(expansion: &Expansion, frac_bits: u32, window: Window) -> [i64; 4] {
    let centre = Ball::dyadic(window.centre, Window::BITS);
    let radius = Ball::dyadic(window.radius, Window::BITS);
    // The expansion is in s = t - 1/2.
    let mut rest = Chebyshev::compose(expansion, &(&centre - &Ball::dyadic(1, 1)), &radius);
    let mut coefficients = [0; 4];
    for degree in (0..4usize).rev() {
        // T_d leads with 2^(d-1) y^d and t^d with radius^d y^d.
        let shift = frac_bits + degree.saturating_sub(1) as u32 + Window::BITS * degree as u32;
        let leading: BigInt = &rest.0[degree].middle << shift;
        let divisor: BigInt = BigInt::from(window.radius).pow(degree as u32) << PRECISION;
        let doubled: BigInt = 2 * leading + &divisor;
        let rounded = doubled.div_floor(&(2 * divisor));
        coefficients[degree] = i64::try_from(&rounded).expect("a coefficient left 64 bits");

        let mut power = vec![Ball::integer(0); degree];
        power.push(Ball::integer(1));
        let monomial = Chebyshev::compose(&power, &centre, &radius);
        rest.subtract(&monomial, &Ball::dyadic(rounded, frac_bits));
    }
    coefficients
}

/// The sum of the absolute Chebyshev coefficients of the difference on $|t - 1/2| \le 1/2 + 2^{-15}$, rounded up.
fn certify(expansion: &Expansion, frac_bits: u32, coefficients: [i64; 4]) -> u32 {
    let half = Ball::dyadic(1, 1);
    let reach = &half + &Ball::dyadic(1, 15);
    let cubic = coefficients.map(|c| Ball::dyadic(c, frac_bits));
    let mut difference = Chebyshev::compose(expansion, &Ball::integer(0), &reach);
    difference.subtract(&Chebyshev::compose(&cubic, &half, &reach), &Ball::integer(1));
    let bound = difference.0.iter().map(Ball::magnitude).sum::<BigInt>();
    residual_units(&bound, frac_bits)
}

/// A bound in units of $2^{-P}$, rounded up to units of $2^{-(Q + 20)}$.
pub(crate) fn residual_units(bound: &BigInt, frac_bits: u32) -> u32 {
    let units = (bound >> (PRECISION - frac_bits - RESIDUAL_EXTRA_BITS)) + 1u32;
    u32::try_from(&units).expect("a residual left 32 bits")
}
