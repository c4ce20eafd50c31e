//! Poseidon over BN254's scalar field with circomlib's constants: permutation, 2-to-1 hash, chains.
//!
//! Source: Grassi, Khovratovich, Rechberger, Roy, Schofnegger, "Poseidon: A New Hash Function for Zero-Knowledge Proof Systems",
//! USENIX Security 2021. S-box $x^5$, $R_F = 8$; three lanes with $R_P = 57$ for trees and lists, six lanes with $R_P = 60$ for
//! signatures.
//!
//! # One compression function
//! Everything is made of $f(h, x, y)$, lane 0 of the permuted $[h, x, y]$. $f(0, l, r)$ is circomlib's `poseidon([l, r])`, a node of a tree.
//! A list is hashed as a [`chain`] from a tag: a sponge of capacity one lane whose rate lanes are overwritten, two words per permutation, and
//! whose capacity is the digest. Collisions cost $2^{127}$. Different tags separate domains; an odd list is padded with a zero, so
//! where a list's length does not follow from its tag, its words must not be zero.

mod boxes;
mod chip;
mod gates;
mod grain;
mod linear;
mod native;
mod parameters;
mod wide;

#[cfg(test)]
mod tests;

use halo2curves::bn256::Fr;

use crate::frame::{Cursor, Word, value::to_field};

pub use chip::PoseidonChip;
pub use native::{Permutation, chain, compress, hash2, hash5, permute, tag};
pub use parameters::{FULL_ROUNDS, Parameters};
pub use wide::{WidePoseidonChip, WidePoseidonInstructions};

/// Hashes in a circuit. Each is lane 0 of a permutation $f(h, x, y)$ of three lanes; its output is a new cell.
pub trait PoseidonInstructions {
    /// $f(h, x, y)$ for a constant capacity h.
    fn compress_under(&self, cursor: &mut Cursor<'_, '_>, capacity: Fr, inputs: [&Word; 2]) -> Word;

    /// $f(h, x, y)$.
    fn compress(&self, cursor: &mut Cursor<'_, '_>, inputs: [&Word; 3]) -> Word;

    /// The root of a Merkle tree over its leaf at an index: `index[i]` is $\lfloor \text{index} / 2^i \rfloor$, `siblings[i]` the other child
    /// at height i, whose parent is $f(0, \text{left}, \text{right})$. `zero` is a cell that holds 0. It is proven that the index is below
    /// $2^{\text{depth}}$; a path of depth 0 has its leaf for a root.
    ///
    /// # Panics
    /// If there are not as many indices as siblings, or the chip is not configured with paths.
    fn path(
        &self,
        cursor: &mut Cursor<'_, '_>,
        leaf: &Word,
        siblings: &[Given<'_>],
        index: &[Given<'_>],
        zero: &Word,
    ) -> Path;

    /// [`hash2`], the node above two.
    fn hash2(&self, cursor: &mut Cursor<'_, '_>, inputs: [&Word; 2]) -> Word {
        self.compress_under(cursor, Fr::zero(), inputs)
    }

    /// The chain $h_0 = \text{tag}, h_{i+1} = f(h_i, x_i, y_i)$ over pairs: a sponge whose rate lanes are overwritten.
    fn chain(&self, cursor: &mut Cursor<'_, '_>, tag: Fr, first: [&Word; 2], rest: &[[&Word; 2]]) -> Word {
        let start = self.compress_under(cursor, tag, first);
        rest.iter().fold(start, |digest, [x, y]| self.compress(cursor, [&digest, x, y]))
    }
}

/// Where a cell's value comes from.
#[derive(Debug, Clone, Copy)]
pub enum Given<'a> {
    /// The prover chooses it; unknown while keys are made.
    Witness(Option<Fr>),
    /// It is a copy.
    Copied(&'a Word),
}

impl Given<'_> {
    /// The value, if known.
    #[must_use]
    pub fn value(&self) -> Option<Fr> {
        match self {
            Self::Witness(value) => *value,
            Self::Copied(word) => word.value.map(to_field),
        }
    }
}

/// A Merkle path, assigned.
#[derive(Debug, Clone)]
pub struct Path {
    /// The root.
    pub root: Word,
    /// The other children, from the leaf's sibling up.
    pub siblings: Vec<Word>,
    /// The index of the node at each height among those of its height; the leaf's first.
    pub index: Vec<Word>,
}
