//! The one error type of this crate.

use std::{io, path::PathBuf};

use thiserror::Error;
use zomma_circuits::StatementError;
use zomma_circuits::exchange::{ExchangeError, day::DayError};
use zomma_prover::ProverError;

/// Why a command failed: what is printed on standard error.
#[derive(Debug, Error)]
pub(crate) enum CliError {
    /// Parameters, keys, proofs.
    #[error(transparent)]
    Prover(#[from] ProverError),
    /// Measurements.
    #[error(transparent)]
    Bench(#[from] zomma_benches::BenchError),
    /// Inputs.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// A venue.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The day of the demonstration.
    #[error(transparent)]
    Day(#[from] DayError),
    /// What is wrong with a file of inputs.
    #[error("{}: {reason}", path.display())]
    Input {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The operating system refused to read or write.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was attempted.
        action: String,
        /// The system's reason.
        source: io::Error,
    },
    /// Arguments that do not go together.
    #[error("{0}")]
    Usage(String),
    /// Constraints that do not hold, already printed.
    #[error("{0} constraint(s) do not hold")]
    Unsatisfied(usize),
}

impl CliError {
    /// A closure for `map_err` that says what was attempted.
    pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }

    /// What is wrong with a file of inputs.
    pub(crate) fn input(path: impl Into<PathBuf>, reason: impl ToString) -> Self {
        Self::Input { path: path.into(), reason: reason.to_string() }
    }
}
