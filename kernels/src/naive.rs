//! The meaning of every kernel, in a few lines each: what tests compare the fast ones with, and what a new backend's
//! author reads first. Nothing here is fast; transforms are quadratic.

use std::collections::BTreeMap;

use ff::Field;
use group::Curve;
use halo2curves::bn256::{Fr, G1, G1Affine};

use crate::program::{Instruction, Operand, Program};
use crate::{Domain, Error};

/// Horner's rule.
pub fn evaluate_at(coefficients: &[Fr], x: Fr) -> Fr {
    coefficients.iter().rev().fold(Fr::ZERO, |acc, coefficient| acc * x + coefficient)
}

/// Values at `shift · ω^i` of the polynomial with the given coefficients.
pub fn coeff_to_coset(domain: &Domain, coefficients: &[Fr], shift: Fr) -> Vec<Fr> {
    (0..domain.n()).map(|row| evaluate_at(coefficients, domain.rotate(shift, row as i32))).collect()
}

/// Coefficients of the polynomial with the given values at `shift · ω^i`.
pub fn coset_to_coeff(domain: &Domain, values: &[Fr], shift: Fr) -> Vec<Fr> {
    let (n_inverse, shift_inverse) = (Fr::from(domain.n() as u64).invert(), shift.invert());
    let (n_inverse, shift_inverse) = (n_inverse.expect("n is not zero"), shift_inverse.expect("a shift is not zero"));
    (0..domain.n())
        .map(|i| {
            let sum: Fr = (values.iter().zip(0..)).map(|(value, row)| domain.rotate(*value, -(i as i32) * row)).sum();
            sum * n_inverse * shift_inverse.pow_vartime([i as u64])
        })
        .collect()
}

/// The pieces of the quotient by $X^n - 1$ of the polynomial with the given values on every coset part.
pub fn cosets_to_quotient(domain: &Domain, parts: &[Vec<Fr>]) -> Vec<Vec<Fr>> {
    let folded: Vec<Vec<Fr>> =
        parts.iter().zip(domain.shifts()).map(|(values, shift)| coset_to_coeff(domain, values, *shift)).collect();
    let combine =
        |row: Vec<Fr>| (0..domain.n()).map(|c| row.iter().zip(&folded).map(|(m, part)| m * part[c]).sum()).collect();
    domain.quotient_matrix().into_iter().map(combine).collect()
}

/// $\sum_i s_i P_i$ by double-and-add.
pub fn commit(points: &[G1Affine], scalars: &[Fr]) -> G1Affine {
    points.iter().zip(scalars).map(|(point, scalar)| *point * scalar).sum::<G1>().to_affine()
}

/// The permuted input and table columns of a lookup, for inputs and tables of usable rows only; `None` if an input is
/// not in the table.
pub fn permute_lookup(inputs: &[Fr], table: &[Fr]) -> Option<(Vec<Fr>, Vec<Fr>)> {
    let count = |values: &[Fr]| {
        let mut counts = BTreeMap::<Fr, usize>::new();
        for value in values {
            *counts.entry(*value).or_default() += 1;
        }
        counts
    };
    let mut unclaimed = count(table);
    for value in count(inputs).keys() {
        *unclaimed.get_mut(value)? -= 1;
    }
    let mut unclaimed = unclaimed.into_iter().flat_map(|(value, times)| std::iter::repeat_n(value, times));
    let mut sorted = inputs.to_vec();
    sorted.sort();
    let permuted = (0..sorted.len())
        .map(|row| if row == 0 || sorted[row] != sorted[row - 1] { Some(sorted[row]) } else { unclaimed.next() })
        .collect::<Option<Vec<Fr>>>()?;
    Some((sorted, permuted))
}

/// `z[0] = start`, `z[i + 1] = z[i] · numerator[i] / denominator[i]` up to `z[last]`, then zeros.
pub fn grand_product(numerator: &[Fr], denominator: &[Fr], start: Fr, last: usize) -> Vec<Fr> {
    let mut product = vec![Fr::ZERO; numerator.len()];
    product[0] = start;
    for row in 0..last {
        product[row + 1] = product[row] * numerator[row] * denominator[row].invert().unwrap_or(Fr::ZERO);
    }
    product
}

/// $\sum_j c_j p_j$, as long as the longest $p_j$.
pub fn combine(terms: &[(Fr, &[Fr])]) -> Vec<Fr> {
    let len = terms.iter().map(|(_, poly)| poly.len()).max().unwrap_or(0);
    let coefficient = |i: usize| terms.iter().map(|(c, poly)| poly.get(i).map_or(Fr::ZERO, |p| c * p)).sum();
    (0..len).map(coefficient).collect()
}

/// Quotient by $X - z$, padded with a zero to the dividend's length.
pub fn divide_by_linear(dividend: &[Fr], z: Fr) -> Vec<Fr> {
    let mut quotient = vec![Fr::ZERO; dividend.len()];
    for i in (1..dividend.len()).rev() {
        quotient[i - 1] = dividend[i] + z * quotient[i];
    }
    quotient
}

/// The outputs of a program, one row after the other.
///
/// # Errors
/// [`Error::Length`] as [`Backend::evaluate`](crate::Backend::evaluate).
pub fn evaluate(
    program: &Program,
    domain: &Domain,
    columns: &[&[Fr]],
    arguments: &[Fr],
    shift: Fr,
) -> Result<Vec<Vec<Fr>>, Error> {
    let n = domain.n();
    check_columns(program, n, columns.iter().map(|column| column.len()))?;
    let table = program.scalar_table(arguments)?;
    let mut outputs = vec![vec![Fr::ZERO; n]; program.outputs()];
    let mut registers = vec![Fr::ZERO; program.registers()];
    let points = std::iter::successors(Some(shift), |point| Some(point * domain.omega()));
    for (row, point) in points.take(n).enumerate() {
        for instruction in program.instructions() {
            let read = |operand: Operand| match operand {
                Operand::Register(register) => registers[register as usize],
                Operand::Scalar(entry) => table[entry as usize],
            };
            let (to, value) = match instruction {
                Instruction::Load { to, column, rotation } => {
                    let at = (row as i64 + i64::from(*rotation)).rem_euclid(n as i64);
                    (to, columns[*column as usize][at as usize])
                }
                Instruction::Coordinate { to } => (to, point),
                Instruction::Add { to, a, b } => (to, read(*a) + read(*b)),
                Instruction::Sub { to, a, b } => (to, read(*a) - read(*b)),
                Instruction::Mul { to, a, b } => (to, read(*a) * read(*b)),
                Instruction::Neg { to, a } => (to, -read(*a)),
                Instruction::Dot { to, plus, products } => {
                    let products = &program.products()[products.start as usize..products.end as usize];
                    let sum: Fr = products.iter().map(|(a, b)| read(*a) * read(*b)).sum();
                    (to, sum + plus.map_or(Fr::ZERO, read))
                }
                Instruction::Store { output, from } => {
                    outputs[*output as usize][row] = read(*from);
                    continue;
                }
            };
            registers[*to as usize] = value;
        }
    }
    Ok(outputs)
}

/// Checks that a program's columns are there and of `n` rows.
pub(crate) fn check_columns(
    program: &Program,
    n: usize,
    lengths: impl ExactSizeIterator<Item = usize>,
) -> Result<(), Error> {
    if lengths.len() < program.columns() {
        let (expected, found) = (program.columns(), lengths.len());
        return Err(Error::Length { what: "columns of a constraint program", expected, found });
    }
    for found in lengths {
        if found != n {
            return Err(Error::Length { what: "a column of a constraint program", expected: n, found });
        }
    }
    Ok(())
}
