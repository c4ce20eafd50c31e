//! `zomma risk`: the native risk array of a book.

use std::path::PathBuf;

use serde::Serialize;
use zomma_circuits::decimal::Decimal;
use zomma_circuits::pricing::scenario::SCENARIOS;
use zomma_circuits::pricing::statements::RiskInputs;

use super::Failure;
use super::price::{HEADER, Printed};
use crate::input::{chain, scenarios};
use crate::output::{print_csv, print_json};

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
        return print_json(&lines.collect::<Vec<_>>());
    }
    let names = (0..SCENARIOS).map(|index| format!("scenario_{index}"));
    let header = HEADER.map(str::to_owned).into_iter().chain(names).collect();
    let records = lines.map(|Line { base, scenarios }| base.fields().into_iter().chain(scenarios).collect());
    print_csv(header, records)
}
