//! The verifier of SHPLONK openings (Boneh, Drake, Fisch, Gabizon, <https://eprint.iacr.org/2020/081>) with less arithmetic.
//!
//! snark-verifier's computes barycentric weights for every set of rotations, inverts them, adds them up and inverts the sums. All rotations
//! are powers of one constant, though: with $x_j = z w_j$ for a set $S$ of $n$ rotations, the polynomial $r$ that takes the values
//! $e_j$ at $x_j$ is, at the point $z'$,
//!
//! $$ r(z') = Z_S(z') z^{1-n} \sum_j \frac{c_j e_j}{z' - x_j}, \quad c_j = \prod_{i \neq j} (w_j - w_i)^{-1}, \quad Z_S(z') = \prod_j (z' - x_j), $$
//!
//! where the $c_j$ are constants. So one inversion of $z$ and of $z' - x_j$ for each rotation serves all sets, and the factor
//! $Z_0(z') / Z_S(z')$ that a set is scaled by cancels $Z_S(z')$.
//!
//! The claim is the same, and so is the accumulator: snark-verifier's is the oracle.

use std::collections::BTreeMap;

use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::Field,
};
use snark_verifier::{
    Error,
    loader::{LoadedScalar, Loader, ScalarLoader},
    pcs::{AccumulationScheme, PolynomialCommitmentScheme, Query, kzg::KzgAccumulator},
    util::{arithmetic::Rotation, msm::Msm, transcript::TranscriptRead},
};

use crate::accumulate::Scheme;

/// The scheme.
#[derive(Debug, Clone)]
pub(super) struct Shplonk;

type Scalar<L> = <L as ScalarLoader<Fr>>::LoadedScalar;

/// What is read of an opening.
#[derive(Debug, Clone)]
pub(super) struct Opening<L: Loader<G1Affine> + ScalarLoader<Fr>> {
    /// Combines the polynomials of a set.
    mu: Scalar<L>,
    /// Combines sets.
    gamma: Scalar<L>,
    /// Commits to the quotient.
    quotient: L::LoadedEcPoint,
    /// $z'$.
    point: Scalar<L>,
    /// Commits to the quotient of what is opened at $z'$.
    last: L::LoadedEcPoint,
}

/// What verifies: the group's generator, and the generator of the domain that rotations are powers of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    pub(super) generator: G1Affine,
    pub(super) root: Fr,
}

impl Setting {
    /// What a rotation multiplies the point by.
    pub(super) fn shift(&self, rotation: Rotation) -> Fr {
        let base = if rotation.0 < 0 { self.root.invert().expect("a root of unity is not zero") } else { self.root };
        base.pow_vartime([u64::from(rotation.0.unsigned_abs())])
    }

    /// For rotations of a set, the constants $c_j$.
    fn weights(&self, rotations: &[Rotation]) -> Vec<Fr> {
        let shifts: Vec<Fr> = rotations.iter().map(|rotation| self.shift(*rotation)).collect();
        let weight = |at: &Fr| {
            let others = shifts.iter().filter(|other| *other != at);
            others.map(|other| *at - other).product::<Fr>()
        };
        let inverse = |product: Fr| product.invert().expect("different rotations differ");
        shifts.iter().map(weight).map(inverse).collect()
    }
}

/// Polynomials that are opened at the same rotations.
struct Set<T> {
    rotations: Vec<Rotation>,
    /// For each, its index and its values, in the order of rotations.
    polynomials: Vec<(usize, Vec<T>)>,
}

/// Polynomials by the rotations that they are opened at. Sets, and polynomials in them, come in the order in which they are first
/// queried, as the powers of the challenges do.
fn sets<T: Clone>(queries: &[Query<Rotation, T>]) -> Vec<Set<T>> {
    let mut polynomials: Vec<(usize, BTreeMap<Rotation, T>)> = vec![];
    for query in queries {
        let known = polynomials.iter().position(|(polynomial, _)| *polynomial == query.poly);
        let at = known.unwrap_or_else(|| {
            polynomials.push((query.poly, BTreeMap::new()));
            polynomials.len() - 1
        });
        polynomials[at].1.entry(query.shift).or_insert_with(|| query.eval.clone());
    }
    let mut sets: Vec<Set<T>> = vec![];
    for (polynomial, values) in polynomials {
        let rotations: Vec<Rotation> = values.keys().copied().collect();
        let values = values.into_values().collect();
        match sets.iter_mut().find(|set| set.rotations == rotations) {
            Some(set) => set.polynomials.push((polynomial, values)),
            None => sets.push(Set { rotations, polynomials: vec![(polynomial, values)] }),
        }
    }
    sets
}

/// The points of an opening: $z' - z w$ for each rotation, and inverses.
pub(super) struct Points<T> {
    distances: BTreeMap<Rotation, T>,
    inverses: BTreeMap<Rotation, T>,
    point_inverse: T,
}

impl<T: LoadedScalar<Fr>> Points<T> {
    /// The points of queries at some rotations of `point`; they are of use when [`Self::denominators`] has been inverted.
    pub(super) fn new<L>(
        setting: &Setting,
        point: &T,
        rotations: impl IntoIterator<Item = Rotation>,
        proof: &Opening<L>,
    ) -> Self
    where
        L: Loader<G1Affine> + ScalarLoader<Fr, LoadedScalar = T>,
    {
        let loader = point.loader();
        let distance = |rotation: Rotation| {
            let shift = loader.load_const(&setting.shift(rotation));
            (rotation, proof.point.clone() - point.clone() * &shift)
        };
        let distances: BTreeMap<Rotation, T> = rotations.into_iter().map(distance).collect();
        // Sums of one summand: inversion replaces what it is given, and the EVM's loader remembers what other expressions were.
        let inverses = distances.iter().map(|(at, value)| (*at, loader.sum(&[value]))).collect();
        let point_inverse = loader.sum(&[point]);
        Self { distances, inverses, point_inverse }
    }

    /// What has to be inverted.
    pub(super) fn denominators(&mut self) -> impl Iterator<Item = &mut T> {
        self.inverses.values_mut().chain([&mut self.point_inverse])
    }
}

/// Verifies an opening, all but the pairing.
pub(super) fn open<L: Loader<G1Affine> + ScalarLoader<Fr>>(
    setting: &Setting,
    commitments: &[Msm<'_, G1Affine, L>],
    points: &Points<Scalar<L>>,
    queries: &[Query<Rotation, Scalar<L>>],
    proof: &Opening<L>,
) -> Result<KzgAccumulator<G1Affine, L>, Error> {
    let loader = proof.point.loader().clone();
    let sets = sets(queries);
    let first = sets.first().ok_or_else(|| Error::InvalidProtocol("nothing is opened".to_owned()))?;
    let vanishing = over(&points.distances, first, &[]);

    let most = sets.iter().map(|set| set.polynomials.len()).max().unwrap_or(0);
    let powers_of_mu = proof.mu.powers(most);
    let powers_of_gamma = proof.gamma.powers(sets.len());
    let mut sum = Msm::default();
    let mut values = vec![];
    for (set, power_of_gamma) in sets.iter().zip(&powers_of_gamma) {
        // Z_0 / Z_S, with what they share cancelled where Z_0 divides.
        let divides = first.rotations.iter().all(|rotation| set.rotations.contains(rotation));
        let ratio = if divides {
            over(&points.inverses, set, &first.rotations)
        } else {
            over(&points.inverses, set, &[]) * &vanishing
        };
        let ratio = ratio * power_of_gamma;
        for ((polynomial, _), power_of_mu) in set.polynomials.iter().zip(&powers_of_mu) {
            sum += commitments[*polynomial].clone() * &(ratio.clone() * power_of_mu);
        }
        let (value, scale) = match set.rotations.len() {
            1 => (combined(&loader, set, &powers_of_mu, |values| values[0].clone()), ratio),
            count => {
                let weights = setting.weights(&set.rotations);
                let interpolated = |values: &[Scalar<L>]| {
                    let terms = weights.iter().zip(&set.rotations).zip(values);
                    let terms: Vec<_> =
                        terms.map(|((weight, at), value)| (*weight, &points.inverses[at], value)).collect();
                    loader.sum_products_with_coeff(&terms)
                };
                let value = combined(&loader, set, &powers_of_mu, interpolated);
                (value, points.point_inverse.pow_const(count as u64 - 1) * &vanishing * power_of_gamma)
            }
        };
        values.push((value, scale));
    }
    let values: Vec<_> = values.iter().map(|(value, scale)| (value, scale)).collect();
    let value = loader.sum_products(&values);

    let opened = sum - Msm::constant(value) - Msm::base(&proof.quotient) * &vanishing;
    let right = Msm::base(&proof.last);
    let left = opened + right.clone() * &proof.point;
    let generator = Some(setting.generator);
    Ok(KzgAccumulator::new(left.evaluate(generator), right.evaluate(generator)))
}

impl<L: Loader<G1Affine> + ScalarLoader<Fr>> PolynomialCommitmentScheme<G1Affine, L> for Shplonk {
    type VerifyingKey = Setting;
    type Proof = Opening<L>;
    type Output = KzgAccumulator<G1Affine, L>;

    fn read_proof<T: TranscriptRead<G1Affine, L>>(
        _: &Setting,
        _: &[Query<Rotation>],
        transcript: &mut T,
    ) -> Result<Opening<L>, Error> {
        let [mu, gamma] = [(); 2].map(|()| transcript.squeeze_challenge());
        let quotient = transcript.read_ec_point()?;
        let point = transcript.squeeze_challenge();
        let last = transcript.read_ec_point()?;
        Ok(Opening { mu, gamma, quotient, point, last })
    }

    fn verify(
        setting: &Setting,
        commitments: &[Msm<'_, G1Affine, L>],
        point: &Scalar<L>,
        queries: &[Query<Rotation, Scalar<L>>],
        proof: &Opening<L>,
    ) -> Result<Self::Output, Error> {
        let mut points = Points::new(setting, point, queries.iter().map(|query| query.shift), proof);
        <L as ScalarLoader<Fr>>::batch_invert(points.denominators());
        open(setting, commitments, &points, queries, proof)
    }
}

/// The product of what belongs to the rotations of a set, but for some of them.
fn over<T: LoadedScalar<Fr>>(values: &BTreeMap<Rotation, T>, set: &Set<T>, but: &[Rotation]) -> T {
    let loader = values.values().next().expect("a set has rotations").loader();
    let factors: Vec<_> = set.rotations.iter().filter(|at| !but.contains(at)).map(|at| &values[at]).collect();
    loader.product(&factors)
}

/// The sum of what polynomials of a set have for a value, scaled by powers of a challenge.
fn combined<L: Loader<G1Affine> + ScalarLoader<Fr>>(
    loader: &L,
    set: &Set<Scalar<L>>,
    powers: &[Scalar<L>],
    value: impl Fn(&[Scalar<L>]) -> Scalar<L>,
) -> Scalar<L> {
    let values: Vec<_> = set.polynomials.iter().map(|(_, values)| value(values)).collect();
    let terms: Vec<_> = values.iter().zip(powers).collect();
    loader.sum_products(&terms)
}

impl<L: Loader<G1Affine> + ScalarLoader<Fr>> AccumulationScheme<G1Affine, L> for Shplonk {
    type Accumulator = KzgAccumulator<G1Affine, L>;
    type VerifyingKey = <Scheme as AccumulationScheme<G1Affine, L>>::VerifyingKey;
    type Proof = <Scheme as AccumulationScheme<G1Affine, L>>::Proof;

    fn read_proof<T: TranscriptRead<G1Affine, L>>(
        key: &Self::VerifyingKey,
        instances: &[Self::Accumulator],
        transcript: &mut T,
    ) -> Result<Self::Proof, Error> {
        <Scheme as AccumulationScheme<G1Affine, L>>::read_proof(key, instances, transcript)
    }

    fn verify(
        key: &Self::VerifyingKey,
        instances: &[Self::Accumulator],
        proof: &Self::Proof,
    ) -> Result<Self::Accumulator, Error> {
        <Scheme as AccumulationScheme<G1Affine, L>>::verify(key, instances, proof)
    }
}

#[cfg(test)]
mod tests {
    use snark_verifier::{
        loader::native::NativeLoader,
        pcs::kzg::LimbsEncoding,
        system::halo2::transcript::evm::EvmTranscript,
        verifier::{
            SnarkVerifier,
            plonk::{PlonkProof, PlonkProtocol, PlonkSuccinctVerifier},
        },
    };

    use super::*;
    use crate::{
        accumulate::{Claimer, FoldInstance, FoldKey, LIMB_BITS, LIMBS, ProofWithInstance},
        evm::plonk,
        transcript::TranscriptKind,
    };

    type Accumulators = Vec<KzgAccumulator<G1Affine, NativeLoader>>;

    type Proof<S> = PlonkProof<G1Affine, NativeLoader, S>;
    type Verify<S> = fn(&PlonkProtocol<G1Affine>, &[Vec<Fr>], &Proof<S>) -> Result<Accumulators, Error>;

    /// Accumulators by snark-verifier's verifier with the scheme `S`, or by another one.
    fn accumulators<S>(
        setup: &<S as PolynomialCommitmentScheme<G1Affine, NativeLoader>>::VerifyingKey,
        key: &FoldKey,
        proof: &ProofWithInstance,
        other: Option<Verify<S>>,
    ) -> Accumulators
    where
        S: AccumulationScheme<G1Affine, NativeLoader, Accumulator = KzgAccumulator<G1Affine, NativeLoader>>
            + PolynomialCommitmentScheme<G1Affine, NativeLoader, Output = KzgAccumulator<G1Affine, NativeLoader>>,
    {
        type Verifier<S> = PlonkSuccinctVerifier<S, LimbsEncoding<LIMBS, LIMB_BITS>>;
        let instances = [proof.instance.clone()];
        let mut transcript = EvmTranscript::<G1Affine, NativeLoader, _, Vec<u8>>::new(proof.proof.as_slice());
        let read = Verifier::<S>::read_proof(setup, key.protocol(), &instances, &mut transcript).unwrap();
        match other {
            Some(verify) => verify(key.protocol(), &instances, &read).unwrap(),
            None => Verifier::<S>::verify(setup, key.protocol(), &instances, &read).unwrap(),
        }
    }

    /// snark-verifier computes the same accumulators: of a proof, and of what is none.
    #[test]
    fn accumulators_are_those_of_snark_verifier() {
        let claimer = Claimer::new(1);
        let fields = [2, 3, 8, 9].map(Fr::from);
        let [old_root, new_root, contexts, keys] = fields;
        let accumulator = claimer.accumulator(77);
        let instance = FoldInstance { accumulator, old_root, new_root, batches: 5, contexts, keys };
        let mut proof = claimer.prove_with(instance.to_column(), TranscriptKind::Keccak);
        let setting = Setting { generator: G1Affine::generator(), root: claimer.key.protocol().domain.r#gen };
        let points = claimer.key.proof_points() - 2;
        assert!(claimer.key.proof_scalars() > 5);
        for change in 0..6 {
            if change > 0 {
                // The lowest byte of an evaluation.
                proof.proof[points * 64 + change * 32 - 1] ^= 1;
            }
            let own = accumulators::<Shplonk>(&setting, &claimer.key, &proof, None);
            let ordered: fn(&PlonkProtocol<G1Affine>, &[Vec<Fr>], &Proof<Shplonk>) -> _ =
                |protocol, instances, proof| {
                    let setting = Setting { generator: G1Affine::generator(), root: protocol.domain.r#gen };
                    plonk::verify(&setting, protocol, instances, proof)
                };
            let reordered = accumulators(&setting, &claimer.key, &proof, Some(ordered));
            let theirs = accumulators::<Scheme>(&G1Affine::generator().into(), &claimer.key, &proof, None);
            let coordinates = |found: &Accumulators| found.iter().map(|it| (it.lhs, it.rhs)).collect::<Vec<_>>();
            assert_eq!(coordinates(&own), coordinates(&theirs), "change {change}");
            assert_eq!(coordinates(&reordered), coordinates(&theirs), "change {change}");
        }
    }
}
