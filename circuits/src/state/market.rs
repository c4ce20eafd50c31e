//! Markets: perpetuals, which carry an index and funding, and series of options.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{
    ids::{InstrumentId, MarketId, OptionKind},
    limits::{AMOUNT_BITS, AMOUNT_LIMIT, FUNDING_LIMIT, MARKET_BITS, STRIKES, TIME_BITS},
};
use crate::encoding::{Packer, Tag, Unpacker, chain};

/// A market's record. Prices and strikes in ticks, times in Unix seconds; 0 where there is none yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Market {
    /// The perpetual market that carries the index; a perpetual's own id.
    pub underlying: MarketId,
    /// When a series expires; 0 for a perpetual.
    pub expiry: u64,
    /// Strike of index 0 of a series.
    pub strike_base: u64,
    /// Distance of neighbouring strikes.
    pub strike_step: u64,
    /// Settlement price of a series, once fixed.
    pub settlement_price: u64,
    /// Last median of the oracle.
    pub index_price: u64,
    /// Its time.
    pub index_time: u64,
    /// Cumulative funding paid by a long lot, in ticks.
    pub funding_index: i64,
    /// Up to when funding has been charged.
    pub funding_time: u64,
}

impl Market {
    /// Whether this is a perpetual.
    pub fn is_perpetual(&self) -> bool {
        self.expiry == 0
    }

    /// Whether it can be traded and margined at `time`.
    pub fn is_live(&self, time: u64) -> bool {
        self.is_perpetual() || time < self.expiry
    }

    /// Whether the market has this instrument.
    pub fn lists(&self, instrument: InstrumentId) -> bool {
        !self.is_perpetual() || InstrumentId::perpetual(instrument.market()) == Some(instrument)
    }

    /// Strike of an instrument; 0 for a perpetual.
    pub fn strike(&self, instrument: InstrumentId) -> u64 {
        self.strike_base + u64::from(instrument.strike_index()) * self.strike_step
    }

    /// What one lot of an option settles to at the settlement price.
    pub fn payoff(&self, instrument: InstrumentId) -> u64 {
        let strike = self.strike(instrument);
        match instrument.kind() {
            OptionKind::Call => self.settlement_price.saturating_sub(strike),
            OptionKind::Put => strike.saturating_sub(self.settlement_price),
        }
    }

    /// Whether a series' strikes all stay below 2^63.
    pub fn strikes_fit(strike_base: u64, strike_step: u64) -> bool {
        let highest = u128::from(strike_base) + u128::from(STRIKES - 1) * u128::from(strike_step);
        highest < u128::from(AMOUNT_LIMIT)
    }

    /// The two words of the record: terms, and index.
    pub fn words(&self) -> [Fr; 2] {
        let terms = Packer::new()
            .put(self.underlying.0, MARKET_BITS)
            .put(self.expiry, TIME_BITS)
            .put(self.strike_base, AMOUNT_BITS)
            .put(self.strike_step, AMOUNT_BITS)
            .put(self.settlement_price, AMOUNT_BITS);
        let index = Packer::new()
            .put(self.index_price, AMOUNT_BITS)
            .put(self.index_time, TIME_BITS)
            .put_signed(self.funding_index, AMOUNT_BITS)
            .put(self.funding_time, TIME_BITS);
        [terms.word(), index.word()]
    }

    /// The record that two words stand for, or `None` when they stand for none.
    pub fn from_words([terms, index]: [Fr; 2]) -> Option<Self> {
        let (mut terms, mut index) = (Unpacker::new(terms), Unpacker::new(index));
        let market = Self {
            underlying: MarketId(terms.take(MARKET_BITS) as u32),
            expiry: terms.take(TIME_BITS) as u64,
            strike_base: terms.take(AMOUNT_BITS) as u64,
            strike_step: terms.take(AMOUNT_BITS) as u64,
            settlement_price: terms.take(AMOUNT_BITS) as u64,
            index_price: index.take(AMOUNT_BITS) as u64,
            index_time: index.take(TIME_BITS) as u64,
            funding_index: index.take_signed(AMOUNT_BITS) as i64,
            funding_time: index.take(TIME_BITS) as u64,
        };
        let in_range = market.settlement_price < AMOUNT_LIMIT
            && market.index_price < AMOUNT_LIMIT
            && (-FUNDING_LIMIT < market.funding_index && market.funding_index < FUNDING_LIMIT)
            && Self::strikes_fit(market.strike_base, market.strike_step);
        (terms.is_exhausted() && index.is_exhausted() && in_range).then_some(market)
    }

    /// The market's leaf.
    pub fn leaf(&self) -> Fr {
        chain(Tag::Market, &self.words())
    }
}
