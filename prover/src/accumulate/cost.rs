//! What folding costs, from the shapes of circuits alone.

use std::collections::BTreeMap;

use halo2_proofs::{
    plonk::{VerifyingKey, permutation},
    poly::EvaluationDomain,
};
use halo2curves::bn256::{G1Affine, G2Affine};
use serde::{Deserialize, Serialize};
use zomma_circuits::{Statement, batch::Batch, pricing::statements::Risk};

use super::{
    chip::{FoldCircuit, FoldCost, FoldShape},
    circuit::{LoadedKey, build, combine},
    folding::Layer,
    key::{FoldKey, KeyDigests},
    leaf::{self, BATCH_INSTANCE_LEN, Inner, InnerId},
    node::{self, Child},
    venue::RISK_INSTANCE_LEN,
};
use crate::{
    artefact::{Digest, Public},
    error::ProverError,
    keys::Shape,
    srs::verifier_params,
};

/// What verifying one proof takes inside a folding circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofCost {
    /// Points of proof and key.
    pub points: usize,
    /// Scalars of the proof.
    pub scalars: usize,
    /// What the circuit takes that verifies this one proof.
    #[serde(flatten)]
    pub cost: FoldCost,
}

impl ProofCost {
    fn of(key: &FoldKey) -> Result<Self, ProverError> {
        let any = FoldShape { k: 20, scalar_columns: 1 };
        let circuit = build(false, any, |loader| {
            let blank = key.blank();
            let verified = LoadedKey::load(loader, key).verify(loader, &blank.instance, &blank.proof)?;
            Ok(combine(loader, &[verified]))
        })?;
        let points = key.proof_points() + key.commitments();
        Ok(Self { points, scalars: key.proof_scalars(), cost: circuit.cost() })
    }
}

/// What a layer takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerCost {
    /// The size: $2^k$ rows.
    pub k: u32,
    /// Advice columns: the chip's two and those of scalars.
    pub advice: usize,
    /// What is used of them.
    #[serde(flatten)]
    pub cost: FoldCost,
    /// Bytes of a proof.
    pub proof_bytes: usize,
}

/// What folding costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoldingCost {
    /// Verifying one proof of a statement, at its default size, and of a layer.
    pub proofs: BTreeMap<String, ProofCost>,
    /// The layers over `batch` and `risk` at their default sizes.
    pub layers: BTreeMap<String, LayerCost>,
}

/// Computes what folding costs.
///
/// # Errors
/// What keeps a circuit from being laid out.
pub fn folding_cost() -> Result<FoldingCost, ProverError> {
    let inner = Inner::over(sketch::<Batch>(BATCH_INSTANCE_LEN), sketch::<Risk>(RISK_INSTANCE_LEN));
    let (shape, _) = inner.shape()?;
    let leaf_circuit = leaf::circuit(false, shape, &inner, &inner.blank(), Default::default())?;
    // Commitments do not matter to the cost.
    let leaf = FoldKey::of_fold(
        &verifier_params(shape.k, G2Affine::generator()),
        &sketch_key(&Shape::with::<FoldCircuit>(shape), shape.k),
    );
    let digest = leaf.digest();
    let digests = KeyDigests { batch: digest, risk: digest, leaf: digest, node: digest };
    let blank = leaf.blank();
    let child = Child { key: &leaf, proof: &blank };
    let circuits = [
        (Layer::Leaf, leaf_circuit),
        (Layer::Node, node::node(false, shape, [child; 2], &digests)?),
        (Layer::Wrap, node::wrap(false, shape, child, &digests)?),
    ];
    let layers = circuits.map(|(layer, circuit)| {
        let advice = 2 + shape.scalar_columns;
        let proof_bytes = leaf.proof_len(layer.transcript());
        (layer.to_string(), LayerCost { k: shape.k, advice, cost: circuit.cost(), proof_bytes })
    });
    let proofs = [
        (Batch::NAME.to_owned(), ProofCost::of(&inner.batch)?),
        (Risk::NAME.to_owned(), ProofCost::of(&inner.risk)?),
        ("layer".to_owned(), ProofCost::of(&leaf)?),
    ];
    Ok(FoldingCost { proofs: proofs.into(), layers: layers.into() })
}

/// A key with the shape of a statement's at its default size, and no meaning.
fn sketch<S: Statement>(instances: usize) -> (InnerId, FoldKey) {
    let k = S::DEFAULT_K;
    let key = sketch_key(&Shape::of::<S::Circuit>(), k);
    let fold = FoldKey::of_statement(&verifier_params(k, G2Affine::generator()), &key, instances);
    let (statement, version) = (S::NAME.to_owned(), S::VERSION);
    (InnerId { statement, version, k, key: Digest::of(&[]), digest: Public(fold.digest()) }, fold)
}

fn sketch_key(shape: &Shape, k: u32) -> VerifyingKey<G1Affine> {
    let commitments = |count| vec![G1Affine::generator(); count];
    let permutation = permutation::VerifyingKey::from_commitments(commitments(shape.permuted()));
    let domain = EvaluationDomain::new(shape.degree() as u32, k);
    let constraints = shape.constraints().clone();
    VerifyingKey::from_parts(domain, commitments(shape.fixed()), permutation, constraints, vec![], false)
}
