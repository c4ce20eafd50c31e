//! The folder of a venue: `venue.json`, its parameter set, and `state.redb`, its state.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::error::StatementError;
use crate::margin::statement::MarginInputs;
use crate::state::ids::AccountId;
use crate::state::params::VenueParams;
use crate::state::snapshot::SnapshotError;
use crate::state::store::{DiskStore, StoreError};
use crate::state::{ApplyError, OpenError, Reject, State};

/// Why a venue on disk could not do what it was asked.
#[derive(Debug, Error)]
pub enum ExchangeError {
    /// The operating system refused.
    #[error("{}: {reason}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// There is a venue already.
    #[error("{} holds a venue already", .0.display())]
    Exists(PathBuf),
    /// The parameter set or the store.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A snapshot.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// A line that is not a transaction.
    #[error("line {line}: {reason}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A transaction that was refused where none may be.
    #[error("transaction {number}: {reject}")]
    Rejected {
        /// Which, from 1.
        number: usize,
        /// Why.
        reject: Reject,
    },
    /// Transactions that make no batch.
    #[error("after {used} transactions: {error}")]
    Unprovable {
        /// How many before them are in batches.
        used: usize,
        /// The first that cannot be proven, numbered from there, and why.
        error: StatementError,
    },
    /// A question that the state refuses to answer.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

impl From<StoreError> for ExchangeError {
    fn from(error: StoreError) -> Self {
        Self::Open(error.into())
    }
}

impl ExchangeError {
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { path, reason: error.to_string() }
    }
}

/// A venue on disk.
#[derive(Debug)]
pub struct Venue {
    /// Its state.
    pub state: State,
}

fn parameter_file(folder: &Path) -> PathBuf {
    folder.join("venue.json")
}

fn state_file(folder: &Path) -> PathBuf {
    folder.join("state.redb")
}

impl Venue {
    /// Makes a venue: its folder, its parameter set, and its empty state as the first version; or, with a snapshot, that state.
    ///
    /// # Errors
    /// [`ExchangeError::Exists`], and what opening the state or reading the snapshot reports.
    pub fn create(folder: &Path, params: VenueParams, snapshot: Option<&Path>) -> Result<Self, ExchangeError> {
        if parameter_file(folder).exists() || state_file(folder).exists() {
            return Err(ExchangeError::Exists(folder.to_owned()));
        }
        params.check().map_err(OpenError::from)?;
        fs::create_dir_all(folder).map_err(ExchangeError::io(folder))?;
        let path = parameter_file(folder);
        let text = serde_json::to_string_pretty(&params)
            .map_err(|error| ExchangeError::Io { path: path.clone(), reason: error.to_string() })?;
        let store = Box::new(DiskStore::open(state_file(folder))?);
        let state = match snapshot {
            Some(snapshot) => {
                let file = File::open(snapshot).map_err(ExchangeError::io(snapshot))?;
                State::restore(store, params, BufReader::new(file))?
            }
            None => {
                let mut state = State::open(store, params)?;
                state.commit()?;
                state
            }
        };
        // Last, so that a folder with parameters has a state.
        fs::write(&path, text + "\n").map_err(ExchangeError::io(&path))?;
        Ok(Self { state })
    }

    /// Opens a venue.
    ///
    /// # Errors
    /// [`ExchangeError`], naming the file.
    pub fn open(folder: &Path) -> Result<Self, ExchangeError> {
        let path = parameter_file(folder);
        let file = File::open(&path).map_err(ExchangeError::io(&path))?;
        let params: VenueParams = serde_json::from_reader(BufReader::new(file))
            .map_err(|error| ExchangeError::Io { path, reason: error.to_string() })?;
        let state = state_file(folder);
        if !state.exists() {
            return Err(ExchangeError::Io { path: state, reason: "there is no state".into() });
        }
        Ok(Self { state: State::open(Box::new(DiskStore::open(state)?), params)? })
    }

    /// Makes the state a version on disk.
    ///
    /// # Errors
    /// The store's failures.
    pub fn commit(&mut self) -> Result<(), ExchangeError> {
        self.state.commit()?;
        Ok(())
    }

    /// An account as the statement `margin` takes it.
    ///
    /// # Errors
    /// The rejections of its margin, and the store's failures.
    pub fn margin_inputs(&mut self, account: AccountId) -> Result<MarginInputs, ExchangeError> {
        Ok(MarginInputs::of(&mut self.state, account)?)
    }

    /// Writes the committed state as a snapshot.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub fn write_snapshot(&self, path: &Path) -> Result<(), ExchangeError> {
        let file = File::create(path).map_err(ExchangeError::io(path))?;
        let mut writer = BufWriter::new(file);
        self.state.write_snapshot(&mut writer)?;
        writer.flush().map_err(ExchangeError::io(path))
    }
}
