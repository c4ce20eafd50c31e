//! One row for two terms: `a3 = a2 + f0 a0 + f1 a1`, where `a2` is the previous row's `a3` or zero.

use halo2_proofs::{
    plonk::{ConstraintSystem, Constraints},
    poly::Rotation,
};
use halo2curves::bn256::Fr;

use super::LinearInstructions;
use crate::frame::{Cost, Cursor, Lanes, Word, switch::Position, value::to_field};

/// Degree of the gate.
const DEGREE: usize = 2;

/// Sums on the shared columns.
#[derive(Debug, Clone, Copy)]
pub struct LinearChip {
    gate: Position,
}

impl LinearChip {
    /// Creates the gate. The fixed columns hold the coefficients in the chip's rows.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self {
        let gate = lanes.switches.position(meta, DEGREE);
        meta.create_gate("linear", |meta| {
            let switch = gate.query(meta);
            let [x, y, before, after] = lanes.advice.map(|column| meta.query_advice(column, Rotation::cur()));
            let [f, g] = lanes.fixed.map(|column| meta.query_fixed(column, Rotation::cur()));
            Constraints::with_selector(switch, [("sum", after - (before + f * x + g * y))])
        });
        Self { gate }
    }

    /// What a sum of this many terms costs.
    #[must_use]
    pub fn cost(terms: usize) -> Cost {
        let rows = terms.div_ceil(2);
        Cost { rows, advice_cells: 2 * rows + terms, lookup_cells: 0, area: 4 * rows }
    }
}

impl LinearInstructions for LinearChip {
    fn sum(&self, cursor: &mut Cursor<'_, '_>, terms: &[(Fr, &Word)], zero: &Word) -> Word {
        assert!(!terms.is_empty(), "a sum has terms");
        let fixed = cursor.lanes().fixed;
        let mut sum = zero.clone();
        for pair in terms.chunks(2) {
            let row = cursor.row;
            self.gate.enable(cursor.region(), row);
            let mut after = sum.value.map(to_field);
            for (column, (coefficient, term)) in pair.iter().enumerate() {
                cursor.region().assign_fixed(fixed[column], row, *coefficient);
                cursor.copy(row, column, term);
                after = after.zip(term.value).map(|(after, term)| after + *coefficient * to_field(term));
            }
            cursor.copy(row, 2, &sum);
            sum = cursor.assign(row, 3, after);
            cursor.row += 1;
        }
        sum
    }
}
