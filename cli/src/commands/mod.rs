//! One file per command.

pub(crate) mod price;

/// Why a command failed: what is printed on stderr.
pub(crate) type Failure = Box<dyn std::error::Error>;
