//! From halo2 expressions to the values of a constraint program.

use std::collections::HashMap;

use halo2_proofs::plonk::{Any, Column, Expression};
use halo2curves::bn256::Fr;
use zomma_kernels::program::{Builder, Program, Value};

/// A column that a constraint program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Source {
    Fixed(usize),
    Advice(usize),
    Instance(usize),
    /// The permutation polynomial of a column of the permutation argument.
    Sigma(usize),
    /// The grand product of a chunk of the permutation argument.
    PermutationProduct(usize),
    LookupInput(usize),
    LookupTable(usize),
    LookupProduct(usize),
    /// 1 on the first row, 0 elsewhere.
    First,
    /// 1 on the last usable row, 0 elsewhere.
    Last,
    /// 1 on the rows that constraints are enforced on.
    Active,
    /// What earlier stages of the quotient's numerator add up to.
    Accumulator,
}

impl From<Column<Any>> for Source {
    fn from(column: Column<Any>) -> Self {
        match column.column_type() {
            Any::Fixed => Source::Fixed(column.index()),
            Any::Advice(_) => Source::Advice(column.index()),
            Any::Instance => Source::Instance(column.index()),
        }
    }
}

/// The challenges of a proof, in the order in which programs take them as arguments.
#[derive(Clone, Copy, Debug)]
pub(super) enum Argument {
    Theta,
    Beta,
    Gamma,
    Y,
    /// A challenge that the circuit itself asked for.
    Circuit(usize),
}

impl Argument {
    const FIRST_CIRCUIT: usize = 4;

    fn index(self) -> u32 {
        let index = match self {
            Argument::Theta => 0,
            Argument::Beta => 1,
            Argument::Gamma => 2,
            Argument::Y => 3,
            Argument::Circuit(index) => Self::FIRST_CIRCUIT + index,
        };
        index as u32
    }
}

/// The values of a program's arguments. Those not known yet are zero; no program that runs before reads them.
#[derive(Clone, Debug)]
pub(super) struct Challenges(Vec<Fr>);

impl Challenges {
    pub(super) fn new(circuit: Vec<Fr>) -> Self {
        let mut values = vec![Fr::default(); Argument::FIRST_CIRCUIT];
        values.extend(circuit);
        Self(values)
    }

    pub(super) fn set(&mut self, argument: Argument, value: Fr) {
        self.0[argument.index() as usize] = value;
    }

    pub(super) fn get(&self, argument: Argument) -> Fr {
        self.0[argument.index() as usize]
    }

    pub(super) fn as_slice(&self) -> &[Fr] {
        &self.0
    }
}

/// A program together with the columns that it reads, in its order.
#[derive(Debug)]
pub(super) struct SourcedProgram {
    pub(super) program: Program,
    pub(super) sources: Vec<Source>,
}

/// Builds a program over [`Source`]s.
#[derive(Debug, Default)]
pub(super) struct Expressions {
    pub(super) builder: Builder,
    sources: Vec<Source>,
    indices: HashMap<Source, u32>,
}

impl Expressions {
    pub(super) fn column(&mut self, source: Source, rotation: i32) -> Value {
        let next = self.sources.len() as u32;
        let index = *self.indices.entry(source).or_insert_with(|| {
            self.sources.push(source);
            next
        });
        self.builder.column(index, rotation)
    }

    pub(super) fn argument(&mut self, argument: Argument) -> Value {
        self.builder.argument(argument.index())
    }

    /// An expression of a key's constraint system, in which no virtual selectors are left.
    pub(super) fn expression(&mut self, expression: &Expression<Fr>) -> Value {
        match expression {
            Expression::Constant(constant) => self.builder.constant(*constant),
            Expression::Selector(_) => unreachable!("key generation replaces selectors by fixed columns"),
            Expression::Fixed(query) => self.column(Source::Fixed(query.column_index()), query.rotation().0),
            Expression::Advice(query) => self.column(Source::Advice(query.column_index()), query.rotation().0),
            Expression::Instance(query) => self.column(Source::Instance(query.column_index()), query.rotation().0),
            Expression::Challenge(challenge) => self.argument(Argument::Circuit(challenge.index())),
            Expression::Negated(a) => {
                let a = self.expression(a);
                self.builder.neg(a)
            }
            Expression::Sum(a, b) => {
                let (a, b) = (self.expression(a), self.expression(b));
                self.builder.add(a, b)
            }
            Expression::Product(a, b) => {
                let (a, b) = (self.expression(a), self.expression(b));
                self.builder.mul(a, b)
            }
            Expression::Scaled(a, factor) => {
                let (a, factor) = (self.expression(a), self.builder.constant(*factor));
                self.builder.mul(a, factor)
            }
        }
    }

    /// Compresses the expressions of a lookup into one: $\sum_j \theta^{m-1-j} e_j$.
    pub(super) fn compress(&mut self, expressions: &[Expression<Fr>]) -> Value {
        let theta = self.argument(Argument::Theta);
        let values: Vec<Value> = expressions.iter().map(|expression| self.expression(expression)).collect();
        self.builder.horner(values, theta)
    }

    /// The program that computes `outputs` for a circuit with `challenges` challenges of its own.
    pub(super) fn finish(self, challenges: usize, outputs: &[Value]) -> SourcedProgram {
        let program = self.builder.finish(self.sources.len(), Argument::FIRST_CIRCUIT + challenges, outputs);
        SourcedProgram { program, sources: self.sources }
    }
}
