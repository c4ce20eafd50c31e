//! The state: registers, accounts, markets and risk array over a [`NodeStore`].
//!
//! Transactions change plain values; hashing waits until a root is asked for, and then rehashes every path that
//! changed once. [`State::commit`] makes a version of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use halo2curves::bn256::Fr;
use thiserror::Error;

use super::{
    account::Account,
    draft::Draft,
    ids::{AccountId, MarketId},
    keys::VerifyingKey,
    market::Market,
    params::{ParamsError, VenueParams},
    receipt::Receipt,
    registers::Registers,
    reject::Reject,
    risk::RiskArray,
    store::{Commit, Head, NodeStore, RecordKey, RecordKind, StoreError, TreeId},
    tree::{MerkleProof, Overlay, empty_root},
    tx::Tx,
};

/// Why a transaction was not applied.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ApplyError {
    /// The rules refuse it.
    #[error(transparent)]
    Rejected(#[from] Reject),
    /// The store failed; the state is unchanged.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a state could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpenError {
    /// The parameter set is not a valid one.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// The store failed, is corrupt, or holds a state of other parameters.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What changed since something was last done about it.
#[derive(Debug, Default)]
struct Changes {
    accounts: BTreeSet<AccountId>,
    slots: BTreeMap<AccountId, BTreeSet<u32>>,
    markets: BTreeSet<MarketId>,
}

/// The state of a venue.
#[derive(Debug)]
pub struct State {
    params: VenueParams,
    pub(super) oracle_keys: Vec<VerifyingKey>,
    store: Box<dyn NodeStore>,
    version: Option<u64>,
    overlay: Overlay,
    pub(super) registers: Registers,
    pub(super) risk: RiskArray,
    /// What was read from the store or changed; `None` for an account known to be absent.
    accounts: HashMap<AccountId, Option<Account>>,
    markets: HashMap<MarketId, Option<Market>>,
    unhashed: Changes,
    unsaved: Changes,
    risk_unsaved: bool,
}

impl State {
    /// Opens the latest version in `store`, or the empty state when there is none.
    ///
    /// # Errors
    /// [`OpenError::Params`] for an invalid parameter set, [`StoreError::OtherParams`] when the state was made with
    /// another one, and the store's failures.
    pub fn open(store: Box<dyn NodeStore>, params: VenueParams) -> Result<Self, OpenError> {
        params.check()?;
        let params_hash = params.hash();
        let head = store.head()?;
        let registers = match head {
            None => Registers {
                accounts_root: empty_root(params.depths.accounts),
                markets_root: empty_root(params.depths.markets),
                risk_root: Fr::zero(),
                params_hash,
                oracle_root: Fr::zero(),
                insurance: 0,
                fees: 0,
                seq: 0,
                time: 0,
                risk_time: 0,
                deposit_cursor: 0,
                forced_cursor: 0,
            },
            Some(head) => stored_registers(store.as_ref(), head)?,
        };
        if registers.params_hash != params_hash {
            return Err(StoreError::OtherParams.into());
        }
        let version = head.map(|head| head.version);
        let key = RecordKey { kind: RecordKind::Risk, index: 0 };
        let rows = version.map(|version| store.record(version, key)).transpose()?.flatten().unwrap_or_default();
        let risk = RiskArray::from_record(&rows, params.depths.instruments, registers.risk_root)?;
        // `check` has found every key valid.
        let oracle_keys = params.oracle.keys.iter().filter_map(|key| key.check().ok()).collect();
        Ok(Self {
            params,
            oracle_keys,
            store,
            version,
            overlay: Overlay::default(),
            registers,
            risk,
            accounts: HashMap::new(),
            markets: HashMap::new(),
            unhashed: Changes::default(),
            unsaved: Changes::default(),
            risk_unsaved: false,
        })
    }

    /// The parameter set.
    pub fn params(&self) -> &VenueParams {
        &self.params
    }

    /// The registers. Their two tree roots are those of the last call of [`root`](Self::root).
    pub fn registers(&self) -> &Registers {
        &self.registers
    }

    /// The adopted risk array.
    pub fn risk(&self) -> &RiskArray {
        &self.risk
    }

    /// The committed version that this state builds on; `None` before the first commit.
    pub fn version(&self) -> Option<u64> {
        self.version
    }

    /// The store.
    pub fn store(&self) -> &dyn NodeStore {
        self.store.as_ref()
    }

    /// Applies a transaction.
    ///
    /// # Errors
    /// [`ApplyError::Rejected`] with the reason; nothing has then changed.
    pub fn apply(&mut self, tx: &Tx) -> Result<Receipt, ApplyError> {
        let mut draft = Draft::new(self);
        let event = tx.apply(&mut draft)?;
        Ok(draft.finish(event))
    }

    /// An account.
    ///
    /// # Errors
    /// The store's failures.
    pub fn account(&mut self, id: AccountId) -> Result<Option<&Account>, StoreError> {
        if !self.accounts.contains_key(&id) {
            let key = RecordKey { kind: RecordKind::Account, index: id.0.into() };
            let words = self.version.map(|version| self.store.record(version, key)).transpose()?.flatten();
            let account = words.map(|words| Account::from_record(&words, self.params.depths.orders)).transpose()?;
            self.accounts.insert(id, account);
        }
        Ok(self.accounts.get(&id).and_then(Option::as_ref))
    }

    /// A market.
    ///
    /// # Errors
    /// The store's failures.
    pub fn market(&mut self, id: MarketId) -> Result<Option<&Market>, StoreError> {
        if !self.markets.contains_key(&id) {
            let key = RecordKey { kind: RecordKind::Market, index: id.0.into() };
            let words = self.version.map(|version| self.store.record(version, key)).transpose()?.flatten();
            let market = words.map(|words| market_from_record(&words)).transpose()?;
            self.markets.insert(id, market);
        }
        Ok(self.cached_market(id))
    }

    /// A market that was read before.
    pub(super) fn cached_market(&self, id: MarketId) -> Option<&Market> {
        self.markets.get(&id).and_then(Option::as_ref)
    }

    /// The ids of all accounts, ascending.
    ///
    /// # Errors
    /// The store's failures.
    pub fn account_ids(&self) -> Result<Vec<AccountId>, StoreError> {
        let mut ids: BTreeSet<u32> = self.stored(RecordKind::Account)?.into_iter().map(|(id, _)| id as u32).collect();
        ids.extend(self.accounts.iter().filter(|(_, account)| account.is_some()).map(|(id, _)| id.0));
        Ok(ids.into_iter().map(AccountId).collect())
    }

    /// The ids of all markets, ascending.
    ///
    /// # Errors
    /// The store's failures.
    pub fn market_ids(&self) -> Result<Vec<MarketId>, StoreError> {
        let mut ids: BTreeSet<u32> = self.stored(RecordKind::Market)?.into_iter().map(|(id, _)| id as u32).collect();
        ids.extend(self.markets.iter().filter(|(_, market)| market.is_some()).map(|(id, _)| id.0));
        Ok(ids.into_iter().map(MarketId).collect())
    }

    /// Puts another store in place of the one that is there.
    pub(crate) fn swap_store(&mut self, store: Box<dyn NodeStore>) -> Box<dyn NodeStore> {
        std::mem::replace(&mut self.store, store)
    }

    /// Forgets what was read of the version that this state is, so that it is read again.
    ///
    /// # Errors
    /// [`StoreError::Uncommitted`] if the state is not a version, and the store's failures.
    pub(crate) fn forget_reads(&mut self) -> Result<Head, StoreError> {
        let Changes { accounts, slots, markets } = &self.unsaved;
        let changed = !accounts.is_empty() || !slots.is_empty() || !markets.is_empty() || self.risk_unsaved;
        let root = self.root()?;
        let head = self.store.head()?.filter(|head| Some(head.version) == self.version && head.root == root);
        let head = head.filter(|_| !changed).ok_or(StoreError::Uncommitted)?;
        self.overlay = Overlay::default();
        self.accounts.clear();
        self.markets.clear();
        Ok(head)
    }

    fn stored(&self, kind: RecordKind) -> Result<Vec<(u64, Vec<Fr>)>, StoreError> {
        self.version.map_or(Ok(Vec::new()), |version| self.store.records(version, kind))
    }

    /// The state root.
    ///
    /// # Errors
    /// The store's failures.
    pub fn root(&mut self) -> Result<Fr, StoreError> {
        self.rehash()?;
        Ok(self.registers.root())
    }

    /// Makes the state a version of the store, durably.
    ///
    /// # Errors
    /// The store's failures; the state stays as it is, uncommitted.
    pub fn commit(&mut self) -> Result<Head, StoreError> {
        let root = self.root()?;
        let nodes = self.overlay.take();
        let commit = Commit { root, nodes: nodes.clone(), records: self.unsaved_records() };
        match self.store.commit(commit) {
            Ok(head) => {
                self.version = Some(head.version);
                self.unsaved = Changes::default();
                self.risk_unsaved = false;
                Ok(head)
            }
            Err(error) => {
                self.overlay.restore(nodes);
                Err(error)
            }
        }
    }

    /// Forgets all committed versions before `oldest`.
    ///
    /// # Errors
    /// Those of [`NodeStore::prune`].
    pub fn prune(&mut self, oldest: u64) -> Result<(), StoreError> {
        self.store.prune(oldest)
    }

    /// The path from an account's leaf, present or empty, to the account root.
    ///
    /// # Errors
    /// The store's failures.
    pub fn account_proof(&mut self, id: AccountId) -> Result<MerkleProof, StoreError> {
        self.prove(TreeId::ACCOUNTS, self.params.depths.accounts, id.0.into())
    }

    /// The path from a market's leaf, present or empty, to the market root.
    ///
    /// # Errors
    /// The store's failures.
    pub fn market_proof(&mut self, id: MarketId) -> Result<MerkleProof, StoreError> {
        self.prove(TreeId::MARKETS, self.params.depths.markets, id.0.into())
    }

    /// The path from one of an account's order slots to the root of its order tree.
    ///
    /// # Errors
    /// The store's failures.
    pub fn order_proof(&mut self, id: AccountId, slot: u32) -> Result<MerkleProof, StoreError> {
        self.prove(TreeId::orders(id.0), self.params.depths.orders, slot.into())
    }

    /// The root of an account's order tree.
    ///
    /// # Errors
    /// The store's failures.
    pub fn orders_root(&mut self, id: AccountId) -> Result<Fr, StoreError> {
        self.rehash()?;
        self.overlay.root(self.store.as_ref(), self.version, TreeId::orders(id.0), self.params.depths.orders)
    }

    fn prove(&mut self, tree: TreeId, depth: u8, index: u64) -> Result<MerkleProof, StoreError> {
        self.rehash()?;
        self.overlay.prove(self.store.as_ref(), self.version, tree, depth, index)
    }

    /// Takes in what a transaction changed.
    pub(super) fn put_account(&mut self, id: AccountId, account: Account) {
        self.accounts.insert(id, Some(account));
        self.unhashed.accounts.insert(id);
        self.unsaved.accounts.insert(id);
    }

    /// Notes that a slot of an account changed.
    pub(super) fn touch_slot(&mut self, id: AccountId, slot: u32) {
        self.unhashed.slots.entry(id).or_default().insert(slot);
    }

    /// Takes in what a transaction changed.
    pub(super) fn put_market(&mut self, id: MarketId, market: Market) {
        self.markets.insert(id, Some(market));
        self.unhashed.markets.insert(id);
        self.unsaved.markets.insert(id);
    }

    /// Takes in what a transaction changed.
    pub(super) fn put_risk(&mut self, risk: RiskArray) {
        self.risk = risk;
        self.risk_unsaved = true;
    }

    /// Brings trees and roots up to date. When the store fails half-way, what is left to do stays noted.
    fn rehash(&mut self) -> Result<(), StoreError> {
        let (store, version, depths) = (self.store.as_ref(), self.version, self.params.depths);
        while let Some((id, slots)) = self.unhashed.slots.first_key_value() {
            let (id, tree) = (*id, TreeId::orders(id.0));
            let orders = self.accounts.get(&id).and_then(Option::as_ref).map(|account| &account.orders);
            let leaf = |slot: &u32| orders.and_then(|orders| orders.get(*slot)).map(|found| found.word());
            let leaves = slots.iter().map(|slot| (u64::from(*slot), leaf(slot).unwrap_or_default())).collect();
            self.overlay.update(store, version, tree, depths.orders, leaves)?;
            self.unhashed.slots.remove(&id);
        }
        let mut leaves = BTreeMap::new();
        for id in &self.unhashed.accounts {
            if let Some(Some(account)) = self.accounts.get(id) {
                let orders = self.overlay.root(store, version, TreeId::orders(id.0), depths.orders)?;
                leaves.insert(u64::from(id.0), account.leaf(orders));
            }
        }
        self.registers.accounts_root =
            self.overlay.update(store, version, TreeId::ACCOUNTS, depths.accounts, leaves)?;
        self.unhashed.accounts.clear();
        let changed = self.unhashed.markets.iter();
        let leaves = changed
            .filter_map(|id| self.markets.get(id).and_then(Option::as_ref).map(|market| (id.0.into(), market.leaf())))
            .collect();
        self.registers.markets_root = self.overlay.update(store, version, TreeId::MARKETS, depths.markets, leaves)?;
        self.unhashed.markets.clear();
        Ok(())
    }

    fn unsaved_records(&self) -> Vec<(RecordKey, Vec<Fr>)> {
        let mut records = vec![(RecordKey { kind: RecordKind::Registers, index: 0 }, self.registers.words().to_vec())];
        if self.risk_unsaved {
            records.push((RecordKey { kind: RecordKind::Risk, index: 0 }, self.risk.record()));
        }
        for id in &self.unsaved.markets {
            if let Some(Some(market)) = self.markets.get(id) {
                let key = RecordKey { kind: RecordKind::Market, index: id.0.into() };
                records.push((key, market.words().to_vec()));
            }
        }
        for id in &self.unsaved.accounts {
            if let Some(Some(account)) = self.accounts.get(id) {
                let key = RecordKey { kind: RecordKind::Account, index: id.0.into() };
                records.push((key, account.record()));
            }
        }
        records
    }
}

/// Reads the registers of a version and checks them against its root.
pub(super) fn stored_registers(store: &dyn NodeStore, head: Head) -> Result<Registers, StoreError> {
    let corrupt = |reason: &str| StoreError::Corrupt { what: "registers", reason: reason.to_owned() };
    let key = RecordKey { kind: RecordKind::Registers, index: 0 };
    let words = store.record(head.version, key)?.ok_or_else(|| corrupt("missing"))?;
    let registers = Registers::from_words(&words)?;
    if registers.root() != head.root {
        return Err(corrupt("another root than the version's"));
    }
    Ok(registers)
}

/// Reads a market's record.
pub(crate) fn market_from_record(words: &[Fr]) -> Result<Market, StoreError> {
    let words = words.try_into().ok();
    words
        .and_then(Market::from_words)
        .ok_or_else(|| StoreError::Corrupt { what: "market", reason: "not two words of fields in range".to_owned() })
}
