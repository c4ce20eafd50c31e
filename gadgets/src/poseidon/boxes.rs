//! S-boxes in the circuit, two per row: `(s, q)` in `a0, a1` and in `a2, a3`, with $q = (s + c)^2$ for the round constant $c$.
//! The S-box's output is $y = (s + c) q^2$, of degree 3, and is held by no cell.

use halo2_proofs::{
    plonk::{Advice, Column, Expression, VirtualCells},
    poly::Rotation,
};
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;

/// Named constraints of a gate.
pub(crate) type Named = Vec<(String, Expression<Fr>)>;

/// Cells around the row of a gate, and the constraints on them so far.
pub(super) struct Boxes<'a, 'b> {
    pub(super) meta: &'a mut VirtualCells<'b, Fr>,
    pub(super) advice: [Column<Advice>; 4],
    pub(super) named: Named,
}

impl Boxes<'_, '_> {
    /// The cell at a row after the gate's.
    pub(super) fn cell(&mut self, row: usize, column: usize) -> Expression<Fr> {
        self.meta.query_advice(self.advice[column], Rotation(row as i32))
    }

    /// The input cell of an S-box, by half rows after the gate's row.
    pub(super) fn input(&mut self, slot: usize) -> Expression<Fr> {
        self.cell(slot / 2, 2 * (slot % 2))
    }

    /// The output of the S-box at `slot`.
    pub(super) fn output(&mut self, slot: usize, constant: &Expression<Fr>) -> Expression<Fr> {
        let square = self.cell(slot / 2, 2 * (slot % 2) + 1);
        (self.input(slot) + constant.clone()) * square.clone() * square
    }

    /// The output of the S-box at `slot`, whose square this gate answers for.
    pub(super) fn checked(&mut self, slot: usize, constant: &Expression<Fr>) -> Expression<Fr> {
        let input = self.input(slot);
        let square = self.cell(slot / 2, 2 * (slot % 2) + 1);
        self.power(&format!("q{slot}"), input + constant.clone(), square)
    }

    /// The fifth power of `base`, with the constraint that `square` is its square.
    pub(super) fn power(&mut self, name: &str, base: Expression<Fr>, square: Expression<Fr>) -> Expression<Fr> {
        self.require(&format!("{name} = (s + c)^2"), square.clone(), base.clone() * base.clone());
        base * square.clone() * square
    }

    /// Requires `left = right`.
    pub(super) fn require(&mut self, name: &str, left: Expression<Fr>, right: Expression<Fr>) {
        self.named.push((name.to_owned(), left - right));
    }
}

/// The value of a linear form.
pub(super) fn combine(form: &[Fr], basis: &[Expression<Fr>]) -> Expression<Fr> {
    debug_assert_eq!(form.len(), basis.len());
    form.iter()
        .zip(basis)
        .filter(|(coefficient, _)| **coefficient != Fr::ZERO)
        .map(|(coefficient, term)| term.clone() * *coefficient)
        .reduce(|sum, term| sum + term)
        .unwrap_or(Expression::Constant(Fr::ZERO))
}

/// A round constant that is part of the gate.
pub(super) fn constant(value: Fr) -> Expression<Fr> {
    Expression::Constant(value)
}
