//! Vector arithmetic with AVX-512 IFMA, two registers at a time.
//!
//! Elements have the form of halo2curves (2^256); of two factors one is loaded in the 2^260 form (below 16 p), so that the
//! product has the form of the other: `(16 * 1 / 84.6 + 1.13) p < 2 p`.

mod scan;

use ff::Field;
use halo2curves::bn256::Fr;

use super::Ifma;
use super::field::{FrModulus, Lanes, Limbs, Loose, Product, mul_pair};
use crate::cpu::ntt;
use crate::cpu::vector::{Kernel, LANES};

type Scalars = Lanes<FrModulus>;

/// Products of numbers below `16 p` and `p` that may share a reduction: `128 * 16 / 84.6 p + 1.13 p < 26 p`.
const SHARED: usize = 128;

impl Kernel for Ifma {
    fn add(self, a: &mut [Fr], b: &[Fr]) {
        // SAFETY: the token proves the instructions, here and in all functions below.
        unsafe { add(self, a, b) }
    }

    fn sub(self, a: &mut [Fr], b: &[Fr]) {
        // SAFETY: see `add`.
        unsafe { sub(self, a, b) }
    }

    fn mul(self, a: &mut [Fr], b: &[Fr]) {
        // SAFETY: see `add`.
        unsafe { mul(self, a, b) }
    }

    fn scale(self, a: &mut [Fr], factor: &Fr) {
        // SAFETY: see `add`.
        unsafe { scale(self, a, factor) }
    }

    fn inner_product(self, a: &[Fr], b: &[Fr]) -> Fr {
        // SAFETY: see `add`.
        unsafe { inner_product(self, a, b) }
    }

    fn combine(self, terms: &[(Fr, &[Fr])], sum: &mut [Fr]) {
        // SAFETY: see `add`.
        unsafe { combine(self, terms, sum) }
    }

    fn powers(self, first: &Fr, ratio: &Fr, out: &mut [Fr]) {
        // SAFETY: see `add`.
        unsafe { powers(self, first, ratio, out) }
    }

    fn invert(self, a: &mut [Fr]) {
        scan::invert(self, a);
    }

    fn lane_values(self, elements: &[Fr], powers: &[Fr]) -> [Fr; LANES] {
        // SAFETY: see `add`.
        unsafe { scan::lane_values(self, elements, powers) }
    }

    fn lane_quotients(self, elements: &mut [Fr], z: &Fr, carries: &[Fr; LANES]) {
        // SAFETY: see `add`.
        unsafe { scan::lane_quotients(self, elements, z, carries) }
    }

    fn lane_products(self, factors: &[Fr]) -> [Fr; LANES] {
        // SAFETY: see `add`.
        unsafe { scan::lane_products(self, factors) }
    }

    fn lane_running_products(self, factors: &mut [Fr], starts: &[Fr; LANES]) {
        // SAFETY: see `add`.
        unsafe { scan::lane_running_products(self, factors, starts) }
    }

    fn lane_fractions(self, numerators: &[Fr], denominators: &[Fr]) -> [[Fr; LANES]; 2] {
        // SAFETY: see `add`.
        unsafe { scan::lane_fractions(self, numerators, denominators) }
    }

    fn lane_running_fractions(
        self,
        numerators: &mut [Fr],
        denominators: &[Fr],
        starts: &[Fr; LANES],
        inverses: &[Fr; LANES],
    ) {
        // SAFETY: see `add`.
        unsafe { scan::lane_running_fractions(self, numerators, denominators, starts, inverses) }
    }
}

/// `x * 2^260 mod p`: multiplying by it leaves the form of the other factor as it is.
pub(super) fn constant(x: &Fr) -> Limbs {
    <Ifma as ntt::Kernel>::constant(x)
}

/// `a[i] = f(a[i], b[i])` for sixteen elements at a time. The last ones are padded with zeros.
#[inline(always)]
fn zip_with(a: &mut [Fr], b: &[Fr], f: impl Fn([&[Fr; 8]; 2], [&[Fr; 8]; 2]) -> [Loose<FrModulus>; 2]) {
    let (a_pairs, a_rest) = a.as_chunks_mut::<16>();
    let (b_pairs, b_rest) = b.as_chunks::<16>();
    for (a, b) in a_pairs.iter_mut().zip(b_pairs) {
        let [x, y] = f(halves(a), halves(b));
        store(a, x, y);
    }
    if !a_rest.is_empty() {
        let (mut a, mut b) = ([Fr::ZERO; 16], [Fr::ZERO; 16]);
        a[..a_rest.len()].copy_from_slice(a_rest);
        b[..b_rest.len()].copy_from_slice(b_rest);
        let [x, y] = f(halves(&a), halves(&b));
        store(&mut a, x, y);
        a_rest.copy_from_slice(&a[..a_rest.len()]);
    }
}

#[inline(always)]
fn halves(sixteen: &[Fr; 16]) -> [&[Fr; 8]; 2] {
    let [low, high] = sixteen.as_chunks::<8>().0 else { unreachable!("sixteen is twice eight") };
    [low, high]
}

#[inline(always)]
fn store(target: &mut [Fr; 16], x: Loose<FrModulus>, y: Loose<FrModulus>) {
    let [low, high] = target.as_chunks_mut::<8>().0 else { unreachable!("sixteen is twice eight") };
    x.canonical().store(low);
    y.canonical().store(high);
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn add(ifma: Ifma, a: &mut [Fr], b: &[Fr]) {
    zip_with(a, b, |a, b| {
        [
            Scalars::load(ifma, a[0]).add(Scalars::load(ifma, b[0])),
            Scalars::load(ifma, a[1]).add(Scalars::load(ifma, b[1])),
        ]
    });
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn sub(ifma: Ifma, a: &mut [Fr], b: &[Fr]) {
    zip_with(a, b, |a, b| {
        [
            Scalars::load(ifma, a[0]).sub::<1>(Scalars::load(ifma, b[0])),
            Scalars::load(ifma, a[1]).sub::<1>(Scalars::load(ifma, b[1])),
        ]
    });
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn mul(ifma: Ifma, a: &mut [Fr], b: &[Fr]) {
    zip_with(a, b, |a, b| {
        let (x, y) = (Scalars::load_260(ifma, a[0]), Scalars::load_260(ifma, a[1]));
        mul_pair(x, Scalars::load(ifma, b[0]), y, Scalars::load(ifma, b[1]))
    });
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn scale(ifma: Ifma, a: &mut [Fr], factor: &Fr) {
    let factor = Scalars::splat(ifma, &constant(factor));
    let (pairs, rest) = a.as_chunks_mut::<16>();
    let scaled = |a: &mut [Fr; 16]| {
        let [low, high] = halves(a);
        let [x, y] = mul_pair(factor, Scalars::load(ifma, low), factor, Scalars::load(ifma, high));
        store(a, x, y);
    };
    for a in pairs {
        scaled(a);
    }
    if !rest.is_empty() {
        let mut a = [Fr::ZERO; 16];
        a[..rest.len()].copy_from_slice(rest);
        scaled(&mut a);
        rest.copy_from_slice(&a[..rest.len()]);
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn inner_product(ifma: Ifma, a: &[Fr], b: &[Fr]) -> Fr {
    let mut total = Loose::from(Scalars::zero(ifma));
    for (a, b) in a.chunks(16 * SHARED).zip(b.chunks(16 * SHARED)) {
        let (mut even, mut odd) = (Product::zero(ifma), Product::zero(ifma));
        let (a_pairs, a_rest) = a.as_chunks::<16>();
        let (b_pairs, b_rest) = b.as_chunks::<16>();
        for (a, b) in a_pairs.iter().zip(b_pairs) {
            let (a, b) = (halves(a), halves(b));
            even = even.add_product(Scalars::load_260(ifma, a[0]), Scalars::load(ifma, b[0]));
            odd = odd.add_product(Scalars::load_260(ifma, a[1]), Scalars::load(ifma, b[1]));
        }
        if !a_rest.is_empty() {
            let (mut a, mut b) = ([Fr::ZERO; 16], [Fr::ZERO; 16]);
            a[..a_rest.len()].copy_from_slice(a_rest);
            b[..b_rest.len()].copy_from_slice(b_rest);
            let (a, b) = (halves(&a), halves(&b));
            even = even.add_product(Scalars::load_260(ifma, a[0]), Scalars::load(ifma, b[0]));
            odd = odd.add_product(Scalars::load_260(ifma, a[1]), Scalars::load(ifma, b[1]));
        }
        // Below 2 * 26 p + 2 p.
        total = total.add(even.reduce()).add(odd.reduce()).norm().reduce_below_two_p().into();
    }
    total.canonical().to_fields().iter().sum()
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn combine(ifma: Ifma, terms: &[(Fr, &[Fr])], sum: &mut [Fr]) {
    let factors: Vec<Limbs> = terms.iter().map(|(c, _)| constant(c)).collect();
    let (pairs, rest) = sum.as_chunks_mut::<16>();
    for (i, target) in pairs.iter_mut().enumerate() {
        let (mut x, mut y) = (Loose::from(Scalars::zero(ifma)), Loose::from(Scalars::zero(ifma)));
        for (terms, factors) in terms.chunks(2 * SHARED).zip(factors.chunks(2 * SHARED)) {
            let (mut even, mut odd) = (Product::zero(ifma), Product::zero(ifma));
            for ((_, poly), factor) in terms.iter().zip(factors) {
                let factor = Scalars::splat(ifma, factor);
                let [low, high] = halves(poly[16 * i..].first_chunk().expect("every term is as long as the sum"));
                even = even.add_product(factor, Scalars::load(ifma, low));
                odd = odd.add_product(factor, Scalars::load(ifma, high));
            }
            x = x.add(even.reduce()).norm().reduce_below_two_p().into();
            y = y.add(odd.reduce()).norm().reduce_below_two_p().into();
        }
        store(target, x, y);
    }
    let start = 16 * pairs.len();
    for (i, target) in rest.iter_mut().enumerate() {
        *target = terms.iter().map(|(c, poly)| c * poly[start + i]).sum();
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn powers(ifma: Ifma, first: &Fr, ratio: &Fr, out: &mut [Fr]) {
    let mut head = [*first; 16];
    for i in 1..16 {
        head[i] = head[i - 1] * ratio;
    }
    let step = Scalars::splat(ifma, &constant(&ratio.pow_vartime([16])));
    let (pairs, rest) = out.as_chunks_mut::<16>();
    let [low, high] = halves(&head);
    let (mut x, mut y) = (Scalars::load(ifma, low), Scalars::load(ifma, high));
    for target in pairs {
        store(target, x.into(), y.into());
        let [s, t] = mul_pair(step, x, step, y);
        (x, y) = (s.norm(), t.norm());
    }
    let mut last = [Fr::ZERO; 16];
    store(&mut last, x.into(), y.into());
    rest.copy_from_slice(&last[..rest.len()]);
}
