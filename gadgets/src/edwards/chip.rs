//! Sums of points in a circuit: one complete addition every two rows.
//!
//! | row | `a0` | `a1` | `a2` | `a3` |
//! |---|---|---|---|---|
//! | 0 | z | p, or c | x | y |
//! | 1 | X | Y | k | -, or b |
//!
//! (X, Y) is the sum so far and (x, y) what is added to it, with $k = d x y$ so that an addition has degree 4; the new sum is in row 3. z is what
//! is left of a scalar. What is added is one of
//!
//! - a **step of a ladder**: $\pm 2^i P$, where $2^i P$ is (p, y) and the sign follows from a bit of the scalar;
//! - a **digit** of two bits: $\pm 1$ or $\pm 3$ times $4^i B$, whose constants stand in the fixed columns.
//!
//! The ladder goes from the low bits up: the point doubles from step to step, and the sum does not. A ladder from the high bits down doubles
//! the sum and has to hold the point beside every step as well.

use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use num_bigint::BigUint;

use super::{
    D, Point,
    gates::Gates,
    witness::{BaseWitness, DIGITS, LADDER_BITS, LadderWitness, base_constants},
};
use crate::frame::{Cost, Cursor, Lanes, Word, value::to_field};

/// Rows of an addition.
const ROWS: usize = 2;

/// Points on the shared columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EdwardsChip(Gates);

/// What a ladder leaves.
#[derive(Debug)]
pub(crate) struct Ladder {
    /// $z_i$: what is left of the scalar before step i. $z_0 = \sum_i b_i 2^i + 2^n z_n$ for the bits $b_i$ of n steps.
    pub(crate) left: Vec<Word>,
    /// $2^i P$ for step i, and for the one that would follow.
    pub(crate) points: Vec<[Word; 2]>,
    /// $P + \sum_i (1 - 2 b_i) 2^i P$.
    pub(crate) sum: [Word; 2],
}

/// What a multiple of the base leaves.
#[derive(Debug)]
pub(crate) struct BaseMultiple {
    /// $z_i$: what is left of the scalar before digit i. $z_0 = \sum_i v_i 4^i + 4^n z_n$ for the digits $v_i$.
    pub(crate) left: Vec<Word>,
    /// The sum.
    pub(crate) sum: [Word; 2],
}

impl EdwardsChip {
    /// Creates the gates. The fixed columns hold constants in the chip's rows.
    pub(crate) fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self {
        Self(Gates::configure(meta, lanes))
    }

    /// What a ladder costs: its steps, and the point after the last beside their sum.
    pub(crate) fn ladder_cost() -> Cost {
        let steps = LADDER_BITS + 1;
        let rows = ROWS * (steps + 1);
        Cost { rows, advice_cells: 7 * steps + 5, lookup_cells: 0, area: 4 * rows }
    }

    /// What a multiple of the base costs, its sum included.
    pub(crate) fn base_cost() -> Cost {
        let rows = ROWS * (DIGITS + 2);
        Cost { rows, advice_cells: 8 * (DIGITS + 1) + 3, lookup_cells: 0, area: 4 * rows }
    }

    /// $P + \sum_i (1 - 2 b_i) 2^i P$ over [`LADDER_BITS`] bits and one more, which is set. P is proven to be on the curve. The
    /// caller binds what is left before the first step, before the last and after it, so that the bits are those of an integer.
    pub(crate) fn ladder(&self, cursor: &mut Cursor<'_, '_>, point: Option<Point>, bits: Option<&[bool]>) -> Ladder {
        let witness = point.zip(bits).map(|(point, bits)| LadderWitness::new(point, bits));
        let witness = witness.as_ref();
        let steps = LADDER_BITS + 1;
        let (mut left, mut points, mut sums) = (vec![], vec![], vec![]);
        for i in 0..=steps {
            let row = cursor.row;
            cursor.row += ROWS;
            let [p, y] = coordinates(witness.map(|witness| witness.points[i]));
            left.push(cursor.assign(row, 0, witness.map(|witness| witness.left[i])));
            points.push([cursor.assign(row, 1, p), cursor.assign(row, 3, y)]);
            sums.push(assign_sum(cursor, row, witness.map(|witness| witness.sums[i])));
            if i < steps {
                self.0.addition.enable(cursor.region(), row);
                self.0.step.enable(cursor.region(), row);
                let x = p.zip(witness).map(|(p, witness)| if witness.bits[i] { -p } else { p });
                cursor.assign(row, 2, x);
                cursor.assign(row + 1, 2, product(x, y));
            }
        }
        sums[0].iter().zip(&points[0]).for_each(|(sum, point)| cursor.equal(sum, point));
        Ladder { left, points, sum: sums[steps].clone() }
    }

    /// A point plus $\sum_{i < 126} v_i 4^i$ times [`base8`](super::base8), of which the offset is the digit after the last. The caller binds
    /// what is left before that, 0, and after it, [`after_the_last`](super::after_the_last).
    pub(crate) fn add_base_multiple(
        &self,
        cursor: &mut Cursor<'_, '_>,
        start: &[Word; 2],
        scalar: Option<&BigUint>,
    ) -> BaseMultiple {
        let values = start[0].value.zip(start[1].value).map(|(x, y)| [to_field(x), to_field(y)]);
        let witness = scalar.zip(values).map(|(scalar, start)| BaseWitness::new(start, scalar));
        let witness = witness.as_ref();
        let (mut left, mut sums) = (vec![], vec![]);
        for i in 0..=DIGITS + 1 {
            let row = cursor.row;
            cursor.row += ROWS;
            left.push(cursor.assign(row, 0, witness.map(|witness| witness.left[i])));
            sums.push(assign_sum(cursor, row, witness.map(|witness| witness.sums[i])));
            let Some(constants) = base_constants().get(i) else { break };
            self.0.addition.enable(cursor.region(), row);
            self.0.digit.enable(cursor.region(), row);
            let fixed = cursor.lanes().fixed;
            for (j, constant) in constants.iter().enumerate() {
                cursor.region().assign_fixed(fixed[j % 2], row + j / 2, *constant);
            }
            let bit = |which: usize| witness.map(|witness| Fr::from(u64::from(witness.multiples[i][which])));
            cursor.assign(row, 1, bit(0));
            let [x, y] = coordinates(witness.map(|witness| witness.added[i]));
            cursor.assign(row, 2, x);
            cursor.assign(row, 3, y);
            cursor.assign(row + 1, 2, product(x, y));
            cursor.assign(row + 1, 3, bit(1));
        }
        sums[0].iter().zip(start).for_each(|(sum, start)| cursor.equal(sum, start));
        BaseMultiple { left, sum: sums[DIGITS + 1].clone() }
    }
}

fn coordinates(point: Option<Point>) -> [Option<Fr>; 2] {
    [Point::x, Point::y].map(|of| point.as_ref().map(of))
}

fn assign_sum(cursor: &mut Cursor<'_, '_>, row: usize, sum: Option<Point>) -> [Word; 2] {
    let [x, y] = coordinates(sum);
    [cursor.assign(row + 1, 0, x), cursor.assign(row + 1, 1, y)]
}

fn product(x: Option<Fr>, y: Option<Fr>) -> Option<Fr> {
    x.zip(y).map(|(x, y)| D * x * y)
}
