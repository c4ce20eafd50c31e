//! The native twin.

use ff::Field;
use halo2curves::bn256::Fr;

use crate::poseidon::hash2;

/// Where a leaf is in a tree, and the siblings on its way to the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerklePath {
    /// Index of the leaf, below $2^{\text{depth}}$.
    pub index: u64,
    /// Siblings from the leaf's up; as many as the tree is deep.
    pub siblings: Vec<Fr>,
}

impl MerklePath {
    /// The path of a leaf in the tree over `leaves`; leaves that are missing are 0.
    ///
    /// # Panics
    /// If the leaves or the index do not fit the depth, which is 63 at most.
    #[must_use]
    pub fn in_tree(leaves: &[Fr], depth: usize, index: u64) -> Self {
        assert!(depth < 64 && index >> depth == 0, "index {index} does not fit depth {depth}");
        let empty = empty_roots(depth);
        let (mut level, mut at) = (leaves.to_vec(), index);
        let siblings = (0..depth)
            .map(|height| {
                let sibling = level.get((at ^ 1) as usize).copied().unwrap_or(empty[height]);
                level = parents(&level, empty[height]);
                at >>= 1;
                sibling
            })
            .collect();
        Self { index, siblings }
    }

    /// Number of levels below the root.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.siblings.len()
    }

    /// The root over a leaf at the path's index; `None` if the index is not below $2^{\text{depth}}$.
    #[must_use]
    pub fn root(&self, leaf: Fr) -> Option<Fr> {
        let (mut node, mut at) = (leaf, self.index);
        for sibling in &self.siblings {
            node = if at & 1 == 0 { hash2(node, *sibling) } else { hash2(*sibling, node) };
            at >>= 1;
        }
        (at == 0).then_some(node)
    }
}

/// Root of the tree over leaves; an empty leaf is 0, and the tree is as deep as `depth` says.
///
/// # Panics
/// If there are more than $2^{\text{depth}}$ leaves.
#[must_use]
pub fn merkle_root(leaves: &[Fr], depth: usize) -> Fr {
    assert!(
        leaves.len().div_ceil(2) <= 1 << depth.saturating_sub(1),
        "{} leaves do not fit depth {depth}",
        leaves.len()
    );
    let empty = empty_roots(depth);
    let level = empty[..depth].iter().fold(leaves.to_vec(), |level, empty| parents(&level, *empty));
    level.first().copied().unwrap_or(empty[depth])
}

/// Roots of empty trees of depth 0 to `depth`.
#[must_use]
pub fn empty_roots(depth: usize) -> Vec<Fr> {
    std::iter::successors(Some(Fr::ZERO), |root| Some(hash2(*root, *root))).take(depth + 1).collect()
}

fn parents(level: &[Fr], empty: Fr) -> Vec<Fr> {
    level.chunks(2).map(|pair| hash2(pair[0], pair.get(1).copied().unwrap_or(empty))).collect()
}
