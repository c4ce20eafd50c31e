//! A new account, with proof that its key can sign.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{ApplyError, Draft, Event, Transaction, checks};
use crate::{
    encoding::{Packer, Tag, chain},
    state::{
        account::Account,
        ids::{AccountId, Owner},
        keys::{PublicKey, Signature},
        limits::{ACCOUNT_BITS, TYPE_BITS},
        params::Venue,
        reject::Reject,
    },
};

/// A registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// The id to take.
    pub account: AccountId,
    /// The owner on the settlement layer.
    pub owner: Owner,
    /// The account's key.
    pub key: PublicKey,
    /// By that key.
    pub signature: Signature,
}

impl Register {
    /// What is signed.
    pub fn message(&self, venue: Venue) -> Fr {
        let fields = Packer::new().put(self.account.0, ACCOUNT_BITS).bytes(&self.owner.little_endian());
        chain(Tag::Register, &[fields.word(), venue.word(), self.key.x, self.key.y])
    }
}

impl Transaction for Register {
    const TYPE: u8 = 4;

    fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
        checks::account("account", self.account, draft.params().depths)?;
        if draft.find_account(self.account)?.is_some() {
            return Err(Reject::AccountExists(self.account).into());
        }
        let key = self.key.check()?;
        key.require_signed(self.account, self.message(draft.params().venue()), &self.signature)?;
        draft.put_account(self.account, Account::new(key, self.owner));
        Ok(Event::Registered)
    }

    fn encode(&self) -> Vec<Fr> {
        let first = Packer::new()
            .put(Self::TYPE, TYPE_BITS)
            .put(self.account.0, ACCOUNT_BITS)
            .bytes(&self.owner.little_endian());
        vec![first.word(), self.key.x, self.key.y]
    }
}
