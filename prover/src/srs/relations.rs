//! The relations that make points a structured reference string, each checked for all points at once by a random linear
//! combination.

use std::{
    collections::HashSet,
    sync::{LazyLock, Mutex, PoisonError},
};

use group::Curve;
use halo2_proofs::{
    arithmetic::best_multiexp,
    poly::{
        EvaluationDomain,
        commitment::{Blind, Params, ParamsProver},
        kzg::commitment::ParamsKZG,
    },
};
use halo2curves::{
    bn256::{Bn256, Fr, G1Affine, pairing},
    ff::Field,
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::{artefact::Digest, error::ProverError, progress::Progress};

/// Digests of points that this process has checked: the three multiplications take seconds, and a digest names all points.
static CHECKED: LazyLock<Mutex<HashSet<Digest>>> = LazyLock::new(Mutex::default);

/// Whether [`check`] has passed for points with this digest.
pub(super) fn are_known_to_hold(digest: &Digest) -> bool {
    CHECKED.lock().unwrap_or_else(PoisonError::into_inner).contains(digest)
}

/// Checks that `g` holds the successive powers of the secret in `s_g2`, and that `g_lagrange` is the same in the Lagrange basis.
///
/// The coefficients of the combination are drawn from `digest`, which must depend on every point: whoever made the points could
/// not know them. A wrong point then passes with probability about $2^{-254}$.
///
/// Three multi-scalar multiplications of length $2^k$.
///
/// # Errors
/// [`ProverError::Relation`].
pub(super) fn check(params: &ParamsKZG<Bn256>, digest: &Digest, progress: &dyn Progress) -> Result<(), ProverError> {
    progress.stage("checking the relations between the points", 3);
    let domain = EvaluationDomain::<Fr>::new(1, params.k());
    let mut rng = ChaCha20Rng::from_seed(digest.0);
    let values = domain.lagrange_from_vec((0..params.n()).map(|_| Fr::random(&mut rng)).collect());
    let coefficients = domain.lagrange_to_coeff(values.clone());

    // sum c_i [s^i] must be the commitment to the same polynomial in the Lagrange basis
    let in_monomials = params.commit(&coefficients, Blind::default());
    progress.advance(1);
    let in_lagrange = params.commit_lagrange(&values, Blind::default());
    progress.advance(1);
    if in_monomials != in_lagrange {
        return Err(ProverError::Relation { relation: "g_lagrange = Lagrange basis of g" });
    }

    // e(sum_{i < n-1} c_i [s^{i+1}], [1]) = e(sum_{i < n-1} c_i [s^i], [s])
    let g = params.get_g();
    let last = g.len() - 1;
    let shifted: G1Affine = best_multiexp(&coefficients[0..last], &g[1..]).to_affine();
    let unshifted: G1Affine = (in_monomials - g[last] * coefficients[last]).to_affine();
    progress.advance(1);
    if pairing(&shifted, &params.g2()) != pairing(&unshifted, &params.s_g2()) {
        return Err(ProverError::Relation { relation: "e(s^i G1, G2) = e(s^(i-1) G1, s G2)" });
    }
    CHECKED.lock().unwrap_or_else(PoisonError::into_inner).insert(*digest);
    Ok(())
}
