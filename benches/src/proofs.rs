//! Whole proofs: ours beside halo2-axiom's, of the same circuit with the same key.

use std::path::Path;
use std::process::Command;

use halo2_proofs::plonk::{self, Circuit, ProvingKey};
use halo2_proofs::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_proofs::poly::kzg::multiopen::ProverSHPLONK;
use halo2_proofs::transcript::{Blake2bWrite, Challenge255, TranscriptWriterBuffer};
use halo2curves::bn256::{Bn256, Fr, G1Affine};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};
use zomma_circuits::Statement;
use zomma_kernels::{Backend, CpuBackend, Isa};
use zomma_prover::ProverError;
use zomma_prover::keys::KeyCache;
use zomma_prover::oracle;
use zomma_prover::plonk::{Memory, Prover, Shplonk, keygen_pk, keygen_vk};
use zomma_prover::progress::Progress;
use zomma_prover::srs::Srs;

use crate::circuit::RangeCircuit;
use crate::clock::{memory_now, peak_memory, reset_peak_memory};
use crate::interleaved::{Competitor, Timing, run};
use crate::kernels::HALO2_AXIOM;
use crate::phases::{PhaseTime, Phases, summary};
use crate::workload::{Workload, full};
use crate::{BenchError, with_workload};

/// The circuit of twelve advice columns, six range lookups, twelve permuted columns.
pub const RANGE: &str = "range";

type Transcript = Blake2bWrite<Vec<u8>, G1Affine, Challenge255<G1Affine>>;

/// Something to prove: a circuit with its witness, its key, its instances.
pub struct Subject<'s, C> {
    /// What it is called.
    pub name: &'s str,
    /// Things that a proof is about, and what they are.
    pub work: Option<Work>,
    params: &'s ParamsKZG<Bn256>,
    pk: &'s ProvingKey<G1Affine>,
    circuit: C,
    instances: Vec<Vec<Fr>>,
}

/// What a proof is about: so many of something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// How many.
    pub count: usize,
    /// Of what.
    pub unit: String,
}

/// Where parameters and keys come from.
pub struct Sources<'s> {
    /// Parameters of a size.
    pub srs: &'s dyn Fn(u32) -> Result<Srs, BenchError>,
    /// Proving keys of statements.
    pub keys: KeyCache,
    /// Told what is being prepared.
    pub progress: &'s dyn Progress,
}

/// What is done with a [`Subject`], whatever its circuit.
pub trait Visit {
    /// What comes of it.
    type Output;

    /// Does it.
    ///
    /// # Errors
    /// Its own.
    fn visit<C: Circuit<Fr>>(self, subject: &Subject<'_, C>) -> Result<Self::Output, BenchError>;
}

/// Prepares [`RANGE`] or a statement filled with options, at `k`, and hands it over.
///
/// # Errors
/// [`BenchError::Workload`] for other names; those of the preparation and of `visit`.
pub fn with_subject<V: Visit>(name: &str, k: u32, sources: &Sources<'_>, visit: V) -> Result<V::Output, BenchError> {
    let srs = (sources.srs)(k)?;
    if name != RANGE {
        return with_workload!(name, W => with_statement_subject::<W, V>(&srs, sources, visit))?;
    }
    sources.progress.stage("keys of the synthetic circuit", 0);
    let (backend, circuit, params) = (CpuBackend::detect(), RangeCircuit::new(k, 1), srs.params());
    let pk = keygen_pk(&backend, params, keygen_vk(&backend, params, &circuit)?, &circuit)?;
    visit.visit(&Subject { name, work: None, params, pk: &pk, circuit, instances: Vec::new() })
}

fn with_statement_subject<W: Workload, V: Visit>(
    srs: &Srs,
    sources: &Sources<'_>,
    visit: V,
) -> Result<V::Output, BenchError> {
    let (key, _) = sources.keys.get::<W>(srs, sources.progress)?;
    let (inputs, options) = full::<W>(srs.k())?;
    let (witness, instance) = W::evaluate(&inputs, srs.k())?;
    visit.visit(&Subject {
        name: W::NAME,
        work: Some(Work { count: options * W::PER_OPTION, unit: W::UNIT.to_owned() }),
        params: srs.params(),
        pk: key.key(),
        circuit: W::circuit(srs.k(), Some(witness)),
        instances: <W as Statement>::instance(&instance),
    })
}

pub(crate) fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(9)
}

impl<'s, C> Subject<'s, C> {
    /// A circuit with its witness, its key and its instances.
    pub(crate) fn new(
        name: &'s str,
        params: &'s ParamsKZG<Bn256>,
        pk: &'s ProvingKey<G1Affine>,
        circuit: C,
        instances: Vec<Vec<Fr>>,
    ) -> Self {
        Self { name, work: None, params, pk, circuit, instances }
    }
}

impl<C: Circuit<Fr>> Subject<'_, C> {
    /// Hands the instances over as halo2 takes them.
    fn with_instances<T>(&self, run: impl FnOnce(&[&[&[Fr]]]) -> T) -> T {
        let columns: Vec<&[Fr]> = self.instances.iter().map(Vec::as_slice).collect();
        run(&[&columns])
    }

    fn circuits(&self) -> &[C] {
        std::slice::from_ref(&self.circuit)
    }

    /// A proof by halo2-axiom.
    ///
    /// # Errors
    /// Its own.
    pub fn halo2(&self) -> Result<Vec<u8>, BenchError> {
        let mut transcript = Transcript::init(Vec::new());
        self.with_instances(|instances| {
            plonk::create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
                self.params,
                self.pk,
                self.circuits(),
                instances,
                rng(),
                &mut transcript,
            )
        })
        .map_err(|source| ProverError::Halo2 { during: "making the proof", source })?;
        Ok(transcript.finalize())
    }

    /// Our prover for it.
    ///
    /// # Errors
    /// Those of [`Prover::with_memory`].
    pub fn prover<'p>(&'p self, backend: &'p CpuBackend, memory: Memory) -> Result<Prover<'p, CpuBackend>, BenchError> {
        Ok(Prover::with_memory(backend, self.params, self.pk, memory)?)
    }

    /// A proof of ours.
    ///
    /// # Errors
    /// Those of [`Prover::prove`].
    pub fn ours(&self, prover: &Prover<'_, CpuBackend>) -> Result<Vec<u8>, BenchError> {
        let mut transcript = Transcript::init(Vec::new());
        self.with_instances(|instances| {
            prover.prove::<Shplonk, _, _, _, _>(self.circuits(), instances, rng(), &mut transcript)
        })?;
        Ok(transcript.finalize())
    }

    /// Checks that with halo2-axiom's choices every backend makes halo2-axiom's proof; returns its length.
    ///
    /// # Errors
    /// [`BenchError::Differ`]; those of the provers.
    pub fn check_equal(&self, backends: &[CpuBackend]) -> Result<usize, BenchError> {
        let mut theirs = Transcript::init(Vec::new());
        let recording = self.params.clone().into();
        let choices = self.with_instances(|instances| {
            oracle::create_proof::<Shplonk, _, _, _, _>(
                &recording,
                self.pk,
                self.circuits(),
                instances,
                rng(),
                &mut theirs,
            )
        });
        let choices = choices.map_err(|source| ProverError::Halo2 { during: "making the proof", source })?;
        let theirs = theirs.finalize();
        for backend in backends {
            let prover = self.prover(backend, Memory::Needed)?;
            let mut ours = Transcript::init(Vec::new());
            self.with_instances(|instances| {
                prover.prove_as::<Shplonk, _, _, _, _>(self.circuits(), instances, rng(), &mut ours, &choices)
            })?;
            if ours.finalize() != theirs {
                return Err(BenchError::Differ {
                    what: format!("proofs of {}, k = {}", self.name, self.k()),
                    one: HALO2_AXIOM.to_owned(),
                    other: backend.name(),
                });
            }
        }
        Ok(theirs.len())
    }

    fn k(&self) -> u32 {
        self.pk.get_vk().get_domain().k()
    }
}

impl<C> std::fmt::Debug for Subject<'_, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subject").field("name", &self.name).field("work", &self.work).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Sources<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sources").field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// Whole proofs of one circuit by several provers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProofComparison {
    /// What was proven.
    pub name: String,
    /// There are 2^k rows.
    pub k: u32,
    /// Advice columns.
    pub advice: usize,
    /// Lookup arguments.
    pub lookups: usize,
    /// Columns under the permutation argument.
    pub permuted: usize,
    /// What the proof is about.
    pub work: Option<Work>,
    /// Length of the proof.
    pub proof_bytes: usize,
    /// One entry per prover, ours first, halo2-axiom last.
    pub timings: Vec<Timing>,
    /// Where our fastest backend's time goes, without caches.
    pub phases: Vec<PhaseTime>,
    /// Peak memory of a proof, each in a process of its own; empty where it was not measured.
    pub memory: Vec<PeakMemory>,
}

/// Peak memory of one prover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeakMemory {
    /// The prover.
    pub name: String,
    /// Bytes before the proof, with key and parameters.
    pub before: u64,
    /// Most bytes during the proof, with key and parameters.
    pub peak: u64,
}

/// Compares the provers `2 * rounds` times each, after a warm-up that is not counted, in which all proofs are checked.
#[derive(Clone, Copy, Debug)]
pub struct Compare {
    /// Half the number of runs.
    pub rounds: usize,
}

impl Visit for Compare {
    type Output = ProofComparison;

    fn visit<C: Circuit<Fr>>(self, subject: &Subject<'_, C>) -> Result<ProofComparison, BenchError> {
        let backends: Vec<CpuBackend> =
            Isa::ALL.into_iter().rev().filter_map(|isa| CpuBackend::new(isa).ok()).collect();
        let proof_bytes = subject.check_equal(&backends)?;
        let best = CpuBackend::detect();
        let cached = subject.prover(&best, Memory::Cached(u64::MAX))?;
        let expected = subject.ours(&cached)?;
        // Everything that `create_proof` does, the preparation of the key included.
        let plain = |backend: &CpuBackend| subject.ours(&subject.prover(backend, Memory::Needed)?);
        let mut competitors = Vec::new();
        for backend in &backends {
            if plain(backend)? != expected {
                let (what, one) = (format!("proofs of {} with and without caches", subject.name), best.name());
                return Err(BenchError::Differ { what, one, other: backend.name() });
            }
            competitors.push(Competitor::new(format!("zomma {}", backend.isa()), (), move |()| {
                plain(backend).expect("it succeeded a moment ago");
            }));
        }
        competitors.insert(
            1,
            Competitor::new(format!("zomma {}, caches", best.isa()), (), |()| {
                subject.ours(&cached).expect("it succeeded a moment ago");
            }),
        );
        competitors.push(Competitor::new(HALO2_AXIOM, (), |()| {
            subject.halo2().expect("it succeeded a moment ago");
        }));
        let timings = run(&mut competitors, self.rounds);
        drop(competitors);
        let phases = Phases::default();
        tracing::subscriber::with_default(phases.clone(), || plain(&best))?;
        let cs = subject.pk.get_vk().cs();
        Ok(ProofComparison {
            name: subject.name.to_owned(),
            k: subject.k(),
            advice: cs.num_advice_columns(),
            lookups: cs.lookups().len(),
            permuted: cs.permutation().get_columns().len(),
            work: subject.work.clone(),
            proof_bytes,
            timings,
            phases: summary(&phases.take()),
            memory: Vec::new(),
        })
    }
}

/// Makes one proof by the prover of this name, and measures its memory. For a process that does nothing else.
#[derive(Clone, Debug)]
pub struct MeasureMemory {
    /// `halo2-axiom` or a backend's name.
    pub prover: String,
}

impl Visit for MeasureMemory {
    type Output = Option<PeakMemory>;

    fn visit<C: Circuit<Fr>>(self, subject: &Subject<'_, C>) -> Result<Option<PeakMemory>, BenchError> {
        let before = memory_now();
        if !reset_peak_memory() {
            return Ok(None);
        }
        let name = if self.prover == "halo2-axiom" {
            subject.halo2()?;
            HALO2_AXIOM.to_owned()
        } else {
            let backend: CpuBackend = self.prover.parse().map_err(ProverError::from)?;
            subject.ours(&subject.prover(&backend, Memory::Needed)?)?;
            format!("zomma {}", backend.isa())
        };
        Ok(before.zip(peak_memory()).map(|(before, peak)| PeakMemory { name, before, peak }))
    }
}

/// Runs `program` with `arguments`, which is to print what [`MeasureMemory`] returns as JSON.
///
/// # Errors
/// [`BenchError::Child`].
pub fn measure_in_child(program: &Path, arguments: &[String]) -> Result<Option<PeakMemory>, BenchError> {
    let failed = |reason: String| BenchError::Child { reason };
    let output = Command::new(program).args(arguments).output().map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))
}
