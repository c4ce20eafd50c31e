//! The arithmetic of a CPU backend on slices, for tests, benchmarks and whoever needs it without a polynomial handle.

use halo2curves::bn256::Fr;

use super::{CpuBackend, vector, with_kernel};

/// Results do not depend on the instruction set or the number of threads.
///
/// # Panics
/// All of these panic if slices that belong together have different lengths.
impl CpuBackend {
    /// `a += b`, element by element.
    pub fn add(&self, a: &mut [Fr], b: &[Fr]) {
        with_kernel!(self, kernel => vector::add(kernel, a, b));
    }

    /// `a -= b`, element by element.
    pub fn sub(&self, a: &mut [Fr], b: &[Fr]) {
        with_kernel!(self, kernel => vector::sub(kernel, a, b));
    }

    /// `a *= b`, element by element.
    pub fn mul(&self, a: &mut [Fr], b: &[Fr]) {
        with_kernel!(self, kernel => vector::mul(kernel, a, b));
    }

    /// `a *= factor`.
    pub fn scale(&self, a: &mut [Fr], factor: &Fr) {
        with_kernel!(self, kernel => vector::scale(kernel, a, factor));
    }

    /// Replaces every element by its inverse; zeros stay, as in `BatchInvert`.
    pub fn batch_invert(&self, a: &mut [Fr]) {
        with_kernel!(self, kernel => vector::invert(kernel, a));
    }

    /// `first * ratio^i` for `i < count`.
    pub fn powers(&self, first: &Fr, ratio: &Fr, count: usize) -> Vec<Fr> {
        with_kernel!(self, kernel => vector::powers(kernel, first, ratio, count))
    }

    /// $\sum_i a_i b_i$.
    pub fn inner_product(&self, a: &[Fr], b: &[Fr]) -> Fr {
        with_kernel!(self, kernel => vector::inner_product(kernel, a, b))
    }

    /// $\sum_j c_j p_j$ of length `len`, at least that of every $p_j$.
    pub fn linear_combination(&self, terms: &[(Fr, &[Fr])], len: usize) -> Vec<Fr> {
        with_kernel!(self, kernel => vector::combine(kernel, terms, len))
    }

    /// The value at `x` of the polynomial with the given coefficients.
    pub fn evaluate_polynomial(&self, coefficients: &[Fr], x: &Fr) -> Fr {
        with_kernel!(self, kernel => vector::evaluate_at(kernel, coefficients, x))
    }

    /// Divides the polynomial by $X - z$ without remainder, in place; the last coefficient becomes zero.
    pub fn divide_polynomial(&self, coefficients: &mut [Fr], z: &Fr) {
        with_kernel!(self, kernel => vector::divide_by_linear(kernel, coefficients, z));
    }

    /// `r_0 = start`, `r_{i+1} = r_i e_i`: one element more than there are factors.
    pub fn running_product(&self, factors: Vec<Fr>, start: Fr) -> Vec<Fr> {
        with_kernel!(self, kernel => vector::running_product(kernel, factors, start))
    }

    /// Grand products: each `z_0 = start`, `z_{i+1} = z_i numerator_i / denominator_i` up to `z[last]`, then zeros, where
    /// the inverse of zero is zero. They start with 1, or if `chained` with `z[last]` of the one before.
    pub fn running_fractions(&self, fractions: Vec<(Vec<Fr>, &[Fr])>, last: usize, chained: bool) -> Vec<Vec<Fr>> {
        with_kernel!(self, kernel => vector::grand_products(kernel, fractions, last, chained))
    }
}
