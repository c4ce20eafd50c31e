//! Integer expressions over cells, with the interval that each can take.
//!
//! A constraint lives in the field, its meaning in the integers. An [`Integer`] carries both: the polynomial over
//! cells, and bounds that hold for every assignment that the range checks admit. [`Integer::assert_no_wrap`] turns
//! "equal in the field" into "equal in the integers".

use std::ops::{Add, Mul, Neg, Sub};
use std::sync::Arc;

use ethnum::I256;
use halo2_proofs::plonk::Expression;
use halo2curves::bn256::Fr;
use num_bigint::{BigInt, BigUint, Sign};
use num_traits::{One, Zero};

use super::value::to_field;

/// Index of a cell within its block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellId(pub(crate) usize);

#[derive(Debug)]
enum Node {
    Constant(I256),
    Cell(CellId),
    Sum(Integer, Integer),
    Product(Integer, Integer),
    Scaled(Integer, I256),
}

/// An integer-valued polynomial over the cells of a block, with bounds and degree.
#[derive(Debug, Clone)]
pub struct Integer {
    node: Arc<Node>,
    low: BigInt,
    high: BigInt,
    degree: usize,
}

/// The order of the BN254 scalar field.
pub fn field_order() -> BigInt {
    use halo2curves::ff::PrimeField;
    let digits = Fr::MODULUS.trim_start_matches("0x");
    BigInt::parse_bytes(digits.as_bytes(), 16).expect("halo2curves states the modulus in hexadecimal")
}

fn to_bigint(value: I256) -> BigInt {
    let magnitude = BigUint::from_bytes_le(&value.unsigned_abs().to_le_bytes());
    BigInt::from_biguint(if value < 0 { Sign::Minus } else { Sign::Plus }, magnitude)
}

impl Integer {
    /// A constant.
    pub fn constant(value: impl Into<I256>) -> Self {
        let value = value.into();
        let bound = to_bigint(value);
        Self { node: Arc::new(Node::Constant(value)), low: bound.clone(), high: bound, degree: 0 }
    }

    /// `2^exponent`, for exponents below 254.
    pub fn power_of_two(exponent: u32) -> Self {
        assert!(exponent < 254, "2^{exponent} is not below the field order");
        Self::constant(I256::ONE << exponent)
    }

    /// A cell that some other constraint keeps within `low..=high`.
    pub(crate) fn cell(id: CellId, low: BigInt, high: BigInt) -> Self {
        Self { node: Arc::new(Node::Cell(id)), low, high, degree: 1 }
    }

    /// The cell, when the expression is just one.
    pub(crate) fn as_cell(&self) -> Option<CellId> {
        match *self.node {
            Node::Cell(id) => Some(id),
            _ => None,
        }
    }

    /// Smallest and largest value over all assignments within the cells' ranges.
    pub fn bounds(&self) -> (&BigInt, &BigInt) {
        (&self.low, &self.high)
    }

    /// Degree of the polynomial.
    pub fn degree(&self) -> usize {
        self.degree
    }

    /// The same expression with bounds that the caller has established by another argument.
    ///
    /// # Panics
    /// When the claim does not intersect the bounds known so far.
    #[must_use]
    pub fn with_bounds(mut self, low: impl Into<BigInt>, high: impl Into<BigInt>) -> Self {
        let (low, high) = (low.into(), high.into());
        assert!(low <= high && low <= self.high && high >= self.low, "claimed bounds contradict the known ones");
        self.low = low;
        self.high = high;
        self
    }

    /// Number of bits of the largest magnitude.
    pub fn bits(&self) -> u64 {
        self.low.bits().max(self.high.bits())
    }

    /// `self * factor`.
    #[must_use]
    pub fn scale(&self, factor: impl Into<I256>) -> Self {
        let factor = factor.into();
        let bound = to_bigint(factor);
        let (a, b) = (&self.low * &bound, &self.high * &bound);
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        Self { node: Arc::new(Node::Scaled(self.clone(), factor)), low, high, degree: self.degree }
    }

    /// `self * 2^exponent`.
    #[must_use]
    pub fn shift(&self, exponent: u32) -> Self {
        assert!(exponent < 254, "2^{exponent} is not below the field order");
        self.scale(I256::ONE << exponent)
    }

    /// `1 - self`, for a bit.
    #[must_use]
    pub fn not(&self) -> Self {
        Self::constant(1) - self
    }

    /// `1 - 2 self`: the sign, +1 or -1, that a sign bit stands for.
    #[must_use]
    pub fn sign(&self) -> Self {
        (Self::constant(1) - self.scale(2)).with_bounds(-1, 1)
    }

    /// Asserts that `self = 0` in the field implies `self = 0` in the integers: every value within the bounds is
    /// smaller in magnitude than the field order.
    ///
    /// # Panics
    /// When the bounds reach the field order: the gate would be unsound, so it must not be configured.
    pub fn assert_no_wrap(&self, name: &str) {
        let order = field_order();
        assert!(
            self.low > -&order && self.high < order,
            "{name}: |{}..{}| may wrap around the field order",
            self.low,
            self.high
        );
    }

    /// The value under an assignment of the cells. Arithmetic is modulo 2^256, which is exact because every
    /// expression that is used fits.
    pub fn evaluate(&self, cells: &[I256]) -> I256 {
        match &*self.node {
            Node::Constant(value) => *value,
            Node::Cell(id) => cells[id.0],
            Node::Sum(a, b) => a.evaluate(cells).wrapping_add(b.evaluate(cells)),
            Node::Product(a, b) => a.evaluate(cells).wrapping_mul(b.evaluate(cells)),
            Node::Scaled(a, factor) => a.evaluate(cells).wrapping_mul(*factor),
        }
    }

    /// The value in the field, where integers would not fit 256 bits: of sums and products of digests.
    pub(crate) fn evaluate_in_field(&self, cells: &[I256]) -> Fr {
        match &*self.node {
            Node::Constant(value) => to_field(*value),
            Node::Cell(id) => to_field(cells[id.0]),
            Node::Sum(a, b) => a.evaluate_in_field(cells) + b.evaluate_in_field(cells),
            Node::Product(a, b) => a.evaluate_in_field(cells) * b.evaluate_in_field(cells),
            Node::Scaled(a, factor) => a.evaluate_in_field(cells) * to_field(*factor),
        }
    }

    /// The polynomial as a halo2 expression, given the query of each cell.
    pub(crate) fn expression(&self, query: &mut dyn FnMut(CellId) -> Expression<Fr>) -> Expression<Fr> {
        match &*self.node {
            Node::Constant(value) => Expression::Constant(to_field(*value)),
            Node::Cell(id) => query(*id),
            Node::Sum(a, b) => a.expression(query) + b.expression(query),
            Node::Product(a, b) => a.expression(query) * b.expression(query),
            Node::Scaled(a, factor) => a.expression(query) * to_field(*factor),
        }
    }

    fn add(a: &Self, b: &Self) -> Self {
        if a.degree == 0 && a.low.is_zero() {
            return b.clone();
        }
        if b.degree == 0 && b.low.is_zero() {
            return a.clone();
        }
        Self {
            low: &a.low + &b.low,
            high: &a.high + &b.high,
            degree: a.degree.max(b.degree),
            node: Arc::new(Node::Sum(a.clone(), b.clone())),
        }
    }

    fn mul(a: &Self, b: &Self) -> Self {
        let corners = [&a.low * &b.low, &a.low * &b.high, &a.high * &b.low, &a.high * &b.high];
        let low = corners.iter().min().cloned().unwrap_or_else(BigInt::zero);
        let high = corners.iter().max().cloned().unwrap_or_else(BigInt::one);
        Self { low, high, degree: a.degree + b.degree, node: Arc::new(Node::Product(a.clone(), b.clone())) }
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, |$a:ident, $b:ident| $body:expr) => {
        impl $trait<&Integer> for &Integer {
            type Output = Integer;
            fn $method(self, other: &Integer) -> Integer {
                let ($a, $b) = (self, other);
                $body
            }
        }
        impl $trait<Integer> for &Integer {
            type Output = Integer;
            fn $method(self, other: Integer) -> Integer {
                self.$method(&other)
            }
        }
        impl $trait<&Integer> for Integer {
            type Output = Integer;
            fn $method(self, other: &Integer) -> Integer {
                (&self).$method(other)
            }
        }
        impl $trait<Integer> for Integer {
            type Output = Integer;
            fn $method(self, other: Integer) -> Integer {
                (&self).$method(&other)
            }
        }
    };
}
operator!(Add, add, |a, b| Integer::add(a, b));
operator!(Sub, sub, |a, b| Integer::add(a, &b.scale(-1)));
operator!(Mul, mul, |a, b| Integer::mul(a, b));

impl Neg for Integer {
    type Output = Integer;
    fn neg(self) -> Integer {
        self.scale(-1)
    }
}
