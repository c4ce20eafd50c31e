//! What leaf, node and wrap circuits have in common: loading keys, verifying proofs, combining what is left of them.

use std::mem;

use halo2_base::{
    AssignedValue,
    QuantumCell::Constant,
    gates::{
        GateInstructions,
        circuit::{BaseCircuitParams, CircuitBuilderStage, builder::BaseCircuitBuilder},
    },
};
use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::Field,
};
use snark_verifier::{
    loader::{
        LoadedScalar, ScalarLoader,
        halo2::{EccInstructions, Halo2Loader},
    },
    pcs::kzg::{KzgAccumulator, KzgSuccinctVerifyingKey},
    util::{msm::Msm, transcript::Transcript},
    verifier::{SnarkVerifier, plonk::PlonkProtocol},
};

use super::{
    chip::{FoldCircuit, FoldShape},
    hash::{Tag, chain},
    key::{FoldKey, Succinct, WORD_LIMBS, digest_words},
    points::{LazyEcc, Loader},
    transcript::{CircuitTranscript, Word},
};
use crate::error::ProverError;

type CircuitAccumulator = KzgAccumulator<G1Affine, Loader>;

/// Lays a circuit out: `body` constrains, and returns the cells to expose. `known` says whether there is a witness: for keys there is none, but
/// only values that look like one.
pub(super) fn build(
    known: bool,
    shape: FoldShape,
    body: impl FnOnce(&Loader) -> Result<Vec<AssignedValue<Fr>>, ProverError>,
) -> Result<FoldCircuit, ProverError> {
    let params = BaseCircuitParams {
        k: shape.k as usize,
        num_advice_per_phase: vec![shape.scalar_columns],
        num_fixed: 1,
        num_lookup_advice_per_phase: vec![],
        lookup_bits: None,
        num_instance_columns: 1,
    };
    // Proofs are also made from the whole layout: what it records beside the witness is small, and there is one way to lay out.
    let stage = if known { CircuitBuilderStage::Mock } else { CircuitBuilderStage::Keygen };
    let mut scalars = BaseCircuitBuilder::from_stage(stage).use_params(params);
    let ecc = LazyEcc::default();
    let loader = Halo2Loader::new(ecc.clone(), mem::take(scalars.pool(0)));
    let exposed = body(&loader)?;
    *scalars.pool(0) = loader.take_ctx();
    scalars.assigned_instances[0] = exposed;
    Ok(FoldCircuit::new(shape, known, scalars, ecc.into_chip()))
}

/// A key whose commitments and initial state are witnesses.
pub(super) struct LoadedKey {
    protocol: PlonkProtocol<G1Affine, Loader>,
    /// Its digest; nothing is known about the key until this is compared with something.
    pub(super) digest: Word,
}

impl LoadedKey {
    pub(super) fn load(loader: &Loader, key: &FoldKey) -> Self {
        let native = key.protocol();
        let mut protocol = native.loaded(loader);
        let mut words = vec![];
        protocol.preprocessed.clear();
        for commitment in &native.preprocessed {
            let (commitment, packed) = {
                let (ecc, mut pool) = (loader.ecc_chip(), loader.ctx_mut());
                let commitment = ecc.assign_commitment(pool.main(), *commitment);
                let packed = WORD_LIMBS.map(|parts| {
                    let (limbs, weights): (Vec<_>, Vec<_>) = parts
                        .iter()
                        .map(|&(limb, shift)| (commitment.limbs[limb], Constant(Fr::from(2).pow([shift]))))
                        .unzip();
                    ecc.scalar_chip().inner_product(pool.main(), limbs, weights)
                });
                (commitment.combination, packed)
            };
            words.push(packed.map(|word| loader.scalar_from_assigned(word)));
            protocol.preprocessed.push(loader.ec_point_from_assigned(commitment));
        }
        let state = native.transcript_initial_state.expect("snark-verifier always sets it");
        let state = loader.assign_scalar(state);
        protocol.transcript_initial_state = Some(state.clone());
        let k = loader.load_const(&Fr::from(native.domain.k as u64));
        let digest = chain(loader, Tag::Key, &digest_words(k, state, words));
        Self { protocol, digest }
    }

    /// Verifies a proof, all but the pairing.
    ///
    /// # Errors
    /// [`ProverError::Rejected`] when the proof cannot be decoded; that it is one is not looked at here, but constrained.
    pub(super) fn verify(&self, loader: &Loader, instance: &[Fr], proof: &[u8]) -> Result<Verified, ProverError> {
        let instance: Vec<_> = instance.iter().map(|value| loader.assign_scalar(*value)).collect();
        let columns = [instance.clone()];
        let mut transcript = CircuitTranscript::new(loader, proof);
        let generator = KzgSuccinctVerifyingKey::new(G1Affine::generator());
        let parts = Succinct::read_proof(&generator, &self.protocol, &columns, &mut transcript)
            .and_then(|parts| Succinct::verify(&generator, &self.protocol, &columns, &parts));
        let accumulators = parts.map_err(|error| ProverError::Rejected { reason: format!("{error:?}") })?;
        Ok(Verified { instance, accumulators, state: transcript.squeeze_challenge() })
    }
}

/// A proof of which all but the pairing is verified.
pub(super) struct Verified {
    /// Its public instance.
    pub(super) instance: Vec<Word>,
    /// What is left of the proof itself, then what it inherits from the proofs below it.
    accumulators: Vec<CircuitAccumulator>,
    /// The transcript's state after the last point: it depends on everything in the proof and in its instance, so also on the
    /// accumulators.
    state: Word,
}

/// Combines all accumulators with powers of a challenge that depends on them all, and returns the limbs of the result.
///
/// Every coordinate is constrained to be below the modulus, and both points to be on the curve and not the identity.
pub(super) fn combine(loader: &Loader, verified: &[Verified]) -> Vec<AssignedValue<Fr>> {
    let states: Vec<_> = verified.iter().map(|proof| proof.state.clone()).collect();
    let challenge = chain(loader, Tag::Fold, &states);
    let accumulators: Vec<_> = verified.iter().flat_map(|proof| &proof.accumulators).collect();
    let powers = LoadedScalar::<Fr>::powers(&challenge, accumulators.len());
    let (left, right): (Vec<_>, Vec<_>) = accumulators.iter().map(|pair| (&pair.lhs, &pair.rhs)).unzip();
    let limbs = [left, right].map(|points| {
        let terms = points.into_iter().zip(&powers).map(|(point, power)| Msm::base(point) * power);
        let sum: Msm<'_, G1Affine, Loader> = terms.sum();
        let combination = sum.evaluate(None).into_assigned();
        let (ecc, mut pool) = (loader.ecc_chip(), loader.ctx_mut());
        let point = ecc.evaluate(pool.main(), &combination);
        ecc.instance_limbs(pool.main(), &point)
    });
    limbs.concat()
}
