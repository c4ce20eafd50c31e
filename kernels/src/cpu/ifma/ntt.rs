//! Transforms with AVX-512 IFMA.
//!
//! Data are in halo2curves' form (2^256) and constants in the 2^260 form, so products need no change of form. Values are
//! canonical only when they are stored.

use std::cell::RefCell;

use halo2curves::bn256::Fr;

use super::Ifma;
use super::butterfly::{LooseScalars, Scalars, transform};
use super::field::{FrModulus, Limbs, mul_pair, split, transpose, words};
use crate::cpu::ntt::{Kernel, Plans, Prefetch, Strided, Workspace};

thread_local! {
    static WORKSPACE: RefCell<Workspace<Ifma>> = RefCell::default();
}

impl Kernel for Ifma {
    type Cell = LooseScalars;
    type Packed = Scalars;
    type Constant = Limbs;

    fn constant(x: &Fr) -> Limbs {
        split(*words::<FrModulus>(&(x * Fr::from(16))))
    }

    fn pack(self, lanes: &[Fr; 8]) -> Scalars {
        Scalars::from_lanes(self, &lanes.map(|lane| Self::constant(&lane)))
    }

    fn plans() -> &'static Plans<Self> {
        static PLANS: Plans<Ifma> = Plans::new();
        &PLANS
    }

    fn with_workspace<R>(self, work: impl FnOnce(&mut Workspace<Self>) -> R) -> R {
        WORKSPACE.with_borrow_mut(work)
    }

    fn blank_cell(self) -> LooseScalars {
        Scalars::zero(self).into()
    }

    fn blank(self) -> Scalars {
        Scalars::zero(self)
    }

    fn load(self, tile: &mut [LooseScalars], input: Strided<'_, Fr>, scale: Option<Strided<'_, Limbs>>) {
        // SAFETY: the token proves the instructions.
        unsafe { load(self, tile, input, scale) }
    }

    fn unpack(self, tile: &mut [LooseScalars], row: Strided<'_, Scalars>) {
        // SAFETY: the token proves the instructions.
        unsafe { unpack(tile, row) }
    }

    fn scatter(self, tile: &[LooseScalars], grid: &mut [LooseScalars], stride: usize) {
        // SAFETY: the token proves the instructions.
        unsafe { scatter(tile, grid, stride) }
    }

    fn transform(
        self,
        block: &mut [LooseScalars],
        index: usize,
        bound: u64,
        roots: &[Limbs],
        prefetch: Prefetch<'_>,
    ) -> u64 {
        // SAFETY: the token proves the instructions.
        unsafe { transform(self, block, index, bound, roots, prefetch) }
    }

    fn twist(self, cells: [&LooseScalars; 8], twiddles: &[Scalars; 8], out: &mut [Scalars; 8]) {
        // SAFETY: the token proves the instructions.
        unsafe { twist(cells, twiddles, out) }
    }

    fn outer(self, coarse: &Scalars, fine: &[Scalars; 8], out: &mut [Scalars; 8]) {
        // SAFETY: the token proves the instructions.
        unsafe { outer(coarse, fine, out) }
    }

    fn geometric(self, first: &Scalars, ratio: &Scalars, out: &mut [Scalars]) {
        // SAFETY: the token proves the instructions.
        unsafe { geometric(first, ratio, out) }
    }

    fn store(self, cell: &LooseScalars, scale: Option<&Limbs>, output: &mut [Fr; 8]) {
        // SAFETY: the token proves the instructions.
        unsafe { store(self, cell, scale, output) }
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn load(ifma: Ifma, tile: &mut [LooseScalars], input: Strided<'_, Fr>, scale: Option<Strided<'_, Limbs>>) {
    for (i, cell) in tile.iter_mut().enumerate() {
        let chunk = input.entries[i * input.stride..].first_chunk().expect("eight columns are left");
        let value = Scalars::load(ifma, chunk);
        *cell = match scale {
            Some(scale) => Scalars::splat(ifma, &scale.entries[i * scale.stride]).mul_loose(value),
            None => value.into(),
        };
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn unpack(tile: &mut [LooseScalars], row: Strided<'_, Scalars>) {
    for (cell, register) in tile.iter_mut().zip(row.entries.iter().step_by(row.stride)) {
        *cell = (*register).into();
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn scatter(tile: &[LooseScalars], grid: &mut [LooseScalars], stride: usize) {
    for (cell, target) in tile.iter().zip(grid.iter_mut().step_by(stride)) {
        *target = *cell;
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn twist(cells: [&LooseScalars; 8], twiddles: &[Scalars; 8], out: &mut [Scalars; 8]) {
    let mut rows = *twiddles;
    for ([x, y], [c, d]) in rows.as_chunks_mut::<2>().0.iter_mut().zip(cells.as_chunks::<2>().0) {
        let [s, t] = mul_pair(*x, c.carried(), *y, d.carried());
        (*x, *y) = (s.norm(), t.norm());
    }
    *out = transpose(&rows);
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn outer(coarse: &Scalars, fine: &[Scalars; 8], out: &mut [Scalars; 8]) {
    for ([x, y], [s, t]) in fine.as_chunks::<2>().0.iter().zip(out.as_chunks_mut::<2>().0) {
        let products = mul_pair(*x, *coarse, *y, *coarse);
        (*s, *t) = (products[0].norm(), products[1].norm());
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn geometric(first: &Scalars, ratio: &Scalars, out: &mut [Scalars]) {
    let mut power = *first;
    for entry in out {
        *entry = power;
        power = power.mul(*ratio);
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn store(ifma: Ifma, cell: &LooseScalars, scale: Option<&Limbs>, output: &mut [Fr; 8]) {
    let value = match scale {
        Some(scale) => Scalars::splat(ifma, scale).mul(cell.carried()).reduce_once(),
        None => cell.canonical(),
    };
    value.store(output);
}
