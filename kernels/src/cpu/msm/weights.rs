//! From bucket sums to the result: `sum_t 2^(s_t) sum_v v B_(t, v)`.
//!
//! The inner sum is itself a multiplication by small scalars v, so it goes the same way: each v is split into its lower and
//! its upper bits, and the points are added up by these. After a few rounds so few buckets are left that plain running
//! sums do the rest.

use group::Group;
use halo2curves::bn256::G1;
use rayon::prelude::*;

use super::buckets::{Workspace, sum_buckets};
use super::kernel::Kernel;
use super::slot::term;

/// Values of more bits are split.
const LAST_BITS: u32 = 4;
/// More buckets are split even then: running sums take ten times as long for each.
const LAST_BUCKETS: usize = 1 << 9;
/// Terms made at a time.
const CHUNK: usize = 1 << 12;

/// Bucket sets. Their buckets are numbered `set << bits | value`, with values below `2^bits`.
#[derive(Debug)]
pub(crate) struct Sets {
    pub(crate) bits: u32,
    /// What set t is multiplied by: `2^(shifts[t])`.
    pub(crate) shifts: Vec<u32>,
}

impl Sets {
    /// The weighted sum of the buckets in `workspace.sums`.
    pub(crate) fn total<K: Kernel>(mut self, kernel: K, workspace: &mut Workspace<K>) -> G1 {
        while self.bits > LAST_BITS || (self.bits > 1 && workspace.sums.slots.len() > LAST_BUCKETS) {
            self = self.split(kernel, workspace);
        }
        self.finish(kernel, workspace)
    }

    /// Halves the number of bits and doubles the number of sets.
    fn split<K: Kernel>(self, kernel: K, workspace: &mut Workspace<K>) -> Self {
        let Self { bits, shifts } = self;
        let low = bits.div_ceil(2);
        let sums = std::mem::take(&mut workspace.sums);
        let (new_buckets, chunks) = (shifts.len() << (low + 1), sums.slots.len().div_ceil(CHUNK));
        sum_buckets(kernel, workspace, &sums.slots, new_buckets, chunks, |chunk, terms| {
            let from = chunk * CHUNK;
            let to = (from + CHUNK).min(sums.buckets.len());
            for (index, &bucket) in (from as u32..).zip(&sums.buckets[from..to]) {
                let (set, value) = (bucket >> bits, bucket & ((1 << bits) - 1));
                for (set, value) in [(2 * set, value & ((1 << low) - 1)), (2 * set + 1, value >> low)] {
                    if value > 0 {
                        terms.push(term(set << low | value, index << 1));
                    }
                }
            }
        });
        Self { bits: low, shifts: shifts.into_iter().flat_map(|shift| [shift, shift + low]).collect() }
    }

    fn finish<K: Kernel>(self, kernel: K, workspace: &Workspace<K>) -> G1 {
        let sums = &workspace.sums;
        let points = kernel.decode(&sums.slots);
        let mut buckets = vec![None; self.shifts.len() << self.bits];
        for (&bucket, point) in sums.buckets.iter().zip(points) {
            buckets[bucket as usize] = Some(point);
        }
        let mut sums: Vec<(u32, G1)> = buckets
            .par_chunks(1 << self.bits)
            .zip(&self.shifts)
            .map(|(buckets, &shift)| {
                let (mut running, mut sum) = (G1::identity(), G1::identity());
                for bucket in buckets[1..].iter().rev() {
                    if let Some(point) = bucket {
                        running += point;
                    }
                    sum += running;
                }
                (shift, sum)
            })
            .collect();
        sums.sort_by_key(|&(shift, _)| std::cmp::Reverse(shift));
        let mut total = G1::identity();
        let mut at = sums.first().map_or(0, |&(shift, _)| shift);
        for (shift, sum) in sums {
            (shift..at).for_each(|_| total = total.double());
            at = shift;
            total += sum;
        }
        (0..at).for_each(|_| total = total.double());
        total
    }
}
