//! `zomma mock`: checks a statement's constraints without proving.

use std::path::PathBuf;

use zomma_circuits::{Statement, with_statement};
use zomma_prover::mock::{MockReport, mock};

use super::{Failure, Shared};
use crate::{
    error::CliError,
    input::{Source, read_json},
    output::print,
    progress::Bars,
};

/// Arguments of `zomma mock`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The statement.
    statement: String,
    #[command(flatten)]
    source: Source,
    /// Size: 2^k rows. By default the smallest that holds the inputs.
    #[arg(long)]
    k: Option<u32>,
    /// Check against the public instance in this file (a public.json) instead of the inputs' own.
    #[arg(long, value_name = "FILE")]
    claim: Option<PathBuf>,
    /// How many failures to show.
    #[arg(long, default_value_t = 10, value_name = "COUNT")]
    show: usize,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, shared: &Shared) -> Result<(), Failure> {
    with_statement!(&arguments.statement, S => check::<S>(arguments, shared))?
}

fn check<S: Statement>(arguments: &Arguments, shared: &Shared) -> Result<(), Failure> {
    let bars = Bars::new(shared.quiet);
    let inputs = arguments.source.read::<S>()?;
    let k = arguments.k.map_or_else(|| S::k_for(&inputs), Ok)?;
    let claim = arguments.claim.as_ref().map(|path| read_claim::<S>(path)).transpose()?;
    let report = mock::<S>(&inputs, k, claim.as_ref(), &bars)?;
    bars.finish();
    print(&describe(S::NAME, &report, arguments.show))?;
    match report.failures.len() {
        0 => Ok(()),
        failures => Err(CliError::Unsatisfied(failures)),
    }
}

fn read_claim<S: Statement>(path: &PathBuf) -> Result<S::Instance, Failure> {
    let public: serde_json::Value = read_json(path)?;
    let instance = public.get("instance").cloned().unwrap_or(public);
    serde_json::from_value(instance).map_err(|error| CliError::input(path, error))
}

fn describe(name: &str, report: &MockReport, show: usize) -> String {
    let MockReport { k, rows, constraints, lookups, copies, failures } = report;
    let mut text = format!(
        "{name} at k = {k}: {rows} rows, {constraints} constraints of gates, {lookups} lookups, {copies} copies\n"
    );
    for failure in failures.iter().take(show) {
        text.push_str(&format!("\n{failure}\n"));
    }
    match failures.len() {
        0 => text.push_str("ok: every constraint holds\n"),
        all if all > show => text.push_str(&format!("\nand {} more\n", all - show)),
        _ => {}
    }
    text
}
