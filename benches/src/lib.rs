//! What the benchmarks of zomma share: circuits, clocks, phase breakdowns.
#![forbid(unsafe_code)]

pub mod circuit;
pub mod clock;
pub mod phases;
