//! Questions to a state that change nothing: an account's health, what a liquidator may bid.

use super::{
    draft::Draft,
    ids::AccountId,
    machine::{ApplyError, State},
    tx::Quote,
};
use crate::margin::Health;

impl State {
    /// The health of an account at the state's prices.
    ///
    /// # Errors
    /// The rejections of section 5 of the book chapter, `unknown_account`, and the store's failures.
    pub fn health(&mut self, id: AccountId) -> Result<Health, ApplyError> {
        let mut draft = Draft::new(self);
        let account = draft.account(id)?;
        draft.health(id, &account)
    }

    /// What a liquidator may bid on an account for a share of its portfolio, in bp, from 1 to 10,000.
    ///
    /// # Errors
    /// The rejections that a bid for that share would meet, price apart.
    pub fn quote(&mut self, id: AccountId, share: u16) -> Result<Quote, ApplyError> {
        let mut draft = Draft::new(self);
        let account = draft.account(id)?;
        Quote::new(&mut draft, id, &account, share)
    }
}
