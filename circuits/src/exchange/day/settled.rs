//! A day in batches, as they are proven and settled.

use halo2curves::bn256::Fr;

use super::script::{Day, DayError};
use crate::batch::{BatchInputs, shape};
use crate::pricing::statements::{Risk, RiskInputs};
use crate::state::State;
use crate::state::registers::Registers;
use crate::state::store::MemoryStore;
use crate::state::tx::{Deposit, Tx};
use crate::statement::Statement;

/// The size at which the batches of a day are proven: the one at which they and their folding take the least time.
pub const BATCH_K: u32 = 19;
/// The size at which the day's risk arrays are proven: the smallest that holds each of them.
pub const RISK_K: u32 = 17;

/// The batches of a day with what they rest on.
#[derive(Debug, Clone)]
pub struct SettledDay {
    /// The registers that the first batch starts from: those of a venue with nothing in it.
    pub genesis: Registers,
    /// The marks of the risk arrays that batches end with, in order.
    pub risks: Vec<RiskInputs>,
    /// Entries of the deposit queue that the batches take, in order.
    pub deposits: Vec<Deposit>,
    /// The batches, each of which starts where the one before ends.
    pub batches: Vec<BatchInputs>,
}

impl Day {
    /// The day in batches of the size [`BATCH_K`], given the digest of the circuits that prove them.
    ///
    /// # Errors
    /// [`DayError`].
    pub fn settled(&self, circuits: Fr) -> Result<SettledDay, DayError> {
        let mut state = State::open(Box::new(MemoryStore::new()), self.params.clone())?;
        state.commit()?;
        let genesis = state.registers().clone();
        let (mut batches, mut roots) = (vec![], vec![]);
        let mut rest = &self.transactions[..];
        while !rest.is_empty() {
            let cut = BatchInputs::cut(&mut state, rest, circuits, &shape(BATCH_K))?;
            state.commit()?;
            rest = &rest[cut.used..];
            if !cut.inputs.transactions.is_empty() {
                batches.push(cut.inputs);
                roots.push(state.registers().risk_root);
            }
        }
        let mut risks = vec![];
        for marks in &self.marks {
            let (_, instance) = Risk::evaluate(marks, Risk::k_for(marks)?)?;
            if roots.contains(&instance.risk_root) {
                risks.push(marks.clone());
            }
        }
        let deposits = self.transactions.iter().filter_map(|tx| match tx {
            Tx::Deposit(deposit) => Some(*deposit),
            _ => None,
        });
        Ok(SettledDay { genesis, risks, deposits: deposits.collect(), batches })
    }
}
