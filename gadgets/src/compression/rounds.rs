//! The rounds as linear algebra over anything that adds and scales: field elements when the witness is made, expressions when gates are.
//!
//! Between S-boxes everything is linear, and in a partial round only lane 0 meets one. So the circuit holds, per S-box, its
//! input `x` and `x^2`; the other lanes of a partial round are solved for from the two next inputs of the S-box.

use std::ops::{Add, Mul};

use halo2_proofs::plonk::Expression;
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;

/// Lanes of the permutation.
pub(super) const WIDTH: usize = 3;

/// A vector space over the field.
pub(super) trait Vector: Clone + Add<Output = Self> + Mul<Fr, Output = Self> {
    /// A constant.
    fn constant(value: Fr) -> Self;
}
impl Vector for Fr {
    fn constant(value: Fr) -> Self {
        value
    }
}
impl Vector for Expression<Fr> {
    fn constant(value: Fr) -> Self {
        Expression::Constant(value)
    }
}

/// The linear layer: `M state + constants`.
pub(super) fn mix<T: Vector>(matrix: &[[Fr; WIDTH]; WIDTH], state: &[T; WIDTH], constants: &[Fr; WIDTH]) -> [T; WIDTH] {
    std::array::from_fn(|lane| {
        state
            .iter()
            .zip(&matrix[lane])
            .fold(T::constant(constants[lane]), |sum, (value, factor)| sum + value.clone() * *factor)
    })
}

/// One partial round: lane 0 is replaced by its S-box's output.
pub(super) fn partial<T: Vector>(
    matrix: &[[Fr; WIDTH]; WIDTH],
    state: &[T; WIDTH],
    powered: &T,
    constants: &[Fr; WIDTH],
) -> [T; WIDTH] {
    let [_, second, third] = state.clone();
    mix(matrix, &[powered.clone(), second, third], constants)
}

/// The state three partial rounds after round `i`, from the S-box inputs `x_i, x_{i+1}, x_{i+2}`, the outputs `p_i ..
/// p_{i+2}` and the constants added after each of the three rounds.
pub(super) fn three_rounds<T: Vector>(
    matrix: &[[Fr; WIDTH]; WIDTH],
    inputs: &[T; 3],
    powered: &[T; 3],
    constants: &[[Fr; WIDTH]; 3],
) -> [T; WIDTH] {
    let minus = |value: &T| value.clone() * -Fr::ONE;
    // With lanes (x, u, v): x_{i+1} is linear in u and v, and so is x_{i+2}. What they are without u and v:
    let zero = T::constant(Fr::ZERO);
    let known = partial(matrix, &[zero.clone(), zero.clone(), zero], &powered[0], &constants[0]);
    let next = partial(matrix, &known, &powered[1], &constants[1]);
    let first = inputs[1].clone() + minus(&known[0]);
    let second = inputs[2].clone() + minus(&next[0]);
    // [a b; c d] (u, v) = (first, second); u and v reach the next round's lanes 1 and 2, and those its lane 0.
    let [a, b] = [matrix[0][1], matrix[0][2]];
    let reach = |column: usize| matrix[0][1] * matrix[1][column] + matrix[0][2] * matrix[2][column];
    let [c, d] = [reach(1), reach(2)];
    let inverse = (a * d - b * c).invert().expect("the matrix lets both other lanes reach lane 0 independently");
    let u = (first.clone() * d + minus(&second) * b) * inverse;
    let v = (second * a + minus(&first) * c) * inverse;
    let state = partial(matrix, &[inputs[0].clone(), u, v], &powered[0], &constants[0]);
    let state = partial(matrix, &state, &powered[1], &constants[1]);
    partial(matrix, &state, &powered[2], &constants[2])
}
