//! A transaction as the witness sees it: applied by the state itself, with what it did.

use crate::state::receipt::Receipt;
use crate::state::registers::Registers;
use crate::state::tx::Tx;

/// An accepted transaction. What a room reads of the state before it, it reads before it is applied; what it reads afterwards, afterwards.
#[derive(Debug, Clone)]
pub(in crate::batch) struct Step {
    /// The transaction.
    pub(in crate::batch) tx: Tx,
    /// What it did.
    pub(in crate::batch) receipt: Receipt,
    /// The registers before and after, with their roots.
    pub(in crate::batch) registers: [Registers; 2],
}
