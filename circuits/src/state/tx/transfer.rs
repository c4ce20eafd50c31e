//! Cash from one account to another.

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
        reject::Reject,
    },
};

/// A collateral transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// Who pays.
    pub from: AccountId,
    /// Who is paid.
    pub to: AccountId,
    /// How much.
    pub amount: u64,
    /// The payer's nonce.
    pub nonce: u32,
    /// By the payer's key.
    pub signature: Signature,
}

impl Transfer {
    /// What is signed.
    pub fn message(&self, venue: Venue) -> Fr {
        let fields = Packer::new()
            .put(self.from.0, ACCOUNT_BITS)
            .put(self.to.0, ACCOUNT_BITS)
            .put(self.amount, AMOUNT_BITS)
            .put(self.nonce, COUNTER_BITS);
        chain(Tag::Transfer, &[fields.word(), venue.word()])
    }
}

impl Transaction for Transfer {
    const TYPE: u8 = 8;

    fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
        let depths = draft.params().depths;
        checks::account("from", self.from, depths)?;
        checks::account("to", self.to, depths)?;
        checks::amount("amount", self.amount)?;
        checks::counter("nonce", self.nonce)?;
        if self.from == self.to {
            return Err(Reject::SameAccount(self.from).into());
        }
        let mut from = draft.account(self.from)?;
        let mut to = draft.account(self.to)?;
        from.use_nonce(self.from, self.nonce)?;
        from.key.require_signed(self.from, self.message(draft.params().venue()), &self.signature)?;
        from.add_cash(self.from, -i128::from(self.amount))?;
        to.add_cash(self.to, self.amount.into())?;
        draft.require_initial(self.from, &mut from)?;
        draft.put_account(self.from, from);
        draft.put_account(self.to, to);
        Ok(Event::Transferred)
    }

    fn encode(&self) -> Vec<Fr> {
        let first = Packer::new()
            .put(Self::TYPE, TYPE_BITS)
            .put(self.from.0, ACCOUNT_BITS)
            .put(self.to.0, ACCOUNT_BITS)
            .put(self.amount, AMOUNT_BITS);
        vec![first.word()]
    }
}
