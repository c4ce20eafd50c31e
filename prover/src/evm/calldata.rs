//! What the generated verifier is called with.

use halo2curves::{bn256::Fr, ff::PrimeField};

use crate::accumulate::ProofWithInstance;

/// The public instances, 32 bytes each, most significant first, then the proof. It must have a Keccak transcript.
#[must_use]
pub fn calldata(proof: &ProofWithInstance) -> Vec<u8> {
    proof.instance.iter().flat_map(word).chain(proof.proof.iter().copied()).collect()
}

/// A word of the EVM.
fn word(value: &Fr) -> [u8; 32] {
    let mut bytes = value.to_repr();
    bytes.reverse();
    bytes
}
