//! `zomma prove`: from inputs to a folder with a proof.

use std::path::PathBuf;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zomma_circuits::{Statement, with_statement};
use zomma_prover::{
    artefact::folder,
    keys::check_size,
    prove::{StatementProver, check_memory},
    transcript::TranscriptKind,
};

use super::{Computing, Failure, Shared};
use crate::{input::Source, output, progress::Bars};

/// Arguments of `zomma prove`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The statement.
    statement: String,
    #[command(flatten)]
    source: Source,
    /// Folder for the proof; one that holds an earlier proof is replaced.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Size: 2^k rows. By default the smallest that holds the inputs.
    #[arg(long)]
    k: Option<u32>,
    /// How challenges are drawn: poseidon, blake2b or keccak.
    #[arg(long, default_value_t)]
    transcript: TranscriptKind,
    #[command(flatten)]
    computing: Computing,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, shared: &Shared) -> Result<(), Failure> {
    with_statement!(&arguments.statement, S => make::<S>(arguments, shared))?
}

fn make<S: Statement>(arguments: &Arguments, shared: &Shared) -> Result<(), Failure> {
    let bars = Bars::new(shared.quiet);
    let (engine, memory) = (arguments.computing.engine()?, arguments.computing.memory());
    let inputs = arguments.source.read::<S>()?;
    let k = arguments.k.map_or_else(|| S::k_for(&inputs), Ok)?;
    check_size::<S>(k)?;
    check_memory::<S>(&engine, k, memory)?;
    let srs = shared.srs(k, &bars)?;
    let (key, _) = shared.keys().get::<S>(&srs, &bars)?;
    let prover = StatementProver::new(&engine, &key, &srs, memory)?;
    let (proof, instance) = prover.prove(&inputs, arguments.transcript, ChaCha20Rng::from_entropy(), &bars)?;
    let disclosed = S::disclosure(&inputs)?;
    folder::write(&arguments.out, key.verifying_key(), &proof, &instance, disclosed.as_ref())?;
    bars.finish();
    output::print(&format!(
        "proof       {} ({}, {} transcript, {})\nstatement   {} (version {}), k = {k}\nkey digest  {}\nparameters  {}\n",
        arguments.out.display(),
        output::bytes(proof.bytes.len() as u64),
        proof.header.transcript,
        proof.header.backend,
        S::NAME,
        S::VERSION,
        proof.header.verifying_key,
        proof.header.srs.origin
    ))
}
