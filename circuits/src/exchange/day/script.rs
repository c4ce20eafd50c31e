//! The script of the day.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use thiserror::Error;

use super::book::Book;
use super::market::{DayMarket, INDEX};
use super::orders::{Role, Trader};
use super::{START, params};
use crate::error::StatementError;
use crate::margin::Health;
use crate::pricing::csv::Row;
use crate::pricing::statements::{Risk, RiskInputs};
use crate::state::ids::{AccountId, decimal};
use crate::state::keys::{SecretKey, Signature};
use crate::state::oracle::{Report, fixing_message, report_message};
use crate::state::order::{Order, SignedOrder};
use crate::state::params::VenueParams;
use crate::state::receipt::{Event, Receipt};
use crate::state::store::{MemoryStore, StoreError};
use crate::state::tx::{
    AdoptRisk, Auction, Bid, Cancel, Collect, Deposit, Fill, FixExpiry, Liquidate, OracleUpdate, Register, Settle,
    Takeover, Tx, Withdraw,
};
use crate::state::{ApplyError, OpenError, Reject, State};
use crate::statement::Statement;

/// Rounds of trading before the jump, each with marks of its own: how many orders of each cross the spread. The others are makers' quotes.
const ROUNDS: [usize; 2] = [8, 26];
/// Orders of a round.
const ORDERS: usize = 400;
/// Of how many quotes one is withdrawn by its owner.
const WITHDRAWN: usize = 130;
/// What is left of the index after the jump, and what becomes of volatility.
const FALL_PERCENT: u64 = 80;
const VOLATILITY_PERCENT: u64 = 180;
/// Seconds between two rounds. An order lives no longer.
const ROUND_SECONDS: u64 = 1_800;
/// The least mark of what is quoted: what is worth next to nothing has no spread.
const LEAST_MARK: u64 = POINT / 100;
/// Ticks of an index point in the example book.
const POINT: u64 = 100_000_000;
/// Cash that the insurance account begins with, in points.
const INSURANCE_POINTS: u64 = 1_000_000;

/// Why there is no day.
#[derive(Debug, Error)]
pub enum DayError {
    /// The option book is not one that the script knows how to trade.
    #[error("the option book: {0}")]
    Book(String),
    /// Its prices are out of range.
    #[error(transparent)]
    Prices(#[from] StatementError),
    /// The venue refused what it had to accept.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The venue could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl From<StoreError> for DayError {
    fn from(error: StoreError) -> Self {
        Self::Apply(error.into())
    }
}

/// A liquidation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Liquidated {
    /// Whose portfolio.
    pub account: AccountId,
    /// Its health before.
    pub before: Health,
    /// Its health afterwards.
    pub after: Health,
    /// Who bid.
    pub liquidator: AccountId,
    /// For what share, in bp.
    pub share: u16,
    /// At which discount, in bp.
    pub discount: u16,
    /// What moved, at the marks.
    #[serde(with = "decimal")]
    pub value: i128,
    /// What was paid for it.
    #[serde(with = "decimal")]
    pub pay: i128,
}

/// A takeover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TakenOver {
    /// Whose portfolio.
    pub account: AccountId,
    /// Its health before.
    pub before: Health,
    /// Paid from the insurance fund.
    #[serde(with = "decimal")]
    pub paid: i128,
    /// Negative equity that was left.
    #[serde(with = "decimal")]
    pub uncovered: i128,
}

/// A day, once it is over.
#[derive(Debug)]
pub struct Day {
    /// The parameter set.
    pub params: VenueParams,
    /// Every transaction that was sent, in order.
    pub transactions: Vec<Tx>,
    /// The marks of each adopted array, in order.
    pub marks: Vec<RiskInputs>,
    /// The state at the end.
    pub state: State,
    /// Orders that were sent.
    pub orders: usize,
    /// Trades.
    pub fills: usize,
    /// Refused transactions, by the code of their reason.
    pub rejected: BTreeMap<&'static str, usize>,
    /// The first account that the jump left below maintenance, as `margin` takes it.
    pub unhealthy: Option<crate::margin::statement::MarginInputs>,
    /// Liquidations.
    pub liquidations: Vec<Liquidated>,
    /// Takeovers.
    pub takeovers: Vec<TakenOver>,
    /// Positions that were settled, and the settlement price in ticks.
    pub settled: (usize, u64),
    /// Cash in the venue's books at the end; it is what came in less what went out.
    pub cash: i128,
    /// Deposits less withdrawals.
    pub funded: i128,
}

/// Runs the day of a seed on an option book, for a venue that is this application on its chain.
///
/// # Errors
/// [`DayError`].
pub fn run(seed: u64, chain: &[Row], application: u64) -> Result<Day, DayError> {
    let mut script = Script::new(seed, chain, application)?;
    script.open()?;
    for (round, takers) in ROUNDS.into_iter().enumerate() {
        if round > 0 {
            script.move_marks(20)?;
        }
        script.trade(takers)?;
    }
    script.jump()?;
    script.liquidate()?;
    script.expire()?;
    script.close()
}

struct Script {
    rng: ChaCha8Rng,
    market: DayMarket,
    oracles: Vec<SecretKey>,
    traders: Vec<Trader>,
    book: Book,
    day: Day,
}

fn unsigned() -> Signature {
    use halo2curves::bn256::Fr;
    Signature { r_x: Fr::zero(), r_y: Fr::zero(), s: Fr::zero() }
}

impl Script {
    fn new(seed: u64, chain: &[Row], application: u64) -> Result<Self, DayError> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let oracles: Vec<SecretKey> = (0..5).map(|_| SecretKey::from_seed(&rng.r#gen())).collect();
        let params = params(&oracles, application);
        let market = DayMarket::new(chain, START)?;
        let mut traders = Trader::everybody(&mut rng);
        let liquid = market.liquid();
        traders.iter_mut().skip(2).for_each(|trader| trader.choose(&mut rng, &liquid, market.spot));
        let day = Day {
            state: State::open(Box::new(MemoryStore::new()), params.clone())?,
            params,
            transactions: vec![],
            marks: vec![],
            orders: 0,
            fills: 0,
            rejected: BTreeMap::new(),
            unhealthy: None,
            liquidations: vec![],
            takeovers: vec![],
            settled: (0, 0),
            cash: 0,
            funded: 0,
        };
        Ok(Self { rng, market, oracles, traders, book: Book::default(), day })
    }

    /// Sends a transaction, whatever becomes of it.
    fn send(&mut self, tx: impl Into<Tx>) -> Result<Result<Receipt, Reject>, DayError> {
        let tx = tx.into();
        let outcome = match self.day.state.apply(&tx) {
            Ok(receipt) => Ok(receipt),
            Err(ApplyError::Rejected(reject)) => {
                *self.day.rejected.entry(reject.code()).or_default() += 1;
                Err(reject)
            }
            Err(error @ ApplyError::Store(_)) => return Err(error.into()),
        };
        self.day.transactions.push(tx);
        Ok(outcome)
    }

    /// Sends a transaction that has to be accepted.
    fn must(&mut self, tx: impl Into<Tx>) -> Result<Receipt, DayError> {
        self.send(tx)?.map_err(|reject| ApplyError::from(reject).into())
    }

    /// Markets are listed and priced, accounts opened and funded.
    fn open(&mut self) -> Result<(), DayError> {
        for list in self.market.listings() {
            self.must(list)?;
        }
        self.publish()?;
        let venue = self.day.params.venue();
        for index in 0..self.traders.len() {
            let Trader { id, owner, key, .. } = self.traders[index].clone();
            let mut register = Register { account: id, owner, key: key.public(), signature: unsigned() };
            register.signature = key.sign(register.message(venue));
            self.must(register)?;
            let points = match index {
                0 => continue,
                1 => INSURANCE_POINTS,
                _ => self.traders[index].points(),
            };
            let amount = points * POINT;
            let cursor = self.day.state.registers().deposit_cursor;
            self.must(Deposit { index: cursor, account: id, owner, amount })?;
            self.day.funded += i128::from(amount);
        }
        Ok(())
    }

    /// Reports of three of the oracle's signers, each a little off.
    fn quorum(&mut self, message: impl Fn(u64) -> halo2curves::bn256::Fr) -> Vec<Report> {
        let spot = self.market.spot;
        let report = |signer: usize| {
            let price = spot + signer as u64 * 3 - 3;
            Report { signer: signer as u32, price, signature: self.oracles[signer].sign(message(price)) }
        };
        (0..3).map(report).collect()
    }

    /// The oracle attests the present marks, and the array computed from them is adopted.
    fn publish(&mut self) -> Result<(), DayError> {
        let inputs = self.market.marks();
        let (_, instance) = Risk::evaluate(&inputs, Risk::k_for(&inputs)?)?;
        let (time, marks, venue) = (self.market.time, instance.marks, self.day.params.venue());
        let reports = self.quorum(|price| report_message(INDEX, time, price, marks, venue));
        self.must(OracleUpdate { market: INDEX, time, marks, reports })?;
        self.must(AdoptRisk::from_risk(&inputs, &instance)?)?;
        self.day.marks.push(inputs);
        Ok(())
    }

    /// Time passes, and the index moves by at most so many permille. What rests has lapsed.
    fn move_marks(&mut self, permille: u64) -> Result<(), DayError> {
        let moved = self.rng.gen_range(1_000 - permille..=1_000 + permille);
        self.market.spot = self.market.spot / 1_000 * moved;
        self.market.time += ROUND_SECONDS;
        self.book.clear();
        self.publish()
    }

    /// A round of orders: makers quote, everybody else takes.
    fn trade(&mut self, takers: usize) -> Result<(), DayError> {
        let all = |role: Role| -> Vec<usize> {
            (0..self.traders.len()).filter(|index| self.traders[*index].role == role).collect()
        };
        let (makers, writers) = (all(Role::Maker), all(Role::Writer));
        for number in 0..ORDERS {
            let quotes = ORDERS - takers;
            let index = if number < quotes {
                makers[number % makers.len()]
            } else if number % 3 == 0 {
                writers[self.rng.gen_range(0..writers.len())]
            } else {
                self.rng.gen_range(2..self.traders.len())
            };
            self.order(index)?;
            if number < quotes && number % WITHDRAWN == 0 {
                self.withdraw_quote(index)?;
            }
        }
        Ok(())
    }

    /// A trader withdraws the last order that it sent, if it rests.
    fn withdraw_quote(&mut self, index: usize) -> Result<(), DayError> {
        let Trader { id: account, key, next_order, .. } = self.traders[index].clone();
        let order_id = next_order - 1;
        if self.book.withdraw(account, order_id) {
            let mut cancel = Cancel { account, order_id, signature: unsigned() };
            cancel.signature = key.sign(cancel.message(self.day.params.venue()));
            self.must(cancel)?;
        }
        Ok(())
    }

    /// An order of a trader in something that it watches; it meets what it can, and what is left rests.
    fn order(&mut self, index: usize) -> Result<(), DayError> {
        let trader = &self.traders[index];
        let Some(instrument) = trader.watches.get(self.rng.gen_range(0..trader.watches.len().max(1))).copied() else {
            return Ok(());
        };
        let mark = self.day.state.risk().row(instrument).map_or(0, |row| row.base());
        if mark < LEAST_MARK {
            return Ok(());
        }
        let (side, limit, size) = trader.wish(&mut self.rng, mark);
        let (id, account) = (trader.next_order, trader.id);
        let expiry = self.market.time + ROUND_SECONDS - 1;
        let order = Order { account, instrument, side, limit, size, expiry, id };
        let signature = trader.key.sign(order.message(self.day.params.venue()));
        self.traders[index].next_order += 1;
        self.day.orders += 1;
        self.meet(SignedOrder { order, signature })
    }

    fn meet(&mut self, taker: SignedOrder) -> Result<(), DayError> {
        let mut left = taker.order.size;
        while left > 0 {
            let Some((maker, size)) = self.book.best(&taker, left) else { break };
            let fill = Fill { maker, taker, price: maker.order.limit, size };
            match self.send(fill)? {
                Ok(_) => {
                    self.day.fills += 1;
                    self.book.fill(&maker, size);
                    left -= size;
                }
                // Whoever cannot bear the trade loses the order.
                Err(Reject::InitialMargin { account, .. } | Reject::HealthFell { account })
                    if account == maker.order.account =>
                {
                    self.book.remove(&maker);
                }
                Err(_) => return Ok(()),
            }
        }
        if left > 0 {
            self.book.rest(taker, left);
        }
        Ok(())
    }

    /// The index falls by a fifth and volatility nearly doubles: some accounts are then below maintenance, but not all.
    fn jump(&mut self) -> Result<(), DayError> {
        self.market.spot = self.market.spot / 100 * FALL_PERCENT;
        self.market.volatility = self.market.volatility / 100 * VOLATILITY_PERCENT;
        self.market.time += ROUND_SECONDS;
        self.book.clear();
        self.publish()?;
        if let Some((id, _)) = self.unhealthy()?.first() {
            self.day.unhealthy = Some(crate::margin::statement::MarginInputs::of(&mut self.day.state, *id)?);
        }
        Ok(())
    }

    /// Accounts below maintenance.
    fn unhealthy(&mut self) -> Result<Vec<(AccountId, Health)>, DayError> {
        let ids: Vec<AccountId> = self.traders.iter().skip(2).map(|trader| trader.id).collect();
        let mut found = vec![];
        for id in ids {
            let health = self.day.state.health(id)?;
            if !health.mm_ok() {
                found.push((id, health));
            }
        }
        Ok(found)
    }

    /// Auctions are opened; two minutes later the makers bid.
    fn liquidate(&mut self) -> Result<(), DayError> {
        for (account, health) in self.unhealthy()? {
            if !health.below_close_out(self.day.params.liquidation.close_out) {
                self.must(Auction { account })?;
            }
        }
        self.market.time += 120;
        self.publish()?;
        for (account, before) in self.unhealthy()? {
            if before.below_close_out(self.day.params.liquidation.close_out) {
                let receipt = self.must(Takeover { account })?;
                if let Event::TakenOver { paid, uncovered } = receipt.event {
                    self.day.takeovers.push(TakenOver { account, before, paid, uncovered });
                }
            } else {
                self.bid(account, before)?;
            }
        }
        Ok(())
    }

    fn bid(&mut self, account: AccountId, before: Health) -> Result<(), DayError> {
        let share = match self.day.state.quote(account, 1) {
            Ok(quote) => quote.largest_share,
            // One that fell below maintenance only now has no auction yet.
            Err(ApplyError::Rejected(_)) => return self.send(Auction { account }).map(drop),
            Err(error) => return Err(error.into()),
        };
        let quote = self.day.state.quote(account, share)?;
        let positions = self.day.state.account(account)?.map(|found| found.positions.root()).unwrap_or_default();
        let venue = self.day.params.venue();
        for index in 0..self.traders.len() {
            let Trader { id: liquidator, key, role, .. } = self.traders[index].clone();
            if role != Role::Maker {
                continue;
            }
            let nonce = self.day.state.account(liquidator)?.map_or(0, |found| found.nonce);
            let expiry = self.market.time + 60;
            let bid = Bid { liquidator, account, share, pay: quote.floor, positions, expiry, nonce };
            let signature = key.sign(bid.message(venue));
            let Ok(receipt) = self.send(Liquidate { bid, signature })? else { continue };
            if let Event::Liquidated { discount, value, .. } = receipt.event {
                let after = self.day.state.health(account)?;
                let pay = bid.pay;
                self.day.liquidations.push(Liquidated {
                    account,
                    before,
                    after,
                    liquidator,
                    share,
                    discount,
                    value,
                    pay,
                });
            }
            break;
        }
        Ok(())
    }

    /// The short series expires: its price is fixed, and every position in it is paid out.
    fn expire(&mut self) -> Result<(), DayError> {
        let (market, expiry) = self.market.short_series();
        self.market.time = expiry + 30;
        self.publish()?;
        let venue = self.day.params.venue();
        let reports = self.quorum(|price| fixing_message(market, expiry, price, venue));
        let receipt = self.must(FixExpiry { market, reports })?;
        if let Event::ExpiryFixed { price } = receipt.event {
            self.day.settled.1 = price;
        }
        for account in self.day.state.account_ids()? {
            let held = self.day.state.account(account)?.map(|found| found.positions.clone()).unwrap_or_default();
            for position in held.as_slice().iter().filter(|position| position.instrument.market() == market) {
                self.must(Settle { account, instrument: position.instrument })?;
                self.day.settled.0 += 1;
            }
        }
        Ok(())
    }

    /// Fees are collected, one client withdraws, and the books are added up.
    fn close(mut self) -> Result<Day, DayError> {
        self.must(Collect {})?;
        let client = self.traders.iter().find(|trader| trader.role == Role::Client).cloned();
        if let Some(Trader { id: account, key, .. }) = client {
            let nonce = self.day.state.account(account)?.map_or(0, |found| found.nonce);
            let mut withdraw = Withdraw { account, amount: 1_000 * POINT, nonce, signature: unsigned() };
            withdraw.signature = key.sign(withdraw.message(self.day.params.venue()));
            if self.send(withdraw)?.is_ok() {
                self.day.funded -= i128::from(withdraw.amount);
            }
        }
        let registers = self.day.state.registers();
        self.day.cash = registers.insurance + registers.fees;
        for id in self.day.state.account_ids()? {
            self.day.cash += self.day.state.account(id)?.map_or(0, |found| found.cash);
        }
        Ok(self.day)
    }
}
