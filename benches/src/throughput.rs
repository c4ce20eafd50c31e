//! How much is proven in a second: everything that a prover does, from inputs to a verified proof.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};
use zomma_prover::engine::Engine;
use zomma_prover::plonk::Memory;
use zomma_prover::prove::StatementProver;
use zomma_prover::transcript::TranscriptKind;

use crate::BenchError;
use crate::clock::{peak_memory, reset_peak_memory, time};
use crate::interleaved::{Spread, Timing};
use crate::proofs::{Sources, Work};
use crate::workload::{Workload, full};

/// What one prover proves at one size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Throughput {
    /// The statement.
    pub statement: String,
    /// There are 2^k rows.
    pub k: u32,
    /// What each proof is about: as much as fits.
    pub work: Work,
    /// Length of a proof.
    pub proof_bytes: usize,
    /// Seconds of each proof: native evaluation, proof, verification. The prover's name is that of its backend.
    pub timing: Timing,
    /// Most bytes that the process had in memory, key and parameters included; `None` where the system does not tell.
    pub peak_memory: Option<u64>,
}

impl Throughput {
    /// What is proven per second of elapsed time.
    pub fn per_second(&self) -> Option<Spread> {
        let rates: Vec<f64> = self.timing.wall.iter().map(|seconds| self.work.count as f64 / seconds).collect();
        Spread::of(&rates)
    }
}

/// Proves a statement that is full at `k`, `rounds` times after one proof that warms up and is not counted.
///
/// The key is prepared once, as a prover that stays would.
///
/// # Errors
/// Those of the prover.
pub fn measure<W: Workload>(
    engine: &Engine,
    k: u32,
    memory: Memory,
    rounds: usize,
    sources: &Sources<'_>,
) -> Result<Throughput, BenchError> {
    let srs = (sources.srs)(k)?;
    let (key, _) = sources.keys.get::<W>(&srs, sources.progress)?;
    let (inputs, options) = full::<W>(k)?;
    let prover = StatementProver::new(engine, &key, &srs, memory)?;
    let one = || prover.prove(&inputs, TranscriptKind::Poseidon, ChaCha20Rng::from_entropy(), sources.progress);
    let proof_bytes = one()?.0.bytes.len();
    let known = reset_peak_memory();
    let mut timing = Timing { name: engine.to_string(), wall: Vec::new(), cpu: Vec::new() };
    for _ in 0..rounds {
        let (proof, elapsed) = time(one);
        proof?;
        timing.wall.push(elapsed.wall);
        timing.cpu.extend(elapsed.cpu);
    }
    Ok(Throughput {
        statement: W::NAME.to_owned(),
        k,
        work: Work { count: options * W::PER_OPTION, unit: W::UNIT.to_owned() },
        proof_bytes,
        timing,
        peak_memory: peak_memory().filter(|_| known),
    })
}
