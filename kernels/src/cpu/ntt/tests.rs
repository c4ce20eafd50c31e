//! Every kernel's transforms against halo2curves' and, where that is quick, against the definition.

use ff::Field;
use halo2curves::bn256::Fr;
use halo2curves::fft::best_fft;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::roots::root_of_unity;
use super::*;

/// Random values with a few extreme ones among them.
fn values(log_n: u32, seed: u64) -> Vec<Fr> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut values: Vec<Fr> = (0..1usize << log_n).map(|_| Fr::random(&mut rng)).collect();
    for (i, value) in values.iter_mut().enumerate() {
        match i % 11 {
            3 => *value = Fr::ZERO,
            5 => *value = -Fr::ONE,
            8 => *value = Fr::ONE,
            _ => {}
        }
    }
    values
}

fn expected(coefficients: &[Fr], shift: &Fr) -> Vec<Fr> {
    let mut power = Fr::ONE;
    let mut values: Vec<Fr> = coefficients
        .iter()
        .map(|c| {
            let scaled = c * power;
            power *= shift;
            scaled
        })
        .collect();
    let log_n = values.len().trailing_zeros();
    best_fft(&mut values, root_of_unity(log_n), log_n);
    values
}

fn sizes() -> std::ops::RangeInclusive<u32> {
    if std::env::var_os("ZOMMA_FULL").is_some() { 0..=21 } else { 0..=15 }
}

fn agrees_with_halo2curves(kernel: impl Kernel) {
    let shift = Fr::from(7).square() + Fr::ONE;
    for log_n in sizes() {
        let coefficients = values(log_n, u64::from(log_n));
        let on_rows = expected(&coefficients, &Fr::ONE);
        let on_coset = expected(&coefficients, &shift);
        let mut work = coefficients.clone();
        forward(kernel, &mut work);
        assert!(work == on_rows, "forward, 2^{log_n}");
        inverse(kernel, &mut work);
        assert!(work == coefficients, "inverse, 2^{log_n}");
        coset(kernel, &coefficients, &shift, &mut work);
        assert!(work == on_coset, "coset, 2^{log_n}");
        coset_inverse(kernel, &mut work, &shift);
        assert!(work == coefficients, "inverse from the coset, 2^{log_n}");
    }
}

/// Inputs that keep every lazy bound at its limit: all entries p - 1, a single one, alternating, zero.
fn extreme_inputs(kernel: impl Kernel) {
    for log_n in [6, 7, 10, 11, 12, 13] {
        let n = 1usize << log_n;
        let minus_one = -Fr::ONE;
        let inputs: [Vec<Fr>; 5] = [
            vec![minus_one; n],
            (0..n).map(|i| if i == n - 1 { minus_one } else { Fr::ZERO }).collect(),
            (0..n).map(|i| if i % 2 == 0 { minus_one } else { Fr::ZERO }).collect(),
            (0..n).map(|i| if i < n / 2 { minus_one } else { Fr::ONE }).collect(),
            vec![Fr::ZERO; n],
        ];
        for (i, input) in inputs.iter().enumerate() {
            let mut work = input.clone();
            forward(kernel, &mut work);
            assert!(work == expected(input, &Fr::ONE), "input {i}, 2^{log_n}");
            inverse(kernel, &mut work);
            assert!(work == *input, "inverse of input {i}, 2^{log_n}");
        }
    }
}

/// The sum of the definition, at a few frequencies.
fn agrees_with_the_definition(kernel: impl Kernel) {
    for log_n in [0, 1, 2, 5, 6, 7, 9] {
        let coefficients = values(log_n, 99);
        let shift = Fr::from(5);
        let mut on_coset = vec![Fr::ZERO; coefficients.len()];
        coset(kernel, &coefficients, &shift, &mut on_coset);
        for k in (0..coefficients.len()).step_by(3) {
            let point = shift * root_of_unity(log_n).pow_vartime([k as u64]);
            let value = coefficients.iter().rev().fold(Fr::ZERO, |acc, c| acc * point + c);
            assert_eq!(on_coset[k], value);
        }
    }
}

fn threads_do_not_matter(kernel: impl Kernel) {
    let coefficients = values(13, 5);
    let results: Vec<Vec<Fr>> = [1, 2, 5]
        .into_iter()
        .map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut work = coefficients.clone();
            pool.install(|| forward(kernel, &mut work));
            work
        })
        .collect();
    assert!(results[0] == results[1] && results[1] == results[2]);
    // Several at once share scratch matrices and workspaces.
    let mut batch = vec![coefficients; 7];
    batch.par_iter_mut().for_each(|work| forward(kernel, work));
    assert!(batch.iter().all(|work| *work == results[0]));
}

/// The same tests for one kernel.
macro_rules! suite {
    ($module:ident, $kernel:expr $(, $attribute:meta)?) => {
        suite!($module, $kernel $(, $attribute)?; agrees_with_halo2curves extreme_inputs agrees_with_the_definition
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

#[cfg(target_arch = "x86_64")]
suite!(
    ifma,
    crate::cpu::ifma::tests::ifma(),
    cfg_attr(not(host_has_ifma), ignore = "not run: this machine has no AVX-512 IFMA")
);
suite!(portable, crate::cpu::portable::Portable);
