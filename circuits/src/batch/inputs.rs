//! The inputs of `batch`: transactions, and what they read of the state that they are applied to.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::shape::Counts;
use super::store::{GivenStore, Reads, recorded};
use super::witness::{PushError, Ran, Run};
use crate::encoding::hex_fr;
use crate::error::StatementError;
use crate::state::batch::BatchError;
use crate::state::params::{Depths, VenueParams};
use crate::state::receipt::Receipt;
use crate::state::store::{NodeKey, RecordKey, RecordKind, StoreError, TreeId};
use crate::state::tree::Sibling;
use crate::state::tx::Tx;
use crate::state::{ApplyError, Reject, State};

/// A node of a tree of the state: 0 for the accounts, 1 for the markets, 2 + account for its orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeInputs {
    /// The tree.
    pub tree: u64,
    /// Levels above the leaves.
    pub level: u8,
    /// Index within the level.
    pub index: u64,
    /// Its value; none where nothing was ever written.
    pub value: Option<Sibling>,
}

/// Which record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordInputsKind {
    /// The registers.
    Registers,
    /// The risk array.
    Risk,
    /// A market.
    Market,
    /// An account.
    Account,
}

/// A record behind a leaf, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordInputs {
    /// What it is of.
    pub kind: RecordInputsKind,
    /// The id.
    pub index: u64,
    /// Its words; none where there is no such thing.
    pub words: Option<Vec<Sibling>>,
}

/// A batch of transactions and what they read of the state that it begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchInputs {
    /// The parameter set.
    pub params: VenueParams,
    /// Digest of the set of circuits, which the context names.
    #[serde(with = "hex_fr")]
    pub circuits: Fr,
    /// The state root before.
    #[serde(with = "hex_fr")]
    pub root: Fr,
    /// The transactions, in order.
    pub transactions: Vec<Tx>,
    /// Records that they read.
    pub records: Vec<RecordInputs>,
    /// Nodes that they read.
    pub nodes: Vec<NodeInputs>,
}

/// What became of a run of transactions that was cut into a batch.
#[derive(Debug, Clone)]
pub struct Cut {
    /// The batch.
    pub inputs: BatchInputs,
    /// What each transaction of it did.
    pub receipts: Vec<Receipt>,
    /// Those that the state refused and that are left out: place in the run, reason.
    pub rejected: Vec<(usize, Reject)>,
    /// How many of the run have been used, the refused ones included.
    pub used: usize,
    /// What the batch takes.
    pub counts: Counts,
}

fn refuse<T>(field: impl Into<String>, reason: impl Into<String>) -> Result<T, StatementError> {
    Err(StatementError::Domain { field: field.into(), reason: reason.into() })
}

fn of_store(error: StoreError) -> StatementError {
    StatementError::Domain { field: "state".to_owned(), reason: error.to_string() }
}

fn transaction(index: usize) -> String {
    format!("transaction {}", index + 1)
}

impl BatchInputs {
    /// The inputs that prove transactions on a committed state; the state is left as they make it, uncommitted. `circuits` is the digest of the
    /// circuit set.
    ///
    /// # Errors
    /// [`StatementError::Domain`] for the first transaction that is refused, for a state with changes that are not committed, and for the store's
    /// failures. The state then holds what came before.
    pub fn of(state: &mut State, transactions: &[Tx], circuits: Fr) -> Result<Self, StatementError> {
        let run = |state: &mut State| {
            let mut run = Run::new(state, circuits).map_err(of_store)?;
            for (index, tx) in transactions.iter().enumerate() {
                run.push(state, tx, &Counts::UNLIMITED).map_err(|error| error.into_statement(transaction(index)))?;
            }
            run.finish(state).map_err(of_store)
        };
        let (ran, head, reads) = recorded(state, run).map_err(of_store)?;
        Ok(Self::new(ran?, circuits, head.root, reads).0)
    }

    /// Cuts from the front of a run of transactions what fits a batch of the shape `room`, on a committed state; the state is left as the batch makes it,
    /// uncommitted. Transactions that the state refuses are left out.
    ///
    /// # Errors
    /// [`StatementError::Domain`] for a transaction that fits no batch of this shape, for a state with changes that are not committed, and for the store's
    /// failures.
    pub fn cut(state: &mut State, run: &[Tx], circuits: Fr, room: &Counts) -> Result<Cut, StatementError> {
        let (mut rejected, mut used) = (vec![], 0);
        let cut = |state: &mut State| {
            let mut batch = Run::new(state, circuits).map_err(of_store)?;
            for (index, tx) in run.iter().enumerate() {
                match batch.push(state, tx, room) {
                    Ok(()) => {}
                    Err(PushError::Refused(BatchError::Apply(ApplyError::Rejected(reject)))) => {
                        rejected.push((index, reject));
                    }
                    Err(
                        PushError::Refused(BatchError::MarketAfterAccount | BatchError::SecondRiskArray)
                        | PushError::Late
                        | PushError::Full(_)
                        | PushError::Unprovable(_),
                    ) if batch.len() > 0 => {
                        break;
                    }
                    Err(error) => return Err(error.into_statement(transaction(index))),
                }
                used = index + 1;
            }
            batch.finish(state).map_err(of_store)
        };
        let (ran, head, reads) = recorded(state, cut).map_err(of_store)?;
        let ran = ran?;
        let counts = ran.counts;
        let (inputs, receipts) = Self::new(ran, circuits, head.root, reads);
        Ok(Cut { inputs, receipts, rejected, used, counts })
    }

    fn new(ran: Ran, circuits: Fr, root: Fr, reads: Reads) -> (Self, Vec<Receipt>) {
        let records = reads.records.into_iter().map(|(key, words)| RecordInputs {
            kind: match key.kind {
                RecordKind::Registers => RecordInputsKind::Registers,
                RecordKind::Risk => RecordInputsKind::Risk,
                RecordKind::Market => RecordInputsKind::Market,
                RecordKind::Account => RecordInputsKind::Account,
            },
            index: key.index,
            words: words.map(|words| words.into_iter().map(Sibling).collect()),
        });
        let nodes = reads.nodes.into_iter().map(|(NodeKey { tree, level, index }, value)| NodeInputs {
            tree: tree.0,
            level,
            index,
            value: value.map(Sibling),
        });
        let inputs = Self {
            params: ran.witness.frame.params,
            circuits,
            root,
            transactions: ran.transactions,
            records: records.collect(),
            nodes: nodes.collect(),
        };
        (inputs, ran.receipts)
    }

    fn reads(&self) -> Result<Reads, StatementError> {
        let mut reads = Reads::default();
        for record in &self.records {
            let kind = match record.kind {
                RecordInputsKind::Registers => RecordKind::Registers,
                RecordInputsKind::Risk => RecordKind::Risk,
                RecordInputsKind::Market => RecordKind::Market,
                RecordInputsKind::Account => RecordKind::Account,
            };
            let words = record.words.as_ref().map(|words| words.iter().map(|word| word.0).collect());
            if reads.records.insert(RecordKey { kind, index: record.index }, words).is_some() {
                return refuse("records", format!("{kind:?} {} twice", record.index));
            }
        }
        for node in &self.nodes {
            let NodeInputs { tree, level, index, value } = *node;
            let key = NodeKey { tree: TreeId(tree), level, index };
            if reads.nodes.insert(key, value.map(|value| value.0)).is_some() {
                return refuse("nodes", format!("tree {tree}, level {level}, index {index} twice"));
            }
        }
        Ok(reads)
    }

    /// Checks everything, and applies the transactions to what is given of the state.
    pub(super) fn run(&self, room: &Counts) -> Result<Ran, StatementError> {
        self.params.check().or_else(|error| refuse(format!("params: {}", error.field), error.rule))?;
        if self.params.depths != Depths::default() {
            return refuse("params: depths", "the circuit's trees have the default depths");
        }
        let reads = self.reads()?;
        let store = GivenStore::new(self.root, reads.clone());
        let mut state =
            State::open(Box::new(store), self.params.clone()).or_else(|error| refuse("state", error.to_string()))?;
        reads.check(state.registers(), self.params.depths).or_else(|reason| refuse("state", reason))?;
        let mut run = Run::new(&mut state, self.circuits).map_err(of_store)?;
        for (index, tx) in self.transactions.iter().enumerate() {
            run.push(&mut state, tx, room).map_err(|error| error.into_statement(transaction(index)))?;
        }
        run.finish(&mut state).map_err(of_store)
    }
}

impl PushError {
    fn into_statement(self, field: String) -> StatementError {
        let reason = match self {
            Self::Refused(error) => error.to_string(),
            Self::Late => "a liquidation or takeover after another account transaction".to_owned(),
            Self::Full(what) => format!("there is no room for more {what}"),
            Self::Unprovable(reason) => reason,
        };
        StatementError::Domain { field, reason }
    }
}
