//! The values of ladders and of multiples of the base, and the latter's constants.

use std::sync::LazyLock;

use ff::{Field, PrimeField};
use halo2curves::bn256::Fr;
use num_bigint::BigUint;

use super::{Extended, ORDER, Point, Scalar, base8};

/// Bits of a ladder's scalar, below the one that is always set: 254 of a field element times 32.
pub(crate) const LADDER_BITS: usize = 254 + 5;

/// Bits of a digit.
pub(crate) const DIGIT_BITS: usize = 2;

/// Digits of a scalar below $2^{252}$.
pub(crate) const DIGITS: usize = 126;

/// What is left of a scalar after a last bit, or after half of a last digit of two bits, that is set although nothing is left before it.
pub(crate) fn after_the_last() -> Fr {
    -Fr::TWO_INV
}

/// For each digit the constants $x_1$, $x_3 - x_1$, $y_1$, $y_3 - y_1$ of the multiples by 1 and 3 of $4^i B$, where $B$ is half of [`base8`]; then, as if it were a
/// multiple by 1, $(4^{126} - 1) B$. With it the sum of odd multiples, $2 v_i - 3$ for a digit $v_i$, is that of $2 v_i$.
pub(super) fn base_constants() -> &'static [[Fr; 4]] {
    static CONSTANTS: LazyLock<Vec<[Fr; 4]>> = LazyLock::new(|| {
        let order = BigUint::from_bytes_le(&ORDER.map(u64::to_le_bytes).concat());
        let half: BigUint = (order + 1u8) >> 1u8;
        let base = Extended::from(base8() * Scalar::reduce(&half.to_bytes_le()));
        let mut power = base;
        let mut multiples = vec![];
        for _ in 0..DIGITS {
            let double = power.double();
            multiples.extend([power, double.add(&power)]);
            power = double.double();
        }
        let offset = power.add(&base.negate());
        multiples.extend([offset, offset]);
        let multiples = Extended::affine(&multiples);
        let constants = |pair: &[Point]| {
            let [one, three] = [pair[0], pair[1]];
            [one.x(), three.x() - one.x(), one.y(), three.y() - one.y()]
        };
        multiples.chunks(2).map(constants).collect()
    });
    &CONSTANTS
}

/// Values of a ladder.
pub(super) struct LadderWitness {
    pub(super) bits: Vec<bool>,
    pub(super) left: Vec<Fr>,
    pub(super) points: Vec<Point>,
    pub(super) sums: Vec<Point>,
}

impl LadderWitness {
    /// # Panics
    /// If there are not [`LADDER_BITS`] bits.
    pub(super) fn new(point: Point, bits: &[bool]) -> Self {
        assert_eq!(bits.len(), LADDER_BITS, "bits of a ladder's scalar");
        let bits: Vec<bool> = bits.iter().copied().chain([true]).collect();
        let mut left = vec![after_the_last()];
        for (i, bit) in bits.iter().rev().enumerate() {
            left.push(left[i].double() + Fr::from(u64::from(*bit)));
        }
        left.reverse();
        let mut points = vec![Extended::from(point)];
        let mut sums = points.clone();
        for (i, bit) in bits.iter().enumerate() {
            let added = if *bit { points[i].negate() } else { points[i] };
            sums.push(sums[i].add(&added));
            points.push(points[i].double());
        }
        Self { bits, left, points: Extended::affine(&points), sums: Extended::affine(&sums) }
    }
}

/// Values of a multiple of the base.
pub(super) struct BaseWitness {
    pub(super) left: Vec<Fr>,
    /// Whether a multiple is positive, and whether it is by 3.
    pub(super) multiples: Vec<[bool; 2]>,
    pub(super) added: Vec<Point>,
    pub(super) sums: Vec<Point>,
}

impl BaseWitness {
    /// For an integer of any size, of which only the low digits are added.
    pub(super) fn new(start: [Fr; 2], scalar: &BigUint) -> Self {
        let bits = |i: usize| [1, 0].map(|low| scalar.bit((DIGIT_BITS * i + low) as u64));
        let multiple = |[high, low]: [bool; 2]| [high, high == low];
        let multiples: Vec<_> = (0..DIGITS).map(|i| multiple(bits(i))).chain([[true, false]]).collect();
        let left = (0..=DIGITS).map(|i| element(&(scalar >> (DIGIT_BITS * i)))).chain([after_the_last()]).collect();
        let added: Vec<Point> = base_constants()
            .iter()
            .zip(&multiples)
            .map(|([x, x_more, y, y_more], [positive, three])| {
                let [x, y] = if *three { [*x + *x_more, *y + *y_more] } else { [*x, *y] };
                Point::unchecked(if *positive { x } else { -x }, y)
            })
            .collect();
        let mut sums = vec![Extended::from(Point::unchecked(start[0], start[1]))];
        for (i, added) in added.iter().enumerate() {
            sums.push(sums[i].add(&Extended::from(*added)));
        }
        Self { left, multiples, added, sums: Extended::affine(&sums) }
    }
}

/// The field element of an integer.
pub(crate) fn element(integer: &BigUint) -> Fr {
    let base = Fr::from(u64::MAX) + Fr::ONE;
    integer.iter_u64_digits().rev().fold(Fr::ZERO, |sum, digit| sum * base + Fr::from(digit))
}
