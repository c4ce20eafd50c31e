//! Proving keys on disk, so that they are made once. Safe for processes that run side by side: one makes the key, the others wait, and a
//! file appears whole or not at all.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use zomma_circuits::Statement;

use super::{KeyHeader, StatementProvingKey, generate};
use crate::{artefact::Digest, error::ProverError, progress::Progress, srs::Srs};

/// A folder of proving keys.
#[derive(Debug, Clone)]
pub struct KeyCache {
    folder: PathBuf,
}

/// Where a key came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It was made now.
    Made,
    /// It was in the cache.
    Cached,
    /// What was in the cache could not be used; the key was made now, and replaced it.
    Replaced {
        /// What was wrong with the file.
        reason: String,
    },
}

impl KeyCache {
    /// The cache in `folder`, which need not exist.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The file in which the key with this header is kept: named by a digest of all that the header holds.
    #[must_use]
    pub fn path(&self, header: &KeyHeader) -> PathBuf {
        let json = serde_json::to_vec(header).expect("headers are strings and integers");
        let name = Digest::of(&json).to_string();
        self.folder.join(format!("{}-k{}-{}.pk", header.statement, header.k, &name[..16]))
    }

    /// The key of a statement for the size of `srs`, from the cache or made now.
    ///
    /// The circuit is laid out in any case: a key is only taken from the cache if it belongs to the circuit as it is in this build.
    ///
    /// # Errors
    /// See [`StatementProvingKey::generate`]; [`ProverError::Io`] when the folder cannot be written.
    pub fn get<S: Statement>(
        &self,
        srs: &Srs,
        progress: &dyn Progress,
    ) -> Result<(StatementProvingKey<S>, Found), ProverError> {
        progress.stage("laying the circuit out", 0);
        let header = generate::header::<S>(srs)?;
        let path = self.path(&header);
        let _lock = self.lock(&path)?;
        let mut found = Found::Made;
        if path.exists() {
            progress.stage("reading the proving key", 0);
            match read_expected(&path, &header) {
                Ok(key) => return Ok((key, Found::Cached)),
                Err(error) => found = Found::Replaced { reason: error.to_string() },
            }
        }
        let key = StatementProvingKey::generate_for(header, srs, progress)?;
        key.write(&path)?;
        Ok((key, found))
    }

    /// Waits until no other process makes the same key. The lock ends with the file handle, or with the process.
    fn lock(&self, path: &Path) -> Result<File, ProverError> {
        fs::create_dir_all(&self.folder).map_err(ProverError::io("create", &self.folder))?;
        let path = path.with_extension("lock");
        let file = File::create(&path).map_err(ProverError::io("create", &path))?;
        file.lock().map_err(ProverError::io("lock", &path))?;
        Ok(file)
    }
}

/// Reads a key that must have exactly this header.
fn read_expected<S: Statement>(path: &Path, header: &KeyHeader) -> Result<StatementProvingKey<S>, ProverError> {
    let key = StatementProvingKey::<S>::read(path)?;
    if key.header() == header {
        return Ok(key);
    }
    Err(ProverError::mismatch("circuit", header.circuit, key.header().circuit).in_file(path))
}
