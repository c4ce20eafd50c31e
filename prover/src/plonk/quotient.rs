//! The quotient: all constraints of a key, compiled once into programs over the columns of a coset, and their
//! evaluation.
//!
//! With constraints $t_0, \dots, t_{K-1}$ in halo2's order (gates, permutation argument, lookups) the numerator is
//! $\sum_i y^{K-1-i} t_i$. Terms that share a factor (what switches a gate on, the first-row, last-row or active-row indicator) are
//! summed before they are multiplied by it, and in that sum a cell or product that several constraints scale by constants is
//! multiplied once, by the sum of its coefficients, which no row enters. The numerator is evaluated in stages, each reading its own columns, so that
//! what a stage alone needs can be freed after it: the first takes gates and permutation argument, each further one as
//! many lookups as fit into the memory of the permutation argument's columns.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use ff::{Field, PrimeField};
use halo2_proofs::plonk::{ConstraintSystem, Expression};
use halo2curves::bn256::Fr;
use zomma_kernels::program::{Builder, Value};

use super::expression::{Argument, Expressions, Source, SourcedProgram};
use super::shape::Shape;

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
        let mut sum = Constraint::new(stage.expressions.builder.constant(Fr::ONE));
        sum.add(Fr::ONE, accumulator);
        stage.push(vec![], sum);
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
    /// Sums to be multiplied by common factors, in the order in which the factors came up. Without factors: the result.
    groups: Vec<(Vec<Value>, Vec<Constraint>)>,
    group_of: HashMap<Vec<Value>, usize>,
}

/// A constraint: its power of $y$, and its summands with their factors.
struct Constraint {
    power: Value,
    terms: Vec<(Fr, Value)>,
}

impl Constraint {
    fn new(power: Value) -> Self {
        Self { power, terms: vec![] }
    }

    fn add(&mut self, factor: Fr, value: Value) {
        match self.terms.iter_mut().find(|(_, known)| *known == value) {
            Some((sum, _)) => *sum += factor,
            None => self.terms.push((factor, value)),
        }
    }

    /// Multiplications when it is computed by itself: by the factors, and by the power.
    fn products(&self) -> usize {
        let is_unit = |factor: &Fr| *factor == Fr::ONE || *factor == -Fr::ONE;
        1 + self.terms.iter().filter(|(factor, _)| !is_unit(factor)).count()
    }
}

/// $\sum_j y_j c_j$ for constraints $c_j$. Some are computed and multiplied by their power. The terms of the others are taken together: each is
/// multiplied once, by a coefficient that depends on no row.
fn linear_combination(builder: &mut Builder, constraints: &[Constraint]) -> Value {
    let mut coefficients: BTreeMap<Value, Value> = BTreeMap::new();
    let mut apart: Vec<&Constraint> = constraints.iter().collect();
    // Taking one in can make it worth while to take in another that has the same terms.
    loop {
        let before = apart.len();
        apart.retain(|constraint| {
            let is_new = |(_, value): &&(Fr, Value)| !coefficients.contains_key(value);
            if constraint.terms.iter().filter(is_new).count() > constraint.products() {
                return true;
            }
            for &(factor, value) in &constraint.terms {
                let factor = builder.constant(factor);
                let scaled = builder.mul(factor, constraint.power);
                let known = coefficients.get(&value).copied();
                coefficients.insert(value, known.map_or(scaled, |known| builder.add(known, scaled)));
            }
            false
        });
        if apart.len() == before {
            break;
        }
    }
    let mut summands: Vec<Value> =
        coefficients.into_iter().map(|(value, coefficient)| builder.mul(coefficient, value)).collect();
    for constraint in apart {
        let terms: Vec<Value> = constraint
            .terms
            .iter()
            .map(|&(factor, value)| {
                let factor = builder.constant(factor);
                builder.mul(factor, value)
            })
            .collect();
        let value = builder.sum(terms);
        summands.push(builder.mul(constraint.power, value));
    }
    builder.sum(summands)
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
        Self { terms, expressions, powers, groups: Vec::new(), group_of: HashMap::new() }
    }

    /// Adds constraint `index`, which is `value`, multiplied by a column if one is given.
    fn add(&mut self, index: usize, factor: Option<Source>, value: Value) {
        let factors = factor.map(|source| self.expressions.column(source, 0)).into_iter().collect();
        let mut constraint = Constraint::new(self.powers[index]);
        constraint.add(Fr::ONE, value);
        self.push(factors, constraint);
    }

    /// Adds a constraint that is multiplied by these factors.
    fn push(&mut self, mut factors: Vec<Value>, constraint: Constraint) {
        factors.sort_unstable();
        let next = self.groups.len();
        let group = *self.group_of.entry(factors.clone()).or_insert(next);
        if group == next {
            self.groups.push((factors, vec![]));
        }
        self.groups[group].1.push(constraint);
    }

    fn gates(&mut self, cs: &ConstraintSystem<Fr>) {
        let polynomials = cs.gates().iter().flat_map(|gate| gate.polynomials());
        for (index, polynomial) in self.terms.gates().zip(polynomials) {
            let (switch, others): (Vec<_>, Vec<_>) =
                factors(polynomial).into_iter().partition(|factor| is_fixed(factor));
            let switch = switch.into_iter().map(|factor| self.expressions.expression(factor)).collect();
            let mut constraint = Constraint::new(self.powers[index]);
            match others.as_slice() {
                [sum] => self.summands(&mut constraint, Fr::ONE, sum),
                factors => {
                    let factors: Vec<Value> =
                        factors.iter().map(|factor| self.expressions.expression(factor)).collect();
                    constraint.add(Fr::ONE, self.expressions.builder.product(factors));
                }
            }
            self.push(switch, constraint);
        }
    }

    /// Adds the summands of an expression, times a factor.
    fn summands(&mut self, constraint: &mut Constraint, factor: Fr, expression: &Expression<Fr>) {
        match expression {
            Expression::Sum(a, b) => {
                self.summands(constraint, factor, a);
                self.summands(constraint, factor, b);
            }
            Expression::Negated(a) => self.summands(constraint, -factor, a),
            Expression::Scaled(a, scale) => self.summands(constraint, factor * scale, a),
            Expression::Product(a, b) => match (&**a, &**b) {
                (Expression::Constant(scale), other) | (other, Expression::Constant(scale)) => {
                    self.summands(constraint, factor * scale, other);
                }
                _ => constraint.add(factor, self.expressions.expression(expression)),
            },
            _ => constraint.add(factor, self.expressions.expression(expression)),
        }
    }

    fn permutation(&mut self, shape: &Shape) {
        let products = shape.permutation_products();
        if products == 0 {
            return;
        }
        let mut indices = self.terms.permutation();
        let mut next = || indices.next().expect("as many constraints as were counted");
        let (first, last) = (Some(Source::First), Some(Source::Last));
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
            self.add(next(), Some(Source::Active), recurrence);
        }
    }

    fn lookup(&mut self, lookup: usize, cs: &ConstraintSystem<Fr>) {
        let argument = &cs.lookups()[lookup];
        let indices: Vec<usize> = self.terms.lookup(lookup).collect();
        let (first, last, active) = (Some(Source::First), Some(Source::Last), Some(Source::Active));
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
        let builder = &mut self.expressions.builder;
        let mut groups: Vec<(Vec<Value>, Value)> = self
            .groups
            .into_iter()
            .map(|(factors, constraints)| (factors, linear_combination(builder, &constraints)))
            .collect();
        groups.sort_unstable();
        let numerator = nested(builder, &groups, 0);
        self.expressions.finish(cs.num_challenges(), &[numerator])
    }
}

/// The sum of groups, each times its factors from number `depth` on; a factor that several begin with is multiplied once. Groups are sorted,
/// and equal up to there.
fn nested(builder: &mut Builder, groups: &[(Vec<Value>, Value)], depth: usize) -> Value {
    let summands: Vec<Value> = groups
        .chunk_by(|(a, _), (b, _)| a.get(depth) == b.get(depth))
        .map(|chunk| match chunk[0].0.get(depth) {
            None => builder.sum(chunk.iter().map(|(_, sum)| *sum)),
            Some(factor) => {
                let rest = nested(builder, chunk, depth + 1);
                builder.mul(*factor, rest)
            }
        })
        .collect();
    builder.sum(summands)
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

/// The factors of a product, in order.
fn factors(expression: &Expression<Fr>) -> Vec<&Expression<Fr>> {
    match expression {
        Expression::Product(a, b) => [factors(a), factors(b)].concat(),
        _ => vec![expression],
    }
}

/// Whether an expression has fixed columns in it, and constants, and nothing else.
fn is_fixed(expression: &Expression<Fr>) -> bool {
    match expression {
        Expression::Constant(_) | Expression::Fixed(_) => true,
        Expression::Negated(a) | Expression::Scaled(a, _) => is_fixed(a),
        Expression::Sum(a, b) | Expression::Product(a, b) => is_fixed(a) && is_fixed(b),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use halo2_proofs::plonk::Circuit;
    use zomma_circuits::{Statement, batch::Batch, margin::statement::Margin, pricing::statements::Risk};

    use super::*;

    fn multiplications<S: Statement>() -> Vec<usize> {
        let mut cs = ConstraintSystem::default();
        S::Circuit::configure(&mut cs);
        let shape = Shape::new(&cs, S::MIN_K, cs.degree()).expect("a shape");
        compile(&cs, &shape).stages.iter().map(|stage| stage.program.multiplications()).collect()
    }

    /// Before terms were put together a row of `batch` took 2,855, of `margin` 1,083, of `risk` 1,036.
    #[test]
    fn rows_take_few_multiplications() {
        let first = |stages: Vec<usize>| stages[0];
        let rows = [multiplications::<Batch>(), multiplications::<Margin>(), multiplications::<Risk>()].map(first);
        println!("multiplications a row: {rows:?}");
        assert!(rows.iter().zip([2_500, 950, 950]).all(|(taken, limit)| *taken <= limit), "{rows:?}");
    }
}
