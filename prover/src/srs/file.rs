//! Parameter files (`*.srs`).
//!
//! Payload: exactly what halo2-axiom's `Params::write` writes, so that other tools can read it: k (4 bytes, little-endian),
//! $2^k$ points of `g`, $2^k$ points of `g_lagrange`, `g2`, `s_g2`; all raw (see [`crate::points`]).

use std::path::Path;

use halo2_proofs::{SerdeFormat, poly::kzg::commitment::ParamsKZG};
use halo2curves::bn256::{Bn256, G1Affine, G2Affine};
use serde::{Deserialize, Serialize};

use super::{Origin, Srs, SrsId, assemble, check_k};
use crate::{
    artefact::{Envelope, Header, Kind},
    error::ProverError,
    points::{G1_BYTES, G2_BYTES, Identity, read_g1, read_g2},
};

/// Header of a parameter file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SrsHeader {
    /// The size: $2^k$ powers.
    pub k: u32,
    /// Where they come from.
    pub origin: Origin,
}

impl Header for SrsHeader {
    const KIND: Kind = Kind::Srs;
}

impl SrsHeader {
    /// Checks the size, and yields the length of the payload for it.
    fn payload_len(&self, _: u64) -> Result<u64, ProverError> {
        check_k(self.k)?;
        Ok(4 + ((2 * G1_BYTES as u64) << self.k) + 2 * G2_BYTES as u64)
    }
}

/// The file of some parameters.
pub(super) fn envelope(k: u32, origin: Origin, params: &ParamsKZG<Bn256>) -> Envelope<SrsHeader> {
    let mut payload = Vec::with_capacity(4 + ((2 * G1_BYTES) << k) + 2 * G2_BYTES);
    params.write_custom(&mut payload, SerdeFormat::RawBytes).expect("writing to a vector cannot fail");
    Envelope::seal(SrsHeader { k, origin }, payload)
}

impl Srs {
    /// The file's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        envelope(self.id.k, self.id.origin.clone(), &self.params).to_bytes()
    }

    /// Writes the file: it appears whole or not at all.
    ///
    /// # Errors
    /// [`ProverError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), ProverError> {
        envelope(self.id.k, self.id.origin.clone(), &self.params).write(path)
    }

    /// Reads a file, and checks its digest and every point. The relations between the points are another matter: see
    /// [`Self::check_relations`].
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn read(path: &Path) -> Result<Self, ProverError> {
        Envelope::open(path, SrsHeader::payload_len).and_then(Self::from_envelope).map_err(|error| error.in_file(path))
    }

    /// Reads a file from memory; see [`Self::read`].
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProverError> {
        Envelope::from_bytes(bytes, SrsHeader::payload_len).and_then(Self::from_envelope)
    }

    fn from_envelope(envelope: Envelope<SrsHeader>) -> Result<Self, ProverError> {
        let Envelope { header: SrsHeader { k, origin }, payload, digest } = envelope;
        let inner = u32::from_le_bytes(std::array::from_fn(|i| payload[i]));
        if inner != k {
            return Err(ProverError::mismatch("k of the payload", k, inner));
        }
        let basis = G1_BYTES << k;
        let (g, rest) = payload[4..].split_at(basis);
        let (g_lagrange, rest) = rest.split_at(basis);
        let (g2, s_g2) = rest.split_at(G2_BYTES);
        let g = read_g1(g, "g", Identity::Refused)?;
        let g_lagrange = read_g1(g_lagrange, "g_lagrange", Identity::Refused)?;
        let g2 = read_g2(g2, "g2", 0)?;
        let s_g2 = read_g2(s_g2, "s_g2", 0)?;
        if g[0] != G1Affine::generator() {
            return Err(ProverError::malformed("g[0]", "not the generator of G1"));
        }
        if g2 != G2Affine::generator() {
            return Err(ProverError::malformed("g2", "not the generator of G2"));
        }
        let params = assemble(k, g, Some(g_lagrange), g2, s_g2);
        Ok(Self { id: SrsId { k, sha256: digest, origin }, params })
    }
}
