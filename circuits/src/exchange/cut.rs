//! A run of transactions cut into batches that can be proven.

use halo2curves::bn256::Fr;

use super::{ExchangeError, Venue};
use crate::batch::{BatchInputs, shape};
use crate::state::Reject;
use crate::state::tx::Tx;

/// What became of a run of transactions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CutRun {
    /// How many batches there are.
    pub batches: usize,
    /// How many transactions they have.
    pub accepted: usize,
    /// Those that the state refused: place in the run from 0, reason.
    pub rejected: Vec<(usize, Reject)>,
}

/// Applies transactions in their order to a venue, in batches that each fit the statement `batch` at `k`, and makes a version of the state after each.
/// Transactions that the state refuses are left out. Before a batch is committed, `keep` is given its inputs and the number of the version that it makes:
/// what it refuses is not committed. `circuits` is the digest of the circuit set.
///
/// # Errors
/// [`ExchangeError::Unprovable`] for a transaction that fits no batch at `k`, what `keep` reports, and the store's failures. What is committed stays.
pub fn cut(
    venue: &mut Venue,
    transactions: &[Tx],
    circuits: Fr,
    k: u32,
    mut keep: impl FnMut(&BatchInputs, u64) -> Result<(), ExchangeError>,
) -> Result<CutRun, ExchangeError> {
    let (room, mut done, mut run) = (shape(k), 0, CutRun::default());
    while done < transactions.len() {
        let cut = BatchInputs::cut(&mut venue.state, &transactions[done..], circuits, &room)
            .map_err(|error| ExchangeError::Unprovable { used: done, error })?;
        run.rejected.extend(cut.rejected.into_iter().map(|(index, reject)| (done + index, reject)));
        done += cut.used;
        if !cut.inputs.transactions.is_empty() {
            keep(&cut.inputs, venue.state.version().map_or(1, |version| version + 1))?;
            venue.commit()?;
            run.batches += 1;
            run.accepted += cut.inputs.transactions.len();
        }
    }
    Ok(run)
}
