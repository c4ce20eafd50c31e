//! The transcripts that a proof can be made with, chosen as a value.

use std::{fmt, str::FromStr, sync::LazyLock};

use halo2_base::poseidon::hasher::spec::OptimizedPoseidonSpec;
use halo2_proofs::transcript::{Blake2bRead, Blake2bWrite, Challenge255, TranscriptReadBuffer, TranscriptWriterBuffer};
use halo2curves::bn256::{Fr, G1Affine};
use serde::{Deserialize, Serialize};
use snark_verifier::{
    loader::native::NativeLoader,
    system::halo2::transcript::{
        evm::{ChallengeEvm, EvmTranscript},
        halo2::{ChallengeScalar, PoseidonTranscript},
    },
};

/// Width of the Poseidon state, elements absorbed at a time, full and partial rounds: those of snark-verifier's aggregation circuits.
pub(crate) const T: usize = 3;
pub(crate) const RATE: usize = 2;
pub(crate) const FULL_ROUNDS: usize = 8;
pub(crate) const PARTIAL_ROUNDS: usize = 57;

/// Round constants and matrices; computing them takes a while.
pub(crate) static POSEIDON: LazyLock<OptimizedPoseidonSpec<Fr, T, RATE>> =
    LazyLock::new(OptimizedPoseidonSpec::new::<FULL_ROUNDS, PARTIAL_ROUNDS, 0>);

pub(crate) type Poseidon<S> = PoseidonTranscript<G1Affine, NativeLoader, S, T, RATE, FULL_ROUNDS, PARTIAL_ROUNDS>;
type Keccak<S> = EvmTranscript<G1Affine, NativeLoader, S, Vec<u8>>;

/// How the verifier's challenges are drawn, and how points are encoded in the proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TranscriptKind {
    /// Poseidon over the scalar field: cheap to verify inside a circuit. What batch proofs use. Points are compressed, 32 bytes.
    #[default]
    Poseidon,
    /// BLAKE2b: halo2's own. Points are compressed, 32 bytes.
    Blake2b,
    /// Keccak-256 with big-endian words: cheap to verify on the EVM. Points are uncompressed, 64 bytes.
    Keccak,
}

impl TranscriptKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Poseidon, Self::Blake2b, Self::Keccak];

    /// Bytes of a point in a proof.
    #[must_use]
    pub fn point_bytes(self) -> usize {
        match self {
            Self::Poseidon | Self::Blake2b => 32,
            Self::Keccak => 64,
        }
    }
}

impl fmt::Display for TranscriptKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Poseidon => "poseidon",
            Self::Blake2b => "blake2b",
            Self::Keccak => "keccak",
        })
    }
}

impl FromStr for TranscriptKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|kind| kind.to_string() == text);
        known.ok_or_else(|| format!("unknown transcript \"{text}\": poseidon, blake2b and keccak are known"))
    }
}

/// The challenge types of the three transcripts.
pub(crate) type PoseidonChallenge = ChallengeScalar<G1Affine>;
pub(crate) type Blake2bChallenge = Challenge255<G1Affine>;
pub(crate) type KeccakChallenge = ChallengeEvm<G1Affine>;

pub(crate) fn poseidon_writer() -> Poseidon<Vec<u8>> {
    Poseidon::from_spec(vec![], POSEIDON.clone())
}

pub(crate) fn poseidon_reader(proof: &[u8]) -> Poseidon<&[u8]> {
    Poseidon::from_spec(proof, POSEIDON.clone())
}

pub(crate) fn blake2b_writer() -> Blake2bWrite<Vec<u8>, G1Affine, Blake2bChallenge> {
    Blake2bWrite::init(vec![])
}

pub(crate) fn blake2b_reader(proof: &[u8]) -> Blake2bRead<&[u8], G1Affine, Blake2bChallenge> {
    Blake2bRead::init(proof)
}

pub(crate) fn keccak_writer() -> Keccak<Vec<u8>> {
    Keccak::new(vec![])
}

pub(crate) fn keccak_reader(proof: &[u8]) -> Keccak<&[u8]> {
    Keccak::new(proof)
}
