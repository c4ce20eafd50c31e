//! One base times many scalars.
//!
//! A table holds all digits of all windows times the base, so a multiple is a column of table entries: one for each digit.

use std::iter::successors;

use group::prime::PrimeCurveAffine;
use group::{Curve, Group};
use halo2curves::bn256::{Fr, G1, G1Affine};
use rayon::prelude::*;

use super::buckets::{Workspace, sum_buckets};
use super::digits::Recoding;
use super::kernel::Kernel;
use super::slot::{bucket_of, term};
use super::slots::Slots;

/// Scalars whose terms are in memory at a time.
const SLICE: usize = 1 << 16;
/// Scalars that are recoded at a time.
const CHUNK: usize = 1 << 11;
/// Columns that are made at a time while the table grows.
const TABLE_CHUNK: usize = 1 << 12;
/// The widest window: its table has 2^19 entries, 32 MiB.
const WIDEST: u32 = 16;

/// The multiples of `base` by each of the scalars.
pub(crate) fn multiples<K: Kernel>(kernel: K, base: &G1Affine, scalars: &[Fr]) -> Vec<G1Affine> {
    let mut out = vec![G1Affine::identity(); scalars.len()];
    if bool::from(base.is_identity()) {
        return out;
    }
    // An addition for each window of each scalar, and one for each entry of the table.
    let cost = |bits: &u32| {
        let recoding = Recoding::plain(*bits, 0);
        scalars.len() * recoding.windows as usize + recoding.buckets()
    };
    let bits = (super::digits::MIN_WINDOW_BITS..=WIDEST).min_by_key(cost).unwrap_or(WIDEST);
    // Buckets are the entries of the table, and slots are the scalars: the reverse of a multiplication by many bases.
    let recoding = Recoding::plain(bits, 0);
    let mut workspace = Workspace::default();
    let table = table(kernel, &mut workspace, base, &recoding);
    for (scalars, out) in scalars.chunks(SLICE).zip(out.chunks_mut(SLICE)) {
        sum_buckets(kernel, &mut workspace, &table, scalars.len(), scalars.len().div_ceil(CHUNK), |chunk, terms| {
            let from = chunk * CHUNK;
            let to = (from + CHUNK).min(scalars.len());
            kernel.recode(&scalars[from..to], &recoding, from as u32, terms);
            for t in terms {
                let (entry, scalar, sign) = (bucket_of(*t), *t as u32 >> 1, *t as u32 & 1);
                *t = term(scalar, entry << 1 | sign);
            }
        });
        let points: Vec<Vec<G1Affine>> =
            workspace.sums.slots.par_chunks(CHUNK).map(|slots| kernel.decode(slots)).collect();
        for (&scalar, point) in workspace.sums.buckets.iter().zip(points.into_iter().flatten()) {
            out[scalar as usize] = point;
        }
    }
    out
}

/// Entry `half * w + d - 1` is `d * 2^(c w) * base`, for d up to half.
fn table<K: Kernel>(kernel: K, workspace: &mut Workspace<K>, base: &G1Affine, recoding: &Recoding) -> Slots {
    let (windows, half) = (recoding.windows as usize, recoding.half() as usize);
    let next = |point: &G1| Some((0..recoding.window_bits).fold(*point, |point, _| point.double()));
    let powers: Vec<G1> = successors(Some(base.to_curve()), next).take(windows).collect();
    let mut affine = vec![G1Affine::identity(); windows];
    G1::batch_normalize(&powers, &mut affine);
    let mut table = Slots::new(windows * half);
    let mut firsts = vec![super::slot::Slot::IDENTITY; windows];
    kernel.encode(&affine, &mut firsts);
    for (window, first) in table.chunks_exact_mut(half).zip(&firsts) {
        window[0] = *first;
    }
    // From the first m multiples to the first 2m: (m + d) P = m P + d P, and 2m P by doubling.
    for known in successors(Some(1), |known| Some(2 * known)).take_while(|&known| known < half) {
        let mut last: Vec<_> = table.chunks_exact(half).map(|window| window[known - 1]).collect();
        kernel.double(&mut last, 1);
        let (new, chunks) = (windows * (known - 1), (windows * (known - 1)).div_ceil(TABLE_CHUNK));
        sum_buckets(kernel, workspace, &table, new, chunks, |chunk, terms| {
            for column in chunk * TABLE_CHUNK..((chunk + 1) * TABLE_CHUNK).min(new) {
                let (window, other) = (column / (known - 1), column % (known - 1));
                for entry in [known - 1, other] {
                    terms.push(term(column as u32, ((window * half + entry) as u32) << 1));
                }
            }
        });
        for (&column, slot) in workspace.sums.buckets.iter().zip(&workspace.sums.slots) {
            let (window, other) = (column as usize / (known - 1), column as usize % (known - 1));
            table[window * half + known + other] = *slot;
        }
        for (window, last) in table.chunks_exact_mut(half).zip(last) {
            window[2 * known - 1] = last;
        }
    }
    table
}
