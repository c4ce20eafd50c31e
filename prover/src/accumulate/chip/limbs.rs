//! Numbers of the base field in limbs, and the two congruences with which products of them are checked.
//!
//! A number is four limbs of 68 bits; $B = 2^{68}$. An equation $V = 0$ between integers, $V$ a polynomial in limbs, is checked modulo
//! $B^4 = 2^{272}$, by carrying, and modulo $r$, natively. If $|V| < 2^{272} r$, $V$ is zero: it is a multiple of both, and they are
//! coprime. [`Truncated`] computes both sides of this, on field elements for the witness and on expressions for the gates, from the
//! same formulas.

use std::{
    ops::{Add, Mul, Sub},
    sync::LazyLock,
};

use halo2_proofs::plonk::Expression;
use halo2curves::{
    bn256::{Fq, Fr},
    ff::{Field, PrimeField},
};
use num_bigint::{BigInt, BigUint};

/// Limbs of a number.
pub(super) const LIMBS: usize = 4;
/// Bits of a limb.
pub(super) const LIMB_BITS: usize = 68;
/// Bits of a piece: what one lookup checks.
pub(super) const PIECE_BITS: usize = 17;
/// Pieces of a full limb.
pub(super) const LIMB_PIECES: usize = 4;
/// Pieces of the last limb of a reduced number: such a number has 255 bits.
pub(super) const TOP_PIECES: usize = 3;
/// Pieces of a carry, which has 85 bits.
pub(super) const CARRY_PIECES: usize = 5;

/// The base field's modulus.
pub(super) static MODULUS: LazyLock<BigUint> = LazyLock::new(|| to_integer(&-Fq::ONE) + 1u32);
/// Added to a carry so that it is not negative: $2^{84}$.
pub(super) static CARRY_OFFSET: LazyLock<Fr> = LazyLock::new(|| Fr::from(2).pow([84]));
/// $B$.
pub(super) static BASE: LazyLock<Fr> = LazyLock::new(|| Fr::from(2).pow([LIMB_BITS as u64]));
/// $B^2$.
pub(super) static BASE_SQUARED: LazyLock<Fr> = LazyLock::new(|| BASE.square());
static BASE_SQUARED_INVERSE: LazyLock<Fr> =
    LazyLock::new(|| BASE_SQUARED.invert().expect("a power of two is not a multiple of r"));

/// A field element as an integer.
pub(super) fn to_integer(value: &impl PrimeField<Repr = [u8; 32]>) -> BigUint {
    BigUint::from_bytes_le(&value.to_repr())
}

/// An integer reduced into a field.
pub(super) fn reduce<F: PrimeField<Repr = [u8; 32]>>(value: &BigUint) -> F {
    let mut modulus = to_integer(&-F::ONE);
    modulus += 1u32;
    let mut repr = [0; 32];
    let bytes = (value % modulus).to_bytes_le();
    repr[..bytes.len()].copy_from_slice(&bytes);
    Option::from(F::from_repr(repr)).expect("reduced")
}

/// The limbs of an integer below $2^{272}$, least significant first.
pub(super) fn split(value: &BigUint) -> [u128; LIMBS] {
    debug_assert!(value.bits() <= (LIMBS * LIMB_BITS) as u64);
    let mask = (BigUint::from(1u32) << LIMB_BITS) - 1u32;
    std::array::from_fn(|i| u128::try_from(&(value >> (i * LIMB_BITS)) & &mask).expect("68 bits"))
}

/// What gates and witnesses compute with.
pub(super) trait Ring: Clone + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> {
    fn constant(value: Fr) -> Self;
}
impl Ring for Fr {
    fn constant(value: Fr) -> Self {
        value
    }
}
impl Ring for Expression<Fr> {
    fn constant(value: Fr) -> Self {
        Expression::Constant(value)
    }
}

/// An integer polynomial in $B$: its four lowest coefficients, and its value modulo $r$.
#[derive(Debug, Clone)]
pub(super) struct Truncated<T> {
    pub(super) coefficients: [T; LIMBS],
    pub(super) native: T,
}

impl<T: Ring> Truncated<T> {
    /// A number given by its limbs.
    pub(super) fn number(limbs: [T; LIMBS]) -> Self {
        let [first, rest @ ..] = limbs.clone();
        let mut weight = Fr::ONE;
        let native = rest.into_iter().fold(first, |sum, limb| {
            weight *= *BASE;
            sum + limb * T::constant(weight)
        });
        Self { coefficients: limbs, native }
    }

    /// A constant.
    pub(super) fn constant(value: &BigUint) -> Self {
        Self::number(split(value).map(|limb| T::constant(Fr::from_u128(limb))))
    }

    /// Three times, twice and so on.
    pub(super) fn times(self, factor: u64) -> Self {
        let factor = || T::constant(Fr::from(factor));
        Self { coefficients: self.coefficients.map(|c| c * factor()), native: self.native * factor() }
    }

    /// What has to vanish for the polynomial's value $V$ to be a multiple of $B^4$ and of $r$. Both carries come with their offset.
    ///
    /// With $N_i$ the coefficients: $N_0 + B N_1 = c B^2$ and $N_2 + B N_3 + c = c' B^2$ give $V \equiv c' B^4$. These hold over the integers, as
    /// every coefficient is below $2^{143}$ (see [`super::blocks`]) and the carries have 85 bits, so that both sides are below $2^{222}$.
    pub(super) fn vanishes(self, [first, second]: [T; 2]) -> [T; 3] {
        let offset = || T::constant(*CARRY_OFFSET);
        let [low, high] = self.halves();
        let first = first - offset();
        let square = || T::constant(*BASE_SQUARED);
        [low - first.clone() * square(), high + first - (second - offset()) * square(), self.native]
    }

    /// $N_0 + B N_1$ and $N_2 + B N_3$.
    fn halves(&self) -> [T; 2] {
        let [n0, n1, n2, n3] = self.coefficients.clone();
        [n0 + n1 * T::constant(*BASE), n2 + n3 * T::constant(*BASE)]
    }
}

impl Truncated<Fr> {
    /// The carries of [`Self::vanishes`], with their offset.
    pub(super) fn carries(&self) -> [u128; 2] {
        let [low, high] = self.halves();
        let first = low * *BASE_SQUARED_INVERSE;
        let second = (high + first) * *BASE_SQUARED_INVERSE;
        [first, second].map(|carry| {
            let repr = (carry + *CARRY_OFFSET).to_repr();
            // A wrong witness has other carries; the lookups see it.
            u128::from_le_bytes(repr[..16].try_into().expect("16 bytes")) & ((1 << (CARRY_PIECES * PIECE_BITS)) - 1)
        })
    }
}

impl<T: Ring> Add for Truncated<T> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.zip(other, Add::add)
    }
}

impl<T: Ring> Sub for Truncated<T> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.zip(other, Sub::sub)
    }
}

impl<T: Ring> Truncated<T> {
    fn zip(self, other: Self, with: impl Fn(T, T) -> T) -> Self {
        let mut others = other.coefficients.into_iter();
        Self {
            coefficients: self.coefficients.map(|c| with(c, others.next().expect("as many"))),
            native: with(self.native, other.native),
        }
    }
}

impl<T: Ring> Truncated<T> {
    /// The product of polynomials, without what is above the fourth coefficient.
    fn convolve(self, other: Self) -> Self {
        let coefficients = std::array::from_fn(|i| {
            let product = |j: usize| self.coefficients[j].clone() * other.coefficients[i - j].clone();
            (1..=i).fold(product(0), |sum, j| sum + product(j))
        });
        Self { coefficients, native: self.native * other.native }
    }
}

impl<T: Ring> Mul for Truncated<T> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        self.convolve(other)
    }
}

/// The quotient of a multiple of the modulus.
///
/// A wrong witness may leave a remainder; what is returned then does not satisfy the gate.
pub(super) fn quotient(value: &BigInt, offset: &BigUint) -> BigUint {
    let quotient = value / BigInt::from(MODULUS.clone()) + BigInt::from(offset.clone());
    let mask = (BigUint::from(1u32) << (LIMBS * LIMB_BITS)) - 1u32;
    quotient.to_biguint().unwrap_or_default() & mask
}
