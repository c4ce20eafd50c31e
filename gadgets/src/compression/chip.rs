//! The compression function on the shared lanes: 41 rows of four columns.
//!
//! A row holds two S-boxes as `(x, x^2)`; the input of one is what the constraints of earlier rows say, its output is `x (x^2)^2`, of degree 3.
//!
//! | rows | what |
//! |---|---|
//! | 0 .. 6 | full rounds 0 to 3: three S-boxes each, one and a half rows |
//! | 6 .. 34.5 | 57 partial rounds, one S-box each |
//! | 34.5 .. 40.5 | full rounds 61 to 64 |
//! | 40.5 | the output |
//!
//! Constants of rounds that recur at several places stand in `f0` and `f1`.

use halo2_proofs::plonk::{ConstraintSystem, Constraints, Expression, Selector, VirtualCells};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;

use super::CompressionInstructions;
use super::rounds::{WIDTH, mix, partial, three_rounds};
use crate::frame::value::to_field;
use crate::frame::{Cost, Cursor, Lanes, Word};
use crate::poseidon::Permutation;

/// Rows of a permutation, the one with the output included.
const ROWS: usize = 41;

const PARTIAL: usize = 57;
/// S-box index of the first partial round: four full rounds come before.
const FIRST_PARTIAL: usize = 4 * WIDTH;
/// S-boxes in all.
const BOXES: usize = 8 * WIDTH + PARTIAL;

/// The gates.
#[derive(Debug, Clone, Copy)]
pub struct CompressionChip {
    first: Selector,
    even: Selector,
    odd: Selector,
    to_partial: Selector,
    partial: Selector,
    from_partial: Selector,
    last: Selector,
}

/// Queries of S-boxes by index relative to the row of the gate.
struct Boxes<'a, 'b> {
    cells: &'a mut VirtualCells<'b, Fr>,
    lanes: &'a Lanes,
}

impl Boxes<'_, '_> {
    /// `x` and `x^2` of the S-box `index` after the first of the gate's row.
    fn query(&mut self, index: usize) -> (Expression<Fr>, Expression<Fr>) {
        let rotation = Rotation((index / 2) as i32);
        let column = 2 * (index % 2);
        let mut query = |column: usize| self.cells.query_advice(self.lanes.advice[column], rotation);
        (query(column), query(column + 1))
    }

    /// Input and output, with the constraint that the square is one pushed.
    fn powered(
        &mut self,
        index: usize,
        squares: &mut Vec<(String, Expression<Fr>)>,
    ) -> (Expression<Fr>, Expression<Fr>) {
        let (x, square) = self.query(index);
        squares.push((format!("S-box {index}: x^2"), square.clone() - x.clone() * x.clone()));
        (x.clone(), x * square.clone() * square)
    }

    fn constant(&mut self, which: usize, row: i32) -> Expression<Fr> {
        self.cells.query_fixed(self.lanes.fixed[which], Rotation(row))
    }
}

type Named = Vec<(String, Expression<Fr>)>;

fn equal(name: &str, left: Expression<Fr>, right: Expression<Fr>) -> (String, Expression<Fr>) {
    (name.to_owned(), left - right)
}

/// The places in the fixed columns where a full round's three constants stand: column, row after the gate's.
const EVEN_CONSTANTS: [(usize, usize); WIDTH] = [(0, 0), (1, 0), (0, 1)];
const ODD_CONSTANTS: [(usize, usize); WIDTH] = [(1, 0), (0, 1), (1, 1)];
/// Full rounds after which a gate of either kind stands, with the row of the gate.
const EVEN_ROWS: [(usize, usize); 2] = [(3, 2), (36, 62)];
const ODD_ROWS: [(usize, usize); 3] = [(1, 1), (34, 61), (37, 63)];

impl CompressionChip {
    /// Creates the gates.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self {
        let parameters = Permutation::<WIDTH>::width_3().parameters();
        let matrix = &parameters.matrix;
        let constants = &parameters.round_constants;
        let none = [Fr::ZERO; WIDTH];
        let mut gate = |name: &'static str, body: &dyn Fn(&mut Boxes<'_, '_>) -> Named| {
            let selector = meta.selector();
            meta.create_gate(name, |cells| {
                let enabled = cells.query_selector(selector);
                let named = body(&mut Boxes { cells, lanes });
                Constraints::with_selector(enabled, named)
            });
            selector
        };
        let full = |boxes: &mut Boxes<'_, '_>, start: usize, places: [(usize, usize); WIDTH]| {
            let mut named = vec![];
            let powered = std::array::from_fn(|lane| boxes.powered(start + lane, &mut named).1);
            let mixed = mix(matrix, &powered, &none);
            for (lane, (value, (column, row))) in mixed.into_iter().zip(places).enumerate() {
                let (x, _) = boxes.query(start + WIDTH + lane);
                named.push(equal(&format!("full round, lane {lane}"), x, value + boxes.constant(column, row as i32)));
            }
            named
        };

        // Round 0: its S-boxes hold the inputs themselves, the constants are added in the gate.
        let first = gate("first round", &|boxes| {
            let mut named = vec![];
            let powered = std::array::from_fn(|lane| {
                let (input, square) = boxes.query(lane);
                let x = input + Expression::Constant(constants[0][lane]);
                named.push((format!("input {lane}: x^2"), square.clone() - x.clone() * x.clone()));
                x * square.clone() * square
            });
            for (lane, value) in mix(matrix, &powered, &constants[1]).into_iter().enumerate() {
                named.push(equal(&format!("round 1, lane {lane}"), boxes.query(WIDTH + lane).0, value));
            }
            named
        });
        let even = gate("full round from an even S-box", &|boxes| full(boxes, 0, EVEN_CONSTANTS));
        let odd = gate("full round from an odd S-box", &|boxes| full(boxes, 1, ODD_CONSTANTS));
        let to_partial = gate("last full round before the partial ones", &|boxes| {
            let mut named = vec![];
            let powered = std::array::from_fn(|lane| boxes.powered(1 + lane, &mut named).1);
            let mut state = mix(matrix, &powered, &constants[4]);
            for round in 0..3 {
                let (x, square) = boxes.query(1 + WIDTH + round);
                named.push(equal(&format!("partial round {round}, lane 0"), x.clone(), state[0].clone()));
                state = partial(matrix, &state, &(x * square.clone() * square), &constants[5 + round]);
            }
            named
        });
        let homogeneous = [none; 3];
        let partial_rounds = gate("two partial rounds", &|boxes| {
            let mut named = vec![];
            let boxes_of: Vec<_> = (0..2).map(|index| boxes.powered(index, &mut named)).collect();
            let later = (2..4).map(|index| {
                let (x, square) = boxes.query(index);
                (x.clone(), x * square.clone() * square)
            });
            let boxes_of: Vec<_> = boxes_of.into_iter().chain(later).collect();
            for step in 0..2 {
                let inputs = std::array::from_fn(|i| boxes_of[step + i].0.clone());
                let powered = std::array::from_fn(|i| boxes_of[step + i].1.clone());
                let [next, ..] = three_rounds(matrix, &inputs, &powered, &homogeneous);
                let (x, _) = boxes.query(step + 3);
                named.push(equal(&format!("partial round + {}, lane 0", step + 3), x, next + boxes.constant(step, 0)));
            }
            named
        });
        let from_partial = gate("last partial rounds", &|boxes| {
            let mut named = vec![];
            let boxes_of: [_; 3] = std::array::from_fn(|index| boxes.powered(index, &mut named));
            let inputs = boxes_of.each_ref().map(|(x, _)| x.clone());
            let powered = boxes_of.each_ref().map(|(_, powered)| powered.clone());
            let after = std::array::from_fn(|i| constants[4 + PARTIAL - 2 + i]);
            for (lane, value) in three_rounds(matrix, &inputs, &powered, &after).into_iter().enumerate() {
                named.push(equal(&format!("round 61, lane {lane}"), boxes.query(3 + lane).0, value));
            }
            named
        });
        let last = gate("last round", &|boxes| {
            let mut named = vec![];
            let powered = std::array::from_fn(|lane| boxes.powered(lane, &mut named).1);
            let [output, ..] = mix(matrix, &powered, &none);
            named.push(equal("output", boxes.query(WIDTH).0, output));
            named
        });
        Self { first, even, odd, to_partial, partial: partial_rounds, from_partial, last }
    }

    /// What one permutation costs. The last row's fourth column is empty.
    #[must_use]
    pub fn cost() -> Cost {
        Cost { rows: ROWS, advice_cells: 2 * BOXES + 1, lookup_cells: 0, area: 4 * ROWS }
    }

    fn enable(&self, cursor: &mut Cursor<'_, '_>) {
        let parameters = Permutation::<WIDTH>::width_3().parameters();
        let (matrix, constants) = (&parameters.matrix, &parameters.round_constants);
        let row = cursor.row;
        let mut enable = |selector: Selector, at: usize| {
            selector.enable(cursor.region(), row + at).expect("enabling a selector of an open region cannot fail");
        };
        enable(self.first, 0);
        enable(self.to_partial, 4);
        enable(self.from_partial, 33);
        enable(self.last, 39);
        EVEN_ROWS.iter().for_each(|(at, _)| enable(self.even, *at));
        ODD_ROWS.iter().for_each(|(at, _)| enable(self.odd, *at));
        (6..33).for_each(|at| enable(self.partial, at));
        let fixed = cursor.lanes().fixed;
        let mut constant = |column: usize, at: usize, value: Fr| {
            cursor.region().assign_fixed(fixed[column], row + at, value);
        };
        for (rows, places) in [(&EVEN_ROWS[..], EVEN_CONSTANTS), (&ODD_ROWS[..], ODD_CONSTANTS)] {
            for (at, round) in rows {
                for (lane, (column, below)) in places.into_iter().enumerate() {
                    constant(column, at + below, constants[round + 1][lane]);
                }
            }
        }
        let nothing = [Fr::ZERO; 3];
        for index in 0..PARTIAL - 3 {
            let after = std::array::from_fn(|i| constants[5 + index + i]);
            let [value, ..] = three_rounds(matrix, &nothing, &nothing, &after);
            constant(index % 2, 6 + index / 2, value);
        }
    }

    /// Inputs of all S-boxes, the first three without their constants, and the output.
    fn trace(input: [Fr; WIDTH]) -> (Vec<Fr>, Fr) {
        let parameters = Permutation::<WIDTH>::width_3().parameters();
        let mut inputs = Vec::with_capacity(BOXES);
        let mut state = input;
        for (round, constants) in parameters.round_constants.iter().enumerate() {
            if round == 0 {
                inputs.extend(state);
            }
            for (lane, constant) in state.iter_mut().zip(constants) {
                *lane += constant;
            }
            let boxes = if parameters.is_full(round) { WIDTH } else { 1 };
            if round > 0 {
                inputs.extend(&state[..boxes]);
            }
            for lane in &mut state[..boxes] {
                *lane *= lane.square().square();
            }
            state = mix(&parameters.matrix, &state, &[Fr::ZERO; WIDTH]);
        }
        debug_assert_eq!((inputs.len(), FIRST_PARTIAL), (BOXES, 12));
        (inputs, state[0])
    }
}

impl CompressionInstructions for CompressionChip {
    type Cursor<'a> = Cursor<'a, 'a>;

    fn compress(&self, cursor: &mut Self::Cursor<'_>, input: [&Word; 3]) -> Word {
        self.assign(cursor, input)
    }
}

impl CompressionChip {
    /// `f(h, x, y)` at the cursor.
    pub fn assign(&self, cursor: &mut Cursor<'_, '_>, input: [&Word; 3]) -> Word {
        use halo2_proofs::circuit::Value;
        self.enable(cursor);
        let constants = &Permutation::<WIDTH>::width_3().parameters().round_constants[0];
        let known = input.iter().map(|word| word.value.map(to_field)).collect::<Option<Vec<_>>>();
        let trace = known.map(|known| Self::trace([known[0], known[1], known[2]]));
        let row = cursor.row;
        let columns = cursor.lanes().advice;
        let region = cursor.region();
        for index in 0..BOXES {
            let x = trace.as_ref().map_or_else(Value::unknown, |(inputs, _)| Value::known(inputs[index]));
            let square = x.map(|x| if index < WIDTH { x + constants[index] } else { x }.square());
            let (at, column) = (row + index / 2, 2 * (index % 2));
            let cell = region.assign_advice(columns[column], at, x).cell();
            region.assign_advice(columns[column + 1], at, square);
            if let Some(source) = input.get(index) {
                region.constrain_equal(cell, source.cell);
            }
        }
        let output = trace.map(|(_, output)| output);
        let field = output.map_or_else(Value::unknown, Value::known);
        let cell = region.assign_advice(columns[2], row + ROWS - 1, field).cell();
        cursor.row += ROWS;
        Word::digest(cell, output)
    }
}
