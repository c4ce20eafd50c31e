//! The gates: an addition, and the two things that are added.

use halo2_proofs::{
    plonk::{ConstraintSystem, Constraints, Expression},
    poly::Rotation,
};
use halo2curves::bn256::Fr;

use super::{A, D};
use crate::frame::{Lanes, switch::Position};

/// What switches each gate on, in row 0 of an addition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gates {
    pub(super) addition: Position,
    pub(super) step: Position,
    pub(super) digit: Position,
}

impl Gates {
    pub(super) fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self {
        Self { addition: addition(meta, lanes), step: step(meta, lanes), digit: digit(meta, lanes) }
    }
}

fn number(value: u64) -> Expression<Fr> {
    Expression::Constant(Fr::from(value))
}

fn addition(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Position {
    let switch = lanes.switches.position(meta, 4);
    meta.create_gate("edwards: addition", |meta| {
        let mut cell = |row: i32, column: usize| meta.query_advice(lanes.advice[column], Rotation(row));
        let [x, y, k] = [cell(0, 2), cell(0, 3), cell(1, 2)];
        let [before_x, before_y] = [cell(1, 0), cell(1, 1)];
        let [after_x, after_y] = [cell(3, 0), cell(3, 1)];
        let product = k * (before_x.clone() * before_y.clone());
        let sum_x = before_x.clone() * y.clone() + before_y.clone() * x.clone();
        let sum_y = before_y * y - before_x * x * A;
        let constraints = [
            ("X' (1 + k X Y) = X y + Y x", after_x * (number(1) + product.clone()) - sum_x),
            ("Y' (1 - k X Y) = Y y - a X x", after_y * (number(1) - product) - sum_y),
        ];
        Constraints::with_selector(switch.query(meta), constraints)
    });
    switch
}

fn step(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Position {
    let switch = lanes.switches.position(meta, 3);
    meta.create_gate("edwards: step of a ladder", |meta| {
        let mut cell = |row: i32, column: usize| meta.query_advice(lanes.advice[column], Rotation(row));
        let [z, p, x, y] = [0, 1, 2, 3].map(|column| cell(0, column));
        let k = cell(1, 2);
        let [next_z, next_p, next_y] = [cell(2, 0), cell(2, 1), cell(2, 3)];
        let bit = z - next_z * Fr::from(2);
        let sign = number(1) - bit.clone() * Fr::from(2);
        let [x2, y2] = [p.clone() * p.clone() * A, y.clone() * y.clone()];
        let sum = x2.clone() + y2.clone();
        let constraints = [
            ("b (1 - b) = 0", bit.clone() * (number(1) - bit)),
            ("x = (1 - 2 b) p", x.clone() - sign * p.clone()),
            ("k = d x y", k.clone() - x.clone() * y.clone() * D),
            ("a p^2 + y^2 = 1 + d p^2 y^2", sum.clone() - (number(1) + k * x * y.clone())),
            ("p' (a p^2 + y^2) = 2 p y", next_p * sum.clone() - p * y * Fr::from(2)),
            ("y' (2 - a p^2 - y^2) = y^2 - a p^2", next_y * (number(2) - sum) - (y2 - x2)),
        ];
        Constraints::with_selector(switch.query(meta), constraints)
    });
    switch
}

fn digit(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Position {
    let switch = lanes.switches.position(meta, 3);
    meta.create_gate("edwards: digit of the base", |meta| {
        let [x_one, x_more] = lanes.fixed.map(|column| meta.query_fixed(column, Rotation::cur()));
        let [y_one, y_more] = lanes.fixed.map(|column| meta.query_fixed(column, Rotation::next()));
        let mut cell = |row: i32, column: usize| meta.query_advice(lanes.advice[column], Rotation(row));
        let [z, positive, x, y] = [0, 1, 2, 3].map(|column| cell(0, column));
        let [k, three] = [cell(1, 2), cell(1, 3)];
        let next_z = cell(2, 0);
        let sign = positive.clone() * Fr::from(2) - number(1);
        // 0, 1, 2, 3 for the multiples -3, -1, 1, 3.
        let low = positive.clone() * three.clone() * Fr::from(2) - positive.clone() - three.clone() + number(1);
        let digit = positive.clone() * Fr::from(2) + low;
        let constraints = [
            ("c (1 - c) = 0", positive.clone() * (number(1) - positive)),
            ("b (1 - b) = 0", three.clone() * (number(1) - three.clone())),
            ("z = 4 z' + digit", z - (next_z * Fr::from(4) + digit)),
            ("x of the multiple", x.clone() - sign * (x_one + three.clone() * x_more)),
            ("y of the multiple", y.clone() - (y_one + three * y_more)),
            ("k = d x y", k - x * y * D),
        ];
        Constraints::with_selector(switch.query(meta), constraints)
    });
    switch
}
