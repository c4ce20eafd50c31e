//! The [`NodeStore`] seam: where the nodes of the state tree and the records behind its leaves live.
//!
//! A store is a sequence of versions. [`commit`](NodeStore::commit) adds one, as a whole or not at all; every version
//! that was not pruned can be read.

use halo2curves::bn256::Fr;
use thiserror::Error;

mod disk;
mod memory;

pub use disk::DiskStore;
pub use memory::MemoryStore;

/// Which sparse tree a node is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeId(pub u64);

impl TreeId {
    /// The account tree.
    pub const ACCOUNTS: Self = Self(0);
    /// The market tree.
    pub const MARKETS: Self = Self(1);

    /// The order tree of an account.
    pub fn orders(account: u32) -> Self {
        Self(2 + u64::from(account))
    }
}

/// The place of a node: level 0 are the leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeKey {
    /// The tree.
    pub tree: TreeId,
    /// Levels above the leaves.
    pub level: u8,
    /// Index within the level.
    pub index: u64,
}

/// What a record is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RecordKind {
    /// The registers; one record.
    Registers = 0,
    /// The risk array; one record.
    Risk = 1,
    /// A market, by id.
    Market = 2,
    /// An account, by id.
    Account = 3,
}

/// The place of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    /// What it is of.
    pub kind: RecordKind,
    /// The id.
    pub index: u64,
}

/// A committed version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of the version; the first is 1, each commit adds 1.
    pub version: u64,
    /// The state root.
    pub root: Fr,
}

/// What a commit changes.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// The state root afterwards.
    pub root: Fr,
    /// Nodes, new values.
    pub nodes: Vec<(NodeKey, Fr)>,
    /// Records, new values.
    pub records: Vec<(RecordKey, Vec<Fr>)>,
}

/// Why a store could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database failed.
    #[error("{action}: {reason}")]
    Database {
        /// What was being done.
        action: &'static str,
        /// What the database says.
        reason: String,
    },
    /// What is stored is not what was written.
    #[error("stored {what}: {reason}")]
    Corrupt {
        /// What was read.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// No such version, or it was pruned.
    #[error("no version {0} in the store")]
    NoVersion(u64),
    /// The state in the store has another parameter set.
    #[error("the state was made with another parameter set")]
    OtherParams,
    /// The state has changes that are not committed.
    #[error("the state has changes that are not committed")]
    Uncommitted,
    /// What is read is not among what was given of the state.
    #[error("{what} {key} is not given")]
    Absent {
        /// What it is.
        what: &'static str,
        /// Which.
        key: String,
    },
    /// The store holds a state already.
    #[error("the store is not empty")]
    NotEmpty,
}

/// Where nodes and records live.
pub trait NodeStore: core::fmt::Debug + Send {
    /// The latest version, `None` for an empty store.
    ///
    /// # Errors
    /// [`StoreError`].
    fn head(&self) -> Result<Option<Head>, StoreError>;

    /// Every version that can be read, ascending.
    ///
    /// # Errors
    /// [`StoreError`].
    fn versions(&self) -> Result<Vec<Head>, StoreError>;

    /// A node as of `version`; `None` where nothing was ever written.
    ///
    /// # Errors
    /// [`StoreError`].
    fn node(&self, version: u64, key: NodeKey) -> Result<Option<Fr>, StoreError>;

    /// A record as of `version`.
    ///
    /// # Errors
    /// [`StoreError`].
    fn record(&self, version: u64, key: RecordKey) -> Result<Option<Vec<Fr>>, StoreError>;

    /// All records of a kind as of `version`, ascending by id.
    ///
    /// # Errors
    /// [`StoreError`].
    fn records(&self, version: u64, kind: RecordKind) -> Result<Vec<(u64, Vec<Fr>)>, StoreError>;

    /// Adds a version, durably: after a crash at any moment either all of it is there or nothing.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is then changed.
    fn commit(&mut self, commit: Commit) -> Result<Head, StoreError>;

    /// Forgets all versions before `oldest`.
    ///
    /// # Errors
    /// [`StoreError::NoVersion`] when `oldest` is not a version that can be read.
    fn prune(&mut self, oldest: u64) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests;
