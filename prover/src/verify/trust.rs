//! Why the key that came with a proof is believed.

use std::{fmt, path::Path};

use zomma_circuits::Statement;

use super::verify;
use crate::{
    artefact::folder::Delivered,
    error::ProverError,
    keys::{KeyPins, StatementVerifyingKey},
    progress::Progress,
    srs::{Origin, Srs, SrsLock},
};

/// What a verifying key was checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyTrust {
    /// Its digest is listed in `params/vk`.
    Pinned,
    /// It was made anew from this build's circuit and the structured reference string in `params`, and is the same.
    Regenerated,
    /// Nothing: the verifier asked for that. Whoever made the key could have made it for another circuit.
    TakenOnTrust,
}

impl fmt::Display for KeyTrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pinned => "checked against the digest pinned in params/vk",
            Self::Regenerated => "checked against the key made anew from this build's circuit and parameters",
            Self::TakenOnTrust => "NOT CHECKED: taken from the proof's own folder",
        })
    }
}

/// A proof that is valid, and what that rests upon.
#[derive(Debug, Clone)]
pub struct Verdict<I> {
    /// What was proven.
    pub instance: I,
    /// The size.
    pub k: u32,
    /// What the key was checked against.
    pub key: KeyTrust,
    /// Where the structured reference string comes from.
    pub origin: Origin,
    /// Bytes of the proof.
    pub proof_bytes: usize,
}

/// Verifies the proof in a folder: each file, that they say the same, that the key is the right one, and the proof.
///
/// The key must be pinned in `params`, or else the same as one made anew with the structured reference string in `params`. With
/// `trust_key` a key that is neither is taken as it comes; one that contradicts a pin never is.
///
/// # Errors
/// [`ProverError::UntrustedKey`] when the key cannot be checked, otherwise what is wrong.
pub fn verify_folder<S: Statement>(
    folder: &Path,
    params: &Path,
    trust_key: bool,
    progress: &dyn Progress,
) -> Result<Verdict<S::Instance>, ProverError> {
    progress.stage("reading the proof", 0);
    let Delivered { proof, key, instance } = Delivered::<S>::read(folder)?;
    let trust = trust::<S>(&key, params, trust_key, progress)?;
    progress.stage("verifying the proof", 0);
    verify(&key, &proof)?;
    Ok(Verdict {
        instance,
        k: proof.header.k,
        key: trust,
        origin: proof.header.srs.origin,
        proof_bytes: proof.bytes.len(),
    })
}

/// Checks that a key is the right one, and says against what.
pub(crate) fn trust<S: Statement>(
    key: &StatementVerifyingKey<S>,
    params: &Path,
    trust_key: bool,
    progress: &dyn Progress,
) -> Result<KeyTrust, ProverError> {
    if KeyPins::load(params, S::NAME)?.check(key.header(), key.digest())?.is_some() {
        return Ok(KeyTrust::Pinned);
    }
    let reason = match Srs::load(params, key.header().k, &SrsLock::load(params)?, progress) {
        Ok((srs, _)) if *srs.id() == key.header().srs => {
            let own = StatementVerifyingKey::<S>::generate(&srs, progress)?;
            if own.digest() != key.digest() {
                return Err(ProverError::mismatch("digest of the verifying key made anew", own.digest(), key.digest()));
            }
            return Ok(KeyTrust::Regenerated);
        }
        Ok((srs, _)) => format!(
            "it was made with the structured reference string {}, but {} has {}",
            key.header().srs.sha256,
            params.display(),
            srs.id().sha256
        ),
        Err(error @ ProverError::Missing { .. }) => error.to_string(),
        Err(error) => return Err(error),
    };
    if trust_key {
        return Ok(KeyTrust::TakenOnTrust);
    }
    Err(ProverError::UntrustedKey { statement: S::NAME.to_owned(), k: key.header().k, digest: key.digest(), reason })
}
