//! Fixed-point balls: a real number enclosed by a midpoint and a radius, both in units of $2^{-P}$.
//!
//! Every operation returns a ball that contains every result for every choice of operands inside their balls. Radii
//! are never small by luck: products use the operands' magnitudes rounded up to whole numbers.

use std::ops::{Add, Mul, Neg, Sub};

use num_bigint::{BigInt, Sign};

/// Fractional bits of midpoints and radii.
pub(crate) const PRECISION: u32 = 192;

/// All reals within `radius` of `middle`, in units of $2^{-P}$.
#[derive(Debug, Clone)]
pub(crate) struct Ball {
    pub(crate) middle: BigInt,
    pub(crate) radius: u128,
}

impl Ball {
    /// The exact dyadic number `numerator` $/ 2^{bits}$, with `bits` at most the precision.
    pub(crate) fn dyadic(numerator: impl Into<BigInt>, bits: u32) -> Self {
        assert!(bits <= PRECISION, "a dyadic with {bits} bits is not exact here");
        Self { middle: numerator.into() << (PRECISION - bits), radius: 0 }
    }

    /// An integer.
    pub(crate) fn integer(value: i64) -> Self {
        Self::dyadic(value, 0)
    }

    /// The ball between two bounds given in units of $2^{-P}$.
    fn between(low: &BigInt, high: &BigInt) -> Self {
        let middle: BigInt = (low + high) >> 1;
        let radius = to_u128(&(high - &middle));
        Self { middle, radius }
    }

    fn low(&self) -> BigInt {
        &self.middle - BigInt::from(self.radius)
    }

    fn high(&self) -> BigInt {
        &self.middle + BigInt::from(self.radius)
    }

    /// An upper bound of the absolute value, in units of $2^{-P}$.
    pub(crate) fn magnitude(&self) -> BigInt {
        BigInt::from_biguint(Sign::Plus, self.middle.magnitude().clone()) + BigInt::from(self.radius)
    }

    /// A whole number above every absolute value in the ball.
    fn whole(&self) -> u128 {
        to_u128(&(self.magnitude() >> PRECISION)) + 1
    }

    /// The same ball, wider by every absolute value in `error`.
    pub(crate) fn widened_by(self, error: &Self) -> Self {
        let error = to_u128(&error.magnitude());
        self.widened(error)
    }

    /// The same ball, wider by `error` units of $2^{-P}$ on each side.
    pub(crate) fn widened(mut self, error: u128) -> Self {
        self.radius = self.radius.checked_add(error).expect("a radius left its type");
        self
    }

    /// Whether the midpoint has become too small for a series to go on.
    pub(crate) fn is_negligible(&self) -> bool {
        self.middle.bits() < 4
    }

    /// Times `numerator / denominator`; the quotient loses less than one in the midpoint and in the radius.
    pub(crate) fn scaled(&self, numerator: u64, denominator: u64) -> Self {
        let middle = (&self.middle * numerator) / denominator;
        let radius = self.radius.checked_mul(u128::from(numerator)).expect("a radius left its type");
        Self { middle, radius: radius / u128::from(denominator) + 2 }
    }

    /// Divided by $2^{bits}$.
    pub(crate) fn halved(&self, bits: u32) -> Self {
        Self { middle: &self.middle >> bits, radius: if bits == 0 { self.radius } else { (self.radius >> bits) + 2 } }
    }

    /// One over a ball of positive numbers.
    pub(crate) fn reciprocal(&self) -> Self {
        assert!(self.low().sign() == Sign::Plus, "the reciprocal of a ball that is not positive");
        let one = BigInt::from(1) << (2 * PRECISION);
        Self::between(&(&one / self.high()), &(&one / self.low() + 1))
    }

    /// The square root of a ball of positive numbers.
    pub(crate) fn sqrt(&self) -> Self {
        assert!(self.low().sign() == Sign::Plus, "the square root of a ball that is not positive");
        Self::between(&(self.low() << PRECISION).sqrt(), &((self.high() << PRECISION).sqrt() + 1))
    }

    /// The one integer nearest to every member times $2^{bits}$; the ball must decide it.
    pub(crate) fn round_certified(&self, bits: u32) -> BigInt {
        let shift = PRECISION - bits;
        let half = BigInt::from(1) << (shift - 1);
        let (low, high) = ((self.low() + &half) >> shift, (self.high() + &half) >> shift);
        assert_eq!(low, high, "the enclosure is too wide to round");
        low
    }
}

fn to_u128(value: &BigInt) -> u128 {
    u128::try_from(value).expect("a radius left its type")
}

impl Add for &Ball {
    type Output = Ball;

    fn add(self, other: &Ball) -> Ball {
        Ball { middle: &self.middle + &other.middle, radius: self.radius }.widened(other.radius)
    }
}

impl Neg for &Ball {
    type Output = Ball;

    fn neg(self) -> Ball {
        Ball { middle: -&self.middle, radius: self.radius }
    }
}

impl Sub for &Ball {
    type Output = Ball;

    fn sub(self, other: &Ball) -> Ball {
        self + &-other
    }
}

impl Mul for &Ball {
    type Output = Ball;

    fn mul(self, other: &Ball) -> Ball {
        let product = |a: u128, b: u128| a.checked_mul(b).expect("a radius left its type");
        // |xy - mn| <= |m| s + |y| r for x = m +- r, y = n +- s; the shift loses less than one.
        Ball { middle: (&self.middle * &other.middle) >> PRECISION, radius: 1 }
            .widened(product(self.whole(), other.radius))
            .widened(product(other.whole(), self.radius))
    }
}
