//! A new index price, the median of a quorum's reports, and the digest of the marks that the quorum attests.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{ApplyError, Draft, Event, Transaction, checks};
use crate::{
    encoding::{Packer, hex_fr},
    state::{
        ids::MarketId,
        limits::{AMOUNT_BITS, MARKET_BITS, TIME_BITS, TYPE_BITS},
        oracle::{Report, check_signatures, check_signers, median, report_message},
        reject::Reject,
    },
};

/// An oracle update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OracleUpdate {
    /// The perpetual market whose index this is.
    pub market: MarketId,
    /// When.
    pub time: u64,
    /// Digest of the marks from which the risk array is to be computed.
    #[serde(with = "hex_fr")]
    pub marks: Fr,
    /// As many as the threshold, ascending by signer.
    pub reports: Vec<Report>,
}

impl Transaction for OracleUpdate {
    const TYPE: u8 = 16;

    fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
        checks::market("market", self.market, draft.params().depths)?;
        checks::time("time", self.time)?;
        self.reports.iter().try_for_each(|report| checks::amount("price", report.price))?;
        check_signers(&self.reports, &draft.params().oracle)?;
        let mut market = draft.market(self.market)?;
        if !market.is_perpetual() {
            return Err(Reject::NotAnIndex(self.market).into());
        }
        if self.time < draft.registers.time || self.time <= market.index_time {
            return Err(Reject::TimeBackwards.into());
        }
        let venue = draft.params().venue();
        check_signatures(&self.reports, draft.oracle_keys(), |price| {
            report_message(self.market, self.time, price, self.marks, venue)
        })?;
        let price = median(&self.reports);
        market.index_price = price;
        market.index_time = self.time;
        draft.registers.time = self.time;
        draft.registers.oracle_root = self.marks;
        draft.put_market(self.market, market);
        Ok(Event::OracleUpdated { price })
    }

    fn encode(&self) -> Vec<Fr> {
        let first = Packer::new()
            .put(Self::TYPE, TYPE_BITS)
            .put(self.market.0, MARKET_BITS)
            .put(self.time, TIME_BITS)
            .put(median(&self.reports), AMOUNT_BITS);
        vec![first.word(), self.marks]
    }
}
