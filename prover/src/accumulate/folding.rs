//! Proofs of leaf, node and wrap.

use std::{fmt, sync::Mutex};

use halo2_proofs::plonk::ProvingKey;
use halo2curves::bn256::G1Affine;
use rand::RngCore;
use serde::{Deserialize, Serialize};
use zomma_kernels::CpuBackend;

use super::{
    chip::FoldCircuit,
    instance::FoldInstance,
    leaf::{self, Inner, LeafInputs, ProofWithInstance},
    native::check_chained,
    node,
    verifier::FoldVerifier,
};
use crate::{
    engine::Engine,
    error::ProverError,
    plonk::{Memory, keygen_pk},
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

/// What folds: the keys of all layers, the proving keys among them made when they are first needed.
#[derive(Debug)]
pub struct Folding {
    srs: Srs,
    inner: Inner,
    verifier: FoldVerifier,
    /// The proving key in use. One at a time: a gigabyte each.
    proving: Mutex<Option<(Layer, ProvingKey<G1Affine>)>>,
}

impl Folding {
    /// Makes the verifying keys for what leaves verify.
    ///
    /// # Errors
    /// See [`FoldVerifier::generate`].
    pub fn generate(srs: Srs, inner: Inner, progress: &dyn Progress) -> Result<Self, ProverError> {
        let verifier = FoldVerifier::generate(&srs, &inner, progress)?;
        Ok(Self { srs, inner, verifier, proving: Mutex::default() })
    }

    /// The structured reference string.
    #[must_use]
    pub fn srs(&self) -> &Srs {
        &self.srs
    }

    /// What verifies its proofs.
    #[must_use]
    pub fn verifier(&self) -> &FoldVerifier {
        &self.verifier
    }

    /// The keys of what leaves verify.
    #[must_use]
    pub fn inner(&self) -> &Inner {
        &self.inner
    }

    /// Proves a leaf. The proof is verified before it is returned.
    ///
    /// # Errors
    /// See [`Self::leaf_circuit`]; what the prover reports.
    pub fn leaf(&self, engine: &Engine, inputs: &LeafInputs, rng: impl RngCore) -> Result<FoldProof, ProverError> {
        self.prove(engine, self.leaf_circuit(inputs)?, Layer::Leaf, rng)
    }

    /// Proves a node. The proof is verified before it is returned.
    ///
    /// # Errors
    /// See [`Self::node_circuit`]; what the prover reports.
    pub fn node(&self, engine: &Engine, sides: [&FoldProof; 2], rng: impl RngCore) -> Result<FoldProof, ProverError> {
        self.prove(engine, self.node_circuit(sides)?, Layer::Node, rng)
    }

    /// Wraps a proof of a leaf or a node. The proof is verified before it is returned.
    ///
    /// # Errors
    /// See [`Self::wrap_circuit`]; what the prover reports.
    pub fn wrap(&self, engine: &Engine, proof: &FoldProof, rng: impl RngCore) -> Result<FoldProof, ProverError> {
        self.prove(engine, self.wrap_circuit(proof)?, Layer::Wrap, rng)
    }

    /// The circuit of a leaf with its witness.
    ///
    /// # Errors
    /// See [`Inner::check`].
    pub fn leaf_circuit(&self, inputs: &LeafInputs) -> Result<FoldCircuit, ProverError> {
        self.inner.check(inputs)?;
        self.lay_leaf_out(true, inputs)
    }

    /// The circuit of a node with its witness.
    ///
    /// # Errors
    /// See [`FoldVerifier::verify`]; [`ProverError::Mismatch`] when the second proof does not start where the first ends.
    pub fn node_circuit(&self, sides: [&FoldProof; 2]) -> Result<FoldCircuit, ProverError> {
        let verifier = &self.verifier;
        let [left, right] = sides;
        let (left_claim, right_claim) = (
            verifier.verify(left).map_err(|error| error.of("the left side"))?,
            verifier.verify(right).map_err(|error| error.of("the right side"))?,
        );
        check_chained(&left_claim, &right_claim)?;
        let children = [verifier.child(left)?, verifier.child(right)?];
        node::node(true, verifier.shape(), children, verifier.digests())
    }

    /// The circuit of the wrap with its witness.
    ///
    /// # Errors
    /// See [`FoldVerifier::verify`].
    pub fn wrap_circuit(&self, proof: &FoldProof) -> Result<FoldCircuit, ProverError> {
        let verifier = &self.verifier;
        let child = verifier.child(proof)?;
        verifier.verify(proof)?;
        node::wrap(true, verifier.shape(), child, verifier.digests())
    }

    fn lay_leaf_out(&self, known: bool, inputs: &LeafInputs) -> Result<FoldCircuit, ProverError> {
        let digests = self.verifier.digests();
        leaf::circuit(known, self.verifier.shape(), &self.inner, inputs, [digests.leaf, digests.node])
    }

    /// The circuit of a layer without a witness.
    fn blank(&self, layer: Layer) -> Result<FoldCircuit, ProverError> {
        let verifier = &self.verifier;
        let blank = verifier.blank();
        let child = node::Child { key: verifier.key(Layer::Leaf), proof: &blank };
        match layer {
            Layer::Leaf => self.lay_leaf_out(false, &self.inner.blank()),
            Layer::Node => node::node(false, verifier.shape(), [child; 2], verifier.digests()),
            Layer::Wrap => node::wrap(false, verifier.shape(), child, verifier.digests()),
        }
    }

    /// Lends the proving key of a layer, which is made if it is not the one in use.
    ///
    /// # Errors
    /// What key generation reports.
    pub fn with_proving_key<T>(
        &self,
        layer: Layer,
        work: impl FnOnce(&ProvingKey<G1Affine>) -> T,
    ) -> Result<T, ProverError> {
        // A thread that panicked here left a key that is whole, or none.
        let mut proving = self.proving.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let key = match proving.take() {
            Some((of, key)) if of == layer => key,
            other => {
                drop(other);
                let verifying = self.verifier.layer(layer).verifying.clone();
                keygen_pk(&CpuBackend::detect(), self.srs.params(), verifying, &self.blank(layer)?)?
            }
        };
        let (_, key) = proving.insert((layer, key));
        Ok(work(key))
    }

    fn prove(
        &self,
        engine: &Engine,
        circuit: FoldCircuit,
        layer: Layer,
        rng: impl RngCore,
    ) -> Result<FoldProof, ProverError> {
        circuit.check_fits()?;
        let instance = circuit.instance();
        let proof = self.with_proving_key(layer, |key| {
            let prover = engine.prepare(self.srs.params(), key, Memory::Needed)?;
            prover.prove(&[circuit], &[&[&instance]], rng, layer.transcript())
        })??;
        let proof = FoldProof { layer, proof: ProofWithInstance { instance, proof } };
        self.verifier.verify(&proof)?;
        Ok(proof)
    }
}
