//! The proving side of zomma: parameters, keys, proofs, and what lies on disk.
#![forbid(unsafe_code)]

pub mod accumulate;
pub mod artefact;
pub mod cost;
pub mod engine;
pub mod error;
pub mod evm;
pub mod keys;
pub mod mock;
#[cfg(any(test, feature = "oracle"))]
pub mod oracle;
pub mod plonk;
mod points;
pub mod progress;
pub mod prove;
pub mod srs;
#[cfg(test)]
mod testing;
pub mod transcript;
pub mod verify;

pub use error::ProverError;
pub use plonk::{Prover, create_proof};
