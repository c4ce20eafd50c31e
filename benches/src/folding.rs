//! The layers of a folding: what each takes, with our prover and halo2-axiom's.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};
use zomma_kernels::CpuBackend;
use zomma_prover::accumulate::{FoldCircuit, FoldCost, FoldProof, Folding, Layer, LeafInputs};
use zomma_prover::engine::Engine;
use zomma_prover::plonk::Memory;
use zomma_prover::progress::Progress;

use crate::BenchError;
use crate::clock::{memory_now, peak_memory, reset_peak_memory};
use crate::interleaved::{Competitor, Timing, take_turns};
use crate::kernels::HALO2_AXIOM;
use crate::proofs::{PeakMemory, Subject};

/// A layer, and what its proof takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerComparison {
    /// The layer.
    pub layer: Layer,
    /// There are 2^k rows.
    pub k: u32,
    /// Advice columns.
    pub advice: usize,
    /// Rows that are used of the chip's columns.
    pub rows: usize,
    /// Advice cells that are used: the chip's two columns and those of scalars.
    pub cells: usize,
    /// Proofs that it verifies.
    pub verified: usize,
    /// Length of its proof.
    pub proof_bytes: usize,
    /// Ours, then halo2-axiom's.
    pub timings: Vec<Timing>,
    /// The same; empty where the system does not tell.
    pub memory: Vec<PeakMemory>,
}

/// The layers' proofs by both provers, in turn.
#[derive(Debug)]
pub struct Layers<'f> {
    /// The folding.
    pub folding: &'f Folding,
    /// Batches to fold: one for leaf and wrap, two for the node.
    pub leaves: &'f [LeafInputs],
    /// Runs of each prover, after one in which the proofs are compared.
    pub rounds: usize,
}

impl Layers<'_> {
    /// Compares the provers on a layer, byte for byte before anything is timed.
    ///
    /// The children of node and wrap are leaves, made by our prover and not timed: all layers have one shape, so that a proof of a node costs them the
    /// same. Memory is that of this process: what was there before a proof is reported beside its peak.
    ///
    /// # Errors
    /// [`BenchError::Batches`] when there are too few, [`BenchError::Differ`], what the provers report.
    pub fn compare(&self, layer: Layer, progress: &dyn Progress) -> Result<LayerComparison, BenchError> {
        let backend = CpuBackend::detect();
        let circuit = self.circuit(layer, &Engine::Cpu(backend), progress)?;
        let FoldCost { chip_rows, scalar_cells, .. } = circuit.cost();
        let verifier = self.folding.verifier();
        let (name, instance) = (layer.to_string(), circuit.instance());
        progress.stage(&format!("proving key of the {layer}"), 0);
        let measured = self.folding.with_proving_key(layer, |key| {
            let subject = Subject::new(&name, self.folding.srs().params(), key, circuit, vec![instance]);
            progress.stage(&format!("{layer}: proofs compared"), 0);
            subject.check_equal(&[backend])?;
            let (timings, memory) = self.time(&subject, &backend, |run| {
                progress.stage(&format!("{layer}: run {} of {}", run + 1, 2 * self.rounds), 0);
            });
            Ok::<_, BenchError>((timings, memory))
        })?;
        let (timings, memory) = measured?;
        Ok(LayerComparison {
            layer,
            k: verifier.shape().k,
            advice: 2 + verifier.shape().scalar_columns,
            rows: chip_rows,
            cells: 2 * chip_rows + scalar_cells,
            verified: if layer == Layer::Wrap { 1 } else { 2 },
            proof_bytes: verifier.key(layer).proof_len(layer.transcript()),
            timings,
            memory,
        })
    }

    fn circuit(&self, layer: Layer, engine: &Engine, progress: &dyn Progress) -> Result<FoldCircuit, BenchError> {
        let needed = if layer == Layer::Node { 2 } else { 1 };
        if self.leaves.len() < needed {
            return Err(BenchError::Batches { layer, needed, found: self.leaves.len() });
        }
        let child = |index: usize| -> Result<FoldProof, BenchError> {
            progress.stage(&format!("child {} of the {layer}", index + 1), 0);
            // Nothing rests on these proofs.
            Ok(self.folding.leaf(engine, &self.leaves[index], crate::proofs::rng())?)
        };
        Ok(match layer {
            Layer::Leaf => self.folding.leaf_circuit(&self.leaves[0])?,
            Layer::Node => self.folding.node_circuit([&child(0)?, &child(1)?])?,
            Layer::Wrap => self.folding.wrap_circuit(&child(0)?)?,
        })
    }

    fn time(
        &self,
        subject: &Subject<'_, FoldCircuit>,
        backend: &CpuBackend,
        say: impl Fn(usize),
    ) -> (Vec<Timing>, Vec<PeakMemory>) {
        let ours = || {
            let prover = subject.prover(backend, Memory::Needed).expect("it succeeded a moment ago");
            drop(subject.ours(&prover).expect("it succeeded a moment ago"));
        };
        let theirs = || drop(subject.halo2().expect("it succeeded a moment ago"));
        let names = [format!("zomma {}", backend.isa()), HALO2_AXIOM.to_owned()];
        let memory = RefCell::new(Vec::<PeakMemory>::new());
        let measured = |name: &str, prove: &dyn Fn()| {
            let before = memory_now().filter(|_| reset_peak_memory());
            prove();
            let Some((before, peak)) = before.zip(peak_memory()) else { return };
            let mut memory = memory.borrow_mut();
            match memory.iter_mut().find(|of| of.name == name) {
                Some(of) => (of.before, of.peak) = (of.before.max(before), of.peak.max(peak)),
                None => memory.push(PeakMemory { name: name.to_owned(), before, peak }),
            }
        };
        let mut competitors = [
            Competitor::new(names[0].clone(), (), |()| measured(&names[0], &ours)),
            Competitor::new(names[1].clone(), (), |()| measured(&names[1], &theirs)),
        ];
        let timings = take_turns(&mut competitors, self.rounds, say);
        drop(competitors);
        (timings, memory.into_inner())
    }
}
