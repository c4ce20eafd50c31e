//! Arithmetic on vectors over Fr, in parallel chunks.
//!
//! A [`Kernel`] does one chunk on one thread; this module cuts vectors into chunks and joins what crosses their borders.
//! All results are canonical, so they depend neither on the kernel nor on the number of threads.

mod kernel;
mod scan;
#[cfg(test)]
mod tests;

use ff::Field;
use halo2curves::bn256::Fr;
use rayon::prelude::*;

pub(crate) use kernel::{Kernel, LANES};
pub(crate) use scan::{divide_by_linear, grand_products, running_product};

/// Elements that a thread works on at a time: 128 KiB.
const CHUNK: usize = 1 << 12;

/// `a += b`.
pub(crate) fn add(kernel: impl Kernel, a: &mut [Fr], b: &[Fr]) {
    assert_eq!(a.len(), b.len());
    a.par_chunks_mut(CHUNK).zip(b.par_chunks(CHUNK)).for_each(|(a, b)| kernel.add(a, b));
}

/// `a -= b`.
pub(crate) fn sub(kernel: impl Kernel, a: &mut [Fr], b: &[Fr]) {
    assert_eq!(a.len(), b.len());
    a.par_chunks_mut(CHUNK).zip(b.par_chunks(CHUNK)).for_each(|(a, b)| kernel.sub(a, b));
}

/// `a *= b`, element by element.
pub(crate) fn mul(kernel: impl Kernel, a: &mut [Fr], b: &[Fr]) {
    assert_eq!(a.len(), b.len());
    a.par_chunks_mut(CHUNK).zip(b.par_chunks(CHUNK)).for_each(|(a, b)| kernel.mul(a, b));
}

/// `a *= factor`.
pub(crate) fn scale(kernel: impl Kernel, a: &mut [Fr], factor: &Fr) {
    a.par_chunks_mut(CHUNK).for_each(|a| kernel.scale(a, factor));
}

/// Replaces every element by its inverse; zeros stay.
pub(crate) fn invert(kernel: impl Kernel, a: &mut [Fr]) {
    a.par_chunks_mut(CHUNK).for_each(|a| kernel.invert(a));
}

/// `first * ratio^i` for `i < count`.
pub(crate) fn powers(kernel: impl Kernel, first: &Fr, ratio: &Fr, count: usize) -> Vec<Fr> {
    let mut powers = vec![Fr::ZERO; count];
    powers.par_chunks_mut(CHUNK).enumerate().for_each(|(i, chunk)| {
        kernel.powers(&(first * ratio.pow_vartime([(i * CHUNK) as u64])), ratio, chunk);
    });
    powers
}

/// $\sum_i a_i b_i$.
pub(crate) fn inner_product(kernel: impl Kernel, a: &[Fr], b: &[Fr]) -> Fr {
    assert_eq!(a.len(), b.len());
    a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK)).map(|(a, b)| kernel.inner_product(a, b)).sum()
}

/// The value at `x` of the polynomial with the given coefficients.
pub(crate) fn evaluate_at(kernel: impl Kernel, coefficients: &[Fr], x: &Fr) -> Fr {
    const CHUNK: usize = 1 << 10;
    let mut powers = vec![Fr::ZERO; CHUNK.min(coefficients.len())];
    kernel.powers(&Fr::ONE, x, &mut powers);
    let value = |chunk: &[Fr]| kernel.inner_product(chunk, &powers[..chunk.len()]);
    let values: Vec<Fr> = coefficients.par_chunks(CHUNK).with_min_len(4).map(value).collect();
    let step = x.pow_vartime([CHUNK as u64]);
    values.iter().rev().fold(Fr::ZERO, |acc, value| acc * step + value)
}

/// $\sum_j c_j p_j$, of length `len`, at least that of every $p_j$.
pub(crate) fn combine(kernel: impl Kernel, terms: &[(Fr, &[Fr])], len: usize) -> Vec<Fr> {
    let mut sum = vec![Fr::ZERO; len];
    sum.par_chunks_mut(CHUNK).enumerate().for_each(|(i, sum)| combine_chunk(kernel, terms, i * CHUNK, sum));
    sum
}

/// Terms that end within the chunk split it: on each piece the same terms are present.
fn combine_chunk(kernel: impl Kernel, terms: &[(Fr, &[Fr])], start: usize, sum: &mut [Fr]) {
    let (mut begin, end) = (start, start + sum.len());
    while begin < end {
        let alive = || terms.iter().filter(|(_, poly)| poly.len() > begin);
        let until = alive().map(|(_, poly)| poly.len()).chain([end]).min().unwrap_or(end);
        let piece: Vec<(Fr, &[Fr])> = alive().map(|(c, poly)| (*c, &poly[begin..until])).collect();
        kernel.combine(&piece, &mut sum[begin - start..until - start]);
        begin = until;
    }
}
