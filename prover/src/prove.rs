//! From inputs to a proof.

use halo2curves::bn256::Fr;
use rand::RngCore;
use zomma_circuits::Statement;

use crate::{
    artefact::{Opening, Proof, ProofHeader, Public},
    engine::{Engine, EngineProver},
    error::ProverError,
    keys::{Shape, StatementProvingKey},
    plonk::Memory,
    points::G1_BYTES,
    progress::Progress,
    srs::Srs,
    transcript::TranscriptKind,
    verify::verify,
};

/// Proves a statement about `inputs`.
///
/// The proof is verified before it is returned. For several proofs with one key, or a bound on memory, keep a [`StatementProver`].
///
/// # Errors
/// Those of [`StatementProver::new`] and [`StatementProver::prove`].
pub fn prove<S: Statement>(
    engine: &Engine,
    key: &StatementProvingKey<S>,
    srs: &Srs,
    inputs: &S::Inputs,
    transcript: TranscriptKind,
    rng: impl RngCore,
    progress: &dyn Progress,
) -> Result<(Proof, S::Instance), ProverError> {
    StatementProver::new(engine, key, srs, Memory::Needed)?.prove(inputs, transcript, rng, progress)
}

/// Bytes that parameters and proving key of a statement take at `k`.
fn held<S: Statement>(k: u32) -> u64 {
    let parameters = (2 * G1_BYTES as u64) << k;
    parameters + Shape::of::<S::Circuit>().proving_key_len(k)
}

/// Bytes that a proof of a statement takes at `k`, parameters and key included, or `None` if the engine cannot say: foreseen before
/// either is loaded.
///
/// # Errors
/// [`ProverError::DegreeTooHigh`], [`ProverError::NotEnoughRows`] if the circuit cannot be laid out at `k`.
pub fn memory_needed<S: Statement>(engine: &Engine, k: u32) -> Result<Option<u64>, ProverError> {
    let proof = engine.proof_memory(Shape::of::<S::Circuit>().constraints(), k)?;
    Ok(proof.map(|proof| proof + held::<S>(k)))
}

/// Refuses a proof that would take more than `memory`, before anything is loaded.
///
/// # Errors
/// [`ProverError::Memory`]; those of [`memory_needed`].
pub fn check_memory<S: Statement>(engine: &Engine, k: u32, memory: Memory) -> Result<(), ProverError> {
    memory_needed::<S>(engine, k)?.map_or(Ok(()), |needed| memory.check(needed))
}

/// A statement's proving key, ready for proofs.
#[derive(Debug)]
pub struct StatementProver<'k, S> {
    engine: &'k Engine,
    key: &'k StatementProvingKey<S>,
    prover: EngineProver<'k>,
}

impl<'k, S: Statement> StatementProver<'k, S> {
    /// Gets a key ready. `memory` is all that may be used, keys and parameters included.
    ///
    /// # Errors
    /// [`ProverError::Mismatch`] when key and parameters do not belong together; [`ProverError::Memory`] if a proof takes more than
    /// there may be.
    pub fn new(
        engine: &'k Engine,
        key: &'k StatementProvingKey<S>,
        srs: &'k Srs,
        memory: Memory,
    ) -> Result<Self, ProverError> {
        let header = key.header();
        if header.srs != *srs.id() {
            return Err(ProverError::mismatch("structured reference string", header.srs.sha256, srs.id().sha256));
        }
        check_memory::<S>(engine, header.k, memory)?;
        let prover = engine.prepare(srs.params(), key.key(), memory.less(held::<S>(header.k)))?;
        Ok(Self { engine, key, prover })
    }

    /// Proves the statement about `inputs`, and verifies the proof before it is returned.
    ///
    /// # Errors
    /// [`ProverError::Statement`] when the inputs are refused, and what the proving system reports.
    pub fn prove(
        &self,
        inputs: &S::Inputs,
        transcript: TranscriptKind,
        rng: impl RngCore,
        progress: &dyn Progress,
    ) -> Result<(Proof, S::Instance), ProverError> {
        let header = self.key.header();
        progress.stage("evaluating natively", 0);
        let (witness, instance) = S::evaluate(inputs, header.k)?;
        let columns = S::instance(&instance);
        let circuit = S::circuit(header.k, Some(witness));
        progress.stage("proving", 0);
        let references: Vec<&[Fr]> = columns.iter().map(Vec::as_slice).collect();
        let bytes = self.prover.prove(&[circuit], &[&references], rng, transcript)?;
        let proof = Proof {
            header: ProofHeader {
                statement: header.statement.clone(),
                version: header.version,
                k: header.k,
                verifying_key: self.key.verifying_key().digest(),
                srs: header.srs.clone(),
                transcript,
                opening: Opening::Shplonk,
                backend: self.engine.to_string(),
                made_by: concat!("zomma ", env!("CARGO_PKG_VERSION")).to_owned(),
                instances: columns.into_iter().map(|column| column.into_iter().map(Public).collect()).collect(),
            },
            bytes,
        };
        progress.stage("verifying", 0);
        verify(self.key.verifying_key(), &proof)?;
        Ok((proof, instance))
    }
}
