//! What opening arguments need: evaluation, linear combination, division by a linear polynomial.

use ff::Field;
use halo2curves::bn256::Fr;
use rayon::prelude::*;

use crate::naive;

const CHUNK: usize = 1 << 12;

/// The value at `x` of the polynomial with the given coefficients.
pub(super) fn evaluate_at(coefficients: &[Fr], x: Fr) -> Fr {
    let step = x.pow_vartime([CHUNK as u64]);
    let chunks: Vec<Fr> = coefficients.par_chunks(CHUNK).map(|chunk| naive::evaluate_at(chunk, x)).collect();
    naive::evaluate_at(&chunks, step)
}

/// $\sum_j c_j p_j$, of length `len`, at least that of every $p_j$.
pub(super) fn combine(terms: &[(Fr, &[Fr])], len: usize) -> Vec<Fr> {
    let mut sum = vec![Fr::ZERO; len];
    sum.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, sum)| {
        for (c, poly) in terms {
            let poly = poly.get(chunk * CHUNK..).unwrap_or_default();
            for (sum, p) in sum.iter_mut().zip(poly) {
                *sum += c * p;
            }
        }
    });
    sum
}

/// Divides by $X - z$ in place: every chunk by itself, then each by what the chunks above it carry down.
pub(super) fn divide_by_linear(elements: &mut [Fr], z: Fr) {
    // Chunk by chunk, element i becomes the sum over the elements j >= i of its chunk of e_j z^(j - i).
    elements.par_chunks_mut(CHUNK).for_each(|chunk| {
        let mut acc = Fr::ZERO;
        for element in chunk.iter_mut().rev() {
            acc = acc * z + *element;
            *element = acc;
        }
    });
    let step = z.pow_vartime([CHUNK as u64]);
    let mut carries: Vec<Fr> = elements.chunks(CHUNK).map(|chunk| chunk[0]).collect();
    let mut above = Fr::ZERO;
    for carry in carries.iter_mut().rev() {
        let total = *carry + step * above;
        *carry = above;
        above = total;
    }
    elements.par_chunks_mut(CHUNK).zip(carries).for_each(|(chunk, carry)| {
        let mut carry = carry;
        for element in chunk.iter_mut().rev() {
            carry *= z;
            *element += carry;
        }
    });
    // The quotient's coefficient i is the suffix sum from i + 1 on.
    if let Some(last) = elements.len().checked_sub(1) {
        elements.rotate_left(1);
        elements[last] = Fr::ZERO;
    }
}
