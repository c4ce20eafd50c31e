//! The `zomma` command: arguments, progress, printing. No logic.
#![forbid(unsafe_code)]

mod commands;
mod error;
mod input;
mod output;
mod picture;
mod profile;
mod progress;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use commands::Shared;

/// Proves in zero knowledge that a derivatives venue computed its prices, its margin and its state correctly.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    shared: Shared,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Price the options of a chain, with Greeks, without proving.
    Price(commands::price::Arguments),
    /// Compute the risk array of a book, without proving.
    Risk(commands::risk::Arguments),
    /// Make, import and check structured reference strings.
    #[command(subcommand)]
    Srs(commands::srs::Verb),
    /// Make the keys of a statement.
    Keygen(commands::keygen::Arguments),
    /// Check a statement's constraints without proving, and explain what fails.
    Mock(commands::mock::Arguments),
    /// Prove a statement.
    Prove(commands::prove::Arguments),
    /// Verify a proof, and say what the verdict rests upon.
    Verify(commands::verify::Arguments),
    /// Fold batch proofs with their risk proofs into one, and wrap it for the EVM.
    Accumulate(commands::accumulate::Arguments),
    /// Print the digest of the circuits that a batch names, and the one that contracts pin.
    Circuits(commands::circuits::Arguments),
    /// The verifier contract, its calldata, and verification in an EVM in this process.
    #[command(subcommand)]
    Evm(commands::evm::Verb),
    /// Say what a file is.
    Inspect(commands::inspect::Arguments),
    /// Rows, columns, lookups, degree and proof size of each statement.
    Cost(commands::cost::Arguments),
    /// Draw a circuit's layout.
    Layout(commands::layout::Arguments),
    /// Measure options and scenario valuations proven per second; compare with other provers and kernels.
    Bench(commands::bench::Arguments),
    /// A venue in a folder: make it, apply transactions to it, look at it, export from it.
    #[command(subcommand)]
    Exchange(commands::exchange::Verb),
    /// Price, prove and verify the example book, and run a day of a venue on it.
    Demo(commands::demo::Arguments),
}

fn main() -> ExitCode {
    let Arguments { command, shared } = Arguments::parse();
    // The file is complete when this is dropped, at the end.
    let profile = shared.profile.as_deref().map(profile::start).transpose();
    let outcome = profile.and_then(|_writing| run(&command, &shared));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command, shared: &Shared) -> Result<(), commands::Failure> {
    match command {
        Command::Price(arguments) => commands::price::run(arguments),
        Command::Risk(arguments) => commands::risk::run(arguments),
        Command::Srs(verb) => commands::srs::run(verb, shared),
        Command::Keygen(arguments) => commands::keygen::run(arguments, shared),
        Command::Mock(arguments) => commands::mock::run(arguments, shared),
        Command::Prove(arguments) => commands::prove::run(arguments, shared),
        Command::Verify(arguments) => commands::verify::run(arguments, shared),
        Command::Accumulate(arguments) => commands::accumulate::run(arguments, shared),
        Command::Circuits(arguments) => commands::circuits::run(arguments, shared),
        Command::Evm(verb) => commands::evm::run(verb, shared),
        Command::Inspect(arguments) => commands::inspect::run(arguments),
        Command::Cost(arguments) => commands::cost::run(arguments),
        Command::Layout(arguments) => commands::layout::run(arguments, shared),
        Command::Bench(arguments) => commands::bench::run(arguments, shared),
        Command::Exchange(verb) => commands::exchange::run(verb),
        Command::Demo(arguments) => commands::demo::run(arguments, shared),
    }
}
