//! What a circuit's constraint system alone says about the length of its keys and proofs. Readers use it to know what to expect before they
//! look at a file.

use halo2_proofs::plonk::{Circuit, ConstraintSystem};
use halo2curves::{
    bn256::{Fq, Fr, G1Affine},
    ff::PrimeField,
    group::GroupEncoding,
};

use crate::{
    error::{PointFault, ProverError},
    points::{FR_BYTES, G1_BYTES},
    transcript::TranscriptKind,
};

/// Version byte, k, compression flag, number of fixed columns: what halo2's verifying key starts with.
pub(super) const VK_PREFIX: usize = 1 + 4 + 1 + 4;

/// A circuit's constraint system, and what follows from it.
#[derive(Debug, Clone)]
pub struct Shape {
    /// The constraint system with its selectors converted to fixed columns, without compression.
    constraints: ConstraintSystem<Fr>,
}

impl Shape {
    /// The shape of a circuit type.
    #[must_use]
    pub fn of<C: Circuit<Fr, Params = ()>>() -> Self {
        let mut constraints = ConstraintSystem::default();
        C::configure_with_params(&mut constraints, ());
        let selectors = vec![vec![]; constraints.num_selectors()];
        Self { constraints: constraints.directly_convert_selectors_to_fixed(selectors).0 }
    }

    /// The constraint system as keys hold it.
    #[must_use]
    pub fn constraints(&self) -> &ConstraintSystem<Fr> {
        &self.constraints
    }

    /// Number of instance columns.
    #[must_use]
    pub fn instance(&self) -> usize {
        self.constraints.num_instance_columns()
    }

    /// Number of advice columns.
    #[must_use]
    pub fn advice(&self) -> usize {
        self.constraints.num_advice_columns()
    }

    /// Number of fixed columns, selectors included.
    #[must_use]
    pub fn fixed(&self) -> usize {
        self.constraints.num_fixed_columns()
    }

    /// Number of columns under the permutation argument.
    #[must_use]
    pub fn permuted(&self) -> usize {
        self.constraints.permutation().get_columns().len()
    }

    /// Number of lookup arguments.
    #[must_use]
    pub fn lookups(&self) -> usize {
        self.constraints.lookups().len()
    }

    /// The degree that the keys provide for.
    #[must_use]
    pub fn degree(&self) -> usize {
        self.constraints.degree()
    }

    /// Rows of $2^k$ that are not reserved for blinding.
    #[must_use]
    pub fn usable_rows(&self, k: u32) -> usize {
        (1usize << k).saturating_sub(self.constraints.blinding_factors() + 1)
    }

    /// Bytes of the verifying key, as halo2 writes it raw.
    #[must_use]
    pub fn verifying_key_len(&self) -> u64 {
        (VK_PREFIX + (self.fixed() + self.permuted()) * G1_BYTES) as u64
    }

    /// Bytes of the proving key at `k`, as halo2 writes it raw: the verifying key, three Lagrange polynomials, and each fixed and each
    /// permutation column twice.
    #[must_use]
    pub fn proving_key_len(&self, k: u32) -> u64 {
        let polynomial = 4 + ((FR_BYTES as u64) << k);
        let columns = 2 * (self.fixed() + self.permuted()) as u64;
        self.verifying_key_len() + (3 + columns) * polynomial + 4 * 4
    }

    /// What a proof consists of, in order: runs of points and of scalars.
    fn proof_parts(&self) -> [(Part, usize); 3] {
        let products = self.permuted().div_ceil(self.degree() - 2);
        // advice; per lookup its two permuted columns and its product; permutation products; the random polynomial; the quotient
        let commitments = self.advice() + 3 * self.lookups() + products + 1 + (self.degree() - 1);
        let queries = self.constraints.advice_queries().len() + self.constraints.fixed_queries().len();
        // the random polynomial, the permutation's columns, each product at x and wx and all but the last at w^last x, five per lookup
        let evaluations = queries + 1 + self.permuted() + (3 * products).saturating_sub(1) + 5 * self.lookups();
        [(Part::Point, commitments), (Part::Scalar, evaluations), (Part::Point, 2)]
    }

    /// Bytes of a SHPLONK proof.
    #[must_use]
    pub fn proof_len(&self, transcript: TranscriptKind) -> u64 {
        let bytes = |(part, count)| match part {
            Part::Point => count * transcript.point_bytes(),
            Part::Scalar => count * FR_BYTES,
        };
        self.proof_parts().into_iter().map(bytes).sum::<usize>() as u64
    }

    /// Checks that every point and scalar of a proof is encoded in the one canonical way.
    ///
    /// The decoder of compressed points ignores the flag for the identity when x is not 0, so that halo2's verifier accepts such a proof
    /// in two forms.
    ///
    /// # Errors
    /// [`ProverError::Length`], [`ProverError::Point`] or [`ProverError::Scalar`].
    pub fn check_proof_encoding(&self, transcript: TranscriptKind, proof: &[u8]) -> Result<(), ProverError> {
        let expected = self.proof_len(transcript);
        if proof.len() as u64 != expected {
            return Err(ProverError::Length { part: "proof", expected, found: proof.len() as u64 });
        }
        let mut rest = proof;
        let mut points = 0;
        let mut scalars = 0;
        for (part, count) in self.proof_parts() {
            for _ in 0..count {
                let len = if part == Part::Point { transcript.point_bytes() } else { FR_BYTES };
                let (bytes, tail) = rest.split_at(len);
                rest = tail;
                match part {
                    Part::Point => {
                        check_point(transcript, bytes).map_err(|fault| ProverError::Point {
                            basis: "proof: point",
                            index: points,
                            fault,
                        })?;
                        points += 1;
                    }
                    Part::Scalar => {
                        if scalar(transcript, bytes).is_none() {
                            return Err(ProverError::Scalar { column: "proof: scalar".to_owned(), index: scalars });
                        }
                        scalars += 1;
                    }
                }
            }
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Point,
    Scalar,
}

/// Checks that a proof's point is encoded in the one canonical way.
pub(crate) fn check_point(transcript: TranscriptKind, bytes: &[u8]) -> Result<(), PointFault> {
    match transcript {
        TranscriptKind::Poseidon | TranscriptKind::Blake2b => {
            let mut repr = <G1Affine as GroupEncoding>::Repr::default();
            repr.as_mut().copy_from_slice(bytes);
            let point = Option::<G1Affine>::from(G1Affine::from_bytes(&repr)).ok_or(PointFault::NotOnCurve)?;
            if point.to_bytes().as_ref() == bytes { Ok(()) } else { Err(PointFault::NotCanonical) }
        }
        TranscriptKind::Keccak => {
            let coordinate = |bytes: &[u8]| {
                let mut repr: [u8; 32] = std::array::from_fn(|i| bytes[i]);
                repr.reverse();
                Option::<Fq>::from(Fq::from_repr(repr)).ok_or(PointFault::NotCanonical)
            };
            let (x, y) = (coordinate(&bytes[..32])?, coordinate(&bytes[32..])?);
            let point = <G1Affine as halo2curves::CurveAffine>::from_xy(x, y);
            if bool::from(point.is_some()) { Ok(()) } else { Err(PointFault::NotOnCurve) }
        }
    }
}

/// A proof's scalar, if it is below the modulus.
pub(crate) fn scalar(transcript: TranscriptKind, bytes: &[u8]) -> Option<Fr> {
    let mut repr: [u8; 32] = std::array::from_fn(|i| bytes[i]);
    if transcript == TranscriptKind::Keccak {
        repr.reverse();
    }
    Fr::from_repr(repr).into()
}
