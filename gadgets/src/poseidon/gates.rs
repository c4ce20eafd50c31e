//! The gates of three lanes.
//!
//! Half rows ("slots") are counted from the first row of the 40; the S-box of lane $i$ in round 2 has slot $5 + i$, and so on. A
//! gate's own slots are counted from its row.

use halo2_proofs::{
    plonk::{Column, ConstraintSystem, Constraints, Expression, Fixed},
    poly::Rotation,
};
use halo2curves::bn256::Fr;

use super::{
    boxes::{Boxes, Named, combine, constant},
    linear::{after_window, entering, third_lane},
    native::Permutation,
};
use crate::frame::{Lanes, switch::Position};

/// Rows from the first of a hash to the one of its output.
pub(super) const ROWS: usize = 40;
/// Where a step of a path has its index.
pub(super) const INDEX_COLUMN: usize = 2;

/// What switches each gate on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gates {
    /// Row 0 of a step of a path; of degree 4, so that its column switches nothing else: only circuits with paths have it.
    pub(super) path: Option<Position>,
    /// Row 0 of a hash of two inputs.
    pub(super) two: Position,
    /// Row 1 of either.
    pub(super) round_1: Position,
    /// Row -1 of a hash of three inputs.
    pub(super) three: Position,
    /// Row 2.
    pub(super) front: Position,
    /// Rows 6 to 31.
    pub(super) partial: Position,
    /// Row 32.
    pub(super) tail: Position,
}

impl Gates {
    /// Creates the gates.
    pub(super) fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes, paths: bool) -> Self {
        let rounds = Rounds::new(lanes.fixed);
        let mut gate = |name, degree, body: fn(&Rounds, &mut Boxes<'_, '_>)| {
            let switch = lanes.switches.position(meta, degree);
            meta.create_gate(name, |meta| {
                let switch = switch.query(meta);
                let mut boxes = Boxes { meta, advice: lanes.advice, named: Named::new() };
                body(&rounds, &mut boxes);
                Constraints::with_selector(switch, boxes.named)
            });
            switch
        };
        let path = paths.then(|| gate("poseidon: path step", 4, Rounds::path));
        let two = gate("poseidon: two inputs", 3, Rounds::two);
        let round_1 = gate("poseidon: round 1", 3, Rounds::round_1);
        let three = gate("poseidon: three inputs", 3, Rounds::three);
        let front = gate("poseidon: into the partial rounds", 3, Rounds::front);
        let partial = gate("poseidon: two partial rounds", 3, Rounds::partial);
        let tail = gate("poseidon: out of the partial rounds", 3, Rounds::tail);
        Self { path, two, round_1, three, front, partial, tail }
    }
}

/// The constraints.
struct Rounds {
    fixed: [Column<Fixed>; 2],
    matrix: [[Fr; 3]; 3],
    /// Constants of all S-boxes in order of use: that of slot i is number i + 1.
    constants: Vec<Expression<Fr>>,
}

impl Rounds {
    fn new(fixed: [Column<Fixed>; 2]) -> Self {
        let permutation = Permutation::width_3();
        let constants = permutation.box_constants().into_iter().map(constant).collect();
        Self { fixed, matrix: permutation.parameters().matrix, constants }
    }

    /// A full round between S-boxes: `outputs` are mixed into the inputs from slot `first`.
    fn mix(&self, boxes: &mut Boxes<'_, '_>, round: usize, outputs: &[Expression<Fr>], first: usize) {
        for (lane, row) in self.matrix.iter().enumerate() {
            let input = boxes.input(first + lane);
            boxes.require(&format!("round {round}: lane {lane}"), input, combine(row, outputs));
        }
    }

    /// Outputs of three S-boxes from slot `first` of a gate whose slot 0 is the hash's slot `origin`.
    fn checked(&self, boxes: &mut Boxes<'_, '_>, first: usize, origin: isize) -> Vec<Expression<Fr>> {
        let first_constant = (first as isize + origin + 1) as usize;
        (0..3).map(|lane| boxes.checked(first + lane, &self.constants[first_constant + lane])).collect()
    }

    /// Round 0 from two inputs and the capacity's S-box output: lanes 0 and 1 of round 1.
    fn round_0(&self, boxes: &mut Boxes<'_, '_>, x: Expression<Fr>, y: Expression<Fr>) {
        let capacity = boxes.meta.query_fixed(self.fixed[0], Rotation::next());
        let [square_x, square_y] = [boxes.cell(0, 3), boxes.cell(1, 0)];
        let x = boxes.power("x", x + self.constants[1].clone(), square_x);
        let y = boxes.power("y", y + self.constants[2].clone(), square_y);
        let outputs = [capacity, x, y];
        for (lane, column) in [1, 3].into_iter().enumerate() {
            let input = boxes.cell(1, column);
            boxes.require(&format!("round 1: lane {lane}"), input, combine(&self.matrix[lane], &outputs));
        }
    }

    fn two(&self, boxes: &mut Boxes<'_, '_>) {
        let [x, y] = [1, 2].map(|column| boxes.cell(0, column));
        self.round_0(boxes, x, y);
    }

    fn path(&self, boxes: &mut Boxes<'_, '_>) {
        let [node, sibling, index] = [0, 1, INDEX_COLUMN].map(|column| boxes.cell(0, column));
        let bit = index - boxes.cell(ROWS, INDEX_COLUMN) * Fr::from(2);
        boxes.require("bit (1 - bit) = 0", bit.clone() * bit.clone(), bit.clone());
        let swapped = bit * (sibling.clone() - node.clone());
        self.round_0(boxes, node + swapped.clone(), sibling - swapped);
    }

    fn round_1(&self, boxes: &mut Boxes<'_, '_>) {
        let capacity = boxes.meta.query_fixed(self.fixed[0], Rotation::cur());
        let [first, second] = [1, 3].map(|column| boxes.cell(0, column));
        let third = combine(&third_lane(&self.matrix), &[first.clone(), second.clone(), capacity]);
        let squares = [(0, 2), (1, 0), (1, 1)].map(|(row, column)| boxes.cell(row, column));
        let outputs: Vec<_> = [first, second, third]
            .into_iter()
            .zip(squares)
            .enumerate()
            .map(|(lane, (input, square))| {
                boxes.power(&format!("lane {lane}"), input + self.constants[3 + lane].clone(), square)
            })
            .collect();
        self.mix(boxes, 2, &outputs, 3);
    }

    fn three(&self, boxes: &mut Boxes<'_, '_>) {
        for (round, first) in [(1, 1), (2, 4)] {
            let outputs = self.checked(boxes, first, -2);
            self.mix(boxes, round, &outputs, first + 3);
        }
    }

    fn front(&self, boxes: &mut Boxes<'_, '_>) {
        let outputs = self.checked(boxes, 1, 4);
        self.mix(boxes, 3, &outputs, 4);
        let mut outputs = self.checked(boxes, 4, 4);
        outputs.push(boxes.checked(7, &self.constants[12]));
        outputs.extend((8..11).map(|slot| boxes.output(slot, &self.constants[slot + 5])));
        for (i, form) in entering(&self.matrix, 4).iter().enumerate() {
            let input = boxes.input(7 + i);
            boxes.require(&format!("partial round {i}"), input, combine(form, &outputs));
        }
    }

    /// The two partial rounds' input that three S-boxes before it determine, twice.
    fn partial(&self, boxes: &mut Boxes<'_, '_>) {
        let constants = [0, 1, 2, 3].map(|slot| {
            let (row, column) = (slot / 2, slot % 2);
            boxes.meta.query_fixed(self.fixed[column as usize], Rotation(row))
        });
        let mut outputs: Vec<_> = (0..2).map(|slot| boxes.checked(slot, &constants[slot])).collect();
        outputs.extend((2..4).map(|slot| boxes.output(slot, &constants[slot])));
        let [next, ..] = after_window(&self.matrix);
        for first in 0..2 {
            let (input, basis) = window(boxes, first, &outputs);
            boxes.require(&format!("slot {}", first + 3), input, combine(&next, &basis));
        }
    }

    fn tail(&self, boxes: &mut Boxes<'_, '_>) {
        let outputs: Vec<_> = (0..4).map(|slot| boxes.checked(slot, &self.constants[65 + slot])).collect();
        let lanes = after_window(&self.matrix);
        let (input, basis) = window(boxes, 0, &outputs);
        boxes.require("partial round 56", input, combine(&lanes[0], &basis));
        let (_, basis) = window(boxes, 1, &outputs);
        for (lane, form) in lanes.iter().enumerate() {
            let input = boxes.input(4 + lane);
            boxes.require(&format!("round 61: lane {lane}"), input, combine(form, &basis));
        }
        for (round, first) in [(62, 4), (63, 7), (64, 10)] {
            let outputs = self.checked(boxes, first, 64);
            self.mix(boxes, round, &outputs, first + 3);
        }
        let outputs = self.checked(boxes, 13, 64);
        let output = boxes.input(16);
        boxes.require("output", output, combine(&self.matrix[0], &outputs));
    }
}

/// The input at slot `first + 3`, and the inputs and outputs of the three S-boxes before it.
fn window(
    boxes: &mut Boxes<'_, '_>,
    first: usize,
    outputs: &[Expression<Fr>],
) -> (Expression<Fr>, Vec<Expression<Fr>>) {
    let mut basis: Vec<_> = (first..first + 3).map(|slot| boxes.input(slot)).collect();
    basis.extend_from_slice(&outputs[first..first + 3]);
    (boxes.input(first + 3), basis)
}

/// What the S-box of a constant capacity makes of it: what the gates read from the fixed column in row 1.
pub(super) fn capacity_output(capacity: Fr) -> Fr {
    let base = capacity + Permutation::width_3().box_constants()[0];
    base.square().square() * base
}
