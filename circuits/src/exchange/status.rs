//! What a venue looks like.

use halo2curves::bn256::Fr;
use serde::Serialize;

use super::ExchangeError;
use crate::encoding::hex_fr;
use crate::margin::Health;
use crate::state::ids::{AccountId, decimal};
use crate::state::registers::Registers;
use crate::state::{ApplyError, State};

/// A venue's registers and sizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The committed version; none before the first.
    pub version: Option<u64>,
    /// The state root.
    #[serde(with = "hex_fr")]
    pub root: Fr,
    /// The registers.
    pub registers: Registers,
    /// How many accounts there are.
    pub accounts: usize,
    /// How many markets there are, and how many of them are live.
    pub markets: usize,
    /// Markets that can be traded.
    pub live_markets: usize,
    /// Rows of the adopted risk array.
    pub rows: usize,
    /// Cash of all accounts, the insurance fund and fees.
    #[serde(with = "decimal")]
    pub cash: i128,
}

/// An account at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountStatus {
    /// Its id.
    pub account: AccountId,
    /// Its cash.
    #[serde(with = "decimal")]
    pub cash: i128,
    /// How many positions it has.
    pub positions: usize,
    /// Its health; none where the state's prices do not give one.
    pub health: Option<Health>,
    /// Why there is none.
    pub reason: Option<String>,
}

impl Status {
    /// Looks at a state.
    ///
    /// # Errors
    /// The store's failures.
    pub fn of(state: &mut State) -> Result<Self, ExchangeError> {
        let root = state.root()?;
        let registers = state.registers().clone();
        let accounts = state.account_ids()?;
        let mut cash = registers.insurance + registers.fees;
        for id in &accounts {
            cash += state.account(*id)?.map_or(0, |account| account.cash);
        }
        let markets = state.market_ids()?;
        let mut live_markets = 0;
        for id in &markets {
            live_markets += usize::from(state.market(*id)?.is_some_and(|market| market.is_live(registers.time)));
        }
        Ok(Self {
            version: state.version(),
            root,
            registers,
            accounts: accounts.len(),
            markets: markets.len(),
            live_markets,
            rows: state.risk().rows().len(),
            cash,
        })
    }
}

impl AccountStatus {
    /// Looks at every account, in the order of their ids.
    ///
    /// # Errors
    /// The store's failures.
    pub fn all(state: &mut State) -> Result<Vec<Self>, ExchangeError> {
        let ids = state.account_ids()?;
        ids.into_iter().map(|id| Self::of(state, id)).collect()
    }

    fn of(state: &mut State, account: AccountId) -> Result<Self, ExchangeError> {
        let (health, reason) = match state.health(account) {
            Ok(health) => (Some(health), None),
            Err(ApplyError::Rejected(reject)) => (None, Some(reject.to_string())),
            Err(ApplyError::Store(error)) => return Err(error.into()),
        };
        let found = state.account(account)?;
        let cash = found.map_or(0, |found| found.cash);
        let positions = found.map_or(0, |found| found.positions.as_slice().len());
        Ok(Self { account, cash, positions, health, reason })
    }
}
