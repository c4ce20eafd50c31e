//! Both kernels against halo2curves, one multiplication after the other.

mod parts;

use ff::{Field, PrimeField};
use group::prime::PrimeCurveAffine;
use group::{Curve, Group};
use halo2curves::bn256::{Fr, G1, G1Affine};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::{Bases, fixed_base_batch, msm, naive};
use crate::Error;
use crate::cpu::ifma::Ifma;

/// Makes the scalar of an index.
type Scalars = Box<dyn FnMut(usize, &mut ChaCha20Rng) -> Fr>;

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// The instruction sets of this machine.
fn instruction_sets() -> Vec<Option<Ifma>> {
    std::iter::once(None).chain(Ifma::detect().map(Some)).collect()
}

/// The tests here run with every kernel of the machine. This one says if they ran without IFMA.
#[test]
#[cfg_attr(
    not(host_has_ifma),
    ignore = "not run: this machine has no AVX-512 IFMA, all of msm ran in portable code only"
)]
fn ifma_is_among_the_instruction_sets() {
    assert_eq!(instruction_sets().len(), 2);
}

/// Points without known relations.
fn random_points(count: usize, rng: &mut ChaCha20Rng) -> Vec<G1Affine> {
    let (step, mut point) = (G1::random(&mut *rng).to_affine(), G1::random(&mut *rng));
    let points: Vec<G1> = std::iter::repeat_with(|| {
        point = point.double() + step;
        point
    })
    .take(count)
    .collect();
    let mut affine = vec![G1Affine::identity(); count];
    G1::batch_normalize(&points, &mut affine);
    affine
}

/// Scalars of one kind each, by name.
fn scalar_kinds(count: usize, rng: &mut ChaCha20Rng) -> Vec<(&'static str, Vec<Fr>)> {
    let half = -Fr::ONE * Fr::TWO_INV;
    let pool: Vec<Fr> = (0..3).map(|_| Fr::random(&mut *rng)).collect();
    let mut kind = |name, mut scalar: Scalars| (name, (0..count).map(|i| scalar(i, &mut *rng)).collect());
    vec![
        kind("uniform", Box::new(|_, rng| Fr::random(rng))),
        kind("below 2^64", Box::new(|_, rng| Fr::from(rng.r#gen::<u64>()))),
        kind("minus small", Box::new(|_, rng| -Fr::from(rng.gen_range(0..1u64 << 20)))),
        kind("bits", Box::new(|_, rng| Fr::from(rng.gen_range(0..2u64)))),
        kind("zero", Box::new(|_, _| Fr::ZERO)),
        kind("r - 1", Box::new(|_, _| -Fr::ONE)),
        kind("halves", Box::new(move |i, _| if i % 2 == 0 { half } else { half + Fr::ONE })),
        kind("repeated", Box::new(move |_, rng| pool[rng.gen_range(0..3)])),
        kind("powers of two", Box::new(|i, _| Fr::from(2).pow_vartime([i as u64 % 254]))),
        kind("mixed", Box::new(|i, rng| if i % 7 == 3 { Fr::random(rng) } else { Fr::from(i as u64 % 5) })),
    ]
}

/// Every instruction set and several table sizes, against `expected`.
fn check(points: &[G1Affine], scalars: &[Fr], expected: G1, what: &str) {
    let expected = expected.to_affine();
    for ifma in instruction_sets() {
        let kernel = if ifma.is_some() { "ifma" } else { "portable" };
        for copies in [0, 2, 100] {
            let bases = Bases::new(ifma, points, copies * points.len() * 64).unwrap();
            let sums = bases.msm(&[scalars]).unwrap();
            assert_eq!(sums[0].to_affine(), expected, "{kernel}, {copies} more copies, {what}");
        }
        if points.len() == scalars.len() {
            assert_eq!(msm(ifma, points, scalars).unwrap().to_affine(), expected, "{kernel}, {what}");
        }
    }
}

#[test]
fn every_kind_of_scalars_at_every_kind_of_length() {
    let mut rng = rng(1);
    for count in [0, 1, 2, 7, 8, 9, 31, 32, 33, 127, 128, 129, 256] {
        let points = random_points(count, &mut rng);
        for (name, scalars) in scalar_kinds(count, &mut rng) {
            check(&points, &scalars, naive(&points, &scalars), &format!("{count} scalars, {name}"));
        }
    }
}

#[test]
fn larger_ones_agree_with_halo2curves() {
    let mut rng = rng(2);
    let mut counts = vec![1023, 1024, 1025, 1 << 12];
    if std::env::var_os("ZOMMA_FULL").is_some() {
        counts.extend((13..18).flat_map(|log| [(1 << log) - 1, 1 << log, (1 << log) + 1]));
    } else {
        eprintln!("not run: 2^13 to 2^17 points, without ZOMMA_FULL=1");
    }
    for count in counts {
        let points = random_points(count, &mut rng);
        for (name, scalars) in scalar_kinds(count, &mut rng).into_iter().step_by(3) {
            let expected = halo2curves::msm::msm_parallel(&scalars, &points);
            check(&points, &scalars, expected, &format!("{count} scalars, {name}"));
        }
    }
}

#[test]
fn points_that_meet_themselves_their_opposites_and_the_identity() {
    let mut rng = rng(3);
    let count = 90;
    let random = random_points(count, &mut rng);
    let p = random[0];
    let identity = G1Affine::identity();
    let times = |factor: u64| (p * Fr::from(factor)).to_affine();
    // 1, 2, 3, 6, 12, ..: each sum so far is the next term.
    let meeting: Vec<G1Affine> =
        std::iter::once(1).chain((0..40).map(|i| if i == 0 { 2 } else { 3 << (i - 1) })).map(times).collect();
    let cycle = |choices: &[G1Affine]| choices.iter().copied().cycle().take(count).collect::<Vec<_>>();
    let mut sparse = random.clone();
    (0..count).step_by(3).for_each(|i| sparse[i] = identity);
    let cases = [
        ("equal", cycle(&[p])),
        ("opposite in turn", cycle(&[p, -p])),
        ("two and minus two", cycle(&[p, p, -p, -p])),
        ("cancelling in threes", cycle(&[p, times(2), -times(3)])),
        ("meeting their sums", cycle(&meeting)),
        (
            "meeting the opposites of their sums",
            cycle(&meeting.iter().enumerate().map(|(i, &q)| if i % 5 == 4 { -q } else { q }).collect::<Vec<_>>()),
        ),
        ("identities", cycle(&[identity])),
        ("the identity first", std::iter::once(identity).chain(random.clone()).collect()),
        ("every third the identity", sparse),
        ("few", cycle(&[p, identity, random[1], -p, p, random[1]])),
    ];
    for (name, points) in cases {
        for (kind, scalars) in scalar_kinds(points.len(), &mut rng).into_iter().filter(|(kind, _)| *kind != "zero") {
            check(&points, &scalars, naive(&points, &scalars), &format!("{name} points, {kind} scalars"));
        }
        let ones = vec![Fr::ONE; points.len()];
        check(&points, &ones, naive(&points, &ones), &format!("{name} points, ones"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Few points and few scalars, so that everything meets everything.
    #[test]
    fn crowded(picks in prop::collection::vec((0usize..8, 0usize..10), 0..120)) {
        let mut rng = rng(4);
        let random = random_points(2, &mut rng);
        let (p, q) = (random[0], random[1]);
        let sum = (p.to_curve() + q).to_affine();
        let points = [p, -p, q, (p + p).to_affine(), sum, -sum, G1Affine::identity(), -q];
        let scalar = |i: usize| match i {
            0 => Fr::ZERO,
            1 => Fr::ONE,
            2 => -Fr::ONE,
            3 => Fr::from(2),
            4 => -Fr::from(3),
            5 => Fr::from(1 << 12),
            6 => Fr::from(u64::MAX),
            7 => Fr::TWO_INV,
            8 => -Fr::TWO_INV,
            _ => Fr::from_u128(0x1234_5678_9abc_def0_0fed_cba9_8765_4321),
        };
        let (points, scalars): (Vec<_>, Vec<_>) = picks.into_iter().map(|(i, j)| (points[i], scalar(j))).unzip();
        check(&points, &scalars, naive(&points, &scalars), "crowded");
    }
}

#[test]
fn several_vectors_share_bases_and_may_be_shorter() {
    let mut rng = rng(5);
    let points = random_points(600, &mut rng);
    let kinds = scalar_kinds(600, &mut rng);
    let vectors: Vec<&[Fr]> = kinds
        .iter()
        .zip([600, 0, 1, 599, 64, 63, 65, 512, 7, 300])
        .map(|((_, scalars), length)| &scalars[..length])
        .collect();
    let expected: Vec<G1Affine> = vectors.iter().map(|scalars| naive(&points, scalars).to_affine()).collect();
    for ifma in instruction_sets() {
        for table_bytes in [0, 1 << 20] {
            let bases = Bases::new(ifma, &points, table_bytes).unwrap();
            // Twice, because memory is used again.
            for _ in 0..2 {
                let sums = bases.msm(&vectors).unwrap();
                assert_eq!(sums.iter().map(G1::to_affine).collect::<Vec<_>>(), expected);
            }
            assert_eq!(bases.msm(&[]).unwrap(), vec![]);
        }
    }
}

#[test]
fn lengths_that_do_not_fit_are_refused() {
    let points = random_points(5, &mut rng(6));
    let scalars = [Fr::ONE; 6];
    for ifma in instruction_sets() {
        let bases = Bases::new(ifma, &points, 0).unwrap();
        assert_eq!((bases.len(), bases.is_empty(), bases.table_bytes()), (5, false, 0));
        let refused = Error::Length { what: "scalars", expected: 5, found: 6 };
        assert_eq!(bases.msm(&[&scalars[..5], &scalars]).unwrap_err(), refused);
        assert_eq!(msm(ifma, &points, &scalars).unwrap_err(), refused);
        assert_eq!(
            msm(ifma, &points, &scalars[..4]).unwrap_err(),
            Error::Length { what: "scalars", expected: 5, found: 4 }
        );
    }
}

#[test]
fn tables_stay_within_their_budget() {
    let points = random_points(100, &mut rng(7));
    for ifma in instruction_sets() {
        for copies in 0..60 {
            let budget = copies * 100 * 64;
            for budget in [budget, budget + 6399] {
                let used = Bases::new(ifma, &points, budget).unwrap().table_bytes();
                assert!(used <= budget, "{used} of {budget}");
                assert!(copies == 0 || used > 0);
            }
        }
    }
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let mut rng = rng(8);
    let points = random_points(5000, &mut rng);
    let kinds = scalar_kinds(5000, &mut rng);
    let vectors: Vec<&[Fr]> = kinds.iter().map(|(_, scalars)| &scalars[..]).collect();
    for ifma in instruction_sets() {
        let bases = Bases::new(ifma, &points, 4 << 20).unwrap();
        // The coordinates themselves: the same additions in the same order.
        let results = [1, 2, 5].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let sums = pool.install(|| bases.msm(&vectors).unwrap());
            sums.iter().map(|sum| (sum.x, sum.y, sum.z)).collect::<Vec<_>>()
        });
        assert!(results[0] == results[1] && results[0] == results[2]);
    }
}

#[test]
fn multiples_of_one_base() {
    let mut rng = rng(9);
    let base = G1::random(&mut rng).to_affine();
    for ifma in instruction_sets() {
        for count in [0, 1, 2, 9, 300] {
            for (name, scalars) in scalar_kinds(count, &mut rng) {
                let points = fixed_base_batch(ifma, &base, &scalars);
                let expected: Vec<G1Affine> = scalars.iter().map(|scalar| (base * scalar).to_affine()).collect();
                assert_eq!(points, expected, "{count} scalars, {name}");
            }
        }
        assert_eq!(fixed_base_batch(ifma, &G1Affine::identity(), &[Fr::ONE; 3]), [G1Affine::identity(); 3]);
        // As in a parameter setup, across several slices: spot checks, and sums of neighbours.
        let (tau, count) = (Fr::random(&mut rng), (1 << 16) + 1000);
        let powers: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |power| Some(*power * tau)).take(count).collect();
        let points = fixed_base_batch(ifma, &base, &powers);
        assert_eq!(points.len(), count);
        for i in (0..count).step_by(997).chain([count - 1]) {
            assert_eq!(points[i], (base * powers[i]).to_affine());
        }
        let sum: Fr = powers.iter().sum();
        assert_eq!(points.iter().fold(G1::identity(), |sum, point| sum + point), base * sum);
    }
}
