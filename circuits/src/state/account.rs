//! Accounts: key, cash, nonce, positions, order slots, and their encodings.

use halo2curves::bn256::Fr;
use serde::Serialize;

use super::{
    ids::{AccountId, Owner, decimal},
    keys::{PublicKey, VerifyingKey},
    limits::{AMOUNT_BITS, AMOUNT_LIMIT, CASH_BITS, CASH_LIMIT, COUNTER_BITS, TIME_BITS},
    orders::{OrderSlot, OrderSlots},
    position::{Position, Positions},
    reject::Reject,
    store::StoreError,
};
use crate::encoding::{Packer, Tag, Unpacker, chain};

/// One account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The key that signs for it.
    pub key: VerifyingKey,
    /// Who owns it on the settlement layer: where withdrawals go, and who can force one.
    pub owner: Owner,
    /// Signed cash, magnitude below 2^95.
    #[serde(with = "decimal")]
    pub cash: i128,
    /// The nonce that the next signed transaction must carry.
    pub nonce: u32,
    /// When its liquidation auction began; 0 when there is none.
    pub auction_start: u64,
    /// Cash set aside for resting orders.
    pub reserve: u64,
    /// Its positions.
    pub positions: Positions,
    /// Its order slots.
    pub orders: OrderSlots,
}

impl Account {
    /// A new account: no cash, positions or orders.
    pub fn new(key: VerifyingKey, owner: Owner) -> Self {
        Self {
            key,
            owner,
            cash: 0,
            nonce: 0,
            auction_start: 0,
            reserve: 0,
            positions: Positions::default(),
            orders: OrderSlots::default(),
        }
    }

    /// Adds signed cash; `id` names the account in a rejection.
    ///
    /// # Errors
    /// [`Reject::CashOverflow`]; the cash is then unchanged.
    pub fn add_cash(&mut self, id: AccountId, amount: i128) -> Result<(), Reject> {
        let cash = self.cash + amount;
        if cash.abs() >= CASH_LIMIT {
            return Err(Reject::CashOverflow(id));
        }
        self.cash = cash;
        Ok(())
    }

    /// Checks `given` against the nonce and moves on to the next.
    ///
    /// # Errors
    /// [`Reject::BadNonce`].
    pub fn use_nonce(&mut self, id: AccountId, given: u32) -> Result<(), Reject> {
        if given != self.nonce {
            return Err(Reject::BadNonce { account: id, expected: self.nonce, given });
        }
        self.nonce += 1;
        Ok(())
    }

    /// The word of cash, nonce and auction.
    fn balance_word(&self) -> Fr {
        Packer::new()
            .put_signed(self.cash, CASH_BITS)
            .put(self.nonce, COUNTER_BITS)
            .put(self.auction_start, TIME_BITS)
            .word()
    }

    /// The word of owner and reserve.
    fn owner_word(&self) -> Fr {
        Packer::new().bytes(&self.owner.little_endian()).put(self.reserve, AMOUNT_BITS).word()
    }

    /// The six words of the account's leaf, given the root of its order tree.
    pub fn words(&self, orders_root: Fr) -> [Fr; 6] {
        let PublicKey { x, y } = self.key.into();
        [x, y, self.balance_word(), self.positions.root(), orders_root, self.owner_word()]
    }

    /// The account's leaf, given the root of its order tree.
    pub fn leaf(&self, orders_root: Fr) -> Fr {
        chain(Tag::Account, &self.words(orders_root))
    }

    /// What is kept on disk: the words of the leaf with lists in place of their roots.
    pub(super) fn record(&self) -> Vec<Fr> {
        let positions = self.positions.as_slice();
        let counts = Packer::new().put(positions.len() as u32, 32).put(self.orders.len() as u32, 32).word();
        let PublicKey { x, y } = self.key.into();
        let mut words = vec![x, y, self.balance_word(), self.owner_word(), counts];
        words.extend(positions.iter().map(Position::word));
        words.extend(self.orders.iter().map(|(_, slot)| slot.word()));
        words
    }

    /// Reads what [`record`](Self::record) wrote, trusting nothing.
    pub(crate) fn from_record(words: &[Fr], order_depth: u8) -> Result<Self, StoreError> {
        let corrupt = |reason: &str| StoreError::Corrupt { what: "account", reason: reason.to_owned() };
        let (&[x, y, balance, owner, counts], lists) =
            words.split_first_chunk::<5>().ok_or_else(|| corrupt("shorter than five words"))?;
        let key = PublicKey { x, y }.check().map_err(|_| corrupt("not a key"))?;
        let mut fields = Unpacker::new(balance);
        let cash = fields.take_signed(CASH_BITS);
        let nonce = fields.take(COUNTER_BITS) as u32;
        let auction_start = fields.take(TIME_BITS) as u64;
        if !fields.is_exhausted() || cash.abs() >= CASH_LIMIT {
            return Err(corrupt("balance out of range"));
        }
        let mut fields = Unpacker::new(owner);
        let owner = Owner::from_little_endian(fields.bytes());
        let reserve = fields.take(AMOUNT_BITS) as u64;
        if !fields.is_exhausted() || reserve >= AMOUNT_LIMIT {
            return Err(corrupt("owner or reserve out of range"));
        }
        let mut fields = Unpacker::new(counts);
        let (positions, slots) = (fields.take(32) as usize, fields.take(32) as usize);
        if !fields.is_exhausted() || positions + slots != lists.len() {
            return Err(corrupt("lists of another length than declared"));
        }
        let (positions, slots) = lists.split_at(positions);
        let positions: Option<Vec<_>> = positions.iter().map(|word| Position::from_word(*word)).collect();
        let positions = Positions::new(positions.ok_or_else(|| corrupt("not a position"))?)
            .map_err(|reason| corrupt(&reason.to_string()))?;
        let mut orders = OrderSlots::default();
        for word in slots {
            orders.set(OrderSlot::from_word(*word).ok_or_else(|| corrupt("not an order slot"))?, order_depth);
        }
        if orders.len() != slots.len() {
            return Err(corrupt("an order slot twice"));
        }
        Ok(Self { key, owner, cash, nonce, auction_start, reserve, positions, orders })
    }
}
