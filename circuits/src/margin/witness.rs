//! What the circuits of margin assign, as their blocks take it.

use ethnum::I256;
use halo2curves::bn256::Fr;
use zomma_gadgets::frame::value::to_integer;
use zomma_gadgets::merkle::MerklePath;

use super::chip::DEPTH;
use super::row::{RiskRow, WORDS};
use crate::encoding::biased;
use crate::state::account::Account;
use crate::state::ids::OptionKind;
use crate::state::keys::PublicKey;
use crate::state::limits::{AMOUNT_BITS, CASH_BITS, QTY_BITS};
use crate::state::market::Market;
use crate::state::params::VenueParams;
use crate::state::position::Position;

/// What margin reads of a parameter set.
#[derive(Debug, Clone)]
pub struct RulesWitness {
    /// The word of venue and depths.
    venue: Fr,
    /// Hash of the scenario set.
    scenarios: Fr,
    weights: Vec<u16>,
    /// Ratios, fees, the largest age of prices, the two accounts.
    ratios: [I256; 10],
}

impl RulesWitness {
    /// Of a parameter set.
    pub fn new(params: &VenueParams) -> Self {
        let margin = &params.margin;
        let words = params.words();
        let ratios =
            [margin.mm_factor, margin.perp_mm, margin.perp_im, margin.naked_mm, margin.naked_im].map(I256::from);
        let others = [
            params.fees.maker,
            params.fees.taker,
            params.max_price_age,
            params.fee_account.0,
            params.insurance_account.0,
        ]
        .map(I256::from);
        Self {
            venue: words[0],
            scenarios: words[1],
            weights: margin.weights.clone(),
            ratios: std::array::from_fn(|index| if index < 5 { ratios[index] } else { others[index - 5] }),
        }
    }

    /// The last weights, ratios and the rest, venue and scenario set.
    pub(super) fn last(&self) -> Vec<I256> {
        let digests = [self.venue, self.scenarios].map(to_integer);
        [&self.weights(30, 3)[..], &self.ratios, &digests].concat()
    }

    pub(super) fn weights(&self, first: usize, count: usize) -> Vec<I256> {
        self.weights[first..first + count].iter().map(|weight| I256::from(*weight)).collect()
    }
}

/// A market with its path.
#[derive(Debug, Clone)]
pub struct MarketWitness {
    market: Market,
    pub(crate) path: MerklePath,
    pub(super) used: bool,
}

impl MarketWitness {
    /// A market that is opened.
    pub fn new(market: Market, path: MerklePath) -> Self {
        Self { market, path, used: true }
    }

    /// A place for a market where there is none.
    pub fn none() -> Self {
        let market = Market {
            underlying: crate::state::ids::MarketId(0),
            expiry: 0,
            strike_base: 0,
            strike_step: 0,
            settlement_price: 0,
            index_price: 0,
            index_time: 0,
            funding_index: 0,
            funding_time: 0,
        };
        Self { market, path: no_path(), used: false }
    }

    pub(crate) fn terms(&self) -> Vec<I256> {
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

    pub(crate) fn index(&self) -> Vec<I256> {
        let Market { index_price, index_time, funding_index, funding_time, .. } = self.market;
        let stored = biased(funding_index.into(), AMOUNT_BITS);
        vec![index_price.into(), index_time.into(), stored.into(), funding_time.into()]
    }
}

fn no_path() -> MerklePath {
    MerklePath { index: 0, siblings: vec![Fr::zero(); DEPTH] }
}

/// A position with its row, or a place where there is none.
#[derive(Debug, Clone)]
pub struct PositionWitness {
    /// The position and the row's words, if there is one.
    held: Option<(Position, Vec<Fr>)>,
    pub(super) path: MerklePath,
    /// Index of its market among those that are opened.
    pub(super) market: Option<usize>,
    /// Whether it is the put of the call before it.
    pair: bool,
}

impl PositionWitness {
    /// A position. `market` is the index of its market among those that are opened.
    pub fn new(position: Position, row: &RiskRow, path: MerklePath, market: usize, pair: bool) -> Self {
        Self { held: Some((position, row.leaf_words().to_vec())), path, market: Some(market), pair }
    }

    /// A place where there is none.
    pub fn none() -> Self {
        Self { held: None, path: no_path(), market: None, pair: false }
    }

    pub(super) fn cells(&self) -> Vec<I256> {
        let Some((Position { instrument, qty, entry }, _)) = &self.held else { return vec![I256::ZERO; 7] };
        vec![
            instrument.market().0.into(),
            instrument.strike_index().into(),
            (instrument.kind() == OptionKind::Put).into(),
            biased((*qty).into(), QTY_BITS).into(),
            biased(*entry, CASH_BITS).into(),
            true.into(),
            self.pair.into(),
        ]
    }

    pub(super) fn words(&self) -> Vec<I256> {
        let words = self.held.as_ref().map(|(_, words)| words[1..=WORDS].iter().copied().map(to_integer).collect());
        words.unwrap_or_else(|| vec![I256::ZERO; WORDS])
    }

    pub(super) fn greeks(&self) -> Vec<I256> {
        vec![self.held.as_ref().map_or(I256::ZERO, |(_, words)| to_integer(words[WORDS + 1]))]
    }
}

/// An account, and its worst scenario.
#[derive(Debug, Clone)]
pub struct AccountWitness {
    cells: Vec<I256>,
    /// Minus the least weighted result.
    loss: I256,
    /// The lane that has it.
    least: usize,
}

impl AccountWitness {
    /// An account whose weighted result is least in a lane, namely `-loss`.
    pub fn new(account: &Account, orders: Fr, (least, loss): (usize, I256)) -> Self {
        let cells = account_cells(account, orders);
        Self { cells, loss, least }
    }

    /// The lane with the least weighted result.
    pub fn least(&self) -> usize {
        self.least
    }

    /// Minus that result.
    pub fn loss(&self) -> I256 {
        self.loss
    }

    pub(super) fn cells(&self) -> Vec<I256> {
        self.cells.clone()
    }
}

/// An account as its block takes it, with the root of its orders.
pub(crate) fn account_cells(account: &Account, orders: Fr) -> Vec<I256> {
    let mut owner = [0; 32];
    owner[..20].copy_from_slice(&account.owner.little_endian());
    let key: PublicKey = account.key.into();
    let mut cells = vec![
        biased(account.cash, CASH_BITS).into(),
        account.nonce.into(),
        account.auction_start.into(),
        I256::from_le_bytes(owner),
        account.reserve.into(),
    ];
    cells.extend([key.x, key.y, orders].map(to_integer));
    cells
}
