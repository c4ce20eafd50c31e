//! Many multiples of one point, from a table of its windowed multiples.

use group::{Curve, Group};
use halo2curves::{
    bn256::{Fr, G1, G1Affine},
    ff::PrimeField,
};
use rayon::prelude::*;

use crate::progress::Progress;

/// Bits of a scalar.
const SCALAR_BITS: usize = Fr::NUM_BITS as usize;
/// Points that are brought to affine form together.
const BATCH: usize = 1024;

/// Multiples `d * 2^(w i) * base` of one base, for every window i and digit `0 < d < 2^w`.
#[derive(Debug)]
pub(super) struct FixedBase {
    window: usize,
    /// `2^w - 1` multiples for each window, one window after the other.
    multiples: Vec<G1Affine>,
}

impl FixedBase {
    /// A table that pays off for about `count` multiplications.
    ///
    /// Memory: 64 bytes times `2^w * ceil(254 / w)` with `w <= 14`, so 20 MiB at most.
    pub(super) fn new(base: G1Affine, count: usize) -> Self {
        let window = (count.max(2).ilog2() as usize).clamp(4, 14);
        let digits = (1 << window) - 1;
        let mut start = G1::from(base);
        let starts: Vec<G1> = (0..SCALAR_BITS.div_ceil(window))
            .map(|_| {
                let this = start;
                (0..window).for_each(|_| start = start.double());
                this
            })
            .collect();
        let multiples = starts
            .into_par_iter()
            .flat_map_iter(|start| {
                let row: Vec<G1> = std::iter::successors(Some(start), |last| Some(last + start)).take(digits).collect();
                let mut affine = vec![G1Affine::default(); digits];
                G1::batch_normalize(&row, &mut affine);
                affine
            })
            .collect();
        Self { window, multiples }
    }

    /// `scalar * base` for every scalar, in order.
    pub(super) fn multiply(&self, scalars: &[Fr], progress: &dyn Progress) -> Vec<G1Affine> {
        let mut points = vec![G1Affine::default(); scalars.len()];
        points.par_chunks_mut(BATCH).zip(scalars.par_chunks(BATCH)).for_each(|(points, scalars)| {
            let sums: Vec<G1> = scalars.iter().map(|scalar| self.sum(scalar)).collect();
            G1::batch_normalize(&sums, points);
            progress.advance(scalars.len() as u64);
        });
        points
    }

    fn sum(&self, scalar: &Fr) -> G1 {
        let digits = (1 << self.window) - 1;
        let bytes = scalar.to_repr();
        self.multiples.chunks_exact(digits).enumerate().fold(G1::identity(), |sum, (window, multiples)| {
            match digit(&bytes, window * self.window, self.window) {
                0 => sum,
                digit => sum + multiples[digit - 1],
            }
        })
    }
}

/// The `width` bits of a little-endian number from bit `offset` on; bits beyond its end are 0.
fn digit(bytes: &[u8; 32], offset: usize, width: usize) -> usize {
    let byte = |i: usize| u32::from(bytes.get(i).copied().unwrap_or(0));
    let first = offset / 8;
    let word = byte(first) | byte(first + 1) << 8 | byte(first + 2) << 16;
    (word >> (offset % 8)) as usize & ((1 << width) - 1)
}

#[cfg(test)]
mod tests {
    use halo2curves::ff::Field;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;
    use crate::progress::Silent;

    #[test]
    fn table_agrees_with_scalar_multiplication() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let base = G1Affine::from(G1::random(&mut rng));
        let mut scalars = vec![Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(2), Fr::from(1 << 14), Fr::from(u64::MAX)];
        scalars.extend((0..100).map(|_| Fr::random(&mut rng)));
        let expected: Vec<G1Affine> = scalars.iter().map(|scalar| (base * scalar).into()).collect();
        for count in [0, 1, 16, 1 << 9, 1 << 14] {
            assert_eq!(FixedBase::new(base, count).multiply(&scalars, &Silent), expected, "count {count}");
        }
    }
}
