//! Order slots of an account: what was seen of the orders it signed.

use std::collections::BTreeMap;

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{
    ids::AccountId,
    limits::{AMOUNT_BITS, AMOUNT_LIMIT, CANCELLED},
    reject::Reject,
};
use crate::encoding::{Packer, Unpacker};

/// The highest order id seen in a slot, and how much of that order is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSlot {
    /// The order id, from 1, below 2^63.
    pub order_id: u64,
    /// Lots filled, or [`CANCELLED`].
    pub filled: u64,
}

impl OrderSlot {
    /// The slot's word, its leaf in the order tree.
    pub fn word(self) -> Fr {
        Packer::new().put(self.order_id, AMOUNT_BITS).put(self.filled, AMOUNT_BITS).word()
    }

    /// The slot that a word stands for, or `None` when it stands for none.
    pub fn from_word(word: Fr) -> Option<Self> {
        let mut fields = Unpacker::new(word);
        let slot = Self { order_id: fields.take(AMOUNT_BITS) as u64, filled: fields.take(AMOUNT_BITS) as u64 };
        let in_range = (1..AMOUNT_LIMIT).contains(&slot.order_id) && slot.filled <= CANCELLED;
        (fields.is_exhausted() && in_range).then_some(slot)
    }
}

/// The non-empty order slots of one account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct OrderSlots(BTreeMap<u32, OrderSlot>);

impl OrderSlots {
    /// The index of the slot of `order_id` in a tree of depth `depth`.
    pub fn index(order_id: u64, depth: u8) -> u32 {
        (order_id & ((1 << depth) - 1)) as u32
    }

    /// The slot at `index`.
    pub fn get(&self, index: u32) -> Option<OrderSlot> {
        self.0.get(&index).copied()
    }

    /// Sets the slot of the order's id.
    pub fn set(&mut self, slot: OrderSlot, depth: u8) {
        self.0.insert(Self::index(slot.order_id, depth), slot);
    }

    /// The non-empty slots, ascending by index.
    pub fn iter(&self) -> impl Iterator<Item = (u32, OrderSlot)> + '_ {
        self.0.iter().map(|(index, slot)| (*index, *slot))
    }

    /// How many slots are not empty.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether every slot is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How much of an order is filled, or [`CANCELLED`]; 0 for one not seen yet.
    ///
    /// # Errors
    /// [`Reject::OrderSuperseded`] when its slot has seen a higher id.
    pub fn filled(&self, account: AccountId, order_id: u64, depth: u8) -> Result<u64, Reject> {
        match self.get(Self::index(order_id, depth)) {
            Some(slot) if slot.order_id > order_id => {
                Err(Reject::OrderSuperseded { account, order: order_id, seen: slot.order_id })
            }
            Some(slot) if slot.order_id == order_id => Ok(slot.filled),
            _ => Ok(0),
        }
    }
}
