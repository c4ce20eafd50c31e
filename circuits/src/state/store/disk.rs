//! A [`NodeStore`] in a redb database file.
//!
//! redb commits by copy-on-write and a checksummed switch of its root page, each fsynced, so a version is there as a
//! whole or not at all. Keys end in the version, big-endian, so that "the value as of version v" is the last key of a range.

use std::{ops::RangeInclusive, path::Path};

use ff::PrimeField;
use halo2curves::bn256::Fr;
use redb::{Database, Durability, ReadTransaction, ReadableTable, TableDefinition};

use super::{Commit, Head, NodeKey, NodeStore, RecordKey, RecordKind, StoreError};

/// Version → state root.
const HEADS: TableDefinition<'_, u64, [u8; 32]> = TableDefinition::new("heads");
/// Tree, level, index, version → node.
const NODES: TableDefinition<'_, (u64, u8, u64, u64), [u8; 32]> = TableDefinition::new("nodes");
/// Kind, index, version → words.
const RECORDS: TableDefinition<'_, (u8, u64, u64), &[u8]> = TableDefinition::new("records");
/// What the file is, so that another redb file is not taken for one.
const FORMAT: TableDefinition<'_, &str, u64> = TableDefinition::new("zomma.state");
/// Version of the tables above.
const FORMAT_VERSION: u64 = 1;

/// A store in one file.
pub struct DiskStore {
    database: Database,
}

impl core::fmt::Debug for DiskStore {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("DiskStore").finish_non_exhaustive()
    }
}

fn database<E: core::fmt::Display>(action: &'static str) -> impl Fn(E) -> StoreError {
    move |reason| StoreError::Database { action, reason: reason.to_string() }
}

fn word(bytes: &[u8]) -> Result<Fr, StoreError> {
    let repr = bytes.try_into().ok();
    repr.and_then(|repr| Option::from(Fr::from_repr(repr)))
        .ok_or_else(|| StoreError::Corrupt { what: "word", reason: "not a canonical field element".to_owned() })
}

fn words(bytes: &[u8]) -> Result<Vec<Fr>, StoreError> {
    bytes.chunks(32).map(word).collect()
}

impl DiskStore {
    /// Opens the store at `path`, making it when there is none.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the file cannot be opened, [`StoreError::Corrupt`] when it is not a state store
    /// of this format.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let file = Database::create(path).map_err(database("open the state store"))?;
        let store = Self { database: file };
        store.initialise()?;
        Ok(store)
    }

    fn initialise(&self) -> Result<(), StoreError> {
        let failed = "initialise the state store";
        let transaction = self.database.begin_write().map_err(database(failed))?;
        let found = {
            let is_new = transaction.list_tables().map_err(database(failed))?.next().is_none();
            let mut format = transaction.open_table(FORMAT).map_err(database(failed))?;
            if is_new {
                format.insert("version", FORMAT_VERSION).map_err(database(failed))?;
            }
            transaction.open_table(HEADS).map_err(database(failed))?;
            transaction.open_table(NODES).map_err(database(failed))?;
            transaction.open_table(RECORDS).map_err(database(failed))?;
            let found = format.get("version").map_err(database(failed))?;
            found.map(|version| version.value())
        };
        if found != Some(FORMAT_VERSION) {
            let reason = format!("format {found:?}, but this build reads format {FORMAT_VERSION}");
            return Err(StoreError::Corrupt { what: "state store", reason });
        }
        transaction.commit().map_err(database(failed))
    }

    fn read(&self) -> Result<ReadTransaction, StoreError> {
        self.database.begin_read().map_err(database("read the state store"))
    }

    /// Begins reading and makes sure that `version` is there.
    fn read_at(&self, version: u64) -> Result<ReadTransaction, StoreError> {
        let failed = "read the state store";
        let transaction = self.read()?;
        let heads = transaction.open_table(HEADS).map_err(database(failed))?;
        match heads.get(version).map_err(database(failed))? {
            Some(_) => Ok(transaction),
            None => Err(StoreError::NoVersion(version)),
        }
    }
}

fn node_range(key: NodeKey, newest: u64) -> RangeInclusive<(u64, u8, u64, u64)> {
    (key.tree.0, key.level, key.index, 0)..=(key.tree.0, key.level, key.index, newest)
}

impl NodeStore for DiskStore {
    fn head(&self) -> Result<Option<Head>, StoreError> {
        let failed = "read the latest version";
        let heads = self.read()?.open_table(HEADS).map_err(database(failed))?;
        let last = heads.last().map_err(database(failed))?;
        last.map(|(version, root)| Ok(Head { version: version.value(), root: word(&root.value())? })).transpose()
    }

    fn versions(&self) -> Result<Vec<Head>, StoreError> {
        let failed = "list versions";
        let heads = self.read()?.open_table(HEADS).map_err(database(failed))?;
        let all = heads.iter().map_err(database(failed))?;
        all.map(|entry| {
            let (version, root) = entry.map_err(database(failed))?;
            Ok(Head { version: version.value(), root: word(&root.value())? })
        })
        .collect()
    }

    fn node(&self, version: u64, key: NodeKey) -> Result<Option<Fr>, StoreError> {
        let failed = "read a node";
        let nodes = self.read_at(version)?.open_table(NODES).map_err(database(failed))?;
        let mut history = nodes.range(node_range(key, version)).map_err(database(failed))?;
        let latest = history.next_back().transpose().map_err(database(failed))?;
        latest.map(|(_, value)| word(&value.value())).transpose()
    }

    fn record(&self, version: u64, key: RecordKey) -> Result<Option<Vec<Fr>>, StoreError> {
        let failed = "read a record";
        let records = self.read_at(version)?.open_table(RECORDS).map_err(database(failed))?;
        let kind = key.kind as u8;
        let mut history = records.range((kind, key.index, 0)..=(kind, key.index, version)).map_err(database(failed))?;
        let latest = history.next_back().transpose().map_err(database(failed))?;
        latest.map(|(_, value)| words(value.value())).transpose()
    }

    fn records(&self, version: u64, kind: RecordKind) -> Result<Vec<(u64, Vec<Fr>)>, StoreError> {
        let failed = "read records";
        let table = self.read_at(version)?.open_table(RECORDS).map_err(database(failed))?;
        let kind = kind as u8;
        let mut found: Vec<(u64, Vec<Fr>)> = Vec::new();
        for entry in table.range((kind, 0, 0)..=(kind, u64::MAX, u64::MAX)).map_err(database(failed))? {
            let (key, value) = entry.map_err(database(failed))?;
            let (_, index, written) = key.value();
            if written > version {
                continue;
            }
            let value = words(value.value())?;
            match found.last_mut().filter(|last| last.0 == index) {
                Some(last) => last.1 = value,
                None => found.push((index, value)),
            }
        }
        Ok(found)
    }

    fn commit(&mut self, commit: Commit) -> Result<Head, StoreError> {
        let failed = "commit a version";
        let mut transaction = self.database.begin_write().map_err(database(failed))?;
        transaction.set_durability(Durability::Immediate);
        let version = {
            let mut heads = transaction.open_table(HEADS).map_err(database(failed))?;
            let version = heads.last().map_err(database(failed))?.map_or(1, |(last, _)| last.value() + 1);
            heads.insert(version, commit.root.to_repr()).map_err(database(failed))?;
            let mut nodes = transaction.open_table(NODES).map_err(database(failed))?;
            for (key, value) in &commit.nodes {
                nodes.insert((key.tree.0, key.level, key.index, version), value.to_repr()).map_err(database(failed))?;
            }
            let mut records = transaction.open_table(RECORDS).map_err(database(failed))?;
            for (key, value) in &commit.records {
                let bytes: Vec<u8> = value.iter().flat_map(|word| word.to_repr()).collect();
                records.insert((key.kind as u8, key.index, version), bytes.as_slice()).map_err(database(failed))?;
            }
            version
        };
        transaction.commit().map_err(database(failed))?;
        Ok(Head { version, root: commit.root })
    }

    fn prune(&mut self, oldest: u64) -> Result<(), StoreError> {
        let failed = "prune versions";
        drop(self.read_at(oldest)?);
        let transaction = self.database.begin_write().map_err(database(failed))?;
        {
            let mut heads = transaction.open_table(HEADS).map_err(database(failed))?;
            heads.retain(|version, _| version >= oldest).map_err(database(failed))?;
            let mut nodes = transaction.open_table(NODES).map_err(database(failed))?;
            let keys = nodes.iter().map_err(database(failed))?;
            let keys = keys.map(|entry| entry.map(|(key, _)| key.value()).map_err(database(failed)));
            for key in superseded(keys, |(tree, level, index, version)| ((tree, level, index), version), oldest)? {
                nodes.remove(key).map_err(database(failed))?;
            }
            let mut records = transaction.open_table(RECORDS).map_err(database(failed))?;
            let keys = records.iter().map_err(database(failed))?;
            let keys = keys.map(|entry| entry.map(|(key, _)| key.value()).map_err(database(failed)));
            for key in superseded(keys, |(kind, index, version)| ((kind, index), version), oldest)? {
                records.remove(key).map_err(database(failed))?;
            }
        }
        transaction.commit().map_err(database(failed))
    }
}

/// The keys, of those given ascending, whose value no version from `oldest` on can see: those followed by one of the same place
/// that is not newer than `oldest`.
fn superseded<K: Copy, P: PartialEq>(
    keys: impl Iterator<Item = Result<K, StoreError>>,
    split: impl Fn(K) -> (P, u64),
    oldest: u64,
) -> Result<Vec<K>, StoreError> {
    let mut stale = Vec::new();
    let mut last: Option<K> = None;
    for key in keys {
        let key = key?;
        let (place, version) = split(key);
        if let Some(previous) = last.filter(|previous| split(*previous).0 == place && version <= oldest) {
            stale.push(previous);
        }
        last = Some(key);
    }
    Ok(stale)
}
