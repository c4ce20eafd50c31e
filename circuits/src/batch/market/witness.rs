//! What a market slot assigns: the transaction, and what the state held before it.
//!
//! Nothing here decides whether a transaction is good, or what it does: the state does the one, the circuit's blocks the other.

use ethnum::I256;
use halo2curves::bn256::Fr;
use zomma_gadgets::eddsa::Signature;
use zomma_gadgets::frame::value::to_integer;
use zomma_gadgets::merkle::MerklePath;

use super::blocks::REPORTS;
use crate::batch::frame::KEYS;
use crate::batch::unsigned::UNSIGNED;
use crate::encoding::biased;
use crate::margin::WORDS;
use crate::margin::chip::DEPTH;
use crate::state::State;
use crate::state::ids::{InstrumentId, MarketId};
use crate::state::limits::AMOUNT_BITS;
use crate::state::market::Market;
use crate::state::oracle::Report;
use crate::state::store::StoreError;
use crate::state::tree::MerkleProof;
use crate::state::tx::{List, Tx};

/// The type of a market transaction, in the order of a slot's bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    List,
    OracleUpdate,
    FixExpiry,
    AdoptRisk,
    FundingTick,
}

impl Kind {
    const ALL: [Self; 5] = [Self::List, Self::OracleUpdate, Self::FixExpiry, Self::AdoptRisk, Self::FundingTick];

    fn of(tx: &Tx) -> Option<Self> {
        match tx {
            Tx::List(_) => Some(Self::List),
            Tx::OracleUpdate(_) => Some(Self::OracleUpdate),
            Tx::FixExpiry(_) => Some(Self::FixExpiry),
            Tx::AdoptRisk(_) => Some(Self::AdoptRisk),
            Tx::FundingTick(_) => Some(Self::FundingTick),
            Tx::Noop(_)
            | Tx::Deposit(_)
            | Tx::Withdraw(_)
            | Tx::ForcedWithdraw(_)
            | Tx::Register(_)
            | Tx::RotateKey(_)
            | Tx::Cancel(_)
            | Tx::Reserve(_)
            | Tx::Transfer(_)
            | Tx::Fill(_)
            | Tx::Settle(_)
            | Tx::Auction(_)
            | Tx::Liquidate(_)
            | Tx::Takeover(_)
            | Tx::Collect(_) => None,
        }
    }
}

/// A report; one that is not there has no signer, price 0 and the fixed signature.
#[derive(Debug, Clone)]
pub(super) struct ReportWitness {
    pub(super) signer: Option<u32>,
    pub(super) price: u64,
    pub(super) signature: Signature,
}

impl ReportWitness {
    fn none() -> Self {
        Self { signer: None, price: 0, signature: UNSIGNED.signature }
    }

    /// A report whose signature is not even a point and a number is refused by the state, whatever stands here.
    fn of(report: &Report) -> Self {
        let signature = report.signature.read().unwrap_or(UNSIGNED.signature);
        Self { signer: Some(report.signer), price: report.price, signature }
    }

    /// As [`super::blocks::report_block`] takes it.
    pub(super) fn price(&self) -> Vec<I256> {
        vec![self.price.into()]
    }

    /// As [`super::blocks::signer_block`] takes it.
    pub(super) fn signer(&self) -> Vec<I256> {
        (0..KEYS as u32).map(|index| (self.signer == Some(index)).into()).collect()
    }
}

/// What a market slot assigns.
#[derive(Debug, Clone)]
pub(in crate::batch) struct MarketWitness {
    /// The bits of the type, an update's time and marks, an adopted root.
    pub(super) kind: Option<Kind>,
    pub(super) time: u64,
    pub(super) marks: Fr,
    pub(super) adopted: Fr,
    /// The market before, or as it is listed.
    pub(super) market: Market,
    pub(super) exists: bool,
    pub(super) path: MerklePath,
    /// The words of the row that funding reads, and the last word of the second leaf.
    pub(super) words: [Fr; WORDS],
    pub(super) last: Fr,
    pub(super) second: MerklePath,
    pub(super) reports: [ReportWitness; REPORTS],
}

/// A market that was listed as nothing in particular: what is shown of a place with none.
const NO_MARKET: Market = Market {
    underlying: MarketId(0),
    expiry: 0,
    strike_base: 0,
    strike_step: 0,
    settlement_price: 0,
    index_price: 0,
    index_time: 0,
    funding_index: 0,
    funding_time: 0,
};

fn path_of(proof: MerkleProof) -> MerklePath {
    MerklePath { index: proof.index, siblings: proof.siblings.into_iter().map(|sibling| sibling.0).collect() }
}

impl MarketWitness {
    /// A slot that does nothing, on this state.
    ///
    /// # Errors
    /// The store's failures.
    pub(in crate::batch) fn nothing(state: &mut State) -> Result<Self, StoreError> {
        Self::at(state, MarketId(0))
    }

    /// The place of a market, shown by a slot that does nothing.
    fn at(state: &mut State, id: MarketId) -> Result<Self, StoreError> {
        let market = state.market(id)?.copied();
        Ok(Self {
            kind: None,
            time: 0,
            marks: Fr::zero(),
            adopted: Fr::zero(),
            exists: market.is_some(),
            market: market.unwrap_or(NO_MARKET),
            path: path_of(state.market_proof(id)?),
            words: [Fr::zero(); WORDS],
            last: Fr::zero(),
            second: MerklePath { index: 0, siblings: vec![Fr::zero(); DEPTH] },
            reports: [(); REPORTS].map(|()| ReportWitness::none()),
        })
    }

    /// A transaction, on the state that it is about to be applied to. For one that the state then refuses, what it assigns means nothing; `None`
    /// for one of another kind. The markets that it names are in the tree.
    ///
    /// # Errors
    /// The store's failures.
    pub(in crate::batch) fn of(state: &mut State, tx: &Tx) -> Result<Option<Self>, StoreError> {
        let Some(kind) = Kind::of(tx) else { return Ok(None) };
        let (id, reports) = match tx {
            Tx::List(list) => (list.market, &[][..]),
            Tx::OracleUpdate(update) => (update.market, &update.reports[..]),
            Tx::FixExpiry(fixing) => (fixing.market, &fixing.reports[..]),
            Tx::FundingTick(tick) => (tick.market, &[][..]),
            _ => (MarketId(0), &[][..]),
        };
        let mut witness = Self::at(state, id)?;
        witness.kind = Some(kind);
        for (place, report) in witness.reports.iter_mut().zip(reports) {
            *place = ReportWitness::of(report);
        }
        match tx {
            Tx::List(list) => witness.list(state, list)?,
            Tx::OracleUpdate(update) => (witness.time, witness.marks) = (update.time, update.marks),
            Tx::AdoptRisk(adopt) => witness.adopted = adopt.risk_root,
            Tx::FundingTick(tick) => witness.read_row(state, tick.market),
            _ => {}
        }
        Ok(Some(witness))
    }

    /// The fields of the market that is listed, and its underlying.
    fn list(&mut self, state: &mut State, list: &List) -> Result<(), StoreError> {
        let List { underlying, expiry, strike_base, strike_step, .. } = *list;
        let funding_time = state.registers().time;
        self.market = Market { underlying, expiry, strike_base, strike_step, funding_time, ..NO_MARKET };
        if expiry > 0 {
            if let Some(found) = state.market(underlying)? {
                self.last = found.words()[1];
            }
            self.second = path_of(state.market_proof(underlying)?);
        }
        Ok(())
    }

    /// The row of a perpetual.
    fn read_row(&mut self, state: &State, market: MarketId) {
        let Some(instrument) = InstrumentId::perpetual(market) else { return };
        let path = state.risk().paths(&[instrument], state.params().depths.instruments).into_iter().next().flatten();
        if let Some((row, path)) = state.risk().row(instrument).zip(path) {
            (self.words, self.last, self.second) = (row.words(), row.greeks, path);
        }
    }

    /// As [`super::blocks::kind_block`] takes it.
    pub(super) fn kind(&self) -> Vec<I256> {
        let bits = Kind::ALL.iter().map(|kind| (self.kind == Some(*kind)).into());
        let fields = [self.time.into(), to_integer(self.marks), to_integer(self.adopted)];
        bits.chain(fields).collect()
    }

    /// As [`super::blocks::terms_block`] takes it.
    pub(super) fn terms(&self) -> Vec<I256> {
        let Market { underlying, expiry, strike_base, strike_step, settlement_price, .. } = self.market;
        vec![
            underlying.0.into(),
            expiry.into(),
            strike_base.into(),
            strike_step.into(),
            settlement_price.into(),
            self.market.is_perpetual().into(),
        ]
    }

    /// As [`super::blocks::index_block`] takes it.
    pub(super) fn index(&self) -> Vec<I256> {
        let Market { index_price, index_time, funding_index, funding_time, .. } = self.market;
        let stored = biased(funding_index.into(), AMOUNT_BITS);
        vec![self.exists.into(), index_price.into(), index_time.into(), stored.into(), funding_time.into()]
    }

    /// As [`super::blocks::row_block`] takes it.
    pub(super) fn words(&self) -> Vec<I256> {
        self.words.map(to_integer).to_vec()
    }

    /// As [`super::blocks::last_block`] takes it.
    pub(super) fn last(&self) -> Vec<I256> {
        vec![to_integer(self.last)]
    }
}
