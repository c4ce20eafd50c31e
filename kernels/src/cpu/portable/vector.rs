//! Vector arithmetic in plain 64-bit arithmetic.

use ff::{BatchInvert, Field};
use halo2curves::bn256::Fr;

use super::Portable;
use crate::cpu::vector::{Kernel, LANES};

impl Kernel for Portable {
    fn add(self, a: &mut [Fr], b: &[Fr]) {
        for (a, b) in a.iter_mut().zip(b) {
            *a += b;
        }
    }

    fn sub(self, a: &mut [Fr], b: &[Fr]) {
        for (a, b) in a.iter_mut().zip(b) {
            *a -= b;
        }
    }

    fn mul(self, a: &mut [Fr], b: &[Fr]) {
        for (a, b) in a.iter_mut().zip(b) {
            *a *= b;
        }
    }

    fn scale(self, a: &mut [Fr], factor: &Fr) {
        for a in a {
            *a *= factor;
        }
    }

    fn inner_product(self, a: &[Fr], b: &[Fr]) -> Fr {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    fn combine(self, terms: &[(Fr, &[Fr])], sum: &mut [Fr]) {
        sum.fill(Fr::ZERO);
        for (c, poly) in terms {
            for (sum, p) in sum.iter_mut().zip(*poly) {
                *sum += c * p;
            }
        }
    }

    fn powers(self, first: &Fr, ratio: &Fr, out: &mut [Fr]) {
        let mut power = *first;
        for out in out {
            *out = power;
            power *= ratio;
        }
    }

    fn invert(self, a: &mut [Fr]) {
        a.iter_mut().batch_invert();
    }

    fn lane_values(self, elements: &[Fr], powers: &[Fr]) -> [Fr; LANES] {
        per_lane(elements, |run| self.inner_product(run, powers))
    }

    fn lane_quotients(self, elements: &mut [Fr], z: &Fr, carries: &[Fr; LANES]) {
        for (run, carry) in runs_mut(elements).zip(carries) {
            let mut carry = *carry;
            for element in run.iter_mut().rev() {
                let next = carry * z + *element;
                *element = carry;
                carry = next;
            }
        }
    }

    fn lane_products(self, factors: &[Fr]) -> [Fr; LANES] {
        per_lane(factors, |run| run.iter().product())
    }

    fn lane_running_products(self, factors: &mut [Fr], starts: &[Fr; LANES]) {
        for (run, start) in runs_mut(factors).zip(starts) {
            let mut product = *start;
            for factor in run {
                product *= std::mem::replace(factor, product);
            }
        }
    }

    fn lane_fractions(self, numerators: &[Fr], denominators: &[Fr]) -> [[Fr; LANES]; 2] {
        let run = numerators.len() / LANES;
        let total = |lane: usize| {
            let fractions = numerators[lane * run..][..run].iter().zip(&denominators[lane * run..][..run]);
            fractions.fold((Fr::ONE, Fr::ONE), |(n, d), (numerator, denominator)| {
                if *denominator == Fr::ZERO { (Fr::ZERO, d) } else { (n * numerator, d * denominator) }
            })
        };
        let totals: [(Fr, Fr); LANES] = std::array::from_fn(total);
        [totals.map(|(n, _)| n), totals.map(|(_, d)| d)]
    }

    fn lane_running_fractions(
        self,
        numerators: &mut [Fr],
        denominators: &[Fr],
        starts: &[Fr; LANES],
        inverses: &[Fr; LANES],
    ) {
        let run = numerators.len() / LANES;
        let lanes = runs_mut(numerators).zip(denominators.chunks_exact(run.max(1)));
        for ((numerators, denominators), (start, inverse)) in lanes.zip(starts.iter().zip(inverses)) {
            let mut product = *start;
            for (numerator, denominator) in numerators.iter_mut().zip(denominators) {
                let factor = if *denominator == Fr::ZERO { Fr::ZERO } else { *numerator };
                *numerator = product;
                product *= factor;
            }
            let mut inverse = *inverse;
            for (numerator, denominator) in numerators.iter_mut().zip(denominators).rev() {
                if *denominator != Fr::ZERO {
                    inverse *= denominator;
                }
                *numerator *= inverse;
            }
        }
    }
}

fn runs_mut(elements: &mut [Fr]) -> impl Iterator<Item = &mut [Fr]> {
    let run = elements.len() / LANES;
    elements.chunks_exact_mut(run.max(1))
}

fn per_lane(elements: &[Fr], f: impl Fn(&[Fr]) -> Fr) -> [Fr; LANES] {
    let run = elements.len() / LANES;
    std::array::from_fn(|lane| f(&elements[lane * run..][..run]))
}
