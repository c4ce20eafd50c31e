//! The comparison: kernels and whole proofs beside other people's, in one process, by turns, outputs compared first.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::BenchError;
use crate::kernels::{self, Comparison};
use crate::machine::Machine;
use crate::msm;
use crate::proofs::{Compare, PeakMemory, ProofComparison, RANGE, Sources, with_subject};

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// log2 of the sizes of transforms.
    pub ntt: Vec<u32>,
    /// log2 of the sizes of multi-scalar multiplications.
    pub msm: Vec<u32>,
    /// log2 of the sizes of vectors.
    pub vectors: Vec<u32>,
    /// Circuits that are proven, and their k.
    pub proofs: Vec<(String, u32)>,
    /// Every competitor runs twice as often; whole proofs a third of it, and once at least.
    pub rounds: usize,
}

impl Plan {
    /// All that is claimed: the sizes of the specification.
    pub fn full() -> Self {
        let proofs = [(RANGE, 14), (RANGE, 16), ("price", 16), ("risk", 16)];
        Self {
            ntt: vec![14, 16, 18, 20],
            msm: vec![14, 16, 18],
            vectors: vec![16],
            proofs: proofs.map(|(name, k)| (name.to_owned(), k)).to_vec(),
            rounds: 6,
        }
    }

    /// A smaller one, for a first look.
    pub fn quick() -> Self {
        Self { ntt: vec![12, 14], msm: vec![12], vectors: vec![12], proofs: vec![(RANGE.to_owned(), 12)], rounds: 2 }
    }
}

/// A run of the comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Where it ran.
    pub machine: Machine,
    /// What was asked for.
    pub plan: Plan,
    /// Kernels.
    pub kernels: Vec<Comparison>,
    /// Whole proofs.
    pub proofs: Vec<ProofComparison>,
}

/// Measures the memory of a proof in a process of its own: circuit, k, prover.
pub type MeasureInChild<'m> = dyn Fn(&str, u32, &str) -> Result<Option<PeakMemory>, BenchError> + 'm;

/// Runs a plan. `say` is told what is being measured.
///
/// # Errors
/// [`BenchError::Differ`] if whole proofs differ; those of the provers.
///
/// # Panics
/// If results of kernels differ.
pub fn run(
    plan: &Plan,
    sources: &Sources<'_>,
    measure_in_child: &MeasureInChild<'_>,
    say: &dyn Fn(&str),
) -> Result<Report, BenchError> {
    let mut report = Report { machine: Machine::here(), plan: plan.clone(), kernels: Vec::new(), proofs: Vec::new() };
    // The largest sizes take long enough to be measured fewer times.
    let rounds = |log_n: u32| if log_n >= 18 { plan.rounds.div_ceil(2) } else { plan.rounds };
    for &log_n in &plan.ntt {
        say(&format!("NTT of 2^{log_n}"));
        report.kernels.push(kernels::ntt(log_n, rounds(log_n)));
    }
    for &log_n in &plan.msm {
        say(&format!("MSM of 2^{log_n}"));
        report.kernels.extend(msm::msm(log_n, rounds(log_n)));
    }
    for &log_n in &plan.vectors {
        say(&format!("vectors of 2^{log_n}"));
        report.kernels.extend(kernels::vectors(log_n, rounds(log_n)));
    }
    for (name, k) in &plan.proofs {
        say(&format!("proofs of {name}, k = {k}"));
        let mut comparison = with_subject(name, *k, sources, Compare { rounds: plan.rounds.div_ceil(3) })?;
        let ours = report.machine.backends.iter().rev().map(String::as_str);
        for prover in ours.chain(["halo2-axiom"]) {
            comparison.memory.extend(measure_in_child(name, *k, prover)?);
        }
        report.proofs.push(comparison);
    }
    Ok(report)
}

/// Reads a report that an earlier run wrote.
///
/// # Errors
/// [`BenchError::Io`], [`BenchError::Report`].
pub fn read(path: &Path) -> Result<Report, BenchError> {
    let text =
        fs::read_to_string(path).map_err(|source| BenchError::Io { action: "read", path: path.to_owned(), source })?;
    serde_json::from_str(&text).map_err(|error| BenchError::Report { path: path.to_owned(), reason: error.to_string() })
}
