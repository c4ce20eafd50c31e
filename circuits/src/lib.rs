//! Statements of zomma: what is proven, each with the native engine that computes it.
#![forbid(unsafe_code)]

extern crate self as zomma_circuits;

pub mod batch;
pub mod costs;
pub mod decimal;
pub mod encoding;
pub mod error;
pub mod exchange;
pub mod margin;
pub mod pricing;
pub mod registry;
pub mod state;
pub mod statement;

pub use error::StatementError;
pub use statement::{InputOptions, Statement};
