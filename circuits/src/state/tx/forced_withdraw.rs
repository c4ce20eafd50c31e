//! A withdrawal demanded on the settlement layer: taken in order, and paid when the account can bear it.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{ApplyError, Draft, Event, Transaction, checks};
use crate::{
    encoding::Packer,
    state::{
        ids::{AccountId, Owner},
        limits::{ACCOUNT_BITS, AMOUNT_BITS, COUNTER_BITS, TYPE_BITS},
        receipt::{Forced, Payment},
        reject::Reject,
    },
};

/// A forced withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForcedWithdraw {
    /// Its place in the queue.
    pub index: u32,
    /// From which account.
    pub account: AccountId,
    /// Who demanded it, as the settlement layer has authenticated.
    pub owner: Owner,
    /// How much.
    pub amount: u64,
}

impl Transaction for ForcedWithdraw {
    const TYPE: u8 = 3;

    fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
        checks::counter("index", self.index)?;
        checks::account("account", self.account, draft.params().depths)?;
        checks::amount("amount", self.amount)?;
        let expected = draft.registers.forced_cursor;
        if self.index != expected {
            return Err(Reject::QueueOrder { expected, given: self.index }.into());
        }
        draft.registers.forced_cursor += 1;
        let owned = draft.find_account(self.account)?.filter(|account| account.owner == self.owner);
        let Some(mut account) = owned else {
            return Ok(Event::Forced { outcome: Forced::Void });
        };
        let in_range = account.add_cash(self.account, -i128::from(self.amount)).is_ok();
        let outcome = if in_range && draft.health(self.account, &account)?.im_ok() {
            account.auction_start = 0;
            draft.pay(Payment { owner: self.owner, account: self.account, amount: self.amount });
            draft.put_account(self.account, account);
            Forced::Paid
        } else {
            Forced::Refused
        };
        Ok(Event::Forced { outcome })
    }

    fn encode(&self) -> Vec<Fr> {
        let first = Packer::new()
            .put(Self::TYPE, TYPE_BITS)
            .put(self.index, COUNTER_BITS)
            .put(self.account.0, ACCOUNT_BITS)
            .put(self.amount, AMOUNT_BITS);
        vec![first.word(), Packer::new().bytes(&self.owner.little_endian()).word()]
    }
}
