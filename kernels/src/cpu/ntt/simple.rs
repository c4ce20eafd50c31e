//! Transforms of sizes that two passes of vectors do not cover: fewer than 2^6 values, more than 2^24.

use ff::Field;
use halo2curves::bn256::Fr;

use super::roots::{invert, reverse, root_of_unity};

/// In place; for the inverse the shift is divided out of the result.
pub(super) fn transform(values: &mut [Fr], inverse: bool, shift: Option<&Fr>) {
    let log_n = values.len().trailing_zeros();
    let root = root_of_unity(log_n);
    if inverse {
        radix_2(values, log_n, &invert(&root));
        let first = invert(&Fr::from(values.len() as u64));
        scale(values, first, shift.map_or(Fr::ONE, invert));
    } else {
        scale(values, Fr::ONE, shift.copied().unwrap_or(Fr::ONE));
        radix_2(values, log_n, &root);
    }
}

/// Multiplies value i by `first * ratio^i`.
fn scale(values: &mut [Fr], first: Fr, ratio: Fr) {
    let mut power = first;
    for value in values {
        *value *= power;
        power *= ratio;
    }
}

fn radix_2(values: &mut [Fr], log_n: u32, root: &Fr) {
    for i in 0..values.len() {
        let j = reverse(i, log_n);
        if i < j {
            values.swap(i, j);
        }
    }
    for layer in 0..log_n {
        let step = root.pow_vartime([1 << (log_n - layer - 1)]);
        for block in values.chunks_exact_mut(2 << layer) {
            let (low, high) = block.split_at_mut(1 << layer);
            let mut power = Fr::ONE;
            for (x, y) in low.iter_mut().zip(high) {
                let t = *y * power;
                (*x, *y) = (*x + t, *x - t);
                power *= step;
            }
        }
    }
}
