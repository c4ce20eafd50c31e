//! Poseidon over BN254's scalar field with circomlib's constants: permutation, 2-to-1 hash, sponge.
//!
//! Source: Grassi, Khovratovich, Rechberger, Roy, Schofnegger, "Poseidon: A New Hash Function for Zero-Knowledge Proof Systems",
//! USENIX Security 2021. S-box $x^5$, $R_F = 8$; three lanes with $R_P = 57$ for trees and the sponge, six lanes with $R_P = 60$ for
//! signatures.
//!
//! # Domains
//! The 2-to-1 hash starts from capacity 0. The sponge starts from capacity $\text{domain} \cdot 2^{64} + \text{length}$ with a
//! non-zero [`Domain`], so that no input of one is an input of the other, nor of the sponge under another domain or length;
//! since the length is in the capacity, filling the last block with zeros is injective.

mod grain;
mod native;
mod parameters;

#[cfg(test)]
mod tests;

use ff::PrimeField;
use halo2curves::bn256::Fr;

pub use native::{Permutation, hash_many, hash2, hash5, permute};
pub use parameters::{FULL_ROUNDS, Parameters};

/// What a sponge hash is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Domain(u64);

impl Domain {
    /// The domain of a name: 1 to 8 bytes of printable ASCII, read as a big-endian integer.
    ///
    /// # Panics
    /// If the name is not of that form; in a constant this is a compile-time error.
    #[must_use]
    pub const fn new(name: &str) -> Self {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty() && bytes.len() <= 8, "a domain's name has 1 to 8 bytes");
        let mut tag = 0;
        let mut i = 0;
        while i < bytes.len() {
            assert!(bytes[i].is_ascii_graphic(), "a domain's name is printable ASCII");
            tag = tag << 8 | bytes[i] as u64;
            i += 1;
        }
        Self(tag)
    }

    /// The sponge's first capacity for `length` inputs: $\text{domain} \cdot 2^{64} + \text{length}$.
    #[must_use]
    pub fn capacity(self, length: usize) -> Fr {
        Fr::from_u128(u128::from(self.0) << 64 | length as u128)
    }

    /// Permutations that the sponge needs for `length` inputs: two inputs each, at least one.
    #[must_use]
    pub const fn blocks(length: usize) -> usize {
        if length == 0 { 1 } else { length.div_ceil(2) }
    }
}
