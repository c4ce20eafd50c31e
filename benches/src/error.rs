//! The one error type of this crate.

use std::{io, path::PathBuf};

use thiserror::Error;
use zomma_circuits::StatementError;
use zomma_prover::{ProverError, accumulate::Layer};

/// Why nothing could be measured.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BenchError {
    /// Two implementations of the same thing do not agree.
    #[error("{what}: {one} and {other} differ; nothing was timed")]
    Differ {
        /// What was computed.
        what: String,
        /// The one.
        one: String,
        /// The other.
        other: String,
    },
    /// The prover refused or failed.
    #[error(transparent)]
    Prover(#[from] ProverError),
    /// The statement refused its inputs.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// A statement for which there is no workload.
    #[error("no workload for the statement {name:?}; there are ones for {known}")]
    Workload {
        /// The statement asked for.
        name: String,
        /// Those that have one.
        known: &'static str,
    },
    /// No input fits a statement at a size.
    #[error("{statement}: not one option fits k = {k}")]
    Empty {
        /// Name of the statement.
        statement: &'static str,
        /// The size.
        k: u32,
    },
    /// Too few batches to fold.
    #[error("a {layer} needs batches: {needed} at least, {found} given")]
    Batches {
        /// The layer.
        layer: Layer,
        /// How many it needs.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// An earlier report cannot be read.
    #[error("{}: {reason}", path.display())]
    Report {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A measurement in a process of its own did not come back with a figure.
    #[error("the process that measures memory failed: {reason}")]
    Child {
        /// What it printed, or how it ended.
        reason: String,
    },
}
