//! Copy constraints as the cycles of a permutation of cells.

use ff::{Field, PrimeField};
use halo2_proofs::plonk::{Any, Column};
use halo2curves::bn256::Fr;
use rayon::prelude::*;
use zomma_kernels::Domain;

/// The permutation of the cells of the columns that take part in copies; equal cells are one cycle.
///
/// Cells are numbered column by column. Merging two cycles swaps the successors of one cell of each, so the result does
/// not depend on how cycles are represented, only on the order of the copies (halo2 book, "Permutation argument").
#[derive(Debug)]
pub(super) struct Copies {
    columns: Vec<Column<Any>>,
    n: usize,
    successor: Vec<u32>,
    /// A cell that stands for the cycle.
    representative: Vec<u32>,
    /// Length of the cycle, at its representative.
    length: Vec<u32>,
}

impl Copies {
    pub(super) fn new(columns: Vec<Column<Any>>, n: usize) -> Self {
        let cells = u32::try_from(columns.len() * n).expect("fewer than 2^32 cells");
        let identity: Vec<u32> = (0..cells).collect();
        Self { columns, n, successor: identity.clone(), representative: identity, length: vec![1; cells as usize] }
    }

    /// The number of a cell; `None` if its column takes no part in copies. The row must exist.
    pub(super) fn cell(&self, column: Column<Any>, row: usize) -> Option<usize> {
        let position = self.columns.iter().position(|known| *known == column)?;
        Some(position * self.n + row)
    }

    /// Makes two cells equal.
    pub(super) fn copy(&mut self, left: usize, right: usize) {
        let (mut long, mut short) = (self.representative[left] as usize, self.representative[right] as usize);
        if long == short {
            return;
        }
        if self.length[long] < self.length[short] {
            std::mem::swap(&mut long, &mut short);
        }
        self.length[long] += self.length[short];
        let mut cell = short;
        loop {
            self.representative[cell] = long as u32;
            cell = self.successor[cell] as usize;
            if cell == short {
                break;
            }
        }
        self.successor.swap(left, right);
    }

    /// For every column, $\delta^i \omega^j$ of the successor (column i, row j) of each cell.
    pub(super) fn sigma(&self, domain: &Domain) -> Vec<Vec<Fr>> {
        let powers =
            |base: Fr, count| std::iter::successors(Some(Fr::ONE), move |power| Some(power * base)).take(count);
        let rows: Vec<Fr> = powers(domain.omega(), self.n).collect();
        let columns: Vec<Fr> = powers(Fr::DELTA, self.columns.len()).collect();
        let label = |cell: &u32| columns[*cell as usize / self.n] * rows[*cell as usize % self.n];
        self.successor.chunks(self.n).map(|column| column.par_iter().map(label).collect()).collect()
    }
}
