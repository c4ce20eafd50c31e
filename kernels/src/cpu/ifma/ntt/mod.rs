//! Number-theoretic transforms over Fr, in two passes of one-dimensional transforms.
//!
//! The `n = R C` values are a matrix of R rows and C columns, value `j = j_1 C + j_2` in row `j_1`. With `k = k_1 + R k_2`,
//!
//! $$X_k = \sum_{j_2} \omega_C^{j_2 k_2}\; \omega_n^{j_2 k_1} \sum_{j_1} \omega_R^{j_1 k_1} x_j$$
//!
//! (Bailey, "FFTs in external or hierarchical memory", 1990). The first pass transforms eight neighbouring columns at a
//! time, multiplies by the twiddles $\omega_n^{j_2 k_1}$ and transposes into a scratch matrix; the second transforms eight
//! rows $k_1$ at a time and writes eight neighbouring results. Data stay in halo2curves' form (2^256), constants are in the
//! 2^260 form; values are canonical only at the very end.
//!
//! On the coset `s H` the input is scaled by `s^j = s^{C j_1} s^{j_2}`: the first factor is multiplied in as rows are loaded,
//! the second belongs to the twiddles. The way back divides the result by `s^k` and by n: `s^{-k_1} / n` belongs to the
//! twiddles, `s^{-R k_2}` is multiplied in before the result is stored.

mod butterfly;
mod line;
mod roots;
mod twiddles;

use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use ff::Field;
use halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::Ifma;
use super::field::{Limbs, mul_pair, transpose};
use butterfly::Scalars;
use line::{Line, Workspace};
use roots::{block_roots, reverse, root_of_unity};
use twiddles::{Powers, Twiddles, powers};

/// Smallest transform done with vectors: eight columns of eight rows.
const MIN_LOG: u32 = 6;
/// Largest transform: lines of 2^12 registers.
const MAX_LOG: u32 = 24;
/// Twiddle tables (40 bytes per value) are kept up to this size; above they are computed on the way.
const MAX_TABLE_LOG: u32 = 18;

thread_local! {
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
}

/// Transforms of one size.
pub struct Ntt {
    ifma: Ifma,
    log_n: u32,
    columns: Line,
    rows: Line,
    forward: OnceLock<Vec<Scalars>>,
    inverse: OnceLock<Vec<Scalars>>,
    /// Scratch matrices that are not in use.
    scratch: Mutex<Vec<Vec<Scalars>>>,
}

impl fmt::Debug for Ntt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ntt").field("log_n", &self.log_n).finish_non_exhaustive()
    }
}

/// What is particular to a direction and a coset.
struct Plan<'a> {
    roots: &'static [Limbs],
    /// Factors of the rows of the input.
    scale_in: Vec<Limbs>,
    twiddles: Twiddles<'a>,
    /// Factors of the rows of the result.
    scale_out: Vec<Limbs>,
}

/// A matrix that several threads write disjoint parts of.
#[derive(Clone, Copy)]
struct Shared<T>(*mut T);

// SAFETY: the pointer is only used by `cell`, whose callers promise disjointness.
unsafe impl<T: Send> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    /// # Safety
    /// `start + N` is inside the matrix, and no other reference to these cells exists.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)]
    unsafe fn cells<const N: usize>(&self, start: usize) -> &mut [T; N] {
        // SAFETY: by contract.
        unsafe { &mut *self.0.add(start).cast() }
    }
}

impl Ntt {
    /// The transforms of size `2^log_n`, `6 <= log_n <= 24`, shared by the whole process.
    pub fn of_size(ifma: Ifma, log_n: u32) -> Arc<Self> {
        static PLANS: [OnceLock<Arc<Ntt>>; (MAX_LOG - MIN_LOG + 1) as usize] =
            [const { OnceLock::new() }; (MAX_LOG - MIN_LOG + 1) as usize];
        PLANS[(log_n - MIN_LOG) as usize].get_or_init(|| Arc::new(Self::new(ifma, log_n))).clone()
    }

    fn new(ifma: Ifma, log_n: u32) -> Self {
        Self {
            ifma,
            log_n,
            columns: Line::new(log_n.div_ceil(2)),
            rows: Line::new(log_n / 2),
            forward: OnceLock::new(),
            inverse: OnceLock::new(),
            scratch: Mutex::default(),
        }
    }

    /// Coefficients to values on the rows.
    pub fn forward(&self, values: &mut [Fr]) {
        let plan = self.plan(false, None);
        self.in_place(&plan, values);
    }

    /// Values on the rows to coefficients.
    pub fn inverse(&self, values: &mut [Fr]) {
        let plan = self.plan(true, None);
        self.in_place(&plan, values);
    }

    /// Coefficients to values on the coset `shift H`.
    pub fn coset(&self, coefficients: &[Fr], shift: &Fr, values: &mut [Fr]) {
        let plan = self.plan(false, Some(shift));
        self.with_scratch(|scratch| {
            self.first_pass(&plan, coefficients, scratch);
            self.second_pass(&plan, scratch, values);
        });
    }

    /// Values on the coset `shift H` to coefficients.
    pub fn coset_inverse(&self, values: &mut [Fr], shift: &Fr) {
        let plan = self.plan(true, Some(shift));
        self.in_place(&plan, values);
    }

    fn in_place(&self, plan: &Plan<'_>, values: &mut [Fr]) {
        self.with_scratch(|scratch| {
            self.first_pass(plan, values, scratch);
            self.second_pass(plan, scratch, values);
        });
    }

    fn with_scratch(&self, work: impl FnOnce(&mut [Scalars])) {
        let kept = self.scratch.lock().expect("no panic while the lock is held").pop();
        let mut scratch = kept.unwrap_or_else(|| vec![Scalars::zero(self.ifma); 1 << (self.log_n - 3)]);
        work(&mut scratch);
        self.scratch.lock().expect("no panic while the lock is held").push(scratch);
    }

    fn plan(&self, inverse: bool, shift: Option<&Fr>) -> Plan<'_> {
        let root = root_of_unity(self.log_n);
        let invert = |x: &Fr| x.invert().expect("roots, shifts and sizes are not zero");
        let (columns, rows) = (self.columns.len(), self.rows.len());
        let mut powers_of = Powers {
            base: if inverse { invert(&root) } else { root },
            row_factor: Fr::ONE,
            column_factor: Fr::ONE,
            constant: if inverse { invert(&Fr::from(1 << self.log_n)) } else { Fr::ONE },
        };
        let (mut scale_in, mut scale_out) = (Vec::new(), Vec::new());
        match shift {
            Some(shift) if inverse => {
                let back = invert(shift);
                powers_of.row_factor = back;
                scale_out = powers(back.pow_vartime([columns as u64]), rows);
            }
            Some(shift) => {
                powers_of.column_factor = *shift;
                scale_in = powers(shift.pow_vartime([rows as u64]), columns);
            }
            None => {}
        }
        let table = if inverse { &self.inverse } else { &self.forward };
        let twiddles = if shift.is_none() && self.log_n <= MAX_TABLE_LOG {
            Twiddles::Table(table.get_or_init(|| powers_of.table(self.ifma, columns, rows)))
        } else {
            Twiddles::Computed(powers_of.prepare(self.ifma, rows))
        };
        Plan { roots: block_roots(inverse), scale_in, twiddles, scale_out }
    }

    fn first_pass(&self, plan: &Plan<'_>, input: &[Fr], scratch: &mut [Scalars]) {
        assert!(input.len() == 1 << self.log_n && scratch.len() == 1 << (self.log_n - 3));
        let matrix = Shared(scratch.as_mut_ptr());
        (0..self.rows.len() / 8).into_par_iter().for_each(|group| {
            WORKSPACE.with_borrow_mut(|workspace| {
                // SAFETY: the token proves the instructions; each group writes its own columns of the matrix.
                unsafe { self.column_group(plan, input, group, matrix, workspace) }
            });
        });
    }

    fn second_pass(&self, plan: &Plan<'_>, scratch: &[Scalars], output: &mut [Fr]) {
        assert!(output.len() == 1 << self.log_n && scratch.len() == 1 << (self.log_n - 3));
        let matrix = Shared(output.as_mut_ptr());
        scratch.par_chunks_exact(self.rows.len()).enumerate().for_each(|(group, rows)| {
            WORKSPACE.with_borrow_mut(|workspace| {
                // SAFETY: the token proves the instructions; each group writes its own columns of the matrix.
                unsafe { self.row_group(plan, rows, group, matrix, workspace) }
            });
        });
    }

    /// Columns `8 group ..` of the input: transformed, multiplied by the twiddles, and written to `matrix`, where row
    /// `h` has the frequencies `8 h ..` in its lanes.
    ///
    /// # Safety
    /// The processor has the instructions; `matrix` has n / 8 registers, and nobody else uses columns `8 group ..`.
    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
    unsafe fn column_group(
        &self,
        plan: &Plan<'_>,
        input: &[Fr],
        group: usize,
        matrix: Shared<Scalars>,
        workspace: &mut Workspace,
    ) {
        let (ifma, line, row_len) = (self.ifma, &self.columns, self.rows.len());
        let load = |row: usize| {
            let chunk = input[row * row_len + 8 * group..].first_chunk().expect("the row has eight more");
            Scalars::load(ifma, chunk)
        };
        let bound = if plan.scale_in.is_empty() {
            line.upper(ifma, workspace, 1, plan.roots, |row| load(row).into())
        } else {
            let scale = &plan.scale_in;
            line.upper(ifma, workspace, 2, plan.roots, |row| Scalars::splat(ifma, &scale[row]).mul_loose(load(row)))
        };
        for block in 0..line.blocks() {
            line.lower(ifma, workspace, block, bound, plan.roots);
        }
        let twiddles = plan.twiddles.group(ifma, group, line.len(), &mut workspace.powers);
        let eighth = line.len() / 8;
        for j in 0..eighth {
            let h = reverse(j, eighth.trailing_zeros());
            let mut rows = [Scalars::zero(ifma); 8];
            for (i, pair) in rows.as_chunks_mut::<2>().0.iter_mut().enumerate() {
                let value = |lane| line.at(&workspace.grid, j + eighth * reverse(lane, 3)).carried();
                let [w, v] = twiddles.pair(j, h, i);
                *pair = mul_pair(w, value(2 * i), v, value(2 * i + 1)).map(|product| product.norm());
            }
            // SAFETY: row h of n / 8 / row_len, columns of this group.
            let target = unsafe { matrix.cells::<8>(h * row_len + 8 * group) };
            *target = transpose(&rows);
        }
    }

    /// Row `group` of the scratch matrix: transformed and written to `matrix` as columns `8 group ..`.
    ///
    /// # Safety
    /// The processor has the instructions; `matrix` has n elements, and nobody else uses columns `8 group ..`.
    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
    unsafe fn row_group(
        &self,
        plan: &Plan<'_>,
        row: &[Scalars],
        group: usize,
        matrix: Shared<Fr>,
        workspace: &mut Workspace,
    ) {
        let (ifma, line) = (self.ifma, &self.rows);
        let bound = line.upper(ifma, workspace, 2, plan.roots, |i| row[i].into());
        for block in 0..line.blocks() {
            for (offset, value) in line.lower(ifma, workspace, block, bound, plan.roots).iter().enumerate() {
                let frequency = line.frequency(block, offset);
                let value = match plan.scale_out.get(frequency) {
                    Some(scale) => Scalars::splat(ifma, scale).mul(value.carried()).reduce_once(),
                    None => value.canonical(),
                };
                // SAFETY: row `frequency` of n / columns, columns of this group.
                value.store(unsafe { matrix.cells::<8>(frequency * self.columns.len() + 8 * group) });
            }
        }
    }
}
