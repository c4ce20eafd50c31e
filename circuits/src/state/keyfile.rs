//! Secret keys at rest: encrypted under a passphrase with XChaCha20-Poly1305, the key derived by Argon2id.
//!
//! A passphrase never comes from a command line; where it comes from is the caller's affair.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};
use rand_core::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

const VERSION: u32 = 1;
/// A key file is a few hundred bytes; nothing longer is read.
const MAX_BYTES: u64 = 4096;
/// Bounds on the work that a file can demand: 1 GiB, 16 passes, 16 lanes.
const MAX_WORK: Work = Work { memory_kib: 1 << 20, passes: 16, lanes: 16 };

/// How much work it takes to try one passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for Work {
    /// The second recommended option of RFC 9106: 64 MiB, 3 passes, 4 lanes.
    fn default() -> Self {
        Self { memory_kib: 1 << 16, passes: 3, lanes: 4 }
    }
}

/// An encrypted secret key, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    version: u32,
    /// What the key is for; authenticated, not secret.
    pub label: String,
    work: Work,
    #[serde(with = "hex_bytes")]
    salt: Vec<u8>,
    #[serde(with = "hex_bytes")]
    nonce: Vec<u8>,
    #[serde(with = "hex_bytes")]
    sealed: Vec<u8>,
}

/// Why a key file could not be written or read.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// Reading or writing failed; an existing file is never overwritten.
    #[error("key file: {0}")]
    Io(#[from] io::Error),
    /// Not a key file.
    #[error("key file: {0}")]
    Format(String),
    /// The passphrase is empty.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The passphrase is wrong, or the file was changed. There is no telling which.
    #[error("wrong passphrase, or the key file was changed")]
    WrongPassphrase,
}

impl KeyFile {
    /// Encrypts a secret under a passphrase.
    ///
    /// # Errors
    /// [`KeyFileError::EmptyPassphrase`]; [`KeyFileError::Format`] for work parameters that Argon2 or this reader refuse.
    pub fn seal(
        label: &str,
        secret: &[u8; 32],
        passphrase: &[u8],
        work: Work,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Self, KeyFileError> {
        let (mut salt, mut nonce) = (vec![0; 16], vec![0; 24]);
        rng.fill_bytes(&mut salt);
        rng.fill_bytes(&mut nonce);
        let mut file = Self { version: VERSION, label: label.to_owned(), work, salt, nonce, sealed: Vec::new() };
        let header = file.header();
        let payload = Payload { msg: secret, aad: &header };
        file.sealed = file
            .cipher(passphrase)?
            .encrypt(file.nonce.as_slice().into(), payload)
            .map_err(|_| KeyFileError::Format("the secret cannot be sealed".to_owned()))?;
        Ok(file)
    }

    /// Decrypts the secret. It is wiped from memory when dropped.
    ///
    /// # Errors
    /// [`KeyFileError::WrongPassphrase`], [`KeyFileError::EmptyPassphrase`], [`KeyFileError::Format`].
    pub fn open(&self, passphrase: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
        let header = self.header();
        let payload = Payload { msg: &self.sealed, aad: &header };
        let opened = self
            .cipher(passphrase)?
            .decrypt(self.nonce.as_slice().into(), payload)
            .map_err(|_| KeyFileError::WrongPassphrase)?;
        let opened = Zeroizing::new(opened);
        let mut secret = Zeroizing::new([0; 32]);
        if opened.len() != secret.len() {
            return Err(KeyFileError::Format("the secret is not 32 bytes".to_owned()));
        }
        secret.copy_from_slice(&opened);
        Ok(secret)
    }

    /// Writes a new file, readable by its owner alone.
    ///
    /// # Errors
    /// [`KeyFileError::Io`], also when the file exists.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), KeyFileError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let text = serde_json::to_string_pretty(self).map_err(|error| KeyFileError::Format(error.to_string()))?;
        let mut file = options.open(path)?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        Ok(())
    }

    /// Reads a file and checks its form.
    ///
    /// # Errors
    /// [`KeyFileError::Io`], [`KeyFileError::Format`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self, KeyFileError> {
        let mut text = String::new();
        let file = std::fs::File::open(path)?;
        let read = io::Read::read_to_string(&mut io::Read::take(file, MAX_BYTES + 1), &mut text)?;
        if read as u64 > MAX_BYTES {
            return Err(KeyFileError::Format(format!("longer than {MAX_BYTES} bytes")));
        }
        Self::parse(&text)
    }

    /// Reads the text of a file and checks its form.
    ///
    /// # Errors
    /// [`KeyFileError::Format`].
    pub fn parse(text: &str) -> Result<Self, KeyFileError> {
        let file: Self = serde_json::from_str(text).map_err(|error| KeyFileError::Format(error.to_string()))?;
        if file.version != VERSION {
            return Err(KeyFileError::Format(format!("version {}, but this build reads {VERSION}", file.version)));
        }
        if file.salt.len() != 16 || file.nonce.len() != 24 {
            return Err(KeyFileError::Format("salt or nonce of the wrong length".to_owned()));
        }
        Ok(file)
    }

    fn cipher(&self, passphrase: &[u8]) -> Result<XChaCha20Poly1305, KeyFileError> {
        if passphrase.is_empty() {
            return Err(KeyFileError::EmptyPassphrase);
        }
        let Work { memory_kib, passes, lanes } = self.work;
        if memory_kib > MAX_WORK.memory_kib || passes > MAX_WORK.passes || lanes > MAX_WORK.lanes {
            return Err(KeyFileError::Format("more work than any key file asks for".to_owned()));
        }
        let invalid = |error: argon2::Error| KeyFileError::Format(error.to_string());
        let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(invalid)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase, &self.salt, key.as_mut_slice())
            .map_err(invalid)?;
        Ok(XChaCha20Poly1305::new(key.as_slice().into()))
    }

    /// Everything but the sealed secret, for authentication.
    fn header(&self) -> Vec<u8> {
        let Work { memory_kib, passes, lanes } = self.work;
        let mut header = Vec::from(*b"zomma.key");
        for number in [self.version, memory_kib, passes, lanes, self.label.len() as u32] {
            header.extend(number.to_le_bytes());
        }
        header.extend(self.label.as_bytes());
        header.extend(&self.salt);
        header
    }
}

/// Bytes as hexadecimal text.
mod hex_bytes {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
#[path = "keyfile_tests.rs"]
mod tests;
