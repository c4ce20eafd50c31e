//! Number-theoretic transforms over the domain and its cosets.

use halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::{CpuBackend, ntt, with_kernel};
use crate::Domain;

impl CpuBackend {
    /// Coefficients to values at the powers of halo2's root of unity, in place: `best_fft` of halo2.
    ///
    /// # Panics
    /// If the length is not a power of two; the same holds for the other transforms.
    pub fn ntt(&self, values: &mut [Fr]) {
        with_kernel!(self, kernel => ntt::forward(kernel, values))
    }

    /// Values at the powers of the root of unity to coefficients, in place.
    pub fn inverse_ntt(&self, values: &mut [Fr]) {
        with_kernel!(self, kernel => ntt::inverse(kernel, values))
    }

    /// Coefficients to values at `shift` times the powers of the root of unity.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn coset_ntt(&self, coefficients: &[Fr], shift: &Fr, values: &mut [Fr]) {
        with_kernel!(self, kernel => ntt::coset(kernel, coefficients, shift, values))
    }

    /// Values at `shift` times the powers of the root of unity to coefficients, in place.
    ///
    /// # Panics
    /// If the shift is zero.
    pub fn inverse_coset_ntt(&self, values: &mut [Fr], shift: &Fr) {
        with_kernel!(self, kernel => ntt::coset_inverse(kernel, values, shift))
    }

    /// Values of a numerator on every coset part to the pieces of its quotient by $X^n - 1$.
    pub(super) fn quotient_pieces(&self, domain: &Domain, mut parts: Vec<Vec<Fr>>) -> Vec<Vec<Fr>> {
        parts.par_iter_mut().zip(domain.shifts()).for_each(|(part, shift)| self.inverse_coset_ntt(part, shift));
        let piece = |row: Vec<Fr>| {
            let terms: Vec<(Fr, &[Fr])> = row.into_iter().zip(&parts).map(|(m, part)| (m, part.as_slice())).collect();
            self.linear_combination(&terms, domain.n())
        };
        domain.quotient_matrix().into_iter().map(piece).collect()
    }
}
