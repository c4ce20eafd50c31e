//! The permutation argument's grand products.

use halo2_proofs::plonk::{Any, Column, ConstraintSystem};
use halo2curves::bn256::Fr;

use super::expression::{Expressions, SourcedProgram};
use super::quotient::permutation_factors;
use super::shape::Shape;

/// For each chunk of columns, the program for the numerators and the denominators of its grand product.
pub(super) fn compile(cs: &ConstraintSystem<Fr>, shape: &Shape) -> Vec<SourcedProgram> {
    let chunk = shape.permutation_chunk();
    let program = |(i, columns): (usize, &[Column<Any>])| {
        let mut e = Expressions::default();
        let factors = permutation_factors(&mut e, columns.iter().map(|column| (*column).into()), i * chunk);
        let outputs = [e.builder.product(factors.numerators), e.builder.product(factors.denominators)];
        e.finish(cs.num_challenges(), &outputs)
    };
    shape.permutation.chunks(chunk).enumerate().map(program).collect()
}
