//! Cancels an order, seen or not yet seen.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{ApplyError, Draft, Event, Transaction, checks};
use crate::{
    encoding::{Packer, Tag, chain},
    state::{
        ids::AccountId,
        keys::Signature,
        limits::{ACCOUNT_BITS, AMOUNT_BITS, CANCELLED, TYPE_BITS},
        orders::OrderSlot,
        params::Venue,
        reject::Reject,
    },
};

/// A cancellation. It carries no nonce: repeating it changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// Whose order.
    pub account: AccountId,
    /// Its id.
    pub order_id: u64,
    /// By the account's key.
    pub signature: Signature,
}

impl Cancel {
    /// What is signed.
    pub fn message(&self, venue: Venue) -> Fr {
        let fields = Packer::new().put(self.account.0, ACCOUNT_BITS).put(self.order_id, AMOUNT_BITS);
        chain(Tag::Cancel, &[fields.word(), venue.word()])
    }
}

impl Transaction for Cancel {
    const TYPE: u8 = 6;

    fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
        let depths = draft.params().depths;
        checks::account("account", self.account, depths)?;
        checks::amount("order_id", self.order_id)?;
        let mut account = draft.account(self.account)?;
        if account.orders.filled(self.account, self.order_id, depths.orders)? == CANCELLED {
            return Err(Reject::OrderClosed { account: self.account, order: self.order_id }.into());
        }
        account.key.require_signed(self.account, self.message(draft.params().venue()), &self.signature)?;
        let slot = OrderSlot { order_id: self.order_id, filled: CANCELLED };
        draft.set_order(self.account, &mut account, slot);
        draft.put_account(self.account, account);
        Ok(Event::Cancelled)
    }

    fn encode(&self) -> Vec<Fr> {
        let first =
            Packer::new().put(Self::TYPE, TYPE_BITS).put(self.account.0, ACCOUNT_BITS).put(self.order_id, AMOUNT_BITS);
        vec![first.word()]
    }
}
