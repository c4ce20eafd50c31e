//! Files: the envelope that every artefact has, digests, and writing that is never half done.

mod atomic;
mod digest;
mod envelope;
pub mod folder;
mod proof;

pub use atomic::write as write_atomically;
pub use digest::Digest;
pub use envelope::{Envelope, Header, Kind};
pub use proof::{Opening, Proof, ProofHeader, Public};
