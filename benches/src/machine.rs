//! What was measured where: machine, build, commit.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};
use zomma_kernels::{CpuBackend, Isa};

/// The place of a measurement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name; `None` where the system does not tell.
    pub processor: Option<String>,
    /// Processors that the system shows.
    pub processors: usize,
    /// Threads that were used.
    pub threads: usize,
    /// Features of the processor that matter here.
    pub features: Vec<String>,
    /// Bytes of memory; `None` where the system does not tell.
    pub memory: Option<u64>,
    /// Operating system and architecture.
    pub system: String,
    /// The compiler.
    pub compiler: Option<String>,
    /// The commit, with `+` behind it if files differ from it; `None` outside a working copy.
    pub commit: Option<String>,
    /// Whether halo2-axiom's field arithmetic is assembly.
    pub assembly: bool,
    /// Backends of ours that can run.
    pub backends: Vec<String>,
}

/// Processor features that decide how fast kernels are.
const FEATURES: [&str; 8] = ["bmi2", "adx", "avx2", "avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512ifma"];

impl Machine {
    /// This machine, this build.
    pub fn here() -> Self {
        let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |name: &str| {
            let line = information.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let flags = field("flags").unwrap_or_default();
        let has = |feature: &&str| flags.split_whitespace().any(|flag| flag == *feature);
        let backends = Isa::ALL.into_iter().filter_map(|isa| CpuBackend::new(isa).ok());
        Self {
            processor: field("model name"),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            threads: rayon::current_num_threads(),
            features: FEATURES.iter().filter(|feature| has(feature)).map(|feature| (*feature).to_owned()).collect(),
            memory: memory(),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            compiler: output(Command::new("rustc").arg("--version")),
            commit: commit(),
            assembly: cfg!(feature = "asm"),
            backends: backends.map(|backend| zomma_kernels::Backend::name(&backend)).collect(),
        }
    }
}

fn memory() -> Option<u64> {
    let information = fs::read_to_string("/proc/meminfo").ok()?;
    let line = information.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

fn commit() -> Option<String> {
    let git = |arguments: &[&str]| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        output(Command::new("git").arg("-C").arg(folder).args(arguments))
    };
    let commit = git(&["rev-parse", "--short=12", "HEAD"]).filter(|commit| !commit.is_empty())?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|files| !files.is_empty());
    Some(if changed { commit + "+" } else { commit })
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
