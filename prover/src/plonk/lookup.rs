//! Programs of the lookup argument.

use std::collections::HashMap;

use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use zomma_kernels::program::Value;
use zomma_kernels::{Backend, LookupColumns};

use super::expression::{Argument, Expressions, Source, SourcedProgram};
use super::key::Prepared;
use crate::ProverError;

/// The lookup arguments of a key, compiled.
#[derive(Debug)]
pub(super) struct Lookups {
    /// Computes all compressed inputs and tables; equal ones once.
    compress: SourcedProgram,
    inputs: Vec<usize>,
    tables: Vec<usize>,
}

/// What the lookup arguments of a key evaluate on the rows.
#[derive(Debug)]
pub(super) struct LookupPrograms<B: Backend> {
    /// Computes all compressed inputs and tables; equal ones once.
    pub(super) compress: Prepared<B::Program>,
    /// Which output is the input of each lookup.
    pub(super) inputs: Vec<usize>,
    /// Which output is the table of each lookup.
    pub(super) tables: Vec<usize>,
    /// Numerators and denominators of the grand product of any lookup, from compressed input, compressed table,
    /// permuted input and permuted table.
    pub(super) product: B::Program,
}

impl Lookups {
    pub(super) fn compile(cs: &ConstraintSystem<Fr>) -> Self {
        let mut e = Expressions::default();
        let mut outputs: Vec<Value> = Vec::new();
        let mut output = |value: Value| {
            outputs.iter().position(|known| *known == value).unwrap_or_else(|| {
                outputs.push(value);
                outputs.len() - 1
            })
        };
        let mut inputs = Vec::new();
        let mut tables = Vec::new();
        for lookup in cs.lookups() {
            inputs.push(output(e.compress(lookup.input_expressions())));
            tables.push(output(e.compress(lookup.table_expressions())));
        }
        Self { compress: e.finish(cs.num_challenges(), &outputs), inputs, tables }
    }

    /// How many compressed columns there are.
    pub(super) fn compressed(&self) -> usize {
        self.inputs.iter().chain(&self.tables).max().map_or(0, |last| last + 1)
    }
}

impl<B: Backend> LookupPrograms<B> {
    pub(super) fn new(backend: &B, lookups: Lookups, challenges: usize) -> Result<Self, ProverError> {
        let Lookups { compress, inputs, tables } = lookups;
        let compress = Prepared::new(backend, compress)?;
        let product = backend.prepare_program(product_factors(challenges).program)?;
        Ok(Self { compress, inputs, tables, product })
    }

    pub(super) fn len(&self) -> usize {
        self.inputs.len()
    }

    /// The outputs that are tables, each once, and for every lookup the position of its table among them.
    pub(super) fn distinct_tables(&self) -> (Vec<usize>, Vec<usize>) {
        let mut distinct: Vec<usize> = Vec::new();
        let position = |output: &usize| {
            distinct.iter().position(|known| known == output).unwrap_or_else(|| {
                distinct.push(*output);
                distinct.len() - 1
            })
        };
        let table_of = self.tables.iter().map(position).collect();
        (distinct, table_of)
    }
}

/// Numerators $(a + \beta)(s + \gamma)$ and denominators $(a' + \beta)(s' + \gamma)$. The columns stand for
/// $a, s, a', s'$ in this order.
fn product_factors(challenges: usize) -> SourcedProgram {
    let mut e = Expressions::default();
    let (beta, gamma) = (e.argument(Argument::Beta), e.argument(Argument::Gamma));
    let columns = [0, 1, 2, 3].map(|i| e.column(Source::Advice(i), 0));
    let mut factor = |input, table| {
        let (input, table) = (e.builder.add(input, beta), e.builder.add(table, gamma));
        e.builder.mul(input, table)
    };
    let outputs = [factor(columns[0], columns[1]), factor(columns[2], columns[3])];
    e.finish(challenges, &outputs)
}

/// Says which of the key's lookups a backend could not permute.
pub(super) fn name_missing(error: zomma_kernels::Error, cs: &ConstraintSystem<Fr>) -> ProverError {
    match error {
        zomma_kernels::Error::NotInTable { lookup } => {
            ProverError::NotInTable { lookup: cs.lookups()[lookup].name().to_owned() }
        }
        error => error.into(),
    }
}

/// Rearranges permuted columns so that their distinct inputs come in the order in which `order` shows them first.
///
/// # Errors
/// [`ProverError::Mismatch`] if `order` is not made of the same groups of equal values.
pub(super) fn reorder<'k, B: Backend>(
    backend: &B,
    columns: &mut LookupColumns<B::Poly<'k>>,
    order: &[Fr],
) -> Result<(), ProverError> {
    let (mut input, mut table) = (backend.download(&columns.input)?, backend.download(&columns.table)?);
    let usable = order.len();
    let mut repetitions = HashMap::<Fr, usize>::new();
    let mut unclaimed = Vec::new();
    for row in 0..usable {
        let seen = repetitions.entry(input[row]).or_default();
        if *seen > 0 {
            unclaimed.push(table[row]);
        }
        *seen += 1;
    }
    let mut unclaimed = unclaimed.into_iter();
    for row in 0..usable {
        let first = row == 0 || order[row] != order[row - 1];
        let left = repetitions.get_mut(&order[row]).filter(|left| **left > 0);
        let left = left.ok_or_else(|| ProverError::mismatch("permuted input", "a value of the column", row))?;
        *left -= 1;
        input[row] = order[row];
        table[row] = if first { Some(order[row]) } else { unclaimed.next() }
            .ok_or_else(|| ProverError::mismatch("permuted input", "equal values next to each other", row))?;
    }
    backend.write(&mut columns.input, 0, &input[..usable])?;
    Ok(backend.write(&mut columns.table, 0, &table[..usable])?)
}
