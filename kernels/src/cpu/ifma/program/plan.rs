//! Bounds of every register, and the reductions that keep them.
//!
//! Registers hold eight rows per vector in the 2^260 form. A column is loaded times 16, so below 16 p; nothing is reduced
//! unless a later step would leave 84 p. The bounds depend on the program only, so this is done once.

use crate::program::{Instruction, Operand, Program, Register};

/// Bounds are in thousandths of p.
type Bound = u64;

const UNIT: Bound = 1000;
/// `2^260 > 84 p`.
const LIMIT: Bound = 84 * UNIT;
const COLUMN: Bound = 16 * UNIT;
const SCALAR: Bound = UNIT;
/// A Montgomery reduction adds less than 1.13 p.
const REDUCTION: Bound = 1130;
/// What a register is below after a reduction.
const REDUCED: Bound = 2 * UNIT;
/// Multiples of p that keep differences positive.
pub(super) const LIFTS: [u64; 7] = [1, 2, 4, 8, 16, 32, 64];

/// One step of the interpreter. As [`Instruction`], with what the bounds require.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Load {
        to: Register,
        column: u32,
        rotation: i32,
    },
    Coordinate {
        to: Register,
    },
    Add {
        to: Register,
        a: Operand,
        b: Operand,
    },
    /// `a - b + LIFTS[lift] p`.
    Sub {
        to: Register,
        a: Operand,
        b: Operand,
        lift: usize,
    },
    Mul {
        to: Register,
        a: Operand,
        b: Operand,
    },
    Square {
        to: Register,
        a: Operand,
    },
    /// `LIFTS[lift] p - a`.
    Neg {
        to: Register,
        a: Operand,
        lift: usize,
    },
    Dot {
        to: Register,
        plus: Option<Operand>,
        products: std::ops::Range<usize>,
    },
    Store {
        output: u32,
        from: Operand,
    },
    /// The same residue below 2 p.
    Reduce {
        register: Register,
    },
}

/// The steps of a program.
pub(super) fn plan(program: &Program) -> Vec<Step> {
    let mut planner = Planner { bounds: vec![0; program.registers()], steps: Vec::new() };
    for instruction in program.instructions() {
        planner.add(program, instruction);
    }
    planner.steps
}

struct Planner {
    bounds: Vec<Bound>,
    steps: Vec<Step>,
}

impl Planner {
    fn add(&mut self, program: &Program, instruction: &Instruction) {
        let (to, bound, step) = match instruction.clone() {
            Instruction::Load { to, column, rotation } => (to, COLUMN, Step::Load { to, column, rotation }),
            Instruction::Coordinate { to } => (to, REDUCED, Step::Coordinate { to }),
            Instruction::Add { to, a, b } => {
                let bound = self.fit(&[a, b], |planner| Some(planner.bound(a) + planner.bound(b)));
                (to, bound, Step::Add { to, a, b })
            }
            Instruction::Sub { to, a, b } => {
                let bound = self.fit(&[a, b], |planner| Some(planner.bound(a) + planner.lift(b)?.1));
                let (lift, _) = self.lift(b).expect("the bound was found with it");
                (to, bound, Step::Sub { to, a, b, lift })
            }
            Instruction::Neg { to, a } => {
                let bound = self.fit(&[a], |planner| Some(planner.lift(a)?.1));
                let (lift, _) = self.lift(a).expect("the bound was found with it");
                (to, bound, Step::Neg { to, a, lift })
            }
            Instruction::Mul { to, a, b } => {
                let bound = self.fit(&[a, b], |planner| Some(planner.product(a, b) + REDUCTION));
                (to, bound, if a == b { Step::Square { to, a } } else { Step::Mul { to, a, b } })
            }
            Instruction::Dot { to, plus, products } => {
                let products = products.start as usize..products.end as usize;
                let factors = &program.products()[products.clone()];
                let operands: Vec<Operand> = factors.iter().flat_map(|(a, b)| [*a, *b]).chain(plus).collect();
                let bound = self.fit(&operands, |planner| {
                    let sum: Bound = factors.iter().map(|(a, b)| planner.product(*a, *b)).sum();
                    Some(sum + REDUCTION + plus.map_or(0, |plus| planner.bound(plus)))
                });
                (to, bound, Step::Dot { to, plus, products })
            }
            Instruction::Store { output, from } => return self.steps.push(Step::Store { output, from }),
        };
        self.bounds[to as usize] = bound;
        self.steps.push(step);
    }

    /// Reduces operands, largest first, until the result's bound exists and is within the limit.
    fn fit(&mut self, operands: &[Operand], result: impl Fn(&Self) -> Option<Bound>) -> Bound {
        loop {
            if let Some(bound) = result(self).filter(|bound| *bound <= LIMIT) {
                return bound;
            }
            let largest = operands.iter().filter_map(|operand| match operand {
                Operand::Register(register) => Some(*register),
                Operand::Scalar(_) => None,
            });
            let largest = largest.max_by_key(|register| self.bounds[*register as usize]);
            let register = largest.expect("scalars alone are within the limit");
            assert!(self.bounds[register as usize] > REDUCED, "at most 16 products of reduced registers fit");
            self.bounds[register as usize] = REDUCED;
            self.steps.push(Step::Reduce { register });
        }
    }

    fn bound(&self, operand: Operand) -> Bound {
        match operand {
            Operand::Register(register) => self.bounds[register as usize],
            Operand::Scalar(_) => SCALAR,
        }
    }

    /// `a b / 2^260` in units of p.
    fn product(&self, a: Operand, b: Operand) -> Bound {
        (self.bound(a) * self.bound(b)).div_ceil(LIMIT)
    }

    /// The smallest lift that the operand can be subtracted from, and its size.
    fn lift(&self, operand: Operand) -> Option<(usize, Bound)> {
        let lifts = LIFTS.iter().map(|lift| lift * UNIT).enumerate();
        lifts.into_iter().find(|(_, lift)| *lift >= self.bound(operand))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Builder;

    #[test]
    fn long_sums_of_columns_are_reduced_in_time() {
        let mut builder = Builder::new();
        let columns: Vec<_> = (0..12).map(|column| builder.column(column, 0)).collect();
        let sum = columns[1..].iter().fold(columns[0], |sum, column| builder.sub(sum, *column));
        let steps = plan(&builder.finish(12, 0, &[sum]));
        // 16 p and a lift of 16 p each: the fifth difference would pass 84 p.
        let reductions = steps.iter().filter(|step| matches!(step, Step::Reduce { .. })).count();
        assert_eq!(reductions, 2);
    }

    #[test]
    fn products_of_columns_need_no_reduction() {
        let mut builder = Builder::new();
        let columns: Vec<_> = (0..8).map(|column| builder.column(column, 1)).collect();
        let product = builder.product(columns.iter().copied());
        let square = builder.mul(product, product);
        let steps = plan(&builder.finish(8, 0, &[square]));
        assert!(!steps.iter().any(|step| matches!(step, Step::Reduce { .. })));
        assert!(matches!(steps[steps.len() - 2], Step::Square { .. }));
    }
}
