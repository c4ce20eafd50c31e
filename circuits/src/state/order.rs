//! Limit orders, as owners sign them.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{
    ids::{AccountId, InstrumentId},
    keys::Signature,
    limits::{ACCOUNT_BITS, AMOUNT_BITS, INSTRUMENT_BITS, QTY_BITS, TIME_BITS},
    params::Venue,
};
use crate::encoding::{Packer, Tag, chain};

/// Buy or sell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Buys at the limit or below.
    Buy,
    /// Sells at the limit or above.
    Sell,
}

impl Side {
    /// The bit in messages: 0 buys, 1 sells.
    pub fn bit(self) -> u8 {
        (self == Self::Sell).into()
    }

    /// The sign of what a trade adds to the position.
    pub fn sign(self) -> i64 {
        if self == Self::Buy { 1 } else { -1 }
    }

    /// Whether a trade at `price` respects `limit`.
    pub fn accepts(self, price: u64, limit: u64) -> bool {
        match self {
            Self::Buy => price <= limit,
            Self::Sell => price >= limit,
        }
    }
}

/// A limit order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Whose.
    pub account: AccountId,
    /// In what.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// The worst price, in ticks.
    pub limit: u64,
    /// Lots in all.
    pub size: u64,
    /// The last second at which it may be filled.
    pub expiry: u64,
    /// Its id, which also names its slot.
    pub id: u64,
}

impl Order {
    /// What is signed.
    pub fn message(&self, venue: Venue) -> Fr {
        let fields = Packer::new()
            .put(self.account.0, ACCOUNT_BITS)
            .put(self.instrument.0, INSTRUMENT_BITS)
            .put(self.side.bit(), 1)
            .put(self.limit, AMOUNT_BITS)
            .put(self.size, QTY_BITS)
            .put(self.expiry, TIME_BITS);
        let id = venue.pack(Packer::new().put(self.id, AMOUNT_BITS));
        chain(Tag::Order, &[fields.word(), id.word()])
    }
}

/// An order with its owner's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedOrder {
    /// The order.
    pub order: Order,
    /// By the account's key.
    pub signature: Signature,
}
