//! `zomma cost`: what statements and operations cost.

use std::collections::BTreeMap;

use serde::Serialize;
use zomma_circuits::{Statement, costs::operations, registry, with_statement};
use zomma_gadgets::frame::Cost;
use zomma_prover::{
    ProverError,
    accumulate::{FoldCost, FoldingCost, LayerCost, ProofCost, folding_cost},
    cost::StatementCost,
};

use super::Failure;
use crate::{error::CliError, output::print};

/// Arguments of `zomma cost`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// All costs; what the golden file holds.
#[derive(Debug, Serialize)]
pub(crate) struct Costs {
    statements: BTreeMap<&'static str, StatementCost>,
    operations: BTreeMap<&'static str, Cost>,
    folding: FoldingCost,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let costs = costs()?;
    if arguments.json {
        let json = serde_json::to_string_pretty(&costs).map_err(|error| CliError::Usage(error.to_string()))?;
        return print(&format!("{json}\n"));
    }
    let mut text = format!(
        "{:<16} {:>3} {:>9} {:>7} {:>6} {:>8} {:>7} {:>12}\n",
        "statement", "k", "rows", "advice", "fixed", "lookups", "degree", "proof bytes"
    );
    for (name, cost) in &costs.statements {
        let StatementCost { k, rows, advice, fixed, lookups, degree, proof_bytes } = cost;
        text.push_str(&format!(
            "{name:<16} {k:>3} {rows:>9} {advice:>7} {fixed:>6} {lookups:>8} {degree:>7} {proof_bytes:>12}\n"
        ));
    }
    text.push_str(&format!(
        "\n{:<20} {:>6} {:>13} {:>13} {:>7}\n",
        "operation", "rows", "advice cells", "lookup cells", "area"
    ));
    for (name, cost) in &costs.operations {
        let Cost { rows, advice_cells, lookup_cells, area } = cost;
        text.push_str(&format!("{name:<20} {rows:>6} {advice_cells:>13} {lookup_cells:>13} {area:>7}\n"));
    }
    text.push_str(&format!(
        "\n{:<16} {:>7} {:>8} {:>10} {:>13}\n",
        "proof folded", "points", "scalars", "chip rows", "scalar cells"
    ));
    for (name, ProofCost { points, scalars, cost }) in &costs.folding.proofs {
        let FoldCost { chip_rows, scalar_cells, .. } = cost;
        text.push_str(&format!("{name:<16} {points:>7} {scalars:>8} {chip_rows:>10} {scalar_cells:>13}\n"));
    }
    text.push_str(&format!(
        "\n{:<16} {:>3} {:>7} {:>10} {:>13} {:>12}\n",
        "layer", "k", "advice", "chip rows", "scalar cells", "proof bytes"
    ));
    for (name, LayerCost { k, advice, cost, proof_bytes }) in &costs.folding.layers {
        let FoldCost { chip_rows, scalar_cells, .. } = cost;
        text.push_str(&format!("{name:<16} {k:>3} {advice:>7} {chip_rows:>10} {scalar_cells:>13} {proof_bytes:>12}\n"));
    }
    print(&text)
}

fn costs() -> Result<Costs, Failure> {
    fn of<S: Statement>() -> Result<(&'static str, StatementCost), ProverError> {
        Ok((S::NAME, StatementCost::of::<S>(S::DEFAULT_K)?))
    }
    let statements = registry::NAMES
        .iter()
        .map(|name| Ok(with_statement!(name, S => of::<S>())??))
        .collect::<Result<_, Failure>>()?;
    Ok(Costs { statements, operations: operations().into_iter().collect(), folding: folding_cost()? })
}
