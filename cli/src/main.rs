//! The `zomma` command: arguments, progress, printing. No logic.
#![forbid(unsafe_code)]

mod commands;

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
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Price(arguments) => commands::price::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("zomma: {error}");
            ExitCode::FAILURE
        }
    }
}
