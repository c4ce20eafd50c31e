//! What the multiplication asks of a processor.

use core::fmt::Debug;

use halo2curves::bn256::{Fr, G1Affine};

use super::columns::Columns;
use super::digits::Recoding;
use super::slot::{Slot, Term};

/// The arithmetic under the bucket method. Everything else (sorting, splitting, weighting) is common to all kernels.
pub(crate) trait Kernel: Copy + Debug + Send + Sync + 'static {
    /// Memory that [`Self::sum_columns`] reuses from call to call.
    type Scratch: Debug + Default + Send;

    /// Writes points in this kernel's form.
    fn encode(self, points: &[G1Affine], slots: &mut [Slot]);

    /// Reads slots of this kernel's form.
    fn decode(self, slots: &[Slot]) -> Vec<G1Affine>;

    /// Doubles each point `times` times. None may be the identity.
    fn double(self, slots: &mut [Slot], times: u32);

    /// Appends the digits of scalars that are not zero to `terms`. The first scalar belongs to slot `first`.
    fn recode(self, scalars: &[Fr], recoding: &Recoding, first: u32, terms: &mut Vec<Term>);

    /// Adds up the columns; `sums` receives one slot per column.
    ///
    /// Right for all points: equal ones, opposite ones, sums that are the identity on the way.
    fn sum_columns(self, source: &[Slot], columns: &Columns, scratch: &mut Self::Scratch, sums: &mut Vec<Slot>);
}
