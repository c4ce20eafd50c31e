//! A [`NodeStore`] in memory.

use std::collections::BTreeMap;

use halo2curves::bn256::Fr;

use super::{Commit, Head, NodeKey, NodeStore, RecordKey, RecordKind, StoreError};

/// Values by key, each with the versions in which it changed.
type Versioned<K, V> = BTreeMap<K, BTreeMap<u64, V>>;

/// A store that ends with the process.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    heads: BTreeMap<u64, Fr>,
    nodes: Versioned<NodeKey, Fr>,
    records: Versioned<RecordKey, Vec<Fr>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn check(&self, version: u64) -> Result<(), StoreError> {
        self.heads.contains_key(&version).then_some(()).ok_or(StoreError::NoVersion(version))
    }
}

fn at<V: Clone>(history: &BTreeMap<u64, V>, version: u64) -> Option<V> {
    history.range(..=version).next_back().map(|(_, value)| value.clone())
}

/// Drops from a history what no version from `oldest` on can see.
fn forget<V>(history: &mut BTreeMap<u64, V>, oldest: u64) {
    if let Some(visible) = history.range(..=oldest).next_back().map(|(version, _)| *version) {
        *history = history.split_off(&visible);
    }
}

impl NodeStore for MemoryStore {
    fn head(&self) -> Result<Option<Head>, StoreError> {
        Ok(self.heads.last_key_value().map(|(&version, &root)| Head { version, root }))
    }

    fn versions(&self) -> Result<Vec<Head>, StoreError> {
        Ok(self.heads.iter().map(|(&version, &root)| Head { version, root }).collect())
    }

    fn node(&self, version: u64, key: NodeKey) -> Result<Option<Fr>, StoreError> {
        self.check(version)?;
        Ok(self.nodes.get(&key).and_then(|history| at(history, version)))
    }

    fn record(&self, version: u64, key: RecordKey) -> Result<Option<Vec<Fr>>, StoreError> {
        self.check(version)?;
        Ok(self.records.get(&key).and_then(|history| at(history, version)))
    }

    fn records(&self, version: u64, kind: RecordKind) -> Result<Vec<(u64, Vec<Fr>)>, StoreError> {
        self.check(version)?;
        let all = RecordKey { kind, index: 0 }..=RecordKey { kind, index: u64::MAX };
        Ok(self
            .records
            .range(all)
            .filter_map(|(key, history)| at(history, version).map(|words| (key.index, words)))
            .collect())
    }

    fn commit(&mut self, commit: Commit) -> Result<Head, StoreError> {
        let head = Head { version: self.heads.last_key_value().map_or(1, |(last, _)| last + 1), root: commit.root };
        for (key, value) in commit.nodes {
            self.nodes.entry(key).or_default().insert(head.version, value);
        }
        for (key, words) in commit.records {
            self.records.entry(key).or_default().insert(head.version, words);
        }
        self.heads.insert(head.version, head.root);
        Ok(head)
    }

    fn prune(&mut self, oldest: u64) -> Result<(), StoreError> {
        self.check(oldest)?;
        self.heads = self.heads.split_off(&oldest);
        self.nodes.values_mut().for_each(|history| forget(history, oldest));
        self.records.values_mut().for_each(|history| forget(history, oldest));
        Ok(())
    }
}
