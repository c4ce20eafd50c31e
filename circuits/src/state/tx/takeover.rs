//! An account below close-out to the insurance account: every position, and the cash.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{ApplyError, Draft, Event, Transaction, checks};
use crate::{
    encoding::Packer,
    state::{
        ids::AccountId,
        limits::{ACCOUNT_BITS, TYPE_BITS},
        position::{Change, Positions},
        reject::Reject,
    },
};

/// A takeover. Anyone may send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Takeover {
    /// Of which account.
    pub account: AccountId,
}

impl Transaction for Takeover {
    const TYPE: u8 = 13;

    fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
        checks::account("account", self.account, draft.params().depths)?;
        let insurance_id = draft.params().insurance_account;
        if self.account == insurance_id {
            return Err(Reject::InsuranceAccount.into());
        }
        let mut account = draft.account(self.account)?;
        let mut insurance = draft.account(insurance_id)?;
        let health = draft.health(self.account, &account)?;
        if health.mm_ok() {
            return Err(Reject::Healthy(self.account).into());
        }
        if !health.below_close_out(draft.params().liquidation.close_out) {
            return Err(Reject::AboveCloseOut(self.account).into());
        }
        let capacity = draft.params().depths.position_capacity();
        for position in account.positions.as_slice() {
            let value = i128::from(position.qty) * draft.mark(position.instrument)?;
            let change = Change { instrument: position.instrument, qty: position.qty, value };
            insurance.positions.add(insurance_id, change, capacity)?;
        }
        let missing = (-health.equity).max(0);
        let paid = missing.min(draft.registers.insurance);
        insurance.add_cash(insurance_id, account.cash + paid)?;
        draft.registers.add_insurance(-paid)?;
        account.cash = 0;
        account.reserve = 0;
        account.auction_start = 0;
        account.positions = Positions::default();
        draft.put_account(self.account, account);
        draft.put_account(insurance_id, insurance);
        Ok(Event::TakenOver { paid, uncovered: missing - paid })
    }

    fn encode(&self) -> Vec<Fr> {
        vec![Packer::new().put(Self::TYPE, TYPE_BITS).put(self.account.0, ACCOUNT_BITS).word()]
    }
}
