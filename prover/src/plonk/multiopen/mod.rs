//! Multi-point openings: one proof that many committed polynomials have the claimed values at many points.

mod gwc;
mod shplonk;

use std::fmt::Debug;
use std::marker::PhantomData;

use halo2_proofs::transcript::{EncodedChallenge, TranscriptWrite};
use halo2curves::bn256::{Fr, G1Affine};
use zomma_kernels::Backend;

use super::key::CommitmentBases;
use crate::ProverError;

/// A polynomial, given by coefficients, to be opened at a point. Polynomials are told apart by their address.
#[derive(Debug)]
pub struct Query<'q, P> {
    pub(super) poly: &'q P,
    pub(super) point: Fr,
}

impl<P> Clone for Query<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Query<'_, P> {}

/// What an opening argument computes with.
#[derive(Debug)]
pub struct Opener<'o, 'k, B: Backend> {
    pub(super) backend: &'o B,
    pub(super) bases: &'o CommitmentBases<'k, B>,
}

/// An opening argument.
pub trait Multiopen: Debug + sealed::Sealed {
    /// Whether instance columns are committed to and opened like advice columns, instead of being hashed value by value
    /// and evaluated by the verifier.
    const QUERY_INSTANCE: bool;

    /// Proves the values of `queries` and writes the proof.
    ///
    /// # Errors
    /// [`ProverError::Mismatch`] if a polynomial is opened twice at one point; those of backend and transcript.
    fn open<'k, B, E, T>(
        opener: &Opener<'_, 'k, B>,
        queries: &[Query<'_, B::Poly<'k>>],
        transcript: &mut T,
    ) -> Result<(), ProverError>
    where
        B: Backend,
        E: EncodedChallenge<G1Affine>,
        T: TranscriptWrite<G1Affine, E>;
}

/// The opening argument of Boneh, Drake, Fisch and Gabizon (<https://eprint.iacr.org/2020/081>, section 4): two points
/// whatever the number of polynomials and points. What `ProverSHPLONK` is in halo2.
#[derive(Clone, Copy, Debug)]
pub struct Shplonk;

/// The opening argument of Gabizon, Williamson and Ciobotaru (<https://eprint.iacr.org/2019/953>, section 3): one point
/// for each point opened at. What `ProverGWC` is in halo2.
#[derive(Clone, Copy, Debug)]
pub struct Gwc;

/// An opening argument with instance columns committed to, as halo2's `QUERY_INSTANCE` means it.
#[derive(Clone, Copy, Debug)]
pub struct QueryInstance<O>(PhantomData<O>);

impl<O: Multiopen> Multiopen for QueryInstance<O> {
    const QUERY_INSTANCE: bool = true;

    fn open<'k, B, E, T>(
        opener: &Opener<'_, 'k, B>,
        queries: &[Query<'_, B::Poly<'k>>],
        transcript: &mut T,
    ) -> Result<(), ProverError>
    where
        B: Backend,
        E: EncodedChallenge<G1Affine>,
        T: TranscriptWrite<G1Affine, E>,
    {
        O::open(opener, queries, transcript)
    }
}

mod sealed {
    /// The arguments are the ones of this module.
    pub trait Sealed {}
    impl Sealed for super::Shplonk {}
    impl Sealed for super::Gwc {}
    impl<O: Sealed> Sealed for super::QueryInstance<O> {}
}

/// Refuses queries that open one polynomial twice at one point, as halo2 does: its verifier would.
fn check_distinct<P>(queries: &[Query<'_, P>]) -> Result<(), ProverError> {
    let mut seen = std::collections::HashSet::new();
    match queries.iter().find(|query| !seen.insert((std::ptr::from_ref(query.poly), query.point))) {
        Some(query) => {
            Err(ProverError::mismatch("opening queries", "each once", format!("one repeated at {:?}", query.point)))
        }
        None => Ok(()),
    }
}

/// `1, base, base², …`
fn powers(base: Fr) -> impl Iterator<Item = Fr> {
    std::iter::successors(Some(ff::Field::ONE), move |power: &Fr| Some(power * base))
}

/// $\prod_p (x - p)$.
fn vanishing_at(points: impl IntoIterator<Item = Fr>, x: Fr) -> Fr {
    points.into_iter().map(|point| x - point).product()
}
