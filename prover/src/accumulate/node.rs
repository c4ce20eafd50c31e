//! The node: two proofs, each of a leaf or of a node, the first ending where the second starts. And the wrap: one such proof.

use halo2_base::AssignedValue;
use halo2curves::bn256::Fr;
use snark_verifier::loader::ScalarLoader;

use super::{
    chip::{FoldCircuit, FoldShape},
    circuit::{LoadedKey, Verified, build, combine},
    hash::{Tag, chain},
    instance::index,
    key::{FoldKey, KeyDigests, all_digest},
    leaf::ProofWithInstance,
    points::Loader,
    transcript::Word,
};
use crate::error::ProverError;

/// A proof of a leaf or a node, with the key that it is verified with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Child<'a> {
    pub(super) key: &'a FoldKey,
    pub(super) proof: &'a ProofWithInstance,
}

/// Lays out the circuit of a node.
pub(super) fn node(
    known: bool,
    shape: FoldShape,
    children: [Child<'_>; 2],
    keys: &KeyDigests,
) -> Result<FoldCircuit, ProverError> {
    build(known, shape, |loader| {
        let keys = Keys::load(loader, keys);
        let left = keys.verify(loader, children[0])?;
        let right = keys.verify(loader, children[1])?;
        loader.assert_eq("chained roots", &left.instance[index::NEW_ROOT], &right.instance[index::OLD_ROOT]);
        let sides = |index: usize| [left.instance[index].clone(), right.instance[index].clone()];
        let rest = [
            left.instance[index::OLD_ROOT].clone(),
            right.instance[index::NEW_ROOT].clone(),
            sides(index::BATCHES).into_iter().reduce(|left, right| left + right).expect("two"),
            chain(loader, Tag::Node, &sides(index::CONTEXTS)),
            keys.all,
        ];
        Ok(expose(loader, &[left, right], rest))
    })
}

/// Lays out the circuit of the wrap: it claims what its child claims.
pub(super) fn wrap(
    known: bool,
    shape: FoldShape,
    child: Child<'_>,
    keys: &KeyDigests,
) -> Result<FoldCircuit, ProverError> {
    build(known, shape, |loader| {
        let keys = Keys::load(loader, keys);
        let child = keys.verify(loader, child)?;
        let rest =
            [index::OLD_ROOT, index::NEW_ROOT, index::BATCHES, index::CONTEXTS].map(|i| child.instance[i].clone());
        let [old_root, new_root, batches, contexts] = rest;
        Ok(expose(loader, &[child], [old_root, new_root, batches, contexts, keys.all]))
    })
}

fn expose(loader: &Loader, verified: &[Verified], rest: [Word; 5]) -> Vec<AssignedValue<Fr>> {
    let accumulator = combine(loader, verified);
    accumulator.into_iter().chain(rest.map(|scalar| scalar.into_assigned())).collect()
}

/// The digests of all keys, bound by the one that is exposed.
struct Keys {
    leaf: Word,
    node: Word,
    all: Word,
}

impl Keys {
    fn load(loader: &Loader, keys: &KeyDigests) -> Self {
        let [inner, leaf, node] = [keys.inner(), keys.leaf, keys.node].map(|digest| loader.assign_scalar(digest));
        let all = all_digest(loader, inner, leaf.clone(), node.clone());
        Self { leaf, node, all }
    }

    /// Verifies a child: its key is the leaf's or the node's, and it names the same keys as its parent.
    fn verify(&self, loader: &Loader, child: Child<'_>) -> Result<Verified, ProverError> {
        let key = LoadedKey::load(loader, child.key);
        let neither = (key.digest.clone() - &self.leaf) * (key.digest.clone() - &self.node);
        let zero = loader.load_zero();
        // A constant becomes a cell when it is first looked at, which must not be while the equality is being made.
        drop(zero.assigned());
        loader.assert_eq("a leaf's or a node's key", &neither, &zero);
        let verified = key.verify(loader, &child.proof.instance, &child.proof.proof)?;
        loader.assert_eq("key digests", &verified.instance[index::KEYS], &self.all);
        Ok(verified)
    }
}

/// The digest of a node's contexts.
#[must_use]
pub fn node_contexts(left: Fr, right: Fr) -> Fr {
    super::hash::native_chain(Tag::Node, &[left, right])
}
