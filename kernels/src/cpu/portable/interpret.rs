//! Interprets constraint programs in plain 64-bit arithmetic over blocks of rows, so that registers stay in the
//! first-level cache.

use ff::Field;
use halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::residue::{Wide, element, words};
use crate::Domain;
use crate::program::{Instruction, Operand, Program};

/// Rows per block: enough to amortise decoding an instruction.
const BLOCK: usize = 32;

type Block = [Fr; BLOCK];

/// The outputs of `program` on all rows; the arguments were checked by the caller.
pub(crate) fn evaluate(program: &Program, domain: &Domain, columns: &[&[Fr]], table: &[Fr], shift: Fr) -> Vec<Vec<Fr>> {
    let n = domain.n();
    let mut outputs = vec![vec![Fr::ZERO; n]; program.outputs()];
    let mut chunks: Vec<Vec<&mut [Fr]>> = (0..n.div_ceil(BLOCK)).map(|_| Vec::new()).collect();
    for output in &mut outputs {
        chunks.iter_mut().zip(output.chunks_mut(BLOCK)).for_each(|(block, chunk)| block.push(chunk));
    }
    let new_registers = || vec![[Fr::ZERO; BLOCK]; program.registers()];
    chunks.into_par_iter().enumerate().for_each_init(new_registers, |registers, (block, mut outputs)| {
        let first = block * BLOCK;
        let rows = BLOCK.min(n - first);
        let coordinate = || domain.rotate(shift, first as i32);
        let block = BlockOfRows { program, columns, table, first, rows, omega: domain.omega() };
        block.run(registers, &mut outputs, coordinate);
    });
    outputs
}

struct BlockOfRows<'p> {
    program: &'p Program,
    columns: &'p [&'p [Fr]],
    table: &'p [Fr],
    first: usize,
    rows: usize,
    omega: Fr,
}

impl BlockOfRows<'_> {
    fn run(&self, registers: &mut [Block], outputs: &mut [&mut [Fr]], coordinate: impl Fn() -> Fr) {
        for instruction in self.program.instructions() {
            match instruction {
                Instruction::Load { to, column, rotation } => {
                    self.load(&mut registers[*to as usize], self.columns[*column as usize], *rotation);
                }
                Instruction::Coordinate { to } => {
                    let mut point = coordinate();
                    for value in &mut registers[*to as usize] {
                        *value = point;
                        point *= self.omega;
                    }
                }
                Instruction::Add { to, a, b } => self.binary(registers, *to, *a, *b, |a, b| a + b),
                Instruction::Sub { to, a, b } => self.binary(registers, *to, *a, *b, |a, b| a - b),
                Instruction::Mul { to, a, b } if a == b => self.binary(registers, *to, *a, *b, |a, _| a.square()),
                Instruction::Mul { to, a, b } => self.binary(registers, *to, *a, *b, |a, b| a * b),
                Instruction::Neg { to, a } => self.binary(registers, *to, *a, *a, |a, _| -a),
                Instruction::Dot { to, plus, products } => {
                    let products = &self.program.products()[products.start as usize..products.end as usize];
                    self.dot(registers, *to, *plus, products);
                }
                Instruction::Store { output, from } => {
                    let rows = &self.rows_of(registers, *from)[..self.rows];
                    outputs[*output as usize].copy_from_slice(rows);
                }
            }
        }
    }

    fn load(&self, register: &mut Block, column: &[Fr], rotation: i32) {
        let n = column.len();
        let start = (self.first as i64 + i64::from(rotation)).rem_euclid(n as i64) as usize;
        let before_wrap = self.rows.min(n - start);
        register[..before_wrap].copy_from_slice(&column[start..start + before_wrap]);
        register[before_wrap..self.rows].copy_from_slice(&column[..self.rows - before_wrap]);
    }

    /// The rows of an operand; those of a scalar are all the same.
    fn rows_of(&self, registers: &[Block], operand: Operand) -> Block {
        match operand {
            Operand::Register(register) => registers[register as usize],
            Operand::Scalar(entry) => [self.table[entry as usize]; BLOCK],
        }
    }

    fn binary(&self, registers: &mut [Block], to: u16, a: Operand, b: Operand, f: impl Fn(Fr, Fr) -> Fr) {
        let (a, b) = (self.rows_of(registers, a), self.rows_of(registers, b));
        for ((result, a), b) in registers[to as usize].iter_mut().zip(&a).zip(&b) {
            *result = f(*a, *b);
        }
    }

    /// One modular reduction per row, after all products.
    fn dot(&self, registers: &mut [Block], to: u16, plus: Option<Operand>, products: &[(Operand, Operand)]) {
        let mut sums = [Wide::default(); BLOCK];
        for (a, b) in products {
            let (a, b) = (self.rows_of(registers, *a), self.rows_of(registers, *b));
            for ((sum, a), b) in sums.iter_mut().zip(&a).zip(&b) {
                sum.add_product(&words(a), &words(b));
            }
        }
        let plus = plus.map_or([Fr::ZERO; BLOCK], |plus| self.rows_of(registers, plus));
        for ((result, sum), plus) in registers[to as usize].iter_mut().zip(sums).zip(plus) {
            *result = element(sum.reduce()) + plus;
        }
    }
}
