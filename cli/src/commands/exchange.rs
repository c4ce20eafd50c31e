//! `zomma exchange`: a venue in a folder.

use std::{
    fmt::Write as _,
    fs::File,
    io::{BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use clap::Subcommand;
use serde::Serialize;
use zomma_circuits::{
    batch::BatchInputs,
    encoding::hex_fr,
    exchange::{AccountStatus, ExchangeError, Outcome, Replay, Status, Venue, cut, read_transactions, replay},
    state::{ids::AccountId, params::VenueParams, tx::Tx},
};

use super::Failure;
use crate::{
    error::CliError,
    input::read_json,
    output::{print, print_json},
};

/// Verbs of `zomma exchange`.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make a venue: a folder with its parameter set and its state.
    Init {
        #[command(flatten)]
        place: Place,
        /// Parameter set, JSON.
        #[arg(long, value_name = "FILE")]
        parameters: PathBuf,
        /// Begin with the state of a snapshot.
        #[arg(long, value_name = "FILE")]
        snapshot: Option<PathBuf>,
    },
    /// Apply transactions, one JSON a line, and commit what they made of the state.
    Apply {
        #[command(flatten)]
        place: Place,
        /// File of transactions.
        transactions: PathBuf,
        /// Most transactions of a batch.
        #[arg(long, default_value_t = 64)]
        batch: usize,
        /// Refuse the whole file when one of its transactions is refused.
        #[arg(long)]
        strict: bool,
        /// Write what became of each transaction, one JSON a line.
        #[arg(long, value_name = "FILE")]
        outcomes: Option<PathBuf>,
        /// Write the batches with what their proofs make public, one JSON a line.
        #[arg(long, value_name = "FILE")]
        batches: Option<PathBuf>,
    },
    /// Apply transactions, one JSON a line, in batches that can be proven; write the inputs of each, and commit what they made of the state.
    Batches {
        #[command(flatten)]
        place: Place,
        /// File of transactions.
        transactions: PathBuf,
        /// Folder for the inputs: a file for each batch, named by the version that it makes.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Size of the circuit: 2^k rows.
        #[arg(short, long, default_value_t = 18, value_parser = clap::value_parser!(u32).range(15..=20))]
        k: u32,
        /// Digest of the circuit set, which each batch names: 0x and 64 hexadecimal digits.
        #[arg(long, value_name = "DIGEST", default_value_t = format!("0x{}", "0".repeat(64)))]
        circuits: String,
    },
    /// Say where a venue stands.
    Status {
        #[command(flatten)]
        place: Place,
        /// Every account with its health too.
        #[arg(long)]
        accounts: bool,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write the state as a snapshot, or an account as inputs of the statement margin.
    Export {
        #[command(flatten)]
        place: Place,
        /// Write a snapshot of the whole state.
        #[arg(long, value_name = "FILE", required_unless_present = "margin")]
        snapshot: Option<PathBuf>,
        /// Account whose inputs of `margin` are written.
        #[arg(long, value_name = "ACCOUNT", requires = "out")]
        margin: Option<u32>,
        /// Where to.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// Where a venue is.
#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    /// Folder of the venue.
    #[arg(long, default_value = "venue", value_name = "DIR")]
    venue: PathBuf,
}

/// Runs the command.
pub(crate) fn run(verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Init { place, parameters, snapshot } => {
            let parameters: VenueParams = read_json(parameters)?;
            let mut venue = Venue::create(&place.venue, parameters, snapshot.as_deref())?;
            print(&summary(&Status::of(&mut venue.state)?))
        }
        Verb::Apply { place, transactions, batch, strict, outcomes, batches } => {
            let read = read_file(transactions)?;
            let mut venue = Venue::open(&place.venue)?;
            let replayed = replay(&mut venue.state, &read, *batch, *strict)?;
            venue.commit()?;
            write_lines(outcomes.as_deref(), &replayed.outcomes)?;
            write_lines(batches.as_deref(), &replayed.batches)?;
            let status = Status::of(&mut venue.state)?;
            print(&format!("{}\n{}", applied(&replayed), summary(&status)))
        }
        Verb::Batches { place, transactions, out, k, circuits } => {
            batches(&place.venue, transactions, out, *k, circuits)
        }
        Verb::Status { place, accounts, json } => status(&place.venue, *accounts, *json),
        Verb::Export { place, snapshot, margin, out } => {
            let mut venue = Venue::open(&place.venue)?;
            if let Some(snapshot) = snapshot {
                venue.write_snapshot(snapshot)?;
                print(&format!("snapshot    {}\n", snapshot.display()))?;
            }
            if let Some((account, out)) = margin.zip(out.as_ref()) {
                let inputs = venue.margin_inputs(AccountId(account))?;
                write_lines(Some(out), &[inputs])?;
                print(&format!("inputs      {}\n", out.display()))?;
            }
            Ok(())
        }
    }
}

/// Cuts a file of transactions into batches and writes the inputs of each.
fn batches(folder: &Path, transactions: &Path, out: &Path, k: u32, circuits: &str) -> Result<(), Failure> {
    let circuits = hex_fr::parse(circuits).map_err(|reason| CliError::input(Path::new("--circuits"), reason))?;
    let read = read_file(transactions)?;
    let mut venue = Venue::open(folder)?;
    std::fs::create_dir_all(out).map_err(|error| CliError::input(out, error))?;
    let write = |inputs: &BatchInputs, version: u64| {
        let path = out.join(format!("batch-{version}.json"));
        let refuse = |reason: String| ExchangeError::Io { path: path.clone(), reason };
        let text = serde_json::to_string(inputs).map_err(|error| refuse(error.to_string()))?;
        std::fs::write(&path, text).map_err(|error| refuse(error.to_string()))
    };
    let run = cut(&mut venue, &read, circuits, k, write)?;
    let mut text = format!("accepted    {} of {} in {} batches\n", run.accepted, read.len(), run.batches);
    for (index, reject) in &run.rejected {
        _ = writeln!(text, "rejected    transaction {}: {reject}", index + 1);
    }
    print(&format!("{text}\n{}", summary(&Status::of(&mut venue.state)?)))
}

/// The transactions of a file.
fn read_file(path: &Path) -> Result<Vec<Tx>, Failure> {
    let file = File::open(path).map_err(|error| CliError::input(path, error))?;
    read_transactions(BufReader::new(file)).map_err(|error| CliError::input(path, error))
}

fn status(folder: &Path, accounts: bool, json: bool) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Whole {
        #[serde(flatten)]
        status: Status,
        #[serde(skip_serializing_if = "Option::is_none")]
        list: Option<Vec<AccountStatus>>,
    }
    let mut venue = Venue::open(folder)?;
    let status = Status::of(&mut venue.state)?;
    let list = if accounts { Some(AccountStatus::all(&mut venue.state)?) } else { None };
    if json {
        return print_json(&Whole { status, list });
    }
    print(&format!("{}{}", summary(&status), list.as_deref().map(table).unwrap_or_default()))
}

/// Writes values as JSON, one a line.
pub(crate) fn write_lines<T: Serialize>(path: Option<&Path>, values: &[T]) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let refuse = |reason: String| CliError::input(path, reason);
    let mut file = BufWriter::new(File::create(path).map_err(|error| refuse(error.to_string()))?);
    for value in values {
        serde_json::to_writer(&mut file, value).map_err(|error| refuse(error.to_string()))?;
        file.write_all(b"\n").map_err(|error| refuse(error.to_string()))?;
    }
    file.flush().map_err(|error| refuse(error.to_string()))
}

fn summary(status: &Status) -> String {
    let registers = &status.registers;
    let version = status.version.map_or_else(|| "none".to_owned(), |version| version.to_string());
    format!(
        "root        {:?}\nversion     {version}\nsequence    {}\ntime        {} (marks {})\naccounts    {}\nmarkets     {} \
         ({} live), {} rows\ncash        {} (insurance {}, fees {})\nqueues      deposit {}, forced withdrawal {}\n",
        status.root,
        registers.seq,
        registers.time,
        registers.risk_time,
        status.accounts,
        status.markets,
        status.live_markets,
        status.rows,
        status.cash,
        registers.insurance,
        registers.fees,
        registers.deposit_cursor,
        registers.forced_cursor,
    )
}

/// How many were accepted, and why the others were not.
fn applied(replayed: &Replay) -> String {
    let mut text = format!(
        "accepted    {} of {} in {} batches\n",
        replayed.accepted(),
        replayed.outcomes.len(),
        replayed.batches.len()
    );
    let mut codes = std::collections::BTreeMap::<&str, (usize, usize, &str)>::new();
    for (index, outcome) in replayed.outcomes.iter().enumerate() {
        if let Outcome::Rejected { code, reason } = outcome {
            codes.entry(code).or_insert((0, index + 1, reason)).0 += 1;
        }
    }
    for (code, (count, first, reason)) in codes {
        _ = writeln!(text, "rejected    {count} {code}; the first is transaction {first}: {reason}");
    }
    text
}

fn table(accounts: &[AccountStatus]) -> String {
    let mut text = format!(
        "\n{:>8} {:>24} {:>9} {:>24} {:>24} {:>24} {:>7}\n",
        "account", "cash", "positions", "equity", "maintenance", "initial", ""
    );
    for AccountStatus { account, cash, positions, health, reason } in accounts {
        _ = match health {
            Some(health) => {
                let verdict = match (health.im_ok(), health.mm_ok()) {
                    (true, _) => "ok",
                    (false, true) => "below initial",
                    (false, false) => "below maintenance",
                };
                writeln!(
                    text,
                    "{account:>8} {cash:>24} {positions:>9} {:>24} {:>24} {:>24} {verdict:>7}",
                    health.equity, health.maintenance, health.initial
                )
            }
            None => writeln!(text, "{account:>8} {cash:>24} {positions:>9} {}", reason.as_deref().unwrap_or("")),
        };
    }
    text
}
