//! Pays out an expired position at the settlement price.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{ApplyError, Draft, Event, Transaction, checks};
use crate::{
    encoding::Packer,
    state::{
        ids::{AccountId, InstrumentId},
        limits::{ACCOUNT_BITS, INSTRUMENT_BITS, TYPE_BITS},
        reject::Reject,
    },
};

/// An expiry settlement. Anyone may send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settle {
    /// Whose position.
    pub account: AccountId,
    /// In what.
    pub instrument: InstrumentId,
}

impl Transaction for Settle {
    const TYPE: u8 = 10;

    fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
        let depths = draft.params().depths;
        checks::account("account", self.account, depths)?;
        checks::instrument("instrument", self.instrument, depths)?;
        let mut account = draft.account(self.account)?;
        let position = account
            .positions
            .remove(self.instrument)
            .ok_or(Reject::NoPosition { account: self.account, instrument: self.instrument })?;
        let market = draft.market(self.instrument.market())?;
        if market.settlement_price == 0 {
            return Err(Reject::NotSettled(self.instrument.market()).into());
        }
        let payoff = market.payoff(self.instrument);
        account.add_cash(self.account, i128::from(position.qty) * i128::from(payoff))?;
        draft.put_account(self.account, account);
        Ok(Event::Settled { payoff, qty: position.qty })
    }

    fn encode(&self) -> Vec<Fr> {
        let first = Packer::new()
            .put(Self::TYPE, TYPE_BITS)
            .put(self.account.0, ACCOUNT_BITS)
            .put(self.instrument.0, INSTRUMENT_BITS);
        vec![first.word()]
    }
}
