//! `zomma verify`: checks everything about a proof.

use std::path::PathBuf;

use serde_json::json;
use zomma_circuits::{Statement, with_statement};
use zomma_prover::{
    artefact::{Proof, folder::PROOF_BIN},
    verify::{Verdict, verify_folder},
};

use super::{Failure, Shared};
use crate::{error::CliError, output, progress::Bars};

/// Arguments of `zomma verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folder of the proof.
    folder: PathBuf,
    /// Refuse a proof of any other statement.
    #[arg(long, value_name = "NAME")]
    statement: Option<String>,
    /// Take the key that came with the proof as it is if it can be checked neither against a pin nor by making it anew.
    #[arg(long)]
    trust_key: bool,
    /// Print the verdict as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, shared: &Shared) -> Result<(), Failure> {
    let path = arguments.folder.join(PROOF_BIN);
    let name = Proof::inspect(&path)?.header.statement;
    if let Some(expected) = arguments.statement.as_ref().filter(|expected| **expected != name) {
        return Err(CliError::input(path, format!("a proof of {name}, not of {expected}")));
    }
    with_statement!(&name, S => check::<S>(arguments, shared))?
}

fn check<S: Statement>(arguments: &Arguments, shared: &Shared) -> Result<(), Failure> {
    let bars = Bars::new(shared.quiet);
    let verdict = verify_folder::<S>(&arguments.folder, &shared.params, arguments.trust_key, &bars)?;
    bars.finish();
    let Verdict { instance, k, key, origin, proof_bytes } = &verdict;
    let instance = serde_json::to_value(instance).map_err(|error| CliError::input(&arguments.folder, error))?;
    if arguments.json {
        let verdict = json!({
            "valid": true,
            "statement": S::NAME,
            "version": S::VERSION,
            "k": k,
            "key": key.to_string(),
            "origin": origin,
            "development_only": origin.is_development(),
            "proof_bytes": proof_bytes,
            "instance": instance,
        });
        return output::print(&format!("{verdict:#}\n"));
    }
    output::print(&format!(
        "valid: {} (version {}) at k = {k}, proof of {}\nkey         {key}\nparameters  {origin}\ninstance    {instance:#}\n",
        S::NAME,
        S::VERSION,
        output::bytes(*proof_bytes as u64)
    ))
}
