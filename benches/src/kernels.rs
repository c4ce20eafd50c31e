//! The kernels against other people's, on random data.

use ark_ff::{BigInt, PrimeField as _};
use ark_poly::{EvaluationDomain as _, Radix2EvaluationDomain};
use ff::{BatchInvert, Field, PrimeField};
use halo2_proofs::arithmetic::{best_fft, compute_inner_product, eval_polynomial, kate_division, parallelize};
use halo2_proofs::fft::recursive;
use halo2_proofs::poly::EvaluationDomain;
use halo2curves::bn256::Fr;
use halo2curves_pse::bn256::Fr as PseFr;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zomma_kernels::{CpuBackend, Isa};

use crate::interleaved::{Competitor, Timing, run};

/// A comparison at one size.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Comparison {
    /// What was computed.
    pub what: String,
    /// log2 of the number of field elements.
    pub log_n: u32,
    /// One entry per competitor, ours first.
    pub timings: Vec<Timing>,
}

/// How halo2-axiom's arithmetic was built, as names of it say: the feature is one for the whole build.
pub const HALO2_AXIOM: &str = if cfg!(feature = "asm") { "halo2-axiom asm" } else { "halo2-axiom" };

/// Names under which our backends appear.
const OURS: [(Isa, &str); 2] = [(Isa::Avx512Ifma, "zomma avx512-ifma"), (Isa::Portable, "zomma portable")];

/// The backends that this machine can run.
pub(crate) fn backends() -> Vec<(CpuBackend, &'static str)> {
    OURS.into_iter().filter_map(|(isa, name)| Some((CpuBackend::new(isa).ok()?, name))).collect()
}

/// `2^log_n` random elements.
pub fn random(log_n: u32, seed: u64) -> Vec<Fr> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    (0..1usize << log_n).map(|_| Fr::random(&mut rng)).collect()
}

pub(crate) fn to_pse(x: &Fr) -> PseFr {
    PseFr::from_repr(x.to_repr().as_ref().into()).expect("a canonical element")
}

pub(crate) fn to_ark(x: &Fr) -> ark_bn254::Fr {
    let repr = x.to_repr();
    let words = std::array::from_fn(|i| u64::from_le_bytes(std::array::from_fn(|j| repr.as_ref()[8 * i + j])));
    ark_bn254::Fr::from_bigint(BigInt(words)).expect("a canonical element")
}

/// Forward transforms in place: ours, halo2-axiom's default (`best_fft`) and its recursive one, that of halo2curves 0.10,
/// arkworks'.
///
/// # Panics
/// If the results differ.
pub fn ntt(log_n: u32, rounds: usize) -> Comparison {
    let input = random(log_n, u64::from(log_n));
    let domain = EvaluationDomain::<Fr>::new(1, log_n);
    let (omega, data) = (domain.get_omega(), domain.get_fft_data(input.len()));
    let ark_domain = ark_domain(log_n, &omega);
    let ark_input: Vec<ark_bn254::Fr> = input.iter().map(to_ark).collect();

    let mut expected = input.clone();
    best_fft(&mut expected, omega, log_n, data, false);
    let mut other = input.clone();
    recursive::fft(&mut other, omega, log_n, data, false);
    assert!(other == expected, "halo2-axiom's transforms differ from each other at 2^{log_n}");
    let mut other = ark_input.clone();
    ark_domain.fft_in_place(&mut other);
    assert!(other.iter().zip(&expected).all(|(c, e)| *c == to_ark(e)), "arkworks differs at 2^{log_n}");

    let pse_omega = to_pse(&omega);
    let pse_input: Vec<PseFr> = input.iter().map(to_pse).collect();
    let mut other = pse_input.clone();
    halo2curves_pse::fft::best_fft(&mut other, pse_omega, log_n);
    assert!(other.iter().zip(&expected).all(|(c, e)| *c == to_pse(e)), "halo2curves 0.10 differs at 2^{log_n}");

    let mut competitors = Vec::new();
    for (backend, name) in backends() {
        let mut other = input.clone();
        backend.ntt(&mut other);
        assert!(other == expected, "{name} differs from halo2-axiom at 2^{log_n}");
        competitors.push(Competitor::new(name, input.clone(), move |values| backend.ntt(values)));
    }
    competitors.push(Competitor::new(HALO2_AXIOM, input.clone(), |values| {
        best_fft(values, omega, log_n, data, false);
    }));
    competitors.push(Competitor::new(format!("{HALO2_AXIOM} recursive"), input, |values| {
        recursive::fft(values, omega, log_n, data, false);
    }));
    competitors.push(Competitor::new("halo2curves 0.10", pse_input, |values| {
        halo2curves_pse::fft::best_fft(values, pse_omega, log_n);
    }));
    competitors.push(Competitor::new("arkworks", ark_input, |values| ark_domain.fft_in_place(values)));
    Comparison { what: "NTT".into(), log_n, timings: run(&mut competitors, rounds) }
}

/// arkworks' domain with halo2's root of unity, so that the results are the same.
fn ark_domain(log_n: u32, omega: &Fr) -> Radix2EvaluationDomain<ark_bn254::Fr> {
    let mut domain = Radix2EvaluationDomain::<ark_bn254::Fr>::new(1 << log_n).expect("a power of two");
    domain.group_gen = to_ark(omega);
    domain.group_gen_inv = to_ark(&omega.invert().expect("a root of unity is not zero"));
    domain
}

/// Runs one of our operations on both backends against `theirs`, all from `input` to a vector in its place.
fn in_place(
    what: &'static str,
    log_n: u32,
    rounds: usize,
    ours: impl Fn(&CpuBackend, &mut Vec<Fr>) + Copy,
    theirs: (&'static str, impl Fn(&mut Vec<Fr>)),
) -> Comparison {
    let input = random(log_n, 3);
    let mut expected = input.clone();
    theirs.1(&mut expected);
    let mut competitors = Vec::new();
    for (backend, name) in backends() {
        let mut other = input.clone();
        ours(&backend, &mut other);
        assert!(other == expected, "{what}: {name} differs from {} at 2^{log_n}", theirs.0);
        competitors.push(Competitor::new(name, input.clone(), move |values| ours(&backend, values)));
    }
    competitors.push(Competitor::new(theirs.0, input, theirs.1));
    Comparison { what: what.into(), log_n, timings: run(&mut competitors, rounds) }
}

/// Vector arithmetic against what halo2-axiom does for the same purpose.
///
/// # Panics
/// If the results differ.
pub fn vectors(log_n: u32, rounds: usize) -> Vec<Comparison> {
    let other = random(log_n, 4);
    let polys: Vec<Vec<Fr>> = (0..16).map(|seed| random(log_n, seed)).collect();
    let factors = random(4, 9);
    let point = other[0];
    let last = other.len() - 1;
    vec![
        in_place(
            "product of two vectors",
            log_n,
            rounds,
            |backend, values| backend.mul(values, &other),
            (HALO2_AXIOM, |values| {
                parallelize(values, |values, start| {
                    values.iter_mut().zip(&other[start..]).for_each(|(a, b)| *a *= b);
                });
            }),
        ),
        in_place(
            "batch inversion",
            log_n,
            rounds,
            |backend, values| backend.batch_invert(values),
            (HALO2_AXIOM, |values| {
                parallelize(values, |values, _| {
                    values.iter_mut().batch_invert();
                });
            }),
        ),
        in_place(
            "grand product",
            log_n,
            rounds,
            |backend, values| {
                let products = backend.running_fractions(vec![(std::mem::take(values), &other)], last, false);
                *values = products.into_iter().next().expect("one column was given");
            },
            (HALO2_AXIOM, |values| *values = halo2_grand_product(values, &other)),
        ),
        in_place(
            "evaluation at a point",
            log_n,
            rounds,
            |backend, values| values[0] = backend.evaluate_polynomial(values, &point),
            (HALO2_AXIOM, |values| values[0] = eval_polynomial(values, point)),
        ),
        in_place(
            "inner product",
            log_n,
            rounds,
            |backend, values| values[0] = backend.inner_product(values, &other),
            (HALO2_AXIOM, |values| values[0] = compute_inner_product(values, &other)),
        ),
        in_place(
            "division by X - z",
            log_n,
            rounds,
            |backend, values| backend.divide_polynomial(values, &point),
            (HALO2_AXIOM, |values| {
                *values = kate_division(values.iter(), point);
                values.push(Fr::ZERO);
            }),
        ),
        in_place(
            "combination of 16 polynomials",
            log_n,
            rounds,
            |backend, values| {
                let terms: Vec<(Fr, &[Fr])> = factors.iter().zip(&polys).map(|(c, p)| (*c, p.as_slice())).collect();
                *values = backend.linear_combination(&terms, polys[0].len());
            },
            (HALO2_AXIOM, |values| {
                parallelize(values, |values, start| {
                    values.fill(Fr::ZERO);
                    for (c, poly) in factors.iter().zip(&polys) {
                        values.iter_mut().zip(&poly[start..]).for_each(|(sum, p)| *sum += c * p);
                    }
                });
            }),
        ),
    ]
}

/// As halo2-axiom's permutation argument: invert the denominators, multiply, then one running product.
fn halo2_grand_product(numerators: &[Fr], denominators: &[Fr]) -> Vec<Fr> {
    let mut fractions = denominators.to_vec();
    parallelize(&mut fractions, |fractions, start| {
        fractions.iter_mut().batch_invert();
        fractions.iter_mut().zip(&numerators[start..]).for_each(|(fraction, numerator)| *fraction *= numerator);
    });
    let mut product = Fr::ONE;
    for fraction in &mut fractions {
        product *= std::mem::replace(fraction, product);
    }
    fractions
}
