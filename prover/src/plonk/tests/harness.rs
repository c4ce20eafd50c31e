//! Holds our prover against halo2's.

use std::io;
use std::sync::OnceLock;

use halo2_proofs::SerdeFormat;
use halo2_proofs::plonk::{Circuit, ProvingKey, keygen_pk, keygen_vk_custom, verify_proof};
use halo2_proofs::poly::commitment::ParamsProver;
use halo2_proofs::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_proofs::poly::kzg::strategy::SingleStrategy;
use halo2_proofs::transcript::{
    Blake2bRead, Blake2bWrite, Challenge255, EncodedChallenge, Keccak256Read, Keccak256Write, Transcript,
    TranscriptRead, TranscriptReadBuffer, TranscriptWrite, TranscriptWriterBuffer,
};
use halo2curves::bn256::{Bn256, Fr, G1Affine};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zomma_kernels::{Backend, CpuBackend, Isa};

use crate::ProverError;
use crate::oracle::{self, Oracle, OracleVerifier};
use crate::plonk::{self, OracleChoices, Prover};
use crate::progress::Silent;
use crate::srs::Srs;
use crate::transcript;

/// A pair of transcripts, for writing and for reading.
pub(super) trait Hash {
    type Challenge: EncodedChallenge<G1Affine>;
    type Write: TranscriptWrite<G1Affine, Self::Challenge>;
    type Read<'b>: TranscriptRead<G1Affine, Self::Challenge>;

    fn writer() -> Self::Write;
    fn finalize(writer: Self::Write) -> Vec<u8>;
    fn reader(proof: &[u8]) -> Self::Read<'_>;
}

pub(super) struct Blake2b;

impl Hash for Blake2b {
    type Challenge = Challenge255<G1Affine>;
    type Write = Blake2bWrite<Vec<u8>, G1Affine, Self::Challenge>;
    type Read<'b> = Blake2bRead<&'b [u8], G1Affine, Self::Challenge>;

    fn writer() -> Self::Write {
        TranscriptWriterBuffer::init(Vec::new())
    }

    fn finalize(writer: Self::Write) -> Vec<u8> {
        TranscriptWriterBuffer::finalize(writer)
    }

    fn reader(proof: &[u8]) -> Self::Read<'_> {
        TranscriptReadBuffer::init(proof)
    }
}

pub(super) struct Keccak;

impl Hash for Keccak {
    type Challenge = Challenge255<G1Affine>;
    type Write = Keccak256Write<Vec<u8>, G1Affine, Self::Challenge>;
    type Read<'b> = Keccak256Read<&'b [u8], G1Affine, Self::Challenge>;

    fn writer() -> Self::Write {
        TranscriptWriterBuffer::init(Vec::new())
    }

    fn finalize(writer: Self::Write) -> Vec<u8> {
        TranscriptWriterBuffer::finalize(writer)
    }

    fn reader(proof: &[u8]) -> Self::Read<'_> {
        TranscriptReadBuffer::init(proof)
    }
}

/// snark-verifier's.
pub(super) struct Poseidon;

impl Hash for Poseidon {
    type Challenge = transcript::PoseidonChallenge;
    type Write = transcript::Poseidon<Vec<u8>>;
    type Read<'b> = transcript::Poseidon<&'b [u8]>;

    fn writer() -> Self::Write {
        transcript::poseidon_writer()
    }

    fn finalize(writer: Self::Write) -> Vec<u8> {
        writer.finalize()
    }

    fn reader(proof: &[u8]) -> Self::Read<'_> {
        transcript::poseidon_reader(proof)
    }
}

/// Development parameters, made once for each size.
pub(super) fn params(k: u32) -> &'static ParamsKZG<Bn256> {
    static PARAMS: [OnceLock<Srs>; 20] = [const { OnceLock::new() }; 20];
    PARAMS[k as usize].get_or_init(|| Srs::development(k, 1, &Silent).unwrap()).params()
}

pub(super) fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(17)
}

/// The backends of this machine.
pub(super) fn backends() -> Vec<CpuBackend> {
    Isa::ALL.into_iter().filter_map(|isa| CpuBackend::new(isa).ok()).collect()
}

/// A circuit with its keys, and the instances to prove.
pub(super) struct Case<'c, C> {
    pub(super) k: u32,
    pub(super) circuits: &'c [C],
    pub(super) instances: &'c [Vec<Vec<Fr>>],
    pub(super) pk: ProvingKey<G1Affine>,
}

impl<'c, C: Circuit<Fr> + Sync> Case<'c, C> {
    pub(super) fn new(k: u32, circuits: &'c [C], instances: &'c [Vec<Vec<Fr>>], compress_selectors: bool) -> Self {
        let vk = keygen_vk_custom(params(k), &circuits[0], compress_selectors).unwrap();
        let pk = keygen_pk(params(k), vk, &circuits[0]).unwrap();
        let case = Self { k, circuits, instances, pk };
        case.check_keys(compress_selectors);
        case
    }

    /// Checks that our keys are halo2's byte for byte.
    fn check_keys(&self, compress_selectors: bool) {
        let format = SerdeFormat::RawBytes;
        for backend in backends() {
            let params = params(self.k);
            let vk = plonk::keygen_vk_custom(&backend, params, &self.circuits[0], compress_selectors).unwrap();
            assert!(vk.to_bytes(format) == self.pk.get_vk().to_bytes(format), "verifying keys differ");
            assert_eq!(vk.transcript_repr(), self.pk.get_vk().transcript_repr());
            let pk = plonk::keygen_pk(&backend, params, vk, &self.circuits[0]).unwrap();
            assert!(pk.to_bytes(format) == self.pk.to_bytes(format), "proving keys differ");
        }
    }

    fn with_instances<T>(&self, run: impl FnOnce(&[&[&[Fr]]]) -> T) -> T {
        let columns: Vec<Vec<&[Fr]>> =
            self.instances.iter().map(|instance| instance.iter().map(Vec::as_slice).collect()).collect();
        run(&columns.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    /// halo2's proof and the choices it made, with instances in the transcript where its verifier expects them.
    pub(super) fn oracle<O: Oracle, H: Hash>(&self) -> (Vec<u8>, OracleChoices) {
        let mut transcript = InstancesFirst { inner: H::writer(), pending: Some(self.instances) };
        let choices = self.oracle_with::<O, _, _>(&mut transcript);
        (H::finalize(transcript.inner), choices)
    }

    /// halo2's proof as it is, and the choices it made.
    pub(super) fn plain_oracle<O: Oracle, H: Hash>(&self) -> (Vec<u8>, OracleChoices) {
        let mut transcript = H::writer();
        let choices = self.oracle_with::<O, _, _>(&mut transcript);
        (H::finalize(transcript), choices)
    }

    fn oracle_with<O, E, T>(&self, transcript: &mut T) -> OracleChoices
    where
        O: Oracle,
        E: EncodedChallenge<G1Affine>,
        T: TranscriptWrite<G1Affine, E>,
    {
        let params = params(self.k).clone().into();
        let choices = self.with_instances(|instances| {
            oracle::create_proof::<O, _, _, _, _>(&params, &self.pk, self.circuits, instances, rng(), transcript)
        });
        choices.unwrap()
    }

    /// Our proof.
    pub(super) fn prove<O: Oracle, H: Hash>(
        &self,
        backend: &impl Backend,
        choices: Option<&OracleChoices>,
    ) -> Result<Vec<u8>, ProverError> {
        let prover = Prover::new(backend, params(self.k), &self.pk)?;
        let mut transcript = H::writer();
        self.with_instances(|instances| match choices {
            None => prover.prove::<O, _, _, _, _>(self.circuits, instances, rng(), &mut transcript),
            Some(choices) => {
                prover.prove_as::<O, _, _, _, _>(self.circuits, instances, rng(), &mut transcript, choices)
            }
        })?;
        Ok(H::finalize(transcript))
    }

    /// Our proof with a prover that is there already.
    pub(super) fn prove_with<O: Oracle, H: Hash>(&self, prover: &Prover<'_, impl Backend>) -> Vec<u8> {
        let mut transcript = H::writer();
        let proved = self.with_instances(|instances| {
            prover.prove::<O, _, _, _, _>(self.circuits, instances, rng(), &mut transcript)
        });
        proved.unwrap();
        H::finalize(transcript)
    }

    pub(super) fn verify<O: Oracle, H: Hash>(&self, proof: &[u8]) -> Result<(), halo2_proofs::plonk::Error> {
        type Kzg = KZGCommitmentScheme<Bn256>;
        let params = params(self.k);
        let mut transcript = H::reader(proof);
        let strategy = SingleStrategy::new(params.verifier_params());
        self.with_instances(|instances| {
            verify_proof::<Kzg, OracleVerifier<'_, O>, H::Challenge, H::Read<'_>, SingleStrategy<'_, Bn256>>(
                params.verifier_params(),
                self.pk.get_vk(),
                strategy,
                instances,
                &mut transcript,
            )
        })
    }

    /// Checks that our proof is halo2's byte for byte on every backend, and what [`Self::check_alone`] checks.
    pub(super) fn check<O: Oracle, H: Hash>(&self) {
        let several = self.circuits.len() > 1 && !self.instances[0].is_empty();
        // Committed instances cannot be put in their place before halo2 commits to them.
        if !(several && O::QUERY_INSTANCE) {
            let (expected, choices) = if several { self.oracle::<O, H>() } else { self.plain_oracle::<O, H>() };
            for backend in backends() {
                let found = self.prove::<O, H>(&backend, Some(&choices)).unwrap();
                let name = backend.name();
                assert!(found == expected, "{name} differs from halo2 at byte {:?}", difference(&found, &expected));
            }
        }
        self.check_alone::<O, H>();
    }

    /// Checks that our own proof is the same for any number of threads and on every backend, and that halo2 accepts it.
    pub(super) fn check_alone<O: Oracle, H: Hash>(&self) {
        let ours = self.prove::<O, H>(&CpuBackend::detect(), None).unwrap();
        for (threads, backend) in [1, 2, 5].into_iter().zip(backends().into_iter().cycle()) {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let again = pool.install(|| self.prove::<O, H>(&backend, None).unwrap());
            assert!(again == ours, "{} with {threads} threads makes another proof", backend.name());
        }
        self.verify::<O, H>(&ours).unwrap();
    }
}

/// Puts the instances of all circuits behind the verifying key, where the verifier has them. halo2's prover has those of
/// each circuit before its advice; what it writes then is ignored.
struct InstancesFirst<'i, T> {
    inner: T,
    pending: Option<&'i [Vec<Vec<Fr>>]>,
}

impl<T: Transcript<G1Affine, E>, E: EncodedChallenge<G1Affine>> Transcript<G1Affine, E> for InstancesFirst<'_, T> {
    fn squeeze_challenge(&mut self) -> E {
        self.inner.squeeze_challenge()
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.inner.common_point(point)
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        let Some(instances) = self.pending.take() else { return Ok(()) };
        self.inner.common_scalar(scalar)?;
        instances.iter().flatten().flatten().try_for_each(|value| self.inner.common_scalar(*value))
    }
}

impl<T, E> TranscriptWrite<G1Affine, E> for InstancesFirst<'_, T>
where
    T: TranscriptWrite<G1Affine, E>,
    E: EncodedChallenge<G1Affine>,
{
    fn write_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.inner.write_point(point)
    }

    fn write_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.inner.write_scalar(scalar)
    }
}

/// Where two proofs begin to differ.
fn difference(a: &[u8], b: &[u8]) -> Option<usize> {
    a.iter().zip(b).position(|(a, b)| a != b).or((a.len() != b.len()).then_some(a.len().min(b.len())))
}
