//! Pinned verifying keys: `params/vk/<statement>.json`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::KeyHeader;
use crate::{
    artefact::{Digest, write_atomically},
    error::ProverError,
};

/// One pinned verifying key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyPin {
    /// Version of the statement.
    pub version: u32,
    /// Size.
    pub k: u32,
    /// Digest of the structured reference string.
    pub srs: Digest,
    /// Digest of the verifying key.
    pub key: Digest,
}

/// The pinned verifying keys of one statement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyPins {
    /// One entry for each size and structured reference string.
    pub keys: Vec<KeyPin>,
}

impl KeyPins {
    /// The file that pins a statement's keys, in a parameter folder.
    #[must_use]
    pub fn path(folder: &Path, statement: &str) -> PathBuf {
        folder.join("vk").join(format!("{statement}.json"))
    }

    /// Reads a statement's pins from a parameter folder; without a file there are none.
    ///
    /// # Errors
    /// [`ProverError::Malformed`] or [`ProverError::Io`].
    pub fn load(folder: &Path, statement: &str) -> Result<Self, ProverError> {
        read_pins(Self::path(folder, statement))
    }

    /// Writes a statement's pins into a parameter folder.
    ///
    /// # Errors
    /// [`ProverError::Io`].
    pub fn write(&self, folder: &Path, statement: &str) -> Result<(), ProverError> {
        write_pins(self, &Self::path(folder, statement))
    }

    /// Adds a pin, or replaces the one for the same version, size and structured reference string.
    pub fn pin(&mut self, header: &KeyHeader, key: Digest) {
        let place = |pin: &KeyPin| (pin.version, pin.k, pin.srs);
        let pin = KeyPin { version: header.version, k: header.k, srs: header.srs.sha256, key };
        self.keys.retain(|other| place(other) != place(&pin));
        self.keys.push(pin);
        self.keys.sort_by_key(place);
    }

    /// Looks a key up by its header; `None` if no key is pinned in its place.
    ///
    /// # Errors
    /// [`ProverError::Mismatch`] when another key is.
    pub fn check(&self, header: &KeyHeader, key: Digest) -> Result<Option<&KeyPin>, ProverError> {
        let place = (header.version, header.k, header.srs.sha256);
        match self.keys.iter().find(|pin| (pin.version, pin.k, pin.srs) == place) {
            Some(pin) if pin.key == key => Ok(Some(pin)),
            Some(pin) => Err(ProverError::mismatch("digest of the verifying key pinned in params/vk", pin.key, key)),
            None => Ok(None),
        }
    }
}

/// Reads a file of pins; without a file there are none.
pub(crate) fn read_pins<P: DeserializeOwned + Default>(path: PathBuf) -> Result<P, ProverError> {
    match fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text)
            .map_err(|error| ProverError::malformed("pinned keys", error.to_string()).in_file(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(P::default()),
        Err(error) => Err(ProverError::io("read", path)(error)),
    }
}

/// Writes a file of pins: it appears whole or not at all.
pub(crate) fn write_pins<P: Serialize>(pins: &P, path: &Path) -> Result<(), ProverError> {
    let mut text = serde_json::to_string_pretty(pins).expect("pins are strings and integers");
    text.push('\n');
    write_atomically(path, &[text.as_bytes()])
}
