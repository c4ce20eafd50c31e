//! The leaf: one batch proof, and the risk proof that its context names.

use halo2curves::bn256::Fr;
use snark_verifier::loader::ScalarLoader;

use super::{
    chip::{FoldCircuit, FoldShape},
    circuit::{LoadedKey, build, combine},
    hash::{Tag, chain},
    key::{FoldKey, all_digest, inner_digest},
};
use crate::error::ProverError;

/// Where a batch proof's instance holds what.
pub(super) mod batch_index {
    pub(crate) const OLD_ROOT: usize = 0;
    pub(crate) const NEW_ROOT: usize = 1;
    pub(crate) const CONTEXT: usize = 2;
}
/// Public instances of a batch proof.
pub const BATCH_INSTANCE_LEN: usize = 3;

/// How the public context of a batch ties it to its risk proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextLayout {
    /// Number of words in a context.
    pub words: usize,
    /// The word that names the digest of the inner keys.
    pub circuits: usize,
    /// Word of the context and instance of the risk proof that must be equal, with the name of what they both are.
    pub links: Vec<Link>,
}

/// An equality between a batch's context and its risk proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// What both are.
    pub name: &'static str,
    /// Index of the word in the context.
    pub word: usize,
    /// Index in the risk proof's instance.
    pub instance: usize,
}

/// A proof and its one instance column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofWithInstance {
    /// The instance column.
    pub instance: Vec<Fr>,
    /// The proof: Poseidon transcript, SHPLONK.
    pub proof: Vec<u8>,
}

/// What a leaf is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafInputs {
    /// The batch proof.
    pub batch: ProofWithInstance,
    /// The words of the batch's context.
    pub context: Vec<Fr>,
    /// The risk proof.
    pub risk: ProofWithInstance,
}

/// The keys that a leaf verifies, and how their instances are tied.
#[derive(Debug, Clone)]
pub struct Inner {
    /// The key of batch proofs.
    pub batch: FoldKey,
    /// The key of risk proofs.
    pub risk: FoldKey,
    /// The context.
    pub context: ContextLayout,
}

/// Lays out the circuit of a leaf. `keys` are the digests of the leaf's and the node's own key, which are passed on only.
pub(super) fn circuit(
    known: bool,
    shape: FoldShape,
    inner: &Inner,
    inputs: &LeafInputs,
    [leaf, node]: [Fr; 2],
) -> Result<FoldCircuit, ProverError> {
    build(known, shape, |loader| {
        let [batch_key, risk_key] = [&inner.batch, &inner.risk].map(|key| LoadedKey::load(loader, key));
        let inner_keys = inner_digest(loader, batch_key.digest.clone(), risk_key.digest.clone());
        let [leaf, node] = [leaf, node].map(|digest| loader.assign_scalar(digest));
        let keys = all_digest(loader, inner_keys.clone(), leaf, node);

        let batch = batch_key.verify(loader, &inputs.batch.instance, &inputs.batch.proof)?;
        let risk = risk_key.verify(loader, &inputs.risk.instance, &inputs.risk.proof)?;

        let context: Vec<_> = inputs.context.iter().map(|word| loader.assign_scalar(*word)).collect();
        let digest = chain(loader, Tag::Context, &context);
        loader.assert_eq("context digest", &digest, &batch.instance[batch_index::CONTEXT]);
        loader.assert_eq("circuits", &context[inner.context.circuits], &inner_keys);
        for link in &inner.context.links {
            loader.assert_eq(link.name, &context[link.word], &risk.instance[link.instance]);
        }

        let [old_root, new_root] =
            [batch_index::OLD_ROOT, batch_index::NEW_ROOT].map(|index| batch.instance[index].clone());
        let contexts = chain(loader, Tag::Leaf, &[digest]);
        let accumulator = combine(loader, &[batch, risk]);
        let rest = [old_root, new_root, loader.load_one(), contexts, keys];
        Ok(accumulator.into_iter().chain(rest.map(|scalar| scalar.into_assigned())).collect())
    })
}

/// The digest of one batch's context in a tree of contexts.
#[must_use]
pub fn leaf_contexts(context: Fr) -> Fr {
    super::hash::native_chain(Tag::Leaf, &[context])
}
