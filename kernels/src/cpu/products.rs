//! Grand products.

use ff::{BatchInvert, Field};
use halo2curves::bn256::Fr;
use rayon::prelude::*;

const CHUNK: usize = 1 << 10;

/// `z[0] = 1`, `z[i + 1] = z[i] · numerator[i] / denominator[i]` up to `z[last]`, then zeros; in the numerator's memory.
pub(super) fn grand_product(mut numerator: Vec<Fr>, denominator: &[Fr], last: usize) -> Vec<Fr> {
    // Within each chunk: the product of its fractions up to and including each row.
    numerator[..last].par_chunks_mut(CHUNK).zip(denominator[..last].par_chunks(CHUNK)).for_each(
        |(numerator, denominator)| {
            let mut inverses = denominator.to_vec();
            inverses.batch_invert();
            let mut product = Fr::ONE;
            for (value, inverse) in numerator.iter_mut().zip(inverses) {
                product *= *value * inverse;
                *value = product;
            }
        },
    );
    let starts = numerator[..last].chunks(CHUNK).scan(Fr::ONE, |start, chunk| {
        let this = *start;
        *start *= chunk[chunk.len() - 1];
        Some(this)
    });
    let starts: Vec<Fr> = starts.collect();
    numerator[..last].par_chunks_mut(CHUNK).zip(starts).skip(1).for_each(|(chunk, start)| {
        chunk.iter_mut().for_each(|value| *value *= start);
    });
    numerator[last..].fill(Fr::ZERO);
    numerator[..=last].rotate_right(1);
    numerator[0] = Fr::ONE;
    numerator
}

/// Makes every product after the first begin with the value its predecessor has at row `last`.
pub(super) fn chain(mut products: Vec<Vec<Fr>>, last: usize) -> Vec<Vec<Fr>> {
    let mut start = Fr::ONE;
    for product in &mut products {
        if start != Fr::ONE {
            product[..=last].par_chunks_mut(CHUNK).for_each(|chunk| chunk.iter_mut().for_each(|value| *value *= start));
        }
        start = product[last];
    }
    products
}
