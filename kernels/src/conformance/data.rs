//! Seeded inputs.

use std::borrow::Cow;

use ff::Field;
use group::{Curve, Group};
use halo2curves::bn256::{Fr, G1, G1Affine};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use crate::Backend;

pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub(crate) fn uniform(rng: &mut impl Rng, len: usize) -> Vec<Fr> {
    (0..len).map(|_| Fr::random(&mut *rng)).collect()
}

/// Families of scalars that kernels treat differently, each of the given length.
pub(crate) fn families(rng: &mut impl Rng, len: usize) -> Vec<(&'static str, Vec<Fr>)> {
    let repeated = Fr::random(&mut *rng);
    vec![
        ("uniform", uniform(rng, len)),
        ("below 2^64", (0..len).map(|_| Fr::from(rng.r#gen::<u64>())).collect()),
        ("small negative", (0..len).map(|_| -Fr::from(u64::from(rng.r#gen::<u16>()))).collect()),
        ("bits", (0..len).map(|_| Fr::from(u64::from(rng.gen_bool(0.3)))).collect()),
        ("sparse", (0..len).map(|i| if i % 17 == 3 { Fr::random(&mut *rng) } else { Fr::ZERO }).collect()),
        ("repeated", vec![repeated; len]),
        ("minus one", vec![-Fr::ONE; len]),
        ("zero", vec![Fr::ZERO; len]),
    ]
}

pub(crate) fn points(rng: &mut impl Rng, len: usize) -> Vec<G1Affine> {
    (0..len).map(|_| G1::random(&mut *rng).to_affine()).collect()
}

/// Points among which identities, equal ones and opposite ones are frequent.
pub(crate) fn degenerate_points(rng: &mut impl Rng, len: usize) -> Vec<G1Affine> {
    let few = points(rng, 3);
    (0..len)
        .map(|_| match rng.gen_range(0..8) {
            0 => G1Affine::default(),
            1..=4 => few[rng.gen_range(0..few.len())],
            _ => -few[rng.gen_range(0..few.len())],
        })
        .collect()
}

pub(crate) fn upload<'a, B: Backend>(backend: &B, columns: &'a [Vec<Fr>]) -> Vec<B::Poly<'a>> {
    backend.upload(columns.iter().map(|column| Cow::Borrowed(column.as_slice())).collect()).unwrap()
}

pub(crate) fn download<B: Backend>(backend: &B, polys: &[B::Poly<'_>]) -> Vec<Vec<Fr>> {
    polys.iter().map(|poly| backend.download(poly).unwrap()).collect()
}
