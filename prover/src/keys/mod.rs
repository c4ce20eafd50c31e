//! Proving and verifying keys of statements: made, written, read back with every check, cached.
//!
//! A key belongs to one statement, one version of it, one size, one layout of its circuit and one structured reference string; its
//! header names all of them. The digest of a verifying key's file covers that header and every commitment, so that comparing this one
//! digest ties a proof to everything that it depends upon.
//!
//! Selectors are not compressed: the layout of a key then follows from the constraint system alone.

mod cache;
mod circuit;
mod file;
mod generate;
mod pins;
mod shape;
#[cfg(test)]
mod tests;

use std::{fmt, marker::PhantomData};

use halo2_proofs::{
    plonk::{ProvingKey, VerifyingKey},
    poly::kzg::commitment::ParamsKZG,
};
use halo2curves::{
    bn256::{Bn256, G1Affine, G2Affine},
    serde::SerdeObject,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zomma_circuits::Statement;

pub use cache::{Found, KeyCache};
pub use circuit::{CircuitId, check_size, lay_out};
pub(crate) use file::read_verifying_key;
pub use file::{ProvingKeyHeader, inspect_proving_key, inspect_verifying_key};
pub use pins::{KeyPin, KeyPins};
pub(crate) use pins::{read_pins, write_pins};
pub use shape::Shape;
pub(crate) use shape::{check_point, scalar};

use crate::{
    artefact::{Digest, Header, Kind},
    points::{G2_BYTES, read_g2},
    srs::{SrsId, verifier_params},
};

/// What a key is for. Header of a verifying key's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyHeader {
    /// Name of the statement.
    pub statement: String,
    /// Version of the statement.
    pub version: u32,
    /// Size: the circuit has $2^k$ rows.
    pub k: u32,
    /// Digest of the circuit as it was laid out.
    pub circuit: Digest,
    /// Number of public instances in each instance column.
    pub instances: Vec<usize>,
    /// The structured reference string that the key was made with.
    pub srs: SrsId,
    /// Its secret in G2: all of it that a verifier needs.
    pub s_g2: SecretG2,
}

impl Header for KeyHeader {
    const KIND: Kind = Kind::VerifyingKey;
}

/// A point of G2 in a header: 256 hex digits, the raw coordinates. Checked when it is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretG2(pub G2Affine);

impl fmt::Debug for SecretG2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0.to_raw_bytes()))
    }
}

impl Serialize for SecretG2 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0.to_raw_bytes()))
    }
}

impl<'de> Deserialize<'de> for SecretG2 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; G2_BYTES];
        hex::decode_to_slice(text, &mut bytes)
            .map_err(|error| de::Error::custom(format!("s_g2: not 256 hex digits: {error}")))?;
        read_g2(&bytes, "s_g2", 0).map(Self).map_err(de::Error::custom)
    }
}

/// A verifying key of a statement.
pub struct StatementVerifyingKey<S> {
    header: KeyHeader,
    digest: Digest,
    key: VerifyingKey<G1Affine>,
    statement: PhantomData<fn() -> S>,
}

impl<S: Statement> StatementVerifyingKey<S> {
    /// What the key is for.
    #[must_use]
    pub fn header(&self) -> &KeyHeader {
        &self.header
    }

    /// SHA-256 of the key's file; what proofs and pins name it by.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The key as halo2 takes it.
    #[must_use]
    pub fn key(&self) -> &VerifyingKey<G1Affine> {
        &self.key
    }

    /// The part of the structured reference string that verifying needs.
    #[must_use]
    pub fn verifier_params(&self) -> ParamsKZG<Bn256> {
        verifier_params(self.header.k, self.header.s_g2.0)
    }
}

impl<S> fmt::Debug for StatementVerifyingKey<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatementVerifyingKey")
            .field("header", &self.header)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

impl<S> Clone for StatementVerifyingKey<S> {
    fn clone(&self) -> Self {
        Self { header: self.header.clone(), digest: self.digest, key: self.key.clone(), statement: PhantomData }
    }
}

/// A proving key of a statement, with the verifying key that belongs to it.
pub struct StatementProvingKey<S> {
    verifying: StatementVerifyingKey<S>,
    key: ProvingKey<G1Affine>,
}

impl<S: Statement> StatementProvingKey<S> {
    /// The verifying key.
    #[must_use]
    pub fn verifying_key(&self) -> &StatementVerifyingKey<S> {
        &self.verifying
    }

    /// What the key is for.
    #[must_use]
    pub fn header(&self) -> &KeyHeader {
        &self.verifying.header
    }

    /// The key as halo2 takes it.
    #[must_use]
    pub fn key(&self) -> &ProvingKey<G1Affine> {
        &self.key
    }
}

impl<S> fmt::Debug for StatementProvingKey<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatementProvingKey").field("verifying", &self.verifying).finish_non_exhaustive()
    }
}
