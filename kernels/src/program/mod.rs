//! Constraint programs: straight-line code over columns, evaluated row by row.
//!
//! A [`Program`] is built once per verifying key with a [`Builder`], which shares common subexpressions and moves
//! everything that does not depend on the row into a prologue. What remains is a list of [`Instruction`]s over
//! registers, each register holding one value per row of a block. A backend interprets or compiles it; the meaning is
//! fixed by [`naive::evaluate`](crate::naive::evaluate).

mod builder;
mod schedule;
#[cfg(test)]
mod tests;

use std::ops::Range;

use halo2curves::bn256::Fr;

use crate::Error;

pub use builder::{Builder, Value};

/// Index of a register; a register holds one field element per row.
pub type Register = u16;

/// What an instruction reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// The value of a register at this row.
    Register(Register),
    /// An entry of the scalar table, the same for all rows.
    Scalar(u32),
}

/// One step of a program. Every step reads its operands before it writes its result, so they may share a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instruction {
    /// `to = column[(row + rotation) mod n]`.
    Load {
        /// Result.
        to: Register,
        /// Index into the columns given at evaluation.
        column: u32,
        /// Rows to look ahead (behind if negative).
        rotation: i32,
    },
    /// `to = shift · ω^row`: the point of the coset at this row.
    Coordinate {
        /// Result.
        to: Register,
    },
    /// `to = a + b`.
    Add {
        /// Result.
        to: Register,
        /// First summand.
        a: Operand,
        /// Second summand.
        b: Operand,
    },
    /// `to = a - b`.
    Sub {
        /// Result.
        to: Register,
        /// Minuend.
        a: Operand,
        /// Subtrahend.
        b: Operand,
    },
    /// `to = a · b`; a square if the operands are equal.
    Mul {
        /// Result.
        to: Register,
        /// First factor.
        a: Operand,
        /// Second factor.
        b: Operand,
    },
    /// `to = -a`.
    Neg {
        /// Result.
        to: Register,
        /// The value to negate.
        a: Operand,
    },
    /// `to = plus + Σ a·b` over a range of [`Program::products`], at most [`Program::MAX_PRODUCTS`] of them. One
    /// instruction, because a sum of products needs only one modular reduction.
    Dot {
        /// Result.
        to: Register,
        /// The summand that is not a product, if any.
        plus: Option<Operand>,
        /// Which of the program's products are added.
        products: Range<u32>,
    },
    /// `outputs[output][row] = from`.
    Store {
        /// Index of the output column.
        output: u32,
        /// The value to store.
        from: Operand,
    },
}

/// A step of the prologue; each appends one entry to the scalar table. Indices refer to earlier entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScalarStep {
    /// A constant of the circuit.
    Constant(Fr),
    /// Sum of two entries.
    Add(u32, u32),
    /// Difference of two entries.
    Sub(u32, u32),
    /// Product of two entries.
    Mul(u32, u32),
    /// Negation of an entry.
    Neg(u32),
}

/// Straight-line code that maps columns and scalars to output columns, independently for every row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    columns: usize,
    arguments: usize,
    outputs: usize,
    registers: usize,
    prologue: Vec<ScalarStep>,
    instructions: Vec<Instruction>,
    products: Vec<(Operand, Operand)>,
}

impl Program {
    /// Most products in one [`Instruction::Dot`], so that a backend's unreduced accumulators cannot overflow and few
    /// registers are alive at a time.
    pub const MAX_PRODUCTS: usize = 16;

    /// Number of columns the program reads: one more than the highest index.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Number of scalars (challenges) that must be given at evaluation.
    pub fn arguments(&self) -> usize {
        self.arguments
    }

    /// Number of output columns.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Number of registers.
    pub fn registers(&self) -> usize {
        self.registers
    }

    /// The instructions, in order.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// The factors that [`Instruction::Dot`] refers to.
    pub fn products(&self) -> &[(Operand, Operand)] {
        &self.products
    }

    /// Runs the prologue: the table that [`Operand::Scalar`] indexes, which begins with `arguments`.
    ///
    /// # Errors
    /// [`Error::Length`] if the number of arguments is wrong.
    pub fn scalar_table(&self, arguments: &[Fr]) -> Result<Vec<Fr>, Error> {
        if arguments.len() != self.arguments {
            return Err(Error::Length {
                what: "arguments of a constraint program",
                expected: self.arguments,
                found: arguments.len(),
            });
        }
        let mut table = Vec::with_capacity(arguments.len() + self.prologue.len());
        table.extend_from_slice(arguments);
        let at = |table: &[Fr], index: u32| table[index as usize];
        for step in &self.prologue {
            let entry = match *step {
                ScalarStep::Constant(value) => value,
                ScalarStep::Add(a, b) => at(&table, a) + at(&table, b),
                ScalarStep::Sub(a, b) => at(&table, a) - at(&table, b),
                ScalarStep::Mul(a, b) => at(&table, a) * at(&table, b),
                ScalarStep::Neg(a) => -at(&table, a),
            };
            table.push(entry);
        }
        Ok(table)
    }

    /// Number of field multiplications per row: the cost model of the scheduler's tests and of reports.
    pub fn multiplications(&self) -> usize {
        let in_instruction = |instruction: &Instruction| match instruction {
            Instruction::Mul { .. } => 1,
            Instruction::Dot { products, .. } => products.len(),
            _ => 0,
        };
        self.instructions.iter().map(in_instruction).sum()
    }
}
