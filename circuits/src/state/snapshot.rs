//! A whole state in one file, and back. What is read is trusted only when it hashes to the root that it claims.
//!
//! Layout, integers little-endian, words canonical field elements of 32 bytes:
//!
//! ```text
//! "zomma.snapshot"  version:u32  root:word
//! then sections, each  kind:u8  count:u64  count × (index:u64  words:u64  words × word)
//!   in the order registers, risk, markets, accounts; indices ascend
//! sha256 of everything before
//! ```

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
};

use ff::PrimeField;
use halo2curves::bn256::Fr;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{
    account::Account,
    ids::{AccountId, MarketId},
    machine::{OpenError, State, market_from_record},
    params::VenueParams,
    registers::Registers,
    risk::RiskArray,
    store::{NodeStore, RecordKey, RecordKind, StoreError},
};

const MAGIC: &[u8; 14] = b"zomma.snapshot";
const VERSION: u32 = 1;
const SECTIONS: [RecordKind; 4] = [RecordKind::Registers, RecordKind::Risk, RecordKind::Market, RecordKind::Account];
/// No record is longer: a risk array of 2^20 rows of 15 words.
const MAX_WORDS: u64 = 15 << 20;

/// Why a snapshot could not be written or read.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// Reading or writing failed.
    #[error("snapshot: {0}")]
    Io(#[from] io::Error),
    /// The file is not a snapshot, or a damaged one.
    #[error("snapshot: {0}")]
    Format(&'static str),
    /// The contents do not hash to the root that the file claims.
    #[error("snapshot: {0} do not hash to the claimed root")]
    Root(&'static str),
    /// The store or the parameters.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl From<StoreError> for SnapshotError {
    fn from(error: StoreError) -> Self {
        Self::Open(error.into())
    }
}

/// A writer that hashes what passes.
struct Hashed<W> {
    inner: W,
    hash: Sha256,
}

impl<W: Write> Hashed<W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.inner.write_all(bytes)
    }
}

impl<R: Read> Hashed<R> {
    fn get<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => SnapshotError::Format("the file ends early"),
            _ => error.into(),
        })?;
        self.hash.update(bytes);
        Ok(bytes)
    }

    fn word(&mut self) -> Result<Fr, SnapshotError> {
        let word: Option<Fr> = Fr::from_repr(self.get()?).into();
        word.ok_or(SnapshotError::Format("a word is not a canonical field element"))
    }

    fn count(&mut self, limit: u64, reason: &'static str) -> Result<u64, SnapshotError> {
        let count = u64::from_le_bytes(self.get()?);
        if count > limit { Err(SnapshotError::Format(reason)) } else { Ok(count) }
    }
}

impl State {
    /// Writes the committed version that this state builds on.
    ///
    /// # Errors
    /// [`SnapshotError::Format`] when nothing was committed yet, [`SnapshotError::Io`], and the store's failures.
    pub fn write_snapshot(&self, writer: impl Write) -> Result<(), SnapshotError> {
        let head = self.store().head()?.ok_or(SnapshotError::Format("the state was never committed"))?;
        write(self.store(), head.version, head.root, writer)
    }

    /// Reads a snapshot into an empty store and commits it as its first version.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`] for a store in use, [`StoreError::OtherParams`] for a state of other parameters, and
    /// [`SnapshotError`] for anything that is not exactly what was written.
    pub fn restore(store: Box<dyn NodeStore>, params: VenueParams, reader: impl Read) -> Result<Self, SnapshotError> {
        if store.head()?.is_some() {
            return Err(StoreError::NotEmpty.into());
        }
        let mut state = Self::open(store, params)?;
        let Contents { root, records } = read(reader)?;
        let registers = single(&records, RecordKind::Registers)
            .map(|words| Registers::from_words(words))
            .ok_or(SnapshotError::Format("there is not one record of registers"))??;
        if registers.params_hash != state.registers.params_hash {
            return Err(StoreError::OtherParams.into());
        }
        if registers.root() != root {
            return Err(SnapshotError::Root("registers"));
        }
        let rows = single(&records, RecordKind::Risk).map_or(&[][..], Vec::as_slice);
        let risk = RiskArray::from_record(rows, state.params().depths.instruments, registers.risk_root)?;
        state.put_risk(risk);
        let depths = state.params().depths;
        for (&index, words) in &records[&RecordKind::Market] {
            let id = within(index, depths.markets, "a market's id is beyond the tree")?;
            state.put_market(MarketId(id), market_from_record(words)?);
        }
        for (&index, words) in &records[&RecordKind::Account] {
            let id = AccountId(within(index, depths.accounts, "an account's id is beyond the tree")?);
            let account = Account::from_record(words, depths.orders)?;
            for (slot, _) in account.orders.iter() {
                state.touch_slot(id, slot);
            }
            state.put_account(id, account);
        }
        let roots = (registers.accounts_root, registers.markets_root);
        state.registers = registers;
        state.root()?;
        if state.registers.accounts_root != roots.0 {
            return Err(SnapshotError::Root("accounts"));
        }
        if state.registers.markets_root != roots.1 {
            return Err(SnapshotError::Root("markets"));
        }
        state.commit()?;
        Ok(state)
    }
}

/// What a snapshot holds.
struct Contents {
    root: Fr,
    records: BTreeMap<RecordKind, BTreeMap<u64, Vec<Fr>>>,
}

fn single(records: &BTreeMap<RecordKind, BTreeMap<u64, Vec<Fr>>>, kind: RecordKind) -> Option<&Vec<Fr>> {
    records.get(&kind).filter(|found| found.len() == 1).and_then(|found| found.get(&0))
}

fn within(index: u64, depth: u8, reason: &'static str) -> Result<u32, SnapshotError> {
    u32::try_from(index).ok().filter(|id| u64::from(*id) >> depth == 0).ok_or(SnapshotError::Format(reason))
}

fn write(store: &dyn NodeStore, version: u64, root: Fr, writer: impl Write) -> Result<(), SnapshotError> {
    let mut out = Hashed { inner: writer, hash: Sha256::new() };
    out.put(MAGIC)?;
    out.put(&VERSION.to_le_bytes())?;
    out.put(&root.to_repr())?;
    for kind in SECTIONS {
        let records = match kind {
            RecordKind::Registers | RecordKind::Risk => {
                let found = store.record(version, RecordKey { kind, index: 0 })?;
                found.map(|words| (0, words)).into_iter().collect()
            }
            RecordKind::Market | RecordKind::Account => store.records(version, kind)?,
        };
        out.put(&[kind as u8])?;
        out.put(&(records.len() as u64).to_le_bytes())?;
        for (index, words) in records {
            out.put(&index.to_le_bytes())?;
            out.put(&(words.len() as u64).to_le_bytes())?;
            for word in words {
                out.put(&word.to_repr())?;
            }
        }
    }
    let Hashed { mut inner, hash } = out;
    inner.write_all(&hash.finalize())?;
    inner.flush()?;
    Ok(())
}

fn read(reader: impl Read) -> Result<Contents, SnapshotError> {
    let mut input = Hashed { inner: reader, hash: Sha256::new() };
    if &input.get::<14>()? != MAGIC {
        return Err(SnapshotError::Format("not a snapshot"));
    }
    if u32::from_le_bytes(input.get()?) != VERSION {
        return Err(SnapshotError::Format("another format version"));
    }
    let root = input.word()?;
    let mut records: BTreeMap<RecordKind, BTreeMap<u64, Vec<Fr>>> = BTreeMap::new();
    for kind in SECTIONS {
        if input.get::<1>()? != [kind as u8] {
            return Err(SnapshotError::Format("sections are out of order"));
        }
        let section = records.entry(kind).or_default();
        for _ in 0..input.count(1 << 32, "too many records")? {
            let index = u64::from_le_bytes(input.get()?);
            if section.last_key_value().is_some_and(|(last, _)| *last >= index) {
                return Err(SnapshotError::Format("records are not strictly ascending"));
            }
            let mut words = Vec::new();
            for _ in 0..input.count(MAX_WORDS, "a record is too long")? {
                words.push(input.word()?);
            }
            section.insert(index, words);
        }
    }
    let expected = input.hash.clone().finalize();
    let mut found = [0u8; 32];
    input.inner.read_exact(&mut found).map_err(|_| SnapshotError::Format("the file ends early"))?;
    if found != expected[..] {
        return Err(SnapshotError::Format("the checksum does not match"));
    }
    if input.inner.read(&mut [0])? != 0 {
        return Err(SnapshotError::Format("there is more after the checksum"));
    }
    Ok(Contents { root, records })
}
