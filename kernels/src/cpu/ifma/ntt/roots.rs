//! Roots of unity in the 2^260 form.

use std::sync::OnceLock;

use ff::{Field, PrimeField};
use halo2curves::bn256::Fr;

use crate::cpu::ifma::field::{FrModulus, Limbs, split, words};

/// Largest one-dimensional transform: 2^12 registers, about one second-level cache.
pub(super) const MAX_LOG_LENGTH: u32 = 12;

/// The primitive `2^k`-th root of unity of halo2.
pub(super) fn root_of_unity(k: u32) -> Fr {
    (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square())
}

/// `x * 2^260 mod p`: multiplying by it leaves the form of the other factor as it is.
pub(super) fn constant(x: &Fr) -> Limbs {
    split(*words::<FrModulus>(&(x * Fr::from(16))))
}

/// The roots of the blocks of a transform, `w^{bitrev(i)}` for `w` of order 2^12 (or its inverse), `i < 2^11`.
///
/// The same table serves all lengths: with `m` blocks, block `i < m` has the root `w_{2m}^{bitrev_m(i)}`, which is entry
/// `i` whatever `m` is.
pub(super) fn block_roots(inverse: bool) -> &'static [Limbs] {
    static FORWARD: OnceLock<Vec<Limbs>> = OnceLock::new();
    static INVERSE: OnceLock<Vec<Limbs>> = OnceLock::new();
    let table = if inverse { &INVERSE } else { &FORWARD };
    table.get_or_init(|| {
        let bits = MAX_LOG_LENGTH - 1;
        let root = root_of_unity(MAX_LOG_LENGTH);
        let root = if inverse { root.invert().expect("a root of unity is not zero") } else { root };
        let mut table = vec![[0; 5]; 1 << bits];
        let mut power = Fr::ONE;
        for i in 0..table.len() {
            table[reverse(i, bits)] = constant(&power);
            power *= root;
        }
        table
    })
}

/// The low `bits` bits of `i` in reverse order.
#[inline(always)]
pub(super) fn reverse(i: usize, bits: u32) -> usize {
    if bits == 0 { 0 } else { i.reverse_bits() >> (usize::BITS - bits) }
}
