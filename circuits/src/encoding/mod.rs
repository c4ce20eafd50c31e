//! How values become field elements and digests: bit packing, tagged hash chains, hexadecimal field elements in JSON.
//!
//! Normative text: section 1 of the book chapter "The exchange as a state machine".

pub mod hash;
pub mod hex_fr;
pub mod pack;

pub use hash::{Chain, Tag, chain, compress, node};
pub use pack::{Packer, Unpacker, biased, unbiased};

#[cfg(test)]
mod tests;
