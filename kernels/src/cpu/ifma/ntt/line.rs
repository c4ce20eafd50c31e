//! One-dimensional transforms of up to 2^12 registers through pieces that fit the first-level cache.

use super::butterfly::{LooseScalars, MAX_LAYERS, Scalars, transform};
use super::roots::{MAX_LOG_LENGTH, reverse};
use crate::cpu::ifma::Ifma;
use crate::cpu::ifma::field::Limbs;

/// How a transform of `2^log` registers is cut: first the upper layers on strided groups of `2^top` registers, then the
/// lower layers on `2^top` blocks of `2^bottom` neighbours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    log: u32,
    top: u32,
    bottom: u32,
    /// Registers from one block to the next. One more than a block, so that a strided group does not fall on few sets
    /// of the cache.
    stride: usize,
}

/// What a thread needs to transform lines.
#[derive(Default)]
pub(super) struct Workspace {
    /// The line, block by block.
    pub(super) grid: Vec<LooseScalars>,
    /// One strided group.
    tile: Vec<LooseScalars>,
    /// Powers for twiddles that are computed on the way.
    pub(super) powers: Vec<Scalars>,
}

impl Line {
    pub(super) fn new(log: u32) -> Self {
        assert!(log <= MAX_LOG_LENGTH, "lines have at most 2^{MAX_LOG_LENGTH} registers");
        let top = if log <= MAX_LAYERS { log } else { log.div_ceil(2) };
        let bottom = log - top;
        let padding = usize::from(bottom > 0);
        Self { log, top, bottom, stride: (1 << bottom) + padding }
    }

    pub(super) fn len(&self) -> usize {
        1 << self.log
    }

    pub(super) fn blocks(&self) -> usize {
        1 << self.top
    }

    pub(super) fn block_len(&self) -> usize {
        1 << self.bottom
    }

    /// The frequency that ends up at offset `offset` of block `block`.
    #[inline(always)]
    pub(super) fn frequency(&self, block: usize, offset: usize) -> usize {
        reverse((block << self.bottom) + offset, self.log)
    }

    /// The register at `position` of the bit-reversed result.
    #[inline(always)]
    pub(super) fn at(&self, grid: &[LooseScalars], position: usize) -> LooseScalars {
        let (block, offset) = (position >> self.bottom, position & (self.block_len() - 1));
        grid[block * self.stride + offset]
    }

    /// The upper layers. `load(i)` gives input `i`, below `bound` p; returns the bound of block 0.
    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
    pub(super) fn upper(
        &self,
        ifma: Ifma,
        workspace: &mut Workspace,
        bound: u64,
        roots: &[Limbs],
        load: impl Fn(usize) -> LooseScalars,
    ) -> u64 {
        let zero = LooseScalars::from(Scalars::zero(ifma));
        let cells = self.blocks() * self.stride;
        if workspace.grid.len() < cells {
            workspace.grid.resize(cells, zero);
        }
        workspace.tile.resize(1 << MAX_LAYERS, zero);
        let tile = &mut workspace.tile[..self.blocks()];
        let mut bound_out = bound;
        for offset in 0..self.block_len() {
            for (i, register) in tile.iter_mut().enumerate() {
                *register = load((i << self.bottom) + offset);
            }
            bound_out = transform(ifma, tile, 0, bound, roots);
            for (block, register) in tile.iter().enumerate() {
                workspace.grid[block * self.stride + offset] = *register;
            }
        }
        bound_out
    }

    /// The lower layers of one block; returns it.
    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
    pub(super) fn lower<'a>(
        &self,
        ifma: Ifma,
        workspace: &'a mut Workspace,
        block: usize,
        bound: u64,
        roots: &[Limbs],
    ) -> &'a [LooseScalars] {
        let start = block * self.stride;
        let cells = &mut workspace.grid[start..start + self.block_len()];
        transform(ifma, cells, block, bound, roots);
        cells
    }
}
