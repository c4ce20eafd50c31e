//! The permutation of six lanes on the shared columns, for the hash of signatures: few gates, many rows.
//!
//! A circuit has thousands of hashes of three lanes and two of six to a trade, so that here it is the gates that are dear, not the rows: the 36
//! products of a mixing layer are rows of the [linear chip](crate::linear), and only what all 60 partial rounds share is a gate.
//!
//! | rows | cells |
//! |---|---|
//! | 6 for each full round | `s q y -`, an S-box: $q = (s + c)^2$, $y = (s + c) q^2$ |
//! | 60 | the same, of the partial rounds; their inputs but the first six are a recurrence over six rows |
//! | 6 | `s - s -`: six further inputs of the recurrence, with nothing put through an S-box |
//! | the rest | sums |
//!
//! The recurrence: in a partial round only lane 0 meets an S-box, and the inputs and outputs of six successive ones
//! determine the seventh input whatever the outputs are. So after the last round it goes on with $y = s$, and lane 0 of six states
//! that the matrix alone makes of one another are what that state is.

use halo2_proofs::{
    plonk::{ConstraintSystem, Constraints, Expression, VirtualCells},
    poly::Rotation,
};
use halo2curves::bn256::Fr;

use super::{
    boxes::combine,
    linear::{after_window, entering, observed},
    native::Permutation,
    parameters::{Matrix, apply},
};
use crate::{
    frame::{Cost, Cursor, Lanes, Word, switch::Position, value::to_field},
    linear::{LinearChip, LinearInstructions},
};

/// Lanes.
const T: usize = 6;
/// Full rounds before the partial ones, and after.
const HALF: usize = super::FULL_ROUNDS / 2;

/// Hashes of five words in a circuit.
pub trait WidePoseidonInstructions {
    /// [`hash5`](super::hash5). `zero` is a cell that holds 0.
    fn hash5(&self, cursor: &mut Cursor<'_, '_>, inputs: [&Word; 5], zero: &Word) -> Word;
}

/// The permutation of six lanes.
#[derive(Debug, Clone, Copy)]
pub struct WidePoseidonChip {
    linear: LinearChip,
    /// A row with an S-box.
    full: Position,
    /// A row with an S-box and the recurrence from it.
    partial: Position,
}

impl WidePoseidonChip {
    /// Creates the gates. The fixed columns hold constants in the chip's rows.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes, linear: LinearChip) -> Self {
        let [full, partial] = [(); 2].map(|()| lanes.switches.position(meta, 3));
        let [next, ..] = after_window(matrix());
        let s_box = |meta: &mut VirtualCells<'_, Fr>| {
            let [s, q, y] = [0, 1, 2].map(|column| meta.query_advice(lanes.advice[column], Rotation::cur()));
            let base = s + meta.query_fixed(lanes.fixed[0], Rotation::cur());
            [("q = (s + c)^2", q.clone() - base.clone() * base.clone()), ("y = (s + c) q^2", y - base * q.clone() * q)]
        };
        meta.create_gate("poseidon of six: S-box", |meta| {
            let constraints = s_box(meta);
            Constraints::with_selector(full.query(meta), constraints)
        });
        meta.create_gate("poseidon of six: partial round", |meta| {
            let mut cells = |column: usize| -> Vec<Expression<Fr>> {
                (0..T as i32).map(|row| meta.query_advice(lanes.advice[column], Rotation(row))).collect()
            };
            let basis = [cells(0), cells(2)].concat();
            let input = meta.query_advice(lanes.advice[0], Rotation(T as i32));
            let mut constraints = s_box(meta).to_vec();
            constraints.push(("the input six rounds on", input - combine(&next, &basis)));
            Constraints::with_selector(partial.query(meta), constraints)
        });
        Self { linear, full, partial }
    }

    /// What a hash costs.
    #[must_use]
    pub fn cost_of_five() -> Cost {
        let partial = Permutation::width_6().parameters().partial_rounds;
        let boxes = 2 * HALF * T + partial;
        let sums = |count: usize, terms: usize| {
            let Cost { rows, advice_cells, area, .. } = LinearChip::cost(terms);
            Cost { rows: count * rows, advice_cells: count * advice_cells, lookup_cells: 0, area: count * area }
        };
        let rows = boxes + T;
        let own = Cost { rows, advice_cells: 3 * boxes + 2 * T - 1, lookup_cells: 0, area: 4 * rows };
        // Six mixing layers, the first inputs of the partial rounds, five lanes after them, the output.
        let entering = (T..2 * T).map(|terms| sums(1, terms)).reduce(|a, b| a + b).unwrap_or(own);
        own + sums(6 * T, T) + entering + sums(T - 1, T) + sums(1, T)
    }

    /// An S-box on a row of its own.
    fn s_box(cursor: &mut Cursor<'_, '_>, gate: Position, input: S<'_>, constant: Fr) -> [Word; 2] {
        let row = cursor.row;
        cursor.row += 1;
        gate.enable(cursor.region(), row);
        let fixed = cursor.lanes().fixed[0];
        cursor.region().assign_fixed(fixed, row, constant);
        let s = match input {
            S::Copied(word) => cursor.copy(row, 0, word),
            S::New(value) => cursor.assign(row, 0, value),
        };
        let base = s.value.map(|s| to_field(s) + constant);
        let square = base.map(|base| base.square());
        cursor.assign(row, 1, square);
        let output = base.zip(square).map(|(base, square)| base * square.square());
        [s, cursor.assign(row, 2, output)]
    }

    /// The outputs of a full round's S-boxes.
    fn full_round(
        &self,
        cursor: &mut Cursor<'_, '_>,
        lanes: &[Word],
        constants: &mut impl Iterator<Item = Fr>,
    ) -> Vec<Word> {
        let boxes = lanes.iter().zip(constants);
        boxes.map(|(lane, constant)| Self::s_box(cursor, self.full, S::Copied(lane), constant)[1].clone()).collect()
    }

    fn mix(&self, cursor: &mut Cursor<'_, '_>, rows: &[[Fr; T]], lanes: &[Word], zero: &Word) -> Vec<Word> {
        rows.iter().map(|row| self.linear.sum(cursor, &terms(row, lanes), zero)).collect()
    }

    /// The partial rounds, from the outputs of the full round before to the lanes after them.
    fn partial_rounds(
        &self,
        cursor: &mut Cursor<'_, '_>,
        outputs: &[Word],
        constants: &mut impl Iterator<Item = Fr>,
        zero: &Word,
    ) -> Vec<Word> {
        let count = Permutation::width_6().parameters().partial_rounds;
        let lanes: Option<Vec<Fr>> = outputs.iter().map(|word| word.value.map(to_field)).collect();
        let mut state = lanes.map(|lanes| apply(matrix(), &std::array::from_fn(|i| lanes[i])));
        let mut boxes = vec![];
        for constant in constants.take(count) {
            let [s, y] = Self::s_box(cursor, self.partial, S::New(state.map(|state| state[0])), constant);
            if let (Some(state), Some(output)) = (&mut state, y.value) {
                state[0] = to_field(output);
                *state = apply(matrix(), state);
            }
            boxes.push([s, y]);
        }
        let further: Vec<Word> = (0..T)
            .map(|i| {
                let row = cursor.row + i;
                let s = cursor.assign(row, 0, state.map(|state| state[0]));
                if i + 1 < T {
                    cursor.copy(row, 2, &s);
                }
                state = state.map(|state| apply(matrix(), &state));
                s
            })
            .collect();
        cursor.row += T;
        for (i, form) in entering(matrix(), T).iter().enumerate() {
            let earlier = boxes[..i].iter().map(|[_, y]| y);
            let terms: Vec<_> = form.iter().copied().zip(outputs.iter().chain(earlier)).collect();
            let input = self.linear.sum(cursor, &terms, zero);
            cursor.equal(&input, &boxes[i][0]);
        }
        let mut lanes = vec![further[0].clone()];
        lanes.extend(self.mix(cursor, &observed(matrix())[1..], &further, zero));
        lanes
    }
}

/// Where the input of an S-box comes from.
enum S<'a> {
    Copied(&'a Word),
    New(Option<Fr>),
}

fn matrix() -> &'static Matrix<T> {
    &Permutation::width_6().parameters().matrix
}

fn terms<'a>(row: &[Fr; T], lanes: &'a [Word]) -> Vec<(Fr, &'a Word)> {
    row.iter().copied().zip(lanes).collect()
}

impl WidePoseidonInstructions for WidePoseidonChip {
    fn hash5(&self, cursor: &mut Cursor<'_, '_>, inputs: [&Word; 5], zero: &Word) -> Word {
        let mut constants = Permutation::width_6().box_constants().into_iter();
        let mut lanes: Vec<Word> = std::iter::once(zero).chain(inputs).cloned().collect();
        for _ in 1..HALF {
            let outputs = self.full_round(cursor, &lanes, &mut constants);
            lanes = self.mix(cursor, matrix(), &outputs, zero);
        }
        let outputs = self.full_round(cursor, &lanes, &mut constants);
        lanes = self.partial_rounds(cursor, &outputs, &mut constants, zero);
        for _ in 1..HALF {
            let outputs = self.full_round(cursor, &lanes, &mut constants);
            lanes = self.mix(cursor, matrix(), &outputs, zero);
        }
        let outputs = self.full_round(cursor, &lanes, &mut constants);
        self.linear.sum(cursor, &terms(&matrix()[0], &outputs), zero)
    }
}
