//! `zomma keygen`, `zomma prove`, `zomma verify`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zomma_circuits::pricing::csv::read_tick;
use zomma_circuits::{InputOptions, Statement, with_statement};
use zomma_prover::artefact::{Proof, folder};
use zomma_prover::engine::Engine;
use zomma_prover::keys::{Found, KeyCache, StatementProvingKey};
use zomma_prover::progress::Progress;
use zomma_prover::prove::prove;
use zomma_prover::transcript::TranscriptKind;
use zomma_prover::verify::verify_folder;

use super::{Failure, Folders, risk, srs};
use crate::progress::Bars;

/// Arguments of `zomma keygen`.
#[derive(Debug, clap::Args)]
pub(crate) struct KeygenArguments {
    /// Name of the statement.
    statement: String,
    /// Size; the statement's default when left out.
    #[arg(long)]
    k: Option<u32>,
    #[command(flatten)]
    folders: Folders,
}

/// Arguments of `zomma prove`.
#[derive(Debug, clap::Args)]
pub(crate) struct ProveArguments {
    /// Name of the statement.
    statement: String,
    /// Inputs: an option chain as CSV.
    #[arg(long)]
    input: PathBuf,
    /// Folder for proof, public instance and verifying key.
    #[arg(long)]
    out: PathBuf,
    /// Size; the smallest that holds the inputs when left out.
    #[arg(long)]
    k: Option<u32>,
    /// Prover: `cpu`, `cpu-portable`, `cpu-avx512ifma` or `halo2-axiom`; the best one of this machine when left out.
    #[arg(long)]
    backend: Option<String>,
    #[command(flatten)]
    inputs: InputArguments,
    #[command(flatten)]
    folders: Folders,
}

/// How inputs are read.
#[derive(Debug, clap::Args)]
pub(crate) struct InputArguments {
    /// Unit of prices.
    #[arg(long, default_value = "1e-8")]
    tick: String,
    /// Time of the inputs, seconds of the Unix epoch.
    #[arg(long, default_value_t = 0)]
    timestamp: u64,
    /// Scenario set of risk arrays; the default one when left out.
    #[arg(long)]
    scenarios: Option<PathBuf>,
}

impl InputArguments {
    /// Reads the inputs of a statement.
    pub(crate) fn read<S: Statement>(&self, path: &Path) -> Result<S::Inputs, Failure> {
        let options = InputOptions {
            tick: read_tick(&self.tick)?,
            timestamp: self.timestamp,
            scenarios: risk::scenarios(self.scenarios.as_deref())?,
        };
        let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let file = File::open(path).map_err(|error| named(&error))?;
        Ok(S::read(file, &options).map_err(|error| named(&error))?)
    }
}

/// Arguments of `zomma verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArguments {
    /// Folder that `zomma prove` wrote.
    folder: PathBuf,
    /// Accept a key that cannot be checked: it may have been made for another circuit.
    #[arg(long)]
    trust_key: bool,
    #[command(flatten)]
    folders: Folders,
}

/// Picks the prover.
pub(crate) fn engine(name: Option<&str>) -> Result<Engine, Failure> {
    let variable = std::env::var("ZOMMA_BACKEND").ok();
    Ok(match name.or(variable.as_deref()) {
        Some(name) => name.parse()?,
        None => Engine::default(),
    })
}

/// The proving key of a statement, cached.
pub(crate) fn key<S: Statement>(
    folders: &Folders,
    k: u32,
    make_srs: bool,
    progress: &dyn Progress,
) -> Result<(zomma_prover::srs::Srs, StatementProvingKey<S>, Found), Failure> {
    let srs = srs::load(folders, k, make_srs, progress)?;
    let (key, found) = KeyCache::new(folders.keys()).get::<S>(&srs, progress)?;
    Ok((srs, key, found))
}

/// Runs `zomma keygen`.
pub(crate) fn keygen(arguments: &KeygenArguments) -> Result<(), Failure> {
    with_statement!(&arguments.statement, S => {
        let bars = Bars::new();
        let k = arguments.k.unwrap_or(S::DEFAULT_K);
        let (_, key, found) = key::<S>(&arguments.folders, k, false, &bars)?;
        drop(bars);
        let header = key.header();
        let path = KeyCache::new(arguments.folders.keys()).path(header);
        println!("{} k = {k}: verifying key {}, {:?}, {}", S::NAME, key.verifying_key().digest(), found, path.display());
        Ok(())
    })?
}

/// Runs `zomma prove`.
pub(crate) fn run_prove(arguments: &ProveArguments) -> Result<(), Failure> {
    with_statement!(&arguments.statement, S => {
        let inputs = arguments.inputs.read::<S>(&arguments.input)?;
        let engine = engine(arguments.backend.as_deref())?;
        let needed = S::k_for(&inputs)?;
        let k = arguments.k.unwrap_or(needed);
        let bars = Bars::new();
        let (srs, key, _) = key::<S>(&arguments.folders, k, false, &bars)?;
        let start = Instant::now();
        let (proof, instance) =
            prove::<S>(&engine, &key, &srs, &inputs, TranscriptKind::Poseidon, ChaCha20Rng::from_entropy(), &bars)?;
        let seconds = start.elapsed().as_secs_f64();
        folder::write::<S>(&arguments.out, key.verifying_key(), &proof, &instance)?;
        drop(bars);
        println!("{}: {} bytes, k = {k}, {engine}, {seconds:.1} s", arguments.out.display(), proof.bytes.len());
        Ok(())
    })?
}

/// Runs `zomma verify`.
pub(crate) fn run_verify(arguments: &VerifyArguments) -> Result<(), Failure> {
    let statement = Proof::inspect(&arguments.folder.join("proof.bin"))?.header.statement;
    with_statement!(&statement, S => {
        let bars = Bars::new();
        let verdict = verify_folder::<S>(&arguments.folder, &arguments.folders.params, arguments.trust_key, &bars)?;
        drop(bars);
        println!("valid: {} k = {}, {} bytes", S::NAME, verdict.k, verdict.proof_bytes);
        println!("key: {}", verdict.key);
        println!("structured reference string: {}", verdict.origin);
        println!("{}", serde_json::to_string_pretty(&verdict.instance)?);
        Ok(())
    })?
}
