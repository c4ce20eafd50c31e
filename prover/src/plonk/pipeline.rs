//! The phases of a proof, in the order of the transcript.

use std::borrow::Cow;
use std::collections::HashMap;
use std::marker::PhantomData;

use ff::Field;
use halo2_proofs::plonk::Circuit;
use halo2_proofs::transcript::{EncodedChallenge, TranscriptWrite};
use halo2curves::bn256::{Fr, G1Affine};
use rand_core::RngCore;
use tracing::info_span;
use zomma_kernels::{Backend, Fraction, LookupColumns};

use super::evaluate;
use super::expression::{Argument, Challenges, Source};
use super::key::{Prepared, PreparedKey};
use super::lookup;
use super::multiopen::{Multiopen, Opener};
use super::witness::{self, PhaseEnd};
use super::{OracleChoices, Prover};
use crate::ProverError;

/// Polynomials of one circuit.
pub(super) struct CircuitPolys<P> {
    /// Values until the quotient, coefficients from then on.
    pub(super) advice: Vec<P>,
    /// Likewise.
    pub(super) instance: Vec<P>,
    /// Coefficients, from the lookup argument on.
    pub(super) lookups: Vec<LookupPolys<P>>,
    /// Coefficients, from the permutation argument on.
    pub(super) permutation: Vec<P>,
}

/// Polynomials of one lookup argument, by coefficients.
pub(super) struct LookupPolys<P> {
    pub(super) input: P,
    pub(super) table: P,
    pub(super) product: P,
}

/// What the lookup argument of one circuit keeps between its two commitments: all columns by values.
struct PermutedLookups<P> {
    /// Outputs of the compression program.
    compressed: Vec<P>,
    permuted: Vec<LookupColumns<P>>,
}

/// Polynomials of the vanishing argument, by coefficients.
pub(super) struct Vanishing<P> {
    pub(super) random: P,
    /// Pieces of the quotient.
    pub(super) pieces: Vec<P>,
}

pub(super) fn run<O, B, E, T, R, C>(
    prover: &Prover<'_, B>,
    circuits: &[C],
    instances: &[&[&[Fr]]],
    rng: R,
    transcript: &mut T,
    choices: Option<&OracleChoices>,
) -> Result<(), ProverError>
where
    O: Multiopen,
    B: Backend,
    E: EncodedChallenge<G1Affine>,
    T: TranscriptWrite<G1Affine, E>,
    R: RngCore,
    C: Circuit<Fr>,
{
    let key = &prover.key;
    check_instances(key, circuits.len(), instances)?;
    key.check_memory(circuits.len())?;
    if let Some(choices) = choices {
        choices.check(key, circuits.len())?;
    }
    let _span = info_span!("proof", backend = prover.backend.name(), k = key.shape.k).entered();
    let mut session = Session { prover, key, rng, transcript, choices, encoding: PhantomData };
    key.vk.hash_into(session.transcript)?;

    let (mut polys, mut challenges) = session.witness::<C>(circuits, instances, O::QUERY_INSTANCE)?;
    challenges.set(Argument::Theta, session.squeeze());
    let lookups = session.permute_lookups(&polys, &challenges)?;
    challenges.set(Argument::Beta, session.squeeze());
    challenges.set(Argument::Gamma, session.squeeze());
    session.permutation_products(&mut polys, &challenges)?;
    session.lookup_products(&mut polys, lookups, &challenges)?;
    let random = session.random_polynomial()?;
    challenges.set(Argument::Y, session.squeeze());
    session.interpolate(&mut polys)?;
    let pieces = session.quotient(&polys, &challenges)?;
    let x = session.squeeze();
    let vanishing = Vanishing { random, pieces };
    session.open::<O>(&polys, vanishing, x)
}

/// One run of the prover.
struct Session<'s, 'k, B: Backend, E, T, R> {
    prover: &'s Prover<'k, B>,
    key: &'s PreparedKey<'k, B>,
    rng: R,
    transcript: &'s mut T,
    choices: Option<&'s OracleChoices>,
    encoding: PhantomData<E>,
}

type Polys<'k, B> = Vec<CircuitPolys<<B as Backend>::Poly<'k>>>;

impl<'k, B, E, T, R> Session<'_, 'k, B, E, T, R>
where
    B: Backend,
    E: EncodedChallenge<G1Affine>,
    T: TranscriptWrite<G1Affine, E>,
    R: RngCore,
{
    fn backend(&self) -> &'k B {
        self.prover.backend
    }

    fn squeeze(&mut self) -> Fr {
        *self.transcript.squeeze_challenge_scalar::<()>()
    }

    fn random(&mut self, count: usize) -> Vec<Fr> {
        (0..count).map(|_| Fr::random(&mut self.rng)).collect()
    }

    /// Draws a commitment's blinding scalar as halo2 does; KZG commitments do not use it.
    fn skip_blind(&mut self) {
        Fr::random(&mut self.rng);
    }

    fn write_points(&mut self, points: Vec<G1Affine>) -> Result<(), ProverError> {
        points.into_iter().try_for_each(|point| Ok(self.transcript.write_point(point)?))
    }

    fn commit_lagrange(&self, polys: &[&B::Poly<'k>]) -> Result<Vec<G1Affine>, ProverError> {
        let _span = info_span!("commit", polys = polys.len()).entered();
        Ok(self.backend().commit(&self.key.bases.lagrange, polys)?)
    }

    fn commit_coefficients(&self, polys: &[&B::Poly<'k>]) -> Result<Vec<G1Affine>, ProverError> {
        let _span = info_span!("commit", polys = polys.len()).entered();
        Ok(self.backend().commit(&self.key.bases.coefficients, polys)?)
    }

    /// Evaluates a program over columns on the rows.
    fn evaluate_rows(
        &self,
        prepared: &Prepared<B::Program>,
        polys: &CircuitPolys<B::Poly<'k>>,
        challenges: &Challenges,
    ) -> Result<Vec<B::Poly<'k>>, ProverError> {
        let column = |source: &Source| match *source {
            Source::Fixed(i) => &self.key.fixed_values[i],
            Source::Advice(i) => &polys.advice[i],
            Source::Instance(i) => &polys.instance[i],
            Source::Sigma(i) => &self.key.sigma_values[i],
            _ => unreachable!("programs over the rows read the circuit's columns"),
        };
        let columns: Vec<_> = prepared.sources.iter().map(column).collect();
        let domain = &self.key.domain;
        Ok(self.backend().evaluate(&prepared.program, domain, &columns, challenges.as_slice(), Fr::ONE)?)
    }

    fn witness<C: Circuit<Fr>>(
        &mut self,
        circuits: &[C],
        instances: &[&[&[Fr]]],
        query_instance: bool,
    ) -> Result<(Polys<'k, B>, Challenges), ProverError> {
        let _span = info_span!("witness").entered();
        let shape = &self.key.shape;
        let instance_polys = self.absorb_instances(instances, query_instance)?;
        let mut all = Vec::with_capacity(circuits.len());
        let mut challenges = vec![Fr::ZERO; shape.challenge_phases.len()];
        for ((circuit, values), instance) in circuits.iter().zip(instances).zip(instance_polys) {
            let mut advice = AdviceCommitter { session: self, polys: HashMap::new(), challenges: &mut challenges };
            witness::collect(advice.session.prover.params, shape, circuit, values, &mut advice)?;
            let mut columns = advice.polys;
            let column = |index| columns.remove(&index).expect("every phase has ended");
            let advice = (0..shape.advice_phases.len()).map(column).collect();
            all.push(CircuitPolys { advice, instance, lookups: Vec::new(), permutation: Vec::new() });
        }
        Ok((all, Challenges::new(challenges)))
    }

    /// Puts the instances of all circuits into the transcript, where the verifier has them: before any advice. halo2's
    /// prover has each circuit's before its own advice, so that its proofs of several circuits with instances do not
    /// verify.
    fn absorb_instances(
        &mut self,
        instances: &[&[&[Fr]]],
        query_instance: bool,
    ) -> Result<Vec<Vec<B::Poly<'k>>>, ProverError> {
        let mut all = Vec::with_capacity(instances.len());
        for columns in instances {
            let padded = columns.iter().map(|column| {
                let mut column = column.to_vec();
                column.resize(self.key.shape.n, Fr::ZERO);
                Cow::Owned(column)
            });
            let polys = self.backend().upload(padded.collect())?;
            if query_instance {
                for commitment in self.commit_lagrange(&polys.iter().collect::<Vec<_>>())? {
                    self.transcript.common_point(commitment)?;
                }
            } else {
                columns.iter().flat_map(|column| column.iter()).try_for_each(|v| self.transcript.common_scalar(*v))?;
            }
            all.push(polys);
        }
        Ok(all)
    }

    fn permute_lookups(
        &mut self,
        polys: &Polys<'k, B>,
        challenges: &Challenges,
    ) -> Result<Vec<PermutedLookups<B::Poly<'k>>>, ProverError> {
        let _span = info_span!("lookup").entered();
        let (key, backend) = (self.key, self.backend());
        let (programs, usable) = (&key.lookups, key.shape.usable_rows());
        let mut all = Vec::with_capacity(polys.len());
        for (circuit, polys) in polys.iter().enumerate() {
            if programs.len() == 0 {
                all.push(PermutedLookups { compressed: Vec::new(), permuted: Vec::new() });
                continue;
            }
            let compressed = self.evaluate_rows(&programs.compress, polys, challenges)?;
            let (tables, table_of) = programs.distinct_tables();
            let tables: Vec<_> = tables.iter().map(|output| &compressed[*output]).collect();
            let lookups: Vec<_> =
                programs.inputs.iter().zip(table_of).map(|(output, table)| (&compressed[*output], table)).collect();
            let permuted = backend.permute_lookups(&lookups, &tables, usable);
            let mut permuted = permuted.map_err(|error| lookup::name_missing(error, key.vk.cs()))?;
            for (index, columns) in permuted.iter_mut().enumerate() {
                if let Some(choices) = self.choices {
                    let order = &choices.permuted_inputs[circuit * programs.len() + index][..usable];
                    lookup::reorder(backend, columns, order)?;
                }
                for column in [&mut columns.input, &mut columns.table] {
                    backend.write(column, usable, &self.random(key.shape.n - usable))?;
                }
                self.skip_blind();
                self.skip_blind();
            }
            all.push(PermutedLookups { compressed, permuted });
        }
        let columns: Vec<_> =
            all.iter().flat_map(|l| l.permuted.iter().flat_map(|columns| [&columns.input, &columns.table])).collect();
        let commitments = self.commit_lagrange(&columns)?;
        self.write_points(commitments)?;
        Ok(all)
    }

    /// Puts blinding rows behind a grand product, in halo2's order: its rows, then its commitment's blind.
    fn blind_product(&mut self, product: &mut B::Poly<'k>) -> Result<(), ProverError> {
        let shape = &self.key.shape;
        let tail = self.random(shape.blinding_factors);
        self.skip_blind();
        Ok(self.backend().write(product, shape.n - shape.blinding_factors, &tail)?)
    }

    /// Commits to grand products and turns them into coefficients.
    fn commit_products(&mut self, products: Vec<B::Poly<'k>>) -> Result<Vec<B::Poly<'k>>, ProverError> {
        let commitments = self.commit_lagrange(&products.iter().collect::<Vec<_>>())?;
        self.write_points(commitments)?;
        Ok(self.backend().lagrange_to_coeff(&self.key.domain, products)?)
    }

    fn permutation_products(&mut self, polys: &mut Polys<'k, B>, challenges: &Challenges) -> Result<(), ProverError> {
        let _span = info_span!("permutation").entered();
        let mut products = Vec::new();
        for polys in polys.iter() {
            let fraction = |program| Ok(fraction(self.evaluate_rows(program, polys, challenges)?));
            let fractions = self.key.permutation.iter().map(fraction).collect::<Result<Vec<_>, ProverError>>()?;
            let last = self.key.shape.usable_rows();
            for mut product in self.backend().grand_products(fractions, last, true)? {
                self.blind_product(&mut product)?;
                products.push(product);
            }
        }
        let mut products = self.commit_products(products)?.into_iter();
        for polys in polys {
            polys.permutation = products.by_ref().take(self.key.permutation.len()).collect();
        }
        Ok(())
    }

    fn lookup_products(
        &mut self,
        polys: &mut Polys<'k, B>,
        lookups: Vec<PermutedLookups<B::Poly<'k>>>,
        challenges: &Challenges,
    ) -> Result<(), ProverError> {
        let _span = info_span!("product").entered();
        let (key, backend) = (self.key, self.backend());
        let mut products = Vec::new();
        let mut columns = Vec::new();
        for PermutedLookups { compressed, permuted } in lookups {
            let mut fractions = Vec::with_capacity(permuted.len());
            for (i, LookupColumns { input, table }) in permuted.iter().enumerate() {
                let (a, s) = (&compressed[key.lookups.inputs[i]], &compressed[key.lookups.tables[i]]);
                let arguments = challenges.as_slice();
                let program = &key.lookups.product;
                fractions.push(fraction(backend.evaluate(
                    program,
                    &key.domain,
                    &[a, s, input, table],
                    arguments,
                    Fr::ONE,
                )?));
            }
            drop(compressed);
            for mut product in backend.grand_products(fractions, key.shape.usable_rows(), false)? {
                self.blind_product(&mut product)?;
                products.push(product);
            }
            columns.extend(permuted.into_iter().flat_map(|columns| [columns.input, columns.table]));
        }
        let mut products = self.commit_products(products)?.into_iter();
        let mut columns = backend.lagrange_to_coeff(&key.domain, columns)?.into_iter();
        for polys in polys {
            let next = |_| LookupPolys {
                input: columns.next().expect("two columns for each lookup"),
                table: columns.next().expect("two columns for each lookup"),
                product: products.next().expect("one product for each lookup"),
            };
            polys.lookups = (0..key.lookups.len()).map(next).collect();
        }
        Ok(())
    }

    fn random_polynomial(&mut self) -> Result<B::Poly<'k>, ProverError> {
        let _span = info_span!("vanishing").entered();
        let coefficients = match self.choices {
            Some(choices) => choices.random_polynomial.clone(),
            None => self.random(self.key.shape.n),
        };
        self.skip_blind();
        let poly = self.backend().upload(vec![Cow::Owned(coefficients)])?.pop().expect("one was uploaded");
        let commitments = self.commit_coefficients(&[&poly])?;
        self.write_points(commitments)?;
        Ok(poly)
    }

    /// Replaces the circuits' columns by their coefficients.
    fn interpolate(&self, polys: &mut Polys<'k, B>) -> Result<(), ProverError> {
        let _span = info_span!("coefficients").entered();
        for polys in polys {
            for columns in [&mut polys.advice, &mut polys.instance] {
                *columns = self.backend().lagrange_to_coeff(&self.key.domain, std::mem::take(columns))?;
            }
        }
        Ok(())
    }

    fn quotient(&mut self, polys: &Polys<'k, B>, challenges: &Challenges) -> Result<Vec<B::Poly<'k>>, ProverError> {
        let _span = info_span!("quotient").entered();
        let parts = (0..self.key.domain.shifts().len())
            .map(|part| evaluate::numerator(self.backend(), self.key, polys, challenges, part))
            .collect::<Result<Vec<_>, _>>()?;
        let pieces = self.backend().cosets_to_quotient(&self.key.domain, parts)?;
        pieces.iter().for_each(|_| self.skip_blind());
        let commitments = self.commit_coefficients(&pieces.iter().collect::<Vec<_>>())?;
        self.write_points(commitments)?;
        Ok(pieces)
    }

    fn open<O: Multiopen>(
        &mut self,
        polys: &Polys<'k, B>,
        vanishing: Vanishing<B::Poly<'k>>,
        x: Fr,
    ) -> Result<(), ProverError> {
        let (key, backend) = (self.key, self.backend());
        let evaluation = info_span!("evaluation").entered();
        let queries = evaluate::evaluations(key, polys, &vanishing.random, x, O::QUERY_INSTANCE);
        let queries: Vec<_> = queries.into_iter().map(|query| (query.poly, query.point)).collect();
        for value in backend.evaluate_at(&queries)? {
            self.transcript.write_scalar(value)?;
        }
        drop(queries);
        let xn = x.pow_vartime([key.shape.n as u64]);
        let powers = std::iter::successors(Some(Fr::ONE), |power| Some(power * xn));
        let quotient = backend.combine(&[powers.zip(&vanishing.pieces).collect()])?;
        let random = vanishing.random;
        drop(vanishing.pieces);
        drop(evaluation);

        let _span = info_span!("opening").entered();
        let queries = evaluate::openings(key, polys, &quotient[0], &random, x, O::QUERY_INSTANCE);
        let opener = Opener { backend, bases: &key.bases };
        O::open(&opener, &queries, self.transcript)
    }
}

/// Commits to the advice columns of each phase.
struct AdviceCommitter<'c, 's, 'k, B: Backend, E, T, R> {
    session: &'c mut Session<'s, 'k, B, E, T, R>,
    polys: HashMap<usize, B::Poly<'k>>,
    challenges: &'c mut [Fr],
}

impl<B, E, T, R> PhaseEnd for AdviceCommitter<'_, '_, '_, B, E, T, R>
where
    B: Backend,
    E: EncodedChallenge<G1Affine>,
    T: TranscriptWrite<G1Affine, E>,
    R: RngCore,
{
    fn end_phase(&mut self, phase: u8, columns: Vec<(usize, Vec<Fr>)>) -> Result<Vec<(usize, Fr)>, ProverError> {
        let session = &mut *self.session;
        let shape = &session.key.shape;
        let (indices, mut columns): (Vec<usize>, Vec<Vec<Fr>>) = columns.into_iter().unzip();
        for column in &mut columns {
            column[shape.usable_rows()..].fill_with(|| Fr::random(&mut session.rng));
        }
        indices.iter().for_each(|_| session.skip_blind());
        let polys = session.backend().upload(columns.into_iter().map(Cow::Owned).collect())?;
        let commitments = session.commit_lagrange(&polys.iter().collect::<Vec<_>>())?;
        session.write_points(commitments)?;
        self.polys.extend(indices.into_iter().zip(polys));
        let challenges = shape.challenges_after(phase).into_iter().map(|index| (index, session.squeeze()));
        let challenges: Vec<(usize, Fr)> = challenges.collect();
        challenges.iter().for_each(|(index, value)| self.challenges[*index] = *value);
        Ok(challenges)
    }
}

fn fraction<P>(mut outputs: Vec<P>) -> Fraction<P> {
    let mut next = || outputs.pop().expect("programs of products have two outputs");
    let (denominator, numerator) = (next(), next());
    Fraction { numerator, denominator }
}

fn check_instances<B: Backend>(
    key: &PreparedKey<'_, B>,
    circuits: usize,
    instances: &[&[&[Fr]]],
) -> Result<(), ProverError> {
    let refuse = |reason: String| Err(ProverError::Instances { reason });
    let columns = key.vk.cs().num_instance_columns();
    if circuits != instances.len() {
        return refuse(format!("{circuits} circuits but {} instances", instances.len()));
    }
    if circuits == 0 {
        return refuse("there is no circuit to prove".into());
    }
    if circuits > 1 && (key.shape.phases() > 1 || !key.shape.challenge_phases.is_empty()) {
        return refuse(format!("{circuits} circuits in one proof, but circuits with challenges are proven one by one"));
    }
    for (circuit, instance) in instances.iter().enumerate() {
        if instance.len() != columns {
            return refuse(format!("circuit {circuit}: {} instance columns, the key has {columns}", instance.len()));
        }
        for (column, values) in instance.iter().enumerate() {
            let usable = key.shape.usable_rows();
            if values.len() > usable {
                let len = values.len();
                return refuse(format!("circuit {circuit}, column {column}: {len} values, at most {usable} fit"));
            }
        }
    }
    Ok(())
}

impl OracleChoices {
    fn check<B: Backend>(&self, key: &PreparedKey<'_, B>, circuits: usize) -> Result<(), ProverError> {
        let lengths = |columns: &[Vec<Fr>]| columns.iter().all(|column| column.len() == key.shape.n);
        let lookups = key.lookups.len() * circuits;
        if self.permuted_inputs.len() != lookups || !lengths(&self.permuted_inputs) {
            let expected = format!("{lookups} of {} rows", key.shape.n);
            return Err(ProverError::mismatch("permuted inputs of the oracle", expected, self.permuted_inputs.len()));
        }
        if self.random_polynomial.len() != key.shape.n {
            let found = self.random_polynomial.len();
            return Err(ProverError::mismatch("random polynomial of the oracle", key.shape.n, found));
        }
        Ok(())
    }
}
