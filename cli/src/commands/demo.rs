//! `zomma demo`: the main job on the example book.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zomma_circuits::Statement;
use zomma_circuits::decimal::Decimal;
use zomma_circuits::pricing::csv::{Row, read_chain, read_tick};
use zomma_circuits::pricing::native::{DELTA_BITS, GAMMA_BITS, Valuation};
use zomma_circuits::pricing::scenario::{SCENARIOS, ScenarioSet};
use zomma_circuits::pricing::statements::{Price, PriceInputs, Risk, RiskInputs};
use zomma_circuits::pricing::{Kind, YEAR};
use zomma_prover::artefact::folder;
use zomma_prover::engine::Engine;
use zomma_prover::progress::Progress;
use zomma_prover::prove::prove;
use zomma_prover::transcript::TranscriptKind;
use zomma_prover::verify::verify_folder;

use super::proofs::{engine, key};
use super::{Failure, Folders};
use crate::progress::Bars;

/// The example book, so that the demo runs from anywhere.
const BOOK: &str = include_str!("../../../examples/book.csv");

/// Arguments of `zomma demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folder for proofs.
    #[arg(long, default_value = "out/demo")]
    out: PathBuf,
    /// Prover; the best one of this machine when left out.
    #[arg(long)]
    backend: Option<String>,
    #[command(flatten)]
    folders: Folders,
}

/// What proving one statement took.
struct Line {
    statement: &'static str,
    k: u32,
    what: String,
    keys: f64,
    prove: f64,
    verify: f64,
    bytes: usize,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let tick = read_tick("1e-8")?;
    let rows = read_chain(BOOK.as_bytes(), &tick)?;
    let timestamp = 1_126_742_400;
    let inputs = PriceInputs { timestamp, options: rows.clone() };
    let values = inputs.values()?;
    print_chain(&rows, &values, &tick);

    let engine = engine(arguments.backend.as_deref())?;
    println!("Prover: {engine}. The structured reference string is for development only: its secret is public.\n");
    let (risk, _) = RiskInputs::from_chain(&rows, timestamp, ScenarioSet::standard());
    let lines = [
        job::<Price>(arguments, &engine, &inputs, format!("{} options", rows.len()))?,
        job::<Risk>(arguments, &engine, &risk, format!("{} scenario prices", rows.len() * SCENARIOS))?,
    ];
    println!(
        "{:<10} {:>3} {:<22} {:>8} {:>8} {:>9} {:>7}",
        "statement", "k", "what", "keys s", "prove s", "verify s", "bytes"
    );
    for line in &lines {
        println!(
            "{:<10} {:>3} {:<22} {:>8.1} {:>8.1} {:>9.2} {:>7}",
            line.statement, line.k, line.what, line.keys, line.prove, line.verify, line.bytes
        );
    }
    if let Some(peak) = peak_memory() {
        println!("\nPeak memory: {peak:.2} GiB. Proofs, instances and verifying keys: {}", arguments.out.display());
    }
    Ok(())
}

fn job<S: Statement>(
    arguments: &Arguments,
    engine: &Engine,
    inputs: &S::Inputs,
    what: String,
) -> Result<Line, Failure> {
    let bars = Bars::new();
    let k = S::k_for(inputs)?;
    bars.stage(&format!("{}: parameters and keys, k = {k}", S::NAME), 0);
    let start = Instant::now();
    let (srs, key, _) = key::<S>(&arguments.folders, k, true, &bars)?;
    let keys = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let rng = ChaCha20Rng::from_entropy();
    let (proof, instance) = prove::<S>(engine, &key, &srs, inputs, TranscriptKind::Poseidon, rng, &bars)?;
    let prove = start.elapsed().as_secs_f64();
    let out = arguments.out.join(S::NAME);
    folder::write::<S>(&out, key.verifying_key(), &proof, &instance)?;
    drop((srs, key));
    let start = Instant::now();
    let verdict = verify_folder::<S>(&out, &arguments.folders.params, false, &bars)?;
    let verify = start.elapsed().as_secs_f64();
    drop(bars);
    println!("{}: proof valid; key {}.", S::NAME, verdict.key);
    println!("{}\n", serde_json::to_string_pretty(&verdict.instance)?);
    Ok(Line { statement: S::NAME, k, what, keys, prove, verify, bytes: verdict.proof_bytes })
}

/// Calls and puts of a strike side by side, per expiry.
fn print_chain(rows: &[Row], values: &[Valuation], tick: &Decimal) {
    let unit: f64 = tick.to_string().parse().unwrap_or(f64::NAN);
    let money = |ticks: f64| ticks * unit;
    for expiry in rows.chunk_by(|a, b| a.expiry_seconds == b.expiry_seconds) {
        let start = rows.iter().position(|row| std::ptr::eq(row, &expiry[0])).unwrap_or(0);
        let years = f64::from(expiry[0].expiry_seconds) / f64::from(YEAR);
        println!("Expiry in {years:.2} years, spot {:.2}", money(expiry[0].spot as f64));
        println!(
            "{:>8} {:>7} | {:>14} {:>7} | {:>14} {:>7} | {:>9} {:>9} {:>9} {:>9} {:>9}",
            "strike", "vol %", "call", "delta", "put", "delta", "gamma", "vega", "theta c", "rho c", "rho p"
        );
        for strike in expiry.chunk_by(|a, b| a.strike == b.strike) {
            let offset = strike.iter().position(|row| row.kind == Kind::Call).unwrap_or(0);
            let first = start + expiry.iter().position(|row| std::ptr::eq(row, &strike[0])).unwrap_or(0);
            let (call, put) = (&values[first + offset], &values[first + 1 - offset]);
            let delta = |value: &Valuation| value.delta as f64 / 2f64.powi(DELTA_BITS as i32);
            println!(
                "{:>8.2} {:>7.2} | {:>14.8} {:>7.4} | {:>14.8} {:>7.4} | {:>9.6} {:>9.3} {:>9.3} {:>9.2} {:>9.2}",
                money(strike[0].strike as f64),
                100.0 * strike[0].vol as f64 / 2f64.powi(zomma_circuits::pricing::RATE_BITS as i32),
                money(call.price as f64),
                delta(call),
                money(put.price as f64),
                delta(put),
                call.gamma as f64 / 2f64.powi(GAMMA_BITS as i32) / unit,
                money(call.vega as f64),
                money(call.theta as f64),
                money(call.rho as f64),
                money(put.rho as f64),
            );
        }
        println!();
    }
}

/// Peak resident memory of this process, GiB, where the kernel tells.
fn peak_memory() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1_048_576.0)
}
