//! The AVX-512 IFMA kernel: eight points to a register set.

mod recode;
mod rows;

use ff::Field;
use halo2curves::bn256::{Fq, Fr, G1Affine};

use super::columns::{Columns, LANES};
use super::digits::Recoding;
use super::kernel::Kernel;
use super::slot::{Slot, Term};
use crate::cpu::ifma::Ifma;
use crate::cpu::ifma::field::{self, FqModulus, Lanes, Modulus};

type Vector = Lanes<FqModulus>;
type Factor = field::Factor<FqModulus>;
type Loose = field::Loose<FqModulus>;

/// The kernel; its token proves that the instructions are there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IfmaKernel(pub(crate) Ifma);

/// Eight affine points in the 2^260 form.
#[derive(Clone, Copy, Debug)]
struct Points {
    x: Vector,
    y: Vector,
}

/// Groups of eight points that are doubled with one inversion.
const DOUBLING_GROUPS: usize = 128;

impl Points {
    #[inline(always)]
    fn load(ifma: Ifma, from: [&Slot; LANES]) -> Self {
        let [x, y] = coordinates(from);
        Self { x: Vector::gather(ifma, x), y: Vector::gather(ifma, y) }
    }

    /// The same points with canonical coordinates.
    #[inline(always)]
    fn reduce(self) -> Self {
        Self { x: self.x.reduce(), y: self.y.reduce() }
    }

    /// The coordinates must be canonical.
    #[inline(always)]
    fn store(self) -> [Slot; LANES] {
        let (x, y) = (self.x.to_fields(), self.y.to_fields());
        let mut slots = [Slot::IDENTITY; LANES];
        for (lane, slot) in slots.iter_mut().enumerate() {
            *slot = Slot { x: x[lane], y: y[lane] };
        }
        slots
    }

    /// From words in halo2curves' form.
    #[inline(always)]
    fn load_256(ifma: Ifma, from: [&Slot; LANES]) -> Self {
        let [x, y] = coordinates(from);
        Self { x: Vector::gather_260(ifma, x), y: Vector::gather_260(ifma, y) }.reduce()
    }

    /// To words in halo2curves' form.
    #[inline(always)]
    fn store_256(self, ifma: Ifma) -> [Slot; LANES] {
        let form = Vector::splat(ifma, &FqModulus::FORM_256);
        Self { x: self.x.mul(form), y: self.y.mul(form) }.reduce().store()
    }
}

/// Loops, because `map` and `from_fn` may end up as calls.
#[inline(always)]
fn coordinates(from: [&Slot; LANES]) -> [[&Fq; LANES]; 2] {
    let (mut x, mut y) = ([&from[0].x; LANES], [&from[0].y; LANES]);
    for lane in 0..LANES {
        (x[lane], y[lane]) = (&from[lane].x, &from[lane].y);
    }
    [x, y]
}

/// The inverses of eight numbers, unless one is zero.
#[inline(always)]
fn invert(ifma: Ifma, numbers: Factor) -> Option<Vector> {
    // Times one, because only sums of products can be reduced.
    let one = Vector::splat(ifma, &FqModulus::ONE_260);
    let canonical = numbers.widening_mul(one).reduce().norm().reduce();
    if canonical.zero_mask() != 0 {
        return None;
    }
    // z in the 2^260 form reads as 16 z in halo2curves' form, whose inverse is short of the 2^260 form of 1/z by 2^8.
    let lanes = canonical.to_fields();
    let mut before = [Fq::ONE; LANES];
    for lane in 1..LANES {
        before[lane] = before[lane - 1] * lanes[lane - 1];
    }
    let mut inverse = (before[LANES - 1] * lanes[LANES - 1]).invert().expect("no lane is zero") * Fq::from(256);
    let mut inverses = [Fq::ZERO; LANES];
    for lane in (0..LANES).rev() {
        inverses[lane] = inverse * before[lane];
        inverse *= lanes[lane];
    }
    Some(Vector::load(ifma, &inverses))
}

/// Converts points, eight at a time; the identity stays what it is, because zero is zero in both forms.
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn encode(ifma: Ifma, points: &[G1Affine], slots: &mut [Slot]) {
    for (points, slots) in points.chunks(LANES).zip(slots.chunks_mut(LANES)) {
        let mut from = [Slot::IDENTITY; LANES];
        for (slot, point) in from.iter_mut().zip(points) {
            *slot = Slot { x: point.x, y: point.y };
        }
        slots.copy_from_slice(&Points::load_256(ifma, from.each_ref()).store()[..slots.len()]);
    }
}

/// The converse of [`encode`].
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn decode(ifma: Ifma, slots: &[Slot], points: &mut Vec<G1Affine>) {
    for slots in slots.chunks(LANES) {
        let decoded = Points::load(ifma, padded(slots)).store_256(ifma);
        points.extend(decoded[..slots.len()].iter().map(|slot| G1Affine { x: slot.x, y: slot.y }));
    }
}

/// Up to eight slots, the first of them again where there are fewer.
#[inline(always)]
fn padded(slots: &[Slot]) -> [&Slot; LANES] {
    let mut from = [&slots[0]; LANES];
    for (from, slot) in from.iter_mut().zip(slots) {
        *from = slot;
    }
    from
}

/// Doubles up to [`DOUBLING_GROUPS`] groups of points.
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn double(ifma: Ifma, slots: &mut [Slot], times: u32) {
    let mut points: Vec<Points> = Vec::with_capacity(slots.len().div_ceil(LANES));
    for slots in slots.chunks(LANES) {
        points.push(Points::load(ifma, padded(slots)));
    }
    let mut pending = Vec::with_capacity(points.len());
    for _ in 0..times {
        let mut product = Factor::from(Vector::splat(ifma, &FqModulus::ONE_260));
        pending.clear();
        for point in &points {
            let run = Loose::from(point.y).double().carried();
            pending.push((run, product));
            product = product.mul(run);
        }
        let mut inverse = Factor::from(invert(ifma, product).expect("no point has y = 0: the group has odd order"));
        for (point, (run, before)) in points.iter_mut().zip(&pending).rev() {
            // x stays below 2 p, y below 3.1 p: the products are below 1.4 p.
            let square = Loose::from(point.x.square());
            let slope = square.double().add(square).carried().mul(inverse.mul(*before));
            inverse = inverse.mul(*run);
            let square = slope.widening_square().reduce();
            let x = square.sub::<4>(Loose::from(point.x).double()).norm().reduce_below_two_p();
            let product = slope.widening_mul(point.x.sub::<2>(x).carried()).reduce();
            let y = product.minus(point.y).lift::<1>().lift_below::<0, 3>().norm();
            *point = Points { x, y };
        }
    }
    for (slots, points) in slots.chunks_mut(LANES).zip(points) {
        slots.copy_from_slice(&points.reduce().store()[..slots.len()]);
    }
}

impl Kernel for IfmaKernel {
    type Scratch = rows::Scratch;

    fn encode(self, points: &[G1Affine], slots: &mut [Slot]) {
        // SAFETY: the token proves the instructions.
        unsafe { encode(self.0, points, slots) }
    }

    fn decode(self, slots: &[Slot]) -> Vec<G1Affine> {
        let mut points = Vec::with_capacity(slots.len());
        // SAFETY: as above.
        unsafe { decode(self.0, slots, &mut points) };
        points
    }

    fn double(self, slots: &mut [Slot], times: u32) {
        for slots in slots.chunks_mut(DOUBLING_GROUPS * LANES) {
            // SAFETY: as above.
            unsafe { double(self.0, slots, times) };
        }
    }

    fn recode(self, scalars: &[Fr], recoding: &Recoding, first: u32, terms: &mut Vec<Term>) {
        // SAFETY: as above.
        unsafe { recode::recode(self.0, scalars, recoding, first, terms) };
    }

    fn sum_columns(self, source: &[Slot], columns: &Columns, scratch: &mut rows::Scratch, sums: &mut Vec<Slot>) {
        // SAFETY: as above.
        unsafe { rows::sum_columns(self.0, source, columns, scratch, sums) };
    }
}
