//! The proving side of zomma: parameters, keys, proofs, and what lies on disk.
#![forbid(unsafe_code)]

pub mod artefact;
pub mod error;
mod points;
pub mod progress;
pub mod srs;

pub use error::ProverError;
