//! `zomma verify`: checks everything about a proof.

use std::path::PathBuf;

use serde_json::json;
use zomma_circuits::{Statement, with_statement};
use zomma_prover::{
    accumulate::{FoldVerdict, verify_fold},
    artefact::{Proof, Public, folder::PROOF_BIN},
    verify::{Verdict, verify_folder},
};

use super::{Failure, Shared};
use crate::{error::CliError, output, progress::Bars};

/// Arguments of `zomma verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folder of the proof, or the file of a folded one.
    folder: PathBuf,
    /// Refuse a proof of any other statement.
    #[arg(long, value_name = "NAME")]
    statement: Option<String>,
    /// Take the key that came with the proof as it is if it can be checked neither against a pin nor by making it anew.
    #[arg(long)]
    trust_key: bool,
    /// Refuse proofs made with parameters that are for development only.
    #[arg(long)]
    production: bool,
    /// Print the verdict as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, shared: &Shared) -> Result<(), Failure> {
    if arguments.folder.is_file() {
        return check_fold(arguments, shared);
    }
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
    if arguments.production {
        verdict.origin.check_production()?;
    }
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

fn check_fold(arguments: &Arguments, shared: &Shared) -> Result<(), Failure> {
    let path = &arguments.folder;
    if let Some(expected) = &arguments.statement {
        return Err(CliError::input(path, format!("a file of a folded proof, not one of {expected}")));
    }
    let bars = Bars::new(shared.quiet);
    let verdict = verify_fold(path, &shared.params, arguments.trust_key, &bars)?;
    bars.finish();
    let FoldVerdict { header, claim, keys, keys_digest, proof_bytes } = &verdict;
    let origin = &header.srs.origin;
    if arguments.production {
        origin.check_production()?;
    }
    let [old_root, new_root, contexts, digest] =
        [claim.old_root, claim.new_root, claim.contexts, *keys_digest].map(Public);
    if arguments.json {
        let verdict = json!({
            "valid": true,
            "layer": header.layer,
            "k": header.srs.k,
            "key": keys.to_string(),
            "keys": digest,
            "origin": origin,
            "development_only": origin.is_development(),
            "proof_bytes": proof_bytes,
            "batches": claim.batches,
            "old_root": old_root,
            "new_root": new_root,
            "contexts": contexts,
        });
        return output::print(&format!("{verdict:#}\n"));
    }
    output::print(&format!(
        "valid: {} of {} batches at k = {}, proof of {}, pairings of all below included\nkeys        {digest}, {keys}\n\
         parameters  {origin}\nold root    {old_root}\nnew root    {new_root}\ncontexts    {contexts}\n",
        header.layer,
        claim.batches,
        header.srs.k,
        output::bytes(*proof_bytes as u64)
    ))
}
