//! Charges one interval of funding on a perpetual.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{ApplyError, Draft, Event, Transaction, checks};
use crate::{
    encoding::Packer,
    state::{
        ids::{InstrumentId, MarketId},
        limits::{BP, FUNDING_LIMIT, MARKET_BITS, TYPE_BITS},
        market::Market,
        params::FundingRules,
        reject::Reject,
        risk::is_fresh,
    },
};

/// A funding tick. Anyone may send it when it is due: the state says how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FundingTick {
    /// The perpetual market.
    pub market: MarketId,
}

/// What one interval adds to the funding index: a share of the capped premium of the mark over the index, rounded down.
fn step(rules: &FundingRules, market: &Market, mark: u64) -> i64 {
    let index = i128::from(market.index_price);
    let cap = i128::from(rules.cap) * index / BP;
    let premium = (i128::from(mark) - index).clamp(-cap, cap);
    // |premium| <= index < 2^63 and interval < 2^32: the product fits, but the quotient may exceed the index's range.
    let step = (premium * i128::from(rules.interval)).div_euclid(rules.period.into());
    i64::try_from(step).unwrap_or(if step < 0 { i64::MIN } else { i64::MAX })
}

impl Transaction for FundingTick {
    const TYPE: u8 = 19;

    fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
        checks::market("market", self.market, draft.params().depths)?;
        let mut market = draft.market(self.market)?;
        if !market.is_perpetual() {
            return Err(Reject::NotAnIndex(self.market).into());
        }
        let rules = draft.params().funding;
        let elapsed = draft.registers.time - market.funding_time;
        if elapsed < rules.interval.into() {
            return Err(Reject::FundingNotDue(self.market).into());
        }
        draft.require_fresh()?;
        if !is_fresh(market.index_time, draft.registers.time, draft.params().max_price_age) {
            return Err(Reject::StalePrice.into());
        }
        // The market id is within the tree, so it has an instrument.
        let instrument = InstrumentId::perpetual(self.market).ok_or(Reject::OutOfRange { field: "market" })?;
        let step = step(&rules, &market, draft.row(instrument, &market)?.base());
        market.funding_index = market
            .funding_index
            .checked_add(step)
            .filter(|index| index.unsigned_abs() < FUNDING_LIMIT as u64)
            .ok_or(Reject::FundingOverflow(self.market))?;
        // Intervals that nobody ticked are forgiven.
        market.funding_time += elapsed - elapsed % u64::from(rules.interval);
        draft.put_market(self.market, market);
        Ok(Event::FundingTicked { step })
    }

    fn encode(&self) -> Vec<Fr> {
        vec![Packer::new().put(Self::TYPE, TYPE_BITS).put(self.market.0, MARKET_BITS).word()]
    }
}
