//! `zomma accumulate`: many batch proofs into one.

use std::path::{Path, PathBuf};

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zomma_prover::{
    accumulate::{Deliveries, FoldProof, Folding, Tree, check_pinned},
    artefact::{Public, write_atomically},
    engine::Engine,
    progress::Progress,
    verify::KeyTrust,
};

use super::{Failure, Shared};
use crate::{
    error::CliError,
    output::{bytes, print},
    progress::Bars,
};

/// What was disclosed of the batches that a folder's proofs are of.
pub(crate) const BATCHES_JSON: &str = "batches.json";

/// Arguments of `zomma accumulate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folders of `batch` proofs in their order, and of the `risk` proofs that they name in any.
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Folder for the folded proofs. What it holds of the same batches is used: a run that was cut off goes on.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Stop at the folded proof, and do not wrap it for the EVM.
    #[arg(long)]
    no_wrap: bool,
    /// Take the keys that came with the proofs as they are if they can be checked neither against a pin nor by making them anew.
    #[arg(long)]
    trust_key: bool,
    /// Refuse parameters that are for development only.
    #[arg(long)]
    production: bool,
    /// What computes: cpu, cpu:portable, cpu:avx512-ifma or halo2-axiom.
    #[arg(long, env = "ZOMMA_BACKEND", default_value = "cpu")]
    backend: String,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, shared: &Shared) -> Result<(), Failure> {
    let bars = Bars::new(shared.quiet);
    let engine: Engine = arguments.backend.parse()?;
    let deliveries = Deliveries::read(&arguments.folders, &shared.params, arguments.trust_key, &bars)?;
    bars.stage("laying the leaf out", 0);
    let (shape, _) = deliveries.inner.shape()?;
    let srs = shared.srs(shape.k, &bars)?;
    if arguments.production {
        srs.id().origin.check_production()?;
    }
    let folding = Folding::generate(srs, deliveries.inner.clone(), &bars)?;
    let trust = check_pinned(folding.verifier(), &shared.params)?;
    let proof = fold(&folding, &engine, &deliveries, &arguments.out, !arguments.no_wrap, &bars)?;
    bars.finish();
    print(&summary(&folding, trust, &proof, &arguments.out)?)
}

/// Folds into a folder, and wraps if that is asked for; the last proof.
pub(crate) fn fold(
    folding: &Folding,
    engine: &Engine,
    deliveries: &Deliveries,
    out: &Path,
    wrap: bool,
    bars: &Bars,
) -> Result<FoldProof, Failure> {
    let tree = Tree::open(folding, engine, out)?;
    let batches = serde_json::to_string_pretty(&deliveries.disclosures)
        .map_err(|error| CliError::input(out.join(BATCHES_JSON), error))?;
    write_atomically(&out.join(BATCHES_JSON), &[batches.as_bytes(), b"\n"])?;
    let mut rng = ChaCha20Rng::from_entropy();
    let folded = tree.fold(&deliveries.leaves, &mut rng, bars)?;
    Ok(if wrap { tree.wrap(&deliveries.leaves, &mut rng, bars)? } else { folded })
}

/// What a folded proof claims.
fn summary(folding: &Folding, trust: KeyTrust, proof: &FoldProof, out: &Path) -> Result<String, Failure> {
    let claim = proof.claim()?;
    let verifier = folding.verifier();
    Ok(format!(
        "folded      {} ({} of {} batches, {})\nold root    {}\nnew root    {}\ncontexts    {}\nkeys        {}, {} (file {})\nparameters  {}\n",
        out.display(),
        proof.layer,
        claim.batches,
        bytes(proof.proof.proof.len() as u64),
        Public(claim.old_root),
        Public(claim.new_root),
        Public(claim.contexts),
        Public(verifier.digests().all()),
        if trust == KeyTrust::Pinned { "pinned" } else { "not pinned" },
        verifier.digest(),
        verifier.header().srs.origin,
    ))
}
