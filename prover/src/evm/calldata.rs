//! What the generated verifier is called with.

use super::abi::field_word;
use crate::accumulate::ProofWithInstance;

/// The public instances, 32 bytes each, most significant first, then the proof. It must have a Keccak transcript.
#[must_use]
pub fn calldata(proof: &ProofWithInstance) -> Vec<u8> {
    proof.instance.iter().flat_map(field_word).chain(proof.proof.iter().copied()).collect()
}
