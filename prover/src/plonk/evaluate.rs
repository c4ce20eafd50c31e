//! What is evaluated and opened, in halo2's order, and the numerator of the quotient on a coset.

use std::collections::HashMap;

use ff::Field;
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;
use tracing::info_span;
use zomma_kernels::Backend;

use super::expression::{Argument, Challenges, Source};
use super::key::PreparedKey;
use super::memory::is_shared;
use super::multiopen::Query;
use super::pipeline::CircuitPolys;
use crate::ProverError;

/// The numerator of the quotient on coset part `part`.
pub(super) fn numerator<'k, B: Backend>(
    backend: &B,
    key: &PreparedKey<'k, B>,
    polys: &[CircuitPolys<B::Poly<'k>>],
    challenges: &Challenges,
    part: usize,
) -> Result<B::Poly<'k>, ProverError> {
    let mut total: Option<B::Poly<'k>> = None;
    let next_circuit = challenges.get(Argument::Y).pow_vartime([key.constraints as u64]);
    let mut cosets = HashMap::new();
    for polys in polys {
        let numerator = circuit_numerator(backend, key, polys, challenges, part, &mut cosets)?;
        total = Some(match total {
            None => numerator,
            Some(before) => {
                let mut sums = backend.combine(&[vec![(next_circuit, &before), (Fr::ONE, &numerator)]])?;
                sums.pop().expect("one sum was asked for")
            }
        });
    }
    Ok(total.expect("there is a circuit to prove"))
}

/// The numerator of one circuit. `cosets` keeps the columns of the key that circuits share.
fn circuit_numerator<'k, B: Backend>(
    backend: &B,
    key: &PreparedKey<'k, B>,
    polys: &CircuitPolys<B::Poly<'k>>,
    challenges: &Challenges,
    part: usize,
    cosets: &mut HashMap<Source, B::Poly<'k>>,
) -> Result<B::Poly<'k>, ProverError> {
    let coefficients = |source: Source| match source {
        Source::Advice(i) => &polys.advice[i],
        Source::Instance(i) => &polys.instance[i],
        Source::PermutationProduct(i) => &polys.permutation[i],
        Source::LookupInput(i) => &polys.lookups[i].input,
        Source::LookupTable(i) => &polys.lookups[i].table,
        Source::LookupProduct(i) => &polys.lookups[i].product,
        _ => key.coefficients(source).expect("the accumulator is there before a stage reads it"),
    };
    let shift = key.domain.shifts()[part];
    for (stage, prepared) in key.quotient.iter().enumerate() {
        let is_missing = |source: &&Source| !cosets.contains_key(*source) && key.cached_coset(part, source).is_none();
        let missing: Vec<Source> = prepared.sources.iter().filter(is_missing).copied().collect();
        let inputs: Vec<_> = missing.iter().map(|source| coefficients(*source)).collect();
        let transform = info_span!("cosets", polys = inputs.len()).entered();
        cosets.extend(missing.into_iter().zip(backend.coeff_to_coset(&key.domain, &inputs, part)?));
        drop(transform);
        let _span = info_span!("constraints", stage).entered();
        let column = |source| key.cached_coset(part, source).unwrap_or_else(|| &cosets[source]);
        let columns: Vec<_> = prepared.sources.iter().map(column).collect();
        let outputs = backend.evaluate(&prepared.program, &key.domain, &columns, challenges.as_slice(), shift)?;
        // Keep what later stages read and the columns that the next circuit has too.
        let later: Vec<Source> = key.quotient[stage + 1..].iter().flat_map(|stage| &stage.sources).copied().collect();
        cosets.retain(|source, _| later.contains(source) || is_shared(source));
        cosets.extend(outputs.into_iter().map(|output| (Source::Accumulator, output)));
    }
    Ok(cosets.remove(&Source::Accumulator).expect("there is at least one stage"))
}

struct Queries<'q, 'k, B: Backend> {
    key: &'q PreparedKey<'k, B>,
    x: Fr,
    queries: Vec<Query<'q, B::Poly<'k>>>,
}

impl<'q, 'k, B: Backend> Queries<'q, 'k, B> {
    fn new(key: &'q PreparedKey<'k, B>, x: Fr) -> Self {
        Self { key, x, queries: Vec::new() }
    }

    fn push(&mut self, poly: &'q B::Poly<'k>, rotation: Rotation) {
        let point = self.key.domain.rotate(self.x, rotation.0);
        self.queries.push(Query { poly, point });
    }

    fn instance(&mut self, polys: &'q CircuitPolys<B::Poly<'k>>) {
        for (column, rotation) in self.key.vk.cs().instance_queries() {
            self.push(&polys.instance[column.index()], *rotation);
        }
    }

    fn advice(&mut self, polys: &'q CircuitPolys<B::Poly<'k>>) {
        for (column, rotation) in self.key.vk.cs().advice_queries() {
            self.push(&polys.advice[column.index()], *rotation);
        }
    }

    fn fixed(&mut self) {
        for (column, rotation) in self.key.vk.cs().fixed_queries() {
            self.push(&self.key.fixed_polys[column.index()], *rotation);
        }
    }

    fn sigma(&mut self) {
        for poly in &self.key.sigma_polys {
            self.push(poly, Rotation::cur());
        }
    }
}

/// The evaluations that go into the transcript.
pub(super) fn evaluations<'q, 'k, B: Backend>(
    key: &'q PreparedKey<'k, B>,
    circuits: &'q [CircuitPolys<B::Poly<'k>>],
    random: &'q B::Poly<'k>,
    x: Fr,
    query_instance: bool,
) -> Vec<Query<'q, B::Poly<'k>>> {
    let mut queries = Queries::new(key, x);
    if query_instance {
        circuits.iter().for_each(|polys| queries.instance(polys));
    }
    circuits.iter().for_each(|polys| queries.advice(polys));
    queries.fixed();
    queries.push(random, Rotation::cur());
    queries.sigma();
    for polys in circuits {
        for (i, product) in polys.permutation.iter().enumerate() {
            queries.push(product, Rotation::cur());
            queries.push(product, Rotation::next());
            if i + 1 < polys.permutation.len() {
                queries.push(product, key.shape.last_rotation());
            }
        }
    }
    for lookup in circuits.iter().flat_map(|polys| &polys.lookups) {
        queries.push(&lookup.product, Rotation::cur());
        queries.push(&lookup.product, Rotation::next());
        queries.push(&lookup.input, Rotation::cur());
        queries.push(&lookup.input, Rotation::prev());
        queries.push(&lookup.table, Rotation::cur());
    }
    queries.queries
}

/// The openings that the opening argument proves.
pub(super) fn openings<'q, 'k, B: Backend>(
    key: &'q PreparedKey<'k, B>,
    circuits: &'q [CircuitPolys<B::Poly<'k>>],
    quotient: &'q B::Poly<'k>,
    random: &'q B::Poly<'k>,
    x: Fr,
    query_instance: bool,
) -> Vec<Query<'q, B::Poly<'k>>> {
    let mut queries = Queries::new(key, x);
    for polys in circuits {
        if query_instance {
            queries.instance(polys);
        }
        queries.advice(polys);
        for product in &polys.permutation {
            queries.push(product, Rotation::cur());
            queries.push(product, Rotation::next());
        }
        for product in polys.permutation.iter().rev().skip(1) {
            queries.push(product, key.shape.last_rotation());
        }
        for lookup in &polys.lookups {
            queries.push(&lookup.product, Rotation::cur());
            queries.push(&lookup.input, Rotation::cur());
            queries.push(&lookup.table, Rotation::cur());
            queries.push(&lookup.input, Rotation::prev());
            queries.push(&lookup.product, Rotation::next());
        }
    }
    queries.fixed();
    queries.sigma();
    queries.push(quotient, Rotation::cur());
    queries.push(random, Rotation::cur());
    queries.queries
}
