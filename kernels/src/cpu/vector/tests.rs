//! Every kernel against halo2curves' arithmetic, element by element, and against the naive meanings.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::*;
use crate::naive;

/// 0, 1, powers of two and their neighbours, the borders of lanes and chunks.
const LENGTHS: [usize; 19] = [0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 255, 256, 1025, 4095, 4096, 4097, 8209, 12345];

/// Random elements; every few of them 0, 1 or -1.
fn elements(len: usize, seed: u64) -> Vec<Fr> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let special = |i: usize| match (i + seed as usize) % 13 {
        2 => Some(Fr::ZERO),
        5 => Some(Fr::ONE),
        7 => Some(-Fr::ONE),
        _ => None,
    };
    (0..len).map(|i| special(i).unwrap_or_else(|| Fr::random(&mut rng))).collect()
}

fn nonzero(len: usize, seed: u64) -> Vec<Fr> {
    elements(len, seed).into_iter().map(|x| if x == Fr::ZERO { Fr::from(3) } else { x }).collect()
}

fn scalars() -> [Fr; 4] {
    [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::random(ChaCha20Rng::seed_from_u64(77))]
}

fn elementwise(kernel: impl Kernel) {
    for len in LENGTHS {
        let (a, b) = (elements(len, 1), elements(len, 2));
        let expected = |f: fn(Fr, Fr) -> Fr| -> Vec<Fr> { a.iter().zip(&b).map(|(a, b)| f(*a, *b)).collect() };
        let mut out = a.clone();
        add(kernel, &mut out, &b);
        assert!(out == expected(|a, b| a + b), "add, {len}");
        out.clone_from(&a);
        sub(kernel, &mut out, &b);
        assert!(out == expected(|a, b| a - b), "sub, {len}");
        out.clone_from(&a);
        mul(kernel, &mut out, &b);
        assert!(out == expected(|a, b| a * b), "mul, {len}");
        assert_eq!(inner_product(kernel, &a, &b), a.iter().zip(&b).map(|(a, b)| a * b).sum::<Fr>());
        for factor in scalars() {
            out.clone_from(&a);
            scale(kernel, &mut out, &factor);
            assert!(out == a.iter().map(|a| a * factor).collect::<Vec<_>>(), "scale, {len}");
            let expected: Vec<Fr> =
                std::iter::successors(Some(Fr::from(5)), |power| Some(power * factor)).take(len).collect();
            assert!(powers(kernel, &Fr::from(5), &factor, len) == expected, "powers, {len}");
        }
    }
}

fn worst_cases(kernel: impl Kernel) {
    // All ones in every limb that canonical words allow, so that sums of products are as large as they get.
    let a = vec![-Fr::ONE; 5000];
    assert_eq!(inner_product(kernel, &a, &a), Fr::from(5000));
    let terms: Vec<(Fr, &[Fr])> = (0..600).map(|_| (-Fr::ONE, &a[..40])).collect();
    assert!(combine(kernel, &terms, 40) == vec![Fr::from(600); 40]);
}

fn inverses(kernel: impl Kernel) {
    for len in LENGTHS {
        for values in [elements(len, 3), vec![Fr::ZERO; len], vec![-Fr::ONE; len]] {
            let mut out = values.clone();
            invert(kernel, &mut out);
            for (inverse, value) in out.iter().zip(&values) {
                assert_eq!(inverse * value, if *value == Fr::ZERO { Fr::ZERO } else { Fr::ONE });
                assert!(*value != Fr::ZERO || *inverse == Fr::ZERO);
            }
        }
    }
}

fn polynomials(kernel: impl Kernel) {
    for len in LENGTHS {
        let coefficients = elements(len, 4);
        for x in scalars() {
            assert_eq!(evaluate_at(kernel, &coefficients, &x), naive::evaluate_at(&coefficients, x), "{len}");
            let mut quotient = coefficients.clone();
            divide_by_linear(kernel, &mut quotient, &x);
            assert!(quotient == naive::divide_by_linear(&coefficients, x), "division, {len}");
        }
    }
}

fn combinations(kernel: impl Kernel) {
    let polys: Vec<Vec<Fr>> =
        [4097, 0, 5000, 1, 4096, 5000, 37].iter().zip(0..).map(|(len, seed)| elements(*len, seed)).collect();
    let factors = elements(polys.len(), 9);
    let terms: Vec<(Fr, &[Fr])> = factors.iter().zip(&polys).map(|(c, poly)| (*c, poly.as_slice())).collect();
    assert!(combine(kernel, &terms, 5000) == naive::combine(&terms));
    assert!(combine(kernel, &terms[..1], 4097) == naive::combine(&terms[..1]));
    assert!(combine(kernel, &terms[1..2], 3) == vec![Fr::ZERO; 3]);
    assert!(combine(kernel, &[], 3) == vec![Fr::ZERO; 3]);
}

fn products(kernel: impl Kernel) {
    for len in LENGTHS {
        let factors = nonzero(len, 5);
        let start = Fr::from(11);
        let running = running_product(kernel, factors.clone(), start);
        let expected = factors.iter().fold(vec![start], |mut all, factor| {
            all.push(all[all.len() - 1] * factor);
            all
        });
        assert!(running == expected, "running product, {len}");
        // A zero leaves zeros behind it.
        assert!(running_product(kernel, elements(len, 5), start)[..] == zero_after(&elements(len, 5), start)[..]);
        if len == 0 {
            continue;
        }
        let columns = [
            (nonzero(len, 6), nonzero(len, 7)),
            (elements(len, 6), nonzero(len, 7)),
            (nonzero(len, 6), nonzero(len, 8)),
            (nonzero(len, 6), elements(len, 7)),
            (vec![-Fr::ONE; len], vec![-Fr::ONE; len]),
        ];
        for last in [0, len / 2, len - 1] {
            for chained in [false, true] {
                let fractions = columns.iter().map(|(n, d)| (n.clone(), d.as_slice())).collect();
                let products = grand_products(kernel, fractions, last, chained);
                let mut start = Fr::ONE;
                for (product, (numerators, denominators)) in products.iter().zip(&columns) {
                    assert!(*product == naive::grand_product(numerators, denominators, start, last), "{len}, {last}");
                    start = if chained { product[last] } else { Fr::ONE };
                }
            }
        }
    }
}

fn zero_after(factors: &[Fr], start: Fr) -> Vec<Fr> {
    let mut product = start;
    let next = factors.iter().map(|factor| {
        product *= factor;
        product
    });
    std::iter::once(start).chain(next).collect()
}

fn threads_do_not_matter(kernel: impl Kernel) {
    let (a, b) = (nonzero(20_000, 1), nonzero(20_000, 2));
    let run = |threads| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
            let product = grand_products(kernel, vec![(a.clone(), &b[..])], a.len() - 1, false);
            let mut quotient = a.clone();
            divide_by_linear(kernel, &mut quotient, &b[5]);
            (product, quotient, inner_product(kernel, &a, &b), evaluate_at(kernel, &a, &b[7]))
        })
    };
    assert!(run(1) == run(2) && run(1) == run(5));
}

/// The same tests for one kernel.
macro_rules! suite {
    ($module:ident, $kernel:expr $(, $attribute:meta)?) => {
        suite!($module, $kernel $(, $attribute)?; elementwise worst_cases inverses polynomials combinations products
            threads_do_not_matter);
    };
    ($module:ident, $kernel:expr, $attribute:meta; $($test:ident)*) => {
        mod $module {
            $(
                #[test]
                #[$attribute]
                fn $test() {
                    super::$test($kernel);
                }
            )*
        }
    };
    ($module:ident, $kernel:expr; $($test:ident)*) => {
        mod $module {
            $(
                #[test]
                fn $test() {
                    super::$test($kernel);
                }
            )*
        }
    };
}

suite!(portable, crate::cpu::portable::Portable);
#[cfg(target_arch = "x86_64")]
suite!(
    ifma,
    crate::cpu::ifma::tests::ifma(),
    cfg_attr(not(host_has_ifma), ignore = "not run: this machine has no AVX-512 IFMA")
);
