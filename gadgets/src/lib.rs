//! Chips of zomma: the constraints of one mathematical object each, with its native twin.
#![forbid(unsafe_code)]

pub mod costs;
pub mod dynamic;
pub mod eddsa;
pub mod edwards;
pub mod error;
pub mod fixed;
pub mod frame;
pub mod functions;
pub mod layout;
pub mod linear;
pub mod list;
pub mod merkle;
pub mod poseidon;
pub mod range;
pub mod slots;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
