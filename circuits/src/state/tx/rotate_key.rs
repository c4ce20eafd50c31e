//! A new key for an account, signed by the old one.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{ApplyError, Draft, Event, Transaction, checks};
use crate::{
    encoding::{Packer, Tag, chain},
    state::{
        ids::AccountId,
        keys::{PublicKey, Signature},
        limits::{ACCOUNT_BITS, COUNTER_BITS, TYPE_BITS},
        params::Venue,
    },
};

/// A key rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotateKey {
    /// The account.
    pub account: AccountId,
    /// Its new key.
    pub key: PublicKey,
    /// Its nonce.
    pub nonce: u32,
    /// By its old key.
    pub signature: Signature,
}

impl RotateKey {
    /// What is signed.
    pub fn message(&self, venue: Venue) -> Fr {
        let fields = Packer::new().put(self.account.0, ACCOUNT_BITS).put(self.nonce, COUNTER_BITS);
        chain(Tag::Rotate, &[fields.word(), venue.word(), self.key.x, self.key.y])
    }
}

impl Transaction for RotateKey {
    const TYPE: u8 = 5;

    fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
        checks::account("account", self.account, draft.params().depths)?;
        checks::counter("nonce", self.nonce)?;
        let mut account = draft.account(self.account)?;
        account.use_nonce(self.account, self.nonce)?;
        let key = self.key.check()?;
        account.key.require_signed(self.account, self.message(draft.params().venue()), &self.signature)?;
        account.key = key;
        draft.put_account(self.account, account);
        Ok(Event::KeyRotated)
    }

    fn encode(&self) -> Vec<Fr> {
        let first = Packer::new().put(Self::TYPE, TYPE_BITS).put(self.account.0, ACCOUNT_BITS);
        vec![first.word(), self.key.x, self.key.y]
    }
}
