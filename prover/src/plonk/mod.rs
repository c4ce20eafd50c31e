//! Our own halo2 KZG prover over the kernels' [`Backend`].
//!
//! [`create_proof`] takes what `halo2_proofs::plonk::create_proof` takes, the backend first, and for the same key and
//! the same randomness writes the same bytes. halo2-axiom 0.5.3 makes two choices that it does not take from the random
//! number generator it is given: the vanishing argument's random polynomial comes from the thread's own generator, and
//! the inputs of a lookup are permuted in the iteration order of a randomly seeded hash map. Here the polynomial is
//! drawn from the given generator where halo2 would use it, and inputs are permuted in ascending order, so that a
//! proof is reproducible whatever the number of threads. Tests hand halo2's choices in as [`OracleChoices`].

mod column;
mod copies;
mod evaluate;
mod expression;
mod key;
mod keygen;
mod lookup;
mod memory;
mod multiopen;
mod permutation;
mod pipeline;
mod quotient;
mod shape;
mod storage;
mod witness;

#[cfg(test)]
mod tests;

use halo2_proofs::plonk::{Circuit, ProvingKey};
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2_proofs::transcript::{EncodedChallenge, TranscriptWrite};
use halo2curves::bn256::{Bn256, Fr, G1Affine};
use rand_core::RngCore;
use zomma_kernels::Backend;

use crate::ProverError;
use key::PreparedKey;

pub use keygen::{keygen_pk, keygen_vk, keygen_vk_custom};
pub use memory::{Memory, MemoryPlan, proof_memory};
pub use multiopen::{Gwc, Multiopen, QueryInstance, Shplonk};

/// Creates a proof for `circuits`, which share one key, and their instances, and writes it to `transcript`.
///
/// `instances` holds for every circuit the values of every instance column, which are padded with zeros. `O` chooses the
/// opening argument: [`Shplonk`] or [`Gwc`]. To make several proofs with one key, keep a [`Prover`].
///
/// # Errors
/// Those of [`Prover::new`] and [`Prover::prove`].
pub fn create_proof<O, B, E, T, R, C>(
    backend: &B,
    params: &ParamsKZG<Bn256>,
    pk: &ProvingKey<G1Affine>,
    circuits: &[C],
    instances: &[&[&[Fr]]],
    rng: R,
    transcript: &mut T,
) -> Result<(), ProverError>
where
    O: Multiopen,
    B: Backend,
    E: EncodedChallenge<G1Affine>,
    T: TranscriptWrite<G1Affine, E>,
    R: RngCore,
    C: Circuit<Fr>,
{
    Prover::new(backend, params, pk)?.prove::<O, E, T, R, C>(circuits, instances, rng, transcript)
}

/// A proving key ready for proofs on a backend.
#[derive(Debug)]
pub struct Prover<'k, B: Backend> {
    backend: &'k B,
    params: &'k ParamsKZG<Bn256>,
    key: PreparedKey<'k, B>,
}

/// The choices of one run of halo2-axiom's prover that its random number generator does not determine: a test entry
/// point, which makes [`Prover::prove_as`] reproduce that run byte by byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OracleChoices {
    /// The vanishing argument's random polynomial: `2^k` coefficients.
    pub random_polynomial: Vec<Fr>,
    /// The permuted input column of every lookup of every circuit, in the order in which they are committed to. Only
    /// the order of the distinct values on usable rows is taken from it.
    pub permuted_inputs: Vec<Vec<Fr>>,
}

impl<'k, B: Backend> Prover<'k, B> {
    /// Puts a key into the backend's memory and compiles its constraints.
    ///
    /// # Errors
    /// [`ProverError::DegreeTooHigh`] if the circuit exceeds the degree that the key is laid out for, in which case
    /// halo2 makes proofs that do not verify; [`ProverError::Mismatch`] if parameters and key differ in `k`;
    /// [`ProverError::Kernel`] if the backend fails.
    pub fn new(
        backend: &'k B,
        params: &'k ParamsKZG<Bn256>,
        pk: &'k ProvingKey<G1Affine>,
    ) -> Result<Self, ProverError> {
        Self::with_memory(backend, params, pk, Memory::Needed)
    }

    /// [`Prover::new`] that minds how much memory it may use.
    ///
    /// # Errors
    /// As [`Prover::new`]; [`ProverError::Memory`] if a proof of one circuit takes more.
    pub fn with_memory(
        backend: &'k B,
        params: &'k ParamsKZG<Bn256>,
        pk: &'k ProvingKey<G1Affine>,
        memory: Memory,
    ) -> Result<Self, ProverError> {
        Ok(Self { backend, params, key: PreparedKey::new(backend, params, pk, memory)? })
    }

    /// What memory is used for.
    pub fn memory(&self) -> MemoryPlan {
        self.key.memory
    }

    /// Creates a proof as [`create_proof`] does.
    ///
    /// All randomness is drawn from `rng`, in halo2's order.
    ///
    /// # Errors
    /// [`ProverError::Instances`] if the instances do not fit the key or, for circuits with challenges of their own,
    /// there is not exactly one circuit; [`ProverError::Memory`] if that many circuits exceed the budget;
    /// [`ProverError::Witness`], [`ProverError::NotEnoughRows`] or
    /// [`ProverError::Halo2`] if a circuit assigns what it may not or fails; [`ProverError::NotInTable`] if a lookup's
    /// input is not in its table; [`ProverError::Transcript`]; [`ProverError::Kernel`].
    pub fn prove<O, E, T, R, C>(
        &self,
        circuits: &[C],
        instances: &[&[&[Fr]]],
        rng: R,
        transcript: &mut T,
    ) -> Result<(), ProverError>
    where
        O: Multiopen,
        E: EncodedChallenge<G1Affine>,
        T: TranscriptWrite<G1Affine, E>,
        R: RngCore,
        C: Circuit<Fr>,
    {
        pipeline::run::<O, B, E, T, R, C>(self, circuits, instances, rng, transcript, None)
    }

    /// [`Prover::prove`], except that the choices that halo2-axiom does not take from its random number generator are
    /// the given ones. For tests.
    ///
    /// # Errors
    /// As [`Prover::prove`]; [`ProverError::Mismatch`] if the choices do not fit the circuits.
    pub fn prove_as<O, E, T, R, C>(
        &self,
        circuits: &[C],
        instances: &[&[&[Fr]]],
        rng: R,
        transcript: &mut T,
        choices: &OracleChoices,
    ) -> Result<(), ProverError>
    where
        O: Multiopen,
        E: EncodedChallenge<G1Affine>,
        T: TranscriptWrite<G1Affine, E>,
        R: RngCore,
        C: Circuit<Fr>,
    {
        pipeline::run::<O, B, E, T, R, C>(self, circuits, instances, rng, transcript, Some(choices))
    }
}
