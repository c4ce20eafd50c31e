//! A transaction in the making: it reads the state, stages what it changes, and only [`finish`](Draft::finish) writes it.
//! Dropping a draft is how a rejection leaves the state as it was.

use super::{
    account::Account,
    ids::{AccountId, InstrumentId, MarketId},
    keys::VerifyingKey,
    machine::{ApplyError, State},
    market::Market,
    orders::{OrderSlot, OrderSlots},
    params::VenueParams,
    receipt::{Checked, Event, Payment, Receipt},
    registers::Registers,
    reject::Reject,
    risk::{RiskArray, is_fresh},
    store::StoreError,
};
use crate::margin::{Health, Holding, MarginError, RiskRow, assess};

/// What a transaction is about to do.
#[derive(Debug)]
pub struct Draft<'s> {
    state: &'s mut State,
    /// The registers as the transaction leaves them.
    pub registers: Registers,
    accounts: Vec<(AccountId, Account)>,
    slots: Vec<(AccountId, u32)>,
    market: Option<(MarketId, Market)>,
    risk: Option<RiskArray>,
    healths: Vec<Checked>,
    payment: Option<Payment>,
}

impl<'s> Draft<'s> {
    pub(super) fn new(state: &'s mut State) -> Self {
        let registers = state.registers.clone();
        Self {
            state,
            registers,
            accounts: Vec::with_capacity(2),
            slots: Vec::new(),
            market: None,
            risk: None,
            healths: Vec::new(),
            payment: None,
        }
    }

    /// The parameter set.
    pub fn params(&self) -> &VenueParams {
        self.state.params()
    }

    /// The oracle's keys.
    pub fn oracle_keys(&self) -> &[VerifyingKey] {
        &self.state.oracle_keys
    }

    /// An account as the state has it, if there is one.
    ///
    /// # Errors
    /// The store's failures.
    pub fn find_account(&mut self, id: AccountId) -> Result<Option<Account>, StoreError> {
        Ok(self.state.account(id)?.cloned())
    }

    /// An account as the state has it.
    ///
    /// # Errors
    /// [`Reject::UnknownAccount`], and the store's failures.
    pub fn account(&mut self, id: AccountId) -> Result<Account, ApplyError> {
        Ok(self.find_account(id)?.ok_or(Reject::UnknownAccount(id))?)
    }

    /// A market as the state has it.
    ///
    /// # Errors
    /// [`Reject::UnknownMarket`], and the store's failures.
    pub fn market(&mut self, id: MarketId) -> Result<Market, ApplyError> {
        Ok(*self.state.market(id)?.ok_or(Reject::UnknownMarket(id))?)
    }

    /// Whether the state has a market.
    ///
    /// # Errors
    /// The store's failures.
    pub fn has_market(&mut self, id: MarketId) -> Result<bool, StoreError> {
        Ok(self.state.market(id)?.is_some())
    }

    /// Stages an account.
    pub fn put_account(&mut self, id: AccountId, account: Account) {
        self.accounts.push((id, account));
    }

    /// Sets an order slot of an account that will be staged.
    pub fn set_order(&mut self, id: AccountId, account: &mut Account, slot: OrderSlot) {
        let depth = self.params().depths.orders;
        account.orders.set(slot, depth);
        self.slots.push((id, OrderSlots::index(slot.order_id, depth)));
    }

    /// Stages a market.
    pub fn put_market(&mut self, id: MarketId, market: Market) {
        self.market = Some((id, market));
    }

    /// Stages a risk array.
    pub fn put_risk(&mut self, risk: RiskArray) {
        self.risk = Some(risk);
    }

    /// Notes what the settlement layer owes.
    pub fn pay(&mut self, payment: Payment) {
        self.payment = Some(payment);
    }

    /// Whether the risk array is fresh.
    ///
    /// # Errors
    /// [`Reject::StalePrice`].
    pub fn require_fresh(&self) -> Result<(), Reject> {
        let Registers { risk_time, time, .. } = self.registers;
        if is_fresh(risk_time, time, self.params().max_price_age) { Ok(()) } else { Err(Reject::StalePrice) }
    }

    /// The row of an instrument of `market`.
    ///
    /// # Errors
    /// [`Reject::NotInRiskArray`], [`Reject::TermsMismatch`].
    pub fn row(&self, instrument: InstrumentId, market: &Market) -> Result<&RiskRow, Reject> {
        row(self.state.risk(), instrument, market)
    }

    /// What one lot is worth to its holder: the base price net of funding, in ticks.
    ///
    /// # Errors
    /// Those of [`market`](Self::market) and [`row`](Self::row).
    pub fn mark(&mut self, instrument: InstrumentId) -> Result<i128, ApplyError> {
        let market = self.market(instrument.market())?;
        Ok(i128::from(self.row(instrument, &market)?.base()) - i128::from(market.funding_index))
    }

    /// Margin of an account as given: steps 1 to 7 of section 5.
    ///
    /// # Errors
    /// The rejections of that section, and the store's failures.
    pub fn health(&mut self, id: AccountId, account: &Account) -> Result<Health, ApplyError> {
        let positions = account.positions.as_slice();
        if !positions.is_empty() {
            self.require_fresh()?;
        }
        for position in positions {
            self.state.market(position.instrument.market())?;
        }
        let state = &*self.state;
        let holdings: Result<Vec<Holding<'_>>, Reject> = positions
            .iter()
            .map(|position| {
                let id = position.instrument;
                let market = state.cached_market(id.market()).ok_or(Reject::UnknownMarket(id.market()))?;
                if !market.is_live(self.registers.time) {
                    return Err(Reject::UnsettledPosition(id));
                }
                Ok(Holding {
                    instrument: id,
                    qty: position.qty,
                    perpetual: market.is_perpetual(),
                    funding_index: market.funding_index,
                    row: row(state.risk(), id, market)?,
                })
            })
            .collect();
        let health =
            assess(&state.params().margin, account.cash, account.reserve, &holdings?).map_err(|error| match error {
                MarginError::ExposureTooLarge => Reject::ExposureTooLarge,
                MarginError::EquityOverflow => Reject::EquityOverflow,
            })?;
        self.healths.push(Checked { account: id, health });
        Ok(health)
    }

    /// Margin of an account that must be IM_ok; ends its auction.
    ///
    /// # Errors
    /// Those of [`health`](Self::health), then [`Reject::InitialMargin`].
    pub fn require_initial(&mut self, id: AccountId, account: &mut Account) -> Result<(), ApplyError> {
        let health = self.health(id, account)?;
        if !health.im_ok() {
            return Err(Reject::InitialMargin { account: id, shortfall: health.shortfall() }.into());
        }
        account.auction_start = 0;
        Ok(())
    }

    /// Writes what was staged.
    pub(super) fn finish(self, event: Event) -> Receipt {
        let Self { state, mut registers, accounts, slots, market, risk, healths, payment } = self;
        if event != Event::Noop {
            registers.seq += 1;
        }
        let seq = registers.seq;
        state.registers = registers;
        for (id, account) in accounts {
            state.put_account(id, account);
        }
        for (id, slot) in slots {
            state.touch_slot(id, slot);
        }
        if let Some((id, market)) = market {
            state.put_market(id, market);
        }
        if let Some(risk) = risk {
            state.put_risk(risk);
        }
        Receipt { seq, event, healths, payment }
    }
}

fn row<'r>(risk: &'r RiskArray, instrument: InstrumentId, market: &Market) -> Result<&'r RiskRow, Reject> {
    let row = risk.row(instrument).ok_or(Reject::NotInRiskArray(instrument))?;
    if row.expiry != market.expiry || row.strike != market.strike(instrument) {
        return Err(Reject::TermsMismatch(instrument));
    }
    Ok(row)
}
