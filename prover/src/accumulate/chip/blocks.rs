//! Blocks: steps from point to point, reductions, points that are loaded, numbers that are compared.

use halo2curves::{
    CurveAffine,
    bn256::{Fq, Fr, G1Affine},
    ff::Field,
};
use num_bigint::BigInt;

use super::{
    config::{CLUMP, Gate, main, running},
    formulas::{self, Q_CHORD, Q_ROOT},
    limbs::{CARRY_PIECES, LIMB_PIECES, LIMBS, MODULUS, TOP_PIECES, Truncated, quotient, reduce, split, to_integer},
    tape::{Held, Tape},
};

/// A number below $2^{255}$ in range-checked limbs.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Number {
    pub(super) limbs: [Held; LIMBS],
    pub(super) value: Fq,
}

impl Number {
    fn truncated(&self) -> Truncated<Fr> {
        Truncated::number(self.limbs.map(|limb| limb.value))
    }

    /// The integer that the limbs stand for. Honest numbers are reduced.
    fn integer(&self) -> BigInt {
        BigInt::from(to_integer(&self.value))
    }
}

/// A point on the curve.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct ChipPoint {
    pub(super) x: Number,
    pub(super) y: Number,
}

impl ChipPoint {
    /// What a witness says that it is.
    pub(super) fn value(&self) -> Option<G1Affine> {
        G1Affine::from_xy(self.x.value, self.y.value).into()
    }
}

/// An ordinate that need not be reduced.
#[derive(Debug, Clone)]
pub(super) struct Ordinate {
    /// Four coefficients, and the value modulo r.
    cells: [Held; LIMBS + 1],
    integer: BigInt,
    value: Fq,
    /// Products in it.
    steps: usize,
}

impl Ordinate {
    fn truncated(&self) -> Truncated<Fr> {
        let [coefficients @ .., native] = self.cells.map(|held| held.value);
        Truncated { coefficients, native }
    }
}

/// A point on the way: its ordinate need not be reduced.
#[derive(Debug, Clone)]
pub(super) struct Passing {
    pub(super) x: Number,
    pub(super) y: Ordinate,
}

/// How a step goes on.
#[derive(Debug, Clone, Copy)]
pub(super) enum To<'a> {
    /// By adding a point.
    Add(&'a ChipPoint),
    /// By adding a point out of a table, whose first key is given, selected by bits.
    Select { point: &'a ChipPoint, first_key: u64, bits: &'a [Bit; CLUMP] },
    /// By doubling.
    Double,
}

/// One more bit of a scalar.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bit {
    pub(super) bit: bool,
    /// The bits before it; a scalar of nothing but zeros, if there is none.
    pub(super) before: Held,
}

/// Constants in cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Small {
    pub(super) zero: Held,
    pub(super) three: Held,
}

impl Tape {
    /// A step; also the cells that hold the scalars with the bit taken.
    ///
    /// The ordinate must be reduced to be doubled, and no more than [`formulas::MAX_STEPS`] products may follow on a reduction.
    pub(super) fn step(&mut self, from: &Passing, to: To<'_>) -> (Passing, Vec<Held>) {
        let row = self.block(running::STEP_ROWS);
        let Passing { x: x1, y: y1 } = from;
        self.main_number(row + main::X1, x1);
        self.main_ordinate(row + main::Y1, y1);
        let mut taken = vec![];
        let (slope, value, x2, y2) = match to {
            To::Double => {
                debug_assert!(y1.steps == 0, "only reduced ordinates are doubled");
                let slope = x1.value.square() * Fq::from(3) * invert(y1.value.double());
                let s = BigInt::from(to_integer(&slope));
                let value = s * 2u32 * &y1.integer - x1.integer() * x1.integer() * 3u32;
                self.enable(Gate::Tangent, row);
                (slope, value, x1, None)
            }
            To::Add(point) | To::Select { point, .. } => {
                let slope = (point.y.value - y1.value) * invert(point.x.value - x1.value);
                let s = BigInt::from(to_integer(&slope));
                let value = s * (point.x.integer() - x1.integer()) - point.y.integer() + &y1.integer;
                self.enable(Gate::Chord, row);
                self.distinct(row, x1, &point.x);
                (slope, value, &point.x, Some(&point.y))
            }
        };
        if let To::Select { first_key, bits, .. } = to {
            self.select(row, first_key);
            taken = bits.iter().enumerate().map(|(i, bit)| self.bit(row + main::bit(i), *bit)).collect();
            // The lookup says which point this is.
            self.main_values(row + main::X2, x2);
            y2.iter().for_each(|y2| self.main_values(row + main::Y2, y2));
        } else {
            if y2.is_some() {
                self.select_itself(row);
            }
            self.main_number(row + main::X2, x2);
            y2.iter().for_each(|y2| self.main_number(row + main::Y2, y2));
        }

        let slope = self.number(row + running::FIRST, slope);
        let q = self.quotient(row + running::QUOTIENT, &value);
        let (s, x1t, y1t, qt) = (slope.truncated(), x1.truncated(), y1.truncated(), number(q));
        let checked = match y2 {
            None => formulas::tangent(s, x1t, y1t, qt),
            Some(y2) => formulas::chord(s, x1t, x2.truncated(), y1t, y2.truncated(), qt),
        };
        self.carries(row, running::CARRIES, &checked);
        let x3 = slope.value.square() - x1.value - x2.value;
        let (x3, y3) = self.third(row, &slope, x1, x2, x3, y1);
        (Passing { x: x3, y: y3 }, taken)
    }

    /// The third point of a line: the gate that steps and loaded points share.
    fn third(
        &mut self,
        row: usize,
        slope: &Number,
        x1: &Number,
        x2: &Number,
        x3: Fq,
        y1: &Ordinate,
    ) -> (Number, Ordinate) {
        self.enable(Gate::Third, row);
        let x3 = self.number(row + running::SECOND, x3);
        let value = slope.integer() * slope.integer() - x1.integer() - x2.integer() - x3.integer();
        let q = split(&(quotient(&value, &Q_ROOT)));
        let q = self.limbs(row + running::ROOT_QUOTIENT, q, TOP_PIECES).map(|limb| limb.value);
        let [s, x1t, x2t, x3t] = [slope, x1, x2, &x3].map(Number::truncated);
        let checked = formulas::root(s.clone(), x1t.clone(), x2t, x3t.clone(), number(q));
        self.carries(row, running::ROOT_CARRIES, &checked);
        let y3 = formulas::third(s, x1t, x3t, y1.truncated());
        let mut values = y3.coefficients.into_iter().chain([y3.native]);
        let cells = std::array::from_fn(|i| self.main(row + main::Y3 + i, values.next().expect("five")));
        let integer = slope.integer() * (x1.integer() - x3.integer()) - &y1.integer;
        let steps = y1.steps + 1;
        debug_assert!(steps <= formulas::MAX_STEPS, "ordinates have to be reduced");
        (x3, Ordinate { cells, integer, value: slope.value * (x1.value - x3.value) - y1.value, steps })
    }

    /// Reduces an ordinate: the point as it is loaded, and as a step starts from it. `key`, if there is one, is the point's in the table
    /// that steps select from.
    pub(super) fn reduce(&mut self, passing: &Passing, key: Option<u64>) -> (ChipPoint, Passing) {
        let row = self.block(running::REDUCTION_ROWS);
        let Passing { x, y } = passing;
        self.enable(Gate::Reduce, row);
        self.main_ordinate(row + main::Y1, y);
        let reduced = self.number(row + running::FIRST, y.value);
        let q = self.quotient(row + running::SECOND, &(&y.integer - reduced.integer()));
        let checked = formulas::reduce(y.truncated(), reduced.truncated(), number(q));
        self.carries(row, running::CARRIES, &checked);
        let native = self.main(row + main::REDUCED, reduced.truncated().native);
        let point = ChipPoint { x: *x, y: reduced };
        if let Some(key) = key {
            self.entry(row, &point, key);
        }
        let ordinate = Ordinate::reduced(&reduced, native);
        (point, Passing { x: *x, y: ordinate })
    }

    /// Makes a point one that steps can select, on a block's first row.
    fn entry(&mut self, row: usize, point: &ChipPoint, key: u64) {
        self.key(row, key);
        self.main_number(row + main::X2, &point.x);
        self.main_number(row + main::Y2, &point.y);
    }

    /// Makes a point one that steps can select.
    pub(super) fn lone_entry(&mut self, point: &ChipPoint, key: u64) {
        let row = self.block(main::Y2 + LIMBS);
        self.entry(row, point, key);
    }

    /// Constrains that a point given by its limbs is on the curve and not the identity, that its limbs are in range and its
    /// coordinates below the modulus.
    ///
    /// On the curve: $x^2 = t$ is the third abscissa of a line of slope $x$ with $x_1 = x_2 = 0$, up to sign; its ordinate from
    /// $y_1 = 3$ is $-x t - 3$; and a chord of slope $y$ from there to $(y, 0)$ says that $y \cdot y - x t - 3 = 0$.
    pub(super) fn load(&mut self, point: G1Affine, limbs: [[Held; LIMBS]; 2], small: &Small) -> ChipPoint {
        let zero = Number { limbs: [small.zero; LIMBS], value: Fq::ZERO };
        let mut three = [small.zero; LIMBS + 1];
        (three[0], three[LIMBS]) = (small.three, small.three);
        let three = Ordinate { cells: three, integer: BigInt::from(3), value: Fq::from(3), steps: 0 };

        let row = self.block(running::STEP_ROWS);
        self.main_number(row + main::X1, &zero);
        self.main_number(row + main::X2, &zero);
        self.main_ordinate(row + main::Y1, &three);
        let x = self.number(row + running::FIRST, point.x);
        // x^2 - 0 - 0 - t: the third abscissa is t itself.
        let (_, minus_cube) = self.third(row, &x, &zero, &zero, point.x.square(), &three);

        let row = self.block(running::QUOTIENT + LIMBS * LIMB_PIECES);
        self.enable(Gate::Chord, row);
        self.main_number(row + main::X1, &zero);
        self.main_ordinate(row + main::Y1, &minus_cube);
        self.main_number(row + main::Y2, &zero);
        let y = self.number(row + running::FIRST, point.y);
        self.main_number(row + main::X2, &y);
        let q = self.quotient(row + running::QUOTIENT, &(y.integer() * y.integer() + &minus_cube.integer));
        let [yt, zerot] = [&y, &zero].map(Number::truncated);
        let checked = formulas::chord(yt.clone(), zerot.clone(), yt, minus_cube.truncated(), zerot, number(q));
        self.carries(row, running::CARRIES, &checked);

        for (number, given) in [x, y].iter().zip(limbs) {
            for (own, given) in number.limbs.iter().zip(given) {
                self.copy(own.cell, given.cell);
            }
            self.below(number);
        }
        ChipPoint { x, y }
    }

    /// Constrains that a number is below the modulus.
    fn below(&mut self, number: &Number) {
        let row = self.block(LIMBS * LIMB_PIECES - LIMB_PIECES + TOP_PIECES);
        self.enable(Gate::Below, row);
        self.main_number(row + main::X1, number);
        let complement = self.number(row + running::FIRST, -Fq::ONE - number.value);
        let target = split(&(&*MODULUS - 1u32));
        let [a, b] = [number, &complement].map(|number| split(&to_integer(&number.value)));
        let mut carry = 0;
        let sums = a.into_iter().zip(b).zip(target).take(LIMBS - 1);
        for (i, ((a, b), target)) in sums.enumerate() {
            carry = u64::from(a + b + u128::from(carry) != target);
            self.main(row + main::BORROWS + i, Fr::from(carry));
        }
    }

    /// Constrains that two abscissas are different.
    fn distinct(&mut self, row: usize, x1: &Number, x2: &Number) {
        self.enable(Gate::Distinct, row);
        let difference = x2.truncated().native - x1.truncated().native;
        let p: Fr = reduce(&MODULUS);
        let square = difference.square();
        let product = difference * (square - p.square()) * (square - p.double().square());
        self.main(row + main::SQUARE, square);
        self.main(row + main::INVERSE, product.invert().unwrap_or(Fr::ZERO));
    }

    /// One more bit of a scalar; the cell that holds the scalar with it.
    fn bit(&mut self, row: usize, Bit { bit, before }: Bit) -> Held {
        self.enable(Gate::Bit, row);
        let bit = Fr::from(u64::from(bit));
        self.main(row, bit);
        self.main_copy(row + 1, before);
        self.main(row + 2, before.value.double() + bit)
    }

    fn main_number(&mut self, row: usize, number: &Number) {
        for (i, limb) in number.limbs.into_iter().enumerate() {
            self.main_copy(row + i, limb);
        }
    }

    fn main_values(&mut self, row: usize, number: &Number) {
        for (i, limb) in number.limbs.into_iter().enumerate() {
            self.main(row + i, limb.value);
        }
    }

    fn main_ordinate(&mut self, row: usize, ordinate: &Ordinate) {
        for (i, cell) in ordinate.cells.into_iter().enumerate() {
            self.main_copy(row + i, cell);
        }
    }

    fn number(&mut self, row: usize, value: Fq) -> Number {
        Number { limbs: self.limbs(row, split(&to_integer(&value)), TOP_PIECES), value }
    }

    fn quotient(&mut self, row: usize, value: &BigInt) -> [Fr; LIMBS] {
        self.limbs(row, split(&quotient(value, &Q_CHORD)), LIMB_PIECES).map(|limb| limb.value)
    }

    fn carries(&mut self, row: usize, at: [usize; 2], checked: &Truncated<Fr>) {
        for (carry, offset) in checked.carries().into_iter().zip(at) {
            self.sum(row + offset, carry, CARRY_PIECES);
        }
    }
}

impl Ordinate {
    /// A reduced ordinate, with the cell that holds its value modulo r.
    pub(super) fn reduced(number: &Number, native: Held) -> Self {
        let mut cells = [native; LIMBS + 1];
        cells[..LIMBS].copy_from_slice(&number.limbs);
        Self { cells, integer: number.integer(), value: number.value, steps: 0 }
    }

    /// Products in it since it was reduced.
    pub(super) fn steps(&self) -> usize {
        self.steps
    }
}

fn number(limbs: [Fr; LIMBS]) -> Truncated<Fr> {
    Truncated::number(limbs)
}

/// The inverse; of zero, which only a wrong witness has, zero.
fn invert(value: Fq) -> Fq {
    value.invert().unwrap_or(Fq::ZERO)
}
