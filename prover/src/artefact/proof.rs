//! Proof files (`proof.bin`), and the same as JSON (`proof.json`).
//!
//! The header names everything that the proof depends upon and holds the public instances; the payload is the proof as halo2 makes it.

use std::{fmt, path::Path};

use halo2curves::{bn256::Fr, ff::PrimeField};
use num_bigint::BigUint;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zomma_circuits::Statement;

use super::{Digest, Envelope, Header, Kind};
use crate::{error::ProverError, keys::Shape, srs::SrsId, transcript::TranscriptKind};

/// What a proof claims, and what it was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofHeader {
    /// Name of the statement.
    pub statement: String,
    /// Version of the statement.
    pub version: u32,
    /// Size: the circuit has $2^k$ rows.
    pub k: u32,
    /// Digest of the verifying key.
    pub verifying_key: Digest,
    /// The structured reference string.
    pub srs: SrsId,
    /// How the challenges were drawn.
    pub transcript: TranscriptKind,
    /// The multi-opening scheme.
    pub opening: Opening,
    /// What computed the proof.
    pub backend: String,
    /// The program and its version.
    pub made_by: String,
    /// The public instances, column by column.
    pub instances: Vec<Vec<Public>>,
}

impl Header for ProofHeader {
    const KIND: Kind = Kind::Proof;
}

/// A multi-opening scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opening {
    /// SHPLONK (Boneh, Drake, Fisch, Gabizon 2020), two points.
    Shplonk,
}

/// A public instance: `0x` and 64 hex digits, most significant first, below the scalar field's modulus.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Public(pub Fr);

impl fmt::Display for Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.0.to_repr();
        bytes.reverse();
        write!(f, "0x{}", hex::encode(bytes))
    }
}

impl fmt::Debug for Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Public {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Public {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x").unwrap_or_default();
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes)
            .map_err(|_| de::Error::custom(format!("instance {text}: not 0x and 64 hex digits")))?;
        bytes.reverse();
        Option::from(Fr::from_repr(bytes))
            .map(Self)
            .ok_or_else(|| de::Error::custom(format!("instance {text}: not below the field's modulus")))
    }
}

/// A proof with its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// What it claims.
    pub header: ProofHeader,
    /// The proof as halo2 makes it.
    pub bytes: Vec<u8>,
}

impl Proof {
    fn seal(&self) -> Envelope<ProofHeader> {
        Envelope::seal(self.header.clone(), self.bytes.clone())
    }

    /// The file's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.seal().to_bytes()
    }

    /// Reads a proof of a statement from memory: the file, its header, the proof's length and the encoding of its points and scalars. Whether
    /// it proves anything is another matter.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn from_bytes<S: Statement>(bytes: &[u8]) -> Result<Self, ProverError> {
        let shape = Shape::of::<S::Circuit>();
        let envelope = Envelope::from_bytes(bytes, |header, _| check::<S>(header, &shape))?;
        Self::from_envelope(envelope, &shape)
    }

    /// Reads a proof file; see [`Self::from_bytes`].
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn read<S: Statement>(path: &Path) -> Result<Self, ProverError> {
        let shape = Shape::of::<S::Circuit>();
        let envelope = Envelope::open(path, |header, _| check::<S>(header, &shape))?;
        Self::from_envelope(envelope, &shape).map_err(|error| error.in_file(path))
    }

    fn from_envelope(envelope: Envelope<ProofHeader>, shape: &Shape) -> Result<Self, ProverError> {
        let Envelope { header, payload: bytes, .. } = envelope;
        shape.check_proof_encoding(header.transcript, &bytes)?;
        Ok(Self { header, bytes })
    }

    /// Reads a proof file without knowing its statement: everything but the proof itself.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn inspect(path: &Path) -> Result<Self, ProverError> {
        // The length has been compared with the file's already.
        let Envelope { header, payload: bytes, .. } = Envelope::open(path, |_, found| Ok(found))?;
        Ok(Self { header, bytes })
    }

    /// The instances as halo2 takes them.
    #[must_use]
    pub fn instances(&self) -> Vec<Vec<Fr>> {
        self.header.instances.iter().map(|column| column.iter().map(|public| public.0).collect()).collect()
    }

    /// The proof as JSON: the header, the instances in decimal too, the proof in hex.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let mut json = serde_json::to_value(&self.header).expect("headers are strings and integers");
        let decimal = |public: &Public| BigUint::from_bytes_le(&public.0.to_repr()).to_string();
        let decimals: Vec<Vec<String>> =
            self.header.instances.iter().map(|column| column.iter().map(decimal).collect()).collect();
        json["instances_decimal"] = serde_json::json!(decimals);
        json["development_only"] = self.header.srs.origin.is_development().into();
        json["file_sha256"] = self.seal().digest.to_string().into();
        json["proof"] = format!("0x{}", hex::encode(&self.bytes)).into();
        json
    }
}

/// Checks that a proof is for this statement, and yields its length.
fn check<S: Statement>(header: &ProofHeader, shape: &Shape) -> Result<u64, ProverError> {
    if header.statement != S::NAME {
        return Err(ProverError::mismatch("statement", S::NAME, &header.statement));
    }
    if header.version != S::VERSION {
        return Err(ProverError::mismatch("statement version", S::VERSION, header.version));
    }
    if header.srs.k != header.k {
        return Err(ProverError::mismatch("k of the structured reference string", header.k, header.srs.k));
    }
    if header.instances.len() != shape.instance() {
        return Err(ProverError::mismatch("number of instance columns", shape.instance(), header.instances.len()));
    }
    Ok(shape.proof_len(header.transcript))
}
