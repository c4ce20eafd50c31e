//! One-dimensional transforms of up to 2^12 registers through pieces that fit the first-level cache.

use super::kernel::Kernel;
use super::prefetch::Prefetch;
use super::roots::{MAX_LOG_LENGTH, reverse};

/// Largest number of layers done at once.
const MAX_LAYERS: u32 = 6;

/// How a transform of `2^log` cells is cut: first the upper layers on strided groups of `2^top` cells, then the lower
/// layers on `2^top` blocks of `2^bottom` neighbours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    log: u32,
    top: u32,
    bottom: u32,
    /// Cells from one block to the next. One more than a block, so that a strided group does not fall on few sets of the
    /// cache.
    stride: usize,
}

/// What a thread needs to transform lines.
#[derive(Debug)]
pub(crate) struct Workspace<K: Kernel> {
    /// The line, block by block.
    grid: Vec<K::Cell>,
    /// One strided group.
    tile: Vec<K::Cell>,
    /// Powers for twiddles that are computed on the way.
    pub(super) powers: Vec<K::Packed>,
}

impl<K: Kernel> Default for Workspace<K> {
    fn default() -> Self {
        Self { grid: Vec::new(), tile: Vec::new(), powers: Vec::new() }
    }
}

impl Line {
    pub(super) fn new(log: u32) -> Self {
        assert!((3..=MAX_LOG_LENGTH).contains(&log), "lines have 2^3 to 2^{MAX_LOG_LENGTH} cells");
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
    pub(super) fn frequency(&self, block: usize, offset: usize) -> usize {
        reverse((block << self.bottom) + offset, self.log)
    }

    /// The frequencies in a block: the lowest, and the distance between them.
    pub(super) fn frequencies(&self, block: usize) -> (usize, usize) {
        (reverse(block, self.top), self.blocks())
    }

    /// The cell at `position` of the bit-reversed result.
    pub(super) fn at<'a, K: Kernel>(&self, workspace: &'a Workspace<K>, position: usize) -> &'a K::Cell {
        let (block, offset) = (position >> self.bottom, position & (self.block_len() - 1));
        &workspace.grid[block * self.stride + offset]
    }

    /// The upper layers. `load(tile, i)` fills the tile with every `block_len`-th input from i on, below `bound` p;
    /// `prefetch(i)` is the memory that it will read. Returns the bound of block 0.
    pub(super) fn upper<K: Kernel>(
        &self,
        kernel: K,
        workspace: &mut Workspace<K>,
        bound: u64,
        roots: &[K::Constant],
        load: impl Fn(&mut [K::Cell], usize),
        prefetch: impl Fn(usize) -> Prefetch<'static>,
    ) -> u64 {
        let cells = self.blocks() * self.stride;
        if workspace.grid.len() < cells {
            workspace.grid.resize(cells, kernel.blank_cell());
        }
        workspace.tile.resize(1 << MAX_LAYERS, kernel.blank_cell());
        let tile = &mut workspace.tile[..self.blocks()];
        let mut bound_of_block_0 = bound;
        for offset in 0..self.block_len() {
            load(tile, offset);
            let next = if offset + 1 < self.block_len() { prefetch(offset + 1) } else { Prefetch::none() };
            bound_of_block_0 = kernel.transform(tile, 0, bound, roots, next);
            kernel.scatter(tile, &mut workspace.grid[offset..], self.stride);
        }
        bound_of_block_0
    }

    /// The lower layers of one block; returns it.
    pub(super) fn lower<'a, K: Kernel>(
        &self,
        kernel: K,
        workspace: &'a mut Workspace<K>,
        block: usize,
        bound: u64,
        roots: &[K::Constant],
        prefetch: Prefetch<'_>,
    ) -> &'a [K::Cell] {
        let start = block * self.stride;
        let cells = &mut workspace.grid[start..start + self.block_len()];
        if self.bottom > 0 {
            kernel.transform(cells, block, bound, roots, prefetch);
        }
        cells
    }
}
