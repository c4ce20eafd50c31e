//! Number-theoretic transforms over Fr, in two passes of one-dimensional transforms.
//!
//! The `n = R C` values are a matrix of R rows and C columns, value `j = j_1 C + j_2` in row `j_1`. With `k = k_1 + R k_2`,
//!
//! $$X_k = \sum_{j_2} \omega_C^{j_2 k_2}\; \omega_n^{j_2 k_1} \sum_{j_1} \omega_R^{j_1 k_1} x_j$$
//!
//! (Bailey, "FFTs in external or hierarchical memory", 1990). The first pass transforms eight neighbouring columns at a
//! time, multiplies by the twiddles $\omega_n^{j_2 k_1}$ and transposes into a scratch matrix; the second transforms eight
//! rows $k_1$ at a time and writes eight neighbouring results. What eight lanes are is the business of a [`Kernel`].
//!
//! On the coset `s H` the input is scaled by `s^j = s^{C j_1} s^{j_2}`: the first factor is multiplied in as rows are loaded,
//! the second belongs to the twiddles. The way back divides the result by `s^k` and by n: `s^{-k_1} / n` belongs to the
//! twiddles, `s^{-R k_2}` is multiplied in before the result is stored.

mod kernel;
mod line;
mod prefetch;
mod roots;
mod simple;
#[cfg(test)]
mod tests;
mod twiddles;

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use ff::Field;
use halo2curves::bn256::Fr;
use rayon::prelude::*;

pub(crate) use kernel::{Kernel, Strided};
use line::Line;
pub(crate) use line::Workspace;
pub(crate) use prefetch::Prefetch;
pub(crate) use roots::reverse;
use roots::{block_roots, invert, root_of_unity};
use twiddles::{Powers, Twiddles, powers};

/// Smallest transform in two passes: eight columns of eight rows.
const MIN_LOG: u32 = 6;
/// Largest transform in two passes: lines of 2^12 cells.
pub(crate) const MAX_LOG: u32 = 2 * roots::MAX_LOG_LENGTH;
/// Twiddle tables are kept up to this size; above they are computed on the way.
const MAX_TABLE_LOG: u32 = 18;
/// Up to this size a transform is not worth a second thread.
const MAX_SERIAL_LOG: u32 = 10;

/// The transforms of all sizes for one kernel, made when they are first asked for and kept for the process.
pub(crate) struct Plans<K: Kernel> {
    sizes: [OnceLock<Arc<Ntt<K>>>; MAX_LOG as usize + 1],
    roots: [OnceLock<Vec<K::Constant>>; 2],
}

impl<K: Kernel> Plans<K> {
    pub(crate) const fn new() -> Self {
        Self { sizes: [const { OnceLock::new() }; MAX_LOG as usize + 1], roots: [const { OnceLock::new() }; 2] }
    }

    fn roots(&self, inverse: bool) -> &[K::Constant] {
        self.roots[usize::from(inverse)].get_or_init(|| block_roots(inverse).iter().map(K::constant).collect())
    }
}

/// Transforms of one size.
pub(crate) struct Ntt<K: Kernel> {
    kernel: K,
    log_n: u32,
    columns: Line,
    rows: Line,
    forward: OnceLock<Vec<K::Packed>>,
    inverse: OnceLock<Vec<K::Packed>>,
    /// Scratch matrices that are not in use.
    scratch: Mutex<Vec<Vec<K::Packed>>>,
}

impl<K: Kernel> fmt::Debug for Ntt<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ntt").field("kernel", &self.kernel).field("log_n", &self.log_n).finish_non_exhaustive()
    }
}

/// What is particular to a direction and a coset.
struct Plan<'a, K: Kernel> {
    roots: &'a [K::Constant],
    /// Factors of the rows of the input.
    scale_in: Vec<K::Constant>,
    twiddles: Twiddles<'a, K>,
    /// Factors of the rows of the result.
    scale_out: Vec<K::Constant>,
}

/// A matrix that several threads write disjoint parts of.
#[derive(Clone, Copy)]
struct Shared<T> {
    start: *mut T,
    len: usize,
}

// SAFETY: the pointer is only used by `cells`, whose callers promise disjointness.
unsafe impl<T: Send> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    fn new(matrix: &mut [T]) -> Self {
        Self { start: matrix.as_mut_ptr(), len: matrix.len() }
    }

    /// Where a cell is, for prefetching only.
    fn address(&self, index: usize) -> *const T {
        self.start.wrapping_add(index)
    }

    /// # Safety
    /// The matrix is still borrowed, and no other reference to these cells exists.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)]
    unsafe fn cells(&self, start: usize) -> &mut [T; 8] {
        assert!(start + 8 <= self.len);
        // SAFETY: in bounds by the assertion, exclusive by contract.
        unsafe { &mut *self.start.add(start).cast() }
    }
}

/// Coefficients to values on the rows.
pub(crate) fn forward<K: Kernel>(kernel: K, values: &mut [Fr]) {
    transform(kernel, values, false, None);
}

/// Values on the rows to coefficients.
pub(crate) fn inverse<K: Kernel>(kernel: K, values: &mut [Fr]) {
    transform(kernel, values, true, None);
}

/// Coefficients to values on the coset `shift H`; both of the same length.
pub(crate) fn coset<K: Kernel>(kernel: K, coefficients: &[Fr], shift: &Fr, values: &mut [Fr]) {
    assert_eq!(coefficients.len(), values.len());
    match Ntt::of_size(kernel, values.len()) {
        Some(ntt) => ntt.run(false, Some(shift), Some(coefficients), values),
        None => {
            values.copy_from_slice(coefficients);
            simple::transform(values, false, Some(shift));
        }
    }
}

/// Values on the coset `shift H` to coefficients.
pub(crate) fn coset_inverse<K: Kernel>(kernel: K, values: &mut [Fr], shift: &Fr) {
    transform(kernel, values, true, Some(shift));
}

fn transform<K: Kernel>(kernel: K, values: &mut [Fr], inverse: bool, shift: Option<&Fr>) {
    match Ntt::of_size(kernel, values.len()) {
        Some(ntt) => ntt.run(inverse, shift, None, values),
        None => simple::transform(values, inverse, shift),
    }
}

impl<K: Kernel> Ntt<K> {
    /// The transforms of `n` values, shared by the whole process; `None` if n is too small or too large for two passes.
    ///
    /// # Panics
    /// If n is not a power of two.
    fn of_size(kernel: K, n: usize) -> Option<Arc<Self>> {
        assert!(n.is_power_of_two(), "transforms have a power of two values");
        let log_n = n.trailing_zeros();
        let plan = || K::plans().sizes[log_n as usize].get_or_init(|| Arc::new(Self::new(kernel, log_n)));
        (MIN_LOG..=MAX_LOG).contains(&log_n).then(|| plan().clone())
    }

    fn new(kernel: K, log_n: u32) -> Self {
        Self {
            kernel,
            log_n,
            columns: Line::new(log_n.div_ceil(2)),
            rows: Line::new(log_n / 2),
            forward: OnceLock::new(),
            inverse: OnceLock::new(),
            scratch: Mutex::default(),
        }
    }

    /// Transforms `input`, or `values` itself, to `values`.
    fn run(&self, inverse: bool, shift: Option<&Fr>, input: Option<&[Fr]>, values: &mut [Fr]) {
        let plan = self.plan(inverse, shift);
        let mut scratch = self.take_scratch();
        self.first_pass(&plan, input.unwrap_or(values), &mut scratch);
        self.second_pass(&plan, &scratch, values);
        self.scratch.lock().expect("no panic while the lock is held").push(scratch);
    }

    fn take_scratch(&self) -> Vec<K::Packed> {
        let kept = self.scratch.lock().expect("no panic while the lock is held").pop();
        kept.unwrap_or_else(|| vec![self.kernel.blank(); 1 << (self.log_n - 3)])
    }

    fn plan(&self, inverse: bool, shift: Option<&Fr>) -> Plan<'_, K> {
        let root = root_of_unity(self.log_n);
        let (columns, rows) = (self.columns.len(), self.rows.len());
        let mut factors = Powers {
            base: if inverse { invert(&root) } else { root },
            row_factor: Fr::ONE,
            column_factor: Fr::ONE,
            constant: if inverse { invert(&Fr::from(1 << self.log_n)) } else { Fr::ONE },
        };
        let (mut scale_in, mut scale_out) = (Vec::new(), Vec::new());
        match shift {
            Some(shift) if inverse => {
                factors.row_factor = invert(shift);
                scale_out = powers::<K>(factors.row_factor.pow_vartime([columns as u64]), rows);
            }
            Some(shift) => {
                factors.column_factor = *shift;
                scale_in = powers::<K>(shift.pow_vartime([rows as u64]), columns);
            }
            None => {}
        }
        let table = if inverse { &self.inverse } else { &self.forward };
        let twiddles = if shift.is_none() && self.log_n <= MAX_TABLE_LOG {
            Twiddles::Table(table.get_or_init(|| factors.table(self.kernel, columns, rows)))
        } else {
            Twiddles::Computed(factors.prepare(self.kernel, rows))
        };
        Plan { roots: K::plans().roots(inverse), scale_in, twiddles, scale_out }
    }

    fn first_pass(&self, plan: &Plan<'_, K>, input: &[Fr], scratch: &mut [K::Packed]) {
        assert!(input.len() == 1 << self.log_n && scratch.len() == 1 << (self.log_n - 3));
        let matrix = Shared::new(scratch);
        self.for_each(self.rows.len() / 8, |group, workspace| {
            // SAFETY: the matrix outlives the loop; each group writes its own columns.
            unsafe { self.column_group(plan, input, group, matrix, workspace) }
        });
    }

    fn second_pass(&self, plan: &Plan<'_, K>, scratch: &[K::Packed], output: &mut [Fr]) {
        assert!(output.len() == 1 << self.log_n && scratch.len() == 1 << (self.log_n - 3));
        let matrix = Shared::new(output);
        self.for_each(self.columns.len() / 8, |group, workspace| {
            let row = &scratch[group * self.rows.len()..][..self.rows.len()];
            // SAFETY: the matrix outlives the loop; each group writes its own columns.
            unsafe { self.row_group(plan, row, group, matrix, workspace) }
        });
    }

    fn for_each(&self, groups: usize, work: impl Fn(usize, &mut Workspace<K>) + Sync) {
        let one = |group| self.kernel.with_workspace(|workspace| work(group, workspace));
        if self.log_n <= MAX_SERIAL_LOG {
            (0..groups).for_each(one);
        } else {
            (0..groups).into_par_iter().for_each(one);
        }
    }

    /// Columns `8 group ..` of the input: transformed, multiplied by the twiddles, and written to `matrix`, where row h
    /// has the frequencies `8 h ..` in its lanes.
    ///
    /// # Safety
    /// Nobody else uses columns `8 group ..` of the matrix.
    unsafe fn column_group(
        &self,
        plan: &Plan<'_, K>,
        input: &[Fr],
        group: usize,
        matrix: Shared<K::Packed>,
        workspace: &mut Workspace<K>,
    ) {
        let (kernel, line, row_len) = (self.kernel, &self.columns, self.rows.len());
        let bound = if plan.scale_in.is_empty() { 1 } else { 2 };
        let load = |tile: &mut [K::Cell], offset: usize| {
            let stride = line.block_len();
            let input = Strided { entries: &input[offset * row_len + 8 * group..], stride: stride * row_len };
            let scale = plan.scale_in.get(offset..).filter(|scale| !scale.is_empty());
            kernel.load(tile, input, scale.map(|entries| Strided { entries, stride }));
        };
        let prefetch = |offset: usize| {
            let start = input[offset * row_len + 8 * group..].as_ptr();
            Prefetch::runs(start, line.block_len() * row_len, line.blocks(), 8)
        };
        let bound = line.upper(kernel, workspace, bound, plan.roots, load, prefetch);
        let eighth = line.len() / 8;
        // Every block asks for its share of the rows that are written in the end.
        let share = eighth.div_ceil(line.blocks());
        for block in 0..line.blocks() {
            let targets = Prefetch::runs(matrix.address(block * share * row_len + 8 * group), row_len, share, 8);
            line.lower(kernel, workspace, block, bound, plan.roots, targets);
        }
        let mut buffer = std::mem::take(&mut workspace.powers);
        let twiddles = plan.twiddles.group(kernel, group, line.len(), &mut buffer);
        let mut eight = [kernel.blank(); 8];
        for j in 0..eighth {
            let h = reverse(j, eighth.trailing_zeros());
            let cells = core::array::from_fn(|lane| line.at(workspace, j + eighth * reverse(lane, 3)));
            // SAFETY: row h, columns of this group.
            let target = unsafe { matrix.cells(h * row_len + 8 * group) };
            kernel.twist(cells, twiddles.eight(kernel, j, eighth, &mut eight), target);
        }
        workspace.powers = buffer;
    }

    /// Row `group` of the scratch matrix: transformed and written to `matrix` as columns `8 group ..`.
    ///
    /// # Safety
    /// Nobody else uses columns `8 group ..` of the matrix.
    unsafe fn row_group(
        &self,
        plan: &Plan<'_, K>,
        row: &[K::Packed],
        group: usize,
        matrix: Shared<Fr>,
        workspace: &mut Workspace<K>,
    ) {
        let (kernel, line) = (self.kernel, &self.rows);
        let load = |tile: &mut [K::Cell], offset: usize| {
            kernel.unpack(tile, Strided { entries: &row[offset..], stride: line.block_len() });
        };
        let prefetch = |offset: usize| Prefetch::runs(&raw const row[offset], line.block_len(), line.blocks(), 1);
        let bound = line.upper(kernel, workspace, 2, plan.roots, load, prefetch);
        for block in 0..line.blocks() {
            let (first, step) = line.frequencies(block);
            let start = matrix.address(first * self.columns.len() + 8 * group);
            let targets = Prefetch::runs(start, step * self.columns.len(), line.block_len(), 8);
            for (offset, cell) in line.lower(kernel, workspace, block, bound, plan.roots, targets).iter().enumerate() {
                let frequency = line.frequency(block, offset);
                // SAFETY: row `frequency` of the result, columns of this group.
                let target = unsafe { matrix.cells(frequency * self.columns.len() + 8 * group) };
                kernel.store(cell, plan.scale_out.get(frequency), target);
            }
        }
    }
}
