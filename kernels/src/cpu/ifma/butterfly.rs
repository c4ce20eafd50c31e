//! Transforms of up to 64 registers that stay in the first-level cache: natural order in, bit-reversed order out, lazy
//! reduction throughout.
//!
//! # Bounds
//! All numbers here are below 60 p, so a product with a root (below p) is below `(60 / 84.6 + 1.13) p < 2 p`.
//! - A butterfly with a root adds at most 2 p: the product, or the 2 p that keeps a difference positive.
//! - Block 0 of every layer has root 1 and skips the multiplication, so its bound doubles. It is tracked: at 16 p what
//!   stays in block 0 is reduced below 2 p, and what leaves it is below 32 p.
//! - At most twelve layers follow each other: `32 p + 12 * 2 p < 60 p`.
//!
//! Limbs are signed and only carried before a multiplication: a product has limbs below 2^57, so twelve layers stay
//! below 2^61.

use super::Ifma;
use super::field::{FrModulus, Lanes, Limbs, Loose, mul_pair};
use crate::cpu::ntt::Prefetch;

pub(super) type Scalars = Lanes<FrModulus>;
pub(super) type LooseScalars = Loose<FrModulus>;

/// Cache lines to ask for with every two butterflies: what a tile needs is spread over its layers.
const LINES_PER_PAIR: usize = 4;

/// All layers of block `index` of some larger transform, in place: `block` becomes its bit-reversed transform.
///
/// `roots[i]` is the root of block `i` in every layer with more than `i` blocks, see [`Kernel`](crate::cpu::ntt::Kernel). For block 0,
/// `bound` is the multiple of p that all inputs are below (1, 2, 4, 8 or 16), and the result the same for the output
/// that is still in block 0. The length is at least 4.
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
pub(super) fn transform(
    ifma: Ifma,
    block: &mut [LooseScalars],
    index: usize,
    bound: u64,
    roots: &[Limbs],
    mut prefetch: Prefetch<'_>,
) -> u64 {
    let mut bound = bound;
    let mut length = block.len();
    let mut first_root = index;
    while length > 2 {
        for (part, root) in block.chunks_exact_mut(length).zip(first_root..) {
            if root == 0 {
                bound = plain(part, bound);
            } else {
                butterflies(ifma, part, &roots[root], &mut prefetch);
            }
        }
        first_root *= 2;
        length /= 2;
    }
    for (pair, root) in block.as_chunks_mut::<4>().0.iter_mut().zip((first_root..).step_by(2)) {
        let [x0, x1, x2, x3] = pair;
        if root == 0 {
            let t = Scalars::splat(ifma, &roots[1]).mul_loose(x3.carried());
            (*x2, *x3) = (x2.add(t), x2.sub::<2>(t));
            bound = plain(&mut pair[..2], bound);
        } else {
            prefetch.advance(LINES_PER_PAIR);
            let (w, v) = (Scalars::splat(ifma, &roots[root]), Scalars::splat(ifma, &roots[root + 1]));
            let [t, s] = mul_pair(w, x1.carried(), v, x3.carried());
            (*x0, *x1, *x2, *x3) = (x0.add(t), x0.sub::<2>(t), x2.add(s), x2.sub::<2>(s));
        }
    }
    bound
}

/// Butterflies with one root between the halves of a block; an even number of them.
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn butterflies(ifma: Ifma, block: &mut [LooseScalars], root: &Limbs, prefetch: &mut Prefetch<'_>) {
    let root = Scalars::splat(ifma, root);
    let (low, high) = block.split_at_mut(block.len() / 2);
    for ([x0, y0], [x1, y1]) in low.as_chunks_mut::<2>().0.iter_mut().zip(high.as_chunks_mut::<2>().0) {
        prefetch.advance(LINES_PER_PAIR);
        let [t, s] = mul_pair(root, x1.carried(), root, y1.carried());
        (*x0, *x1) = (x0.add(t), x0.sub::<2>(t));
        (*y0, *y1) = (y0.add(s), y0.sub::<2>(s));
    }
}

/// Butterflies with root 1 between the halves of block 0.
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn plain(block: &mut [LooseScalars], bound: u64) -> u64 {
    match bound {
        1 => plain_below::<1>(block),
        2 => plain_below::<2>(block),
        4 => plain_below::<4>(block),
        8 => plain_below::<8>(block),
        16 => plain_below::<16>(block),
        _ => unreachable!("block 0 is kept below 16 p"),
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn plain_below<const K: u64>(block: &mut [LooseScalars]) -> u64 {
    let (low, high) = block.split_at_mut(block.len() / 2);
    for (x0, x1) in low.iter_mut().zip(high) {
        (*x0, *x1) = (x0.add(*x1), x0.sub::<K>(*x1));
        if K == 16 {
            *x0 = x0.norm().reduce_below_two_p().into();
        }
    }
    if K == 16 { 2 } else { 2 * K }
}
