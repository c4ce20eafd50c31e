//! Transforms in plain 64-bit arithmetic.

use std::cell::RefCell;

use halo2curves::bn256::Fr;

use super::Portable;
use super::residue::{Residue, add, below_two_p, element, mul, sub, words};
use crate::cpu::ntt::{Kernel, Plans, Prefetch, Strided, Workspace};

thread_local! {
    static WORKSPACE: RefCell<Workspace<Portable>> = RefCell::default();
}

/// Cells are below 4 p, registers below 2 p, constants below p.
impl Kernel for Portable {
    type Cell = [Residue; 8];
    type Packed = [Residue; 8];
    type Constant = Residue;

    fn constant(x: &Fr) -> Residue {
        words(x)
    }

    fn pack(self, lanes: &[Fr; 8]) -> [Residue; 8] {
        lanes.each_ref().map(words)
    }

    fn plans() -> &'static Plans<Self> {
        static PLANS: Plans<Portable> = Plans::new();
        &PLANS
    }

    fn with_workspace<R>(self, work: impl FnOnce(&mut Workspace<Self>) -> R) -> R {
        WORKSPACE.with_borrow_mut(work)
    }

    fn blank_cell(self) -> [Residue; 8] {
        [[0; 4]; 8]
    }

    fn blank(self) -> [Residue; 8] {
        [[0; 4]; 8]
    }

    fn load(self, tile: &mut [[Residue; 8]], input: Strided<'_, Fr>, scale: Option<Strided<'_, Residue>>) {
        for (i, cell) in tile.iter_mut().enumerate() {
            let elements: &[Fr; 8] = input.entries[i * input.stride..].first_chunk().expect("eight columns are left");
            *cell = elements.each_ref().map(words);
            if let Some(scale) = scale {
                let factor = &scale.entries[i * scale.stride];
                *cell = cell.map(|x| mul(&x, factor));
            }
        }
    }

    fn unpack(self, tile: &mut [[Residue; 8]], row: Strided<'_, [Residue; 8]>) {
        for (cell, register) in tile.iter_mut().zip(row.entries.iter().step_by(row.stride)) {
            *cell = *register;
        }
    }

    fn scatter(self, tile: &[[Residue; 8]], grid: &mut [[Residue; 8]], stride: usize) {
        for (cell, target) in tile.iter().zip(grid.iter_mut().step_by(stride)) {
            *target = *cell;
        }
    }

    fn transform(
        self,
        block: &mut [[Residue; 8]],
        index: usize,
        bound: u64,
        roots: &[Residue],
        _: Prefetch<'_>,
    ) -> u64 {
        let mut first_root = index;
        let mut length = block.len();
        while length > 1 {
            for (part, root) in block.chunks_exact_mut(length).zip(first_root..) {
                let (low, high) = part.split_at_mut(length / 2);
                // Root 1 is not worth a multiplication.
                if root == 0 {
                    butterflies(low, high, |x| below_two_p(*x));
                } else {
                    let root = roots[root];
                    butterflies(low, high, |x| mul(x, &root));
                }
            }
            first_root *= 2;
            length /= 2;
        }
        bound
    }

    fn twist(self, cells: [&[Residue; 8]; 8], twiddles: &[[Residue; 8]; 8], out: &mut [[Residue; 8]; 8]) {
        for (lane, register) in out.iter_mut().enumerate() {
            for (i, entry) in register.iter_mut().enumerate() {
                *entry = mul(&cells[i][lane], &twiddles[i][lane]);
            }
        }
    }

    fn outer(self, coarse: &[Residue; 8], fine: &[[Residue; 8]; 8], out: &mut [[Residue; 8]; 8]) {
        *out = fine.map(|register| canonical_products(coarse, &register));
    }

    fn geometric(self, first: &[Residue; 8], ratio: &[Residue; 8], out: &mut [[Residue; 8]]) {
        let mut power = *first;
        for entry in out {
            *entry = power;
            power = canonical_products(&power, ratio);
        }
    }

    fn store(self, cell: &[Residue; 8], scale: Option<&Residue>, output: &mut [Fr; 8]) {
        for (x, target) in cell.iter().zip(output) {
            *target = element(scale.map_or(*x, |scale| mul(x, scale)));
        }
    }
}

/// Butterflies between two rows of cells; `multiply` gives a residue below 2 p.
#[inline(always)]
fn butterflies(low: &mut [[Residue; 8]], high: &mut [[Residue; 8]], multiply: impl Fn(&Residue) -> Residue) {
    for (x, y) in low.as_flattened_mut().iter_mut().zip(high.as_flattened_mut()) {
        let (a, t) = (below_two_p(*x), multiply(y));
        (*x, *y) = (add(&a, &t), sub(&a, &t));
    }
}

/// Twiddles multiply cells, so they have to be below p.
fn canonical_products(a: &[Residue; 8], b: &[Residue; 8]) -> [Residue; 8] {
    std::array::from_fn(|i| words(&element(mul(&a[i], &b[i]))))
}
