//! Roots of unity.

use ff::{Field, PrimeField};
use halo2curves::bn256::Fr;

/// Largest one-dimensional transform.
pub(super) const MAX_LOG_LENGTH: u32 = 12;

/// The primitive `2^k`-th root of unity of halo2, for `k` up to the two-adicity 28.
pub(super) fn root_of_unity(k: u32) -> Fr {
    (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square())
}

/// The roots of the blocks of a transform: `w^bitrev(i)` for `w` of order 2^12 (or its inverse), `i < 2^11`.
///
/// The same table serves all lengths: with m blocks, block `i < m` has the root `w_{2m}^{bitrev_m(i)}`, which is entry i
/// whatever m is.
pub(super) fn block_roots(inverse: bool) -> Vec<Fr> {
    let bits = MAX_LOG_LENGTH - 1;
    let root = root_of_unity(MAX_LOG_LENGTH);
    let root = if inverse { invert(&root) } else { root };
    let mut table = vec![Fr::ZERO; 1 << bits];
    let mut power = Fr::ONE;
    for i in 0..table.len() {
        table[reverse(i, bits)] = power;
        power *= root;
    }
    table
}

/// The inverse of a root of unity, a coset shift or a size, which are not zero.
pub(super) fn invert(x: &Fr) -> Fr {
    x.invert().expect("roots of unity, coset shifts and sizes are not zero")
}

/// The low `bits` bits of `i` in reverse order.
#[inline(always)]
pub(crate) fn reverse(i: usize, bits: u32) -> usize {
    if bits == 0 { 0 } else { i.reverse_bits() >> (usize::BITS - bits) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_the_same_root_in_every_layer() {
        let table = block_roots(false);
        for bits in 0..=5 {
            let root = root_of_unity(bits + 1);
            for (i, entry) in table.iter().enumerate().take(1 << bits) {
                assert_eq!(*entry, root.pow_vartime([reverse(i, bits) as u64]));
            }
        }
        for (root, inverse) in table.iter().zip(block_roots(true)) {
            assert_eq!(root * inverse, Fr::ONE);
        }
    }
}
