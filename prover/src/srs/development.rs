//! Development parameters: a secret drawn from a seed that everybody can read.

use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2curves::{
    bn256::{Bn256, Fr, G1Affine, G2Affine},
    ff::{BatchInvert, Field, PrimeField},
};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::{Origin, Srs, assemble, fixed_base::FixedBase};
use crate::{error::ProverError, progress::Progress};

impl Srs {
    /// Parameters for `k` whose secret is the first scalar drawn from ChaCha20 seeded with `seed`.
    ///
    /// Whoever knows the seed can prove anything: the file, and every key and proof made from it, says so.
    ///
    /// # Errors
    /// [`ProverError::OutOfRange`] for a `k` that is not supported.
    pub fn development(k: u32, seed: u64, progress: &dyn Progress) -> Result<Self, ProverError> {
        super::check_k(k)?;
        let params = setup(k, ChaCha20Rng::seed_from_u64(seed), progress);
        Ok(Self::new(k, Origin::Development { seed }, params))
    }
}

/// `ParamsKZG::setup(k, rng)`, byte for byte, but from a table of multiples of the generator.
///
/// The caller has checked `k`.
fn setup(k: u32, rng: impl RngCore, progress: &dyn Progress) -> ParamsKZG<Bn256> {
    let n = 1usize << k;
    let secret = Fr::random(rng);
    let table = FixedBase::new(G1Affine::generator(), n);
    progress.stage("powers of the secret", n as u64);
    let powers: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |power| Some(power * secret)).take(n).collect();
    let g = table.multiply(&powers, progress);
    progress.stage("Lagrange basis", n as u64);
    let g_lagrange = table.multiply(&lagrange_at(k, secret), progress);
    let g2 = G2Affine::generator();
    assemble(k, g, Some(g_lagrange), g2, (g2 * secret).into())
}

/// Every Lagrange polynomial of the domain of size `2^k` at `x`:
/// $L_i(x) = \frac{x^n - 1}{n} \cdot \frac{\omega^i}{x - \omega^i}$.
fn lagrange_at(k: u32, x: Fr) -> Vec<Fr> {
    let n = 1u64 << k;
    let omega = (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
    let roots = || std::iter::successors(Some(Fr::ONE), |root| Some(root * omega)).take(n as usize);
    let mut values: Vec<Fr> = roots().map(|root| x - root).collect();
    if let Some(on_domain) = values.iter().position(Field::is_zero_vartime) {
        // The formula divides by zero there, but the values are known.
        return (0..values.len()).map(|i| Fr::from(u64::from(i == on_domain))).collect();
    }
    values.iter_mut().batch_invert();
    let scale = (x.pow_vartime([n]) - Fr::ONE) * Fr::TWO_INV.pow_vartime([u64::from(k)]);
    values.iter_mut().zip(roots()).for_each(|(value, root)| *value *= scale * root);
    values
}

#[cfg(test)]
mod tests {
    use halo2_proofs::{SerdeFormat, poly::EvaluationDomain};

    use super::*;
    use crate::progress::Silent;

    fn bytes(params: &ParamsKZG<Bn256>) -> Vec<u8> {
        let mut bytes = vec![];
        params.write_custom(&mut bytes, SerdeFormat::RawBytes).unwrap();
        bytes
    }

    #[test]
    fn parameters_are_those_of_halo2_byte_for_byte() {
        for (k, seed) in [(1, 0), (2, 7), (5, 1), (8, u64::MAX), (10, 0)] {
            let theirs = ParamsKZG::<Bn256>::setup(k, ChaCha20Rng::seed_from_u64(seed));
            let ours = Srs::development(k, seed, &Silent).unwrap();
            assert_eq!(bytes(ours.params()), bytes(&theirs), "k = {k}, seed = {seed}");
        }
    }

    #[test]
    fn lagrange_polynomials_interpolate() {
        let domain = EvaluationDomain::<Fr>::new(1, 4);
        let values: Vec<Fr> = (0..16).map(|i| Fr::from(i * i + 3)).collect();
        let coefficients = domain.lagrange_to_coeff(domain.lagrange_from_vec(values.clone()));
        for x in [Fr::from(12345), Fr::ZERO, Fr::ONE, domain.get_omega()] {
            let expected = coefficients.values().iter().rev().fold(Fr::ZERO, |sum, c| sum * x + c);
            let found = lagrange_at(4, x).iter().zip(&values).map(|(l, v)| l * v).sum::<Fr>();
            assert_eq!(found, expected, "at {x:?}");
        }
    }
}
