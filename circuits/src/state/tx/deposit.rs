//! Cash from the settlement layer's queue.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{ApplyError, Draft, Event, Transaction, checks};
use crate::{
    encoding::Packer,
    state::{
        ids::{AccountId, Owner},
        limits::{ACCOUNT_BITS, AMOUNT_BITS, COUNTER_BITS, TYPE_BITS},
        receipt::Payment,
        reject::Reject,
    },
};

/// A deposit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deposit {
    /// Its place in the queue.
    pub index: u32,
    /// The account to credit.
    pub account: AccountId,
    /// Who gets it back when it cannot be credited.
    pub owner: Owner,
    /// How much.
    pub amount: u64,
}

impl Transaction for Deposit {
    const TYPE: u8 = 1;

    fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
        checks::counter("index", self.index)?;
        checks::account("account", self.account, draft.params().depths)?;
        checks::amount("amount", self.amount)?;
        let expected = draft.registers.deposit_cursor;
        if self.index != expected {
            return Err(Reject::QueueOrder { expected, given: self.index }.into());
        }
        draft.registers.deposit_cursor += 1;
        let credited = draft
            .find_account(self.account)?
            .and_then(|mut account| account.add_cash(self.account, self.amount.into()).is_ok().then_some(account));
        let refunded = credited.is_none();
        match credited {
            Some(account) => draft.put_account(self.account, account),
            None => draft.pay(Payment { owner: self.owner, account: self.account, amount: self.amount }),
        }
        Ok(Event::Deposited { refunded })
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
