//! What can go wrong in a kernel.

use thiserror::Error;

/// An error of a [`Backend`](crate::Backend).
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The instruction set that was asked for is not on this machine.
    #[error("backend cpu:{isa} needs {missing}, which this machine does not have")]
    MissingIsa {
        /// Name of the instruction set asked for.
        isa: &'static str,
        /// The CPU features that are absent.
        missing: String,
    },
    /// No backend has this name.
    #[error("unknown backend {name:?}; known ones: {known}")]
    UnknownBackend {
        /// The name that was asked for.
        name: String,
        /// Comma-separated names that exist.
        known: &'static str,
    },
    /// A polynomial, a basis or a list has the wrong length.
    #[error("{what}: expected length {expected}, found {found}")]
    Length {
        /// Which argument.
        what: &'static str,
        /// The length that is needed.
        expected: usize,
        /// The length that was given.
        found: usize,
    },
    /// A domain larger than the field's two-adicity allows.
    #[error("a domain of 2^{k} rows with {parts} coset parts exceeds the field's 2^28 roots of unity")]
    DomainTooLarge {
        /// log2 of the rows.
        k: u32,
        /// Number of coset parts.
        parts: usize,
    },
    /// A lookup input is not in its table, so no permutation exists.
    #[error("lookup {lookup}: an input value is not in the table")]
    NotInTable {
        /// Position of the lookup in the batch.
        lookup: usize,
    },
    /// A program refers to a column, scalar or register that does not exist.
    #[error("constraint program: {reason}")]
    Program {
        /// What is inconsistent.
        reason: String,
    },
}
