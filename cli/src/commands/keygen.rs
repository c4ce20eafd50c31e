//! `zomma keygen`: proving and verifying keys.

use std::path::PathBuf;

use zomma_circuits::{Statement, registry, with_statement};
use zomma_prover::{
    keys::{Found, KeyPins, StatementVerifyingKey, check_size},
    srs::Srs,
};

use super::{Failure, Shared};
use crate::{output::print, progress::Bars};

/// Arguments of `zomma keygen`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The statement.
    #[arg(required_unless_present = "all")]
    statement: Option<String>,
    /// Every statement.
    #[arg(long, conflicts_with = "statement")]
    all: bool,
    /// Size: 2^k rows. By default the statement's own.
    #[arg(long, conflicts_with = "all")]
    k: Option<u32>,
    /// Also write the verifying key to this file.
    #[arg(long, short, value_name = "FILE", conflicts_with = "all")]
    output: Option<PathBuf>,
    /// List the verifying key's digest in params/vk too; with --all, also those of a folding's layers.
    #[arg(long)]
    pin: bool,
    /// The same, and make no proving key.
    #[arg(long, conflicts_with = "pin")]
    pin_only: bool,
    /// Use development parameters (seed 0), made in memory.
    #[arg(long)]
    dev: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, shared: &Shared) -> Result<(), Failure> {
    let names: Vec<&str> = match &arguments.statement {
        Some(name) => vec![name],
        None => registry::NAMES.to_vec(),
    };
    names.into_iter().try_for_each(|name| with_statement!(name, S => keygen::<S>(arguments, shared))?)?;
    if arguments.all && (arguments.pin || arguments.pin_only) {
        let bars = Bars::new(shared.quiet);
        return print(&super::circuits::pin(arguments.dev, shared, &bars)?);
    }
    Ok(())
}

fn keygen<S: Statement>(arguments: &Arguments, shared: &Shared) -> Result<(), Failure> {
    let bars = Bars::new(shared.quiet);
    let k = arguments.k.unwrap_or(S::DEFAULT_K);
    check_size::<S>(k)?;
    let srs = if arguments.dev { Srs::development(k, 0, &bars)? } else { shared.srs(k, &bars)? };
    let mut text = String::new();
    let key = if arguments.pin_only {
        StatementVerifyingKey::<S>::generate(&srs, &bars)?
    } else {
        let cache = shared.keys();
        let (key, found) = cache.get::<S>(&srs, &bars)?;
        let how = match &found {
            Found::Made => "made".to_owned(),
            Found::Cached => "already there".to_owned(),
            Found::Replaced { reason } => format!("made again, for the file was no good: {reason}"),
        };
        text.push_str(&format!("proving key    {} ({how})\n", cache.path(key.header()).display()));
        key.verifying_key().clone()
    };
    bars.finish();
    if let Some(path) = &arguments.output {
        key.write(path)?;
        text.push_str(&format!("verifying key  {}\n", path.display()));
    }
    if arguments.pin || arguments.pin_only {
        let mut pins = KeyPins::load(&shared.params, S::NAME)?;
        pins.pin(key.header(), key.digest());
        pins.write(&shared.params, S::NAME)?;
        text.push_str(&format!("pinned in      {}\n", KeyPins::path(&shared.params, S::NAME).display()));
    }
    let header = key.header();
    text.push_str(&format!(
        "statement      {} (version {}), k = {}\ncircuit        {}\nkey digest     {}\nparameters     {}\n",
        header.statement,
        header.version,
        header.k,
        header.circuit,
        key.digest(),
        header.srs.origin
    ));
    print(&text)
}
