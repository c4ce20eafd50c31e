//! What computes proofs, chosen at run time as a value.

use std::{fmt, str::FromStr};

use halo2_proofs::{
    plonk::{self, Circuit, ProvingKey},
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
    plonk::{Shplonk, create_proof},
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
    /// Makes a SHPLONK proof with the transcript that was asked for.
    ///
    /// # Errors
    /// What the prover reports.
    pub fn prove<C: Circuit<Fr>>(
        &self,
        params: &ParamsKZG<Bn256>,
        key: &ProvingKey<G1Affine>,
        circuits: &[C],
        instances: &[&[&[Fr]]],
        rng: impl RngCore,
        transcript: TranscriptKind,
    ) -> Result<Vec<u8>, ProverError> {
        match transcript {
            TranscriptKind::Poseidon => {
                let mut writer = transcript::poseidon_writer();
                self.write::<C, PoseidonChallenge, _>(params, key, circuits, instances, rng, &mut writer)?;
                Ok(writer.finalize())
            }
            TranscriptKind::Blake2b => {
                let mut writer = transcript::blake2b_writer();
                self.write::<C, Blake2bChallenge, _>(params, key, circuits, instances, rng, &mut writer)?;
                Ok(writer.finalize())
            }
            TranscriptKind::Keccak => {
                let mut writer = transcript::keccak_writer();
                self.write::<C, KeccakChallenge, _>(params, key, circuits, instances, rng, &mut writer)?;
                Ok(writer.finalize())
            }
        }
    }

    fn write<C: Circuit<Fr>, E: EncodedChallenge<G1Affine>, T: TranscriptWrite<G1Affine, E>>(
        &self,
        params: &ParamsKZG<Bn256>,
        key: &ProvingKey<G1Affine>,
        circuits: &[C],
        instances: &[&[&[Fr]]],
        rng: impl RngCore,
        transcript: &mut T,
    ) -> Result<(), ProverError> {
        match self {
            Self::Cpu(backend) => create_proof::<Shplonk, CpuBackend, E, T, _, C>(
                backend, params, key, circuits, instances, rng, transcript,
            ),
            Self::Halo2Axiom => {
                plonk::create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, E, _, T, C>(
                    params, key, circuits, instances, rng, transcript,
                )
                .map_err(|source| ProverError::Halo2 { during: "making the proof", source })
            }
        }
    }
}
