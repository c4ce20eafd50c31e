//! What snark-verifier's verifier does, all but the pairing, in an order that needs one inversion.
//!
//! The Lagrange polynomials are $l_i(z) = \frac{z^n - 1}{n} (z w^{-i} - 1)^{-1}$. As the rotations of openings, too, are multiples $z
//! w^j$, many of which are the same, and a sum of Lagrange polynomials takes their common factor once.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use halo2curves::bn256::{Fr, G1Affine};
use serde::Serialize;
use snark_verifier::{
    Error,
    loader::{LoadedScalar, Loader, ScalarLoader},
    pcs::{Query, kzg::KzgAccumulator},
    util::{arithmetic::Rotation, msm::Msm},
    verifier::plonk::{PlonkProof, PlonkProtocol},
};

use super::shplonk::{Points, Setting, Shplonk, open};

type Scalar<L> = <L as ScalarLoader<Fr>>::LoadedScalar;

/// The accumulators of a proof: its own, and those that it inherits.
///
/// # Errors
/// What is not in protocols of this crate's circuits: committed instances, linearisation, a domain that is a witness.
pub(super) fn verify<L: Loader<G1Affine> + ScalarLoader<Fr>>(
    setting: &Setting,
    protocol: &PlonkProtocol<G1Affine, L>,
    instances: &[Vec<Scalar<L>>],
    proof: &PlonkProof<G1Affine, L, Shplonk>,
) -> Result<Vec<KzgAccumulator<G1Affine, L>>, Error> {
    let plain = protocol.linearization.is_none()
        && protocol.instance_committing_key.is_none()
        && protocol.domain_as_witness.is_none();
    if !plain {
        return Err(unknown("a protocol of another kind"));
    }
    let loader = proof.z.loader().clone();
    let one = loader.load_one();
    let first_instance = protocol.preprocessed.len();
    let numerator = &protocol.quotient.numerator;
    let of_instances: Vec<(usize, i32)> = numerator
        .used_query()
        .iter()
        .map(|query| (query.poly, query.rotation.0))
        .filter(|(polynomial, _)| (first_instance..first_instance + instances.len()).contains(polynomial))
        .collect();

    let power = proof.z.pow_const(protocol.domain.n as u64);
    let vanishing = power.clone() - &one;
    let (mut single, sums) = used_lagrange(protocol);
    for (polynomial, rotation) in &of_instances {
        single.extend((0..instances[polynomial - first_instance].len()).map(|row| row as i32 - rotation));
    }
    let mut lagrange = Lagrange::new(setting, &loader, &proof.z, &single, sums);
    let mut vanishing_inverse = loader.sum(&[&vanishing]);
    let rotations = protocol.queries.iter().map(|query| query.rotation);
    let mut points = Points::new(setting, &proof.z, rotations, &proof.pcs);
    let inverted = lagrange.denominators().chain([&mut vanishing_inverse]).chain(points.denominators());
    <L as ScalarLoader<Fr>>::batch_invert(inverted);
    lagrange.factor = Some(vanishing * &loader.load_const(&protocol.domain.n_inv));

    let mut evaluations: BTreeMap<(usize, i32), Scalar<L>> = BTreeMap::new();
    for (polynomial, rotation) in of_instances {
        let instances = &instances[polynomial - first_instance];
        let inverses = (-rotation..).map(|index| &lagrange.inverses[&index]);
        let terms: Vec<_> = instances.iter().zip(inverses).collect();
        let value = loader.sum_products(&terms) * lagrange.factor();
        evaluations.insert((polynomial, rotation), value);
    }
    let claimed = protocol.evaluations.iter().map(|query| (query.poly, query.rotation.0));
    evaluations.extend(claimed.zip(proof.evaluations.iter().cloned()));

    let value = |term: Option<Term<_>>| term.and_then(|term| lagrange.value(term));
    let numerator = numerator.evaluate(
        &|constant| Some(Term::Value(loader.load_const(&constant))),
        &|polynomial| common(&polynomial, || proof.z.clone()),
        &|query| evaluations.get(&(query.poly, query.rotation.0)).cloned().map(Term::Value),
        &|challenge| proof.challenges.get(challenge).cloned().map(Term::Value),
        &|a| Some(Term::Value(-value(a)?)),
        &|a, b| match (a, b) {
            (Some(Term::Lagrange(a)), Some(Term::Lagrange(b))) => Some(Term::Lagrange([a, b].concat())),
            (a, b) => Some(Term::Value(value(a)? + value(b)?)),
        },
        &|a, b| Some(Term::Value(value(a)? * value(b)?)),
        &|a, scalar| Some(Term::Value(value(a)? * loader.load_const(&scalar))),
    );
    let numerator = value(numerator).ok_or_else(|| unknown("a numerator that is not made of what is there"))?;
    let quotient_index = first_instance + instances.len() + proof.witnesses.len();
    evaluations.insert((quotient_index, 0), numerator * &vanishing_inverse);

    let chunks = power.pow_const(protocol.quotient.chunk_degree as u64).powers(proof.quotients.len());
    let quotient =
        proof.quotients.iter().zip(&chunks).map(|(chunk, power)| Msm::base(chunk) * power).sum::<Msm<_, _>>();
    let bases = protocol.preprocessed.iter().map(Msm::base);
    let without = instances.iter().map(|_| Msm::default());
    let commitments: Vec<_> =
        bases.chain(without).chain(proof.witnesses.iter().map(Msm::base)).chain([quotient]).collect();
    let queries = protocol.queries.iter().map(|query| {
        let value = evaluations.get(&(query.poly, query.rotation.0)).cloned();
        let value = value.ok_or_else(|| unknown("a query without a value"))?;
        Ok(Query::new(query.poly, query.rotation).with_evaluation(one.clone(), value))
    });
    let queries = queries.collect::<Result<Vec<_>, Error>>()?;
    let own = open(setting, &commitments, &points, &queries, &proof.pcs)?;
    Ok([own].into_iter().chain(proof.old_accumulators.iter().cloned()).collect())
}

fn unknown(what: &str) -> Error {
    Error::InvalidProtocol(what.to_owned())
}

/// A value, or a sum of Lagrange polynomials that has not been taken yet.
#[derive(Clone)]
enum Term<T> {
    Value(T),
    Lagrange(Vec<i32>),
}

/// A polynomial that belongs to no column: X itself, or one of Lagrange's.
///
/// snark-verifier's type has no name outside of it, but a form: `Identity`, or `Lagrange` with an index.
fn common<T>(polynomial: &impl Serialize, identity: impl FnOnce() -> T) -> Option<Term<T>> {
    let form = serde_json::to_value(polynomial).ok()?;
    match form.get("Lagrange") {
        Some(index) => Some(Term::Lagrange(vec![i32::try_from(index.as_i64()?).ok()?])),
        None => (form == "Identity").then(|| Term::Value(identity())),
    }
}

type Sums = BTreeSet<Vec<i32>>;

/// The Lagrange polynomials that the numerator takes by themselves, and those that it takes sums of.
fn used_lagrange<L>(protocol: &PlonkProtocol<G1Affine, L>) -> (BTreeSet<i32>, Sums)
where
    L: Loader<G1Affine> + ScalarLoader<Fr>,
{
    let used = RefCell::new((BTreeSet::new(), Sums::new()));
    let take = |term: &Option<Term<()>>| {
        if let Some(Term::Lagrange(indices)) = term {
            let (single, sums) = &mut *used.borrow_mut();
            match indices.as_slice() {
                [index] => drop(single.insert(*index)),
                _ => drop(sums.insert(indices.clone())),
            }
        }
        Some(Term::Value(()))
    };
    let both = |a, b| take(&a).and(take(&b));
    let numerator = protocol.quotient.numerator.evaluate(
        &|_| Some(Term::Value(())),
        &|polynomial| common(&polynomial, || ()),
        &|_| Some(Term::Value(())),
        &|_| Some(Term::Value(())),
        &|a| take(&a),
        &|a, b| match (a, b) {
            (Some(Term::Lagrange(a)), Some(Term::Lagrange(b))) => Some(Term::Lagrange([a, b].concat())),
            (a, b) => both(a, b),
        },
        &both,
        &|a, _| take(&a),
    );
    take(&numerator);
    used.into_inner()
}

/// Values of Lagrange polynomials, but for their common factor.
struct Lagrange<T> {
    /// $(z w^{-i} - 1)^{-1}$.
    inverses: BTreeMap<i32, T>,
    /// Sums of these, as fractions whose denominators get inverted.
    sums: BTreeMap<Vec<i32>, [T; 2]>,
    /// $(z^n - 1) / n$.
    factor: Option<T>,
}

impl<T: LoadedScalar<Fr>> Lagrange<T> {
    fn new<L: ScalarLoader<Fr, LoadedScalar = T>>(
        setting: &Setting,
        loader: &L,
        z: &T,
        single: &BTreeSet<i32>,
        sums: Sums,
    ) -> Self {
        let denominator = |index: &i32| {
            let shift = loader.load_const(&setting.shift(Rotation(-index)));
            z.clone() * &shift - loader.load_one()
        };
        // Copies, as inversion replaces what it is given.
        let inverse = |index: &i32| (*index, loader.sum(&[&denominator(index)]));
        let fraction = |indices: Vec<i32>| {
            let fractions = indices.iter().map(|index| [loader.load_one(), denominator(index)]);
            let sum =
                fractions.reduce(|[above, below], [one, next]| [above * &next + below.clone() * one, below * next]);
            let [above, below] = sum.expect("a sum has summands");
            let below = loader.sum(&[&below]);
            (indices, [above, below])
        };
        Self {
            inverses: single.iter().map(inverse).collect(),
            sums: sums.into_iter().map(fraction).collect(),
            factor: None,
        }
    }

    /// What has to be inverted.
    fn denominators(&mut self) -> impl Iterator<Item = &mut T> {
        self.inverses.values_mut().chain(self.sums.values_mut().map(|[_, below]| below))
    }

    fn factor(&self) -> &T {
        self.factor.as_ref().expect("it is set as soon as there are inverses")
    }

    fn value(&self, term: Term<T>) -> Option<T> {
        match term {
            Term::Value(value) => Some(value),
            Term::Lagrange(indices) => {
                let value = match indices.as_slice() {
                    [index] => self.inverses.get(index)?.clone(),
                    _ => self.sums.get(&indices).map(|[above, inverse]| above.clone() * inverse)?,
                };
                Some(value * self.factor())
            }
        }
    }
}
