//! What the table is loaded with.

use std::collections::BTreeSet;

use ethnum::I256;
use halo2curves::bn256::Fr;
use zomma_gadgets::merkle::MerklePath;

use crate::margin::RiskRow;
use crate::margin::chip::DEPTH;
use crate::margin::row::WORDS;
use crate::margin::witness::MarketWitness as OpenedMarket;
use crate::state::State;
use crate::state::ids::{InstrumentId, MarketId, OptionKind};
use crate::state::market::Market;
use crate::state::store::StoreError;
use crate::state::tree::Sibling;

/// Markets and instruments that a batch reads, each once.
#[derive(Debug, Clone, Default)]
pub(in crate::batch) struct TableWitness {
    /// Markets: those of the instruments, and those that positions are settled by.
    pub(in crate::batch) markets: Vec<MarketWitness>,
    /// Instruments: those of all positions whose margin is asked for or whose price is read.
    pub(in crate::batch) instruments: Vec<InstrumentWitness>,
}

impl TableWitness {
    /// Instruments with their markets, and further markets, of a state after a batch's market transactions. What the state does not have is left
    /// out, and no proof exists of a batch that reads it.
    ///
    /// # Errors
    /// [`StoreError`] from the state's store.
    pub(in crate::batch) fn of(
        state: &mut State,
        instruments: &BTreeSet<InstrumentId>,
        markets: &BTreeSet<MarketId>,
    ) -> Result<Self, StoreError> {
        let mut witness = Self::default();
        let of_instruments = instruments.iter().map(|instrument| instrument.market());
        for id in of_instruments.chain(markets.iter().copied()).collect::<BTreeSet<_>>() {
            let Some(market) = state.market(id)?.copied() else { continue };
            let siblings = state.market_proof(id)?.siblings.into_iter().map(|Sibling(sibling)| sibling).collect();
            witness.markets.push(MarketWitness::new(market, MerklePath { index: id.0.into(), siblings }));
        }
        let ids: Vec<InstrumentId> = instruments.iter().copied().collect();
        let paths = state.risk().paths(&ids, state.params().depths.instruments);
        let found = ids.iter().zip(paths).filter_map(|(id, path)| Some((state.risk().row(*id)?, path?)));
        witness.instruments = found.map(|(row, path)| InstrumentWitness::new(row, path)).collect();
        Ok(witness)
    }
}

/// A market with its path, or a place where there is none.
#[derive(Debug, Clone)]
pub(in crate::batch) struct MarketWitness {
    terms: Vec<I256>,
    index: Vec<I256>,
    pub(super) path: MerklePath,
    pub(super) used: bool,
}

impl MarketWitness {
    /// A market, with its path to the markets' root.
    pub(in crate::batch) fn new(market: Market, path: MerklePath) -> Self {
        let opened = OpenedMarket::new(market, path);
        Self { terms: opened.terms(), index: opened.index(), path: opened.path, used: true }
    }

    /// A place where there is none.
    pub(super) fn none() -> Self {
        let none = OpenedMarket::none();
        Self { terms: none.terms(), index: none.index(), path: none.path, used: false }
    }

    pub(super) fn terms(&self) -> Vec<I256> {
        self.terms.clone()
    }

    pub(super) fn index(&self) -> Vec<I256> {
        self.index.clone()
    }
}

/// An instrument with its row's words and path, or a place where there is none.
#[derive(Debug, Clone)]
pub(in crate::batch) struct InstrumentWitness {
    instrument: InstrumentId,
    /// Terms, lanes, Greeks.
    pub(super) words: Vec<Fr>,
    pub(super) path: MerklePath,
    pub(super) used: bool,
}

impl InstrumentWitness {
    /// An instrument: its row, with its path to the risk array's root.
    pub(in crate::batch) fn new(row: &RiskRow, path: MerklePath) -> Self {
        Self { instrument: row.instrument, words: row.leaf_words().to_vec(), path, used: true }
    }

    /// A place where there is none.
    pub(super) fn none() -> Self {
        let path = MerklePath { index: 0, siblings: vec![Fr::zero(); DEPTH] };
        Self { instrument: InstrumentId(0), words: vec![Fr::zero(); WORDS + 2], path, used: false }
    }

    /// Market, strike index, kind, whether it is used.
    pub(super) fn id(&self) -> Vec<I256> {
        let id = self.instrument;
        vec![id.market().0.into(), id.strike_index().into(), (id.kind() == OptionKind::Put).into(), self.used.into()]
    }
}
