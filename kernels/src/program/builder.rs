//! Builds the expression graph of a program.

use std::collections::HashMap;

use ff::Field;
use halo2curves::bn256::Fr;

use super::{Program, schedule};

/// A value of the graph: one field element per row, or one for all rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value(pub(super) u32);

impl Value {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    Constant(Fr),
    Argument(u32),
    Column { column: u32, rotation: i32 },
    Coordinate,
    Add(Value, Value),
    Sub(Value, Value),
    Mul(Value, Value),
    Neg(Value),
}

impl Node {
    /// The values this one is computed from.
    pub(super) fn operands(&self) -> impl Iterator<Item = Value> {
        let (first, second) = match *self {
            Node::Add(a, b) | Node::Sub(a, b) | Node::Mul(a, b) => (Some(a), Some(b)),
            Node::Neg(a) => (Some(a), None),
            _ => (None, None),
        };
        first.into_iter().chain(second)
    }
}

/// Builds a [`Program`]. Equal expressions become one value, whatever the order of commutative operands; constants
/// are folded; neutral elements vanish.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    pub(super) nodes: Vec<Node>,
    /// Whether the value is the same for all rows.
    pub(super) is_scalar: Vec<bool>,
    interned: HashMap<Node, Value>,
}

impl Builder {
    /// An empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    fn intern(&mut self, node: Node) -> Value {
        if let Some(value) = self.interned.get(&node) {
            return *value;
        }
        let value = Value(u32::try_from(self.nodes.len()).expect("fewer than 2^32 values"));
        let is_scalar = match node {
            Node::Constant(_) | Node::Argument(_) => true,
            Node::Column { .. } | Node::Coordinate => false,
            _ => node.operands().all(|operand| self.is_scalar[operand.index()]),
        };
        self.nodes.push(node);
        self.is_scalar.push(is_scalar);
        self.interned.insert(node, value);
        value
    }

    fn as_constant(&self, value: Value) -> Option<Fr> {
        match self.nodes[value.index()] {
            Node::Constant(constant) => Some(constant),
            _ => None,
        }
    }

    /// A constant.
    pub fn constant(&mut self, constant: Fr) -> Value {
        self.intern(Node::Constant(constant))
    }

    /// The scalar given as argument `index` at evaluation.
    pub fn argument(&mut self, index: u32) -> Value {
        self.intern(Node::Argument(index))
    }

    /// Column `column` at `rotation` rows from the current one.
    pub fn column(&mut self, column: u32, rotation: i32) -> Value {
        self.intern(Node::Column { column, rotation })
    }

    /// The point of the (coset of the) domain at this row.
    pub fn coordinate(&mut self) -> Value {
        self.intern(Node::Coordinate)
    }

    /// `a + b`.
    pub fn add(&mut self, a: Value, b: Value) -> Value {
        match (self.as_constant(a), self.as_constant(b)) {
            (Some(x), Some(y)) => return self.constant(x + y),
            (Some(x), None) if x == Fr::ZERO => return b,
            (None, Some(y)) if y == Fr::ZERO => return a,
            _ => {}
        }
        match (self.nodes[a.index()], self.nodes[b.index()]) {
            (_, Node::Neg(minus_b)) => self.sub(a, minus_b),
            (Node::Neg(minus_a), _) => self.sub(b, minus_a),
            _ => self.intern(Node::Add(a.min(b), a.max(b))),
        }
    }

    /// `a - b`.
    pub fn sub(&mut self, a: Value, b: Value) -> Value {
        if a == b {
            return self.constant(Fr::ZERO);
        }
        match (self.as_constant(a), self.as_constant(b)) {
            (Some(x), Some(y)) => return self.constant(x - y),
            (Some(x), None) if x == Fr::ZERO => return self.neg(b),
            (None, Some(y)) if y == Fr::ZERO => return a,
            _ => {}
        }
        match self.nodes[b.index()] {
            Node::Neg(minus_b) => self.add(a, minus_b),
            _ => self.intern(Node::Sub(a, b)),
        }
    }

    /// `a · b`.
    pub fn mul(&mut self, a: Value, b: Value) -> Value {
        if let (Some(x), Some(y)) = (self.as_constant(a), self.as_constant(b)) {
            return self.constant(x * y);
        }
        for (constant, other) in [(self.as_constant(a), b), (self.as_constant(b), a)] {
            match constant {
                Some(x) if x == Fr::ZERO => return self.constant(Fr::ZERO),
                Some(x) if x == Fr::ONE => return other,
                Some(x) if x == -Fr::ONE => return self.neg(other),
                _ => {}
            }
        }
        match (self.nodes[a.index()], self.nodes[b.index()]) {
            // Signs travel outwards, where a sum absorbs them.
            (Node::Neg(x), Node::Neg(y)) => self.mul(x, y),
            (Node::Neg(x), _) => {
                let product = self.mul(x, b);
                self.neg(product)
            }
            (_, Node::Neg(y)) => {
                let product = self.mul(a, y);
                self.neg(product)
            }
            _ => self.intern(Node::Mul(a.min(b), a.max(b))),
        }
    }

    /// `-a`.
    pub fn neg(&mut self, a: Value) -> Value {
        match self.nodes[a.index()] {
            Node::Constant(x) => self.constant(-x),
            Node::Neg(x) => x,
            Node::Sub(x, y) => self.sub(y, x),
            _ => self.intern(Node::Neg(a)),
        }
    }

    /// `Σ values`, zero if there are none.
    pub fn sum(&mut self, values: impl IntoIterator<Item = Value>) -> Value {
        let zero = self.constant(Fr::ZERO);
        values.into_iter().fold(zero, |sum, value| self.add(sum, value))
    }

    /// `Π values`, one if there are none.
    pub fn product(&mut self, values: impl IntoIterator<Item = Value>) -> Value {
        let one = self.constant(Fr::ONE);
        values.into_iter().fold(one, |product, value| self.mul(product, value))
    }

    /// $\sum_j \mathrm{base}^{m-1-j}\,\mathrm{values}_j$ for `m` values: Horner's rule, first value highest.
    pub fn horner(&mut self, values: impl IntoIterator<Item = Value>, base: Value) -> Value {
        let zero = self.constant(Fr::ZERO);
        values.into_iter().fold(zero, |acc, value| {
            let scaled = self.mul(acc, base);
            self.add(scaled, value)
        })
    }

    /// The program that computes `outputs`.
    ///
    /// `columns` and `arguments` are how many of each an evaluation will be given, at least as many as are used.
    ///
    /// # Panics
    /// If a value refers to a column or an argument beyond these counts.
    pub fn finish(&self, columns: usize, arguments: usize, outputs: &[Value]) -> Program {
        schedule::schedule(self, columns, arguments, outputs)
    }
}
