//! What lies between S-boxes, as linear forms: coefficients over S-box inputs $s$ (before their constants) and outputs $y$.
//!
//! With the constants of [`super::parameters::Rearranged`] everything between S-boxes is homogeneous. In a partial round only lane 0
//! meets an S-box. The circuit holds its input and nothing of the other $t - 1$ lanes, which $t - 1$ further inputs determine.

use ff::Field;
use halo2curves::bn256::Fr;

use super::parameters::{Matrix, block_of, identity, invert, multiply};

/// Coefficients over a basis.
pub(super) type Form = Vec<Fr>;

fn unit(length: usize, index: usize) -> Form {
    (0..length).map(|i| if i == index { Fr::ONE } else { Fr::ZERO }).collect()
}

fn sum<'a>(length: usize, terms: impl Iterator<Item = (Fr, &'a Form)>) -> Form {
    terms.fold(vec![Fr::ZERO; length], |mut sum, (factor, form)| {
        sum.iter_mut().zip(form).for_each(|(sum, coefficient)| *sum += factor * coefficient);
        sum
    })
}

fn mix<const T: usize>(matrix: &Matrix<T>, lanes: &[Form; T]) -> [Form; T] {
    std::array::from_fn(|i| sum(lanes[0].len(), matrix[i].iter().copied().zip(lanes)))
}

/// The first `count` S-box inputs of the partial rounds, over the $t$ outputs of the full round before and the outputs of the
/// `count` partial S-boxes, each depending on earlier ones only.
pub(super) fn entering<const T: usize>(matrix: &Matrix<T>, count: usize) -> Vec<Form> {
    let length = T + count;
    let mut lanes = mix(matrix, &std::array::from_fn(|i| unit(length, i)));
    (0..count)
        .map(|i| {
            let input = std::mem::replace(&mut lanes[0], unit(length, T + i));
            lanes = mix(matrix, &lanes);
            input
        })
        .collect()
}

/// All lanes $t$ partial rounds after round $i$, over the inputs $s_i, \dots, s_{i+t-1}$ and the outputs $y_i, \dots, y_{i+t-1}$ of their
/// S-boxes. Lane 0 is the input $s_{i+t}$ of the next one.
pub(super) fn after_window<const T: usize>(matrix: &Matrix<T>) -> [Form; T] {
    let length = 2 * T;
    let output = |i: usize| unit(length, T + i);
    // Lanes 1 and up at round i are called u. What reaches lane 0 of round i + j from u is row j of `reach`, with row 0 unused.
    let block = block_of(matrix);
    let mut power = identity::<T>();
    let mut reach = identity::<T>();
    for row in reach.iter_mut().skip(1) {
        *row = multiply(matrix, &power)[0];
        row[0] = Fr::ZERO;
        power = multiply(&block, &power);
    }
    let reach = invert(&reach);

    // What reaches it from the outputs alone, hence what u must contribute.
    let zero = vec![Fr::ZERO; length];
    let mut lanes: [Form; T] = std::array::from_fn(|_| zero.clone());
    let mut missing: [Form; T] = std::array::from_fn(|_| zero.clone());
    for (i, missing) in missing.iter_mut().enumerate().skip(1) {
        lanes[0] = output(i - 1);
        lanes = mix(matrix, &lanes);
        *missing = sum(length, [(Fr::ONE, &unit(length, i)), (-Fr::ONE, &lanes[0])].into_iter());
    }
    let mut lanes = mix(&reach, &missing);
    for i in 0..T {
        lanes[0] = output(i);
        lanes = mix(matrix, &lanes);
    }
    lanes
}

/// Lane 2 after a full round from lanes 0 and 1 and from the S-box output of lane 0, which is known: three lanes of which two
/// are free stay in a plane.
pub(super) fn third_lane(matrix: &Matrix<3>) -> Form {
    // (M y)_i - M_i0 y_0 for i = 0, 1 are what y_1 and y_2 make through a 2 x 2 block, here embedded below a unit.
    let mut block = identity::<3>();
    for (i, row) in block.iter_mut().enumerate().skip(1) {
        row[1..].copy_from_slice(&matrix[i - 1][1..]);
    }
    let inverse = invert(&block);
    let weight = |j: usize| matrix[2][1] * inverse[1][j] + matrix[2][2] * inverse[2][j];
    let (first, second) = (weight(1), weight(2));
    vec![first, second, matrix[2][0] - first * matrix[0][0] - second * matrix[1][0]]
}

/// All lanes of a state, over lane 0 of it and of the $t - 1$ states that it becomes by the matrix alone.
pub(super) fn observed<const T: usize>(matrix: &Matrix<T>) -> Matrix<T> {
    let mut power = identity::<T>();
    let mut seen = identity::<T>();
    for row in seen.iter_mut() {
        *row = power[0];
        power = multiply(matrix, &power);
    }
    invert(&seen)
}
