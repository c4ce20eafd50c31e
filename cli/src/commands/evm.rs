//! `zomma evm`: the verifier contract of a folding, what it is called with, and a call of it in this process.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};
use zomma_circuits::batch::Disclosure;
use zomma_prover::{
    ProverError,
    accumulate::{FoldProof, FoldVerifier, KEYS_FILE, Layer, trust_fold},
    artefact::{Public, write_atomically},
    evm::{
        Compiler, MAX_CODE, Machine, VerifierSource,
        abi::field_word,
        calldata,
        settlement::{SettledBatch, settle_calldata},
    },
};

use super::{Failure, Shared, accumulate::BATCHES_JSON};
use crate::{
    error::CliError,
    input::read_json,
    output::{print, print_json},
    progress::Bars,
};

/// The file of a verifier's code.
const CODE_JSON: &str = "verifier.json";

/// Verbs of `zomma evm`.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Write the verifier contract of a folding: its code, ready to deploy, and its source.
    Verifier {
        /// Folder of folded proofs.
        folder: PathBuf,
        /// Folder for the contract.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Compile the source with this solc instead of assembling it.
        #[arg(long, value_name = "COMMAND")]
        solc: Option<PathBuf>,
        /// Take the keys in the folder as they are if they are not pinned and cannot be made anew.
        #[arg(long)]
        trust_keys: bool,
        /// Refuse keys made with parameters that are for development only.
        #[arg(long)]
        production: bool,
    },
    /// Print what contracts are called with to accept a wrapped proof.
    Calldata {
        /// The file of a wrapped proof.
        proof: PathBuf,
        /// Print the generated verifier's calldata alone, in hex.
        #[arg(long, conflicts_with = "settle")]
        hex: bool,
        /// Print the settlement contract's calldata alone, in hex.
        #[arg(long)]
        settle: bool,
    },
    /// Verify a wrapped proof by its generated contract in an EVM in this process.
    Verify {
        /// The file of a wrapped proof.
        proof: PathBuf,
        /// Print the outcome as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command.
pub(crate) fn run(verb: &Verb, shared: &Shared) -> Result<(), Failure> {
    match verb {
        Verb::Verifier { folder, out, solc, trust_keys, production } => {
            let keys = FoldVerifier::read(&folder.join(KEYS_FILE))?;
            if *production {
                keys.header().srs.origin.check_production()?;
            }
            verifier(&keys, out, solc.as_deref(), *trust_keys, shared)
        }
        Verb::Calldata { proof, hex, settle } => print_calldata(proof, *hex, *settle),
        Verb::Verify { proof, json } => verify(proof, *json),
    }
}

fn verifier(
    keys: &FoldVerifier,
    out: &Path,
    solc: Option<&Path>,
    trust_keys: bool,
    shared: &Shared,
) -> Result<(), Failure> {
    let bars = Bars::new(shared.quiet);
    let trust = trust_fold(keys, &shared.params, trust_keys, &bars)?;
    bars.finish();
    let source = VerifierSource::generate(keys.key(Layer::Wrap))?;
    let code = match solc {
        Some(command) => source.compile(&Compiler::new(command))?,
        None => source.assemble()?,
    };
    let sizes = runtime_sizes(&code)?;
    std::fs::create_dir_all(out).map_err(CliError::io(format!("make {}", out.display())))?;
    for (index, part) in source.parts(code.len())?.iter().enumerate() {
        write_atomically(&out.join(format!("Halo2Verifier{}.sol", index + 1)), &[part.as_bytes()])?;
    }
    let proof_length = keys.key(Layer::Wrap).proof_len(Layer::Wrap.transcript());
    let json = json!({
        "keys": Public(keys.digests().all()),
        "keys_file": keys.digest().to_string(),
        "proof_length": proof_length,
        "runtime_sizes": sizes,
        "creation": code.iter().map(|part| hex_of(part)).collect::<Vec<_>>(),
        "development_only": keys.header().srs.origin.is_development(),
    });
    write_atomically(&out.join(CODE_JSON), &[format!("{json:#}\n").as_bytes()])?;
    let list: Vec<String> = sizes.iter().map(usize::to_string).collect();
    print(&format!(
        "verifier    {} ({} contracts of {} bytes; at most {MAX_CODE} each)\nproofs      {proof_length} bytes\nkeys        {}, {trust}\nparameters  {}\n",
        out.display(),
        code.len(),
        list.join(" and "),
        Public(keys.digests().all()),
        keys.header().srs.origin,
    ))
}

/// Bytes of the contracts that code deploys: as an EVM has them.
fn runtime_sizes(code: &[Vec<u8>]) -> Result<Vec<usize>, ProverError> {
    let mut machine = Machine::default();
    machine.deploy_parts(code)?;
    Ok(sizes(&machine))
}

/// The first part is deployed last.
fn sizes(machine: &Machine) -> Vec<usize> {
    machine.code_sizes().into_iter().rev().collect()
}

/// A wrapped proof.
fn wrapped(path: &Path) -> Result<FoldProof, Failure> {
    let (_, proof) = FoldProof::inspect(path)?;
    if proof.layer != Layer::Wrap {
        return Err(CliError::input(path, format!("a proof of a {}, not of a wrap", proof.layer)));
    }
    Ok(proof)
}

fn hex_of(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn print_calldata(path: &Path, hex_only: bool, settle_only: bool) -> Result<(), Failure> {
    let FoldProof { proof, .. } = wrapped(path)?;
    let data = hex_of(&calldata(&proof));
    if hex_only {
        return print(&format!("{data}\n"));
    }
    let batches: Vec<Disclosure> = read_json(&path.with_file_name(BATCHES_JSON))?;
    let settled: Vec<SettledBatch> = batches.iter().map(SettledBatch::from).collect();
    let instances: Vec<_> = proof.instance.iter().map(field_word).collect();
    let settle = hex_of(&settle_calldata(&instances, &proof.proof, &settled));
    if settle_only {
        return print(&format!("{settle}\n"));
    }
    let words = |words: &[[u8; 32]]| words.iter().map(|word| hex_of(word)).collect::<Vec<_>>();
    let json: Value = json!({
        "instances": words(&instances),
        "proof": hex_of(&proof.proof),
        "contexts": settled.iter().map(|batch| words(&batch.context)).collect::<Vec<_>>(),
        "payments": settled.iter().map(|batch| &batch.payments).collect::<Vec<_>>(),
        "verifier_calldata": data,
        "settle_calldata": settle,
    });
    print_json(&json)
}

fn verify(path: &Path, as_json: bool) -> Result<(), Failure> {
    let FoldProof { proof, .. } = wrapped(path)?;
    let keys = FoldVerifier::read(&path.with_file_name(KEYS_FILE))?;
    let code = VerifierSource::generate(keys.key(Layer::Wrap))?.assemble()?;
    let mut machine = Machine::default();
    let verifier = machine.deploy_parts(&code)?;
    let sizes = sizes(&machine);
    let data = calldata(&proof);
    let outcome = machine.call(verifier, &data)?;
    if !outcome.success {
        return Err(CliError::input(path, format!("the contract refuses the proof, after {} gas", outcome.gas)));
    }
    if as_json {
        return print_json(&json!({
            "accepted": true,
            "gas": outcome.gas,
            "calldata_bytes": data.len(),
            "runtime_sizes": sizes,
            "keys": Public(keys.digests().all()),
        }));
    }
    print(&format!(
        "accepted: {} gas, {} bytes of calldata; contracts of {sizes:?} bytes\nkeys        {} (as the folder has them)\n",
        outcome.gas,
        data.len(),
        Public(keys.digests().all()),
    ))
}
