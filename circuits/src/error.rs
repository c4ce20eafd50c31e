//! The one error type of this crate.

use thiserror::Error;

/// Why inputs were refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StatementError {
    /// A field of the inputs is outside its domain.
    #[error("{field}: {reason}")]
    Domain {
        /// Path of the field, such as `option 3 (id 17): vol`.
        field: String,
        /// What the domain is and what was found.
        reason: String,
    },
    /// More items than the shape at this `k` has room for.
    #[error("{what}: {given} given, but k = {k} has room for {room}")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many were given.
        given: usize,
        /// How many fit.
        room: usize,
        /// The size parameter.
        k: u32,
    },
    /// There is no statement of that name.
    #[error("no statement is called \"{name}\"; there are: {}", crate::registry::NAMES.join(", "))]
    Unknown {
        /// The name that was asked for.
        name: String,
    },
}
