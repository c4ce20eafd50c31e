//! The venue's order book: resting orders by instrument, best price first, then first come.

use std::collections::BTreeMap;

use crate::state::ids::{AccountId, InstrumentId};
use crate::state::order::{Side, SignedOrder};

/// A resting order and how much of it is left.
#[derive(Debug, Clone, Copy)]
struct Resting {
    order: SignedOrder,
    left: u64,
}

/// All resting orders.
#[derive(Debug, Default)]
pub(super) struct Book {
    sides: BTreeMap<(InstrumentId, u8), Vec<Resting>>,
}

impl Book {
    /// The best order that `order` can meet, with the size that both have left; not one of the same account.
    pub(super) fn best(&self, order: &SignedOrder, left: u64) -> Option<(SignedOrder, u64)> {
        let side = if order.order.side == Side::Buy { Side::Sell } else { Side::Buy };
        let resting = self.sides.get(&(order.order.instrument, side.bit()))?;
        let crosses = |resting: &&Resting| {
            resting.order.order.account != order.order.account
                && order.order.side.accepts(resting.order.order.limit, order.order.limit)
        };
        resting.iter().find(crosses).map(|found| (found.order, found.left.min(left)))
    }

    /// Takes `size` from a resting order, which leaves the book when nothing is left.
    pub(super) fn fill(&mut self, order: &SignedOrder, size: u64) {
        let Some(side) = self.sides.get_mut(&(order.order.instrument, order.order.side.bit())) else { return };
        for resting in side.iter_mut().filter(|resting| same(&resting.order, order)) {
            resting.left = resting.left.saturating_sub(size);
        }
        side.retain(|resting| resting.left > 0);
    }

    /// Takes an order from the book.
    pub(super) fn remove(&mut self, order: &SignedOrder) {
        if let Some(side) = self.sides.get_mut(&(order.order.instrument, order.order.side.bit())) {
            side.retain(|resting| !same(&resting.order, order));
        }
    }

    /// Puts what is left of an order behind all of its price.
    pub(super) fn rest(&mut self, order: SignedOrder, left: u64) {
        let side = self.sides.entry((order.order.instrument, order.order.side.bit())).or_default();
        let limit = order.order.limit;
        let worse = |resting: &Resting| match order.order.side {
            Side::Buy => resting.order.order.limit < limit,
            Side::Sell => resting.order.order.limit > limit,
        };
        let place = side.iter().position(worse).unwrap_or(side.len());
        side.insert(place, Resting { order, left });
    }

    /// Takes an account's order from the book; whether it was there.
    pub(super) fn withdraw(&mut self, account: AccountId, id: u64) -> bool {
        let is = |resting: &Resting| (resting.order.order.account, resting.order.order.id) == (account, id);
        let side = self.sides.values_mut().find(|side| side.iter().any(is));
        side.map(|side| side.retain(|resting| !is(resting))).is_some()
    }

    /// Empties the book: marks have moved, and quotes with them.
    pub(super) fn clear(&mut self) {
        self.sides.clear();
    }
}

fn same(left: &SignedOrder, right: &SignedOrder) -> bool {
    (left.order.account, left.order.id) == (right.order.account, right.order.id)
}
