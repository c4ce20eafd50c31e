//! Transactions from a file into a state, in batches as they can be proven.

use std::io::BufRead;

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::ExchangeError;
use crate::encoding::hex_fr;
use crate::state::batch::{Batch, BatchBuilder, BatchContext, BatchError};
use crate::state::receipt::Receipt;
use crate::state::tx::Tx;
use crate::state::{ApplyError, Reject, State};

/// A batch, without its transactions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchRecord {
    /// The state root before.
    #[serde(with = "hex_fr")]
    pub old_root: Fr,
    /// The state root after.
    #[serde(with = "hex_fr")]
    pub new_root: Fr,
    /// How many transactions it has.
    pub transactions: usize,
    /// What else its proof makes public.
    pub context: BatchContext,
}

impl From<&Batch> for BatchRecord {
    fn from(batch: &Batch) -> Self {
        Self {
            old_root: batch.old_root,
            new_root: batch.new_root,
            transactions: batch.txs.len(),
            context: batch.context.clone(),
        }
    }
}

/// What became of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It was accepted.
    Accepted(Receipt),
    /// It was refused; nothing changed.
    Rejected {
        /// The code of the reason.
        code: &'static str,
        /// The reason.
        reason: String,
    },
}

/// What became of a run of transactions.
#[derive(Debug, Clone, Default)]
pub struct Replay {
    /// One for each transaction.
    pub outcomes: Vec<Outcome>,
    /// The batches that the accepted ones make, each of which begins where the one before ended.
    pub batches: Vec<BatchRecord>,
}

impl Replay {
    /// How many were accepted.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Accepted(_))).count()
    }
}

/// Reads transactions: JSON, one a line; empty lines are skipped.
///
/// # Errors
/// [`ExchangeError::Line`] for the first line that is not a transaction.
pub fn read_transactions(reader: impl BufRead) -> Result<Vec<Tx>, ExchangeError> {
    let mut transactions = vec![];
    for (index, line) in reader.lines().enumerate() {
        let refuse = |reason: String| ExchangeError::Line { line: index + 1, reason };
        let line = line.map_err(|error| refuse(error.to_string()))?;
        if !line.trim().is_empty() {
            transactions.push(serde_json::from_str(&line).map_err(|error| refuse(error.to_string()))?);
        }
    }
    Ok(transactions)
}

/// Applies transactions in their order. A batch ends after `size` transactions, and before a market transaction that follows an
/// account transaction, and before a second risk array. Nothing is committed.
///
/// # Errors
/// The store's failures; with `strict`, [`ExchangeError::Rejected`] for the first that is refused. The state then holds what came before.
pub fn replay(state: &mut State, transactions: &[Tx], size: usize, strict: bool) -> Result<Replay, ExchangeError> {
    let mut replay = Replay::default();
    let mut rest = transactions;
    while !rest.is_empty() {
        let mut builder = BatchBuilder::new(state)?;
        let (mut accepted, mut used) = (0, 0);
        for tx in rest {
            if accepted == size.max(1) {
                break;
            }
            let outcome = match builder.push(tx.clone()) {
                Ok(receipt) => Outcome::Accepted(receipt.clone()),
                Err(BatchError::MarketAfterAccount | BatchError::SecondRiskArray) => break,
                Err(BatchError::Apply(ApplyError::Store(error))) => return Err(error.into()),
                Err(BatchError::Apply(ApplyError::Rejected(reject))) if strict => {
                    return Err(ExchangeError::Rejected { number: replay.outcomes.len() + 1, reject });
                }
                Err(BatchError::Apply(ApplyError::Rejected(reject))) => rejected(&reject),
            };
            accepted += usize::from(matches!(outcome, Outcome::Accepted(_)));
            replay.outcomes.push(outcome);
            used += 1;
        }
        if accepted > 0 {
            replay.batches.push(BatchRecord::from(&builder.finish()?));
        }
        rest = &rest[used..];
    }
    Ok(replay)
}

fn rejected(reject: &Reject) -> Outcome {
    Outcome::Rejected { code: reject.code(), reason: reject.to_string() }
}
