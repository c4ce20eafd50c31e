//! Sparse Merkle trees of fixed depth over a [`NodeStore`], and proofs of what is and is not in them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::OnceLock,
};

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use zomma_gadgets::merkle::empty_roots;

use super::store::{NodeKey, NodeStore, StoreError, TreeId};
use crate::encoding::{hex_fr, node};

/// No tree is deeper than this.
pub const MAX_DEPTH: u8 = 32;

/// Root of an empty subtree whose leaves are `level <= 32` levels below.
pub fn empty_root(level: u8) -> Fr {
    static ROOTS: OnceLock<Vec<Fr>> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| empty_roots(usize::from(MAX_DEPTH)));
    roots[usize::from(level)]
}

/// Shows that a tree of a known root has `leaf` at `index`: membership, or with an empty leaf non-membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MerkleProof {
    /// Index of the leaf.
    pub index: u64,
    /// The leaf; zero when the place is empty.
    #[serde(with = "hex_fr")]
    pub leaf: Fr,
    /// Siblings on the way up, from the leaf's.
    pub siblings: Vec<Sibling>,
}

/// One sibling on a path, as it is written in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sibling(#[serde(with = "hex_fr")] pub Fr);

impl MerkleProof {
    /// Whether the proof is of a place with nothing in it.
    pub fn is_empty_leaf(&self) -> bool {
        self.leaf == Fr::zero()
    }

    /// The root that the proof leads to, or `None` when its index does not fit its depth.
    pub fn root(&self) -> Option<Fr> {
        let depth = u32::try_from(self.siblings.len()).ok().filter(|depth| *depth <= MAX_DEPTH.into())?;
        (self.index >> depth == 0).then(|| {
            self.siblings.iter().enumerate().fold(self.leaf, |below, (height, Sibling(sibling))| {
                if self.index >> height & 1 == 0 { node(below, *sibling) } else { node(*sibling, below) }
            })
        })
    }

    /// Whether this proves its leaf in the tree of `depth` and `root`.
    pub fn verify(&self, root: Fr, depth: u8) -> bool {
        self.siblings.len() == usize::from(depth) && self.root() == Some(root)
    }
}

/// Nodes of every tree: those of a committed version, under those changed since.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    changed: HashMap<NodeKey, Fr>,
}

impl Overlay {
    /// A node, empty where nothing was ever written. `version` is the committed one, `None` for an empty store.
    fn node(&self, store: &dyn NodeStore, version: Option<u64>, key: NodeKey) -> Result<Fr, StoreError> {
        if let Some(value) = self.changed.get(&key) {
            return Ok(*value);
        }
        let stored = version.map(|version| store.node(version, key)).transpose()?.flatten();
        Ok(stored.unwrap_or_else(|| empty_root(key.level)))
    }

    /// The root of a tree.
    pub(super) fn root(
        &self,
        store: &dyn NodeStore,
        version: Option<u64>,
        tree: TreeId,
        depth: u8,
    ) -> Result<Fr, StoreError> {
        self.node(store, version, NodeKey { tree, level: depth, index: 0 })
    }

    /// Sets leaves and rehashes the paths above them, each shared node once. Returns the root.
    pub(super) fn update(
        &mut self,
        store: &dyn NodeStore,
        version: Option<u64>,
        tree: TreeId,
        depth: u8,
        leaves: BTreeMap<u64, Fr>,
    ) -> Result<Fr, StoreError> {
        let mut level = leaves;
        for height in 0..depth {
            let mut above = BTreeMap::new();
            for (&index, &value) in &level {
                let parent = index >> 1;
                if above.contains_key(&parent) {
                    continue;
                }
                let sibling = match level.get(&(index ^ 1)) {
                    Some(sibling) => *sibling,
                    None => self.node(store, version, NodeKey { tree, level: height, index: index ^ 1 })?,
                };
                let (left, right) = if index & 1 == 0 { (value, sibling) } else { (sibling, value) };
                above.insert(parent, node(left, right));
            }
            self.keep(tree, height, level);
            level = above;
        }
        let changed_root = level.get(&0).copied();
        self.keep(tree, depth, level);
        match changed_root {
            Some(root) => Ok(root),
            None => self.root(store, version, tree, depth),
        }
    }

    fn keep(&mut self, tree: TreeId, level: u8, values: BTreeMap<u64, Fr>) {
        self.changed.extend(values.into_iter().map(|(index, value)| (NodeKey { tree, level, index }, value)));
    }

    /// The path from a leaf.
    pub(super) fn prove(
        &self,
        store: &dyn NodeStore,
        version: Option<u64>,
        tree: TreeId,
        depth: u8,
        index: u64,
    ) -> Result<MerkleProof, StoreError> {
        let leaf = self.node(store, version, NodeKey { tree, level: 0, index })?;
        let siblings: Result<Vec<_>, _> = (0..depth)
            .map(|level| self.node(store, version, NodeKey { tree, level, index: index >> level ^ 1 }).map(Sibling))
            .collect();
        Ok(MerkleProof { index, leaf, siblings: siblings? })
    }

    /// Takes out everything changed, in order.
    pub(super) fn take(&mut self) -> Vec<(NodeKey, Fr)> {
        let mut changed: Vec<_> = self.changed.drain().collect();
        changed.sort_unstable_by_key(|(key, _)| *key);
        changed
    }

    /// Puts back what [`take`](Self::take) took out.
    pub(super) fn restore(&mut self, changed: Vec<(NodeKey, Fr)>) {
        self.changed.extend(changed);
    }
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
