//! Inputs of statements from files: JSON for every statement, CSV for those that have a form in it.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;
use zomma_circuits::{
    InputOptions, Statement,
    decimal::Decimal,
    pricing::{
        csv::{Row, read_chain, read_tick},
        scenario::ScenarioSet,
    },
};

use crate::error::CliError;

/// Longest input file.
const MAX_LEN: u64 = 1 << 30;

/// Where inputs come from.
#[derive(Debug, clap::Args)]
pub(crate) struct Source {
    /// File of inputs: an option chain as .csv, or .json.
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// Unit of prices.
    #[arg(long, default_value = "1e-8")]
    pub(crate) tick: String,
    /// Time of the inputs, seconds of the Unix epoch.
    #[arg(long, default_value_t = 0, value_name = "SECONDS")]
    pub(crate) timestamp: u64,
    /// Scenario set of risk arrays, JSON; the default one when left out.
    #[arg(long, value_name = "FILE")]
    pub(crate) scenarios: Option<PathBuf>,
}

impl Source {
    /// Reads the inputs of a statement.
    pub(crate) fn read<S: Statement>(&self) -> Result<S::Inputs, CliError> {
        if self.input.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
            return read_json(&self.input);
        }
        let options = InputOptions {
            tick: read_tick(&self.tick)?,
            timestamp: self.timestamp,
            scenarios: scenarios(self.scenarios.as_deref())?,
        };
        S::read(open(&self.input)?, &options).map_err(|error| CliError::input(&self.input, error))
    }
}

/// Reads an option chain.
pub(crate) fn chain(path: &Path, tick: &str) -> Result<(Vec<Row>, Decimal), CliError> {
    let tick = read_tick(tick)?;
    let rows = read_chain(open(path)?, &tick).map_err(|error| CliError::input(path, error))?;
    Ok((rows, tick))
}

/// Reads a scenario set, or takes the default one.
pub(crate) fn scenarios(path: Option<&Path>) -> Result<ScenarioSet, CliError> {
    let Some(path) = path else { return Ok(ScenarioSet::standard()) };
    let set: ScenarioSet = read_json(path)?;
    set.check().map_err(|error| CliError::input(path, error))?;
    Ok(set)
}

/// Reads a JSON file.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, CliError> {
    serde_json::from_reader(open(path)?).map_err(|error| CliError::input(path, error))
}

/// Opens a file of inputs.
fn open(path: &Path) -> Result<impl Read, CliError> {
    let file = File::open(path).map_err(|error| CliError::input(path, error))?;
    Ok(BufReader::new(file.take(MAX_LEN)))
}

/// A number of bytes, such as `500MB`, `4GiB` or `1000000`.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| format!("{digits:?} is not a whole number"))?;
    let unit: u64 = match &text[digits.len()..] {
        "" | "B" => 1,
        "kB" | "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        other => return Err(format!("unknown unit {other:?}: B, kB, MB, GB, KiB, MiB and GiB are known")),
    };
    number.checked_mul(unit).ok_or_else(|| "more bytes than there can be".into())
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn numbers_of_bytes() {
        assert_eq!(bytes("17"), Ok(17));
        assert_eq!(bytes("4GiB"), Ok(4 << 30));
        assert_eq!(bytes("500MB"), Ok(500_000_000));
        for wrong in ["", "GiB", "1.5GiB", "4 GiB", "-1", "4gib", "99999999999GiB"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
