//! Recurrences along a vector: each chunk in lanes, then what one lane hands to the next.

use ff::{BatchInvert, Field};
use halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::kernel::{Kernel, LANES};

/// Elements that a thread works on at a time.
const CHUNK: usize = LANES << 8;

/// `r_0 = start`, `r_{i+1} = r_i e_i`: one element more than there are factors.
pub(crate) fn running_product(kernel: impl Kernel, mut factors: Vec<Fr>, start: Fr) -> Vec<Fr> {
    let (lanes, rest) = split(&mut factors);
    let totals: Vec<[Fr; LANES]> = lanes.par_chunks(CHUNK).map(|chunk| kernel.lane_products(chunk)).collect();
    let (starts, mut product) = running(&totals, start);
    lanes.par_chunks_mut(CHUNK).zip(&starts).for_each(|(chunk, starts)| kernel.lane_running_products(chunk, starts));
    for factor in rest {
        product *= std::mem::replace(factor, product);
    }
    factors.push(product);
    factors
}

/// Each `z_0 = start`, `z_{i+1} = z_i numerator_i / denominator_i` up to `z[last]`, then zeros; in the numerators' memory.
/// The inverse of zero is zero. They start with 1, or if `chained` with `z[last]` of the one before.
pub(crate) fn grand_products(
    kernel: impl Kernel,
    mut fractions: Vec<(Vec<Fr>, &[Fr])>,
    last: usize,
    chained: bool,
) -> Vec<Vec<Fr>> {
    let totals: Vec<FractionTotals> = fractions
        .par_iter()
        .map(|(numerators, denominators)| FractionTotals::new(kernel, &numerators[..last], &denominators[..last]))
        .collect();
    let mut end = Fr::ONE;
    let next_start = |totals: &FractionTotals| {
        let start = if chained { end } else { Fr::ONE };
        end = start * totals.total;
        start
    };
    let starts: Vec<Fr> = totals.iter().map(next_start).collect();
    let products = fractions.par_iter_mut().zip(totals).zip(starts);
    products.for_each(|(((numerators, denominators), totals), start)| {
        let end = totals.run(kernel, &mut numerators[..last], &denominators[..last], start);
        numerators[last] = end;
        numerators[last + 1..].fill(Fr::ZERO);
    });
    fractions.into_iter().map(|(product, _)| product).collect()
}

/// What a first walk over a column of fractions finds out.
struct FractionTotals {
    /// The product of the fractions of each lane.
    ratios: Vec<[Fr; LANES]>,
    /// The inverse of the product of the denominators of each lane.
    inverses: Vec<[Fr; LANES]>,
    /// The product of all fractions.
    total: Fr,
}

impl FractionTotals {
    fn new(kernel: impl Kernel, numerators: &[Fr], denominators: &[Fr]) -> Self {
        let even = numerators.len() / LANES * LANES;
        let chunks = numerators[..even].par_chunks(CHUNK).zip(denominators[..even].par_chunks(CHUNK));
        let totals: Vec<[[Fr; LANES]; 2]> =
            chunks.map(|(numerators, denominators)| kernel.lane_fractions(numerators, denominators)).collect();
        let mut inverses: Vec<[Fr; LANES]> = totals.iter().map(|[_, denominators]| *denominators).collect();
        inverses.as_flattened_mut().iter_mut().batch_invert();
        let ratio = |([numerators, _], inverse): (&[[Fr; LANES]; 2], &[Fr; LANES])| {
            std::array::from_fn(|i| numerators[i] * inverse[i])
        };
        let ratios: Vec<[Fr; LANES]> = totals.iter().zip(&inverses).map(ratio).collect();
        let rest = numerators[even..].iter().zip(&denominators[even..]);
        let total = ratios.as_flattened().iter().product::<Fr>() * rest.map(fraction).product::<Fr>();
        Self { ratios, inverses, total }
    }

    /// Replaces the numerators by the running products; returns the last one, after all of them.
    fn run(self, kernel: impl Kernel, numerators: &mut [Fr], denominators: &[Fr], start: Fr) -> Fr {
        let (starts, mut product) = running(&self.ratios, start);
        let (lanes, rest) = split(numerators);
        let (lane_denominators, rest_denominators) = denominators.split_at(lanes.len());
        lanes
            .par_chunks_mut(CHUNK)
            .zip(lane_denominators.par_chunks(CHUNK))
            .zip(starts.par_iter().zip(&self.inverses))
            .for_each(|((numerators, denominators), (starts, inverses))| {
                kernel.lane_running_fractions(numerators, denominators, starts, inverses);
            });
        for (numerator, denominator) in rest.iter_mut().zip(rest_denominators) {
            let factor = fraction((numerator, denominator));
            *numerator = product;
            product *= factor;
        }
        product
    }
}

fn fraction((numerator, denominator): (&Fr, &Fr)) -> Fr {
    numerator * denominator.invert().unwrap_or(Fr::ZERO)
}

/// The quotient by $X - z$ without remainder, in place; the last element becomes zero.
pub(crate) fn divide_by_linear(kernel: impl Kernel, elements: &mut [Fr], z: &Fr) {
    let (lanes, rest) = split(elements);
    let mut carry = Fr::ZERO;
    for element in rest.iter_mut().rev() {
        let quotient = carry;
        carry = carry * z + *element;
        *element = quotient;
    }
    let mut powers = vec![Fr::ZERO; CHUNK / LANES];
    kernel.powers(&Fr::ONE, z, &mut powers);
    let value = |chunk: &[Fr]| kernel.lane_values(chunk, &powers[..chunk.len() / LANES]);
    let values: Vec<[Fr; LANES]> = lanes.par_chunks(CHUNK).map(value).collect();
    // Backwards: what the elements above a lane contribute to its last quotient.
    let mut carries = values;
    for (i, chunk) in carries.iter_mut().enumerate().rev() {
        let len = (lanes.len() - i * CHUNK).min(CHUNK) / LANES;
        let step = z.pow_vartime([len as u64]);
        for entry in chunk.iter_mut().rev() {
            let above = carry;
            carry = carry * step + *entry;
            *entry = above;
        }
    }
    lanes.par_chunks_mut(CHUNK).zip(&carries).for_each(|(chunk, carries)| kernel.lane_quotients(chunk, z, carries));
}

/// The part that lanes divide evenly, and the rest.
fn split(elements: &mut [Fr]) -> (&mut [Fr], &mut [Fr]) {
    let even = elements.len() / LANES * LANES;
    elements.split_at_mut(even)
}

/// What each lane starts from, and the total.
fn running(totals: &[[Fr; LANES]], start: Fr) -> (Vec<[Fr; LANES]>, Fr) {
    let mut product = start;
    let next = |total: &Fr| {
        let this = product;
        product *= total;
        this
    };
    let starts: Vec<Fr> = totals.as_flattened().iter().map(next).collect();
    (starts.as_chunks().0.to_vec(), product)
}
