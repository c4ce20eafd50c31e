//! halo2-axiom's own prover as an oracle: runs it and records the choices that its random number generator does not
//! determine, so that [`Prover::prove_as`](crate::plonk::Prover::prove_as) can be held against it byte by byte.
//!
//! Its commitment scheme, parameters and opening argument are public traits. The wrappers here pass everything on to
//! the KZG implementation and remember what was committed to. For tests and comparisons only.

use std::fmt::Debug;
use std::io;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard};

use halo2_proofs::plonk::{self, Circuit, ProvingKey};
use halo2_proofs::poly::commitment::{Blind, CommitmentScheme, Params, ParamsProver, ParamsVerifier, Prover, Verifier};
use halo2_proofs::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_proofs::poly::kzg::msm::DualMSM;
use halo2_proofs::poly::kzg::multiopen::{ProverGWC, ProverSHPLONK, VerifierGWC, VerifierSHPLONK};
use halo2_proofs::poly::kzg::strategy::GuardKZG;
use halo2_proofs::poly::{Coeff, LagrangeCoeff, Polynomial, ProverQuery, VerifierQuery};
use halo2_proofs::transcript::{EncodedChallenge, TranscriptRead, TranscriptWrite};
use halo2curves::bn256::{Bn256, Fr, G1, G1Affine};
use rand_core::RngCore;

use crate::plonk::{Gwc, Multiopen, OracleChoices, QueryInstance, Shplonk};

type Kzg = KZGCommitmentScheme<Bn256>;

/// What halo2's prover committed to.
#[derive(Debug, Default)]
struct Log {
    lagrange: Vec<Vec<Fr>>,
    first_by_coefficients: Option<Vec<Fr>>,
}

/// KZG parameters that remember what is committed to with them.
#[derive(Clone, Debug)]
pub struct RecordingParams {
    inner: ParamsKZG<Bn256>,
    log: Arc<Mutex<Log>>,
}

impl RecordingParams {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().expect("no recorder panicked")
    }
}

impl From<ParamsKZG<Bn256>> for RecordingParams {
    fn from(inner: ParamsKZG<Bn256>) -> Self {
        Self { inner, log: Arc::default() }
    }
}

impl<'p> Params<'p, G1Affine> for RecordingParams {
    type MSM = <ParamsKZG<Bn256> as Params<'p, G1Affine>>::MSM;

    fn k(&self) -> u32 {
        self.inner.k()
    }

    fn n(&self) -> u64 {
        self.inner.n()
    }

    fn downsize(&mut self, k: u32) {
        self.inner.downsize(k);
    }

    fn empty_msm(&'p self) -> Self::MSM {
        self.inner.empty_msm()
    }

    fn commit_lagrange(&self, poly: &Polynomial<Fr, LagrangeCoeff>, blind: Blind<Fr>) -> G1 {
        self.log().lagrange.push(poly.to_vec());
        self.inner.commit_lagrange(poly, blind)
    }

    fn write<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        self.inner.write(writer)
    }

    fn read<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        Ok(<ParamsKZG<Bn256> as Params<'_, G1Affine>>::read(reader)?.into())
    }
}

impl<'p> ParamsVerifier<'p, G1Affine> for RecordingParams {}

impl<'p> ParamsProver<'p, G1Affine> for RecordingParams {
    type ParamsVerifier = Self;

    fn new(k: u32) -> Self {
        <ParamsKZG<Bn256> as ParamsProver<'_, G1Affine>>::new(k).into()
    }

    fn commit(&self, poly: &Polynomial<Fr, Coeff>, blind: Blind<Fr>) -> G1 {
        self.log().first_by_coefficients.get_or_insert_with(|| poly.to_vec());
        self.inner.commit(poly, blind)
    }

    fn get_g(&self) -> &[G1Affine] {
        self.inner.get_g()
    }

    fn verifier_params(&'p self) -> &'p Self {
        self
    }
}

/// KZG with recording parameters.
#[derive(Debug)]
pub struct RecordingScheme;

impl CommitmentScheme for RecordingScheme {
    type Scalar = Fr;
    type Curve = G1Affine;
    type ParamsProver = RecordingParams;
    type ParamsVerifier = RecordingParams;

    fn new_params(k: u32) -> RecordingParams {
        Kzg::new_params(k).into()
    }

    fn read_params<R: io::Read>(reader: &mut R) -> io::Result<RecordingParams> {
        Ok(Kzg::read_params(reader)?.into())
    }
}

/// The halo2 opening argument that an argument of ours is held against.
pub trait Oracle: Multiopen {
    /// halo2's prover of it.
    type Prover<'p>: Prover<'p, Kzg>;
    /// halo2's verifier of it.
    type Verifier<'p>: Verifier<'p, Kzg, Guard = GuardKZG<'p, Bn256>, MSMAccumulator = DualMSM<'p, Bn256>>;
}

impl Oracle for Shplonk {
    type Prover<'p> = ProverSHPLONK<'p, Bn256>;
    type Verifier<'p> = VerifierSHPLONK<'p, Bn256>;
}

impl Oracle for Gwc {
    type Prover<'p> = ProverGWC<'p, Bn256>;
    type Verifier<'p> = VerifierGWC<'p, Bn256>;
}

impl<O: Oracle> Oracle for QueryInstance<O> {
    type Prover<'p> = O::Prover<'p>;
    type Verifier<'p> = O::Verifier<'p>;
}

/// Opens with halo2's argument, for halo2's prover with recording parameters.
#[derive(Debug)]
pub struct RecordingProver<'p, O: Oracle>(O::Prover<'p>);

impl<'p, O: Oracle> Prover<'p, RecordingScheme> for RecordingProver<'p, O> {
    const QUERY_INSTANCE: bool = <O as Multiopen>::QUERY_INSTANCE;

    fn new(params: &'p RecordingParams) -> Self {
        Self(O::Prover::new(&params.inner))
    }

    fn create_proof<'c, E, T, R, I>(&self, rng: R, transcript: &mut T, queries: I) -> io::Result<()>
    where
        E: EncodedChallenge<G1Affine>,
        T: TranscriptWrite<G1Affine, E>,
        I: IntoIterator<Item = ProverQuery<'c, G1Affine>> + Clone,
        R: RngCore,
    {
        self.0.create_proof(rng, transcript, queries)
    }
}

/// Verifies halo2's argument with instance columns committed to or not, as `O` has it.
#[derive(Debug)]
pub struct OracleVerifier<'p, O: Oracle>(O::Verifier<'p>, PhantomData<O>);

impl<'p, O: Oracle> Verifier<'p, Kzg> for OracleVerifier<'p, O> {
    type Guard = GuardKZG<'p, Bn256>;
    type MSMAccumulator = DualMSM<'p, Bn256>;

    const QUERY_INSTANCE: bool = <O as Multiopen>::QUERY_INSTANCE;

    fn new(params: &'p ParamsKZG<Bn256>) -> Self {
        Self(O::Verifier::new(params), PhantomData)
    }

    fn verify_proof<'c, E, T, I>(
        &self,
        transcript: &mut T,
        queries: I,
        msm: Self::MSMAccumulator,
    ) -> Result<Self::Guard, halo2_proofs::poly::Error>
    where
        'p: 'c,
        E: EncodedChallenge<G1Affine>,
        T: TranscriptRead<G1Affine, E>,
        I: IntoIterator<Item = VerifierQuery<'c, G1Affine, <ParamsKZG<Bn256> as Params<'p, G1Affine>>::MSM>> + Clone,
    {
        self.0.verify_proof(transcript, queries, msm)
    }
}

/// Runs halo2's prover and returns the choices it made by itself.
///
/// # Errors
/// Those of `halo2_proofs::plonk::create_proof`.
pub fn create_proof<O, E, T, R, C>(
    params: &RecordingParams,
    pk: &ProvingKey<G1Affine>,
    circuits: &[C],
    instances: &[&[&[Fr]]],
    rng: R,
    transcript: &mut T,
) -> Result<OracleChoices, plonk::Error>
where
    O: Oracle,
    E: EncodedChallenge<G1Affine>,
    T: TranscriptWrite<G1Affine, E>,
    R: RngCore,
    C: Circuit<Fr>,
{
    *params.log() = Log::default();
    plonk::create_proof::<RecordingScheme, RecordingProver<'_, O>, E, R, T, C>(
        params, pk, circuits, instances, rng, transcript,
    )?;
    let log = std::mem::take(&mut *params.log());
    let cs = pk.get_vk().cs();
    let instance_commitments = if <O as Multiopen>::QUERY_INSTANCE { cs.num_instance_columns() } else { 0 };
    let before = circuits.len() * (cs.num_advice_columns() + instance_commitments);
    let permuted = log.lagrange.into_iter().skip(before).step_by(2).take(circuits.len() * cs.lookups().len());
    let random_polynomial = log.first_by_coefficients.unwrap_or_default();
    Ok(OracleChoices { random_polynomial, permuted_inputs: permuted.collect() })
}
