//! What a transform needs from an instruction set.

use std::fmt::Debug;

use halo2curves::bn256::Fr;

use super::Plans;
use super::line::Workspace;
use super::prefetch::Prefetch;

/// Eight-lane arithmetic, in pieces that are large enough to be worth a call.
///
/// The forms are the kernel's own: a constant times a value in the form of a polynomial's memory is in that form again.
pub(crate) trait Kernel: Copy + Debug + Send + Sync + Sized + 'static {
    /// Eight values while a line is being transformed, loosely reduced.
    type Cell: Copy + Send + Sync;
    /// Eight values between the passes, or eight twiddles: below 2 p.
    type Packed: Copy + Send + Sync;
    /// A constant, the same for all lanes.
    type Constant: Copy + Send + Sync;

    /// Prepares a constant.
    fn constant(x: &Fr) -> Self::Constant;

    /// Eight constants in the lanes.
    fn pack(self, lanes: &[Fr; 8]) -> Self::Packed;

    /// The transforms of all sizes, made when they are first asked for.
    fn plans() -> &'static Plans<Self>;

    /// The calling thread's buffers. Must not be called from within `work`.
    fn with_workspace<R>(self, work: impl FnOnce(&mut Workspace<Self>) -> R) -> R;

    /// A cell that will be overwritten.
    fn blank_cell(self) -> Self::Cell;

    /// A register that will be overwritten.
    fn blank(self) -> Self::Packed;

    /// Cell i becomes the eight elements of `input` from its entry i on, times entry i of the scales if there are any.
    fn load(self, tile: &mut [Self::Cell], input: Strided<'_, Fr>, scale: Option<Strided<'_, Self::Constant>>);

    /// Cell i becomes entry i of the row.
    fn unpack(self, tile: &mut [Self::Cell], row: Strided<'_, Self::Packed>);

    /// Entry `i * stride` of the grid becomes cell i.
    fn scatter(self, tile: &[Self::Cell], grid: &mut [Self::Cell], stride: usize);

    /// All layers of block `index` of some larger transform, in place: natural order in, bit-reversed out.
    ///
    /// `roots[i]` is the root of block `i` in every layer with more than `i` blocks. `bound` is 1 for canonical inputs,
    /// 2 for registers, and for block 0 of later layers what this function returned for the earlier ones. Memory that
    /// is needed next is asked for on the way.
    fn transform(
        self,
        block: &mut [Self::Cell],
        index: usize,
        bound: u64,
        roots: &[Self::Constant],
        prefetch: Prefetch<'_>,
    ) -> u64;

    /// Multiplies cell i by `twiddles[i]` and transposes: lane j of cell i becomes lane i of register j.
    fn twist(self, cells: [&Self::Cell; 8], twiddles: &[Self::Packed; 8], out: &mut [Self::Packed; 8]);

    /// `out[i] = coarse * fine[i]`, good as twiddles: below 1.2 p.
    fn outer(self, coarse: &Self::Packed, fine: &[Self::Packed; 8], out: &mut [Self::Packed; 8]);

    /// `out[i] = first * ratio^i`.
    fn geometric(self, first: &Self::Packed, ratio: &Self::Packed, out: &mut [Self::Packed]);

    /// The canonical elements of a cell, times `scale` if there is one.
    fn store(self, cell: &Self::Cell, scale: Option<&Self::Constant>, output: &mut [Fr; 8]);
}

/// Every `stride`-th entry of a slice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strided<'a, T> {
    pub(crate) entries: &'a [T],
    pub(crate) stride: usize,
}
