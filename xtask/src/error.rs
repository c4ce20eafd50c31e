//! The one error type of this crate.

use std::{io, path::PathBuf};

use thiserror::Error;

/// Why a task failed.
#[derive(Debug, Error)]
pub(crate) enum TaskError {
    /// The operating system refused to read or write.
    #[error("cannot {action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    /// A program cannot be started.
    #[error("cannot run {program}: {source}")]
    Start { program: String, source: io::Error },
    /// A program failed.
    #[error("`{command}` failed ({status})")]
    Failed { command: String, status: String },
    /// A program is missing, and so is the right to install it.
    #[error(
        "{what} is missing; install it, on Debian with `apt-get install {packages}`, and run `cargo xtask setup` again"
    )]
    Missing { what: &'static str, packages: &'static str },
    /// What a program printed cannot be understood.
    #[error("{what}: {reason}")]
    Malformed { what: &'static str, reason: String },
    /// Crates or files break the design's rules.
    #[error("{} rule(s) of the design broken:\n{}", .0.len(), .0.join("\n"))]
    Broken(Vec<String>),
    /// Steps of the test run failed.
    #[error("failed: {}", .0.join(", "))]
    Steps(Vec<String>),
}

impl TaskError {
    /// A closure for `map_err` that says what the system refused.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
