//! Decoding of curve points and field elements from files, with every check.
//!
//! halo2-axiom's own readers are not used on files: `SerdeFormat::RawBytes` promises that points are on the curve, but
//! halo2curves-axiom 0.7.3 only checks that coordinates are below the modulus there, and its polynomial readers panic on
//! short or hostile input. `from_raw_bytes`, used here, does check the curve equation.
//!
//! "Raw" means the in-memory form: coordinates as four little-endian 64-bit limbs in Montgomery form, x before y.

use group::{cofactor::CofactorGroup, prime::PrimeCurveAffine};
use halo2curves::{
    CurveAffine,
    bn256::{Fq, Fq2, Fr, G1Affine, G2Affine},
    serde::SerdeObject,
};
use rayon::prelude::*;

use crate::error::{PointFault, ProverError};

/// Bytes of a raw G1 point.
pub(crate) const G1_BYTES: usize = 64;
/// Bytes of a raw G2 point.
pub(crate) const G2_BYTES: usize = 128;
/// Bytes of a raw field element.
pub(crate) const FR_BYTES: usize = 32;

/// Whether the identity is acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity {
    /// It is: commitments to a zero polynomial.
    Allowed,
    /// It is not: powers of a secret.
    Refused,
}

/// Reads raw G1 points. Every point on BN254's G1 is in the subgroup: its cofactor is 1.
///
/// # Errors
/// [`ProverError::Point`] naming the first bad point in `basis`.
pub(crate) fn read_g1(bytes: &[u8], basis: &'static str, identity: Identity) -> Result<Vec<G1Affine>, ProverError> {
    bytes
        .par_chunks_exact(G1_BYTES)
        .enumerate()
        .map(|(index, bytes)| {
            let fail = |fault| ProverError::Point { basis, index, fault };
            let point = G1Affine::from_raw_bytes(bytes).ok_or_else(|| {
                fail(coordinate_fault(bytes.chunks_exact(32).all(|half| Fq::from_raw_bytes(half).is_some())))
            })?;
            if identity == Identity::Refused && bool::from(point.is_identity()) {
                return Err(fail(PointFault::Identity));
            }
            Ok(point)
        })
        .collect()
}

/// Reads one raw G2 point, and checks that it is in the subgroup of prime order and not the identity.
///
/// # Errors
/// [`ProverError::Point`] naming `basis` and `index`.
pub(crate) fn read_g2(bytes: &[u8], basis: &'static str, index: usize) -> Result<G2Affine, ProverError> {
    let fail = |fault| ProverError::Point { basis, index, fault };
    let point = G2Affine::from_raw_bytes(bytes).ok_or_else(|| {
        fail(coordinate_fault(bytes.chunks_exact(64).all(|half| Fq2::from_raw_bytes(half).is_some())))
    })?;
    check_g2(&point).map_err(fail)?;
    Ok(point)
}

/// Checks that a G2 point is on the curve, in the subgroup of prime order, and not the identity.
pub(crate) fn check_g2(point: &G2Affine) -> Result<(), PointFault> {
    if bool::from(point.is_identity()) {
        Err(PointFault::Identity)
    } else if !bool::from(point.is_on_curve()) {
        Err(PointFault::NotOnCurve)
    } else if !bool::from(point.to_curve().is_torsion_free()) {
        Err(PointFault::NotInSubgroup)
    } else {
        Ok(())
    }
}

/// Reads raw scalars.
///
/// # Errors
/// [`ProverError::Scalar`] naming the first bad one in `column`.
pub(crate) fn read_scalars(bytes: &[u8], column: impl Fn() -> String + Sync) -> Result<Vec<Fr>, ProverError> {
    bytes
        .par_chunks_exact(FR_BYTES)
        .enumerate()
        .map(|(index, bytes)| Fr::from_raw_bytes(bytes).ok_or_else(|| ProverError::Scalar { column: column(), index }))
        .collect()
}

fn coordinate_fault(coordinates_are_canonical: bool) -> PointFault {
    if coordinates_are_canonical { PointFault::NotOnCurve } else { PointFault::NotCanonical }
}
