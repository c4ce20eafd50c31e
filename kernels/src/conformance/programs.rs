//! Constraint programs.

use ff::Field;
use halo2curves::bn256::Fr;
use rand::Rng;

use super::data::{download, rng, uniform, upload};
use crate::program::{Builder, Program, Value};
use crate::{Backend, Domain, Error, naive};

const COLUMNS: usize = 6;
const ARGUMENTS: usize = 3;

/// A program of random operations, with values reused and combined into sums longer than one [`Dot`].
///
/// [`Dot`]: crate::program::Instruction::Dot
fn random_program(rng: &mut impl Rng, operations: usize) -> Program {
    let mut builder = Builder::new();
    let mut values: Vec<Value> = (0..ARGUMENTS as u32).map(|i| builder.argument(i)).collect();
    values.push(builder.coordinate());
    values.push(builder.constant(Fr::from(5)));
    for column in 0..COLUMNS as u32 {
        values.extend([-1, 0, 1, 40].map(|rotation| builder.column(column, rotation)));
    }
    for _ in 0..operations {
        let mut pick = || values[rng.gen_range(0..values.len())];
        let (a, b) = (pick(), pick());
        let value = match rng.gen_range(0..10) {
            0 | 1 => builder.add(a, b),
            2 | 3 => builder.sub(a, b),
            4..=6 => builder.mul(a, b),
            7 => builder.mul(a, a),
            8 => builder.neg(a),
            _ => {
                let terms: Vec<Value> = (0..rng.gen_range(2..40))
                    .map(|_| {
                        let (x, y) = (values[rng.gen_range(0..values.len())], values[rng.gen_range(0..values.len())]);
                        builder.mul(x, y)
                    })
                    .collect();
                builder.sum(terms)
            }
        };
        values.push(value);
    }
    let outputs = [values[values.len() - 1], values[values.len() - 2], values[0], values[ARGUMENTS + 2]];
    builder.finish(COLUMNS, ARGUMENTS, &outputs)
}

pub(crate) fn programs<B: Backend>(backend: &B) {
    let mut rng = rng(31);
    for (k, operations) in
        [(0, 5), (1, 9), (2, 30), (3, 60), (4, 100), (5, 200), (6, 300), (8, 100), (10, 40), (11, 20)]
    {
        let domain = Domain::new(k, 1).unwrap();
        let program = random_program(&mut rng, operations);
        let columns: Vec<Vec<Fr>> = (0..COLUMNS).map(|_| uniform(&mut rng, domain.n())).collect();
        let arguments = uniform(&mut rng, ARGUMENTS);
        let prepared = backend.prepare_program(program.clone()).unwrap();
        let polys = upload(backend, &columns);
        let slices: Vec<&[Fr]> = columns.iter().map(Vec::as_slice).collect();
        for shift in [Fr::ONE, domain.shifts()[0]] {
            let polys: Vec<_> = polys.iter().collect();
            let found = backend.evaluate(&prepared, &domain, &polys, &arguments, shift).unwrap();
            let expected = naive::evaluate(&program, &domain, &slices, &arguments, shift).unwrap();
            assert!(download(backend, &found) == expected, "2^{k} rows, {operations} operations");
        }
    }
}

pub(crate) fn wrong_columns<B: Backend>(backend: &B) {
    let mut builder = Builder::new();
    let (a, b, c) = (builder.column(0, 0), builder.column(1, 0), builder.argument(0));
    let sum = builder.sum([a, b, c]);
    let prepared = backend.prepare_program(builder.finish(2, 1, &[sum])).unwrap();
    let domain = Domain::new(2, 1).unwrap();
    let columns = vec![vec![Fr::ONE; 4], vec![Fr::ONE; 8]];
    let polys = upload(backend, &columns);
    let run = |columns: &[&B::Poly<'_>], arguments: &[Fr]| {
        backend.evaluate(&prepared, &domain, columns, arguments, Fr::ONE).map(|_| ()).err()
    };
    let few = Error::Length { what: "columns of a constraint program", expected: 2, found: 1 };
    assert_eq!(run(&[&polys[0]], &[Fr::ONE]), Some(few));
    let long = Error::Length { what: "a column of a constraint program", expected: 4, found: 8 };
    assert_eq!(run(&[&polys[0], &polys[1]], &[Fr::ONE]), Some(long));
    let arguments = Error::Length { what: "arguments of a constraint program", expected: 1, found: 0 };
    assert_eq!(run(&[&polys[0], &polys[0]], &[]), Some(arguments));
}
