//! Recurrences in sixteen lanes: each lane walks its own run, so registers are gathered from sixteen places.
//!
//! Running values stay in registers, below 2 p unless it says otherwise; only what is stored is canonical.

use std::cell::RefCell;

use ff::{BatchInvert, Field};
use halo2curves::bn256::Fr;

use super::{Scalars, constant};
use crate::cpu::ifma::Ifma;
use crate::cpu::ifma::field::{FrModulus, Limbs, Loose, Modulus, Product, mul_pair};
use crate::cpu::vector::LANES;

/// Two registers: sixteen lanes.
type Pair = [Scalars; 2];

thread_local! {
    /// Running values that a later, backward walk needs.
    static TRAIL: RefCell<Vec<Pair>> = const { RefCell::new(Vec::new()) };
}

/// Where lane i is at step `row`: `i * run + row`.
#[inline(always)]
fn gather(ifma: Ifma, elements: &[Fr], run: usize, row: usize, form: Form) -> Pair {
    let lanes: [&[Fr]; 2] = [&elements[row..], &elements[8 * run + row..]];
    let mut out = [Scalars::zero(ifma); 2];
    for half in 0..2 {
        let e = lanes[half];
        let addresses = [&e[0], &e[run], &e[2 * run], &e[3 * run], &e[4 * run], &e[5 * run], &e[6 * run], &e[7 * run]];
        out[half] = match form {
            Form::Of256 => Scalars::gather(ifma, addresses),
            Form::Of260 => Scalars::gather_260(ifma, addresses),
        };
    }
    out
}

/// The form in which elements are loaded: as they are, or times 16 (below 16 p).
#[derive(Clone, Copy)]
enum Form {
    Of256,
    Of260,
}

#[inline(always)]
fn scatter(values: [Loose<FrModulus>; 2], elements: &mut [Fr], run: usize, row: usize) {
    for half in 0..2 {
        let fields = values[half].canonical().to_fields();
        for lane in 0..8 {
            elements[(8 * half + lane) * run + row] = fields[lane];
        }
    }
}

#[inline(always)]
fn splat(ifma: Ifma, limbs: &Limbs) -> Pair {
    [Scalars::splat(ifma, limbs); 2]
}

#[inline(always)]
fn load(ifma: Ifma, lanes: &[Fr; LANES]) -> Pair {
    let [low, high] = lanes.as_chunks::<8>().0 else { unreachable!("sixteen is twice eight") };
    [Scalars::load(ifma, low), Scalars::load(ifma, high)]
}

/// Sixteen constants in the 2^260 form.
#[inline(always)]
fn load_constants(ifma: Ifma, lanes: &[Fr; LANES]) -> Pair {
    let mut limbs = [[0; 5]; LANES];
    for i in 0..LANES {
        limbs[i] = constant(&lanes[i]);
    }
    let [low, high] = limbs.as_chunks::<8>().0 else { unreachable!("sixteen is twice eight") };
    [Scalars::from_lanes(ifma, low), Scalars::from_lanes(ifma, high)]
}

#[inline(always)]
fn to_fields(values: [Loose<FrModulus>; 2]) -> [Fr; LANES] {
    let mut out = [Fr::ZERO; LANES];
    let [low, high] = out.as_chunks_mut::<8>().0 else { unreachable!("sixteen is twice eight") };
    values[0].canonical().store(low);
    values[1].canonical().store(high);
    out
}

#[inline(always)]
fn mul(a: Pair, b: Pair) -> Pair {
    let [x, y] = mul_pair(a[0], b[0], a[1], b[1]);
    [x.norm(), y.norm()]
}

#[inline(always)]
fn loose(a: Pair) -> [Loose<FrModulus>; 2] {
    [a[0].into(), a[1].into()]
}

/// Zeros become `other`; says where they were. Zero is zero in both forms.
#[inline(always)]
fn replace_zeros(values: Pair, other: Pair) -> (Pair, [u8; 2]) {
    let zeros = [values[0].zero_mask(), values[1].zero_mask()];
    ([Scalars::select(zeros[0], other[0], values[0]), Scalars::select(zeros[1], other[1], values[1])], zeros)
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
pub(super) fn lane_values(ifma: Ifma, elements: &[Fr], powers: &[Fr]) -> [Fr; LANES] {
    let run = elements.len() / LANES;
    let mut total = loose(splat(ifma, &[0; 5]));
    for (start, powers) in (0..run).step_by(super::SHARED).zip(powers.chunks(super::SHARED)) {
        let mut sums = [Product::zero(ifma); 2];
        for (row, power) in (start..).zip(powers) {
            let e = gather(ifma, elements, run, row, Form::Of256);
            let power = Scalars::splat(ifma, &constant(power));
            sums = [sums[0].add_product(power, e[0]), sums[1].add_product(power, e[1])];
        }
        for half in 0..2 {
            total[half] = total[half].add(sums[half].reduce()).norm().reduce_below_two_p().into();
        }
    }
    to_fields(total)
}

/// Values are below `(4 * 1 / 84.6 + 1.13 + 1) p < 3 p`.
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
pub(super) fn lane_quotients(ifma: Ifma, elements: &mut [Fr], z: &Fr, carries: &[Fr; LANES]) {
    let run = elements.len() / LANES;
    let z = Scalars::splat(ifma, &constant(z));
    let mut quotient = loose(load(ifma, carries));
    for row in (0..run).rev() {
        let e = gather(ifma, elements, run, row, Form::Of256);
        scatter(quotient, elements, run, row);
        let [x, y] = mul_pair(z, quotient[0].carried(), z, quotient[1].carried());
        quotient = [x.add(e[0]), y.add(e[1])];
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
pub(super) fn lane_products(ifma: Ifma, factors: &[Fr]) -> [Fr; LANES] {
    let run = factors.len() / LANES;
    let mut product = splat(ifma, &FrModulus::FORM_256);
    for row in 0..run {
        product = mul(product, gather(ifma, factors, run, row, Form::Of260));
    }
    to_fields(loose(product))
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
pub(super) fn lane_running_products(ifma: Ifma, factors: &mut [Fr], starts: &[Fr; LANES]) {
    let run = factors.len() / LANES;
    let mut product = load(ifma, starts);
    for row in 0..run {
        let factor = gather(ifma, factors, run, row, Form::Of260);
        scatter(loose(product), factors, run, row);
        product = mul(product, factor);
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
pub(super) fn lane_fractions(ifma: Ifma, numerators: &[Fr], denominators: &[Fr]) -> [[Fr; LANES]; 2] {
    let run = numerators.len() / LANES;
    let (one, zero) = (splat(ifma, &FrModulus::ONE_260), splat(ifma, &[0; 5]));
    let mut products = [splat(ifma, &FrModulus::FORM_256); 2];
    for row in 0..run {
        let (d, zeros) = replace_zeros(gather(ifma, denominators, run, row, Form::Of260), one);
        let n = gather(ifma, numerators, run, row, Form::Of260);
        let n = [Scalars::select(zeros[0], zero[0], n[0]), Scalars::select(zeros[1], zero[1], n[1])];
        products = [mul(products[0], n), mul(products[1], d)];
    }
    [to_fields(loose(products[0])), to_fields(loose(products[1]))]
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
pub(super) fn lane_running_fractions(
    ifma: Ifma,
    numerators: &mut [Fr],
    denominators: &[Fr],
    starts: &[Fr; LANES],
    inverses: &[Fr; LANES],
) {
    let run = numerators.len() / LANES;
    let (one, zero) = (splat(ifma, &FrModulus::ONE_260), splat(ifma, &[0; 5]));
    let mut product = load(ifma, starts);
    // The inverse of the product of the denominators up to the current one, in the 2^260 form.
    let mut inverse = load_constants(ifma, inverses);
    TRAIL.with_borrow_mut(|trail| {
        trail.clear();
        for row in 0..run {
            trail.push(product);
            let d = gather(ifma, denominators, run, row, Form::Of256);
            let n = gather(ifma, numerators, run, row, Form::Of260);
            let zeros = [d[0].zero_mask(), d[1].zero_mask()];
            let n = [Scalars::select(zeros[0], zero[0], n[0]), Scalars::select(zeros[1], zero[1], n[1])];
            product = mul(product, n);
        }
        for (row, product) in trail.iter().enumerate().rev() {
            let (d, _) = replace_zeros(gather(ifma, denominators, run, row, Form::Of260), one);
            inverse = mul(inverse, d);
            let ratio = mul_pair(inverse[0], product[0], inverse[1], product[1]);
            scatter(ratio, numerators, run, row);
        }
    });
}

/// Montgomery's trick in sixteen lanes, with one inversion for all of them; any length.
pub(super) fn invert(ifma: Ifma, elements: &mut [Fr]) {
    let even = elements.len() / LANES * LANES;
    let (lanes, rest) = elements.split_at_mut(even);
    rest.iter_mut().batch_invert();
    // SAFETY: the token proves the instructions.
    unsafe { lane_inverses(ifma, lanes) }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn lane_inverses(ifma: Ifma, elements: &mut [Fr]) {
    let run = elements.len() / LANES;
    let (one, zero) = (splat(ifma, &FrModulus::ONE_260), splat(ifma, &[0; 5]));
    let mut product = splat(ifma, &FrModulus::FORM_256);
    TRAIL.with_borrow_mut(|trail| {
        trail.clear();
        for row in 0..run {
            trail.push(product);
            let (e, _) = replace_zeros(gather(ifma, elements, run, row, Form::Of260), one);
            product = mul(product, e);
        }
        let mut inverses = to_fields(loose(product));
        inverses.iter_mut().batch_invert();
        let mut inverse = load_constants(ifma, &inverses);
        for (row, product) in trail.iter().enumerate().rev() {
            let (e, zeros) = replace_zeros(gather(ifma, elements, run, row, Form::Of260), one);
            let [x, y] = mul_pair(inverse[0], product[0], inverse[1], product[1]);
            let x = Scalars::select(zeros[0], zero[0], x.norm());
            let y = Scalars::select(zeros[1], zero[1], y.norm());
            scatter([x.into(), y.into()], elements, run, row);
            inverse = mul(inverse, e);
        }
    });
}
