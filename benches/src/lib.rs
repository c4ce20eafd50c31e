//! What the benchmarks of zomma share: circuits, clocks, phase breakdowns, interleaved comparisons.
#![forbid(unsafe_code)]

pub mod circuit;
pub mod clock;
pub mod interleaved;
pub mod kernels;
pub mod layouts;
pub mod phases;
