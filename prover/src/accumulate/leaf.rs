//! The leaf: one batch proof, and the risk proof that its context names.

use std::iter::zip;

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use snark_verifier::loader::ScalarLoader;

use super::{
    chip::{FoldCircuit, FoldCost, FoldShape},
    circuit::{LoadedKey, build, combine},
    folding::MIN_K,
    hash::{Hasher, Native, Tag, chain},
    key::{FoldKey, all_digest, inner_digest},
    points::Loader,
    transcript::Word,
};
use crate::{
    artefact::{Digest, Public},
    error::ProverError,
};

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
    /// The word that is the hash of the venue's parameter set.
    pub params: usize,
    /// Instance of the risk proof that is the hash of the scenario set; the parameter set has it as word [`PARAMS_SCENARIOS`].
    pub scenarios: usize,
    /// Word of the context and instance of the risk proof that must be equal, with the name of what they both are.
    pub links: Vec<Link>,
}

/// The word of a parameter set that is the hash of the scenario set.
pub const PARAMS_SCENARIOS: usize = 1;
/// Most words of a parameter set: eight, and two for each of 16 keys of oracles.
pub const MAX_PARAMS: usize = 40;

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
    /// The words of the venue's parameter set.
    pub params: Vec<Fr>,
    /// The risk proof.
    pub risk: ProofWithInstance,
}

/// What names a key that leaves verify with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InnerId {
    /// The statement.
    pub statement: String,
    /// Its version.
    pub version: u32,
    /// The size.
    pub k: u32,
    /// Digest of the verifying key's file.
    pub key: Digest,
    /// Digest of the key inside circuits.
    pub digest: Public,
}

/// The keys that a leaf verifies, and how their instances are tied.
#[derive(Debug, Clone)]
pub struct Inner {
    /// The key of batch proofs.
    pub batch: FoldKey,
    /// The key of risk proofs.
    pub risk: FoldKey,
    /// What names the key of batch proofs.
    pub batch_id: InnerId,
    /// What names the key of risk proofs.
    pub risk_id: InnerId,
    /// The context.
    pub context: ContextLayout,
}

impl Inner {
    /// The digest of both keys, which contexts name.
    #[must_use]
    pub fn digest(&self) -> Fr {
        inner_digest(&Native, self.batch.digest(), self.risk.digest())
    }

    /// The shape of a folding over these keys, and what its leaf takes.
    ///
    /// # Errors
    /// What laying the leaf out reports.
    pub fn shape(&self) -> Result<(FoldShape, FoldCost), ProverError> {
        // The layout does not depend on the shape.
        let least = FoldShape { k: MIN_K, scalar_columns: 1 };
        let cost = circuit(false, least, self, &self.blank(), Default::default())?.cost();
        Ok((FoldShape::for_cost(&cost).join(least), cost))
    }
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
        let (params, scenarios) = open_params(loader, &inputs.params);
        loader.assert_eq("parameters", &context[inner.context.params], &params);
        loader.assert_eq("scenarios", &scenarios, &risk.instance[inner.context.scenarios]);

        let [old_root, new_root] =
            [batch_index::OLD_ROOT, batch_index::NEW_ROOT].map(|index| batch.instance[index].clone());
        let contexts = chain(loader, Tag::Leaf, &[digest]);
        let accumulator = combine(loader, &[batch, risk]);
        let rest = [old_root, new_root, loader.load_one(), contexts, keys];
        Ok(accumulator.into_iter().chain(rest.map(|scalar| scalar.into_assigned())).collect())
    })
}

/// Hashes a parameter set of any length, and returns the hash and the set's scenario hash.
///
/// Pairs of words after the first can be left out one by one. Whatever is left out, the hash is that of the remaining words in the order given, so that
/// two lists of one hash are the same, and the first pair is always there.
fn open_params(loader: &Loader, words: &[Fr]) -> (Word, Word) {
    let mut padded = words.to_vec();
    padded.resize(MAX_PARAMS, Fr::zero());
    let padded: Vec<Word> = padded.iter().map(|word| loader.assign_scalar(*word)).collect();
    let used = (0..MAX_PARAMS / 2).map(|pair| 2 * pair < words.len());
    let mut digest = loader.constant(Tag::Params.word());
    for (index, (pair, used)) in zip(padded.chunks(2), used).enumerate() {
        let [next, ..] = loader.permute([digest.clone(), pair[0].clone(), pair[1].clone()]);
        digest = if index == 0 {
            next
        } else {
            let used = loader.assign_scalar(Fr::from(u64::from(used)));
            loader.assert_eq("a bit", &(used.clone() * &used), &used);
            (next - &digest) * &used + &digest
        };
    }
    (digest, padded[PARAMS_SCENARIOS].clone())
}

/// The digest of one batch's context in a tree of contexts.
#[must_use]
pub fn leaf_contexts(context: Fr) -> Fr {
    super::hash::native_chain(Tag::Leaf, &[context])
}
