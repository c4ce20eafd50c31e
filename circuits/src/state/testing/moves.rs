//! Random steps of a venue: trades, cash, cancellations, moving prices, liquidations, expiries, and now and then a
//! transaction with one field changed.

use rand::{Rng, seq::SliceRandom};

use super::venue::{DAY, PERPETUAL, Venue, unsigned};
use crate::{
    margin::Health,
    state::{
        ids::{AccountId, InstrumentId, MarketId},
        keys::SecretKey,
        order::{Side, SignedOrder},
        tx::{
            Auction, Bid, Cancel, Collect, Fill, ForcedWithdraw, FundingTick, Liquidate, List, Noop, Reserve,
            RotateKey, Settle, Takeover, Transfer, Tx, Withdraw,
        },
    },
};

/// One transaction in this many is sent with one field changed first.
const SPOIL_ONE_IN: u32 = 6;

impl Venue {
    /// Does something at random. Every transaction goes to the log, accepted or not.
    pub fn step(&mut self) {
        match self.rng.gen_range(0..100) {
            0..40 => self.send_fill(),
            40..66 => self.send_account_transaction(),
            66..73 => self.move_market(),
            73..75 => self.let_prices_age(),
            75..92 => self.watch_somebody(),
            92..98 => self.keep_house(),
            _ => self.send(Noop {}),
        }
    }

    /// Sends a transaction, sometimes a spoilt one before it.
    pub fn send(&mut self, tx: impl Into<Tx>) {
        let tx = tx.into();
        if self.rng.gen_ratio(1, SPOIL_ONE_IN)
            && let Some(spoilt) = self.spoil(&tx)
        {
            let _ = self.apply(spoilt);
        }
        let _ = self.apply(tx);
    }

    fn any_actor(&mut self) -> usize {
        self.rng.gen_range(0..self.actors.len())
    }

    fn any_instrument(&mut self) -> InstrumentId {
        let instruments = self.instruments();
        instruments.choose(&mut self.rng).copied().unwrap_or(InstrumentId(0))
    }

    /// A price near the mark.
    fn any_price(&mut self, instrument: InstrumentId) -> u64 {
        let mark = self.mark(instrument).unwrap_or(self.spot);
        let width = mark / 50 + 2;
        (mark + self.rng.gen_range(0..=2 * width)).saturating_sub(width).max(1)
    }

    fn send_fill(&mut self) {
        let (maker, taker) = (self.any_actor(), self.any_actor());
        let closing = if self.rng.gen_ratio(1, 3) { self.any_position(maker) } else { None };
        let (instrument, side, size) = match closing {
            Some((instrument, qty)) => {
                let side = if qty < 0 { Side::Buy } else { Side::Sell };
                let size =
                    if self.rng.r#gen() { qty.unsigned_abs() } else { self.rng.gen_range(1..=qty.unsigned_abs()) };
                (instrument, side, size)
            }
            None => {
                let side = if self.rng.r#gen() { Side::Buy } else { Side::Sell };
                (self.any_instrument(), side, self.rng.gen_range(1..3_000))
            }
        };
        let other = if side == Side::Buy { Side::Sell } else { Side::Buy };
        let price = self.any_price(instrument);
        let maker = self.order(maker, instrument, side, price, size);
        let taker = self.order(taker, instrument, other, price, size);
        // Some orders are met in two parts.
        if size > 1 && self.rng.gen_ratio(1, 4) {
            let first = self.rng.gen_range(1..size);
            self.send(Fill { maker, taker, price, size: first });
            self.send(Fill { maker, taker, price, size: size - first });
        } else {
            self.send(Fill { maker, taker, price, size });
        }
        if self.rng.gen_ratio(1, 10) {
            self.send_cancel(&maker);
        }
    }

    /// One of an actor's positions.
    fn any_position(&mut self, actor: usize) -> Option<(InstrumentId, i64)> {
        let account = self.state.account(self.actors[actor].id).expect("a store in memory")?;
        let position = account.positions.as_slice().choose(&mut self.rng)?;
        Some((position.instrument, position.qty))
    }

    fn send_cancel(&mut self, order: &SignedOrder) {
        let Some(actor) = self.actors.iter().position(|actor| actor.id == order.order.account) else { return };
        let mut tx = Cancel { account: order.order.account, order_id: order.order.id, signature: unsigned() };
        tx.signature = self.actors[actor].key.sign(tx.message(self.state.params().venue()));
        self.send(tx);
    }

    fn send_account_transaction(&mut self) {
        let actor = self.any_actor();
        let id = self.actors[actor].id;
        let account = self.state.account(id).expect("a store in memory").cloned();
        let Some(account) = account else { return };
        let (nonce, venue) = (account.nonce, self.state.params().venue());
        let amount = self.rng.gen_range(1..12_000_000);
        match self.rng.gen_range(0..20) {
            0..5 => {
                let tx = self.deposit(actor, amount);
                self.send(tx);
            }
            5..10 => {
                let mut tx = Withdraw { account: id, amount, nonce, signature: unsigned() };
                tx.signature = self.actors[actor].key.sign(tx.message(venue));
                self.send(tx);
            }
            10..13 => {
                let to = self.any_actor();
                let mut tx = Transfer { from: id, to: self.actors[to].id, amount, nonce, signature: unsigned() };
                tx.signature = self.actors[actor].key.sign(tx.message(venue));
                self.send(tx);
            }
            13..16 => {
                let amount = if self.rng.r#gen() { amount } else { 0 };
                let mut tx = Reserve { account: id, amount, nonce, signature: unsigned() };
                tx.signature = self.actors[actor].key.sign(tx.message(venue));
                self.send(tx);
            }
            16..18 => {
                let index = self.state.registers().forced_cursor;
                self.send(ForcedWithdraw { index, account: id, owner: account.owner, amount });
            }
            18 => {
                let key = SecretKey::from_seed(&self.rng.r#gen());
                let mut tx = RotateKey { account: id, key: key.public(), nonce, signature: unsigned() };
                tx.signature = self.actors[actor].key.sign(tx.message(venue));
                if self.apply(tx).is_ok() {
                    self.actors[actor].key = key;
                }
            }
            _ => {
                let tx = self.registration(actor);
                self.send(tx);
            }
        }
    }

    /// Time passes, prices move, sometimes by a lot, and are published; then what is due is done.
    fn move_market(&mut self) {
        self.time +=
            if self.rng.gen_ratio(1, 4) { self.rng.gen_range(3_600..6 * 3_600) } else { self.rng.gen_range(10..240) };
        let range = if self.rng.gen_ratio(1, 6) { 300 } else { 30 };
        let permille = self.rng.gen_range(1_000 - range..=1_000 + range);
        self.spot = (self.spot * permille / 1_000).clamp(2_000, 200_000);
        self.vol = (self.vol + self.rng.gen_range(0..=20)).saturating_sub(10).clamp(40, 300);
        let update = self.oracle_update();
        self.send(update);
        let adopt = self.risk_array();
        self.send(adopt);
        if self.rng.gen_ratio(1, 2) {
            self.send(FundingTick { market: PERPETUAL });
        }
        self.settle_expired();
    }

    /// An oracle update that no risk array follows.
    fn let_prices_age(&mut self) {
        self.time += self.rng.gen_range(1..500);
        let update = self.oracle_update();
        self.send(update);
    }

    /// Fixes what has expired and settles positions in it, most of them.
    fn settle_expired(&mut self) {
        let markets: Vec<MarketId> = self.markets.keys().copied().collect();
        for id in markets {
            let market = *self.state.market(id).expect("a store in memory").expect("a listed market");
            if market.is_live(self.time) {
                continue;
            }
            if market.settlement_price == 0 {
                let fixing = self.fixing(id, market.expiry);
                self.send(fixing);
            }
            for account in self.state.account_ids().expect("a store in memory") {
                let held = self.state.account(account).expect("a store in memory").map(|found| found.positions.clone());
                for position in held.iter().flat_map(|positions| positions.as_slice()) {
                    if position.instrument.market() == id && self.rng.gen_ratio(9, 10) {
                        self.send(Settle { account, instrument: position.instrument });
                    }
                }
            }
        }
    }

    /// Looks at an account as a liquidator would.
    fn watch_somebody(&mut self) {
        let insurance = self.state.params().insurance_account;
        let ids: Vec<AccountId> = self.actors.iter().map(|actor| actor.id).filter(|id| *id != insurance).collect();
        let mut unhealthy = Vec::new();
        for id in ids {
            match self.state.health(id) {
                Ok(health) if !health.mm_ok() => unhealthy.push((id, Some(health))),
                Ok(health) if self.rng.gen_ratio(1, 60) => unhealthy.push((id, Some(health))),
                _ => {}
            }
        }
        let Some((id, Some(health))) = unhealthy.choose(&mut self.rng).copied() else { return };
        self.send_liquidation(id, &health);
        // Whoever is unhealthy is dealt with further: an auction, then bids.
        for _ in 0..3 {
            match self.state.health(id) {
                Ok(health) if !health.mm_ok() => self.send_liquidation(id, &health),
                _ => break,
            }
        }
    }

    fn send_liquidation(&mut self, account: AccountId, health: &Health) {
        let close_out = self.state.params().liquidation.close_out;
        if health.below_close_out(close_out) || self.rng.gen_ratio(1, 12) {
            self.send(Takeover { account });
        } else if self.rng.gen_ratio(1, 8) {
            self.send(Auction { account });
        } else if let Some(tx) = self.any_liquidation(account) {
            self.send(tx);
        } else {
            self.send(Auction { account });
        }
    }

    /// A bid by somebody on an account whose auction is open.
    pub fn any_liquidation(&mut self, account: AccountId) -> Option<Liquidate> {
        let largest = self.state.quote(account, 1).ok()?.largest_share;
        let share = self.rng.gen_range(1..=largest);
        let floor = self.state.quote(account, share).ok()?.floor;
        let pay = floor + i128::from(self.rng.gen_range(-200..2_000i64));
        let liquidator = self.any_actor();
        Some(self.bid(liquidator, account, share, pay))
    }

    /// A signed bid.
    pub fn bid(&mut self, liquidator: usize, account: AccountId, share: u16, pay: i128) -> Liquidate {
        let target = self.state.account(account).expect("a store in memory").cloned();
        let positions = target.map(|target| target.positions.root()).unwrap_or_default();
        let id = self.actors[liquidator].id;
        let nonce = self.state.account(id).expect("a store in memory").map_or(0, |found| found.nonce);
        let bid = Bid { liquidator: id, account, share, pay, positions, expiry: self.time + 60, nonce };
        let signature = self.actors[liquidator].key.sign(bid.message(self.state.params().venue()));
        Liquidate { bid, signature }
    }

    fn keep_house(&mut self) {
        match self.rng.gen_range(0..6) {
            0..3 => self.send(Collect {}),
            3 => {
                let (account, instrument) = (self.any_actor(), self.any_instrument());
                let account = self.actors[account].id;
                self.send(Settle { account, instrument });
            }
            4 => self.send(FundingTick { market: PERPETUAL }),
            _ => {
                // Few series at a time: most of the work of a step is hashing the risk array.
                let live =
                    |market: &MarketId| self.state.cached_market(*market).is_some_and(|found| found.is_live(self.time));
                if self.markets.keys().filter(|market| live(market)).count() > 3 {
                    return;
                }
                let id = MarketId(self.markets.len() as u32);
                let step = (self.spot / 25).max(1);
                let expiry = self.time + DAY * self.rng.gen_range(1..20);
                let list = List {
                    market: id,
                    underlying: PERPETUAL,
                    expiry,
                    strike_base: self.spot / 2 + 1,
                    strike_step: step,
                };
                if self.apply(list).is_ok() {
                    self.markets.insert(id, 3);
                }
            }
        }
    }
}
