//! Takes a risk array into the state, bound to the marks that the oracle attested.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{ApplyError, Draft, Event, Transaction, checks};
use crate::{
    encoding::{Packer, hex_fr},
    error::StatementError,
    margin::RiskRow,
    pricing::statements::{RiskInputs, RiskInstance},
    state::{
        limits::{TIME_BITS, TYPE_BITS},
        reject::Reject,
        risk::RiskArray,
    },
};

/// A new risk array. The first four fields must be the public inputs of a `risk` proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdoptRisk {
    /// Root of the rows.
    #[serde(with = "hex_fr")]
    pub risk_root: Fr,
    /// Digest of the marks that the rows were computed from.
    #[serde(with = "hex_fr")]
    pub marks: Fr,
    /// Hash of the scenario set.
    #[serde(with = "hex_fr")]
    pub scenario_hash: Fr,
    /// Time of the marks.
    pub time: u64,
    /// The rows, by their place in the tree; a place may be empty.
    pub rows: Vec<Option<RiskRow>>,
}

impl AdoptRisk {
    /// The transaction that takes in what a `risk` statement shows: its inputs and its public instance.
    ///
    /// # Errors
    /// [`StatementError`] for inputs outside of their domain.
    pub fn from_risk(inputs: &RiskInputs, instance: &RiskInstance) -> Result<Self, StatementError> {
        Ok(Self {
            risk_root: instance.risk_root,
            marks: instance.marks,
            scenario_hash: instance.scenarios,
            time: instance.time,
            rows: inputs.risk_array()?,
        })
    }
}

impl Transaction for AdoptRisk {
    const TYPE: u8 = 18;

    fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
        checks::time("time", self.time)?;
        if self.scenario_hash != draft.params().scenario_hash {
            return Err(Reject::WrongScenarios.into());
        }
        if self.marks != draft.registers.oracle_root {
            return Err(Reject::WrongMarks.into());
        }
        if self.time != draft.registers.time {
            return Err(Reject::StaleMarks.into());
        }
        let risk = RiskArray::new(self.rows.clone(), draft.params().depths.instruments)?;
        if risk.root() != self.risk_root {
            return Err(Reject::RiskRootMismatch.into());
        }
        draft.registers.risk_root = self.risk_root;
        draft.registers.risk_time = self.time;
        draft.put_risk(risk);
        Ok(Event::RiskAdopted)
    }

    fn encode(&self) -> Vec<Fr> {
        vec![Packer::new().put(Self::TYPE, TYPE_BITS).put(self.time, TIME_BITS).word(), self.risk_root]
    }
}
