//! `cargo run -p zomma-fuzz`: runs every target on mutated valid inputs for a fixed time. What fails is kept under `fuzz/artifacts`.
#![forbid(unsafe_code)]

use std::{
    fs, panic,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use sha2::{Digest, Sha256};
use zomma_fuzz::{TARGETS, Target, mutate::Mutator};

/// Peak memory beyond which something was allocated because a file said so.
const MAX_MEMORY_KIB: u64 = 2 << 20;

#[derive(Parser)]
#[command(about = "Runs the fuzz targets on mutated valid inputs")]
struct Arguments {
    /// Seconds for all targets together.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// What the mutations are drawn from.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Only this target.
    #[arg(long)]
    target: Option<String>,
    /// Run this input instead of mutations; needs --target.
    #[arg(long, requires = "target")]
    replay: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let chosen: Vec<&Target> =
        TARGETS.iter().filter(|target| arguments.target.as_deref().is_none_or(|name| name == target.name)).collect();
    if chosen.is_empty() {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("error: no such target; there are: {}", names.join(", "));
        return ExitCode::FAILURE;
    }
    if let Some(path) = &arguments.replay {
        return replay(chosen[0], path);
    }
    let budget = Duration::from_secs(arguments.seconds) / chosen.len() as u32;
    let mut failed = false;
    for target in chosen {
        failed |= !fuzz(target, arguments.seed, budget);
    }
    if let Some(peak) = peak_memory().filter(|peak| *peak > MAX_MEMORY_KIB) {
        eprintln!("error: {peak} KiB of memory were used: some reader allocates what a file asks for");
        failed = true;
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Runs one target for some time; `false` if it failed.
fn fuzz(target: &Target, seed: u64, budget: Duration) -> bool {
    let seeds = (target.seeds)();
    let mut mutator = Mutator::new(seed, &seeds);
    let start = Instant::now();
    let mut runs = 0u64;
    while start.elapsed() < budget {
        let input = mutator.input();
        runs += 1;
        if panic::catch_unwind(|| (target.run)(&input)).is_err() {
            match keep(target, &input) {
                Ok(path) => eprintln!(
                    "error: {} fails after {runs} inputs; once more: \
                     cargo run -p zomma-fuzz -- --target {} --replay {}",
                    target.name,
                    target.name,
                    path.display()
                ),
                Err(error) => eprintln!("error: {} fails, and its input cannot be kept: {error}", target.name),
            }
            return false;
        }
    }
    println!("{:<14} {runs:>9} inputs in {:>5.1} s, seed {seed}: ok", target.name, start.elapsed().as_secs_f64());
    true
}

fn keep(target: &Target, input: &[u8]) -> std::io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("artifacts");
    fs::create_dir_all(&folder)?;
    let name: String = Sha256::digest(input).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let path = folder.join(format!("{}-{name}", target.name));
    fs::write(&path, input)?;
    Ok(path)
}

fn replay(target: &Target, path: &Path) -> ExitCode {
    match fs::read(path) {
        Ok(input) => {
            (target.run)(&input);
            println!("{}: ok", target.name);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: cannot read {}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}

/// The most memory that this process has had, in KiB, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
