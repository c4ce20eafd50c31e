//! `srs.lock`: the digests that parameters must have.

use std::{fs, io, path::Path};

use serde::{Deserialize, Serialize};

use super::SrsId;
use crate::{artefact::write_atomically, error::ProverError};

/// Pinned parameters, as `params/srs.lock` lists them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SrsLock {
    /// One entry for each file, in order of k.
    pub srs: Vec<SrsId>,
}

/// What a lock says about parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pin {
    /// Their digest is listed.
    Pinned,
    /// The lock does not mention parameters of this size and origin.
    Unpinned,
}

impl SrsLock {
    /// The name of the file in a parameter folder.
    pub const FILE_NAME: &str = "srs.lock";

    /// Reads the lock of a parameter folder; a folder without one pins nothing.
    ///
    /// # Errors
    /// [`ProverError::Malformed`] or [`ProverError::Io`].
    pub fn load(folder: &Path) -> Result<Self, ProverError> {
        let path = folder.join(Self::FILE_NAME);
        match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text)
                .map_err(|error| ProverError::malformed("lock", error.to_string()).in_file(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(ProverError::io("read", path)(error)),
        }
    }

    /// Writes the lock into a parameter folder.
    ///
    /// # Errors
    /// [`ProverError::Io`].
    pub fn write(&self, folder: &Path) -> Result<(), ProverError> {
        let mut text = serde_json::to_string_pretty(self).expect("a lock is strings and integers");
        text.push('\n');
        write_atomically(&folder.join(Self::FILE_NAME), &[text.as_bytes()])
    }

    /// Adds a pin, or replaces the one of the same size and origin.
    pub fn pin(&mut self, id: SrsId) {
        self.srs.retain(|pinned| (pinned.k, &pinned.origin) != (id.k, &id.origin));
        self.srs.push(id);
        self.srs.sort_by_key(|pinned| pinned.k);
    }

    /// Looks parameters up.
    ///
    /// # Errors
    /// [`ProverError::Mismatch`] when others of the same size and origin are pinned.
    pub fn check(&self, id: &SrsId) -> Result<Pin, ProverError> {
        match self.srs.iter().find(|pinned| (pinned.k, &pinned.origin) == (id.k, &id.origin)) {
            Some(pinned) if pinned.sha256 == id.sha256 => Ok(Pin::Pinned),
            Some(pinned) => Err(ProverError::mismatch("digest pinned in srs.lock", pinned.sha256, id.sha256)),
            None => Ok(Pin::Unpinned),
        }
    }
}
