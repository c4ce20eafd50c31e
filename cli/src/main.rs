//! The `zomma` command: arguments, progress, printing. No logic.
#![forbid(unsafe_code)]

mod commands;
mod progress;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Proves in zero knowledge that a derivatives venue computed its prices, its margin and its state correctly.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Price the options of a chain, with Greeks, without proving.
    Price(commands::price::Arguments),
    /// Compute the risk array of a book, without proving.
    Risk(commands::risk::Arguments),
    /// Make, import or check structured reference strings.
    #[command(subcommand)]
    Srs(commands::srs::Command),
    /// Make the proving and verifying key of a statement.
    Keygen(commands::proofs::KeygenArguments),
    /// Prove a statement.
    Prove(commands::proofs::ProveArguments),
    /// Verify what `zomma prove` wrote.
    Verify(commands::proofs::VerifyArguments),
    /// Price, prove and verify the example book.
    Demo(commands::demo::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Price(arguments) => commands::price::run(&arguments),
        Command::Risk(arguments) => commands::risk::run(&arguments),
        Command::Srs(command) => commands::srs::run(&command),
        Command::Keygen(arguments) => commands::proofs::keygen(&arguments),
        Command::Prove(arguments) => commands::proofs::run_prove(&arguments),
        Command::Verify(arguments) => commands::proofs::run_verify(&arguments),
        Command::Demo(arguments) => commands::demo::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("zomma: {error}");
            ExitCode::FAILURE
        }
    }
}
