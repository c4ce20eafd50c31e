//! Turns an expression graph into straight-line code: sums of products become [`Instruction::Dot`]s, values that do
//! not depend on the row go to the prologue, and registers are reused as soon as their value is dead.

use std::collections::HashMap;

use super::builder::{Builder, Node};
use super::{Instruction, Operand, Program, Register, ScalarStep, Value};

/// A factor of a product. Only scalars are ever negated here, in the prologue.
#[derive(Clone, Copy, Debug)]
struct Factor {
    value: Value,
    negated: bool,
}

type Product = (Factor, Factor);

/// The part of a sum that is already known while it is scheduled.
#[derive(Clone, Copy, Debug)]
enum Partial {
    /// A summand that no instruction has touched yet.
    Value(Value),
    /// The register of the sum itself.
    Sum,
}

#[derive(Clone, Debug)]
enum Step {
    /// Make the value available first.
    Need(Value),
    Leaf(Value),
    Mul(Value, Value, Value),
    Neg(Value, Value),
    Add(Value, Partial, Value),
    Sub(Value, Partial, Value),
    Dot(Value, Option<Partial>, Vec<Product>),
    /// Products that will be subtracted, summed in a register of their own.
    NegativeDot(Vec<Product>),
    /// Subtract that register.
    SubNegative(Value, Option<Partial>),
}

/// What a sum consists of.
#[derive(Default)]
struct Sum {
    products: Vec<Product>,
    negative_products: Vec<Product>,
    plain: Vec<Value>,
    negative_plain: Vec<Value>,
}

struct Scheduler<'b> {
    builder: &'b Builder,
    /// References not yet emitted.
    uses: Vec<u32>,
    registers: Vec<Option<Register>>,
    free: Vec<Register>,
    register_count: usize,
    scalars: Vec<Option<u32>>,
    negated_scalars: HashMap<u32, u32>,
    negative: Option<Register>,
    arguments: usize,
    prologue: Vec<ScalarStep>,
    instructions: Vec<Instruction>,
    products: Vec<(Operand, Operand)>,
}

pub(super) fn schedule(builder: &Builder, columns: usize, arguments: usize, outputs: &[Value]) -> Program {
    let mut scheduler = Scheduler {
        builder,
        uses: vec![0; builder.nodes.len()],
        registers: vec![None; builder.nodes.len()],
        free: Vec::new(),
        register_count: 0,
        scalars: vec![None; builder.nodes.len()],
        negated_scalars: HashMap::new(),
        negative: None,
        arguments,
        prologue: Vec::new(),
        instructions: Vec::new(),
        products: Vec::new(),
    };
    scheduler.count_uses(columns, outputs);
    for (index, output) in outputs.iter().enumerate() {
        scheduler.compute(*output);
        let from = scheduler.operand(*output);
        scheduler.release(*output);
        scheduler.instructions.push(Instruction::Store { output: index as u32, from });
    }
    Program {
        columns,
        arguments,
        outputs: outputs.len(),
        registers: scheduler.register_count,
        prologue: scheduler.prologue,
        instructions: scheduler.instructions,
        products: scheduler.products,
    }
}

impl Scheduler<'_> {
    /// Counts references among values that are needed, and puts the needed scalars into the prologue.
    fn count_uses(&mut self, columns: usize, outputs: &[Value]) {
        for output in outputs {
            self.uses[output.index()] += 1;
        }
        // Operands precede the values computed from them, so one pass from the end meets every use of a value first.
        for index in (0..self.builder.nodes.len()).rev() {
            if self.uses[index] > 0 {
                for operand in self.builder.nodes[index].operands() {
                    self.uses[operand.index()] += 1;
                }
            }
        }
        for index in 0..self.builder.nodes.len() {
            if self.uses[index] == 0 {
                continue;
            }
            if let Node::Column { column, .. } = self.builder.nodes[index] {
                assert!((column as usize) < columns, "column {column} of a program with {columns}");
            }
            if self.builder.is_scalar[index] {
                self.scalars[index] = Some(self.scalar_entry(index));
            }
        }
    }

    fn scalar_entry(&mut self, index: usize) -> u32 {
        let entry = |value: Value| self.scalars[value.index()].expect("operands precede their use");
        let step = match self.builder.nodes[index] {
            Node::Argument(argument) => {
                assert!((argument as usize) < self.arguments, "argument {argument} of {}", self.arguments);
                return argument;
            }
            Node::Constant(constant) => ScalarStep::Constant(constant),
            Node::Add(a, b) => ScalarStep::Add(entry(a), entry(b)),
            Node::Sub(a, b) => ScalarStep::Sub(entry(a), entry(b)),
            Node::Mul(a, b) => ScalarStep::Mul(entry(a), entry(b)),
            Node::Neg(a) => ScalarStep::Neg(entry(a)),
            Node::Column { .. } | Node::Coordinate => unreachable!("columns are not scalars"),
        };
        self.push_scalar(step)
    }

    fn push_scalar(&mut self, step: ScalarStep) -> u32 {
        self.prologue.push(step);
        (self.arguments + self.prologue.len() - 1) as u32
    }

    /// Emits everything `value` needs and then `value`. The stack is explicit because long circuits make deep graphs.
    fn compute(&mut self, value: Value) {
        let mut stack = vec![vec![Step::Need(value)].into_iter()];
        while let Some(steps) = stack.last_mut() {
            match steps.next() {
                None => {
                    stack.pop();
                }
                Some(Step::Need(value)) => {
                    if !self.is_ready(value) {
                        stack.push(self.plan(value).into_iter());
                    }
                }
                Some(step) => self.emit(step),
            }
        }
    }

    fn is_ready(&self, value: Value) -> bool {
        self.builder.is_scalar[value.index()] || self.registers[value.index()].is_some()
    }

    fn plan(&self, value: Value) -> Vec<Step> {
        match self.builder.nodes[value.index()] {
            Node::Mul(a, b) => vec![Step::Need(a), Step::Need(b), Step::Mul(value, a, b)],
            Node::Neg(a) => vec![Step::Need(a), Step::Neg(value, a)],
            Node::Add(..) | Node::Sub(..) => self.plan_sum(value),
            _ => vec![Step::Leaf(value)],
        }
    }

    /// Collects the summands of `root` through all sums that nothing else refers to.
    fn flatten(&self, root: Value) -> Sum {
        let mut sum = Sum::default();
        let mut stack = vec![(root, false)];
        while let Some((value, negative)) = stack.pop() {
            let is_inner = value == root || (self.uses[value.index()] == 1 && !self.is_ready(value));
            match self.builder.nodes[value.index()] {
                Node::Add(a, b) if is_inner => stack.extend([(b, negative), (a, negative)]),
                Node::Sub(a, b) if is_inner => stack.extend([(b, !negative), (a, negative)]),
                Node::Neg(a) if is_inner => stack.push((a, !negative)),
                Node::Mul(a, b) if is_inner => {
                    let scalar = [a, b].into_iter().find(|factor| self.builder.is_scalar[factor.index()]);
                    let factor = |value| Factor { value, negated: negative && scalar == Some(value) };
                    let target =
                        if negative && scalar.is_none() { &mut sum.negative_products } else { &mut sum.products };
                    target.push((factor(a), factor(b)));
                }
                _ if negative => sum.negative_plain.push(value),
                _ => sum.plain.push(value),
            }
        }
        sum
    }

    fn plan_sum(&self, value: Value) -> Vec<Step> {
        let sum = self.flatten(value);
        let mut steps = Vec::new();
        let mut partial = None;
        let mut plain = sum.plain.into_iter();
        if let Some(first) = plain.next() {
            steps.push(Step::Need(first));
            partial = Some(Partial::Value(first));
        }
        for products in sum.products.chunks(Program::MAX_PRODUCTS) {
            need_factors(&mut steps, products);
            steps.push(Step::Dot(value, partial, products.to_vec()));
            partial = Some(Partial::Sum);
        }
        for summand in plain {
            steps.push(Step::Need(summand));
            steps.push(Step::Add(value, partial.expect("a summand came first"), summand));
            partial = Some(Partial::Sum);
        }
        for products in sum.negative_products.chunks(Program::MAX_PRODUCTS) {
            need_factors(&mut steps, products);
            steps.push(Step::NegativeDot(products.to_vec()));
            steps.push(Step::SubNegative(value, partial));
            partial = Some(Partial::Sum);
        }
        for summand in sum.negative_plain {
            steps.push(Step::Need(summand));
            steps.push(match partial {
                None => Step::Neg(value, summand),
                Some(partial) => Step::Sub(value, partial, summand),
            });
            partial = Some(Partial::Sum);
        }
        steps
    }

    fn emit(&mut self, step: Step) {
        match step {
            Step::Need(_) => unreachable!("handled by compute"),
            Step::Leaf(value) => {
                let to = self.define(value);
                self.instructions.push(match self.builder.nodes[value.index()] {
                    Node::Column { column, rotation } => Instruction::Load { to, column, rotation },
                    Node::Coordinate => Instruction::Coordinate { to },
                    _ => unreachable!("only columns and coordinates have no operands and depend on the row"),
                });
            }
            Step::Mul(value, a, b) => {
                let (x, y) = (self.take(a), self.take(b));
                let to = self.define(value);
                self.instructions.push(Instruction::Mul { to, a: x, b: y });
            }
            Step::Neg(value, a) => {
                let a = self.take(a);
                let to = self.define(value);
                self.instructions.push(Instruction::Neg { to, a });
            }
            Step::Add(value, partial, b) => {
                let (a, b) = (self.take_partial(value, partial), self.take(b));
                let to = self.define(value);
                self.instructions.push(Instruction::Add { to, a, b });
            }
            Step::Sub(value, partial, b) => {
                let (a, b) = (self.take_partial(value, partial), self.take(b));
                let to = self.define(value);
                self.instructions.push(Instruction::Sub { to, a, b });
            }
            Step::Dot(value, partial, products) => {
                let plus = partial.map(|partial| self.take_partial(value, partial));
                let factors = self.take_factors(&products);
                let to = self.define(value);
                self.push_dot(to, plus, factors);
            }
            Step::NegativeDot(products) => {
                let factors = self.take_factors(&products);
                let to = self.allocate();
                self.negative = Some(to);
                self.push_dot(to, None, factors);
            }
            Step::SubNegative(value, partial) => {
                let register = self.negative.take().expect("follows the sum of the negative products");
                let a = partial.map(|partial| self.take_partial(value, partial));
                self.free.push(register);
                let to = self.define(value);
                let b = Operand::Register(register);
                self.instructions.push(match a {
                    Some(a) => Instruction::Sub { to, a, b },
                    None => Instruction::Neg { to, a: b },
                });
            }
        }
    }

    fn push_dot(&mut self, to: Register, plus: Option<Operand>, factors: Vec<(Operand, Operand)>) {
        if let (None, [(a, b)]) = (plus, factors.as_slice()) {
            self.instructions.push(Instruction::Mul { to, a: *a, b: *b });
            return;
        }
        let start = self.products.len() as u32;
        self.products.extend(factors);
        self.instructions.push(Instruction::Dot { to, plus, products: start..self.products.len() as u32 });
    }

    fn take_factors(&mut self, products: &[Product]) -> Vec<(Operand, Operand)> {
        products.iter().map(|(a, b)| (self.take_factor(*a), self.take_factor(*b))).collect()
    }

    fn take_factor(&mut self, factor: Factor) -> Operand {
        match self.take(factor.value) {
            Operand::Scalar(entry) if factor.negated => {
                let known = self.negated_scalars.get(&entry).copied();
                let negated = known.unwrap_or_else(|| self.push_scalar(ScalarStep::Neg(entry)));
                self.negated_scalars.insert(entry, negated);
                Operand::Scalar(negated)
            }
            operand => operand,
        }
    }

    fn take_partial(&mut self, sum: Value, partial: Partial) -> Operand {
        match partial {
            Partial::Value(value) => self.take(value),
            Partial::Sum => Operand::Register(self.registers[sum.index()].expect("the sum has begun")),
        }
    }

    fn operand(&self, value: Value) -> Operand {
        match (self.scalars[value.index()], self.registers[value.index()]) {
            (Some(entry), _) => Operand::Scalar(entry),
            (None, Some(register)) => Operand::Register(register),
            (None, None) => unreachable!("operands are computed before their use"),
        }
    }

    /// The operand of one reference to `value`, whose register is freed with the last one.
    fn take(&mut self, value: Value) -> Operand {
        let operand = self.operand(value);
        self.release(value);
        operand
    }

    fn release(&mut self, value: Value) {
        let uses = &mut self.uses[value.index()];
        *uses -= 1;
        if *uses == 0 {
            self.free.extend(self.registers[value.index()].take());
        }
    }

    /// The register of `value`, allocated at its first definition.
    fn define(&mut self, value: Value) -> Register {
        if let Some(register) = self.registers[value.index()] {
            return register;
        }
        let register = self.allocate();
        self.registers[value.index()] = Some(register);
        register
    }

    fn allocate(&mut self) -> Register {
        self.free.pop().unwrap_or_else(|| {
            let register = Register::try_from(self.register_count).expect("fewer than 2^16 registers are alive");
            self.register_count += 1;
            register
        })
    }
}

fn need_factors(steps: &mut Vec<Step>, products: &[Product]) {
    steps.extend(products.iter().flat_map(|(a, b)| [Step::Need(a.value), Step::Need(b.value)]));
}
