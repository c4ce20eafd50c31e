//! The transcript of verified proofs, inside a circuit: snark-verifier's Poseidon transcript on the chip's permutation.

use std::io::Read;

use halo2_base::QuantumCell::Constant;
use halo2_base::gates::GateInstructions;
use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::PrimeField,
    group::GroupEncoding,
};
use snark_verifier::{
    Error,
    loader::halo2::{EcPoint, EccInstructions, Scalar},
    system::halo2::transcript::halo2::NativeEncoding,
    util::transcript::{Transcript, TranscriptRead},
};

use super::{
    hash::Hasher,
    points::{LazyEcc, Loader},
};
use crate::transcript::RATE;

/// A scalar in a folding circuit.
pub(super) type Word = Scalar<G1Affine, LazyEcc>;
type Point = EcPoint<G1Affine, LazyEcc>;

/// Hashing inside a circuit.
impl Hasher for Loader {
    type Word = Word;

    fn constant(&self, value: Fr) -> Word {
        snark_verifier::loader::ScalarLoader::load_const(self, &value)
    }

    fn permute(&self, state: [Word; 3]) -> [Word; 3] {
        let lanes = state.map(Scalar::into_assigned);
        let permuted = self.ecc_chip().chip().permute(self.ctx_mut().main(), lanes);
        permuted.map(|lane| self.scalar_from_assigned(lane))
    }
}

/// Reads a proof; what it reads becomes a witness.
pub(super) struct CircuitTranscript<'proof> {
    loader: Loader,
    proof: &'proof [u8],
    /// What has been absorbed since the last challenge.
    pending: Vec<Word>,
    state: [Word; 3],
}

impl<'proof> CircuitTranscript<'proof> {
    pub(super) fn new(loader: &Loader, proof: &'proof [u8]) -> Self {
        // The capacity of a hash of variable length (eprint 2019/458, section 4.2), as snark-verifier has it.
        let state = [Fr::from_u128(1 << 64), Fr::zero(), Fr::zero()].map(|lane| loader.constant(lane));
        Self { loader: loader.clone(), proof, pending: vec![], state }
    }

    /// Absorbs up to two words, and one after the last where there is room.
    fn absorb(&mut self, words: &[Word]) {
        let ecc = self.loader.ecc_chip();
        let gate = ecc.scalar_chip();
        let mut state = self.state.clone().map(Scalar::into_assigned);
        {
            let mut pool = self.loader.ctx_mut();
            let ctx = pool.main();
            for (lane, word) in state[1..].iter_mut().zip(words) {
                *lane = gate.add(ctx, *lane, *word.assigned());
            }
            if let Some(lane) = state.get_mut(1 + words.len()) {
                *lane = gate.add(ctx, *lane, Constant(Fr::one()));
            }
        }
        self.state = self.loader.permute(state.map(|lane| self.loader.scalar_from_assigned(lane)));
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.proof.read_exact(&mut bytes).map_err(|error| Error::Transcript(error.kind(), error.to_string()))?;
        Ok(bytes)
    }
}

fn invalid(what: &str) -> Error {
    Error::Transcript(std::io::ErrorKind::InvalidData, format!("{what} cannot be decoded"))
}

impl Transcript<G1Affine, Loader> for CircuitTranscript<'_> {
    fn loader(&self) -> &Loader {
        &self.loader
    }

    fn squeeze_challenge(&mut self) -> Word {
        let pending = std::mem::take(&mut self.pending);
        for words in pending.chunks(RATE) {
            self.absorb(words);
        }
        if pending.len().is_multiple_of(RATE) {
            self.absorb(&[]);
        }
        self.state[1].clone()
    }

    fn common_ec_point(&mut self, point: &Point) -> Result<(), Error> {
        let words = self.loader.ecc_chip().encode(&mut self.loader.ctx_mut(), &point.assigned())?;
        self.pending.extend(words.into_iter().map(|word| self.loader.scalar_from_assigned(word)));
        Ok(())
    }

    fn common_scalar(&mut self, scalar: &Word) -> Result<(), Error> {
        self.pending.push(scalar.clone());
        Ok(())
    }
}

impl TranscriptRead<G1Affine, Loader> for CircuitTranscript<'_> {
    fn read_scalar(&mut self) -> Result<Word, Error> {
        let scalar = Option::<Fr>::from(Fr::from_repr(self.take()?)).ok_or_else(|| invalid("a scalar"))?;
        let scalar = self.loader.assign_scalar(scalar);
        self.common_scalar(&scalar)?;
        Ok(scalar)
    }

    fn read_ec_point(&mut self) -> Result<Point, Error> {
        let mut bytes = <G1Affine as GroupEncoding>::Repr::default();
        bytes.as_mut().copy_from_slice(&self.take::<32>()?);
        let point = Option::<G1Affine>::from(G1Affine::from_bytes(&bytes)).ok_or_else(|| invalid("a point"))?;
        let point = self.loader.assign_ec_point(point);
        self.common_ec_point(&point)?;
        Ok(point)
    }
}
