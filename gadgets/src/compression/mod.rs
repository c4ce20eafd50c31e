//! The compression function of all digests: `f(h, x, y)`, lane 0 of Poseidon's permutation of `[h, x, y]`.
//!
//! `f(0, l, r)` is circomlib's `poseidon([l, r])`, a Merkle node. [`chain`] absorbs a list under a tag, two words per
//! permutation, by overwriting the rate lanes: no addition gates, and 127 bits of collision resistance from the one capacity lane.

mod chip;
mod rounds;
#[cfg(test)]
mod tests;

pub use chip::CompressionChip;

use halo2curves::bn256::Fr;

use crate::frame::Word;
use crate::poseidon::permute;

/// Digests in a circuit.
pub trait CompressionInstructions {
    /// Where cells are assigned.
    type Cursor<'a>;

    /// `f(h, x, y)`.
    fn compress(&self, cursor: &mut Self::Cursor<'_>, input: [&Word; 3]) -> Word;
}

/// `f(h, x, y)`.
#[must_use]
pub fn compress(h: Fr, x: Fr, y: Fr) -> Fr {
    permute([h, x, y])[0]
}

/// The integer whose big-endian bytes are a tag's ASCII characters.
///
/// # Panics
/// When the tag is empty or longer than 31 bytes.
#[must_use]
pub fn tag(name: &str) -> Fr {
    assert!(!name.is_empty() && name.len() <= 31, "a tag has 1 to 31 bytes");
    name.bytes().fold(Fr::zero(), |word, byte| word * Fr::from(256) + Fr::from(u64::from(byte)))
}

/// The digest of words under a tag: `h = tag`, then `h = f(h, x, y)` for each pair; a missing last word is zero.
#[must_use]
pub fn chain(tag: Fr, words: &[Fr]) -> Fr {
    words.chunks(2).fold(tag, |h, pair| compress(h, pair[0], pair.get(1).copied().unwrap_or_default()))
}

/// Root of the tree over leaves; an empty leaf is 0, and the tree is as deep as `depth` says.
///
/// # Panics
/// When there are more than `2^depth` leaves.
#[must_use]
pub fn merkle_root(leaves: &[Fr], depth: usize) -> Fr {
    assert!(leaves.len() <= 1 << depth, "{} leaves do not fit depth {depth}", leaves.len());
    let mut level = leaves.to_vec();
    let mut empty = Fr::zero();
    for _ in 0..depth {
        level =
            level.chunks(2).map(|pair| compress(Fr::zero(), pair[0], pair.get(1).copied().unwrap_or(empty))).collect();
        empty = compress(Fr::zero(), empty, empty);
    }
    level.first().copied().unwrap_or(empty)
}

/// Roots of empty trees of depth 0 to `depth`.
#[must_use]
pub fn empty_roots(depth: usize) -> Vec<Fr> {
    let next = |root: &Fr| Some(compress(Fr::zero(), *root, *root));
    std::iter::successors(Some(Fr::zero()), next).take(depth + 1).collect()
}
