//! Columns added up row by row: eight columns to a group, thousands of additions to an inversion.
//!
//! For each row the denominators `x_b - x_a` are multiplied up, one inversion serves all of them, and a pass over the groups
//! in reverse order completes the additions and multiplies up the denominators of the next row. Per addition: five
//! multiplications and a square.
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
    _MM_HINT_T0, _mm_prefetch, _mm256_cmpneq_epi32_mask, _mm256_loadu_si256, _mm256_movepi32_mask, _mm256_set1_epi32,
    _mm256_slli_epi32,
};

use halo2curves::bn256::Fq;

use super::{Factor, Loose, Points, Vector, invert};
use crate::cpu::ifma::Ifma;
use crate::cpu::ifma::field::{FqModulus, Modulus};
use crate::cpu::msm::columns::{Columns, LANES, Row};
use crate::cpu::msm::portable;
use crate::cpu::msm::slot::{NONE, Slot, split_ref};

/// How many groups ahead points are fetched into the cache. An addition takes longer than memory does, and what is fetched
/// earlier may be gone again: at least its address translation.
const AHEAD: usize = 3;
/// The same where nothing is computed meanwhile.
const AHEAD_AT_FIRST: usize = 12;

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
        Points { x: Loose::from(self.minus_x).negate::<5>().norm(), y: Loose::from(self.minus_y).negate::<5>().norm() }
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
pub(super) fn sum_columns(ifma: Ifma, source: &[Slot], columns: &Columns, scratch: &mut Scratch, sums: &mut Vec<Slot>) {
    start(ifma, source, columns, scratch);
    // The product of the denominators of the row, if it has been prepared with the row before.
    let mut prepared = None;
    for index in 1..columns.height() {
        let row = RowJob::new(ifma, source, columns, index);
        let Scratch { sums, pending, identities, .. } = scratch;
        let mut exceptional = identities[..row.active].iter().any(|&lanes| lanes != 0);
        if !exceptional {
            let product = prepared.take().unwrap_or_else(|| prepare_row(row, sums, pending));
            let next = RowJob::new(ifma, source, columns, index + 1);
            // While the inversion lasts.
            (0..AHEAD).for_each(|turn| row.prefetch_for(next, turn));
            match invert(ifma, product) {
                Some(inverse) => prepared = Some(add_row(row, next, sums, pending, inverse.into())),
                None => exceptional = true,
            }
        }
        if exceptional {
            add_row_carefully(row, scratch);
        }
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

/// Starts the sums with the first row.
#[inline(always)]
fn start(ifma: Ifma, source: &[Slot], columns: &Columns, scratch: &mut Scratch) {
    let (first, second) = (RowJob::new(ifma, source, columns, 0), RowJob::new(ifma, source, columns, 1));
    scratch.sums.clear();
    (0..AHEAD_AT_FIRST).for_each(|group| first.prefetch(group));
    for group in 0..first.active {
        first.prefetch(group + AHEAD_AT_FIRST);
        second.prefetch(group);
        let cells = columns.row(group, 0);
        let Points { x, y } = Points::load(ifma, addresses(source, cells));
        let (_, negative) = masks(ifma, cells);
        scratch.sums.push(Sums {
            minus_x: Loose::from(x).negate::<1>().norm(),
            minus_y: Loose::from(Vector::zero(ifma)).lift::<2>().plus_minus(!negative, y).norm(),
        });
    }
    let zero = Vector::zero(ifma);
    scratch.pending.resize(first.active, Pending { run: zero, rise: zero.into(), before: zero.into() });
    scratch.identities.clear();
    scratch.identities.resize(first.active, 0);
}

/// A row that is being added.
///
/// The groups take turns, upward in one row and downward in the next, because products of denominators are taken apart
/// from the end.
#[derive(Clone, Copy, Debug)]
struct RowJob<'a> {
    ifma: Ifma,
    source: &'a [Slot],
    columns: &'a Columns,
    index: usize,
    /// Groups that reach this row: the first so many.
    active: usize,
}

impl<'a> RowJob<'a> {
    #[inline(always)]
    fn new(ifma: Ifma, source: &'a [Slot], columns: &'a Columns, index: usize) -> Self {
        Self { ifma, source, columns, index, active: columns.reaching(index) }
    }

    /// Whose turn it is when this row is added.
    #[inline(always)]
    fn group(self, turn: usize) -> usize {
        if self.index.is_multiple_of(2) { turn } else { self.active - 1 - turn }
    }

    /// The cells of a group.
    #[inline(always)]
    fn cells(self, group: usize) -> &'a Row {
        self.columns.row(group, self.index)
    }

    /// Has the points of a group fetched into the cache, if it reaches this row.
    #[inline(always)]
    fn prefetch(self, group: usize) {
        if group < self.active {
            for &reference in self.cells(group) {
                let address = self.source.as_ptr().wrapping_add(split_ref(reference).0);
                // SAFETY: prefetching is allowed at any address.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
            }
        }
    }

    /// Has the points of the next row fetched for the group whose turn it is in this row.
    #[inline(always)]
    fn prefetch_for(self, next: Self, turn: usize) {
        if turn < self.active {
            next.prefetch(self.group(turn));
        }
    }
}

/// Prepares a row on its own. Returns the product of all denominators.
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn prepare_row(row: RowJob<'_>, sums: &[Sums], pending: &mut [Pending]) -> Factor {
    let mut product = Factor::from(Vector::splat(row.ifma, &FqModulus::ONE_260));
    for turn in (0..row.active).rev() {
        let group = row.group(turn);
        pending[group] = prepare(row, group, &sums[group], product);
        product = product.mul(pending[group].run);
    }
    product
}

/// The line through a sum and the point that is added to it.
#[inline(always)]
fn prepare(row: RowJob<'_>, group: usize, sums: &Sums, before: Factor) -> Pending {
    let cells = row.cells(group);
    let (present, negative) = masks(row.ifma, cells);
    let Points { x, y } = Points::load(row.ifma, addresses(row.source, cells));
    let mut run = x.add(sums.minus_x).norm();
    if present != u8::MAX {
        run = Vector::select(present, run, Vector::splat(row.ifma, &FqModulus::ONE_260));
    }
    let rise = Loose::from(sums.minus_y).plus_minus(negative, y).carried();
    Pending { run, rise, before }
}

/// Completes the additions of a row and prepares the next one. Returns the product of the next denominators.
///
/// An addition is a chain: inverse, slope, x, y, next denominator, each with a multiplication that needs the one before.
/// So that the processor always has independent ones, four groups are under way at different links of the chain.
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn add_row(
    row: RowJob<'_>,
    next: RowJob<'_>,
    sums: &mut [Sums],
    pending: &mut [Pending],
    mut inverse: Factor,
) -> Factor {
    let one = Vector::splat(row.ifma, &FqModulus::ONE_260);
    let mut product = Factor::from(one);
    // What the links hand over: 1 / run, the slope, and slope and -x.
    let (mut run_inverse, mut slope, mut old_slope, mut minus_x) = (product, product, product, one);
    for turn in 0..row.active + 3 {
        if turn >= 3 {
            let group = row.group(turn - 3);
            let sums = &mut sums[group];
            let distance = Loose::from(sums.minus_x).sub::<4>(minus_x).carried();
            let y = Loose::from(sums.minus_y).negate::<3>();
            let minus_y = old_slope.widening_mul(distance).add_reduced(y).reduce().lift_below::<1, 3>().norm();
            replace(row, group, sums, Sums { minus_x, minus_y });
            if group < next.active {
                pending[group] = prepare(next, group, sums, product);
                product = product.mul(pending[group].run);
            }
        }
        if turn >= 2 && turn < row.active + 2 {
            let group = row.group(turn - 2);
            let (sums, pending) = (&sums[group], &pending[group]);
            // x_a + x_b is run - 2 (-x_a). Where there is no term the run is not what it says: x_b = 0 keeps the bounds.
            let (present, _) = masks(row.ifma, row.cells(group));
            let run = if present == u8::MAX { pending.run } else { Vector::select(present, pending.run, sums.minus_x) };
            let both = Loose::from(run).minus(sums.minus_x).minus(sums.minus_x);
            minus_x = both.minus(slope.widening_square().reduce()).lift::<2>().lift_below::<0, 3>().norm();
            old_slope = slope;
        }
        if turn >= 1 && turn < row.active + 1 {
            let group = row.group(turn - 1);
            slope = pending[group].rise.mul(run_inverse);
        }
        if turn < row.active {
            row.prefetch_for(next, turn + AHEAD);
            let group = row.group(turn);
            run_inverse = inverse.mul(pending[group].before);
            inverse = inverse.mul(pending[group].run);
        }
    }
    product
}

/// Writes the lanes that had a term.
#[inline(always)]
fn replace(row: RowJob<'_>, group: usize, sums: &mut Sums, new: Sums) {
    let (present, _) = masks(row.ifma, row.cells(group));
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
fn add_row_carefully(row: RowJob<'_>, scratch: &mut Scratch) {
    let Scratch { sums, identities, careful, .. } = scratch;
    careful.reset(row.active * LANES);
    for (group, slots) in careful.points().chunks_mut(LANES).enumerate() {
        slots.copy_from_slice(&sums[group].points().store_256(row.ifma));
        for (lane, slot) in slots.iter_mut().enumerate() {
            if identities[group] >> lane & 1 == 1 {
                *slot = Slot::IDENTITY;
            }
        }
    }
    // Words in the 2^260 form read as 16 times the number in halo2curves' form.
    let sixteenth = Fq::from(16).invert().expect("16 is not zero");
    portable::add_row(row.columns, row.index, careful, |reference| {
        let (index, negative) = split_ref(reference);
        let Slot { x, y } = row.source[index];
        let y = y * sixteenth;
        Slot { x: x * sixteenth, y: if negative { -y } else { y } }
    });
    for (group, slots) in careful.points().as_chunks::<LANES>().0.iter().enumerate() {
        sums[group] = Sums::new(Points::load_256(row.ifma, slots.each_ref()));
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
