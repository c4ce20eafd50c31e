//! Starts the liquidation clock of an unhealthy account, or stops that of a healthy one.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{ApplyError, Draft, Event, Transaction, checks};
use crate::{
    encoding::Packer,
    state::{
        ids::AccountId,
        limits::{ACCOUNT_BITS, TYPE_BITS},
        reject::Reject,
    },
};

/// Starts or stops an auction. Anyone may send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auction {
    /// Of which account.
    pub account: AccountId,
}

impl Transaction for Auction {
    const TYPE: u8 = 11;

    fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
        checks::account("account", self.account, draft.params().depths)?;
        if self.account == draft.params().insurance_account {
            return Err(Reject::InsuranceAccount.into());
        }
        let mut account = draft.account(self.account)?;
        let health = draft.health(self.account, &account)?;
        let time = draft.registers.time;
        let running = account.auction_start != 0;
        let event = if health.mm_ok() {
            if !running {
                return Err(Reject::Healthy(self.account).into());
            }
            account.auction_start = 0;
            Event::AuctionClosed
        } else {
            if running && time - account.auction_start <= draft.params().liquidation.lapse.into() {
                return Err(Reject::AuctionRunning(self.account).into());
            }
            account.auction_start = time;
            Event::AuctionOpened
        };
        draft.put_account(self.account, account);
        Ok(event)
    }

    fn encode(&self) -> Vec<Fr> {
        vec![Packer::new().put(Self::TYPE, TYPE_BITS).put(self.account.0, ACCOUNT_BITS).word()]
    }
}
