//! The envelope around every file that zomma writes: parameters, keys and proofs.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | magic: `ZOMMA` and three letters for the kind |
//! | 8 | 4 | format version, little-endian |
//! | 12 | 4 | length h of the header, little-endian |
//! | 16 | 8 | length of the payload, little-endian |
//! | 24 | 32 | SHA-256 of everything else: bytes 0..24, the header, the payload |
//! | 56 | h | header: one JSON object, no other keys than the kind's own |
//! | 56 + h | | payload, to the end of the file |
//!
//! The digest covers the header too, so that no byte of a file can change unseen, its origin included. Readers check the
//! magic, the version and both lengths against the real length, then the header, and only then allocate the payload.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use super::{Digest, atomic};
use crate::error::ProverError;

/// Length of the fixed part in front of the header.
const PREFIX: usize = 56;
/// Where the digest lies in the prefix.
const DIGEST: std::ops::Range<usize> = 24..56;
/// Longest header that is read; real ones have a few hundred bytes, plus 68 for each public instance of a proof.
const MAX_HEADER: u64 = 1 << 20;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A structured reference string.
    Srs,
    /// A verifying key.
    VerifyingKey,
    /// A proving key.
    ProvingKey,
    /// A proof.
    Proof,
    /// A proof of a layer of a folding.
    Fold,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Srs, Self::VerifyingKey, Self::ProvingKey, Self::Proof, Self::Fold];

    /// The first eight bytes of the file.
    #[must_use]
    pub const fn magic(self) -> [u8; 8] {
        match self {
            Self::Srs => *b"ZOMMASRS",
            Self::VerifyingKey => *b"ZOMMAVK\0",
            Self::ProvingKey => *b"ZOMMAPK\0",
            Self::Proof => *b"ZOMMAPRF",
            Self::Fold => *b"ZOMMAFLD",
        }
    }

    /// The version of the format that this build reads and writes.
    #[must_use]
    pub const fn version(self) -> u32 {
        1
    }

    /// The kind whose files start with `magic`.
    #[must_use]
    pub fn from_magic(magic: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.magic() == magic)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Srs => "parameter file",
            Self::VerifyingKey => "verifying key file",
            Self::ProvingKey => "proving key file",
            Self::Proof => "proof file",
            Self::Fold => "folded proof file",
        })
    }
}

/// A header: what kind of file it introduces.
pub trait Header: Serialize + DeserializeOwned {
    /// The kind of file.
    const KIND: Kind;
}

/// A file's content, after the checks that hold for every kind.
#[derive(Debug, Clone)]
pub struct Envelope<H> {
    /// The header.
    pub header: H,
    /// The payload, as long as the header says.
    pub payload: Vec<u8>,
    /// SHA-256 of the whole file but itself.
    pub digest: Digest,
}

impl<H: Header> Envelope<H> {
    /// Puts `payload` into an envelope, and computes its digest.
    #[must_use]
    pub fn seal(header: H, payload: Vec<u8>) -> Self {
        let json = header_json(&header);
        let mut hasher = Sha256::new();
        hasher.update(&prefix::<H>(&json, payload.len())[..DIGEST.start]);
        hasher.update(&json);
        hasher.update(&payload);
        Self { header, payload, digest: Digest(hasher.finalize().into()) }
    }

    /// The file's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let json = header_json(&self.header);
        let mut bytes = Vec::with_capacity(PREFIX + json.len() + self.payload.len());
        bytes.extend_from_slice(&prefix::<H>(&json, self.payload.len()));
        bytes[DIGEST].copy_from_slice(&self.digest.0);
        bytes.extend_from_slice(&json);
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// Writes the file: it appears whole or not at all.
    ///
    /// # Errors
    /// [`ProverError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), ProverError> {
        let json = header_json(&self.header);
        let mut prefix = prefix::<H>(&json, self.payload.len());
        prefix[DIGEST].copy_from_slice(&self.digest.0);
        atomic::write(path, &[&prefix, &json, &self.payload])
    }

    /// Reads an envelope of which `available` bytes exist.
    ///
    /// `check` is given the header and the declared length of the payload before anything is allocated for that; it checks every
    /// field and yields the one length that the payload may have.
    ///
    /// # Errors
    /// [`ProverError`] naming the part that is wrong.
    pub fn read(
        reader: &mut impl Read,
        available: u64,
        check: impl FnOnce(&H, u64) -> Result<u64, ProverError>,
    ) -> Result<Self, ProverError> {
        let mut prefix = [0; PREFIX];
        let magic_len = available.min(8) as usize;
        read_exact(reader, &mut prefix[..magic_len])?;
        let magic = &prefix[..magic_len];
        if magic != H::KIND.magic() {
            return Err(ProverError::Magic { expected: H::KIND, found: describe_magic(magic) });
        }
        if available < PREFIX as u64 {
            return Err(ProverError::Length { part: "file", expected: PREFIX as u64, found: available });
        }
        read_exact(reader, &mut prefix[8..])?;
        let version = u32::from_le_bytes(field(&prefix, 8));
        if version != H::KIND.version() {
            return Err(ProverError::Version { kind: H::KIND, found: version, supported: H::KIND.version() });
        }
        let header_len = u64::from(u32::from_le_bytes(field(&prefix, 12)));
        if header_len > MAX_HEADER {
            let range = format!("at most {MAX_HEADER} bytes");
            return Err(ProverError::OutOfRange { field: "header length", found: header_len, range });
        }
        let payload_len = u64::from_le_bytes(field(&prefix, 16));
        let expected = (PREFIX as u64 + header_len).saturating_add(payload_len);
        if expected != available {
            return Err(ProverError::Length { part: "file", expected, found: available });
        }

        let mut json = vec![0; header_len as usize];
        read_exact(reader, &mut json)?;
        let header: H =
            serde_json::from_slice(&json).map_err(|error| ProverError::malformed("header", error.to_string()))?;
        let allowed = check(&header, payload_len)?;
        if allowed != payload_len {
            return Err(ProverError::Length { part: "payload", expected: allowed, found: payload_len });
        }

        let mut payload = vec![0; payload_len as usize];
        read_exact(reader, &mut payload)?;
        let mut hasher = Sha256::new();
        hasher.update(&prefix[..DIGEST.start]);
        hasher.update(&json);
        hasher.update(&payload);
        let computed = Digest(hasher.finalize().into());
        let stated = Digest(field(&prefix, DIGEST.start));
        if computed != stated {
            return Err(ProverError::Digest { stated, computed });
        }
        // One content, one encoding: otherwise equal files could have different digests.
        if header_json(&header) != json {
            return Err(ProverError::malformed("header", "not in the form in which it is written"));
        }
        Ok(Self { header, payload, digest: computed })
    }

    /// Reads an envelope from memory; see [`Self::read`].
    ///
    /// # Errors
    /// See [`Self::read`].
    pub fn from_bytes(
        mut bytes: &[u8],
        check: impl FnOnce(&H, u64) -> Result<u64, ProverError>,
    ) -> Result<Self, ProverError> {
        let available = bytes.len() as u64;
        Self::read(&mut bytes, available, check)
    }

    /// Reads an envelope from a file; see [`Self::read`].
    ///
    /// # Errors
    /// See [`Self::read`]; the error names the file.
    pub fn open(path: &Path, check: impl FnOnce(&H, u64) -> Result<u64, ProverError>) -> Result<Self, ProverError> {
        let mut file = File::open(path).map_err(ProverError::io("open", path))?;
        let metadata = file.metadata().map_err(ProverError::io("read", path))?;
        if !metadata.is_file() {
            return Err(ProverError::malformed("file", "not a regular file").in_file(path));
        }
        Self::read(&mut file, metadata.len(), check).map_err(|error| error.in_file(path))
    }
}

fn header_json(header: &impl Header) -> Vec<u8> {
    serde_json::to_vec(header).expect("headers are structs of strings and integers, which JSON can express")
}

/// The prefix with an empty digest.
fn prefix<H: Header>(json: &[u8], payload_len: usize) -> [u8; PREFIX] {
    let mut prefix = [0; PREFIX];
    prefix[..8].copy_from_slice(&H::KIND.magic());
    prefix[8..12].copy_from_slice(&H::KIND.version().to_le_bytes());
    prefix[12..16].copy_from_slice(&(json.len() as u32).to_le_bytes());
    prefix[16..24].copy_from_slice(&(payload_len as u64).to_le_bytes());
    prefix
}

/// `N` bytes of the prefix, from `offset` on.
fn field<const N: usize>(prefix: &[u8; PREFIX], offset: usize) -> [u8; N] {
    std::array::from_fn(|i| prefix[offset + i])
}

/// A file can shrink between the look at its length and the reading of it.
fn read_exact(reader: &mut impl Read, buffer: &mut [u8]) -> Result<(), ProverError> {
    reader.read_exact(buffer).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => ProverError::malformed("file", "it ends before its declared length"),
        _ => ProverError::malformed("file", error.to_string()),
    })
}

fn describe_magic(magic: &[u8]) -> String {
    match Kind::from_magic(magic) {
        Some(kind) => format!("the magic of a {kind}"),
        None if magic.is_empty() => "nothing (it is empty)".to_owned(),
        None => format!("0x{}", hex::encode(magic)),
    }
}
