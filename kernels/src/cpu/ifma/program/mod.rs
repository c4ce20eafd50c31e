//! Interprets constraint programs with AVX-512 IFMA, a block of rows at a time.

mod plan;

use ff::Field;
use halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::Ifma;
use super::field::{FrModulus, Lanes, Limbs, Loose, Modulus, Product, mul_pair, multiple};
use super::vector::constant;
use crate::Domain;
use crate::program::{Operand, Program, Register};
use plan::{LIFTS, Step, plan};

type Scalars = Lanes<FrModulus>;

/// Rows per task: enough to amortise its start.
const TASK: usize = 1 << 10;
/// Most vectors per register.
const MAX_WIDTH: usize = 8;
/// Registers should stay in the first-level cache.
const REGISTER_BYTES: usize = 32 << 10;
/// Smallest domain that is worth it, and that a block of the largest width divides.
pub(crate) const MIN_ROWS: usize = 8 * MAX_WIDTH;

/// A program with what its bounds require.
#[derive(Debug)]
pub(crate) struct Prepared {
    steps: Vec<Step>,
    /// Vectors per register; even.
    width: usize,
}

impl Prepared {
    pub(crate) fn new(program: &Program) -> Self {
        let fitting = REGISTER_BYTES / (size_of::<Scalars>() * program.registers().max(1));
        let width = if fitting >= MAX_WIDTH { MAX_WIDTH } else { (fitting / 2 * 2).max(2) };
        let width = if width.is_power_of_two() { width } else { width.next_power_of_two() / 2 };
        Self { steps: plan(program), width }
    }

    /// The outputs on all rows, of which there are at least [`MIN_ROWS`]. `table` are the scalars of the program.
    pub(crate) fn evaluate(
        &self,
        ifma: Ifma,
        program: &Program,
        domain: &Domain,
        columns: &[&[Fr]],
        table: &[Fr],
        shift: Fr,
    ) -> Vec<Vec<Fr>> {
        assert!(domain.n() >= MIN_ROWS && columns.iter().all(|column| column.len() == domain.n()));
        let table: Vec<Limbs> = table.iter().map(constant).collect();
        let rows = 8 * self.width;
        let powers: Vec<Limbs> = std::iter::successors(Some(Fr::ONE), |power| Some(power * domain.omega()))
            .take(rows)
            .map(|power| constant(&power))
            .collect();
        let powers = powers.as_chunks::<8>().0.iter().map(|lanes| Scalars::from_lanes(ifma, lanes)).collect();
        let run = Run { ifma, steps: &self.steps, width: self.width, program, columns, table, powers };

        let mut outputs = vec![vec![Fr::ZERO; domain.n()]; program.outputs()];
        let mut tasks: Vec<Vec<&mut [Fr]>> = (0..domain.n().div_ceil(TASK)).map(|_| Vec::new()).collect();
        for output in &mut outputs {
            tasks.iter_mut().zip(output.chunks_mut(TASK)).for_each(|(task, chunk)| task.push(chunk));
        }
        let new_registers = || vec![Scalars::zero(ifma); program.registers() * self.width];
        let step = domain.rotate(Fr::ONE, rows as i32);
        tasks.into_par_iter().enumerate().for_each_init(new_registers, |registers, (task, mut outputs)| {
            let first = task * TASK;
            let mut point = domain.rotate(shift, first as i32);
            for offset in (0..TASK.min(domain.n() - first)).step_by(rows) {
                // SAFETY: the token proves the instructions.
                unsafe { run.block(registers, &mut outputs, first, offset, &point) }
                point *= step;
            }
        });
        outputs
    }
}

struct Run<'a> {
    ifma: Ifma,
    steps: &'a [Step],
    width: usize,
    program: &'a Program,
    columns: &'a [&'a [Fr]],
    table: Vec<Limbs>,
    /// The powers of the domain's generator, as far as a block goes.
    powers: Vec<Scalars>,
}

/// What a step reads.
#[derive(Clone, Copy)]
enum Source<'a> {
    /// Where the register begins.
    Register(usize),
    Scalar(&'a Limbs),
}

impl Run<'_> {
    /// Rows from `first + offset` on; the outputs begin at row `first`, `point` is the coordinate of the first row.
    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
    fn block(&self, registers: &mut [Scalars], outputs: &mut [&mut [Fr]], first: usize, offset: usize, point: &Fr) {
        for step in self.steps {
            match step {
                Step::Load { to, column, rotation } => {
                    self.load(registers, *to, self.columns[*column as usize], first + offset, *rotation);
                }
                Step::Coordinate { to } => {
                    let point = Scalars::splat(self.ifma, &constant(point));
                    for i in (0..self.width).step_by(2) {
                        let [x, y] = mul_pair(point, self.powers[i], point, self.powers[i + 1]);
                        self.put(registers, *to, i, [x, y]);
                    }
                }
                Step::Add { to, a, b } => {
                    let (a, b) = (self.source(*a), self.source(*b));
                    for i in 0..self.width {
                        let sum = self.get(registers, a, i).add(self.get(registers, b, i));
                        registers[self.start(*to) + i] = sum.norm();
                    }
                }
                Step::Sub { to, a, b, lift } => {
                    let (a, b) = (self.source(*a), self.source(*b));
                    self.subtract(registers, *to, a, b, *lift);
                }
                Step::Neg { to, a, lift } => {
                    let zero = Source::Scalar(&[0; 5]);
                    self.subtract(registers, *to, zero, self.source(*a), *lift);
                }
                Step::Mul { to, a, b } => {
                    let (a, b) = (self.source(*a), self.source(*b));
                    for i in (0..self.width).step_by(2) {
                        let get = |source, i| self.get(registers, source, i);
                        let product = mul_pair(get(a, i), get(b, i), get(a, i + 1), get(b, i + 1));
                        self.put(registers, *to, i, product);
                    }
                }
                Step::Square { to, a } => {
                    let a = self.source(*a);
                    for i in 0..self.width {
                        registers[self.start(*to) + i] = self.get(registers, a, i).square();
                    }
                }
                Step::Dot { to, plus, products } => {
                    self.dot(registers, *to, *plus, &self.program.products()[products.clone()]);
                }
                Step::Store { output, from } => {
                    let target = &mut outputs[*output as usize][offset..offset + 8 * self.width];
                    self.store(registers, self.source(*from), target);
                }
                Step::Reduce { register } => {
                    let start = self.start(*register);
                    for value in &mut registers[start..start + self.width] {
                        *value = value.reduce_below_two_p();
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn start(&self, register: Register) -> usize {
        register as usize * self.width
    }

    #[inline(always)]
    fn source(&self, operand: Operand) -> Source<'_> {
        match operand {
            Operand::Register(register) => Source::Register(self.start(register)),
            Operand::Scalar(entry) => Source::Scalar(&self.table[entry as usize]),
        }
    }

    #[inline(always)]
    fn get(&self, registers: &[Scalars], source: Source<'_>, i: usize) -> Scalars {
        match source {
            Source::Register(start) => registers[start + i],
            Source::Scalar(limbs) => Scalars::splat(self.ifma, limbs),
        }
    }

    #[inline(always)]
    fn put(&self, registers: &mut [Scalars], to: Register, i: usize, values: [Loose<FrModulus>; 2]) {
        let start = self.start(to) + i;
        registers[start] = values[0].norm();
        registers[start + 1] = values[1].norm();
    }

    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
    fn load(&self, registers: &mut [Scalars], to: Register, column: &[Fr], row: usize, rotation: i32) {
        let (n, rows) = (column.len(), 8 * self.width);
        let start = (row as i64 + i64::from(rotation)).rem_euclid(n as i64) as usize;
        let mut wrapped = [Fr::ZERO; 8 * MAX_WIDTH];
        let rows = match column.get(start..start + rows) {
            Some(rows) => rows,
            None => {
                let (end, begin) = (&column[start..], &column[..rows - (n - start)]);
                wrapped[..end.len()].copy_from_slice(end);
                wrapped[end.len()..rows].copy_from_slice(begin);
                &wrapped[..rows]
            }
        };
        let start = self.start(to);
        for (register, rows) in registers[start..start + self.width].iter_mut().zip(rows.as_chunks::<8>().0) {
            *register = Scalars::load_260(self.ifma, rows);
        }
    }

    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
    fn subtract(&self, registers: &mut [Scalars], to: Register, a: Source<'_>, b: Source<'_>, lift: usize) {
        let lift = Scalars::splat(self.ifma, &const { lifts() }[lift]);
        for i in 0..self.width {
            let difference = self.get(registers, a, i).add(lift).minus(self.get(registers, b, i));
            registers[self.start(to) + i] = difference.norm();
        }
    }

    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
    fn dot(&self, registers: &mut [Scalars], to: Register, plus: Option<Operand>, products: &[(Operand, Operand)]) {
        for i in (0..self.width).step_by(2) {
            let mut sums = [Product::zero(self.ifma); 2];
            for (a, b) in products {
                let (a, b) = (self.source(*a), self.source(*b));
                sums[0] = sums[0].add_product(self.get(registers, a, i), self.get(registers, b, i));
                sums[1] = sums[1].add_product(self.get(registers, a, i + 1), self.get(registers, b, i + 1));
            }
            let mut values = [sums[0].reduce(), sums[1].reduce()];
            if let Some(plus) = plus {
                let plus = self.source(plus);
                values = [values[0].add(self.get(registers, plus, i)), values[1].add(self.get(registers, plus, i + 1))];
            }
            self.put(registers, to, i, values);
        }
    }

    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
    fn store(&self, registers: &[Scalars], from: Source<'_>, target: &mut [Fr]) {
        let form = Scalars::splat(self.ifma, &FrModulus::FORM_256);
        for (i, [low, high]) in target.as_chunks_mut::<8>().0.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            let [x, y] = mul_pair(form, self.get(registers, from, 2 * i), form, self.get(registers, from, 2 * i + 1));
            x.canonical().store(low);
            y.canonical().store(high);
        }
    }
}

const fn lifts() -> [Limbs; LIFTS.len()] {
    let mut out = [[0; 5]; LIFTS.len()];
    let mut i = 0;
    while i < LIFTS.len() {
        out[i] = multiple(FrModulus::P, LIFTS[i]);
        i += 1;
    }
    out
}
