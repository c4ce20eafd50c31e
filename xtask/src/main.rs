//! Developer tasks: `cargo xtask setup | test | asan | golden | layering`.
#![forbid(unsafe_code)]

mod asan;
mod contracts;
mod error;
mod golden;
mod layering;
mod run;
mod setup;
mod test;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Developer tasks of zomma")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what tests compare against: Python packages into .tools/venv, npm packages into .tools/npm.
    Setup,
    /// Everything that continuous integration runs.
    Test {
        /// Also what takes long: the million-case accuracy run, large circuits, longer fuzzing.
        #[arg(long)]
        full: bool,
    },
    /// The kernels' tests under the address sanitizer.
    Asan {
        /// Only tests with this in their name.
        filter: Option<String>,
    },
    /// Rewrite the golden files: costs, pinned parameters, pinned keys. Nothing else does.
    Golden,
    /// Check that crates depend on one another only in the direction of the design.
    Layering,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Setup => setup::setup(),
        Task::Test { full } => test::test(full),
        Task::Asan { filter } => asan::asan(filter.as_deref()),
        Task::Golden => golden::golden(),
        Task::Layering => layering::check(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), PathBuf::from)
}
