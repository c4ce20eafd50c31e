//! Oracle reports: a fixed number of signed prices from different signers, and their median.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{
    ids::MarketId,
    keys::{Signature, VerifyingKey},
    limits::{AMOUNT_BITS, MARKET_BITS, TIME_BITS},
    params::{OracleRules, Venue},
    reject::{Reject, Signer},
};
use crate::encoding::{Packer, Tag, chain};

/// What one oracle key reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Index of the key.
    pub signer: u32,
    /// Price in ticks.
    pub price: u64,
    /// By that key, over the message of the transaction.
    pub signature: Signature,
}

/// What is signed for an index price: the market, the time, the price, and the digest of all marks.
pub fn report_message(market: MarketId, time: u64, price: u64, marks: Fr, venue: Venue) -> Fr {
    chain(Tag::Report, &[priced(market, time, price), venue.word(), marks])
}

/// What is signed for a settlement price: the market, its expiry, and the price.
pub fn fixing_message(market: MarketId, expiry: u64, price: u64, venue: Venue) -> Fr {
    chain(Tag::Fixing, &[priced(market, expiry, price), venue.word()])
}

fn priced(market: MarketId, time: u64, price: u64) -> Fr {
    Packer::new().put(market.0, MARKET_BITS).put(time, TIME_BITS).put(price, AMOUNT_BITS).word()
}

/// Checks the number of reports and who they are from.
pub(super) fn check_signers(reports: &[Report], rules: &OracleRules) -> Result<(), Reject> {
    let needed = usize::from(rules.threshold);
    if reports.len() != needed {
        return Err(Reject::ReportCount { needed, given: reports.len() });
    }
    for (index, report) in reports.iter().enumerate() {
        if index > 0 && reports[index - 1].signer >= report.signer {
            return Err(Reject::SignerOrder);
        }
        if report.signer as usize >= rules.keys.len() {
            return Err(Reject::UnknownSigner(report.signer));
        }
    }
    Ok(())
}

/// Checks the signatures, `message` being what each signs for its price. [`check_signers`] has passed.
pub(super) fn check_signatures(
    reports: &[Report],
    keys: &[VerifyingKey],
    message: impl Fn(u64) -> Fr,
) -> Result<(), Reject> {
    for report in reports {
        let key = keys.get(report.signer as usize).ok_or(Reject::UnknownSigner(report.signer))?;
        if !key.verify(message(report.price), &report.signature) {
            return Err(Reject::BadSignature { signer: Signer::Oracle(report.signer) });
        }
    }
    Ok(())
}

/// The median price of an odd number of reports; 0 for none.
pub fn median(reports: &[Report]) -> u64 {
    let mut prices: Vec<u64> = reports.iter().map(|report| report.price).collect();
    prices.sort_unstable();
    prices.get(prices.len() / 2).copied().unwrap_or_default()
}
