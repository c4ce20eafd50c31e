//! The twiddles between the two passes.

use ff::Field;
use halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::butterfly::Scalars;
use super::roots::{constant, reverse};
use crate::cpu::ifma::Ifma;
use crate::cpu::ifma::field::{FrModulus, Limbs, Modulus, mul_pair};

/// The matrix `constant * column_factor^j * row_factor^k * base^(j k)`, frequency k of the first pass, column j.
pub(super) struct Powers {
    pub(super) base: Fr,
    pub(super) row_factor: Fr,
    pub(super) column_factor: Fr,
    pub(super) constant: Fr,
}

/// The twiddles of a transform.
pub(super) enum Twiddles<'a> {
    /// All of them: eight columns at a time, in the order in which the first pass uses them.
    Table(&'a [Scalars]),
    /// Per group of eight columns the factors they are made of.
    Computed(ColumnPowers),
}

/// Per group of eight columns: the twiddle of frequency 0, and the ratio from one frequency to the next.
pub(super) struct ColumnPowers {
    first: Vec<Scalars>,
    ratio: Vec<Scalars>,
}

/// The twiddles of one group: products of a power of the eighth frequency (`coarse`) and a small power (`fine`).
pub(super) enum Group<'a> {
    Table(&'a [Scalars]),
    Computed { coarse: &'a [Scalars], fine: [Scalars; 8] },
}

impl Powers {
    pub(super) fn prepare(&self, ifma: Ifma, columns: usize) -> ColumnPowers {
        // SAFETY: the token proves the instructions.
        unsafe {
            ColumnPowers {
                first: lane_powers(ifma, &self.constant, &self.column_factor, columns),
                ratio: lane_powers(ifma, &self.row_factor, &self.base, columns),
            }
        }
    }

    /// Every twiddle for `frequencies` and `columns`.
    pub(super) fn table(&self, ifma: Ifma, frequencies: usize, columns: usize) -> Vec<Scalars> {
        let twiddles = Twiddles::Computed(self.prepare(ifma, columns));
        let mut table = vec![Scalars::zero(ifma); frequencies * columns / 8];
        table.par_chunks_exact_mut(frequencies).enumerate().for_each(|(group, table)| {
            // SAFETY: the token proves the instructions.
            unsafe { fill(ifma, &twiddles, group, table) }
        });
        table
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn fill(ifma: Ifma, twiddles: &Twiddles<'_>, group: usize, table: &mut [Scalars]) {
    let mut workspace = Vec::new();
    let eighth = table.len() / 8;
    let group = twiddles.group(ifma, group, table.len(), &mut workspace);
    for (j, entries) in table.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let h = reverse(j, eighth.trailing_zeros());
        for (i, pair) in entries.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            *pair = group.pair(j, h, i).map(|twiddle| twiddle.reduce());
        }
    }
}

impl Twiddles<'_> {
    /// The twiddles of eight columns.
    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
    pub(super) fn group<'a>(
        &'a self,
        ifma: Ifma,
        group: usize,
        frequencies: usize,
        workspace: &'a mut Vec<Scalars>,
    ) -> Group<'a> {
        match self {
            Self::Table(table) => Group::Table(&table[group * frequencies..(group + 1) * frequencies]),
            Self::Computed(powers) => {
                let ratio = powers.ratio[group];
                let mut fine = [powers.first[group]; 8];
                for i in 1..8 {
                    fine[i] = fine[i - 1].mul(ratio);
                }
                let eighth_power = ratio.square().square().square();
                workspace.clear();
                let mut power = Scalars::splat(ifma, &FrModulus::ONE_260);
                for _ in 0..frequencies / 8 {
                    workspace.push(power);
                    power = power.mul(eighth_power);
                }
                Group::Computed { coarse: workspace, fine }
            }
        }
    }
}

impl Group<'_> {
    /// The twiddles of frequencies `8 h + 2 i` and `8 h + 2 i + 1`, where j is h with its bits reversed. Below 1.2 p.
    #[inline(always)]
    pub(super) fn pair(&self, j: usize, h: usize, i: usize) -> [Scalars; 2] {
        match self {
            Self::Table(table) => [table[8 * j + 2 * i], table[8 * j + 2 * i + 1]],
            Self::Computed { coarse, fine } => {
                let [w, v] = mul_pair(coarse[h], fine[2 * i], coarse[h], fine[2 * i + 1]);
                [w.norm(), v.norm()]
            }
        }
    }
}

/// Lane i of entry g is `first * base^(8 g + i)`.
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn lane_powers(ifma: Ifma, first: &Fr, base: &Fr, count: usize) -> Vec<Scalars> {
    let mut lane = *first;
    let lanes: [Limbs; 8] = core::array::from_fn(|_| {
        let limbs = constant(&lane);
        lane *= base;
        limbs
    });
    let step = Scalars::splat(ifma, &constant(&base.pow_vartime([8])));
    let mut entry = Scalars::from_lanes(ifma, &lanes);
    (0..count / 8)
        .map(|_| {
            let this = entry;
            entry = entry.mul(step);
            this
        })
        .collect()
}

/// `base^i` for `i < count`.
pub(super) fn powers(base: Fr, count: usize) -> Vec<Limbs> {
    std::iter::successors(Some(Fr::ONE), |power| Some(power * base)).take(count).map(|power| constant(&power)).collect()
}
