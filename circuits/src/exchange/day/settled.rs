//! What of a day is proven and settled.

use halo2curves::bn256::Fr;

use super::script::{Day, DayError};
use crate::batch::{Batch, BatchInputs};
use crate::pricing::statements::RiskInputs;
use crate::state::State;
use crate::state::batch::BatchError;
use crate::state::registers::Registers;
use crate::state::store::MemoryStore;
use crate::state::tx::{Deposit, Tx};
use crate::statement::Statement;

/// Batches of a day with what they rest on.
#[derive(Debug, Clone)]
pub struct SettledDay {
    /// The registers that the first batch starts from.
    pub genesis: Registers,
    /// The marks whose risk array the batches adopt.
    pub risk: RiskInputs,
    /// Entries of the deposit queue that the batches take, in order.
    pub deposits: Vec<Deposit>,
    /// The batches, each of which starts where the one before ends.
    pub batches: Vec<BatchInputs>,
    /// How many transactions each has.
    pub sizes: Vec<usize>,
    /// The size at which they are all proven.
    pub k: u32,
}

/// How many batches there are.
const BATCHES: usize = 3;

impl Day {
    /// The batches that are proven, given the digest of the circuits that prove them.
    ///
    /// The statement `batch` proves some types of transactions so far. The venue opens with those that it does not, markets, accounts and the
    /// first report of the oracle, and what is proven from there is the adoption of the first risk array and all deposits.
    ///
    /// # Errors
    /// [`DayError`].
    pub fn settled(&self, circuits: Fr) -> Result<SettledDay, DayError> {
        let mut state = State::open(Box::new(MemoryStore::new()), self.params.clone())?;
        let missing = |what: &str| DayError::Book(format!("the day has no {what}"));
        let first = |wanted: fn(&Tx) -> bool| self.transactions.iter().find(|tx| wanted(tx)).cloned();
        let opening = self.transactions.iter().filter(|tx| matches!(tx, Tx::List(_) | Tx::Register(_)));
        for tx in opening {
            state.apply(tx)?;
        }
        state.apply(&first(|tx| matches!(tx, Tx::OracleUpdate(_))).ok_or_else(|| missing("report of an oracle"))?)?;
        let adopt = first(|tx| matches!(tx, Tx::AdoptRisk(_))).ok_or_else(|| missing("risk array"))?;
        let genesis = {
            state.root()?;
            state.registers().clone()
        };
        let deposits: Vec<Deposit> = self
            .transactions
            .iter()
            .filter_map(|tx| if let Tx::Deposit(deposit) = tx { Some(*deposit) } else { None })
            .collect();
        let proven: Vec<Tx> = [adopt].into_iter().chain(deposits.iter().copied().map(Tx::from)).collect();
        let runs: Vec<&[Tx]> = proven.chunks(proven.len().div_ceil(BATCHES)).collect();
        let batches = runs
            .iter()
            .map(|transactions| BatchInputs::of(&mut state, transactions, circuits))
            .collect::<Result<Vec<_>, BatchError>>()
            .map_err(|error| match error {
                BatchError::Apply(error) => DayError::Apply(error),
                BatchError::MarketAfterAccount => DayError::Book(error.to_string()),
            })?;
        let sizes = runs.iter().map(|run| run.len()).collect();
        let fitting = batches.iter().map(Batch::k_for).collect::<Result<Vec<_>, _>>()?;
        let k = fitting.into_iter().max().unwrap_or(Batch::MIN_K);
        let risk = self.marks.first().cloned().ok_or_else(|| missing("marks"))?;
        Ok(SettledDay { genesis, risk, deposits, batches, sizes, k })
    }
}
