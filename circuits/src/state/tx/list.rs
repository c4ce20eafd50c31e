//! A new market: a perpetual, or a series of options with its whole strike grid.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{ApplyError, Draft, Event, Transaction, checks};
use crate::{
    encoding::Packer,
    state::{
        ids::MarketId,
        limits::{AMOUNT_BITS, MARKET_BITS, TIME_BITS, TYPE_BITS},
        market::Market,
        reject::Reject,
    },
};

/// A listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The id to take.
    pub market: MarketId,
    /// The perpetual market of the underlying; a perpetual's own id.
    pub underlying: MarketId,
    /// When the series expires; 0 lists a perpetual.
    pub expiry: u64,
    /// The lowest strike, in ticks.
    pub strike_base: u64,
    /// The distance of strikes, in ticks.
    pub strike_step: u64,
}

impl List {
    fn check_terms(&self, draft: &mut Draft<'_>) -> Result<(), ApplyError> {
        let require = |field: &'static str, holds: bool| if holds { Ok(()) } else { Err(Reject::BadListing { field }) };
        if self.expiry == 0 {
            require("underlying", self.underlying == self.market)?;
            require("strike_base", self.strike_base == 0)?;
            require("strike_step", self.strike_step == 0)?;
        } else {
            let underlying = draft.market(self.underlying)?;
            require("underlying", underlying.is_perpetual())?;
            require("expiry", self.expiry > draft.registers.time)?;
            require("strike_base", self.strike_base >= 1)?;
            require("strike_step", self.strike_step >= 1)?;
            require("strike_step", Market::strikes_fit(self.strike_base, self.strike_step))?;
        }
        Ok(())
    }
}

impl Transaction for List {
    const TYPE: u8 = 15;

    fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
        let depths = draft.params().depths;
        checks::market("market", self.market, depths)?;
        checks::market("underlying", self.underlying, depths)?;
        checks::time_or_zero("expiry", self.expiry)?;
        checks::amount_or_zero("strike_base", self.strike_base)?;
        checks::amount_or_zero("strike_step", self.strike_step)?;
        if draft.has_market(self.market)? {
            return Err(Reject::MarketExists(self.market).into());
        }
        self.check_terms(draft)?;
        let market = Market {
            underlying: self.underlying,
            expiry: self.expiry,
            strike_base: self.strike_base,
            strike_step: self.strike_step,
            settlement_price: 0,
            index_price: 0,
            index_time: 0,
            funding_index: 0,
            funding_time: draft.registers.time,
        };
        draft.put_market(self.market, market);
        Ok(Event::Listed)
    }

    fn encode(&self) -> Vec<Fr> {
        let first = Packer::new()
            .put(Self::TYPE, TYPE_BITS)
            .put(self.market.0, MARKET_BITS)
            .put(self.underlying.0, MARKET_BITS)
            .put(self.expiry, TIME_BITS)
            .put(self.strike_base, AMOUNT_BITS)
            .put(self.strike_step, AMOUNT_BITS);
        vec![first.word()]
    }
}
