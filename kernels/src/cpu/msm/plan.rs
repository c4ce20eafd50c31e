//! Which windows to use: a cost model, measured, in units of one term (sorted, fetched and added).

use halo2curves::bn256::Fr;

use super::digits::{MAX_WINDOW_BITS, MIN_WINDOW_BITS, Recoding, bit_length, magnitude};
use super::slot::{MAX_SLOTS, Slot};

/// A bucket in use: its two terms in the first round of weighting and one in the later ones, less the addition that its
/// first term does not need.
const BUCKET: f64 = 2.3;
/// A bucket set: the buckets of the later rounds of weighting.
const SET: f64 = 500.0;
/// Scalars that are looked at.
const SAMPLE: usize = 512;

/// How long scalars are.
#[derive(Debug)]
pub(crate) struct Profile {
    scalars: f64,
    /// Bits of the smaller of s and r - s, and the share of scalars with so many.
    lengths: Vec<(u32, f64)>,
}

impl Profile {
    /// Uniformly random scalars.
    pub(crate) fn uniform(scalars: usize) -> Self {
        Self { scalars: scalars as f64, lengths: vec![(253, 1.0)] }
    }

    /// A guess from a few of the scalars, evenly spaced. A wrong guess costs time and nothing else.
    pub(crate) fn sample(scalars: &[Fr]) -> Self {
        let mut counts = [0u32; 255];
        let step = scalars.len().div_ceil(SAMPLE).max(1);
        let sampled = scalars.len().div_ceil(step).max(1);
        for scalar in scalars.iter().step_by(step) {
            counts[bit_length(&magnitude(scalar).0) as usize] += 1;
        }
        let lengths = (0..).zip(counts).filter(|&(length, count)| length > 0 && count > 0);
        let lengths = lengths.map(|(length, count)| (length, f64::from(count) / sampled as f64)).collect();
        Self { scalars: scalars.len() as f64, lengths }
    }

    /// The cost of a multiplication.
    pub(crate) fn cost(&self, recoding: &Recoding) -> f64 {
        let mut terms = vec![0.0; recoding.windows as usize];
        for &(length, share) in &self.lengths {
            // The window after the last bit receives a carry half the time, if the last bit is its window's last.
            let full = (length / recoding.window_bits).min(recoding.windows - 1) as usize;
            terms[..full].iter_mut().for_each(|terms| *terms += share * self.scalars);
            terms[full] += share * self.scalars * if length % recoding.window_bits == 0 { 0.5 } else { 1.0 };
        }
        let mut sets = vec![0.0f64; recoding.sets as usize];
        for (window, terms) in terms.iter().enumerate() {
            sets[window % recoding.sets as usize] += terms;
        }
        let half = f64::from(recoding.half());
        let set = |&terms: &f64| {
            // Buckets in use, if digits are uniform.
            let used = half * -(-terms / half).exp_m1();
            if terms == 0.0 { 0.0 } else { BUCKET * used + SET.min(terms) }
        };
        terms.iter().sum::<f64>() + sets.iter().map(set).sum::<f64>()
    }
}

/// The best windows for points without copies.
pub(crate) fn plain(profile: &Profile, stride: u32) -> Recoding {
    best(profile, (MIN_WINDOW_BITS..=MAX_WINDOW_BITS).map(|bits| Recoding::plain(bits, stride)))
}

/// The best windows for uniform scalars, with `table_bytes` for copies of the points, and copies enough for them.
pub(crate) fn with_tables(points: u32, table_bytes: usize) -> Recoding {
    let copies = 1 + table_bytes / size_of::<Slot>() / (points as usize).max(1);
    let copies = copies.min(MAX_SLOTS / (points as usize).max(1));
    let affordable = (MIN_WINDOW_BITS..=MAX_WINDOW_BITS).flat_map(|bits| {
        let windows = Recoding::plain(bits, points).windows;
        (1..=windows).map(move |sets| Recoding::new(bits, sets, points)).find(|r| r.copies() as usize <= copies)
    });
    best(&Profile::uniform(points as usize), affordable)
}

fn best(profile: &Profile, candidates: impl Iterator<Item = Recoding>) -> Recoding {
    let costs = candidates.map(|recoding| (profile.cost(&recoding), recoding));
    costs.min_by(|(a, _), (b, _)| a.total_cmp(b)).expect("there are windows of every width").1
}
