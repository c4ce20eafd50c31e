//! Fixes the settlement price of an expired series: the median of reports for exactly its expiry.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{ApplyError, Draft, Event, Transaction, checks};
use crate::{
    encoding::Packer,
    state::{
        ids::MarketId,
        limits::{AMOUNT_BITS, MARKET_BITS, TYPE_BITS},
        oracle::{Report, check_signatures, check_signers, fixing_message, median},
        reject::Reject,
    },
};

/// An expiry fixing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixExpiry {
    /// The series.
    pub market: MarketId,
    /// As many as the threshold, ascending by signer.
    pub reports: Vec<Report>,
}

impl Transaction for FixExpiry {
    const TYPE: u8 = 17;

    fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
        checks::market("market", self.market, draft.params().depths)?;
        self.reports.iter().try_for_each(|report| checks::amount("price", report.price))?;
        check_signers(&self.reports, &draft.params().oracle)?;
        let mut market = draft.market(self.market)?;
        if market.is_perpetual() {
            return Err(Reject::NotASeries(self.market).into());
        }
        if market.settlement_price != 0 {
            return Err(Reject::AlreadySettled(self.market).into());
        }
        if draft.registers.time < market.expiry {
            return Err(Reject::NotExpired(self.market).into());
        }
        let venue = draft.params().venue();
        check_signatures(&self.reports, draft.oracle_keys(), |price| {
            fixing_message(self.market, market.expiry, price, venue)
        })?;
        let price = median(&self.reports);
        market.settlement_price = price;
        draft.put_market(self.market, market);
        Ok(Event::ExpiryFixed { price })
    }

    fn encode(&self) -> Vec<Fr> {
        let first = Packer::new()
            .put(Self::TYPE, TYPE_BITS)
            .put(self.market.0, MARKET_BITS)
            .put(median(&self.reports), AMOUNT_BITS);
        vec![first.word()]
    }
}
