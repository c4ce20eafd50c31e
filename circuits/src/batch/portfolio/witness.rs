//! What a portfolio slot assigns, taken from the state before and after its transaction.

use ethnum::I256;
use halo2curves::bn256::Fr;
use zomma_gadgets::eddsa::Signature;
use zomma_gadgets::merkle::MerklePath;

use crate::batch::ACCOUNT_DEPTH;
use crate::batch::table::{POSITIONS, PositionsWitness};
use crate::batch::unsigned::UNSIGNED;
use crate::encoding::biased;
use crate::margin::witness::account_cells;
use crate::state::State;
use crate::state::account::Account;
use crate::state::ids::{AccountId, InstrumentId};
use crate::state::limits::{CASH_BITS, QTY_BITS};
use crate::state::position::Position;
use crate::state::store::StoreError;
use crate::state::tree::{MerkleProof, Sibling};
use crate::state::tx::Tx;

/// Which transaction it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Liquidate,
    Takeover,
}

/// One of the two accounts.
#[derive(Debug, Clone)]
pub(super) struct Party {
    /// As [`crate::margin::blocks::account_block`] takes it, before.
    pub(super) cells: Vec<I256>,
    pub(super) path: MerklePath,
    /// Its positions before and afterwards.
    pub(super) lists: [PositionsWitness; 2],
}

impl Party {
    fn none() -> Self {
        let mut cells = vec![I256::ZERO; 8];
        cells[0] = biased(0, CASH_BITS).into();
        let path = MerklePath { index: 0, siblings: vec![Fr::zero(); ACCOUNT_DEPTH] };
        Self { cells, path, lists: [PositionsWitness::default(), PositionsWitness::default()] }
    }

    fn of(state: &mut State, id: AccountId) -> Result<Self, StoreError> {
        let orders = state.orders_root(id)?;
        let path = path_of(state.account_proof(id)?);
        let Some(account) = state.account(id)? else { return Ok(Self { path, ..Self::none() }) };
        let before = PositionsWitness(account.positions.as_slice().to_vec());
        Ok(Self { cells: account_cells(account, orders), path, lists: [before.clone(), before] })
    }
}

/// What a portfolio slot assigns.
#[derive(Debug, Clone)]
pub(in crate::batch) struct PortfolioWitness {
    /// `None` for padding.
    pub(super) kind: Option<Kind>,
    pub(super) ids: [AccountId; 2],
    pub(super) share: u16,
    pub(super) pay: i128,
    pub(super) expiry: u64,
    pub(super) signature: Signature,
    /// The account whose positions move, and the one that they move to.
    pub(super) parties: [Party; 2],
    /// For each position of the one, what the other has in its instrument.
    pub(super) held: Vec<Option<Position>>,
}

impl PortfolioWitness {
    /// A slot that does nothing.
    pub(in crate::batch) fn nothing() -> Self {
        Self {
            kind: None,
            ids: [AccountId(0); 2],
            share: 0,
            pay: 0,
            expiry: 0,
            signature: UNSIGNED.signature,
            parties: [Party::none(), Party::none()],
            held: vec![],
        }
    }

    /// The slot of a transaction on the state that it is about to be applied to; `None` of one of another type. For one that the state then
    /// refuses, what it assigns means nothing. [`finish`](Self::finish) completes it.
    ///
    /// # Errors
    /// The store's failures.
    pub(in crate::batch) fn of(state: &mut State, tx: &Tx) -> Result<Option<Self>, StoreError> {
        let insurance = state.params().insurance_account;
        let slot = match tx {
            Tx::Liquidate(tx) => Self {
                kind: Some(Kind::Liquidate),
                ids: [tx.bid.account, tx.bid.liquidator],
                share: tx.bid.share,
                pay: tx.bid.pay,
                expiry: tx.bid.expiry,
                // One that is no signature stays the fixed one, which no proof takes for it.
                signature: tx.signature.read().unwrap_or(UNSIGNED.signature),
                ..Self::nothing()
            },
            Tx::Takeover(tx) => Self { kind: Some(Kind::Takeover), ids: [tx.account, insurance], ..Self::nothing() },
            _ => return Ok(None),
        };
        let [account, other] = slot.ids;
        let parties = [Party::of(state, account)?, Party::of(state, other)?];
        let [from, to] = [0, 1].map(|party: usize| &parties[party].lists[0].0);
        let find = |position: &Position| to.iter().find(|other| other.instrument == position.instrument).copied();
        let held = from.iter().map(find).collect();
        Ok(Some(Self { parties, held, ..slot }))
    }

    /// Completes the slot of a transaction that the state has accepted: the positions afterwards, and the second account's path, which has the
    /// first one's new leaf beside it.
    ///
    /// # Errors
    /// The store's failures.
    pub(in crate::batch) fn finish(&mut self, state: &mut State) -> Result<(), StoreError> {
        for (party, id) in self.parties.iter_mut().zip(self.ids) {
            let list = |account: &Account| PositionsWitness(account.positions.as_slice().to_vec());
            party.lists[1] = state.account(id)?.map(list).unwrap_or_default();
        }
        self.parties[1].path = path_of(state.account_proof(self.ids[1])?);
        Ok(())
    }

    /// Instruments that it reads: those of both accounts.
    pub(in crate::batch) fn instruments(&self) -> impl Iterator<Item = InstrumentId> {
        self.parties.iter().flat_map(|party| &party.lists[0].0).map(|position| position.instrument)
    }

    /// How many positions one of its accounts has at most on the way, before the slot is completed: those that are taken are put in one after the
    /// other.
    pub(in crate::batch) fn needs_positions(&self) -> usize {
        let [from, to] = [0, 1].map(|party| &self.parties[party].lists[0].0);
        let mut count = to.len();
        let mut most = count.max(from.len());
        for (position, held) in from.iter().zip(&self.held) {
            match held {
                Some(found) if found.qty + self.moved(position) == 0 => count -= 1,
                Some(_) => {}
                None => count += 1,
            }
            most = most.max(count);
        }
        most
    }

    /// What of a position moves.
    fn moved(&self, position: &Position) -> i64 {
        let share = if self.kind == Some(Kind::Liquidate) { i128::from(self.share) } else { 10_000 };
        let lots = (i128::from(position.qty).abs() * share + 9_999) / 10_000;
        position.qty.signum() * lots as i64
    }

    /// As [`super::blocks::bid_block`] takes it.
    pub(super) fn bid(&self) -> Vec<I256> {
        vec![
            (self.kind == Some(Kind::Liquidate)).into(),
            (self.kind == Some(Kind::Takeover)).into(),
            self.share.into(),
            biased(self.pay, CASH_BITS).into(),
            self.expiry.into(),
        ]
    }

    /// As [`super::moves::take_block`] takes it, of a place of the account's list.
    pub(super) fn taken(&self, index: usize) -> Vec<I256> {
        let found = self.held.get(index).copied().flatten();
        let (qty, entry) = found.map_or((0, 0), |position| (position.qty, position.entry));
        vec![found.is_some().into(), biased(qty.into(), QTY_BITS).into(), biased(entry, CASH_BITS).into()]
    }

    /// Where the lists are edited for a place of the account's list: in its own list, and in the other's.
    pub(super) fn places(&self, index: usize) -> [usize; 2] {
        let [from, to] = [0, 1].map(|party| &self.parties[party].lists);
        let Some(position) = from[0].0.get(index) else { return [POSITIONS - 1; 2] };
        // What is below has been dealt with, what is above has not.
        let below =
            |list: &PositionsWitness| list.0.iter().filter(|other| other.instrument < position.instrument).count();
        [below(&from[1]), below(&to[1])]
    }
}

fn path_of(proof: MerkleProof) -> MerklePath {
    let siblings = proof.siblings.into_iter().map(|Sibling(sibling)| sibling).collect();
    MerklePath { index: proof.index, siblings }
}
