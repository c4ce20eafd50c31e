//! Verification outside of circuits, with every reason for a refusal.

use halo2curves::{
    bn256::{Fr, G1Affine},
    group::{Curve, GroupEncoding},
};
use snark_verifier::{
    loader::native::NativeLoader, pcs::kzg::KzgSuccinctVerifyingKey, util::transcript::TranscriptRead,
    verifier::SnarkVerifier,
};

use super::{
    hash::{Native, Tag, native_chain},
    instance::{Accumulator, FoldInstance},
    key::{FoldKey, KeyDigests, Succinct, inner_digest},
    leaf::{Inner, LeafInputs, ProofWithInstance, batch_index},
};
use crate::{
    artefact::Public,
    error::{PointFault, ProverError},
    keys::{check_point, scalar},
    transcript::{TranscriptKind, keccak_reader, poseidon_reader},
};

/// Bytes of a scalar in a proof.
const SCALAR_BYTES: usize = 32;
/// Points of a SHPLONK opening, which end a proof.
const OPENING: usize = 2;

impl FoldKey {
    /// Length of a proof.
    #[must_use]
    pub fn proof_len(&self, transcript: TranscriptKind) -> usize {
        self.proof_points() * transcript.point_bytes() + self.proof_scalars() * SCALAR_BYTES
    }

    /// Verifies a proof with SHPLONK opening and a Poseidon or Keccak transcript, and, if it inherits an accumulator, that one; pairings
    /// included.
    ///
    /// # Errors
    /// [`ProverError::Mismatch`], [`ProverError::Length`], [`ProverError::Point`] or [`ProverError::Scalar`] when the proof is not encoded as it
    /// must be, [`ProverError::Malformed`] when its accumulator is not, [`ProverError::Rejected`] when it is not a proof.
    pub fn verify(&self, proof: &ProofWithInstance, transcript: TranscriptKind) -> Result<(), ProverError> {
        if proof.instance.len() != self.instances() {
            return Err(ProverError::mismatch("number of public instances", self.instances(), proof.instance.len()));
        }
        self.check_encoding(&proof.proof, transcript)?;
        if !self.protocol().accumulator_indices.is_empty() {
            // Names what is wrong with the limbs; snark-verifier only says that something is.
            FoldInstance::from_column(&proof.instance)?;
        }
        let accumulators = match transcript {
            TranscriptKind::Poseidon => self.accumulators(&proof.instance, &mut poseidon_reader(&proof.proof)),
            TranscriptKind::Keccak => self.accumulators(&proof.instance, &mut keccak_reader(&proof.proof)),
            TranscriptKind::Blake2b => {
                return Err(ProverError::malformed("transcript", "blake2b proofs are not folded"));
            }
        }?;
        let reasons = ["the pairing check fails", "the pairing check of the accumulator fails"];
        for (accumulator, reason) in accumulators.iter().zip(reasons) {
            if !accumulator.holds(self.s_g2()) {
                return Err(ProverError::Rejected { reason: reason.to_owned() });
            }
        }
        Ok(())
    }

    /// What is left to check: of the proof itself, then what it inherits.
    fn accumulators<T: TranscriptRead<G1Affine, NativeLoader>>(
        &self,
        instance: &[Fr],
        transcript: &mut T,
    ) -> Result<Vec<Accumulator>, ProverError> {
        let columns = [instance.to_vec()];
        let generator = KzgSuccinctVerifyingKey::new(G1Affine::generator());
        let accumulators = Succinct::read_proof(&generator, self.protocol(), &columns, transcript)
            .and_then(|parts| Succinct::verify(&generator, self.protocol(), &columns, &parts))
            .map_err(|error| ProverError::Rejected { reason: format!("{error:?}") })?;
        Ok(accumulators.into_iter().map(|pair| Accumulator { left: pair.lhs, right: pair.rhs }).collect())
    }

    /// Checks the length of a proof, and that every point and scalar has its one encoding. The identity is refused: circuits cannot load it.
    fn check_encoding(&self, proof: &[u8], transcript: TranscriptKind) -> Result<(), ProverError> {
        let expected = self.proof_len(transcript);
        if proof.len() != expected {
            let (expected, found) = (expected as u64, proof.len() as u64);
            return Err(ProverError::Length { part: "proof (SHPLONK)", expected, found });
        }
        let commitments = (self.proof_points() - OPENING) * transcript.point_bytes();
        let (front, rest) = proof.split_at(commitments);
        let (scalars, opening) = rest.split_at(self.proof_scalars() * SCALAR_BYTES);
        let points = front.chunks(transcript.point_bytes()).chain(opening.chunks(transcript.point_bytes()));
        for (index, bytes) in points.enumerate() {
            let checked = match check_point(transcript, bytes) {
                Ok(()) if transcript == TranscriptKind::Poseidon && bytes == identity() => Err(PointFault::Identity),
                checked => checked,
            };
            checked.map_err(|fault| ProverError::Point { basis: "proof: point", index, fault })?;
        }
        for (index, bytes) in scalars.chunks(SCALAR_BYTES).enumerate() {
            if scalar(transcript, bytes).is_none() {
                return Err(ProverError::Scalar { column: "proof: scalar".to_owned(), index });
            }
        }
        Ok(())
    }

    /// What has the form of a proof and proves nothing: circuits are laid out with it where keys are made.
    pub(super) fn blank(&self) -> ProofWithInstance {
        let mut point = G1Affine::generator();
        let mut proof = vec![];
        let mut push = |count: usize, proof: &mut Vec<u8>| {
            for _ in 0..count {
                proof.extend_from_slice(point.to_bytes().as_ref());
                // Points without an obvious relation: formulas for two equal ones have no witness.
                point = (point * Fr::from(0x5a6f_6d6d_6131)).to_affine();
            }
        };
        push(self.proof_points() - OPENING, &mut proof);
        proof.resize(proof.len() + self.proof_scalars() * SCALAR_BYTES, 0);
        push(OPENING, &mut proof);
        ProofWithInstance { instance: vec![Fr::zero(); self.instances()], proof }
    }
}

/// How the identity is encoded as a compressed point.
fn identity() -> Vec<u8> {
    G1Affine::default().to_bytes().as_ref().to_vec()
}

impl Inner {
    /// Checks what a leaf will constrain: both proofs, and that the batch's context names the risk proof and these keys.
    ///
    /// # Errors
    /// What is wrong: see [`FoldKey::verify`]; [`ProverError::Mismatch`] when the proofs do not belong together.
    pub fn check(&self, inputs: &LeafInputs) -> Result<(), ProverError> {
        let LeafInputs { batch, context, risk } = inputs;
        for (key, proof, part) in [(&self.batch, batch, "the batch proof"), (&self.risk, risk, "the risk proof")] {
            key.verify(proof, TranscriptKind::Poseidon).map_err(|error| error.of(part))?;
        }
        if context.len() != self.context.words {
            return Err(ProverError::mismatch("words of the context", self.context.words, context.len()));
        }
        equal("digest of the context", batch.instance[batch_index::CONTEXT], native_chain(Tag::Context, context))?;
        let digest = inner_digest(&Native, self.batch.digest(), self.risk.digest());
        equal("circuits named by the context", digest, context[self.context.circuits])?;
        for link in &self.context.links {
            equal(link.name, context[link.word], risk.instance[link.instance])?;
        }
        Ok(())
    }

    /// What has the form of a leaf's inputs.
    pub(super) fn blank(&self) -> LeafInputs {
        let context = vec![Fr::zero(); self.context.words];
        LeafInputs { batch: self.batch.blank(), context, risk: self.risk.blank() }
    }
}

/// Compares two field elements.
fn equal(field: &'static str, expected: Fr, found: Fr) -> Result<(), ProverError> {
    if expected == found { Ok(()) } else { Err(ProverError::mismatch(field, Public(expected), Public(found))) }
}

/// Checks that two proofs can become one: they name these keys, and the second starts where the first ends.
pub(super) fn check_chained(left: &FoldInstance, right: &FoldInstance, keys: &KeyDigests) -> Result<(), ProverError> {
    for (side, part) in [(left, "the left side"), (right, "the right side")] {
        equal("digest of all verifying keys", keys.all(), side.keys).map_err(|error| error.of(part))?;
    }
    equal("old root of the right side", left.new_root, right.old_root)
}
