//! Columns added up row by row: eight columns to a group, thousands of additions to an inversion.
//!
//! A forward pass over the groups fetches the points of the row and multiplies up the denominators `x_b - x_a`, one inversion
//! serves all of them, and a backward pass completes the additions. Per addition: five multiplications and a square.
//!
//! # Bounds
//! In multiples of p, the same after each row. [`Loose::lift_below`] may lift a little more than it must, hence "+".
//!
//! | number | in | because |
//! |---|---|---|
//! | `x_b, y_b` | [0, 1) | slots are canonical |
//! | `-x_a` | [0, 3+) | at first 1; then `x_a + x_b - slope^2 + 2` is in (-2.2, 3), negatives are lifted by 3 |
//! | `-y_a` | [1, 4.3) | at first 1 to 3; then `slope (x - x_a) + y_a + 3` is in (-1.3, 4.3), below 1 it is lifted by 3 |
//! | `run = x_b - x_a` | [0, 4+) | |
//! | `rise = +-y_b - y_a` | (0, 5.3) | |
//! | products | [0, 1.3) | factors are below 7.1 and 1.3: `7.1 * 1.3 / 84.6 + 1.13` |
//!
//! # Exceptions
//! A denominator is zero where a point meets itself or its opposite; then the product of all of them is zero in that lane,
//! which is looked at once per row. Such a row is added by the portable kernel instead, which distinguishes all cases, and so
//! are the rows after it while a sum is the identity.

use core::arch::x86_64::{
    _MM_HINT_T0, _MM_HINT_T1, _mm_prefetch, _mm256_cmpneq_epi32_mask, _mm256_loadu_si256, _mm256_movepi32_mask,
    _mm256_set1_epi32, _mm256_slli_epi32,
};

use ff::Field;
use halo2curves::bn256::Fq;

use super::{Factor, Loose, Points, Vector, invert};
use crate::cpu::ifma::Ifma;
use crate::cpu::ifma::field::{FqModulus, Modulus};
use crate::cpu::msm::columns::{Columns, LANES, Row};
use crate::cpu::msm::portable;
use crate::cpu::msm::slot::{NONE, Slot, split_ref};

/// How many groups ahead the first row's points are fetched into the cache.
const AHEAD: usize = 12;
const DISTANCE: usize = 3;

/// Eight sums under way: their opposites, because subtracting them is all that is done with them.
#[derive(Clone, Copy, Debug)]
struct Sums {
    minus_x: Vector,
    minus_y: Vector,
}

impl Sums {
    /// From canonical coordinates.
    #[inline(always)]
    fn new(Points { x, y }: Points) -> Self {
        Self { minus_x: Loose::from(x).negate::<1>().norm(), minus_y: Loose::from(y).negate::<2>().norm() }
    }

    /// Below 5 p.
    #[inline(always)]
    fn points(self) -> Points {
        Points {
            x: Loose::from(self.minus_x).negate::<5>().norm(),
            y: Loose::from(self.minus_y).negate::<5>().norm(),
        }
    }
}

/// Eight additions between the passes; the slope is `rise / run`.
#[derive(Clone, Copy, Debug)]
struct Pending {
    run: Vector,
    rise: Factor,
    /// The product of the runs before.
    before: Factor,
}

/// Memory for the sums of a block of columns.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    sums: Vec<Sums>,
    pending: Vec<Pending>,
    /// The lanes whose sum is the identity, by group.
    identities: Vec<u8>,
    /// For rows with exceptions.
    careful: portable::Sums,
}

/// Appends the sums of the columns, eight for each group.
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
pub(super) fn sum_columns(
    ifma: Ifma,
    source: &[Slot],
    columns: &Columns,
    scratch: &mut Scratch,
    sums: &mut Vec<Slot>,
) {
    first_row(ifma, source, columns, scratch);
    let mut prepared = None;
    for row in 1..columns.height() {
        let active = columns.reaching(row);
        let job = Job { ifma, source, columns, row, upward: row % 2 == 0 };
        if scratch.identities[..active].iter().all(|&lanes| lanes == 0) {
            let t0 = std::time::Instant::now();
            let product = prepared.take().unwrap_or_else(|| unsafe { prepare_row(job, &scratch.sums, &mut scratch.pending) });
            let t1 = std::time::Instant::now();
            let next_active = columns.reaching(row + 1);
            for turn in 0..DISTANCE.min(active) {
                Job { row: row + 1, ..job }.prefetch(turn, active, next_active);
            }
            if let Some(inverse) = invert(ifma, product) {
                let t2 = std::time::Instant::now();
                prepared = Some(add_row(job, &mut scratch.sums[..active], &mut scratch.pending[..active], inverse.into()));
                let t3 = std::time::Instant::now();
                unsafe { TIMES[0] += (t1-t0).as_secs_f64(); TIMES[1] += (t2-t1).as_secs_f64(); TIMES[2] += (t3-t2).as_secs_f64(); TIMES[3]+= active as f64; }
                continue;
            }
        }
        add_row_carefully(ifma, source, columns, row, scratch);
    }
    for (group, identities) in scratch.sums.iter().zip(&scratch.identities) {
        let mut slots = group.points().reduce().store();
        for (lane, slot) in slots.iter_mut().enumerate() {
            if identities >> lane & 1 == 1 {
                *slot = Slot::IDENTITY;
            }
        }
        sums.extend_from_slice(&slots);
    }
}
pub static mut TIMES: [f64;4]=[0.0;4];

/// A row to add.
#[derive(Clone, Copy, Debug)]
struct Job<'a> {
    ifma: Ifma,
    source: &'a [Slot],
    columns: &'a Columns,
    row: usize,
    upward: bool,
}

impl Job<'_> {
    fn next(self) -> Self {
        Self { row: self.row + 1, upward: !self.upward, ..self }
    }
    #[inline(always)]
    fn prefetch(&self, turn: usize, active: usize, next_active: usize) {
        if turn < active {
            let group = self.group(turn, active);
            if group < next_active {
                prefetch::<_MM_HINT_T0>(self.source, self.columns.row(group, self.row));
            }
        }
    }
    #[inline(always)]
    fn group(&self, turn: usize, active: usize) -> usize {
        if self.upward { turn } else { active - 1 - turn }
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn prepare_row(job: Job<'_>, sums: &[Sums], pending: &mut [Pending]) -> Factor {
    let mut product = Factor::from(Vector::splat(job.ifma, &FqModulus::ONE_260));
    let active = job.columns.reaching(job.row);
    for turn in (0..active).rev() {
        let group = job.group(turn, active);
        let run = prepare(job, group, &sums[group], product, &mut pending[group]);
        product = product.mul(run);
    }
    product
}

/// The line through a sum and the point that is added to it.
#[inline(always)]
fn prepare(job: Job<'_>, group: usize, sums: &Sums, before: Factor, pending: &mut Pending) -> Vector {
    let row = job.columns.row(group, job.row);
    let (present, negative) = masks(job.ifma, row);
    let Points { x, y } = Points::load(job.ifma, addresses(job.source, row));
    let mut run = x.add(sums.minus_x).norm();
    if present != u8::MAX {
        run = Vector::select(present, run, Vector::splat(job.ifma, &FqModulus::ONE_260));
    }
    let rise = Loose::from(sums.minus_y).plus_minus(negative, y).factor();
    *pending = Pending { run, rise, before };
    run
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
#[inline(never)]
fn add_row(job: Job<'_>, sums: &mut [Sums], pending: &mut [Pending], mut inverse: Factor) -> Factor {
    let active = sums.len();
    let next = job.next();
    let next_active = job.columns.reaching(job.row + 1);
    let one = Vector::splat(job.ifma, &FqModulus::ONE_260);
    let mut product = Factor::from(one);
    let mut quotient: Factor = one.into();
    let mut slope: Factor = one.into();
    let mut late_slope: Factor = one.into();
    let mut minus_x = one;
    for turn in 0..active + 3 {
        if turn >= 3 {
            let group = job.group(turn - 3, active);
            let sums = &mut sums[group];
            let distance = Loose::from(sums.minus_x).sub::<4>(minus_x).factor();
            let y = Loose::from(sums.minus_y).negate::<3>();
            let minus_y = late_slope.widening_mul(distance).add_reduced(y).reduce().lift_below::<1, 3>().norm();
            replace(job.ifma, job.columns.row(group, job.row), sums, Sums { minus_x, minus_y });
            if group < next_active {
                let run = prepare(next, group, sums, product, &mut pending[group]);
                product = product.mul(run);
            }
        }
        if turn >= 2 && turn < active + 2 {
            let group = job.group(turn - 2, active);
            let (sums, pending) = (&sums[group], &pending[group]);
            // x_a + x_b is run - 2 (-x_a).
            let both = Loose::from(pending.run).minus(sums.minus_x).minus(sums.minus_x);
            minus_x = both.minus(slope.widening_square().reduce()).lift::<2>().lift_below::<0, 3>().norm();
            late_slope = slope;
        }
        if turn >= 1 && turn < active + 1 {
            let group = job.group(turn - 1, active);
            slope = pending[group].rise.mul(quotient);
        }
        if turn < active {
            Job { row: job.row + 1, ..job }.prefetch(turn + DISTANCE, active, next_active);
            let group = job.group(turn, active);
            quotient = inverse.mul(pending[group].before);
            inverse = inverse.mul(pending[group].run);
        }
    }
    product
}

/// Starts the sums with the first row.
#[inline(always)]
fn first_row(ifma: Ifma, source: &[Slot], columns: &Columns, scratch: &mut Scratch) {
    scratch.sums.clear();
    for group in 0..columns.groups() {
        if group + AHEAD < columns.groups() {
            prefetch::<_MM_HINT_T0>(source, columns.row(group + AHEAD, 0));
        }
        let row = columns.row(group, 0);
        let Points { x, y } = Points::load(ifma, addresses(source, row));
        let minus_x = Loose::from(x).negate::<1>().norm();
        let minus_y = Loose::from(Vector::zero(ifma)).lift::<2>().plus_minus(!masks(ifma, row).1, y).norm();
        scratch.sums.push(Sums { minus_x, minus_y });
    }
    for group in 0..columns.reaching(1) {
        prefetch::<_MM_HINT_T1>(source, columns.row(group, 1));
    }
    let zero = Vector::zero(ifma);
    scratch.pending.resize(columns.groups(), Pending { run: zero, rise: zero.into(), before: zero.into() });
    scratch.identities.clear();
    scratch.identities.resize(columns.groups(), 0);
}

/// Writes the lanes that had a term.
#[inline(always)]
fn replace(ifma: Ifma, row: &Row, sums: &mut Sums, new: Sums) {
    let (present, _) = masks(ifma, row);
    if present == u8::MAX {
        *sums = new;
    } else {
        *sums = Sums {
            minus_x: Vector::select(present, new.minus_x, sums.minus_x),
            minus_y: Vector::select(present, new.minus_y, sums.minus_y),
        };
    }
}

/// Adds a row by the portable kernel, which knows all exceptions.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn add_row_carefully(ifma: Ifma, source: &[Slot], columns: &Columns, row: usize, scratch: &mut Scratch) {
    let Scratch { sums, identities, careful, .. } = scratch;
    let active = columns.reaching(row);
    careful.reset(active * LANES);
    for (group, slots) in careful.points().chunks_mut(LANES).enumerate() {
        slots.copy_from_slice(&sums[group].points().store_256(ifma));
        for (lane, slot) in slots.iter_mut().enumerate() {
            if identities[group] >> lane & 1 == 1 {
                *slot = Slot::IDENTITY;
            }
        }
    }
    // Words in the 2^260 form read as 16 times the number in halo2curves' form.
    let sixteenth = Fq::from(16).invert().expect("16 is not zero");
    portable::add_row(columns, row, careful, |reference| {
        let (index, negative) = split_ref(reference);
        let Slot { x, y } = source[index];
        let y = y * sixteenth;
        Slot { x: x * sixteenth, y: if negative { -y } else { y } }
    });
    for (group, slots) in careful.points().as_chunks::<LANES>().0.iter().enumerate() {
        sums[group] = Sums::new(Points::load_256(ifma, slots.each_ref()));
        identities[group] = (0..LANES).map(|lane| u8::from(slots[lane].is_identity()) << lane).sum();
    }
}

/// The points of a row. References that stand for nothing read the first slot: the lane is not used.
#[inline(always)]
fn addresses<'a>(source: &'a [Slot], row: &Row) -> [&'a Slot; LANES] {
    // A loop, because `map` may end up as a call.
    let mut from = [&source[0]; LANES];
    for (from, &reference) in from.iter_mut().zip(row) {
        *from = &source[if reference == NONE { 0 } else { split_ref(reference).0 }];
    }
    from
}

/// The lanes that have a term, and lanes whose term is negative (lanes without a term may be among these).
#[inline(always)]
fn masks(_: Ifma, row: &Row) -> (u8, u8) {
    // SAFETY: the token proves the instructions; a row has 32 bytes.
    unsafe {
        let row = _mm256_loadu_si256(row.as_ptr().cast());
        (
            _mm256_cmpneq_epi32_mask(row, _mm256_set1_epi32(NONE as i32)),
            _mm256_movepi32_mask(_mm256_slli_epi32::<31>(row)),
        )
    }
}

#[inline(always)]
fn prefetch<const HINT: i32>(source: &[Slot], row: &Row) {
    for &reference in row {
        // SAFETY: prefetching is allowed at any address.
        unsafe { _mm_prefetch::<HINT>(source.as_ptr().wrapping_add(split_ref(reference).0).cast()) };
    }
}
