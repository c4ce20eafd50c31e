//! The demonstration's trading day: run, written down, told.

use std::{fmt::Write as _, fs, path::Path};

use zomma_circuits::{
    exchange::day::{self, Day, Liquidated, TakenOver},
    margin::Health,
    pricing::csv::Row,
};
use zomma_prover::evm::settlement;

use super::{Failure, exchange::write_lines};
use crate::{error::CliError, output::print};

/// What the day is drawn from.
const SEED: u64 = 1;
/// Ticks of an index point in the example book.
const POINT: f64 = 1e8;

/// Runs the day on a chain, writes its parameter set and transactions to `out`, and tells what happened.
pub(crate) fn run(chain: &[Row], out: &Path) -> Result<Day, Failure> {
    let day = day::run(SEED, chain, settlement::application())?;
    fs::create_dir_all(out).map_err(CliError::io(format!("make {}", out.display())))?;
    let (parameters, transactions) = (out.join("venue.json"), out.join("day.jsonl"));
    write_lines(Some(&parameters), std::slice::from_ref(&day.params))?;
    write_lines(Some(&transactions), &day.transactions)?;
    print(&story(&day))?;
    print(&format!(
        "The day again: zomma exchange init --venue DIR --parameters {}, then zomma exchange apply --venue DIR {}.\n\n",
        parameters.display(),
        transactions.display()
    ))?;
    Ok(day)
}

fn points(value: i128) -> f64 {
    value as f64 / POINT
}

fn story(day: &Day) -> String {
    let mut text = format!(
        "A day of a venue: {} transactions, {} orders, {} fills, {} arrays of marks adopted.\n",
        day.transactions.len(),
        day.orders,
        day.fills,
        day.marks.len()
    );
    for (code, count) in &day.rejected {
        _ = writeln!(text, "Refused: {count} for {code}.");
    }
    _ = writeln!(text, "\nThe index falls and volatility jumps:");
    for liquidated in &day.liquidations {
        text.push_str(&liquidation(liquidated));
    }
    for taken in &day.takeovers {
        text.push_str(&takeover(taken));
    }
    let (settled, price) = day.settled;
    _ = writeln!(text, "\nA series expires at {:.2}: {settled} positions paid out.", price as f64 / POINT);
    _ = writeln!(
        text,
        "Cash in the books {:.2}, deposited less withdrawn {:.2}.\n",
        points(day.cash),
        points(day.funded)
    );
    text
}

fn figures(health: &Health) -> String {
    format!(
        "equity {:.2}, worst scenario {:.2}, maintenance {:.2}",
        points(health.equity),
        points(health.worst),
        points(health.maintenance)
    )
}

fn liquidation(liquidated: &Liquidated) -> String {
    let Liquidated { account, before, after, liquidator, share, discount, value, pay } = liquidated;
    format!(
        "- account {account} is below maintenance: {}. Account {liquidator} takes {:.2}% of its portfolio, worth {:.2} at the marks, for {:.2}, at a \
         discount of {:.2}% on equity; afterwards {}.\n",
        figures(before),
        f64::from(*share) / 100.0,
        points(*value),
        points(*pay),
        f64::from(*discount) / 100.0,
        figures(after)
    )
}

fn takeover(taken: &TakenOver) -> String {
    let TakenOver { account, before, paid, uncovered } = taken;
    format!(
        "- account {account} is below close-out: {}. The insurance account takes it over; the fund pays {:.2}, {:.2} stays uncovered.\n",
        figures(before),
        points(*paid),
        points(*uncovered)
    )
}
