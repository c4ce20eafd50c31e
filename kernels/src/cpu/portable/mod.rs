//! Kernels in plain 64-bit arithmetic: they run everywhere.

pub(crate) mod residue;

pub(crate) mod interpret;
mod ntt;
mod vector;

/// The portable kernels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;
