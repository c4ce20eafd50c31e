//! Arithmetic kernels of the prover, behind the [`Backend`] trait.
//!
//! A backend owns the memory where polynomials live and computes on them: transforms, commitments, lookup
//! permutations, grand products, constraint programs, openings. It never sees a transcript, a circuit or an async
//! runtime. All of it is over the scalar field and the first group of BN254.

pub mod backend;
pub mod cpu;
pub mod domain;
pub mod error;
pub mod naive;
pub mod program;

#[cfg(test)]
mod conformance;

pub use backend::{Backend, Fraction, LookupColumns};
pub use cpu::{CpuBackend, Isa};
pub use domain::Domain;
pub use error::Error;
pub use program::Program;
