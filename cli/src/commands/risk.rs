//! `zomma risk`: the native risk array of a book.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use zomma_circuits::decimal::Decimal;
use zomma_circuits::pricing::scenario::ScenarioSet;
use zomma_circuits::pricing::statements::RiskInputs;

use super::Failure;
use super::price::{Printed, chain};

/// Arguments of `zomma risk`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// CSV file with the columns id,kind,spot,strike,expiry_seconds,vol,rate,dividend.
    book: PathBuf,
    /// Scenario set; the default one when left out.
    #[arg(long)]
    scenarios: Option<PathBuf>,
    /// Unit of prices.
    #[arg(long, default_value = "1e-8")]
    tick: String,
    /// Print an array of JSON objects instead of CSV.
    #[arg(long)]
    json: bool,
}

/// Base price, Greeks and the price under each scenario.
#[derive(Debug, Serialize)]
struct Line {
    #[serde(flatten)]
    base: Printed,
    scenarios: Vec<String>,
}

/// Reads a scenario set, or takes the default one.
pub(crate) fn scenarios(path: Option<&Path>) -> Result<ScenarioSet, Failure> {
    let Some(path) = path else { return Ok(ScenarioSet::standard()) };
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| named(&error))?;
    let set: ScenarioSet = serde_json::from_str(&text).map_err(|error| named(&error))?;
    set.check().map_err(|error| named(&error))?;
    Ok(set)
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (rows, tick) = chain(&arguments.book, &arguments.tick)?;
    let set = scenarios(arguments.scenarios.as_deref())?;
    let (inputs, order) = RiskInputs::from_chain(&rows, 0, set);
    let array = inputs.rows()?;
    let mut lines: Vec<(usize, Line)> = order
        .iter()
        .zip(&array)
        .map(|(index, row)| {
            let base = Printed::new(&rows[*index].id, &row.base, &tick);
            let scenarios = row.prices.iter().map(|price| Decimal::from_units(*price, &tick).to_string()).collect();
            (*index, Line { base, scenarios })
        })
        .collect();
    lines.sort_by_key(|(index, _)| *index);
    let lines = lines.into_iter().map(|(_, line)| line);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&lines.collect::<Vec<_>>())?);
        return Ok(());
    }
    let mut writer = csv::Writer::from_writer(std::io::stdout().lock());
    let greeks = ["id", "price", "delta", "gamma", "vega", "theta", "rho"].map(str::to_owned);
    let names = (0..zomma_circuits::pricing::scenario::SCENARIOS).map(|index| format!("scenario_{index}"));
    writer.write_record(greeks.into_iter().chain(names))?;
    for Line { base, scenarios } in lines {
        let Printed { id, price, delta, gamma, vega, theta, rho } = base;
        writer.write_record([id, price, delta, gamma, vega, theta, rho].into_iter().chain(scenarios))?;
    }
    writer.flush()?;
    Ok(())
}
