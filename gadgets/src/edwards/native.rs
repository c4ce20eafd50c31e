//! The native twin: points, addition, multiplication by scalars, encodings.

use std::{
    ops::{Add, Mul, Neg, Sub},
    sync::LazyLock,
};

use ff::{BatchInvert, Field, PrimeField};
use halo2curves::bn256::Fr;
use num_bigint::BigUint;

use super::{A, D, ORDER, Scalar};
use crate::error::GadgetError;

/// Bits per window of the scalar multiplications.
const WINDOW: usize = 4;

/// Windows of a 256-bit integer.
const WINDOWS: usize = 256 / WINDOW;

/// Multiples 0 to 15 of $16^i$ times [`base8`], for each window $i$.
static BASE8_TABLE: LazyLock<Vec<[Extended; 1 << WINDOW]>> = LazyLock::new(|| {
    let mut base = Extended::from(base8());
    (0..WINDOWS)
        .map(|_| {
            let table = multiples(base);
            base = table[15].add(&base);
            table
        })
        .collect()
});

/// A point of the curve, affine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Point {
    x: Fr,
    y: Fr,
}

/// circomlib's `Base8`: the generator of the prime subgroup.
#[must_use]
pub fn base8() -> Point {
    Point {
        x: Fr::from_raw([0x2893f3f6bb957051, 0x2ab8d8010534e0b6, 0x4eacb2e09d6277c1, 0x0bb77a6ad63e739b]),
        y: Fr::from_raw([0x4b3c257a872d7d8b, 0xfce0051fb9e13377, 0x25572e1cd16bf9ed, 0x25797203f7a0b249]),
    }
}

impl Point {
    /// The neutral element.
    pub const IDENTITY: Self = Self { x: Fr::ZERO, y: Fr::ONE };

    /// The point with these coordinates.
    ///
    /// # Errors
    /// [`GadgetError::Malformed`] if they are not a point of the curve.
    pub fn new(x: Fr, y: Fr) -> Result<Self, GadgetError> {
        let (x2, y2) = (x.square(), y.square());
        if A * x2 + y2 == Fr::ONE + D * x2 * y2 {
            Ok(Self { x, y })
        } else {
            Err(GadgetError::Malformed { what: "point", reason: "the coordinates do not satisfy the curve's equation" })
        }
    }

    /// The point with these coordinates, which are known to be one, or of a witness that is wrong anyway.
    pub(crate) const fn unchecked(x: Fr, y: Fr) -> Self {
        Self { x, y }
    }

    /// First coordinate.
    #[must_use]
    pub fn x(&self) -> Fr {
        self.x
    }

    /// Second coordinate.
    #[must_use]
    pub fn y(&self) -> Fr {
        self.y
    }

    /// circomlibjs's packed form: y in 32 little-endian bytes, the top bit set if $x > (p-1)/2$.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        let mut bytes = self.y.to_repr();
        bytes[31] |= u8::from(is_negative(self.x)) << 7;
        bytes
    }

    /// Reads the packed form. Each point has one: a y that is not below p, and the sign bit on a point with x = 0, are refused.
    ///
    /// # Errors
    /// [`GadgetError::Malformed`] for bytes that [`Self::to_bytes`] never returns.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, GadgetError> {
        let malformed = |reason| GadgetError::Malformed { what: "packed point", reason };
        let mut y_bytes = *bytes;
        let negative = bytes[31] >> 7 == 1;
        y_bytes[31] &= 0x7f;
        let y = Option::<Fr>::from(Fr::from_repr(y_bytes)).ok_or(malformed("y is not below the modulus"))?;
        // x^2 (a - d y^2) = 1 - y^2, where a/d is no square, so the factor is not zero.
        let y2 = y.square();
        let x2 = (Fr::ONE - y2) * (A - D * y2).invert().unwrap_or(Fr::ZERO);
        let root = Option::<Fr>::from(x2.sqrt()).ok_or(malformed("no point of the curve has this y"))?;
        if root == Fr::ZERO && negative {
            return Err(malformed("the sign bit is set on x = 0"));
        }
        let x = if is_negative(root) == negative { root } else { -root };
        Self::new(x, y)
    }

    /// Eight times the point: what is left of it in the prime subgroup.
    #[must_use]
    pub fn times_cofactor(&self) -> Self {
        Extended::from(*self).double().double().double().into()
    }

    /// The point of the prime subgroup whose eightfold this one is, if this one is in the prime subgroup.
    #[must_use]
    pub fn eighth(&self) -> Self {
        // 1/8 = (7 l + 1) / 8 modulo l, for l is 1 modulo 8.
        let order = BigUint::from_bytes_le(&ORDER.map(u64::to_le_bytes).concat());
        let eighth: BigUint = (order * 7u8 + 1u8) >> 3u8;
        *self * Scalar::reduce(&eighth.to_bytes_le())
    }

    /// Whether the order of the point divides $\ell$.
    #[must_use]
    pub fn is_in_prime_subgroup(&self) -> bool {
        Extended::from(*self).times(&ORDER).is_identity()
    }

    /// A scalar times [`base8`], from a table.
    #[must_use]
    pub fn base8_times(scalar: Scalar) -> Self {
        Extended::base8_times(scalar).into()
    }
}

/// Whether x, as an integer, is above $(p-1)/2$: then doubling it wraps, and 2x, less the odd p, is odd.
fn is_negative(x: Fr) -> bool {
    bool::from(x.double().is_odd())
}

impl Add for Point {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Extended::from(self).add(&other.into()).into()
    }
}

impl Neg for Point {
    type Output = Self;

    fn neg(self) -> Self {
        Self { x: -self.x, y: self.y }
    }
}

impl Sub for Point {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul<Scalar> for Point {
    type Output = Self;

    fn mul(self, scalar: Scalar) -> Self {
        Extended::from(self).times(&scalar.limbs()).into()
    }
}

/// Extended coordinates: $x = X/Z$, $y = Y/Z$, $xy = T/Z$.
///
/// Source: Hisil, Wong, Carter, Dawson, "Twisted Edwards Curves Revisited", ASIACRYPT 2008, sections 3.1 and 3.3.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extended {
    x: Fr,
    y: Fr,
    z: Fr,
    t: Fr,
}

impl From<Point> for Extended {
    fn from(Point { x, y }: Point) -> Self {
        Self { x, y, z: Fr::ONE, t: x * y }
    }
}

impl From<Extended> for Point {
    fn from(point: Extended) -> Self {
        // Z is never zero: the addition law is complete.
        let inverse = point.z.invert().unwrap_or(Fr::ZERO);
        Self { x: point.x * inverse, y: point.y * inverse }
    }
}

impl Extended {
    pub(crate) const IDENTITY: Self = Self { x: Fr::ZERO, y: Fr::ONE, z: Fr::ONE, t: Fr::ZERO };

    /// Affine points, by one inversion for all.
    pub(crate) fn affine(points: &[Self]) -> Vec<Point> {
        let mut inverses: Vec<Fr> = points.iter().map(|point| point.z).collect();
        inverses.iter_mut().batch_invert();
        points.iter().zip(inverses).map(|(point, z)| Point { x: point.x * z, y: point.y * z }).collect()
    }

    pub(crate) fn is_identity(&self) -> bool {
        self.x == Fr::ZERO && self.y == self.z
    }

    pub(crate) fn equals(&self, other: &Self) -> bool {
        self.x * other.z == other.x * self.z && self.y * other.z == other.y * self.z
    }

    pub(crate) fn add(&self, other: &Self) -> Self {
        let a = self.x * other.x;
        let b = self.y * other.y;
        let c = self.t * other.t * D;
        let d = self.z * other.z;
        let e = (self.x + self.y) * (other.x + other.y) - a - b;
        let (f, g, h) = (d - c, d + c, b - A * a);
        Self { x: e * f, y: g * h, z: f * g, t: e * h }
    }

    pub(crate) fn negate(&self) -> Self {
        Self { x: -self.x, t: -self.t, ..*self }
    }

    pub(crate) fn double(&self) -> Self {
        let a = self.x.square() * A;
        let b = self.y.square();
        let c = self.z.square().double();
        let e = (self.x * self.y).double();
        let g = a + b;
        let (f, h) = (g - c, a - b);
        Self { x: e * f, y: g * h, z: f * g, t: e * h }
    }

    /// The point times a 256-bit integer in little-endian limbs.
    pub(crate) fn times(&self, integer: &[u64; 4]) -> Self {
        let table = multiples(*self);
        (0..WINDOWS).rev().fold(Self::IDENTITY, |sum, window| {
            let shifted = sum.double().double().double().double();
            shifted.add(&table[digit(integer, window)])
        })
    }

    pub(crate) fn base8_times(scalar: Scalar) -> Self {
        let limbs = scalar.limbs();
        BASE8_TABLE
            .iter()
            .enumerate()
            .fold(Self::IDENTITY, |sum, (window, table)| sum.add(&table[digit(&limbs, window)]))
    }
}

/// 0 to 15 times a point.
fn multiples(point: Extended) -> [Extended; 1 << WINDOW] {
    let mut table = [Extended::IDENTITY; 1 << WINDOW];
    for i in 1..table.len() {
        table[i] = table[i - 1].add(&point);
    }
    table
}

/// Digit `window` of an integer in base $2^4$.
fn digit(integer: &[u64; 4], window: usize) -> usize {
    let bit = window * WINDOW;
    (integer[bit / 64] >> (bit % 64)) as usize & ((1 << WINDOW) - 1)
}
