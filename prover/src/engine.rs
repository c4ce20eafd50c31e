//! What computes proofs, chosen at run time as a value.

use std::{fmt, str::FromStr};

use halo2_proofs::{
    plonk::{self, Circuit, ConstraintSystem, ProvingKey},
    poly::kzg::{
        commitment::{KZGCommitmentScheme, ParamsKZG},
        multiopen::ProverSHPLONK,
    },
    transcript::{EncodedChallenge, TranscriptWrite, TranscriptWriterBuffer},
};
use halo2curves::bn256::{Bn256, Fr, G1Affine};
use rand::RngCore;
use zomma_kernels::{Backend, CpuBackend};

use crate::{
    ProverError,
    plonk::{Memory, Prover, Shplonk, proof_memory},
    transcript::{self, Blake2bChallenge, KeccakChallenge, PoseidonChallenge, TranscriptKind},
};

/// What computes proofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Our own prover, on the CPU.
    Cpu(CpuBackend),
    /// halo2-axiom's prover: the reference to compare with.
    Halo2Axiom,
}

impl Default for Engine {
    /// Our own prover with the best instruction set of this machine.
    fn default() -> Self {
        Self::Cpu(CpuBackend::detect())
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu(backend) => f.write_str(&backend.name()),
            Self::Halo2Axiom => f.write_str("halo2-axiom"),
        }
    }
}

impl FromStr for Engine {
    type Err = ProverError;

    /// `halo2-axiom`, or a backend's name.
    fn from_str(name: &str) -> Result<Self, ProverError> {
        match name {
            "halo2-axiom" => Ok(Self::Halo2Axiom),
            _ => Ok(Self::Cpu(name.parse()?)),
        }
    }
}

impl Engine {
    /// Gets a key ready for proofs.
    ///
    /// halo2-axiom keeps nothing and knows no bounds, so `memory` does not matter to it.
    ///
    /// # Errors
    /// Those of [`Prover::with_memory`].
    pub fn prepare<'k>(
        &'k self,
        params: &'k ParamsKZG<Bn256>,
        key: &'k ProvingKey<G1Affine>,
        memory: Memory,
    ) -> Result<EngineProver<'k>, ProverError> {
        Ok(match self {
            Self::Cpu(backend) => EngineProver::Cpu(Box::new(Prover::with_memory(backend, params, key, memory)?)),
            Self::Halo2Axiom => EngineProver::Halo2Axiom { params, key },
        })
    }

    /// Bytes that a proof of one circuit with these constraints takes, apart from those of parameters and key; `None` if
    /// this engine cannot say.
    ///
    /// # Errors
    /// Those of [`proof_memory`].
    pub fn proof_memory(&self, constraints: &ConstraintSystem<Fr>, k: u32) -> Result<Option<u64>, ProverError> {
        match self {
            Self::Cpu(backend) => Ok(Some(proof_memory(backend, constraints, k, 1)?)),
            Self::Halo2Axiom => Ok(None),
        }
    }
}

/// A proving key ready for proofs on an engine.
#[derive(Debug)]
pub enum EngineProver<'k> {
    /// In the form of our own prover.
    Cpu(Box<Prover<'k, CpuBackend>>),
    /// As it is.
    Halo2Axiom {
        /// The parameters.
        params: &'k ParamsKZG<Bn256>,
        /// The key.
        key: &'k ProvingKey<G1Affine>,
    },
}

impl EngineProver<'_> {
    /// Makes a SHPLONK proof with the transcript that was asked for.
    ///
    /// # Errors
    /// What the prover reports.
    pub fn prove<C: Circuit<Fr>>(
        &self,
        circuits: &[C],
        instances: &[&[&[Fr]]],
        rng: impl RngCore,
        transcript: TranscriptKind,
    ) -> Result<Vec<u8>, ProverError> {
        match transcript {
            TranscriptKind::Poseidon => {
                let mut writer = transcript::poseidon_writer();
                self.write::<C, PoseidonChallenge, _>(circuits, instances, rng, &mut writer)?;
                Ok(writer.finalize())
            }
            TranscriptKind::Blake2b => {
                let mut writer = transcript::blake2b_writer();
                self.write::<C, Blake2bChallenge, _>(circuits, instances, rng, &mut writer)?;
                Ok(writer.finalize())
            }
            TranscriptKind::Keccak => {
                let mut writer = transcript::keccak_writer();
                self.write::<C, KeccakChallenge, _>(circuits, instances, rng, &mut writer)?;
                Ok(writer.finalize())
            }
        }
    }

    fn write<C: Circuit<Fr>, E: EncodedChallenge<G1Affine>, T: TranscriptWrite<G1Affine, E>>(
        &self,
        circuits: &[C],
        instances: &[&[&[Fr]]],
        rng: impl RngCore,
        transcript: &mut T,
    ) -> Result<(), ProverError> {
        match self {
            Self::Cpu(prover) => prover.prove::<Shplonk, E, T, _, C>(circuits, instances, rng, transcript),
            Self::Halo2Axiom { params, key } => {
                plonk::create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, E, _, T, C>(
                    params, key, circuits, instances, rng, transcript,
                )
                .map_err(|source| ProverError::Halo2 { during: "making the proof", source })
            }
        }
    }
}
