//! Cash to the settlement layer, signed by the account.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{ApplyError, Draft, Event, Transaction, checks};
use crate::{
    encoding::{Packer, Tag, chain},
    state::{
        ids::AccountId,
        keys::Signature,
        limits::{ACCOUNT_BITS, AMOUNT_BITS, COUNTER_BITS, TYPE_BITS},
        params::Venue,
        receipt::Payment,
    },
};

/// A withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdraw {
    /// From which account; its owner is paid.
    pub account: AccountId,
    /// How much.
    pub amount: u64,
    /// The account's nonce.
    pub nonce: u32,
    /// By the account's key.
    pub signature: Signature,
}

impl Withdraw {
    /// What is signed.
    pub fn message(&self, venue: Venue) -> Fr {
        let fields =
            Packer::new().put(self.account.0, ACCOUNT_BITS).put(self.amount, AMOUNT_BITS).put(self.nonce, COUNTER_BITS);
        chain(Tag::Withdraw, &[fields.word(), venue.word()])
    }
}

impl Transaction for Withdraw {
    const TYPE: u8 = 2;

    fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
        checks::account("account", self.account, draft.params().depths)?;
        checks::amount("amount", self.amount)?;
        checks::counter("nonce", self.nonce)?;
        let mut account = draft.account(self.account)?;
        account.use_nonce(self.account, self.nonce)?;
        account.key.require_signed(self.account, self.message(draft.params().venue()), &self.signature)?;
        account.add_cash(self.account, -i128::from(self.amount))?;
        draft.require_initial(self.account, &mut account)?;
        draft.pay(Payment { owner: account.owner, account: self.account, amount: self.amount });
        draft.put_account(self.account, account);
        Ok(Event::Withdrawn)
    }

    fn encode(&self) -> Vec<Fr> {
        let first =
            Packer::new().put(Self::TYPE, TYPE_BITS).put(self.account.0, ACCOUNT_BITS).put(self.amount, AMOUNT_BITS);
        vec![first.word()]
    }
}
