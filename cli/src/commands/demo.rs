//! `zomma demo`: the main job on the example book.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zomma_circuits::Statement;
use zomma_circuits::decimal::Decimal;
use zomma_circuits::margin::statement::Margin;
use zomma_circuits::pricing::csv::{Row, read_chain, read_tick};
use zomma_circuits::pricing::native::{DELTA_BITS, GAMMA_BITS, Valuation};
use zomma_circuits::pricing::statements::{Price, PriceInputs};
use zomma_circuits::pricing::{Kind, YEAR};
use zomma_prover::artefact::folder;
use zomma_prover::engine::Engine;
use zomma_prover::prove::prove;
use zomma_prover::transcript::TranscriptKind;
use zomma_prover::verify::verify_folder;

use super::{Failure, Shared};
use crate::error::CliError;
use crate::output::{peak_memory, print};
use crate::progress::Bars;

/// The example book, so that the demo runs from anywhere.
const BOOK: &str = include_str!("../../../examples/book.csv");

/// Arguments of `zomma demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folder for proofs.
    #[arg(long, default_value = "out/demo")]
    pub(crate) out: PathBuf,
    /// What computes: cpu, cpu:portable, cpu:avx512-ifma or halo2-axiom.
    #[arg(long, env = "ZOMMA_BACKEND", default_value = "cpu")]
    backend: String,
    /// Stop after the batch proofs, and neither fold nor settle them.
    #[arg(long)]
    quick: bool,
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
pub(crate) fn run(arguments: &Arguments, shared: &Shared) -> Result<(), Failure> {
    let start = Instant::now();
    let tick = read_tick("1e-8")?;
    let rows = read_chain(BOOK.as_bytes(), &tick)?;
    let timestamp = 1_126_742_400;
    let inputs = PriceInputs { timestamp, options: rows.clone() };
    let values = inputs.values()?;
    print(&chain_table(&rows, &values, &tick))?;

    let engine: Engine = arguments.backend.parse()?;
    print(&format!(
        "Prover: {engine}. The structured reference string is for development only: its secret is public.\n\n"
    ))?;
    let day = super::day::run(&rows, &arguments.out)?;
    let mut jobs = Jobs { arguments, shared, engine: &engine, lines: vec![] };
    jobs.prove::<Price>(Price::NAME, &inputs, format!("{} options", rows.len()))?;
    if let Some(account) = &day.unhealthy {
        jobs.prove::<Margin>(Margin::NAME, account, format!("{} positions", account.account.positions.len()))?;
    }
    let settled = super::settle::prove_batches(&mut jobs, &day)?;
    print(&table(&jobs.lines))?;
    if !arguments.quick {
        super::settle::settle(arguments, shared, &engine, &settled)?;
    }
    let mut text = String::new();
    if let Some(peak) = peak_memory() {
        _ = write!(text, "Peak memory: {:.2} GiB. ", peak as f64 / 1_048_576.0);
    }
    _ = writeln!(
        text,
        "{:.0} s in all. Proofs, instances, keys, contracts: {}",
        start.elapsed().as_secs_f64(),
        arguments.out.display()
    );
    print(&text)
}

fn table(lines: &[Line]) -> String {
    let mut text = format!(
        "{:<10} {:>3} {:<22} {:>8} {:>8} {:>9} {:>7}\n",
        "statement", "k", "what", "keys s", "prove s", "verify s", "bytes"
    );
    for line in lines {
        _ = writeln!(
            text,
            "{:<10} {:>3} {:<22} {:>8.1} {:>8.1} {:>9.2} {:>7}",
            line.statement, line.k, line.what, line.keys, line.prove, line.verify, line.bytes
        );
    }
    text + "\n"
}

/// Proofs of statements, one after the other, each in a folder of its own.
pub(crate) struct Jobs<'a> {
    pub(crate) arguments: &'a Arguments,
    pub(crate) shared: &'a Shared,
    engine: &'a Engine,
    lines: Vec<Line>,
}

impl Jobs<'_> {
    /// Proves a statement in the folder of this name, at the smallest size.
    pub(crate) fn prove<S: Statement>(
        &mut self,
        folder: &str,
        inputs: &S::Inputs,
        what: String,
    ) -> Result<PathBuf, Failure> {
        self.prove_at::<S>(folder, S::k_for(inputs)?, inputs, what)
    }

    /// The same at a size.
    pub(crate) fn prove_at<S: Statement>(
        &mut self,
        folder: &str,
        k: u32,
        inputs: &S::Inputs,
        what: String,
    ) -> Result<PathBuf, Failure> {
        let out = self.arguments.out.join(folder);
        self.lines.push(job::<S>(&out, k, self.shared, self.engine, inputs, what)?);
        Ok(out)
    }
}

fn job<S: Statement>(
    out: &Path,
    k: u32,
    shared: &Shared,
    engine: &Engine,
    inputs: &S::Inputs,
    what: String,
) -> Result<Line, Failure> {
    let bars = Bars::new(shared.quiet);
    bars.note(&format!("{}, k = {k}", S::NAME));
    let start = Instant::now();
    let srs = shared.development_srs(k, &bars)?;
    let (key, _) = shared.keys().get::<S>(&srs, &bars)?;
    let keys = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let rng = ChaCha20Rng::from_entropy();
    let (proof, instance) = prove::<S>(engine, &key, &srs, inputs, TranscriptKind::Poseidon, rng, &bars)?;
    let prove = start.elapsed().as_secs_f64();
    let disclosed = S::disclosure(inputs)?;
    folder::write::<S>(out, key.verifying_key(), &proof, &instance, disclosed.as_ref())?;
    drop((srs, key));
    let start = Instant::now();
    let verdict = verify_folder::<S>(out, &shared.params, false, &bars)?;
    let verify = start.elapsed().as_secs_f64();
    bars.finish();
    let instance = serde_json::to_value(verdict.instance).map_err(|error| CliError::input(out, error))?;
    print(&format!("{}: proof valid; key {}.\n{instance:#}\n\n", S::NAME, verdict.key))?;
    Ok(Line { statement: S::NAME, k, what, keys, prove, verify, bytes: verdict.proof_bytes })
}

/// Calls and puts of a strike side by side, per expiry.
fn chain_table(rows: &[Row], values: &[Valuation], tick: &Decimal) -> String {
    let mut text = String::new();
    let unit: f64 = tick.to_string().parse().unwrap_or(f64::NAN);
    let money = |ticks: f64| ticks * unit;
    for expiry in rows.chunk_by(|a, b| a.expiry_seconds == b.expiry_seconds) {
        let start = rows.iter().position(|row| std::ptr::eq(row, &expiry[0])).unwrap_or(0);
        let years = f64::from(expiry[0].expiry_seconds) / f64::from(YEAR);
        _ = writeln!(text, "Expiry in {years:.2} years, spot {:.2}", money(expiry[0].spot as f64));
        _ = writeln!(
            text,
            "{:>8} {:>7} | {:>14} {:>7} | {:>14} {:>7} | {:>9} {:>9} {:>9} {:>9} {:>9}",
            "strike", "vol %", "call", "delta", "put", "delta", "gamma", "vega", "theta c", "rho c", "rho p"
        );
        for strike in expiry.chunk_by(|a, b| a.strike == b.strike) {
            let offset = strike.iter().position(|row| row.kind == Kind::Call).unwrap_or(0);
            let first = start + expiry.iter().position(|row| std::ptr::eq(row, &strike[0])).unwrap_or(0);
            let (call, put) = (&values[first + offset], &values[first + 1 - offset]);
            let delta = |value: &Valuation| value.delta as f64 / 2f64.powi(DELTA_BITS as i32);
            _ = writeln!(
                text,
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
        text.push('\n');
    }
    text
}
