//! Batches: transactions in the order in which they can be proven together, and what their proof makes public.
//!
//! Normative text: section 8 of the book chapter "The exchange as a state machine".

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    ids::{AccountId, Owner},
    limits::{ACCOUNT_BITS, AMOUNT_BITS, COUNTER_BITS, TIME_BITS},
    machine::{ApplyError, State},
    params::VenueParams,
    receipt::{Payment, Receipt},
    registers::Registers,
    store::StoreError,
    tx::{Deposit, ForcedWithdraw, Tx},
};
use crate::encoding::{Chain, Packer, Tag, chain, compress, hex_fr};

/// Why a transaction did not join a batch. The batch goes on without it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BatchError {
    /// Prices may not move once accounts have been touched.
    #[error("a market transaction after an account transaction")]
    MarketAfterAccount,
    /// The context names one risk array, so a batch adopts one at most.
    #[error("a second risk array in one batch")]
    SecondRiskArray,
    /// The state refused it, or the store failed.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

/// Words of a context.
pub const CONTEXT_WORDS: usize = 13;

/// What a batch's proof makes public, apart from the two roots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchContext {
    /// The chain and application.
    #[serde(with = "hex_fr")]
    pub venue: Fr,
    /// Hash of the parameter set.
    #[serde(with = "hex_fr")]
    pub params_hash: Fr,
    /// Sequence numbers before and after.
    pub seq: (u64, u64),
    /// Time of the adopted marks, and of the last oracle update, afterwards.
    pub window: (u64, u64),
    /// Digest of the marks.
    #[serde(with = "hex_fr")]
    pub oracle_root: Fr,
    /// Root of the risk array.
    #[serde(with = "hex_fr")]
    pub risk_root: Fr,
    /// Data-availability digest.
    #[serde(with = "hex_fr")]
    pub data: Fr,
    /// Digest of the deposits taken.
    #[serde(with = "hex_fr")]
    pub deposits: Fr,
    /// Digest of the payments owed.
    #[serde(with = "hex_fr")]
    pub withdrawals: Fr,
    /// Digest of the entries of the forced queue taken.
    #[serde(with = "hex_fr")]
    pub forced: Fr,
    /// Cursor of the deposit queue before and after.
    pub deposit_cursor: (u32, u32),
    /// Cursor of the forced queue before and after.
    pub forced_cursor: (u32, u32),
}

impl BatchContext {
    /// What transactions publish that were accepted in this order, from the registers before and after, with what they did.
    pub fn of(params: &VenueParams, [old, new]: [&Registers; 2], txs: &[Tx], receipts: &[Receipt]) -> Self {
        let payments = receipts.iter().filter_map(|receipt| receipt.payment.as_ref());
        let (mut deposits, mut forced) = (Tag::Deposits.word(), Tag::Forced.word());
        for tx in txs {
            match tx {
                Tx::Deposit(Deposit { index, account, owner, amount }) => {
                    deposits = absorb_entry(deposits, *index, *account, *owner, *amount);
                }
                Tx::ForcedWithdraw(ForcedWithdraw { index, account, owner, amount }) => {
                    forced = absorb_entry(forced, *index, *account, *owner, *amount);
                }
                _ => {}
            }
        }
        Self {
            venue: params.venue().word(),
            params_hash: new.params_hash,
            seq: (old.seq, new.seq),
            window: (new.risk_time, new.time),
            oracle_root: new.oracle_root,
            risk_root: new.risk_root,
            data: data_digest(txs),
            deposits,
            withdrawals: payments.fold(Tag::Withdrawals.word(), absorb_payment),
            forced,
            deposit_cursor: (old.deposit_cursor, new.deposit_cursor),
            forced_cursor: (old.forced_cursor, new.forced_cursor),
        }
    }

    /// The context hash, given the digest of the circuit set that the prover uses.
    pub fn hash(&self, circuits: Fr) -> Fr {
        chain(Tag::Context, &self.words(circuits))
    }

    /// The words of the hash, given the digest of the circuit set.
    pub fn words(&self, circuits: Fr) -> [Fr; CONTEXT_WORDS] {
        let seq = Packer::new().put(self.seq.0, 64).put(self.seq.1, 64);
        let window = Packer::new().put(self.window.0, TIME_BITS).put(self.window.1, TIME_BITS);
        let risk_time = Packer::new().put(self.window.0, TIME_BITS);
        let cursors = [self.deposit_cursor.0, self.deposit_cursor.1, self.forced_cursor.0, self.forced_cursor.1]
            .into_iter()
            .fold(Packer::new(), |packer, cursor| packer.put(cursor, COUNTER_BITS));
        [
            self.venue,
            circuits,
            self.params_hash,
            seq.word(),
            window.word(),
            self.oracle_root,
            self.risk_root,
            risk_time.word(),
            self.data,
            self.deposits,
            self.withdrawals,
            self.forced,
            cursors.word(),
        ]
    }
}

/// A finished batch.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The state root before.
    pub old_root: Fr,
    /// The state root after.
    pub new_root: Fr,
    /// What else is public.
    pub context: BatchContext,
    /// The transactions, all accepted.
    pub txs: Vec<Tx>,
    /// What each of them did.
    pub receipts: Vec<Receipt>,
}

/// Collects accepted transactions into a batch.
#[derive(Debug)]
pub struct BatchBuilder<'s> {
    state: &'s mut State,
    old_root: Fr,
    old: Registers,
    txs: Vec<Tx>,
    receipts: Vec<Receipt>,
    accounts_touched: bool,
    adopted: bool,
}

impl<'s> BatchBuilder<'s> {
    /// Begins a batch at the present state.
    ///
    /// # Errors
    /// The store's failures.
    pub fn new(state: &'s mut State) -> Result<Self, StoreError> {
        let old_root = state.root()?;
        let old = state.registers().clone();
        Ok(Self {
            state,
            old_root,
            old,
            txs: Vec::new(),
            receipts: Vec::new(),
            accounts_touched: false,
            adopted: false,
        })
    }

    /// The state as the batch has made it so far.
    pub fn state(&mut self) -> &mut State {
        self.state
    }

    /// Applies a transaction and adds it to the batch.
    ///
    /// # Errors
    /// [`BatchError`]; state and batch are then unchanged.
    pub fn push(&mut self, tx: Tx) -> Result<&Receipt, BatchError> {
        let is_account = !tx.is_market() && !matches!(tx, Tx::Noop(_));
        if tx.is_market() && self.accounts_touched {
            return Err(BatchError::MarketAfterAccount);
        }
        let adopts = matches!(tx, Tx::AdoptRisk(_));
        if adopts && self.adopted {
            return Err(BatchError::SecondRiskArray);
        }
        let receipt = self.state.apply(&tx)?;
        self.accounts_touched |= is_account;
        self.adopted |= adopts;
        self.txs.push(tx);
        self.receipts.push(receipt);
        Ok(&self.receipts[self.receipts.len() - 1])
    }

    /// Ends the batch.
    ///
    /// # Errors
    /// The store's failures.
    pub fn finish(self) -> Result<Batch, StoreError> {
        let new_root = self.state.root()?;
        let new = self.state.registers().clone();
        let context = BatchContext::of(self.state.params(), [&self.old, &new], &self.txs, &self.receipts);
        Ok(Batch { old_root: self.old_root, new_root, context, txs: self.txs, receipts: self.receipts })
    }
}

fn owner_word(owner: Owner) -> Fr {
    Packer::new().bytes(&owner.little_endian()).word()
}

/// The digest of a queue's entries after one more; it starts from its tag, `zomma.deposits` or `zomma.forced`.
pub fn absorb_entry(digest: Fr, index: u32, account: AccountId, owner: Owner, amount: u64) -> Fr {
    let fields = Packer::new().put(account.0, ACCOUNT_BITS).put(amount, AMOUNT_BITS).put(index, COUNTER_BITS);
    compress(digest, owner_word(owner), fields.word())
}

/// The withdrawals digest after one more payment; it starts from its tag.
pub fn absorb_payment(digest: Fr, payment: &Payment) -> Fr {
    let fields = Packer::new().put(payment.account.0, ACCOUNT_BITS).put(payment.amount, AMOUNT_BITS);
    compress(digest, owner_word(payment.owner), fields.word())
}

/// The data-availability digest: how many words there are, then the words of every transaction.
pub fn data_digest(txs: &[Tx]) -> Fr {
    let words: Vec<Fr> = txs.iter().flat_map(Tx::encode).collect();
    let mut digest = Chain::new(Tag::Data);
    digest.absorb(Packer::new().put(words.len() as u32, 32).word());
    words.into_iter().for_each(|word| digest.absorb(word));
    digest.finish()
}
