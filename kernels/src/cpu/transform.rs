//! Number-theoretic transforms over the domain and its cosets.

use ff::Field;
use halo2curves::bn256::Fr;
use halo2curves::fft::best_fft;
use rayon::prelude::*;

use crate::Domain;

/// Values on the rows to coefficients.
pub(super) fn lagrange_to_coeff(domain: &Domain, elements: &mut [Fr]) {
    let n_inverse = Fr::from(domain.n() as u64).invert().expect("n is not zero in the field");
    best_fft(elements, domain.rotate(Fr::ONE, -1), domain.k());
    elements.par_iter_mut().for_each(|element| *element *= n_inverse);
}

/// Coefficients to values on the coset `shift · H`.
pub(super) fn coeff_to_coset(domain: &Domain, coefficients: &[Fr], shift: Fr) -> Vec<Fr> {
    let mut values = coefficients.to_vec();
    scale_by_powers(&mut values, shift, Fr::ONE);
    best_fft(&mut values, domain.omega(), domain.k());
    values
}

/// Values of a numerator on every coset part to the pieces of its quotient by $X^n - 1$.
pub(super) fn cosets_to_quotient(domain: &Domain, mut parts: Vec<Vec<Fr>>) -> Vec<Vec<Fr>> {
    let n_inverse = Fr::from(domain.n() as u64).invert().expect("n is not zero in the field");
    for (part, shift) in parts.iter_mut().zip(domain.shifts()) {
        best_fft(part, domain.rotate(Fr::ONE, -1), domain.k());
        scale_by_powers(part, shift.invert().expect("a shift is not zero"), n_inverse);
    }
    let matrix = domain.quotient_matrix();
    let piece = |row: &Vec<Fr>| {
        let coefficient = |c: usize| row.iter().zip(&parts).map(|(m, part)| m * part[c]).sum();
        (0..domain.n()).into_par_iter().map(coefficient).collect()
    };
    matrix.iter().map(piece).collect()
}

/// Multiplies element `i` by `scale · base^i`.
fn scale_by_powers(elements: &mut [Fr], base: Fr, scale: Fr) {
    const CHUNK: usize = 1 << 10;
    elements.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, elements)| {
        let mut power = scale * base.pow_vartime([(chunk * CHUNK) as u64]);
        for element in elements {
            *element *= power;
            power *= base;
        }
    });
}
