//! Fees to the fee account, which the parameters name.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{ApplyError, Draft, Event, Transaction};
use crate::{
    encoding::Packer,
    state::{limits::TYPE_BITS, reject::Reject},
};

/// Collects the fees. Anyone may send it: it can only go one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collect {}

impl Transaction for Collect {
    const TYPE: u8 = 14;

    fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
        let amount = draft.registers.fees;
        if amount == 0 {
            return Err(Reject::NothingToCollect.into());
        }
        let id = draft.params().fee_account;
        let mut account = draft.account(id)?;
        account.add_cash(id, amount)?;
        draft.registers.add_fees(-amount)?;
        draft.put_account(id, account);
        Ok(Event::Collected { amount })
    }

    fn encode(&self) -> Vec<Fr> {
        vec![Packer::new().put(Self::TYPE, TYPE_BITS).word()]
    }
}
