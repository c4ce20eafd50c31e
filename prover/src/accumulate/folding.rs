//! Keys of leaf, node and wrap, and proofs made with them.

use std::fmt;

use halo2_proofs::{plonk::ProvingKey, poly::commitment::ParamsProver};
use halo2curves::bn256::G1Affine;
use rand::RngCore;
use serde::{Deserialize, Serialize};
use zomma_kernels::CpuBackend;

use super::{
    chip::{FoldCircuit, FoldCost, FoldShape},
    instance::FoldInstance,
    key::{FoldKey, KeyDigests},
    leaf::{self, Inner, LeafInputs, ProofWithInstance},
    native::check_chained,
    node::{self, Child},
};
use crate::{
    engine::Engine,
    error::ProverError,
    plonk::{Memory, keygen_pk, keygen_vk},
    progress::Progress,
    srs::Srs,
    transcript::TranscriptKind,
};

/// The smallest size at which a node that verifies two proofs of its own size fits.
pub const MIN_K: u32 = 19;

/// A layer of a folding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Verifies a batch proof and its risk proof.
    Leaf,
    /// Verifies two proofs, each of a leaf or a node.
    Node,
    /// Verifies one proof of a leaf or a node, for the EVM.
    Wrap,
}

impl Layer {
    /// The transcript of its proofs.
    #[must_use]
    pub fn transcript(self) -> TranscriptKind {
        match self {
            Self::Leaf | Self::Node => TranscriptKind::Poseidon,
            Self::Wrap => TranscriptKind::Keccak,
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leaf => "leaf",
            Self::Node => "node",
            Self::Wrap => "wrap",
        })
    }
}

/// A proof of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldProof {
    /// The layer.
    pub layer: Layer,
    /// The proof.
    pub proof: ProofWithInstance,
}

impl FoldProof {
    /// What it claims.
    ///
    /// # Errors
    /// See [`FoldInstance::from_column`].
    pub fn claim(&self) -> Result<FoldInstance, ProverError> {
        FoldInstance::from_column(&self.proof.instance)
    }
}

/// Keys of a layer.
#[derive(Debug)]
struct LayerKey {
    proving: ProvingKey<G1Affine>,
    fold: FoldKey,
}

impl LayerKey {
    fn generate(srs: &Srs, circuit: &FoldCircuit) -> Result<Self, ProverError> {
        circuit.check_fits()?;
        let backend = CpuBackend::detect();
        let verifying = keygen_vk(&backend, srs.params(), circuit)?;
        let fold = FoldKey::of_fold(srs.params(), &verifying);
        let proving = keygen_pk(&backend, srs.params(), verifying, circuit)?;
        Ok(Self { proving, fold })
    }
}

/// All keys of a folding.
#[derive(Debug)]
pub struct Folding {
    srs: Srs,
    shape: FoldShape,
    inner: Inner,
    leaf: LayerKey,
    node: LayerKey,
    digests: KeyDigests,
}

impl Folding {
    /// The shape of leaf and node, given what leaves verify.
    ///
    /// # Errors
    /// What laying the leaf out reports.
    pub fn shape_for(inner: &Inner) -> Result<(FoldShape, FoldCost), ProverError> {
        // The layout does not depend on the shape; this one is to be replaced.
        let any = FoldShape { k: MIN_K, scalar_columns: 1 };
        let cost = leaf::circuit(false, any, inner, &inner.blank(), Default::default())?.cost();
        let least = FoldShape { k: MIN_K, scalar_columns: 1 };
        Ok((FoldShape::for_cost(&cost).join(least), cost))
    }

    /// Makes the keys for what leaves verify. The structured reference string must have the size of [`Self::shape_for`], and the secret of the
    /// one that the inner keys were made with.
    ///
    /// # Errors
    /// [`ProverError::Mismatch`] when it does not; what key generation reports.
    pub fn generate(srs: Srs, inner: Inner, progress: &dyn Progress) -> Result<Self, ProverError> {
        let same = |key: &FoldKey| key.s_g2() == srs.params().s_g2();
        if !same(&inner.batch) || !same(&inner.risk) || srs.params().get_g()[0] != G1Affine::generator() {
            let (expected, found) = ("that of the inner keys", "another");
            return Err(ProverError::mismatch("secret of the structured reference string", expected, found));
        }
        progress.stage("laying the leaf out", 0);
        let (shape, _) = Self::shape_for(&inner)?;
        if srs.k() != shape.k {
            return Err(ProverError::mismatch("k of the structured reference string", shape.k, srs.k()));
        }
        progress.stage("key of the leaf", 0);
        let leaf = LayerKey::generate(&srs, &leaf::circuit(false, shape, &inner, &inner.blank(), Default::default())?)?;
        progress.stage("key of the node", 0);
        // Only the form of the children matters, and whose digests these are does not.
        let mut digests = KeyDigests {
            batch: inner.batch.digest(),
            risk: inner.risk.digest(),
            leaf: leaf.fold.digest(),
            node: leaf.fold.digest(),
        };
        let blank = leaf.fold.blank();
        let child = Child { key: &leaf.fold, proof: &blank };
        let node = LayerKey::generate(&srs, &node::node(false, shape, [child; 2], &digests)?)?;
        if !leaf.fold.same_shape(&node.fold) {
            return Err(ProverError::mismatch("shape of the node", "that of the leaf", "another"));
        }
        digests.node = node.fold.digest();
        Ok(Self { srs, shape, inner, leaf, node, digests })
    }

    /// The structured reference string.
    #[must_use]
    pub fn srs(&self) -> &Srs {
        &self.srs
    }

    /// The digests of all keys.
    #[must_use]
    pub fn digests(&self) -> &KeyDigests {
        &self.digests
    }

    /// The shape of leaf and node.
    #[must_use]
    pub fn shape(&self) -> FoldShape {
        self.shape
    }

    /// The key of a leaf or a node.
    #[must_use]
    pub fn key(&self, layer: Layer) -> Option<&FoldKey> {
        match layer {
            Layer::Leaf => Some(&self.leaf.fold),
            Layer::Node => Some(&self.node.fold),
            Layer::Wrap => None,
        }
    }

    /// Proves a leaf. The proof is verified before it is returned.
    ///
    /// # Errors
    /// See [`Inner::check`]; what the prover reports.
    pub fn leaf(&self, engine: &Engine, inputs: &LeafInputs, rng: impl RngCore) -> Result<FoldProof, ProverError> {
        self.inner.check(inputs)?;
        let own = [self.digests.leaf, self.digests.node];
        let circuit = leaf::circuit(true, self.shape, &self.inner, inputs, own)?;
        prove(engine, &self.srs, &self.leaf, circuit, Layer::Leaf, rng)
    }

    /// Proves a node. The proof is verified before it is returned.
    ///
    /// # Errors
    /// See [`Self::verify`]; [`ProverError::Mismatch`] when the second proof does not start where the first ends.
    pub fn node(&self, engine: &Engine, sides: [&FoldProof; 2], rng: impl RngCore) -> Result<FoldProof, ProverError> {
        let [left, right] = sides;
        let (left_claim, right_claim) = (
            self.verify(left).map_err(|error| error.of("the left side"))?,
            self.verify(right).map_err(|error| error.of("the right side"))?,
        );
        check_chained(&left_claim, &right_claim, &self.digests)?;
        let circuit = node::node(true, self.shape, [self.child(left)?, self.child(right)?], &self.digests)?;
        prove(engine, &self.srs, &self.node, circuit, Layer::Node, rng)
    }

    /// Verifies a proof of a leaf or a node, and everything below it.
    ///
    /// # Errors
    /// See [`FoldKey::verify`]; [`ProverError::Mismatch`] when it was made with other keys.
    pub fn verify(&self, proof: &FoldProof) -> Result<FoldInstance, ProverError> {
        self.child(proof)?.key.verify(&proof.proof, proof.layer.transcript())?;
        let claim = proof.claim()?;
        check_chained(&claim, &FoldInstance { old_root: claim.new_root, ..claim }, &self.digests)?;
        Ok(claim)
    }

    fn child<'a>(&'a self, proof: &'a FoldProof) -> Result<Child<'a>, ProverError> {
        let key = self.key(proof.layer).ok_or_else(|| {
            ProverError::mismatch("layer", format_args!("{} or {}", Layer::Leaf, Layer::Node), proof.layer)
        })?;
        Ok(Child { key, proof: &proof.proof })
    }
}

/// The key of the wrap.
#[derive(Debug)]
pub struct Wrapping {
    srs: Srs,
    shape: FoldShape,
    wrap: LayerKey,
}

impl Wrapping {
    /// Makes the key for the proofs of a folding, with the folding's structured reference string.
    ///
    /// # Errors
    /// What key generation reports.
    pub fn generate(folding: &Folding, progress: &dyn Progress) -> Result<Self, ProverError> {
        progress.stage("key of the wrap", 0);
        let blank = folding.leaf.fold.blank();
        let child = Child { key: &folding.leaf.fold, proof: &blank };
        let shape = folding.shape;
        let wrap = LayerKey::generate(&folding.srs, &node::wrap(false, shape, child, &folding.digests)?)?;
        Ok(Self { srs: folding.srs.clone(), shape, wrap })
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> &FoldKey {
        &self.wrap.fold
    }

    /// Wraps a proof of a leaf or a node. The proof is verified before it is returned.
    ///
    /// # Errors
    /// See [`Folding::verify`].
    pub fn wrap(
        &self,
        engine: &Engine,
        folding: &Folding,
        proof: &FoldProof,
        rng: impl RngCore,
    ) -> Result<FoldProof, ProverError> {
        folding.verify(proof)?;
        let circuit = node::wrap(true, self.shape, folding.child(proof)?, &folding.digests)?;
        prove(engine, &self.srs, &self.wrap, circuit, Layer::Wrap, rng)
    }
}

fn prove(
    engine: &Engine,
    srs: &Srs,
    key: &LayerKey,
    circuit: FoldCircuit,
    layer: Layer,
    rng: impl RngCore,
) -> Result<FoldProof, ProverError> {
    circuit.check_fits()?;
    let instance = circuit.instance();
    let transcript = layer.transcript();
    let prover = engine.prepare(srs.params(), &key.proving, Memory::Needed)?;
    let proof = prover.prove(&[circuit], &[&[&instance]], rng, transcript)?;
    let proof = FoldProof { layer, proof: ProofWithInstance { instance, proof } };
    key.fold.verify(&proof.proof, transcript)?;
    Ok(proof)
}
