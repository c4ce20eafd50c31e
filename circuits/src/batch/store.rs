//! Stores for inputs: one that notes what is read of a version, and one that holds nothing but that.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use halo2curves::bn256::Fr;

use crate::encoding::node;
use crate::state::State;
use crate::state::account::Account;
use crate::state::params::Depths;
use crate::state::registers::Registers;
use crate::state::store::{Commit, Head, NodeKey, NodeStore, RecordKey, RecordKind, StoreError, TreeId};
use crate::state::tree::empty_root;

/// What was read of a version; `None` where nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reads {
    pub(super) nodes: BTreeMap<NodeKey, Option<Fr>>,
    pub(super) records: BTreeMap<RecordKey, Option<Vec<Fr>>>,
}

/// A store of which it is noted what is read.
#[derive(Debug)]
struct Recorder {
    inner: Arc<Mutex<Box<dyn NodeStore>>>,
    reads: Arc<Mutex<Reads>>,
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl NodeStore for Recorder {
    fn head(&self) -> Result<Option<Head>, StoreError> {
        lock(&self.inner).head()
    }

    fn versions(&self) -> Result<Vec<Head>, StoreError> {
        lock(&self.inner).versions()
    }

    fn node(&self, version: u64, key: NodeKey) -> Result<Option<Fr>, StoreError> {
        let found = lock(&self.inner).node(version, key)?;
        lock(&self.reads).nodes.insert(key, found);
        Ok(found)
    }

    fn record(&self, version: u64, key: RecordKey) -> Result<Option<Vec<Fr>>, StoreError> {
        let found = lock(&self.inner).record(version, key)?;
        lock(&self.reads).records.insert(key, found.clone());
        Ok(found)
    }

    fn records(&self, version: u64, kind: RecordKind) -> Result<Vec<(u64, Vec<Fr>)>, StoreError> {
        lock(&self.inner).records(version, kind)
    }

    fn commit(&mut self, commit: Commit) -> Result<Head, StoreError> {
        lock(&self.inner).commit(commit)
    }

    fn prune(&mut self, oldest: u64) -> Result<(), StoreError> {
        lock(&self.inner).prune(oldest)
    }
}

/// Runs something on a committed state and notes what it reads of the version, registers and risk array included.
///
/// # Errors
/// The store's failures, [`StoreError::Uncommitted`] if the state has changed since it was committed.
pub(super) fn recorded<T>(
    state: &mut State,
    run: impl FnOnce(&mut State) -> T,
) -> Result<(T, Head, Reads), StoreError> {
    let reads = Arc::new(Mutex::new(Reads::default()));
    let head = state.forget_reads()?;
    for kind in [RecordKind::Registers, RecordKind::Risk] {
        let key = RecordKey { kind, index: 0 };
        let found = state.store().record(head.version, key)?;
        lock(&reads).records.insert(key, found);
    }
    let inner: Box<dyn NodeStore> = Box::new(crate::state::store::MemoryStore::new());
    let inner = Arc::new(Mutex::new(inner));
    let recorder = Recorder { inner: inner.clone(), reads: reads.clone() };
    let store = state.swap_store(Box::new(recorder));
    let empty = std::mem::replace(&mut *lock(&inner), store);
    let result = run(state);
    let store = std::mem::replace(&mut *lock(&inner), empty);
    state.swap_store(store);
    let reads = std::mem::take(&mut *lock(&reads));
    Ok((result, head, reads))
}

/// A store of one version, with what was read of it and nothing else.
#[derive(Debug)]
pub(super) struct GivenStore {
    head: Head,
    reads: Reads,
}

impl GivenStore {
    /// A store of what is given.
    pub(super) fn new(root: Fr, reads: Reads) -> Self {
        Self { head: Head { version: 1, root }, reads }
    }

    fn absent<T>(what: &'static str, key: String) -> Result<T, StoreError> {
        Err(StoreError::Absent { what, key })
    }
}

impl NodeStore for GivenStore {
    fn head(&self) -> Result<Option<Head>, StoreError> {
        Ok(Some(self.head))
    }

    fn versions(&self) -> Result<Vec<Head>, StoreError> {
        Ok(vec![self.head])
    }

    fn node(&self, _: u64, key: NodeKey) -> Result<Option<Fr>, StoreError> {
        self.reads.nodes.get(&key).copied().map_or_else(|| Self::absent("node", name(key)), Ok)
    }

    fn record(&self, _: u64, key: RecordKey) -> Result<Option<Vec<Fr>>, StoreError> {
        let found = self.reads.records.get(&key).cloned();
        found.map_or_else(|| Self::absent("record", format!("{:?} {}", key.kind, key.index)), Ok)
    }

    fn records(&self, _: u64, kind: RecordKind) -> Result<Vec<(u64, Vec<Fr>)>, StoreError> {
        Self::absent("records", format!("{kind:?}"))
    }

    fn commit(&mut self, _: Commit) -> Result<Head, StoreError> {
        Self::absent("version", "2".to_owned())
    }

    fn prune(&mut self, oldest: u64) -> Result<(), StoreError> {
        Err(StoreError::NoVersion(oldest))
    }
}

/// How a node is called in errors.
fn name(key: NodeKey) -> String {
    let NodeKey { tree, level, index } = key;
    match tree {
        TreeId::ACCOUNTS => format!("{index} at level {level} of the accounts"),
        TreeId::MARKETS => format!("{index} at level {level} of the markets"),
        TreeId(orders) => format!("{index} at level {level} of the orders of account {}", orders - 2),
    }
}

impl Reads {
    /// Checks what was read against the roots: every node leads to the root of its tree, every record is what its leaf is made of.
    ///
    /// # Errors
    /// The first that does not, and why.
    pub(super) fn check(&self, registers: &Registers, depths: Depths) -> Result<(), String> {
        let mut trees: BTreeMap<TreeId, BTreeMap<(u8, u64), Fr>> = BTreeMap::new();
        for (key, value) in &self.nodes {
            let depth = match key.tree {
                TreeId::ACCOUNTS => depths.accounts,
                TreeId::MARKETS => depths.markets,
                _ => depths.orders,
            };
            if key.level > depth || key.index >> (depth - key.level) != 0 {
                return Err(format!("node {}: it is not in the tree", name(*key)));
            }
            let value = value.unwrap_or_else(|| empty_root(key.level));
            trees.entry(key.tree).or_default().insert((key.level, key.index), value);
        }
        for (tree, nodes) in &trees {
            let (depth, root) = match *tree {
                TreeId::ACCOUNTS => (depths.accounts, Some(registers.accounts_root)),
                TreeId::MARKETS => (depths.markets, Some(registers.markets_root)),
                _ => (depths.orders, nodes.get(&(depths.orders, 0)).copied()),
            };
            let root = root.ok_or_else(|| {
                format!("node {}: it is missing", name(NodeKey { tree: *tree, level: depth, index: 0 }))
            })?;
            lead_to(*tree, nodes, depth, root)?;
        }
        for (key, words) in &self.records {
            self.check_record(*key, words.as_deref(), depths)?;
        }
        Ok(())
    }

    fn check_record(&self, key: RecordKey, words: Option<&[Fr]>, depths: Depths) -> Result<(), String> {
        let node_of = |tree, level, index| {
            let key = NodeKey { tree, level, index };
            let found = self.nodes.get(&key).map(|value| value.unwrap_or_else(|| empty_root(level)));
            found.ok_or_else(|| format!("node {}: it is missing", name(key)))
        };
        let (leaf, given) = match key.kind {
            // Both are checked when the state is opened.
            RecordKind::Registers | RecordKind::Risk => return Ok(()),
            RecordKind::Market => {
                let market =
                    words.map(crate::state::market_from_record).transpose().map_err(|error| error.to_string())?;
                (market.map(|market| market.leaf()), node_of(TreeId::MARKETS, 0, key.index)?)
            }
            RecordKind::Account => {
                let account = words.map(|words| Account::from_record(words, depths.orders)).transpose();
                let account = account.map_err(|error| error.to_string())?;
                let given = node_of(TreeId::ACCOUNTS, 0, key.index)?;
                let id = u32::try_from(key.index).map_err(|_| format!("account {}: no such id", key.index))?;
                let leaf = account
                    .map(|account| Ok::<_, String>(account.leaf(node_of(TreeId::orders(id), depths.orders, 0)?)))
                    .transpose()?;
                (leaf, given)
            }
        };
        if leaf.unwrap_or_default() == given {
            Ok(())
        } else {
            Err(format!("{:?} {}: its leaf in the tree is another", key.kind, key.index))
        }
    }
}

/// Requires that all nodes given of a tree lead to its root.
fn lead_to(tree: TreeId, given: &BTreeMap<(u8, u64), Fr>, depth: u8, root: Fr) -> Result<(), String> {
    let mut below: BTreeMap<u64, Fr> = BTreeMap::new();
    for level in 0..=depth {
        let called = |index| format!("node {}", name(NodeKey { tree, level, index }));
        for ((_, index), value) in given.range((level, 0)..=(level, u64::MAX)) {
            if below.insert(*index, *value).is_some_and(|computed| computed != *value) {
                return Err(format!("{}: it is not the one above its children", called(*index)));
            }
        }
        if level == depth {
            break;
        }
        let mut above = BTreeMap::new();
        for index in below.keys().map(|index| index & !1) {
            let child = |index| below.get(&index).copied().ok_or_else(|| format!("{}: it is missing", called(index)));
            above.insert(index >> 1, node(child(index)?, child(index + 1)?));
        }
        below = above;
    }
    match below.iter().find(|(index, value)| **index != 0 || **value != root) {
        None => Ok(()),
        Some(_) => Err(format!("nodes of tree {}: they lead to another root", tree.0)),
    }
}
