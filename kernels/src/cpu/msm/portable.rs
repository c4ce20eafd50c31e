//! The portable kernel: halo2curves arithmetic, one lane at a time.

use ff::Field;
use halo2curves::bn256::{Fq, Fr, G1Affine};

use super::columns::{Columns, LANES};
use super::digits::{self, Recoding};
use super::kernel::Kernel;
use super::slot::{NONE, Slot, SlotRef, Term, split_ref};

/// Additions that share an inversion: enough to make its share small, few enough for the first-level cache.
const BATCH: usize = 256;

/// Scalar arithmetic on halo2curves' own form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

/// An addition that waits for the inverse of its denominator: the slope is `rise / run`.
#[derive(Clone, Copy, Debug)]
struct Pending {
    position: u32,
    /// The x coordinate of the point that is added.
    x: Fq,
    rise: Fq,
    run: Fq,
    /// The product of all earlier denominators.
    before: Fq,
}

/// Affine sums under way, and room for a batch of additions.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    points: Vec<Slot>,
    pending: Vec<Pending>,
    product: Option<Fq>,
}

impl Sums {
    /// Starts `columns` sums at the identity.
    pub(crate) fn reset(&mut self, columns: usize) {
        self.points.clear();
        self.points.resize(columns, Slot::IDENTITY);
    }

    /// The sums, of halo2curves' form. Settle first.
    pub(crate) fn points(&mut self) -> &mut [Slot] {
        &mut self.points
    }

    /// Adds a point (not the identity) to the sum at `position`: at once if that is easy, with the next [`Self::settle`]
    /// if it takes a division. Each position at most once between two settlements.
    #[inline]
    pub(crate) fn add(&mut self, position: usize, term: Slot) {
        let sum = &mut self.points[position];
        if sum.is_identity() {
            *sum = term;
            return;
        }
        let (mut run, mut rise) = (term.x - sum.x, term.y - sum.y);
        if run == Fq::zero() {
            if rise != Fq::zero() {
                *sum = Slot::IDENTITY;
                return;
            }
            (rise, run) = tangent(sum);
        }
        self.wait(position, term.x, rise, run);
    }

    /// Doubles the sum at `position`, as [`Self::add`] adds to it.
    fn double(&mut self, position: usize) {
        let sum = self.points[position];
        let (rise, run) = tangent(&sum);
        self.wait(position, sum.x, rise, run);
    }

    #[inline]
    fn wait(&mut self, position: usize, x: Fq, rise: Fq, run: Fq) {
        let before = self.product.unwrap_or(Fq::ONE);
        self.product = Some(before * run);
        self.pending.push(Pending { position: position as u32, x, rise, run, before });
        if self.pending.len() == BATCH {
            self.settle();
        }
    }

    /// Completes the additions that wait: one inversion for all of them.
    pub(crate) fn settle(&mut self) {
        let Some(product) = self.product.take() else { return };
        let mut inverse = product.invert().expect("no denominator is zero");
        while let Some(Pending { position, x, rise, run, before }) = self.pending.pop() {
            let slope = rise * (inverse * before);
            inverse *= run;
            let sum = &mut self.points[position as usize];
            let new_x = slope.square() - sum.x - x;
            sum.y = slope * (sum.x - new_x) - sum.y;
            sum.x = new_x;
        }
    }
}

/// Rise and run of the tangent. The run 2y is not zero: the group has odd order.
fn tangent(point: &Slot) -> (Fq, Fq) {
    let square = point.x.square();
    (square.double() + square, point.y.double())
}

/// The slot a reference means, negated if the reference says so.
#[inline(always)]
fn signed(source: &[Slot], reference: SlotRef) -> Slot {
    let (index, negative) = split_ref(reference);
    let slot = source[index];
    Slot { x: slot.x, y: if negative { -slot.y } else { slot.y } }
}

/// Adds row `row` of all columns that reach it to the sums. `read` turns a reference into a point of halo2curves' form.
pub(crate) fn add_row(columns: &Columns, row: usize, sums: &mut Sums, read: impl Fn(SlotRef) -> Slot) {
    for group in 0..columns.reaching(row) {
        for (lane, &reference) in columns.row(group, row).iter().enumerate() {
            if reference != NONE {
                sums.add(group * LANES + lane, read(reference));
            }
        }
    }
    sums.settle();
}

impl Kernel for Portable {
    type Scratch = Sums;

    fn encode(self, points: &[G1Affine], slots: &mut [Slot]) {
        for (slot, point) in slots.iter_mut().zip(points) {
            *slot = Slot { x: point.x, y: point.y };
        }
    }

    fn decode(self, slots: &[Slot]) -> Vec<G1Affine> {
        slots.iter().map(|slot| G1Affine { x: slot.x, y: slot.y }).collect()
    }

    fn double(self, slots: &mut [Slot], times: u32) {
        let mut sums = Sums::default();
        for chunk in slots.chunks_mut(BATCH) {
            sums.reset(0);
            sums.points.extend_from_slice(chunk);
            for _ in 0..times {
                (0..chunk.len()).for_each(|position| sums.double(position));
                sums.settle();
            }
            chunk.copy_from_slice(&sums.points);
        }
    }

    fn recode(self, scalars: &[Fr], recoding: &Recoding, first: u32, terms: &mut Vec<Term>) {
        digits::recode(scalars, recoding, first, terms);
    }

    fn sum_columns(self, source: &[Slot], columns: &Columns, scratch: &mut Sums, sums: &mut Vec<Slot>) {
        scratch.reset(columns.groups() * LANES);
        for row in 0..columns.height() {
            add_row(columns, row, scratch, |reference| signed(source, reference));
        }
        sums.extend_from_slice(&scratch.points);
    }
}
