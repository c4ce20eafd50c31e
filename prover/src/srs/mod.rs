//! Structured reference strings: where they come from, how they are checked, how they lie on disk.
//!
//! A structured reference string is $2^k$ powers of a secret in G1, the same in the Lagrange basis, and the secret in G2. It
//! is made by an explicit verb, from a `.ptau` file or, for development, from a seed; nothing here makes one unasked. Where it
//! came from travels with it into the file, into every key and into every proof.

mod development;
mod file;
mod fixed_base;
mod lock;
mod ptau;
mod relations;
#[cfg(test)]
mod tests;

use std::{fmt, path::Path};

use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2curves::bn256::{Bn256, G1Affine, G2Affine};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};

pub use file::SrsHeader;
pub use lock::{Pin, SrsLock};
pub use ptau::Ptau;

use crate::{artefact::Digest, error::ProverError, progress::Progress};

/// The largest supported k: BN254's scalar field has no larger domain.
pub const MAX_K: u32 = 28;

/// Where parameters come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Origin {
    /// Made from a public seed: the secret is known to everybody, and proofs prove nothing. For development only.
    Development {
        /// The seed.
        seed: u64,
    },
    /// Imported from a powers-of-tau ceremony.
    PowersOfTau {
        /// SHA-256 of the `.ptau` file.
        file: Digest,
        /// The power of the file: it held $2^{power}$ powers in G2, and twice that less one in G1.
        power: u32,
        /// The power of the ceremony; larger than the file's if that was truncated.
        ceremony_power: u32,
    },
}

impl Origin {
    /// Whether what is made from it must not be relied upon.
    #[must_use]
    pub fn is_development(&self) -> bool {
        matches!(self, Self::Development { .. })
    }

    /// Refuses parameters that are for development only.
    ///
    /// # Errors
    /// [`ProverError::Development`].
    pub fn check_production(&self) -> Result<(), ProverError> {
        if self.is_development() { Err(ProverError::Development) } else { Ok(()) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Development { seed } => write!(f, "DEVELOPMENT ONLY (seed {seed}; the secret is public)"),
            Self::PowersOfTau { file, power, ceremony_power } => {
                write!(f, "powers of tau (file sha256 {file}, power {power} of a 2^{ceremony_power} ceremony)")
            }
        }
    }
}

/// What identifies a structured reference string. Goes into every key and proof made from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SrsId {
    /// Its size: $2^k$ powers.
    pub k: u32,
    /// SHA-256 of its file.
    pub sha256: Digest,
    /// Where it comes from.
    pub origin: Origin,
}

/// A structured reference string whose points have been checked.
#[derive(Debug, Clone)]
pub struct Srs {
    id: SrsId,
    params: ParamsKZG<Bn256>,
}

impl Srs {
    /// Takes points that are known to be good.
    fn new(k: u32, origin: Origin, params: ParamsKZG<Bn256>) -> Self {
        let sha256 = file::envelope(k, origin.clone(), &params).digest;
        Self { id: SrsId { k, sha256, origin }, params }
    }

    /// What identifies it.
    #[must_use]
    pub fn id(&self) -> &SrsId {
        &self.id
    }

    /// Its size.
    #[must_use]
    pub fn k(&self) -> u32 {
        self.id.k
    }

    /// The parameters as halo2 takes them.
    #[must_use]
    pub fn params(&self) -> &ParamsKZG<Bn256> {
        &self.params
    }

    /// Checks that the points are successive powers of one secret in both bases.
    ///
    /// # Errors
    /// [`ProverError::Relation`].
    pub fn check_relations(&self, progress: &dyn Progress) -> Result<(), ProverError> {
        relations::check(&self.params, &self.id.sha256, progress)
    }

    /// The name of the file for size `k` in a parameter folder.
    #[must_use]
    pub fn file_name(k: u32) -> String {
        format!("kzg_bn254_{k}.srs")
    }

    /// Loads parameters for proving: the file for `k` in `folder`, checked point by point; if `lock` pins them, against its digest, and
    /// if not, by the relations between the points, which a process checks once for each digest.
    ///
    /// # Errors
    /// [`ProverError::Missing`] when there is no such file, saying how to make it; otherwise what is wrong with it.
    pub fn load(folder: &Path, k: u32, lock: &SrsLock, progress: &dyn Progress) -> Result<(Self, Pin), ProverError> {
        check_k(k)?;
        let path = folder.join(Self::file_name(k));
        if !path.exists() {
            return Err(ProverError::Missing {
                what: format!("the structured reference string for k = {k}"),
                run: format!(
                    "`zomma srs import-ptau FILE.ptau --k {k}` from a ceremony, or `zomma srs dev --k {k}` for development only"
                ),
                path,
            });
        }
        let srs = Self::read(&path)?;
        if srs.k() != k {
            return Err(ProverError::mismatch("k", k, srs.k()).in_file(path));
        }
        let pin = lock.check(srs.id()).map_err(|error| error.in_file(&path))?;
        if pin == Pin::Unpinned && !relations::are_known_to_hold(&srs.id.sha256) {
            srs.check_relations(progress).map_err(|error| error.in_file(&path))?;
        }
        Ok((srs, pin))
    }
}

/// Refuses sizes that cannot be.
fn check_k(k: u32) -> Result<(), ProverError> {
    if (1..=MAX_K).contains(&k) {
        return Ok(());
    }
    Err(ProverError::OutOfRange { field: "k", found: u64::from(k), range: format!("1 to {MAX_K}") })
}

/// The part of a structured reference string that verifying needs.
pub(crate) fn verifier_params(k: u32, s_g2: G2Affine) -> ParamsKZG<Bn256> {
    assemble(k, vec![G1Affine::generator()], Some(vec![]), G2Affine::generator(), s_g2)
}

/// Parameters from their parts; the Lagrange basis is computed where it is not given.
pub(crate) fn assemble(
    k: u32,
    g: Vec<G1Affine>,
    g_lagrange: Option<Vec<G1Affine>>,
    g2: G2Affine,
    s_g2: G2Affine,
) -> ParamsKZG<Bn256> {
    // `from_parts` is a method that never looks at `self`, and there is no other public constructor.
    let receiver = ParamsKZG::<Bn256>::setup(1, ChaCha20Rng::seed_from_u64(0));
    receiver.from_parts(k, g, g_lagrange, g2, s_g2)
}
