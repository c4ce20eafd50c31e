//! Running other programs.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use crate::{error::TaskError, root};

/// A command in the root of the repository, with this run's cargo if it is cargo.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let program = if program == "cargo" { env!("CARGO") } else { program };
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// Runs a command to its end; its output goes where ours goes.
pub(crate) fn run(mut command: Command) -> Result<(), TaskError> {
    let status = command.status().map_err(|source| start_error(&command, source))?;
    if status.success() { Ok(()) } else { Err(failed(&command, status)) }
}

/// Runs a command to its end, passes its standard output on line by line, and yields the lines that `keep` picks.
pub(crate) fn run_keeping(mut command: Command, keep: impl Fn(&str) -> bool) -> (Vec<String>, Result<(), TaskError>) {
    let mut kept = vec![];
    let mut child = match command.stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(source) => return (kept, Err(start_error(&command, source))),
    };
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            println!("{line}");
            if keep(&line) {
                kept.push(line);
            }
        }
    }
    let outcome = match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(&command, status)),
        Err(source) => Err(start_error(&command, source)),
    };
    (kept, outcome)
}

/// Runs a command to its end and yields what it prints.
pub(crate) fn output(mut command: Command) -> Result<Vec<u8>, TaskError> {
    let output = command.stderr(Stdio::inherit()).output().map_err(|source| start_error(&command, source))?;
    if output.status.success() { Ok(output.stdout) } else { Err(failed(&command, output.status)) }
}

/// Whether a command runs and succeeds; what it prints is dropped.
pub(crate) fn succeeds(mut command: Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn start_error(command: &Command, source: std::io::Error) -> TaskError {
    TaskError::Start { program: command.get_program().to_string_lossy().into_owned(), source }
}

fn failed(command: &Command, status: std::process::ExitStatus) -> TaskError {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let command = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    TaskError::Failed { command, status: status.to_string() }
}
