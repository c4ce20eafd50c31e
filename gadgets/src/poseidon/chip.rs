//! The permutation of three lanes on the shared columns: 40 rows of four columns for a constant capacity, 41 for any.
//!
//! Rows are counted from the first row of the 40; a hash with a variable capacity begins half a row earlier.
//!
//! | rows | `a0 a1 a2 a3` |
//! |---|---|
//! | 0 | `- x y q` of two inputs, or `node sibling index q` of a step of a Merkle path |
//! | 1, 2.0 | `q s q s`, `q q`: the second input's square; lanes 0 and 1 of round 1 and the three squares |
//! | -0.5 .. 2.5 | for a variable capacity instead of these: rounds 0 and 1, six S-boxes `s q` |
//! | 2.5 .. 5.5 | rounds 2 and 3, six S-boxes |
//! | 5.5 .. 34 | 57 partial rounds, one S-box each |
//! | 34 .. 40 | rounds 61 to 64, twelve S-boxes |
//! | 40 | `output - - -`, which is row 0 of the next hash or half of its row -1 |
//!
//! A constant capacity saves three cells: its S-box has a known output $\kappa$, and lane 2 of round 1 is an affine function of
//! lanes 0 and 1. That leaves room for the previous output in row 0, and for the index in a step of a path, where the previous
//! output is the node: step i holds $\lfloor \text{index} / 2^i \rfloor$, and its bit is that less twice the next step's, 40 rows below.

use halo2_proofs::{
    circuit::{Cell, Value},
    plonk::{Advice, Column, ConstraintSystem, Fixed},
};
use halo2curves::{bn256::Fr, ff::Field};

use super::{
    Given, Path, PoseidonInstructions,
    gates::{Gates, INDEX_COLUMN, ROWS, capacity_output},
    native::Permutation,
};
use crate::frame::{Cost, Cursor, Lanes, Word, value::to_field};

/// S-boxes of rounds 0 and 1, which a hash with a constant capacity lays out in its own way.
const HEAD_BOXES: usize = 6;
/// Rows of the gate of two partial rounds.
const PARTIAL_ROWS: std::ops::Range<usize> = 6..32;
/// Half rows whose constants that gate reads from the fixed columns.
const FIXED_SLOTS: std::ops::Range<usize> = 12..66;

/// The permutation of three lanes.
#[derive(Debug, Clone, Copy)]
pub struct PoseidonChip {
    advice: [Column<Advice>; 4],
    fixed: [Column<Fixed>; 2],
    gates: Gates,
}

impl PoseidonChip {
    /// Creates the gates of hashes. The fixed columns hold constants in the chip's rows.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self {
        Self { advice: lanes.advice, fixed: lanes.fixed, gates: Gates::configure(meta, lanes, false) }
    }

    /// Creates the gates of hashes and of [paths](PoseidonInstructions::path), which take a column more.
    pub fn configure_with_paths(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self {
        Self { advice: lanes.advice, fixed: lanes.fixed, gates: Gates::configure(meta, lanes, true) }
    }

    /// What a hash of two inputs under a constant capacity costs, or a step of a Merkle path. The output is in the first row of the
    /// next hash; the last of a run of hashes takes one row more.
    #[must_use]
    pub fn cost_of_two() -> Cost {
        Cost { rows: ROWS, advice_cells: 4 * ROWS, lookup_cells: 0, area: 4 * ROWS }
    }

    /// What a hash of three inputs costs; the output as in [`Self::cost_of_two`].
    #[must_use]
    pub fn cost_of_three() -> Cost {
        let rows = ROWS + 1;
        Cost { rows, advice_cells: 4 * rows - 1, lookup_cells: 0, area: 4 * rows }
    }

    /// Assigns a cell; `value` is unknown while keys are made.
    fn assign(&self, cursor: &mut Cursor<'_, '_>, row: usize, column: usize, value: Option<Fr>) -> Cell {
        let value = value.map_or_else(Value::unknown, Value::known);
        cursor.region().assign_advice(self.advice[column], row, value).cell()
    }

    fn assign_copy(&self, cursor: &mut Cursor<'_, '_>, row: usize, column: usize, of: &Word) {
        let cell = self.assign(cursor, row, column, of.value.map(to_field));
        cursor.region().constrain_equal(cell, of.cell);
    }

    fn assign_given(&self, cursor: &mut Cursor<'_, '_>, row: usize, column: usize, given: Given<'_>) -> Word {
        let value = given.value();
        let cell = self.assign(cursor, row, column, value);
        match given {
            Given::Witness(_) => Word::digest(cell, value),
            Given::Copied(word) => {
                cursor.region().constrain_equal(cell, word.cell);
                Word { cell, ..word.clone() }
            }
        }
    }

    /// The first row of a hash that leaves `a0` there to the previous output.
    fn begin(cursor: &Cursor<'_, '_>) -> usize {
        cursor.row - usize::from(cursor.digest_above().is_some())
    }

    /// Assigns round 1 of a hash of two inputs, squares of the inputs first.
    fn assign_head(&self, cursor: &mut Cursor<'_, '_>, row: usize, capacity: Fr, trace: Option<&Trace>) {
        let permutation = Permutation::width_3();
        let constants = permutation.box_constants();
        cursor.region().assign_fixed(self.fixed[0], row + 1, capacity_output(capacity));
        let square = |i: usize| trace.map(|trace| (trace.inputs[i] + constants[i]).square());
        let input = |i: usize| trace.map(|trace| trace.inputs[i]);
        let cells = [
            (0, 3, square(1)),
            (1, 0, square(2)),
            (1, 1, input(3)),
            (1, 2, square(3)),
            (1, 3, input(4)),
            (2, 0, square(4)),
            (2, 1, square(5)),
        ];
        for (below, column, value) in cells {
            self.assign(cursor, row + below, column, value);
        }
        self.gates.round_1.enable(cursor.region(), row + 1);
    }

    /// Assigns all S-boxes from the given one, the first ones' inputs as copies, and the output; leaves the cursor below it.
    fn assign_boxes(
        &self,
        cursor: &mut Cursor<'_, '_>,
        row: usize,
        first: usize,
        copies: &[&Word],
        trace: Option<&Trace>,
    ) -> Word {
        let constants = Permutation::width_3().box_constants();
        for (index, constant) in constants.iter().enumerate().skip(first) {
            let slot = 2 * row + index - 1;
            let (row, column) = (slot / 2, 2 * (slot % 2));
            let input = trace.map(|trace| trace.inputs[index]);
            match copies.get(index) {
                Some(copy) => self.assign_copy(cursor, row, column, copy),
                None => drop(self.assign(cursor, row, column, input)),
            }
            self.assign(cursor, row, column + 1, input.map(|input| (input + constant).square()));
        }
        self.gates.front.enable(cursor.region(), row + 2);
        PARTIAL_ROWS.for_each(|at| self.gates.partial.enable(cursor.region(), row + at));
        self.gates.tail.enable(cursor.region(), row + 32);
        for at in FIXED_SLOTS {
            cursor.region().assign_fixed(self.fixed[at % 2], row + at / 2, constants[at + 1]);
        }
        let output = trace.map(|trace| trace.output);
        let cell = self.assign(cursor, row + ROWS, 0, output);
        cursor.row = row + ROWS + 1;
        cursor.end_in_digest(cell);
        Word::digest(cell, output)
    }
}

/// Values of a permutation.
struct Trace {
    /// Inputs of all S-boxes.
    inputs: Vec<Fr>,
    output: Fr,
}

impl Trace {
    fn new(state: [Option<Fr>; 3]) -> Option<Self> {
        let (inputs, [output, ..]) = Permutation::width_3().trace([state[0]?, state[1]?, state[2]?]);
        Some(Self { inputs, output })
    }
}

impl PoseidonInstructions for PoseidonChip {
    fn compress_under(&self, cursor: &mut Cursor<'_, '_>, capacity: Fr, inputs: [&Word; 2]) -> Word {
        let row = Self::begin(cursor);
        let [x, y] = inputs.map(|word| word.value.map(to_field));
        let trace = Trace::new([Some(capacity), x, y]);
        self.gates.two.enable(cursor.region(), row);
        for (column, input) in inputs.into_iter().enumerate() {
            self.assign_copy(cursor, row, 1 + column, input);
        }
        self.assign_head(cursor, row, capacity, trace.as_ref());
        self.assign_boxes(cursor, row, HEAD_BOXES, &[], trace.as_ref())
    }

    fn compress(&self, cursor: &mut Cursor<'_, '_>, inputs: [&Word; 3]) -> Word {
        let row = Self::begin(cursor);
        let trace = Trace::new(inputs.map(|word| word.value.map(to_field)));
        self.gates.three.enable(cursor.region(), row);
        self.assign_boxes(cursor, row + 1, 0, &inputs, trace.as_ref())
    }

    fn path(
        &self,
        cursor: &mut Cursor<'_, '_>,
        leaf: &Word,
        siblings: &[Given<'_>],
        index: &[Given<'_>],
        zero: &Word,
    ) -> Path {
        assert_eq!(siblings.len(), index.len(), "a path has an index for each of its siblings");
        let gate = self.gates.path.expect("the chip is configured with paths");
        let mut path = Path { root: leaf.clone(), siblings: vec![], index: vec![] };
        for (sibling, index) in siblings.iter().zip(index) {
            let node = path.root;
            let in_place = cursor.digest_above().is_some_and(|digest| same_cell(digest, node.cell));
            // Only the leaf may have to be brought here: the index of a step is read 40 rows above.
            let row = if in_place { Self::begin(cursor) } else { cursor.row };
            if !in_place {
                self.assign_copy(cursor, row, 0, &node);
            }
            let sibling = self.assign_given(cursor, row, 1, *sibling);
            let index = self.assign_given(cursor, row, INDEX_COLUMN, *index);
            let [node, other] = [&node, &sibling].map(|word| word.value.map(to_field));
            let odd = index.value.map(|index| index & 1 == 1);
            let trace = odd.and_then(|odd| {
                let [left, right] = if odd { [other, node] } else { [node, other] };
                Trace::new([Some(Fr::ZERO), left, right])
            });
            gate.enable(cursor.region(), row);
            self.assign_head(cursor, row, Fr::ZERO, trace.as_ref());
            path.root = self.assign_boxes(cursor, row, HEAD_BOXES, &[], trace.as_ref());
            path.siblings.push(sibling);
            path.index.push(index);
        }
        if !siblings.is_empty() {
            // Beside the root, the last step's index has to halve to 0; the row is not for another hash any more.
            let row = cursor.row - 1;
            self.assign_copy(cursor, row, INDEX_COLUMN, zero);
            cursor.forget_digest();
        }
        path
    }
}

fn same_cell(left: Cell, right: Cell) -> bool {
    (left.column, left.row_offset) == (right.column, right.row_offset)
}
