//! The quotient: all constraints of a key, compiled once into programs over the columns of a coset, and their
//! evaluation.
//!
//! With constraints $t_0, \dots, t_{K-1}$ in halo2's order (gates, permutation argument, lookups) the numerator is
//! $\sum_i y^{K-1-i} t_i$. Terms that share a factor (a selector, the first-row, last-row or active-row indicator) are
//! summed before they are multiplied by it. The numerator is evaluated in stages, each reading its own columns, so that
//! what a stage alone needs can be freed after it: the first takes gates and permutation argument, each further one as
//! many lookups as fit into the memory of the permutation argument's columns.

use std::collections::HashMap;
use std::ops::Range;

use ff::{Field, PrimeField};
use halo2_proofs::plonk::{ConstraintSystem, Expression};
use halo2curves::bn256::Fr;
use zomma_kernels::program::Value;

use super::expression::{Argument, Expressions, Source, SourcedProgram};
use super::shape::Shape;

/// A column at a rotation.
type Query = (Source, i32);

/// Constraints per lookup.
const LOOKUP_TERMS: usize = 5;
/// Columns per lookup.
const LOOKUP_COLUMNS: usize = 3;

/// The compiled constraints of a key.
pub(super) struct Quotient {
    /// Number of constraints.
    pub(super) constraints: usize,
    /// Programs, the last of which outputs the numerator. Every one but the first adds to [`Source::Accumulator`].
    pub(super) stages: Vec<SourcedProgram>,
}

/// Compiles all constraints of a key.
pub(super) fn compile(cs: &ConstraintSystem<Fr>, shape: &Shape) -> Quotient {
    let layout = Terms::new(cs, shape);
    let mut first = Stage::new(&layout);
    first.gates(cs);
    first.permutation(shape);
    let mut stages = vec![first.finish(cs)];

    let freed = shape.permutation.len() + shape.permutation_products();
    let lookups_per_stage = (freed / LOOKUP_COLUMNS).max(1);
    let lookups: Vec<usize> = (0..cs.lookups().len()).collect();
    for group in lookups.chunks(lookups_per_stage) {
        let mut stage = Stage::new(&layout);
        let accumulator = stage.expressions.column(Source::Accumulator, 0);
        stage.sum.push(accumulator);
        for index in group {
            stage.lookup(*index, cs);
        }
        stages.push(stage.finish(cs));
    }
    Quotient { constraints: layout.total, stages }
}

/// How many constraints there are of each kind.
struct Terms {
    gates: usize,
    permutation: usize,
    total: usize,
}

impl Terms {
    fn new(cs: &ConstraintSystem<Fr>, shape: &Shape) -> Self {
        let gates = cs.gates().iter().map(|gate| gate.polynomials().len()).sum();
        let products = shape.permutation_products();
        // First product, last product, links between products, and one recurrence for each.
        let permutation = if products == 0 { 0 } else { 2 * products + 1 };
        Self { gates, permutation, total: gates + permutation + LOOKUP_TERMS * cs.lookups().len() }
    }

    fn gates(&self) -> Range<usize> {
        0..self.gates
    }

    fn permutation(&self) -> Range<usize> {
        self.gates..self.gates + self.permutation
    }

    fn lookup(&self, index: usize) -> Range<usize> {
        let start = self.gates + self.permutation + LOOKUP_TERMS * index;
        start..start + LOOKUP_TERMS
    }
}

/// A part of the numerator under construction.
struct Stage<'t> {
    terms: &'t Terms,
    expressions: Expressions,
    /// $y^{K-1-i}$ for every constraint.
    powers: Vec<Value>,
    /// Sums to be multiplied by a common column, in the order in which the columns came up.
    groups: Vec<(Query, Vec<Value>)>,
    group_of: HashMap<Query, usize>,
    /// Summands of the result.
    sum: Vec<Value>,
}

impl<'t> Stage<'t> {
    fn new(terms: &'t Terms) -> Self {
        let mut expressions = Expressions::default();
        let y = expressions.argument(Argument::Y);
        let one = expressions.builder.constant(Fr::ONE);
        let mut powers = vec![one; terms.total];
        for i in (1..terms.total).rev() {
            powers[i - 1] = expressions.builder.mul(powers[i], y);
        }
        Self { terms, expressions, powers, groups: Vec::new(), group_of: HashMap::new(), sum: Vec::new() }
    }

    /// Adds constraint `index`, which is `value`, multiplied by a column if one is given.
    fn add(&mut self, index: usize, factor: Option<Query>, value: Value) {
        let scaled = self.expressions.builder.mul(self.powers[index], value);
        let Some(factor) = factor else {
            self.sum.push(scaled);
            return;
        };
        let next = self.groups.len();
        let group = *self.group_of.entry(factor).or_insert(next);
        if group == next {
            self.groups.push((factor, Vec::new()));
        }
        self.groups[group].1.push(scaled);
    }

    fn gates(&mut self, cs: &ConstraintSystem<Fr>) {
        let polynomials = cs.gates().iter().flat_map(|gate| gate.polynomials());
        for (index, polynomial) in self.terms.gates().zip(polynomials) {
            let (selector, factors) = match split_fixed_factor(polynomial) {
                Some((selector, factors)) => (Some(selector), factors),
                None => (None, vec![polynomial]),
            };
            let factors: Vec<Value> = factors.into_iter().map(|factor| self.expressions.expression(factor)).collect();
            let value = self.expressions.builder.product(factors);
            self.add(index, selector, value);
        }
    }

    fn permutation(&mut self, shape: &Shape) {
        let products = shape.permutation_products();
        if products == 0 {
            return;
        }
        let mut indices = self.terms.permutation();
        let mut next = || indices.next().expect("as many constraints as were counted");
        let (first, last) = (Some((Source::First, 0)), Some((Source::Last, 0)));
        let one = self.expressions.builder.constant(Fr::ONE);

        // l_0 (1 - z_0)
        let z = self.expressions.column(Source::PermutationProduct(0), 0);
        let starts_at_one = self.expressions.builder.sub(one, z);
        self.add(next(), first, starts_at_one);
        // l_last (z_l^2 - z_l)
        let z = self.expressions.column(Source::PermutationProduct(products - 1), 0);
        let ends_in_a_bit = self.boolean(z);
        self.add(next(), last, ends_in_a_bit);
        // l_0 (z_i - z_{i-1}(ω^last X))
        for i in 1..products {
            let z = self.expressions.column(Source::PermutationProduct(i), 0);
            let before = self.expressions.column(Source::PermutationProduct(i - 1), shape.last_rotation().0);
            let links = self.expressions.builder.sub(z, before);
            self.add(next(), first, links);
        }
        // l_active (z_i(ωX) Π (p_j + β σ_j + γ) - z_i(X) Π (p_j + δ^j β X + γ))
        for (i, columns) in shape.permutation.chunks(shape.permutation_chunk()).enumerate() {
            let start = i * shape.permutation_chunk();
            let factors = permutation_factors(&mut self.expressions, columns.iter().map(|c| (*c).into()), start);
            let z_next = self.expressions.column(Source::PermutationProduct(i), 1);
            let z = self.expressions.column(Source::PermutationProduct(i), 0);
            let left = self.expressions.builder.product(std::iter::once(z_next).chain(factors.denominators));
            let right = self.expressions.builder.product(std::iter::once(z).chain(factors.numerators));
            let recurrence = self.expressions.builder.sub(left, right);
            self.add(next(), Some((Source::Active, 0)), recurrence);
        }
    }

    fn lookup(&mut self, lookup: usize, cs: &ConstraintSystem<Fr>) {
        let argument = &cs.lookups()[lookup];
        let indices: Vec<usize> = self.terms.lookup(lookup).collect();
        let (first, last, active) = (Some((Source::First, 0)), Some((Source::Last, 0)), Some((Source::Active, 0)));
        let e = &mut self.expressions;
        let (beta, gamma) = (e.argument(Argument::Beta), e.argument(Argument::Gamma));
        let one = e.builder.constant(Fr::ONE);
        let (z, z_next) = (e.column(Source::LookupProduct(lookup), 0), e.column(Source::LookupProduct(lookup), 1));
        let (a, a_before) = (e.column(Source::LookupInput(lookup), 0), e.column(Source::LookupInput(lookup), -1));
        let s = e.column(Source::LookupTable(lookup), 0);

        // l_0 (1 - z)
        let starts_at_one = e.builder.sub(one, z);
        // l_active (z(ωX) (a' + β) (s' + γ) - z(X) (a + β) (s + γ))
        let (a_beta, s_gamma) = (e.builder.add(a, beta), e.builder.add(s, gamma));
        let left = e.builder.product([z_next, a_beta, s_gamma]);
        let input = e.compress(argument.input_expressions());
        let table = e.compress(argument.table_expressions());
        let (input_beta, table_gamma) = (e.builder.add(input, beta), e.builder.add(table, gamma));
        let right = e.builder.product([z, input_beta, table_gamma]);
        let recurrence = e.builder.sub(left, right);
        // l_0 (a' - s'), l_active (a' - s') (a' - a'(ω^{-1} X))
        let a_minus_s = e.builder.sub(a, s);
        let a_minus_before = e.builder.sub(a, a_before);
        let repeats_or_matches = e.builder.mul(a_minus_s, a_minus_before);
        // l_last (z^2 - z)
        let ends_in_a_bit = self.boolean(z);

        self.add(indices[0], first, starts_at_one);
        self.add(indices[1], last, ends_in_a_bit);
        self.add(indices[2], active, recurrence);
        self.add(indices[3], first, a_minus_s);
        self.add(indices[4], active, repeats_or_matches);
    }

    fn boolean(&mut self, value: Value) -> Value {
        let square = self.expressions.builder.mul(value, value);
        self.expressions.builder.sub(square, value)
    }

    fn finish(mut self, cs: &ConstraintSystem<Fr>) -> SourcedProgram {
        for ((source, rotation), values) in std::mem::take(&mut self.groups) {
            let factor = self.expressions.column(source, rotation);
            let sum = self.expressions.builder.sum(values);
            let product = self.expressions.builder.mul(factor, sum);
            self.sum.push(product);
        }
        let numerator = self.expressions.builder.sum(self.sum);
        self.expressions.finish(cs.num_challenges(), &[numerator])
    }
}

/// Factors of the permutation argument's products, one of each kind per column.
pub(super) struct PermutationFactors {
    /// $p_j + \delta^j \beta X + \gamma$.
    pub(super) numerators: Vec<Value>,
    /// $p_j + \beta \sigma_j + \gamma$.
    pub(super) denominators: Vec<Value>,
}

/// The factors of the columns `start..` of the permutation argument.
pub(super) fn permutation_factors(
    e: &mut Expressions,
    columns: impl Iterator<Item = Source>,
    start: usize,
) -> PermutationFactors {
    let (beta, gamma, x) = (e.argument(Argument::Beta), e.argument(Argument::Gamma), e.builder.coordinate());
    let mut factors = PermutationFactors { numerators: Vec::new(), denominators: Vec::new() };
    for (j, column) in columns.enumerate() {
        let value = e.column(column, 0);
        let value_gamma = e.builder.add(value, gamma);
        let delta = e.builder.constant(Fr::DELTA.pow_vartime([(start + j) as u64]));
        let delta_beta = e.builder.mul(delta, beta);
        let identity = e.builder.mul(delta_beta, x);
        factors.numerators.push(e.builder.add(value_gamma, identity));
        let sigma = e.column(Source::Sigma(start + j), 0);
        let permuted = e.builder.mul(beta, sigma);
        factors.denominators.push(e.builder.add(value_gamma, permuted));
    }
    factors
}

/// Splits a fixed-column factor, a selector in practice, off a product: that column and the other factors.
fn split_fixed_factor(expression: &Expression<Fr>) -> Option<(Query, Vec<&Expression<Fr>>)> {
    let Expression::Product(a, b) = expression else { return None };
    for (factor, other) in [(a, b), (b, a)] {
        if let Expression::Fixed(query) = factor.as_ref() {
            return Some(((Source::Fixed(query.column_index()), query.rotation().0), vec![other]));
        }
    }
    [(a, b), (b, a)].into_iter().find_map(|(factor, other)| {
        let (fixed, mut rest) = split_fixed_factor(factor)?;
        rest.push(other);
        Some((fixed, rest))
    })
}
