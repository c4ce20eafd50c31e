//! The twiddles between the two passes.

use ff::Field;
use halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::kernel::Kernel;
use super::roots::reverse;

/// The matrix `constant * column_factor^j * row_factor^k * base^(j k)`, frequency k of the first pass, column j.
#[derive(Clone, Copy, Debug)]
pub(super) struct Powers {
    pub(super) base: Fr,
    pub(super) row_factor: Fr,
    pub(super) column_factor: Fr,
    pub(super) constant: Fr,
}

/// The twiddles of a transform.
#[derive(Debug)]
pub(super) enum Twiddles<'a, K: Kernel> {
    /// All of them: eight columns at a time, in the order in which the first pass uses them.
    Table(&'a [K::Packed]),
    /// Per group of eight columns the factors they are made of.
    Computed(ColumnPowers<K>),
}

/// Per group of eight columns: the twiddle of frequency 0, and the ratio from one frequency to the next.
#[derive(Debug)]
pub(super) struct ColumnPowers<K: Kernel> {
    first: Vec<K::Packed>,
    ratio: Vec<K::Packed>,
}

/// The twiddles of one group: products of a power of the eighth frequency (`coarse`) and a small power (`fine`).
pub(super) enum Group<'a, K: Kernel> {
    Table(&'a [K::Packed]),
    Computed { coarse: &'a [K::Packed], fine: [K::Packed; 8] },
}

impl Powers {
    pub(super) fn prepare<K: Kernel>(&self, kernel: K, columns: usize) -> ColumnPowers<K> {
        ColumnPowers {
            first: lane_powers(kernel, &self.constant, &self.column_factor, columns),
            ratio: lane_powers(kernel, &self.row_factor, &self.base, columns),
        }
    }

    /// Every twiddle for `frequencies` and `columns`.
    pub(super) fn table<K: Kernel>(&self, kernel: K, frequencies: usize, columns: usize) -> Vec<K::Packed> {
        let twiddles = Twiddles::Computed(self.prepare(kernel, columns));
        let mut table = vec![kernel.blank(); frequencies * columns / 8];
        table.par_chunks_exact_mut(frequencies).enumerate().for_each(|(group, table)| {
            let mut workspace = Vec::new();
            let group = twiddles.group(kernel, group, frequencies, &mut workspace);
            for (j, entries) in table.as_chunks_mut::<8>().0.iter_mut().enumerate() {
                group.eight(kernel, j, frequencies / 8, entries);
            }
        });
        table
    }
}

impl<K: Kernel> Twiddles<'_, K> {
    /// The twiddles of eight columns.
    pub(super) fn group<'a>(
        &'a self,
        kernel: K,
        group: usize,
        frequencies: usize,
        workspace: &'a mut Vec<K::Packed>,
    ) -> Group<'a, K> {
        match self {
            Self::Table(table) => Group::Table(&table[group * frequencies..(group + 1) * frequencies]),
            Self::Computed(powers) => {
                let (one, ratio) = (kernel.pack(&[Fr::ONE; 8]), &powers.ratio[group]);
                let mut fine = [kernel.blank(); 8];
                kernel.geometric(&powers.first[group], ratio, &mut fine);
                let mut small = [kernel.blank(); 9];
                kernel.geometric(&one, ratio, &mut small);
                workspace.resize(frequencies / 8, kernel.blank());
                kernel.geometric(&one, &small[8], workspace);
                Group::Computed { coarse: workspace, fine }
            }
        }
    }
}

impl<K: Kernel> Group<'_, K> {
    /// The twiddles of frequencies `8 h ..`, where j is h, below `eighth`, with its bits reversed. If they have to be
    /// computed, then to `buffer`.
    #[inline(always)]
    pub(super) fn eight<'b>(
        &'b self,
        kernel: K,
        j: usize,
        eighth: usize,
        buffer: &'b mut [K::Packed; 8],
    ) -> &'b [K::Packed; 8] {
        match self {
            Self::Table(table) => table[8 * j..].first_chunk().expect("j is below an eighth of the frequencies"),
            Self::Computed { coarse, fine } => {
                kernel.outer(&coarse[reverse(j, eighth.trailing_zeros())], fine, buffer);
                buffer
            }
        }
    }
}

/// Lane i of entry g is `first * base^(8 g + i)`.
fn lane_powers<K: Kernel>(kernel: K, first: &Fr, base: &Fr, count: usize) -> Vec<K::Packed> {
    let mut lane = *first;
    let lanes = core::array::from_fn(|_| {
        let this = lane;
        lane *= base;
        this
    });
    let step = base.pow_vartime([8]);
    let mut entries = vec![kernel.blank(); count / 8];
    kernel.geometric(&kernel.pack(&lanes), &kernel.pack(&[step; 8]), &mut entries);
    entries
}

/// `base^i` for `i < count`.
pub(super) fn powers<K: Kernel>(base: Fr, count: usize) -> Vec<K::Constant> {
    std::iter::successors(Some(Fr::ONE), |power| Some(power * base))
        .take(count)
        .map(|power| K::constant(&power))
        .collect()
}
