//! From a proof to a verdict.

#[cfg(test)]
mod tests;
mod trust;

use halo2_proofs::{
    plonk::{self, VerifyingKey},
    poly::kzg::{
        commitment::{KZGCommitmentScheme, ParamsKZG},
        multiopen::VerifierSHPLONK,
        strategy::SingleStrategy,
    },
    transcript::{EncodedChallenge, TranscriptRead},
};
use halo2curves::bn256::{Bn256, Fr, G1Affine};
use zomma_circuits::Statement;

pub(crate) use trust::trust;
pub use trust::{KeyTrust, Verdict, verify_folder};

use crate::{
    artefact::Proof,
    error::ProverError,
    keys::{Shape, StatementVerifyingKey},
    transcript::{self, Blake2bChallenge, KeccakChallenge, PoseidonChallenge, TranscriptKind},
};

/// Verifies a proof against a key that is known to be the right one.
///
/// # Errors
/// [`ProverError::Mismatch`] when the proof is for another key, [`ProverError::Length`], [`ProverError::Point`] or [`ProverError::Scalar`]
/// when it is not encoded as it must be, [`ProverError::Rejected`] when it is not a proof.
pub fn verify<S: Statement>(key: &StatementVerifyingKey<S>, proof: &Proof) -> Result<(), ProverError> {
    let (expected, found) = (key.header(), &proof.header);
    if found.statement != expected.statement {
        return Err(ProverError::mismatch("statement", &expected.statement, &found.statement));
    }
    if found.version != expected.version {
        return Err(ProverError::mismatch("statement version", expected.version, found.version));
    }
    if found.k != expected.k {
        return Err(ProverError::mismatch("k", expected.k, found.k));
    }
    if found.srs != expected.srs {
        return Err(ProverError::mismatch("structured reference string", expected.srs.sha256, found.srs.sha256));
    }
    if found.verifying_key != key.digest() {
        return Err(ProverError::mismatch("digest of the verifying key", key.digest(), found.verifying_key));
    }
    let lengths: Vec<usize> = found.instances.iter().map(Vec::len).collect();
    if lengths != expected.instances {
        return Err(ProverError::mismatch(
            "number of instances in each column",
            format_args!("{:?}", expected.instances),
            format_args!("{lengths:?}"),
        ));
    }
    Shape::of::<S::Circuit>().check_proof_encoding(found.transcript, &proof.bytes)?;
    let columns = proof.instances();
    let references: Vec<&[Fr]> = columns.iter().map(Vec::as_slice).collect();
    verify_proof(&key.verifier_params(), key.key(), &[&references], &proof.bytes, found.transcript)
}

/// Verifies a SHPLONK proof made with the given transcript. Only `k`, `g[0]`, `g2` and `s_g2` of `params` are used.
///
/// # Errors
/// [`ProverError::Rejected`].
pub fn verify_proof(
    params: &ParamsKZG<Bn256>,
    key: &VerifyingKey<G1Affine>,
    instances: &[&[&[Fr]]],
    proof: &[u8],
    transcript: TranscriptKind,
) -> Result<(), ProverError> {
    let outcome = match transcript {
        TranscriptKind::Poseidon => {
            let mut reader = transcript::poseidon_reader(proof);
            read::<PoseidonChallenge, _>(params, key, instances, &mut reader)
        }
        TranscriptKind::Blake2b => {
            let mut reader = transcript::blake2b_reader(proof);
            read::<Blake2bChallenge, _>(params, key, instances, &mut reader)
        }
        TranscriptKind::Keccak => {
            let mut reader = transcript::keccak_reader(proof);
            read::<KeccakChallenge, _>(params, key, instances, &mut reader)
        }
    };
    outcome.map_err(|error| ProverError::Rejected {
        reason: match error {
            plonk::Error::ConstraintSystemFailure => "the pairing check fails".to_owned(),
            other => other.to_string(),
        },
    })
}

fn read<E: EncodedChallenge<G1Affine>, T: TranscriptRead<G1Affine, E>>(
    params: &ParamsKZG<Bn256>,
    key: &VerifyingKey<G1Affine>,
    instances: &[&[&[Fr]]],
    transcript: &mut T,
) -> Result<(), plonk::Error> {
    plonk::verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, E, T, _>(
        params,
        key,
        SingleStrategy::new(params),
        instances,
        transcript,
    )
}
