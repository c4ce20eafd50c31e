//! The parts: recoding, columns, kernels.

use std::collections::HashMap;

use ff::{Field, PrimeField};
use group::prime::PrimeCurveAffine;
use group::{Curve, Group};
use halo2curves::bn256::{Fr, G1, G1Affine};
use rand::Rng;

use super::{random_points, rng, scalar_kinds};
use crate::cpu::msm::columns::{Columns, LANES, NOBODY};
use crate::cpu::msm::digits::{MAX_WINDOW_BITS, MIN_WINDOW_BITS, Recoding};
use crate::cpu::msm::kernel::Kernel;
use crate::cpu::msm::plan::{self, Profile};
use crate::cpu::msm::portable::Portable;
use crate::cpu::msm::slot::{NONE, Slot, Term, bucket_of, term};

/// Instantiates a generic check for both kernels.
macro_rules! every_kernel {
    ($check:ident) => {{
        $check(Portable);
        #[cfg(target_arch = "x86_64")]
        if let Some(ifma) = crate::cpu::ifma::Ifma::detect() {
            $check(crate::cpu::msm::ifma::IfmaKernel(ifma));
        }
    }};
}

fn edge_scalars() -> Vec<Fr> {
    let mut rng = rng(20);
    let half = -Fr::ONE * Fr::TWO_INV;
    let mut scalars = vec![Fr::ZERO, Fr::ONE, -Fr::ONE, half, half + Fr::ONE, half - Fr::ONE];
    for bit in 0..254 {
        let power = Fr::from(2).pow_vartime([bit]);
        scalars.extend([power, power - Fr::ONE, -power, Fr::ONE - power]);
    }
    scalars.extend((0..100).map(|_| Fr::random(&mut rng)));
    scalars
}

/// Terms put together again give the scalars.
#[test]
fn digits_add_up_to_their_scalar() {
    fn check<K: Kernel>(kernel: K) {
        let scalars = edge_scalars();
        for bits in MIN_WINDOW_BITS..=MAX_WINDOW_BITS {
            for sets in [1, 2, 7, 1000] {
                let recoding = Recoding::new(bits, sets, 5000);
                let mut terms = Vec::new();
                kernel.recode(&scalars, &recoding, 8, &mut terms);
                let mut sums = vec![Fr::ZERO; scalars.len()];
                for t in terms {
                    let (bucket, slot, negative) = (bucket_of(t), t as u32 >> 1, t & 1 == 1);
                    let (set, digit) = (bucket / recoding.half(), bucket % recoding.half() + 1);
                    let (copy, index) = (slot / 5000, slot as usize % 5000 - 8);
                    assert!(set < sets && copy < recoding.copies());
                    let weight =
                        Fr::from(2).pow_vartime([u64::from((copy * sets + set) * bits)]) * Fr::from(u64::from(digit));
                    sums[index] += if negative { -weight } else { weight };
                }
                assert_eq!(sums, scalars, "windows of {bits} bits, {sets} sets");
            }
        }
    }
    every_kernel!(check);
}

/// Scalars that are zero, and the zero digits of short ones, leave no terms.
#[test]
fn short_scalars_have_few_terms() {
    fn check<K: Kernel>(kernel: K) {
        let recoding = Recoding::plain(10, 64);
        for (scalar, most) in
            [(Fr::ZERO, 0), (Fr::ONE, 1), (-Fr::ONE, 1), (Fr::from(u64::MAX), 7), (-Fr::from(1 << 19), 2)]
        {
            let mut terms = Vec::new();
            kernel.recode(&[scalar; 13], &recoding, 0, &mut terms);
            assert!(terms.len() <= 13 * most, "{scalar:?}: {} terms", terms.len());
        }
    }
    every_kernel!(check);
}

fn arranged(blocks: &[Vec<Term>], buckets: usize, wanted: usize) -> Columns {
    let mut columns = Columns::default();
    columns.clear();
    blocks.iter().for_each(|terms| columns.count(buckets, terms.chunks(10)));
    let cap = columns.cap(wanted, 8);
    for (block, terms) in blocks.iter().enumerate() {
        columns.place((block * buckets) as u32, buckets, cap, terms.chunks(10));
    }
    columns.finish();
    columns
}

/// A few blocks, some buckets of them crowded and some empty.
fn random_blocks(rng: &mut impl Rng, buckets: usize, terms: usize, slots: u32) -> Vec<Vec<Term>> {
    let mut block = |crowd: f64| -> Vec<Term> {
        let bucket =
            |rng: &mut dyn rand::RngCore| if rng.gen_bool(crowd) { 3 } else { rng.gen_range(0..buckets as u32) };
        (0..terms).map(|_| term(bucket(&mut *rng), rng.gen_range(0..2 * slots))).collect()
    };
    vec![block(0.0), block(0.9), vec![], block(1.0), block(0.1)]
}

#[test]
fn columns_hold_every_term_once() {
    let mut rng = rng(21);
    for (buckets, terms, wanted) in
        [(1 << 6, 500, 64), (1 << 6, 3, 64), (1 << 6, 5000, 2000), (4, 100, 1000), (256, 1000, 1)]
    {
        let blocks = random_blocks(&mut rng, buckets, terms, 1000);
        let columns = arranged(&blocks, buckets, wanted);
        let mut expected: HashMap<u32, Vec<u32>> = HashMap::new();
        for (block, terms) in blocks.iter().enumerate() {
            for &t in terms {
                expected.entry((block * buckets) as u32 + bucket_of(t)).or_default().push(t as u32);
            }
        }
        let mut found: HashMap<u32, Vec<u32>> = HashMap::new();
        let mut several = false;
        for group in 0..columns.groups() {
            assert!(group == 0 || columns.reaching(columns.height()) == 0);
            for (lane, &owner) in columns.owners(group).iter().enumerate() {
                let rows = (0..columns.height()).take_while(|&row| columns.reaching(row) > group);
                let cells: Vec<u32> = rows.map(|row| columns.row(group, row)[lane]).collect();
                let filled = cells.iter().take_while(|&&cell| cell != NONE).count();
                assert!(cells[filled..].iter().all(|&cell| cell == NONE));
                assert_eq!(owner == NOBODY, filled == 0);
                if owner != NOBODY {
                    several |= found.contains_key(&owner);
                    found.entry(owner).or_default().extend(&cells[..filled]);
                }
            }
        }
        assert_eq!(columns.several(), several);
        let sort = |map: &mut HashMap<u32, Vec<u32>>| map.values_mut().for_each(|terms| terms.sort_unstable());
        sort(&mut expected);
        sort(&mut found);
        assert_eq!(found, expected);
    }
}

fn encoded<K: Kernel>(kernel: K, points: &[G1Affine]) -> Vec<Slot> {
    let mut slots = vec![Slot::IDENTITY; points.len()];
    kernel.encode(points, &mut slots);
    assert_eq!(kernel.decode(&slots), points);
    slots
}

/// Column sums of a kernel against sums of halo2curves, for any references.
fn check_columns<K: Kernel>(kernel: K, points: &[G1Affine], columns: &Columns) {
    let slots = encoded(kernel, points);
    let mut sums = Vec::new();
    let mut scratch = K::Scratch::default();
    // Twice, because scratch memory is used again.
    for _ in 0..2 {
        sums.clear();
        kernel.sum_columns(&slots, columns, &mut scratch, &mut sums);
    }
    assert_eq!(sums.len(), columns.groups() * LANES);
    let sums = kernel.decode(&sums);
    for group in 0..columns.groups() {
        for (lane, &owner) in columns.owners(group).iter().enumerate() {
            if owner == NOBODY {
                continue;
            }
            let rows = (0..columns.height()).take_while(|&row| columns.reaching(row) > group);
            let expected: G1 = rows
                .map(|row| columns.row(group, row)[lane])
                .filter(|&cell| cell != NONE)
                .map(|cell| if cell & 1 == 1 { -points[cell as usize >> 1] } else { points[cell as usize >> 1] })
                .fold(G1::identity(), |sum, point| sum + point);
            assert_eq!(sums[group * LANES + lane], expected.to_affine(), "group {group}, lane {lane}");
        }
    }
}

#[test]
fn column_sums() {
    fn check<K: Kernel>(kernel: K) {
        let mut rng = rng(22);
        let points = random_points(1000, &mut rng);
        // Of 1000 points, and of so few that equal and opposite ones meet in most rows.
        for slots in [1000, 40, 2, 1] {
            for (buckets, terms, wanted) in [(64, 500, 64), (64, 3, 64), (64, 2000, 1000), (4, 100, 10), (256, 300, 1)]
            {
                let columns = arranged(&random_blocks(&mut rng, buckets, terms, slots), buckets, wanted);
                check_columns(kernel, &points[..slots as usize], &columns);
            }
        }
        check_columns(kernel, &points[..0], &arranged(&[vec![]], 8, 1));
    }
    every_kernel!(check);
}

/// The bounds that rows keep to are the same after any number of rows.
#[test]
fn high_columns() {
    fn check<K: Kernel>(kernel: K) {
        let points = random_points(2000, &mut rng(23));
        let terms: Vec<Term> = (0..2000).map(|slot| term(slot % 3, (slot << 1) | (slot / 7 % 2))).collect();
        check_columns(kernel, &points, &arranged(&[terms], 4, 1));
    }
    every_kernel!(check);
}

#[test]
fn doublings() {
    fn check<K: Kernel>(kernel: K) {
        for (count, times) in [(1, 1), (7, 3), (8, 1), (1500, 2), (9, 254), (5, 0)] {
            let points = random_points(count, &mut rng(24));
            let mut slots = encoded(kernel, &points);
            kernel.double(&mut slots, times);
            let factor = Fr::from(2).pow_vartime([u64::from(times)]);
            let expected: Vec<G1Affine> = points.iter().map(|point| (point * factor).to_affine()).collect();
            assert_eq!(kernel.decode(&slots), expected);
        }
    }
    every_kernel!(check);
}

#[test]
fn encoding_keeps_the_identity() {
    fn check<K: Kernel>(kernel: K) {
        let mut points = random_points(20, &mut rng(25));
        points[0] = G1Affine::identity();
        points[11] = G1Affine::identity();
        let slots = encoded(kernel, &points);
        for (point, slot) in points.iter().zip(slots) {
            assert_eq!(slot.is_identity(), bool::from(point.is_identity()));
        }
    }
    every_kernel!(check);
}

#[test]
fn plans_follow_the_scalars() {
    let mut rng = rng(26);
    let kinds: HashMap<&str, Vec<Fr>> = scalar_kinds(1 << 14, &mut rng).into_iter().collect();
    let plain = |name: &str| plan::plain(&Profile::sample(&kinds[name]), 1 << 14);
    let cost = |name: &str| Profile::sample(&kinds[name]).cost(&plain(name));
    assert!(cost("bits") < cost("below 2^64") && cost("below 2^64") < cost("uniform") / 3.0);
    assert!(cost("minus small") < cost("below 2^64"));
    assert_eq!(cost("zero"), 0.0);
    // A bit-sized column is one window, and the sample finds what is uniform.
    let uniform = Profile::uniform(1 << 14).cost(&plain("uniform"));
    assert!((cost("uniform") / uniform - 1.0).abs() < 0.05);
    // More memory, fewer terms.
    let tables = plan::with_tables(1 << 14, 1 << 30);
    assert!(tables.sets == 1 && Profile::uniform(1 << 14).cost(&tables) < 0.9 * uniform);
    assert_eq!(plan::with_tables(1 << 14, 0).copies(), 1);
}
