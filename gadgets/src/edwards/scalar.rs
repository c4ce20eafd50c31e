//! Integers modulo the order of Baby Jubjub's prime subgroup.

use num_bigint::BigUint;

use super::ORDER;
use crate::error::GadgetError;

/// An integer in $[0, \ell)$, as little-endian limbs.
///
/// Arithmetic on it is not constant-time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scalar([u64; 4]);

impl Scalar {
    /// Reads 32 little-endian bytes.
    ///
    /// # Errors
    /// [`GadgetError::Malformed`] if the integer is not below $\ell$.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, GadgetError> {
        let value = Self(limbs(bytes));
        if value.0.iter().rev().lt(ORDER.iter().rev()) {
            Ok(value)
        } else {
            Err(GadgetError::Malformed { what: "scalar", reason: "it is not below the order of the subgroup" })
        }
    }

    /// The residue of an integer of any number of little-endian bytes.
    #[must_use]
    pub fn reduce(bytes: &[u8]) -> Self {
        Self::residue(&BigUint::from_bytes_le(bytes))
    }

    /// $a b + c \bmod \ell$ for an integer `a` of little-endian bytes.
    #[must_use]
    pub(crate) fn multiply_add(a: &[u8], b: &BigUint, c: Self) -> Self {
        Self::residue(&(BigUint::from_bytes_le(a) * b + BigUint::from_bytes_le(&c.to_bytes())))
    }

    fn residue(value: &BigUint) -> Self {
        let order = BigUint::from_bytes_le(&bytes(&ORDER));
        let mut residue = [0; 32];
        let digits = (value % order).to_bytes_le();
        residue[..digits.len()].copy_from_slice(&digits);
        Self(limbs(&residue))
    }

    /// 32 little-endian bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 32] {
        bytes(&self.0)
    }

    /// $s + \ell$ for $s$ in $[0, \ell)$: the same multiple of the base, and no scalar. For tests of what verifies signatures.
    ///
    /// # Panics
    /// If it is added more than once.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn one_order_above(self) -> Self {
        assert!(Self::from_bytes(&self.to_bytes()).is_ok(), "the order is added once");
        let sum = BigUint::from_bytes_le(&self.to_bytes()) + BigUint::from_bytes_le(&bytes(&ORDER));
        let mut above = [0; 32];
        let digits = sum.to_bytes_le();
        above[..digits.len()].copy_from_slice(&digits);
        Self(limbs(&above))
    }

    /// Little-endian limbs.
    #[must_use]
    pub fn limbs(self) -> [u64; 4] {
        self.0
    }
}

fn limbs(bytes: &[u8; 32]) -> [u64; 4] {
    let (words, _) = bytes.as_chunks::<8>();
    std::array::from_fn(|i| u64::from_le_bytes(words[i]))
}

fn bytes(limbs: &[u64; 4]) -> [u8; 32] {
    std::array::from_fn(|i| limbs[i / 8].to_le_bytes()[i % 8])
}
