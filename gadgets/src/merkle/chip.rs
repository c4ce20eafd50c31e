//! Paths in a circuit, by whatever hashes.

use halo2curves::bn256::Fr;

use super::MerklePath;
use crate::{
    frame::{Cost, Cursor, Word},
    poseidon::{Given, Path, PoseidonChip, PoseidonInstructions},
};

/// Merkle trees in a circuit.
///
/// In all of them `zero` is a cell that holds 0, and `witness` is unknown while keys are made; otherwise it is a path of the given depth.
pub trait MerkleInstructions: PoseidonInstructions {
    /// The root over a leaf, at an index and with siblings that the prover chooses. The caller binds the index, `path.index[0]`,
    /// and the root.
    ///
    /// # Panics
    /// If the witness is not of this depth.
    fn merkle_root(
        &self,
        cursor: &mut Cursor<'_, '_>,
        leaf: &Word,
        depth: usize,
        witness: Option<&MerklePath>,
        zero: &Word,
    ) -> Path {
        assert!(witness.is_none_or(|path| path.depth() == depth), "the path is not of depth {depth}");
        let siblings: Vec<_> = (0..depth).map(|i| Given::Witness(witness.map(|path| path.siblings[i]))).collect();
        let index: Vec<_> = (0..depth).map(|i| Given::Witness(witness.map(|path| Fr::from(path.index >> i)))).collect();
        self.path(cursor, leaf, &siblings, &index, zero)
    }

    /// The root over another leaf in the same place of the same tree.
    fn merkle_root_again(&self, cursor: &mut Cursor<'_, '_>, leaf: &Word, path: &Path, zero: &Word) -> Word {
        let siblings: Vec<_> = path.siblings.iter().map(Given::Copied).collect();
        let index: Vec<_> = path.index.iter().map(Given::Copied).collect();
        self.path(cursor, leaf, &siblings, &index, zero).root
    }

    /// Requires that `leaf` is in the tree of `root`; the path says where.
    ///
    /// # Panics
    /// If the witness is not of this depth.
    fn merkle_membership(
        &self,
        cursor: &mut Cursor<'_, '_>,
        root: &Word,
        leaf: &Word,
        depth: usize,
        witness: Option<&MerklePath>,
        zero: &Word,
    ) -> Path {
        let path = self.merkle_root(cursor, leaf, depth, witness, zero);
        cursor.region().constrain_equal(path.root.cell, root.cell);
        path
    }

    /// The roots with `leaves[0]` and with `leaves[1]` in one place of one tree.
    ///
    /// # Panics
    /// If the witness is not of this depth.
    fn merkle_update(
        &self,
        cursor: &mut Cursor<'_, '_>,
        leaves: [&Word; 2],
        depth: usize,
        witness: Option<&MerklePath>,
        zero: &Word,
    ) -> Update {
        let old = self.merkle_root(cursor, leaves[0], depth, witness, zero);
        let new_root = self.merkle_root_again(cursor, leaves[1], &old, zero);
        Update { old, new_root }
    }
}

impl<P: PoseidonInstructions> MerkleInstructions for P {}

/// A leaf replaced by another.
#[derive(Debug, Clone)]
pub struct Update {
    /// The path before, with the old root.
    pub old: Path,
    /// The new root.
    pub new_root: Word,
}

/// What an update costs, the roots' rows included and both leaves copied.
#[must_use]
pub fn update_cost(depth: usize) -> Cost {
    let step = PoseidonChip::cost_of_two();
    let rows = 2 * (depth * step.rows + 1);
    Cost { rows, advice_cells: 2 * (depth * step.advice_cells + 2), lookup_cells: 0, area: 4 * rows }
}
