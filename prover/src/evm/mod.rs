//! The EVM's side: the generated verifier, its calldata, and a machine to run them in.
//!
//! snark-verifier writes a verifier as one straight line of assembly that keeps everything in memory. A folding circuit reads many rows
//! of few columns, which makes that line longer than a contract may be: it is cut into [`VerifierSource::parts`], each of which hands its
//! memory on to the next.

pub mod abi;
mod assembler;
mod calldata;
mod compiler;
mod machine;
mod optimiser;
mod plonk;
mod poseidon;
pub mod settlement;
mod shplonk;
mod verifier;
mod yul;

#[cfg(test)]
mod tests;

pub use calldata::calldata;
pub use compiler::{Compiler, MAX_CODE};
pub use machine::{Machine, Outcome};
pub use poseidon::poseidon_library;
pub use verifier::VerifierSource;
