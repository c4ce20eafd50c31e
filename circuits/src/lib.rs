//! Statements of zomma: what is proven, each with the native engine that computes it.
#![forbid(unsafe_code)]

pub mod error;
pub mod statement;

pub use error::StatementError;
pub use statement::Statement;
