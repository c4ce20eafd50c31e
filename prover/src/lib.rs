//! zomma: room `prover`.
#![forbid(unsafe_code)]
