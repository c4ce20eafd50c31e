//! The soundness harness: exact failures of tampered witnesses, and the search for cells that nothing holds in place.
//!
//! - [`failures`] runs halo2's `MockProver`, with chosen advice cells overwritten after the chip has computed them, and lists what it
//!   reports in a form that tests compare as a whole.
//! - [`Single`] is a circuit of one block, for both.
//! - [`free_cells`] overwrites every assigned advice cell in turn and returns those whose change no constraint notices.

mod intercept;
mod mock;
mod moving;
mod mutate;
mod single;

#[cfg(test)]
pub(crate) mod circomlibjs;
#[cfg(test)]
pub(crate) mod oracle;
#[cfg(test)]
mod tests;

pub use mock::{Failure, failures};
pub use mutate::free_cells;
pub use single::Single;

use halo2curves::bn256::Fr;

/// An advice cell: index of the column, row.
pub type AdviceCell = (usize, usize);

/// A cell and what to put there instead.
pub type Edit = (AdviceCell, Fr);
