//! Integers that are not above a constant, by their upper parts, or by their lower parts where the upper ones are equal.
//!
//! | row | `a0` | `a1` | `a2` | `a3` | `f0` | `f1` |
//! |---|---|---|---|---|---|---|
//! | 0 | T | H | L | V | $m_H$ | $m_L$ |
//! | 1 | e | w | v | c | $2^s$ | the value of c |
//!
//! $T = L + 2^s H$ is at most $m = m_L + 2^s m_H$ if and only if $H < m_H$, or $H = m_H$ and $L \le m_L$. The prover says which with the bit e, and
//! V is the difference that then is not negative: one range check of half the length, in a block below. That H and L are integers below $2^{128}$ is
//! the caller's to prove. The second row has room for a constant c, and for a proof that w is not zero where c is not.

use halo2_proofs::{
    plonk::{ConstraintSystem, Constraints, Expression},
    poly::Rotation,
};
use halo2curves::{
    bn256::Fr,
    ff::{Field, PrimeField},
};
use num_bigint::BigUint;

use crate::{
    edwards::element,
    frame::{Block, BlockBuilder, Cost, Cursor, Lanes, Word, integer::field_order, switch::Position},
    poseidon::Given,
    range::RangeInstructions,
};

/// Rows of the gate.
const ROWS: usize = 2;

/// Degree of the gate.
const DEGREE: usize = 2;

/// Bits of a difference. Both parts of a largest value must be below that power of two.
const DIFFERENCE_BITS: u32 = 126;

/// A largest value.
#[derive(Debug, Clone)]
pub(super) struct Maximum {
    shift: u32,
    high: BigUint,
    low: BigUint,
}

impl Maximum {
    /// A value, and where to cut it.
    pub(super) fn new(value: &BigUint, shift: u32) -> Self {
        let high = value >> shift;
        let low = value - (&high << shift);
        Self { shift, high, low }
    }

    /// Whether an integer's upper part is the largest, its lower part, and the difference, of which a right one has 126 bits.
    fn witness(&self, total: &BigUint) -> (bool, Fr, Fr) {
        let high = total >> self.shift;
        let low = element(&(total - (&high << self.shift)));
        let equal = high == self.high;
        let difference = if equal { element(&self.low) - low } else { element(&self.high) - element(&high) - Fr::ONE };
        (equal, low, difference)
    }
}

/// What a caller gives, by the names in the table.
pub(super) struct Cells<'a> {
    pub(super) total: Given<'a>,
    /// The integer that T is meant as.
    pub(super) integer: Option<&'a BigUint>,
    pub(super) high: &'a Word,
    pub(super) factor: &'a Word,
    /// v such that $w v = c$.
    pub(super) cofactor: Given<'a>,
    pub(super) constant: Fr,
}

/// The gate and the range check.
#[derive(Debug, Clone)]
pub(super) struct CanonicalChip {
    gate: Position,
    not_negative: Block,
}

impl CanonicalChip {
    pub(super) fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self {
        let gate = lanes.switches.position(meta, DEGREE);
        meta.create_gate("at most", |meta| {
            let [total, high, low, difference] = lanes.advice.map(|column| meta.query_advice(column, Rotation::cur()));
            let [equal, w, v, c] = lanes.advice.map(|column| meta.query_advice(column, Rotation::next()));
            let [max_high, max_low] = lanes.fixed.map(|column| meta.query_fixed(column, Rotation::cur()));
            let [shift, constant] = lanes.fixed.map(|column| meta.query_fixed(column, Rotation::next()));
            let one = Expression::Constant(Fr::ONE);
            let above = max_high - high.clone();
            let of_high = above.clone() - one.clone();
            let of_low = max_low - low.clone();
            let constraints = [
                ("T = L + 2^s H", total - (low + shift * high)),
                ("e (1 - e) = 0", equal.clone() * (one - equal.clone())),
                ("e (m_H - H) = 0", equal.clone() * above),
                (
                    "V = e (m_L - L) + (1 - e) (m_H - H - 1)",
                    difference - (of_high.clone() + equal * (of_low - of_high)),
                ),
                ("w v = c", w * v - c.clone()),
                ("c is constant", c - constant),
            ];
            Constraints::with_selector(gate.query(meta), constraints)
        });
        let mut block = BlockBuilder::over(lanes.table(), "not negative");
        let difference = block.input(0, field_order() - 1);
        block.range("V", &difference, DIFFERENCE_BITS);
        Self { gate, not_negative: block.configure(meta, lanes) }
    }

    /// What a comparison costs.
    pub(super) fn cost(&self) -> Cost {
        let gate = Cost { rows: ROWS, advice_cells: 4 * ROWS, lookup_cells: 0, area: 4 * ROWS };
        gate + self.not_negative.cost()
    }

    /// Requires that T is at most `maximum`; T and c.
    pub(super) fn at_most(&self, cursor: &mut Cursor<'_, '_>, maximum: &Maximum, cells: Cells<'_>) -> [Word; 2] {
        let row = cursor.row;
        cursor.row += ROWS;
        self.gate.enable(cursor.region(), row);
        let fixed = cursor.lanes().fixed;
        let shift = Fr::from(2).pow_vartime([u64::from(maximum.shift)]);
        let constants = [[element(&maximum.high), element(&maximum.low)], [shift, cells.constant]];
        for (at, constants) in constants.into_iter().enumerate() {
            for (column, constant) in fixed.into_iter().zip(constants) {
                cursor.region().assign_fixed(column, row + at, constant);
            }
        }
        let witness = cells.integer.map(|integer| maximum.witness(integer));
        let total = given(cursor, row, 0, cells.total);
        cursor.copy(row, 1, cells.high);
        cursor.assign(row, 2, witness.map(|(_, low, _)| low));
        let difference = cursor.assign(row, 3, witness.map(|(.., difference)| difference));
        cursor.assign(row + 1, 0, witness.map(|(equal, ..)| Fr::from(u64::from(equal))));
        cursor.copy(row + 1, 1, cells.factor);
        given(cursor, row + 1, 2, cells.cofactor);
        let constant = cursor.assign(row + 1, 3, Some(cells.constant));
        let [] = cursor.block(&self.not_negative, &[&difference]);
        [total, constant]
    }
}

fn given(cursor: &mut Cursor<'_, '_>, row: usize, column: usize, given: Given<'_>) -> Word {
    match given {
        Given::Witness(value) => cursor.assign(row, column, value),
        Given::Copied(word) => cursor.copy(row, column, word),
    }
}

/// The integer of a field element.
pub(super) fn integer(element: Fr) -> BigUint {
    BigUint::from_bytes_le(&element.to_repr())
}
