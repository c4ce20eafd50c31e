//! The demonstration's settlement: the day's batches proven, folded, wrapped, and accepted by the contract in an EVM in this process.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use zomma_circuits::{
    batch::Batch,
    exchange::day::{BATCH_K, CHAIN, Day, RISK_K, SettledDay},
    margin::SCENARIOS,
    pricing::statements::Risk,
    state::batch::CONTEXT_WORDS,
};
use zomma_prover::{
    accumulate::{Deliveries, FoldProof, Folding, Inner, KEYS_FILE, Layer, check_pinned},
    artefact::{Public, folder::Delivered, write_atomically},
    engine::Engine,
    evm::{
        MAX_CODE, Machine, VerifierSource,
        abi::field_word,
        calldata as verifier_calldata,
        settlement::{SettledBatch, Settlement, Setup, accepted, reason, settle_calldata},
    },
    progress::Progress,
};

use super::{
    Failure, Shared,
    accumulate::fold,
    demo::{Arguments, Jobs},
    exchange::write_lines,
};
use crate::{error::CliError, output::print, progress::Bars};

/// Where folded proofs and contracts go.
const FOLD: &str = "fold";
const EVM: &str = "evm";
/// Seconds by which the marks of a batch may lie behind when it is settled.
const MAX_AGE: u64 = 86_400;

/// What is to be folded and settled.
pub(crate) struct ProvenDay {
    day: SettledDay,
    params_hash: halo2curves::bn256::Fr,
    /// Folders of the proofs.
    folders: Vec<PathBuf>,
}

/// Proves the risk arrays of the day and its batches. Batches name the circuits that prove them, so that keys come first.
pub(crate) fn prove_batches(jobs: &mut Jobs<'_>, day: &Day) -> Result<ProvenDay, Failure> {
    let risks = day.settled(Default::default())?.risks;
    let mut folders = vec![];
    for (index, marks) in risks.iter().enumerate() {
        let what = format!("{} scenario prices", marks.listings.len() * SCENARIOS);
        let name = format!("risk-{}", index + 1);
        // So that they can be proven by hand: nothing else writes them.
        write_lines(Some(&jobs.arguments.out.join(format!("{name}.json"))), std::slice::from_ref(marks))?;
        folders.push(jobs.prove_at::<Risk>(&name, RISK_K, marks, what)?);
    }
    let first = folders.first().ok_or_else(|| CliError::Usage("the day has no marks".to_owned()))?;
    let bars = Bars::new(jobs.shared.quiet);
    let srs = jobs.shared.development_srs(BATCH_K, &bars)?;
    let (key, _) = jobs.shared.keys().get::<Batch>(&srs, &bars)?;
    let inner = Inner::of(key.verifying_key(), &Delivered::<Risk>::read(first)?.key);
    bars.finish();
    drop((srs, key));
    let settled = day.settled(inner.digest())?;
    let mut batches = vec![];
    for (index, batch) in settled.batches.iter().enumerate() {
        let what = format!("{} transactions", batch.transactions.len());
        batches.push(jobs.prove_at::<Batch>(&format!("batch-{}", index + 1), BATCH_K, batch, what)?);
    }
    batches.extend(folders);
    Ok(ProvenDay { day: settled, params_hash: day.params.hash(), folders: batches })
}

/// Folds the batches, and settles them.
pub(crate) fn settle(
    arguments: &Arguments,
    shared: &Shared,
    engine: &Engine,
    proven: &ProvenDay,
) -> Result<(), Failure> {
    let bars = Bars::new(shared.quiet);
    let out = arguments.out.join(FOLD);
    if out.join(KEYS_FILE).exists() {
        // Of an earlier run: its proofs would be taken for this one's.
        fs::remove_dir_all(&out).map_err(CliError::io(format!("remove {}", out.display())))?;
    }
    let deliveries = Deliveries::read(&proven.folders, &shared.params, false, &bars)?;
    let (shape, _) = deliveries.inner.shape()?;
    let srs = shared.development_srs(shape.k, &bars)?;
    let folding = Folding::generate(srs, deliveries.inner.clone(), &bars)?;
    check_pinned(folding.verifier(), &shared.params)?;
    let proof = fold(&folding, engine, &deliveries, &out, true, &bars)?;
    bars.stage("verifier contract", 0);
    let code = VerifierSource::generate(folding.verifier().key(Layer::Wrap))?.assemble()?;
    bars.finish();
    print(&layers(&folding, &proof, &bars.times()))?;
    print(&in_an_evm(&arguments.out.join(EVM), proven, &deliveries, &proof, &code)?)
}

/// What each layer took.
fn layers(folding: &Folding, proof: &FoldProof, times: &[(String, Duration)]) -> String {
    let verifier = folding.verifier();
    let mut text = format!("{:<34} {:>8} {:>7}\n", format!("folding, k = {}", verifier.shape().k), "s", "bytes");
    let mut rest = Duration::ZERO;
    for (name, time) in times {
        let proven = [Layer::Leaf, Layer::Node, Layer::Wrap].into_iter().find(|layer| {
            let layer = layer.to_string();
            *name == layer || name.starts_with(&(layer + " of "))
        });
        let bytes = match proven {
            Some(layer) => verifier.key(layer).proof_len(layer.transcript()).to_string(),
            None if name.starts_with("key of the ") => String::new(),
            None => {
                rest += *time;
                continue;
            }
        };
        _ = writeln!(text, "{name:<34} {:>8.1} {bytes:>7}", time.as_secs_f64());
    }
    _ = writeln!(text, "{:<34} {:>8.1}", "parameters, checks, contract", rest.as_secs_f64());
    let batches = proof.claim().map(|claim| claim.batches).unwrap_or_default();
    _ = writeln!(text, "\n{batches} batches in one proof of {} bytes.\n", proof.proof.proof.len());
    text
}

/// Deploys everything, makes the deposits, submits, and tries what must be refused.
fn in_an_evm(
    out: &Path,
    proven: &ProvenDay,
    deliveries: &Deliveries,
    proof: &FoldProof,
    code: &[Vec<u8>],
) -> Result<String, Failure> {
    let ProvenDay { day, params_hash, .. } = proven;
    let claim = proof.claim()?;
    let start = Instant::now();
    let setup = Setup {
        genesis_root: day.genesis.root(),
        genesis_sequence: day.genesis.seq,
        params_hash: *params_hash,
        keys: claim.keys,
        max_age: MAX_AGE,
        proof_length: proof.proof.proof.len() as u64,
    };
    let last = deliveries.disclosures.last().map_or(0, |batch| batch.context.window.1);
    let mut contract = Settlement::deploy(Machine::new(CHAIN, last + 60), code, &setup)?;
    // The verifier's parts are deployed before everything else, the last one first.
    let sizes: Vec<usize> = contract.machine.code_sizes()[..code.len()].iter().rev().copied().collect();
    for deposit in &day.deposits {
        contract.deposit(deposit.owner, deposit.account, deposit.amount)?;
    }
    let instances: Vec<_> = proof.proof.instance.iter().map(field_word).collect();
    let batches: Vec<SettledBatch> = deliveries.disclosures.iter().map(SettledBatch::from).collect();
    let calldata = settle_calldata(&instances, &proof.proof.proof, &batches);
    fs::create_dir_all(out).map_err(CliError::io(format!("make {}", out.display())))?;
    let hex = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
    let json = serde_json::json!({
        "verifier": code.iter().map(|part| hex(part)).collect::<Vec<_>>(),
        "settle_calldata": hex(&calldata),
    });
    write_atomically(&out.join("settlement.json"), &[format!("{json:#}\n").as_bytes()])?;

    let mut text = format!(
        "Settlement on an EVM in this process. Contracts of the verifier: {sizes:?} bytes (at most {MAX_CODE}), {} deposits in the queue.\n",
        day.deposits.len()
    );
    let data = verifier_calldata(&proof.proof);
    let mut machine = Machine::default();
    let verifier = machine.deploy_parts(code)?;
    let alone = accepted(machine.call(verifier, &data)?)?;
    _ = writeln!(text, "- accepted by the verifier alone: {} gas, {} bytes of calldata.", alone.gas, data.len());
    for (name, data) in tampered(&instances, &proof.proof.proof, &batches) {
        let outcome = contract.settle(&data)?;
        if outcome.success {
            return Err(CliError::Usage(format!("the contract accepts {name}")));
        }
        _ = writeln!(text, "- refused: {name} ({})", reason(&outcome.output));
    }
    let outcome = accepted(contract.settle(&calldata)?)?;
    let root = contract.state_root()?;
    if root != field_word(&claim.new_root) {
        return Err(CliError::Usage("the contract's state root has not advanced".to_owned()));
    }
    _ = writeln!(
        text,
        "- accepted: {} batches with {} gas and {} bytes of calldata; the state root is now {}.",
        claim.batches,
        outcome.gas,
        calldata.len(),
        Public(claim.new_root)
    );
    let again = contract.settle(&calldata)?;
    _ = writeln!(text, "- refused: the same again ({}).", reason(&again.output));
    _ = writeln!(text, "The machine took {:.2} s.\n", start.elapsed().as_secs_f64());
    Ok(text)
}

/// Submissions that must be refused.
fn tampered(instances: &[[u8; 32]], proof: &[u8], batches: &[SettledBatch]) -> Vec<(&'static str, Vec<u8>)> {
    const NEW_ROOT: usize = 13;
    let mut flipped = proof.to_vec();
    flipped[100] ^= 1;
    let longer = [proof, &[0]].concat();
    let mut forged = instances.to_vec();
    forged[NEW_ROOT][31] ^= 1;
    let mut swapped = batches.to_vec();
    swapped.reverse();
    let mut richer = batches.to_vec();
    richer[0].context[CONTEXT_WORDS - 4][31] ^= 1;
    vec![
        ("a byte of the proof changed", settle_calldata(instances, &flipped, batches)),
        ("a byte behind the proof", settle_calldata(instances, &longer, batches)),
        ("another new root", settle_calldata(&forged, proof, batches)),
        ("batches out of order", settle_calldata(instances, proof, &swapped)),
        ("other deposits", settle_calldata(instances, proof, &richer)),
    ]
}
