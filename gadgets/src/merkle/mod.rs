//! Binary Merkle trees over Poseidon: root, membership, update.
//!
//! A node is $f(0, \text{left}, \text{right})$, circomlib's `poseidon([left, right])`; an empty leaf is 0. A tree's depth is fixed by what it
//! is a tree of, so a leaf cannot be read as a node. Bit i of a leaf's index says whether its ancestor at height i is a right child.
//!
//! A step of a path swaps its two nodes inside of the hash's first gate, so a path costs what its hashes cost, and its index comes
//! with it. An update is two paths, the second of which copies siblings and index from the first.

mod chip;
mod native;

#[cfg(test)]
mod tests;

pub use chip::{MerkleInstructions, Update, update_cost};
pub use native::{MerklePath, empty_roots, merkle_root};
