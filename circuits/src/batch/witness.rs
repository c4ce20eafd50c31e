//! The witness of a batch, taken from a state to which its transactions are applied one by one.

use std::collections::BTreeSet;

use halo2curves::bn256::Fr;

use super::frame::FrameWitness;
use super::market::{MarketWitness, REPORTS};
use super::portfolio::PortfolioWitness;
use super::shape::{Counts, Stage};
use super::table::{POSITIONS, TableWitness};
use super::touch::TouchWitness;
use crate::state::batch::{BatchContext, BatchError};
use crate::state::ids::{AccountId, InstrumentId, MarketId};
use crate::state::params::Depths;
use crate::state::receipt::Receipt;
use crate::state::store::StoreError;
use crate::state::tree::MerkleProof;
use crate::state::tx::{FixExpiry, OracleUpdate, Tx};
use crate::state::{ApplyError, State};
use zomma_gadgets::merkle::MerklePath;

/// What the circuit assigns.
#[derive(Debug, Clone)]
pub struct BatchWitness {
    pub(super) frame: FrameWitness,
    pub(super) markets: Vec<MarketWitness>,
    /// What a market slot shows that does nothing.
    pub(super) market_padding: MarketWitness,
    pub(super) table: TableWitness,
    pub(super) portfolios: Vec<PortfolioWitness>,
    /// What a portfolio slot shows that does nothing.
    pub(super) portfolio_padding: PortfolioWitness,
    pub(super) touches: Vec<TouchWitness>,
    /// What a touch shows that does nothing.
    pub(super) touch_padding: TouchWitness,
}

/// Why a transaction does not join a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PushError {
    /// The state refused it, or it comes too late; the batch goes on without it.
    Refused(BatchError),
    /// A liquidation or takeover after another account transaction.
    Late,
    /// The shape has no room for it any more.
    Full(&'static str),
    /// No batch has room for it.
    Unprovable(String),
}

impl From<StoreError> for PushError {
    fn from(error: StoreError) -> Self {
        Self::Refused(BatchError::Apply(ApplyError::Store(error)))
    }
}

/// A batch in the making.
#[derive(Debug)]
pub(super) struct Run {
    frame: FrameWitness,
    old_root: Fr,
    markets: Vec<MarketWitness>,
    portfolios: Vec<PortfolioWitness>,
    touches: Vec<TouchWitness>,
    loaded: Loaded,
    transactions: Vec<Tx>,
    receipts: Vec<Receipt>,
    stage: Stage,
}

/// A batch that has been run.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) witness: BatchWitness,
    pub(super) counts: Counts,
    pub(super) transactions: Vec<Tx>,
    pub(super) receipts: Vec<Receipt>,
    pub(super) old_root: Fr,
    pub(super) new_root: Fr,
    pub(super) context: BatchContext,
}

/// Markets and instruments that a batch reads.
#[derive(Debug, Clone, Default)]
struct Loaded {
    markets: BTreeSet<MarketId>,
    instruments: BTreeSet<InstrumentId>,
}

impl Run {
    /// Begins a batch at the present state.
    pub(super) fn new(state: &mut State, circuits: Fr) -> Result<Self, StoreError> {
        let old_root = state.root()?;
        let (params, registers) = (state.params().clone(), state.registers().clone());
        Ok(Self {
            frame: FrameWitness { params, registers, circuits, words: 0 },
            old_root,
            markets: vec![],
            portfolios: vec![],
            touches: vec![],
            loaded: Loaded::default(),
            transactions: vec![],
            receipts: vec![],
            stage: Stage::Market,
        })
    }

    /// How many transactions there are.
    pub(super) fn len(&self) -> usize {
        self.transactions.len()
    }

    fn counts(&self) -> Counts {
        Counts {
            market_slots: self.markets.len(),
            markets: self.loaded.markets.len(),
            instruments: self.loaded.instruments.len(),
            portfolios: self.portfolios.len(),
            touches: self.touches.len(),
        }
    }

    /// Applies a transaction and adds it to the batch, if there is room in `room`. Otherwise nothing changes.
    pub(super) fn push(&mut self, state: &mut State, tx: &Tx, room: &Counts) -> Result<(), PushError> {
        let stage = Stage::of(tx);
        if stage.is_some_and(|stage| stage < self.stage) {
            return Err(match stage {
                Some(Stage::Portfolio) => PushError::Late,
                _ => PushError::Refused(BatchError::MarketAfterAccount),
            });
        }
        if matches!(tx, Tx::AdoptRisk(_)) && self.transactions.iter().any(|tx| matches!(tx, Tx::AdoptRisk(_))) {
            return Err(PushError::Refused(BatchError::SecondRiskArray));
        }
        if !is_in_trees(tx, state.params().depths) {
            // The state refuses it before it reads anything; a path that does not exist must not be among what is read.
            return Err(match state.apply(tx) {
                Err(error) => PushError::Refused(error.into()),
                Ok(_) => PushError::Unprovable("it names a place outside of a tree".to_owned()),
            });
        }
        let market = MarketWitness::of(state, tx)?;
        let mut portfolio = PortfolioWitness::of(state, tx)?;
        let mut touches = TouchWitness::of(state, tx)?;
        let mut loaded = self.loaded.clone();
        loaded.require(state, tx)?;
        loaded.price(state, portfolio.iter().flat_map(PortfolioWitness::instruments))?;
        let counts = Counts {
            market_slots: self.markets.len() + usize::from(market.is_some()),
            markets: loaded.markets.len(),
            instruments: loaded.instruments.len(),
            portfolios: self.portfolios.len() + usize::from(portfolio.is_some()),
            touches: self.touches.len() + touches.len(),
        };
        if let Some(what) = counts.exceeds(room) {
            return Err(PushError::Full(what));
        }
        let places = portfolio.as_ref().map(PortfolioWitness::needs_positions);
        if let Some(places) = places.filter(|places| *places > POSITIONS) {
            return Err(PushError::Unprovable(format!(
                "an account has {places} positions on the way; {POSITIONS} are proven"
            )));
        }
        for touch in &touches {
            if touch.needs_positions() > POSITIONS {
                return Err(PushError::Unprovable(format!(
                    "account {}: more than {POSITIONS} positions",
                    touch.account_id()
                )));
            }
        }
        match tx {
            Tx::OracleUpdate(OracleUpdate { reports, .. }) | Tx::FixExpiry(FixExpiry { reports, .. })
                if reports.len() != REPORTS =>
            {
                return Err(PushError::Unprovable(format!("{} reports; {REPORTS} are proven", reports.len())));
            }
            _ => {}
        }
        let receipt = state.apply(tx).map_err(|error| PushError::Refused(error.into()))?;
        TouchWitness::finish(&mut touches, state)?;
        if let Some(portfolio) = &mut portfolio {
            portfolio.finish(state)?;
        }
        self.frame.words += tx.encode().len() as u32;
        self.stage = stage.unwrap_or(self.stage);
        self.loaded = loaded;
        self.markets.extend(market);
        self.portfolios.extend(portfolio);
        self.touches.extend(touches);
        self.transactions.push(tx.clone());
        self.receipts.push(receipt);
        Ok(())
    }

    /// Adds the touches of a transaction that the state has not been asked about, and what they read.
    #[cfg(test)]
    pub(super) fn forge(&mut self, state: &mut State, tx: &Tx, touches: Vec<TouchWitness>) -> Result<(), StoreError> {
        self.loaded.require(state, tx)?;
        self.touches.extend(touches);
        self.frame.words += tx.encode().len() as u32;
        Ok(())
    }

    /// Ends the batch.
    pub(super) fn finish(self, state: &mut State) -> Result<Ran, StoreError> {
        let new_root = state.root()?;
        let counts = self.counts();
        let context = BatchContext::of(
            state.params(),
            [&self.frame.registers, state.registers()],
            &self.transactions,
            &self.receipts,
        );
        let witness = BatchWitness {
            market_padding: MarketWitness::nothing(state)?,
            portfolio_padding: PortfolioWitness::nothing(),
            touch_padding: TouchWitness::nothing(state, self.frame.params.fee_account)?,
            table: TableWitness::of(state, &self.loaded.instruments, &self.loaded.markets)?,
            frame: self.frame,
            markets: self.markets,
            portfolios: self.portfolios,
            touches: self.touches,
        };
        Ok(Ran {
            witness,
            counts,
            transactions: self.transactions,
            receipts: self.receipts,
            old_root: self.old_root,
            new_root,
            context,
        })
    }
}

/// Whether all accounts and markets that a transaction names have a place in their trees.
fn is_in_trees(tx: &Tx, depths: Depths) -> bool {
    let (accounts, markets): (Vec<AccountId>, Vec<MarketId>) = match tx {
        Tx::Noop(_) | Tx::Collect(_) | Tx::AdoptRisk(_) => (vec![], vec![]),
        Tx::Deposit(tx) => (vec![tx.account], vec![]),
        Tx::Withdraw(tx) => (vec![tx.account], vec![]),
        Tx::ForcedWithdraw(tx) => (vec![tx.account], vec![]),
        Tx::Register(tx) => (vec![tx.account], vec![]),
        Tx::RotateKey(tx) => (vec![tx.account], vec![]),
        Tx::Cancel(tx) => (vec![tx.account], vec![]),
        Tx::Reserve(tx) => (vec![tx.account], vec![]),
        Tx::Transfer(tx) => (vec![tx.from, tx.to], vec![]),
        Tx::Fill(tx) => {
            let [maker, taker] = [&tx.maker.order, &tx.taker.order];
            (vec![maker.account, taker.account], vec![maker.instrument.market(), taker.instrument.market()])
        }
        Tx::Settle(tx) => (vec![tx.account], vec![tx.instrument.market()]),
        Tx::Auction(tx) => (vec![tx.account], vec![]),
        Tx::Liquidate(tx) => (vec![tx.bid.liquidator, tx.bid.account], vec![]),
        Tx::Takeover(tx) => (vec![tx.account], vec![]),
        Tx::List(tx) => (vec![], vec![tx.market, tx.underlying]),
        Tx::OracleUpdate(tx) => (vec![], vec![tx.market]),
        Tx::FixExpiry(tx) => (vec![], vec![tx.market]),
        Tx::FundingTick(tx) => (vec![], vec![tx.market]),
    };
    accounts.iter().all(|id| u64::from(id.0) >> depths.accounts == 0)
        && markets.iter().all(|id| u64::from(id.0) >> depths.markets == 0)
}

impl Loaded {
    /// Adds what a transaction reads: all that the accounts hold whose margin it may ask for, as far as it is priced, the instrument that it trades,
    /// the market that it settles by.
    fn require(&mut self, state: &mut State, tx: &Tx) -> Result<(), StoreError> {
        let (accounts, instrument): (Vec<AccountId>, _) = match tx {
            Tx::Withdraw(tx) => (vec![tx.account], None),
            Tx::ForcedWithdraw(tx) => (vec![tx.account], None),
            Tx::Reserve(tx) => (vec![tx.account], None),
            Tx::Transfer(tx) => (vec![tx.from], None),
            Tx::Auction(tx) => (vec![tx.account], None),
            Tx::Fill(tx) => {
                let [maker, taker] = [&tx.maker.order, &tx.taker.order];
                (vec![maker.account, taker.account], Some(maker.instrument))
            }
            Tx::Settle(tx) => {
                let market = tx.instrument.market();
                // Its absence is shown too.
                state.market_proof(market)?;
                if state.market(market)?.is_some() {
                    self.markets.insert(market);
                }
                (vec![], None)
            }
            _ => (vec![], None),
        };
        let mut instruments: BTreeSet<InstrumentId> = instrument.into_iter().collect();
        for id in accounts {
            if let Some(account) = state.account(id)? {
                instruments.extend(account.positions.as_slice().iter().map(|position| position.instrument));
            }
        }
        self.price(state, instruments)
    }

    /// Adds instruments, as far as they are priced.
    fn price(
        &mut self,
        state: &mut State,
        instruments: impl IntoIterator<Item = InstrumentId>,
    ) -> Result<(), StoreError> {
        for instrument in instruments {
            let id = instrument.market();
            state.market_proof(id)?;
            let time = state.registers().time;
            let market = state.market(id)?.copied();
            let Some(market) = market.filter(|market| market.is_live(time) && market.lists(instrument)) else {
                continue;
            };
            let row = state.risk().row(instrument);
            if row.is_some_and(|row| row.expiry == market.expiry && row.strike == market.strike(instrument)) {
                self.markets.insert(id);
                self.instruments.insert(instrument);
            }
        }
        Ok(())
    }
}

/// A proof as the gadget takes it.
pub(super) fn path_of(proof: MerkleProof) -> MerklePath {
    MerklePath { index: proof.index, siblings: proof.siblings.into_iter().map(|sibling| sibling.0).collect() }
}
