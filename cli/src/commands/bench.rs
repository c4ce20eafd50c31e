//! `zomma bench`: options and scenario valuations proven per second; comparison with other provers and kernels.

use std::{fmt::Write as _, path::PathBuf};

use zomma_benches::{
    BenchError,
    compare::{self, Plan, Report},
    folding::{LayerComparison, Layers},
    interleaved::Spread,
    machine::Machine,
    proofs::{MeasureMemory, PeakMemory, Sources, measure_in_child, with_subject},
    report,
    throughput::{Throughput, measure},
    with_workload,
};
use zomma_prover::{
    ProverError,
    accumulate::{Deliveries, Folding, Layer, check_pinned},
    artefact::write_atomically,
};

use super::{Computing, Failure, Shared};
use crate::{
    error::CliError,
    output::{bytes, print, print_json},
    progress::Bars,
};

/// Arguments of `zomma bench`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    throughput: ThroughputArguments,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Kernels and whole proofs beside halo2-axiom's, halo2curves' and arkworks', by turns in one process; writes JSON and a page with plots.
    Compare(CompareArguments),
    /// Leaf, node and wrap of a folding beside halo2-axiom's prover, by turns in one process.
    Fold(FoldArguments),
    /// The peak memory of one proof, as JSON: what `compare` runs in a process of its own.
    #[command(hide = true)]
    Memory(MemoryArguments),
}

#[derive(Debug, clap::Args)]
struct ThroughputArguments {
    /// Statements, with commas between them.
    #[arg(long, value_delimiter = ',', default_value = "price,risk")]
    statement: Vec<String>,
    /// Sizes to try, with commas between them; the best is named.
    #[arg(long, value_delimiter = ',', default_value = "16,17,18")]
    k: Vec<u32>,
    /// Proofs of each, after one that is not counted.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    computing: Computing,
}

#[derive(Debug, clap::Args)]
struct CompareArguments {
    /// Folder for report.json and report.html.
    #[arg(long, default_value = "out/compare", value_name = "DIR")]
    out: PathBuf,
    /// Small sizes, for a first look.
    #[arg(long)]
    quick: bool,
    /// log2 of the sizes of transforms, with commas between them; none with an empty list. So below.
    #[arg(long, value_delimiter = ',', value_name = "LOG")]
    ntt: Option<Vec<u32>>,
    /// log2 of the sizes of multi-scalar multiplications.
    #[arg(long, value_delimiter = ',', value_name = "LOG")]
    msm: Option<Vec<u32>>,
    /// log2 of the sizes of vectors.
    #[arg(long, value_delimiter = ',', value_name = "LOG")]
    vectors: Option<Vec<u32>>,
    /// Circuits that are proven: range, price or risk, each with its k, such as range:14,price:16.
    #[arg(long, value_delimiter = ',', value_parser = subject, value_name = "NAME:K")]
    proofs: Option<Vec<(String, u32)>>,
    /// Nothing but what the options above ask for.
    #[arg(long)]
    only: bool,
    /// Half the number of runs of each competitor; whole proofs run a third as often.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Reports of other builds or machines to show on the page too, such as one of a build with `--features asm`.
    #[arg(long, value_name = "report.json")]
    beside: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct FoldArguments {
    /// Folders of `batch` proofs in their order, two for the node, and of the `risk` proofs that they name.
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Layers, with commas between them.
    #[arg(long, value_delimiter = ',', default_value = "leaf,node,wrap", value_parser = layer)]
    layers: Vec<Layer>,
    /// Runs of each prover, after one in which their proofs are compared.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct MemoryArguments {
    circuit: String,
    k: u32,
    prover: String,
}

fn subject(text: &str) -> Result<(String, u32), String> {
    let (name, k) = text.split_once(':').ok_or("NAME:K is expected, such as range:14")?;
    Ok((name.to_owned(), k.parse().map_err(|_| format!("{k:?} is not a size"))?))
}

fn layer(text: &str) -> Result<Layer, String> {
    let layers = [Layer::Leaf, Layer::Node, Layer::Wrap];
    layers.into_iter().find(|layer| layer.to_string() == text).ok_or_else(|| "there are leaf, node and wrap".to_owned())
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, shared: &Shared) -> Result<(), Failure> {
    let bars = Bars::new(shared.quiet);
    let srs = |k| shared.development_srs(k, &bars).map_err(into_prover).map_err(BenchError::from);
    let sources = Sources { srs: &srs, keys: shared.keys(), progress: &bars };
    match &arguments.verb {
        None => throughput(&arguments.throughput, &sources, &bars),
        Some(Verb::Compare(arguments)) => run_comparison(arguments, shared, &sources, &bars),
        Some(Verb::Fold(arguments)) => fold(arguments, shared, &bars),
        Some(Verb::Memory(MemoryArguments { circuit, k, prover })) => {
            let measured = with_subject(circuit, *k, &sources, MeasureMemory { prover: prover.clone() })?;
            bars.finish();
            print_json(&measured)
        }
    }
}

/// Parameters fail for the prover's reasons only.
fn into_prover(error: CliError) -> ProverError {
    match error {
        CliError::Prover(error) => error,
        other => ProverError::Malformed { field: "parameters".to_owned(), reason: other.to_string() },
    }
}

fn throughput(arguments: &ThroughputArguments, sources: &Sources<'_>, bars: &Bars) -> Result<(), Failure> {
    let (engine, memory) = (arguments.computing.engine()?, arguments.computing.memory_with_caches());
    let mut found = Vec::new();
    for statement in &arguments.statement {
        for &k in &arguments.k {
            let measured = with_workload!(statement, W => {
                measure::<W>(&engine, k, memory, arguments.rounds as usize, sources)
            })?;
            match measured {
                Err(BenchError::Empty { .. }) => bars.note(&format!("{statement}: nothing fits k = {k}")),
                measured => found.push(measured?),
            }
        }
    }
    bars.finish();
    if arguments.json {
        return print_json(&serde_json::json!({ "machine": Machine::here(), "throughput": found }));
    }
    print(&throughput_table(&arguments.statement, &found))
}

fn throughput_table(statements: &[String], found: &[Throughput]) -> String {
    let median = |values: &[f64]| Spread::of(values).map_or(f64::NAN, |spread| spread.median);
    let rate = |throughput: &Throughput| throughput.per_second().map_or(0.0, |spread| spread.median);
    let machine = Machine::here();
    let mut text = format!(
        "{}, {} threads, commit {}\n\n{:<9} {:<18} {:>3} {:>8} {:>9} {:>9} {:>12} {:>8} {:>12}\n",
        machine.processor.unwrap_or_else(|| "unknown processor".to_owned()),
        machine.threads,
        machine.commit.unwrap_or_else(|| "unknown".to_owned()),
        "statement",
        "backend",
        "k",
        "count",
        "wall s",
        "cpu s",
        "per second",
        "bytes",
        "peak memory"
    );
    for each in found {
        _ = writeln!(
            text,
            "{:<9} {:<18} {:>3} {:>8} {:>9.3} {:>9.3} {:>12.1} {:>8} {:>12}",
            each.statement,
            each.timing.name,
            each.k,
            each.work.count,
            median(&each.timing.wall),
            median(&each.timing.cpu),
            rate(each),
            each.proof_bytes,
            each.peak_memory.map_or_else(|| "not measured".to_owned(), bytes),
        );
    }
    text.push('\n');
    for statement in statements {
        let of_statement = found.iter().filter(|each| each.statement == *statement);
        if let Some(best) = of_statement.max_by(|a, b| rate(a).total_cmp(&rate(b))) {
            let (rate, unit, k) = (rate(best), &best.work.unit, best.k);
            _ = writeln!(text, "{statement}: {rate:.1} {unit} proven per second at the best k, {k}");
        }
    }
    text.push_str(
        "\nEach proof: native evaluation, proof and verification; medians. Peak memory is the process's, with key and parameters.\n",
    );
    text
}

fn fold(arguments: &FoldArguments, shared: &Shared, bars: &Bars) -> Result<(), Failure> {
    let deliveries = Deliveries::read(&arguments.folders, &shared.params, false, bars)?;
    let (shape, _) = deliveries.inner.shape()?;
    let folding = Folding::generate(shared.srs(shape.k, bars)?, deliveries.inner.clone(), bars)?;
    check_pinned(folding.verifier(), &shared.params)?;
    let layers = Layers { folding: &folding, leaves: &deliveries.leaves, rounds: arguments.rounds as usize };
    let found = arguments.layers.iter().map(|layer| layers.compare(*layer, bars)).collect::<Result<Vec<_>, _>>()?;
    bars.finish();
    if arguments.json {
        return print_json(&serde_json::json!({ "machine": Machine::here(), "layers": found }));
    }
    print(&layers_table(&found))
}

fn layers_table(layers: &[LayerComparison]) -> String {
    let machine = Machine::here();
    let mut text = format!(
        "{}, {} threads, commit {}\n\n{:<5} {:>3} {:>7} {:>8} {:>10} {:>15} {:>6}\n",
        machine.processor.unwrap_or_else(|| "unknown processor".to_owned()),
        machine.threads,
        machine.commit.unwrap_or_else(|| "unknown".to_owned()),
        "layer",
        "k",
        "advice",
        "rows",
        "cells",
        "cells per proof",
        "bytes"
    );
    for LayerComparison { layer, k, advice, rows, cells, verified, proof_bytes, .. } in layers {
        let per_proof = cells / verified;
        let name = layer.to_string();
        _ = writeln!(text, "{name:<5} {k:>3} {advice:>7} {rows:>8} {cells:>10} {per_proof:>15} {proof_bytes:>6}");
    }
    _ = writeln!(
        text,
        "\n{:<5} {:<18} {:>8} {:>7} {:>8} {:>7} {:>12} {:>12}",
        "layer", "prover", "wall s", "ratio", "cpu s", "ratio", "peak memory", "before"
    );
    let median = |values: &[f64]| Spread::of(values).map_or_else(|| "-".to_owned(), |s| format!("{:.1}", s.median));
    let ratio = |spread: Option<Spread>| spread.map_or_else(|| "-".to_owned(), |s| format!("{:.2}", s.median));
    for layer in layers {
        for timing in &layer.timings {
            let memory = layer.memory.iter().find(|memory| memory.name == timing.name);
            let of = |pick: fn(&PeakMemory) -> u64| memory.map_or("not measured".to_owned(), |m| bytes(pick(m)));
            _ = writeln!(
                text,
                "{:<5} {:<18} {:>8} {:>7} {:>8} {:>7} {:>12} {:>12}",
                layer.layer.to_string(),
                timing.name,
                median(&timing.wall),
                ratio(layer.timings[0].speedup_over(timing)),
                median(&timing.cpu),
                ratio(layer.timings[0].cpu_speedup_over(timing)),
                of(|memory| memory.peak),
                of(|memory| memory.before),
            );
        }
    }
    text.push_str(
        "\nWith halo2-axiom's choices of random numbers our proofs were its proofs, byte for byte. A ratio is how many times longer it takes. Memory is\n\
         this process's, with keys of all layers, parameters and circuit: its peak during a proof, and what was there before.\n",
    );
    text
}

fn run_comparison(
    arguments: &CompareArguments,
    shared: &Shared,
    sources: &Sources<'_>,
    bars: &Bars,
) -> Result<(), Failure> {
    let beside = arguments.beside.iter().map(|path| compare::read(path)).collect::<Result<Vec<_>, _>>()?;
    let mut plan = if arguments.quick { Plan::quick() } else { Plan::full() };
    if arguments.only {
        plan = Plan { ntt: vec![], msm: vec![], vectors: vec![], proofs: vec![], ..plan };
    }
    plan.ntt = arguments.ntt.clone().unwrap_or(plan.ntt);
    plan.msm = arguments.msm.clone().unwrap_or(plan.msm);
    plan.vectors = arguments.vectors.clone().unwrap_or(plan.vectors);
    plan.proofs = arguments.proofs.clone().unwrap_or(plan.proofs);
    plan.rounds = arguments.rounds.map_or(plan.rounds, |rounds| rounds as usize);
    let program = std::env::current_exe().map_err(CliError::io("find this program"))?;
    let in_child = |circuit: &str, k: u32, prover: &str| -> Result<Option<PeakMemory>, BenchError> {
        let folder = |path: &PathBuf| path.display().to_string();
        let arguments = ["--quiet", "--params", &folder(&shared.params), "--cache", &folder(&shared.cache)];
        let verb = ["bench", "memory", circuit, &k.to_string(), prover];
        measure_in_child(&program, &arguments.into_iter().chain(verb).map(str::to_owned).collect::<Vec<_>>())
    };
    let report = compare::run(&plan, sources, &in_child, &|text| bars.note(text))?;
    bars.finish();
    let json = serde_json::to_string_pretty(&report).map_err(|error| CliError::Usage(error.to_string()))?;
    print(&summary(&report))?;
    let reports: Vec<Report> = std::iter::once(report).chain(beside).collect();
    for (name, text) in [("report.json", json + "\n"), ("report.html", report::page(&reports))] {
        write_atomically(&arguments.out.join(name), &[text.as_bytes()])?;
    }
    print(&format!("\nreport      {}\n", arguments.out.join("report.html").display()))
}

/// Ratios on the terminal.
fn summary(report: &Report) -> String {
    let kernels = report.kernels.iter().map(|each| (format!("{}, 2^{}", each.what, each.log_n), &each.timings));
    let proofs = report.proofs.iter().map(|each| (format!("proof of {}, k = {}", each.name, each.k), &each.timings));
    let mut text = String::new();
    for (title, timings) in proofs.chain(kernels) {
        _ = writeln!(text, "\n{title}");
        for timing in timings {
            let milliseconds = |values: &[f64]| {
                Spread::of(values).map_or("not measured".to_owned(), |s| format!("{:.2} ms", s.median * 1e3))
            };
            _ = writeln!(
                text,
                "  {:<32} {:>13} x {:<24} cpu {:>13} x {}",
                timing.name,
                milliseconds(&timing.wall),
                report::ratio(timings[0].speedup_over(timing)),
                milliseconds(&timing.cpu),
                report::ratio(timings[0].cpu_speedup_over(timing)),
            );
        }
    }
    for proof in &report.proofs {
        for phase in &proof.phases {
            let (name, k) = (&proof.name, proof.k);
            _ = writeln!(
                text,
                "{name}, k = {k}: {:<9} {:>9.1} ms, cpu {:>9.1} ms",
                phase.phase,
                1e3 * phase.wall,
                1e3 * phase.cpu
            );
        }
        for memory in &proof.memory {
            let (peak, before) = (report::mebibytes(memory.peak), report::mebibytes(memory.before));
            _ = writeln!(text, "{}, k = {}: {:<24} peak {peak}, {before} before", proof.name, proof.k, memory.name);
        }
    }
    text
}
