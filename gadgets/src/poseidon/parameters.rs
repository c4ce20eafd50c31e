//! Round constants and matrices of one width, as the specification has them and rearranged for speed.

use ff::Field;
use halo2curves::bn256::Fr;

use super::grain::Grain;

/// A square matrix over the scalar field, by rows.
pub(super) type Matrix<const T: usize> = [[Fr; T]; T];

/// Number of full rounds $R_F$, half of them before the partial rounds.
pub const FULL_ROUNDS: usize = 8;

/// circomlib's $R_P$ for widths 2 to 17: the paper's round numbers, rounded up to a multiple of the width.
const PARTIAL_ROUNDS: [usize; 16] = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68];

/// Poseidon over BN254's scalar field with `T` lanes, S-box $x^5$ and circomlib's constants.
///
/// A round adds `round_constants`, applies the S-box (to lane 0 alone in the partial rounds) and multiplies by `matrix`.
#[derive(Debug, Clone)]
pub struct Parameters<const T: usize> {
    /// $R_P$.
    pub partial_rounds: usize,
    /// One constant per lane for each of the $R_F + R_P$ rounds.
    pub round_constants: Vec<[Fr; T]>,
    /// The Cauchy matrix $M$; lane $i$ becomes $\sum_j M_{ij} s_j$.
    pub matrix: [[Fr; T]; T],
}

impl<const T: usize> Parameters<T> {
    /// Generates the constants.
    ///
    /// # Panics
    /// If circomlib has no parameters for this width, that is outside of 2 to 17.
    #[must_use]
    pub fn generate() -> Self {
        assert!((2..=17).contains(&T), "no Poseidon parameters for width {T}");
        let partial_rounds = PARTIAL_ROUNDS[T - 2];
        let mut grain = Grain::new(T, FULL_ROUNDS, partial_rounds);
        let round_constants =
            (0..FULL_ROUNDS + partial_rounds).map(|_| std::array::from_fn(|_| grain.round_constant())).collect();
        Self { partial_rounds, round_constants, matrix: grain.matrix() }
    }

    /// Whether the S-box of round `round` is applied to all lanes.
    #[must_use]
    pub fn is_full(&self, round: usize) -> bool {
        !(FULL_ROUNDS / 2..FULL_ROUNDS / 2 + self.partial_rounds).contains(&round)
    }
}

/// A partial round whose matrix differs from the identity in its first row and column only.
#[derive(Debug, Clone)]
pub(super) struct SparseRound<const T: usize> {
    /// Added to lane 0 before its S-box.
    pub(super) constant: Fr,
    /// The first row.
    pub(super) row: [Fr; T],
    /// The first column; its entry 0 is in `row` and zero here.
    pub(super) column: [Fr; T],
}

/// The same permutation with the partial rounds' constants and matrices moved out of them.
///
/// Whatever acts on lanes 1 and up alone commutes with a partial round's S-box. So the constants of these lanes pass to the
/// next round, and of each matrix only a first row and column remains: with $D_0 = 1$, $M D_p = D_{p+1} S_p$ for
/// $D_{p+1} = \mathrm{diag}(1, B^{p+1})$, $B$ the lower right block of $M$, leaves $S_p$ sparse.
#[derive(Debug, Clone)]
pub(super) struct Rearranged<const T: usize> {
    /// Constants of the full rounds.
    pub(super) full: [[Fr; T]; FULL_ROUNDS],
    /// All partial rounds.
    pub(super) partial: Vec<SparseRound<T>>,
    /// $D_{R_P}$: what the sparse matrices leave to be done after the last partial round.
    pub(super) after_partial: Matrix<T>,
}

impl<const T: usize> Rearranged<T> {
    pub(super) fn new(parameters: &Parameters<T>) -> Self {
        let matrix = &parameters.matrix;
        let first_partial = FULL_ROUNDS / 2;
        let first_last_full = first_partial + parameters.partial_rounds;

        let mut constants = parameters.round_constants.clone();
        for round in first_partial..first_last_full {
            let mut rest = constants[round];
            rest[0] = Fr::ZERO;
            let carried = apply(matrix, &rest);
            constants[round][1..].fill(Fr::ZERO);
            for (constant, carry) in constants[round + 1].iter_mut().zip(carried) {
                *constant += carry;
            }
        }

        let block = block_of(matrix);
        let mut pending = identity();
        let partial = constants[first_partial..first_last_full]
            .iter()
            .map(|constant| {
                let row = multiply(matrix, &pending)[0];
                pending = multiply(&block, &pending);
                let mut below = std::array::from_fn(|i| matrix[i][0]);
                below[0] = Fr::ZERO;
                let column = apply(&invert(&pending), &below);
                SparseRound { constant: constant[0], row, column }
            })
            .collect();

        let full = std::array::from_fn(|i| match i {
            i if i < first_partial => constants[i],
            i => constants[i + parameters.partial_rounds],
        });
        Self { full, partial, after_partial: pending }
    }
}

/// $\mathrm{diag}(1, B)$ for the lower right block $B$ of `matrix`.
pub(super) fn block_of<const T: usize>(matrix: &Matrix<T>) -> Matrix<T> {
    let mut block = *matrix;
    block[0].fill(Fr::ZERO);
    block.iter_mut().for_each(|row| row[0] = Fr::ZERO);
    block[0][0] = Fr::ONE;
    block
}

/// The identity matrix.
pub(super) fn identity<const T: usize>() -> Matrix<T> {
    std::array::from_fn(|i| std::array::from_fn(|j| if i == j { Fr::ONE } else { Fr::ZERO }))
}

/// Matrix times column vector.
pub(super) fn apply<const T: usize>(matrix: &Matrix<T>, vector: &[Fr; T]) -> [Fr; T] {
    std::array::from_fn(|i| matrix[i].iter().zip(vector).map(|(m, v)| *m * v).sum())
}

/// Matrix product.
pub(super) fn multiply<const T: usize>(left: &Matrix<T>, right: &Matrix<T>) -> Matrix<T> {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..T).map(|k| left[i][k] * right[k][j]).sum()))
}

/// Inverse by Gauss-Jordan elimination.
///
/// # Panics
/// If the matrix is singular, which none of Poseidon's is: every minor of a Cauchy matrix is non-zero.
pub(super) fn invert<const T: usize>(matrix: &Matrix<T>) -> Matrix<T> {
    let mut left = *matrix;
    let mut right = identity::<T>();
    for i in 0..T {
        let pivot = (i..T).find(|&j| left[j][i] != Fr::ZERO).expect("a regular matrix");
        left.swap(i, pivot);
        right.swap(i, pivot);
        let scale = left[i][i].invert().expect("a pivot is not zero");
        for j in 0..T {
            left[i][j] *= scale;
            right[i][j] *= scale;
        }
        for k in (0..T).filter(|&k| k != i) {
            let factor = left[k][i];
            for j in 0..T {
                let (l, r) = (factor * left[i][j], factor * right[i][j]);
                left[k][j] -= l;
                right[k][j] -= r;
            }
        }
    }
    right
}
