//! A shorter way to the same values: what snark-verifier writes, rewritten before it is assembled.
//!
//! snark-verifier gives every intermediate value a word of memory of its own, and copies the operands of every operation on points. On the
//! EVM each costs more than the arithmetic. Four rewritings follow, none of which touches what is read from calldata, what is
//! hashed, what is called or what `success` is made of:
//!
//! 1. a sum that is built up in a variable becomes an expression; factors of one and summands of zero are left out;
//! 2. a word of memory that is written once and read once is replaced by what it holds, as deep as the stack allows;
//! 3. the sum of scaled points grows in one place, where multiplications leave their results beside it;
//! 4. numbers slightly below the modulus become differences from it, and what is left of memory is moved together.
//!
//! All addresses are constants, which makes what is read and written plain to see; text with any other is refused. The text that
//! goes in is the oracle: both accept and refuse the same.

mod functions;
mod memory;
mod points;

use std::collections::{BTreeMap, HashMap};

use num_bigint::BigUint;

use super::yul::{Expression, Function, Statement};
use crate::error::ProverError;

pub(super) use functions::{inline_names, name_constants};

use memory::relocate;
use points::gather_points;

/// Words on the stack that an expression may need, so that the compiler, too, reaches the modulus below them.
const MAX_STACK: usize = 10;
const WORD: usize = 0x20;
const POINT: usize = 0x40;

/// How memory is accessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A word, by `mload`.
    Load,
    /// A word, by `mstore`.
    Store,
    /// Bytes that something else reads.
    Read,
    /// Bytes that something else writes.
    Written,
}

/// An access to memory.
#[derive(Debug, Clone, Copy)]
struct Access {
    kind: Kind,
    start: usize,
    length: usize,
    /// The statement that does it.
    statement: usize,
}

impl Access {
    fn overlaps(&self, start: usize, length: usize) -> bool {
        self.start < start + length && start < self.start + self.length
    }

    fn writes(&self) -> bool {
        matches!(self.kind, Kind::Store | Kind::Written)
    }
}

/// Rewrites statements that follow each other, with `modulus` the name of the variable that holds the field's modulus and `value` what it
/// holds. Memory from `start` on is used. Returned is, for every statement, the end of the memory that it and those after it access.
///
/// # Errors
/// [`ProverError::Malformed`] for an address that is not a number.
pub(super) fn optimise(
    statements: &mut Vec<Statement>,
    modulus: &str,
    value: &BigUint,
    start: usize,
) -> Result<Vec<usize>, ProverError> {
    for statement in statements.iter_mut() {
        collapse(statement, modulus);
    }
    simplify(statements, modulus)?;
    forward(statements, modulus)?;
    gather_points(statements)?;
    for statement in statements.iter_mut() {
        visit_statement(statement, &mut |expression| shorten(expression, modulus, value));
    }
    relocate(statements, start)
}

/// A difference from the modulus is written for a number if it has so many bits less.
const SHORTER_BITS: u64 = 64;

/// Writes the modulus by its name, and numbers slightly below it as differences.
fn shorten(expression: &mut Expression, modulus: &str, value: &BigUint) {
    let Expression::Number(bytes) = &*expression else { return };
    let number = BigUint::from_bytes_be(bytes);
    let name = Expression::Name(modulus.to_owned());
    if number == *value {
        *expression = name;
    } else if number < *value && (value - &number).bits() + SHORTER_BITS < number.bits() {
        let below = Expression::Number((value - number).to_bytes_be());
        *expression = Expression::call("sub", [name, below]);
    }
}

fn malformed(reason: impl Into<String>) -> ProverError {
    ProverError::malformed("generated verifier", reason)
}

/// Does something with every expression, those inside another one first.
fn visit(expression: &mut Expression, work: &mut impl FnMut(&mut Expression)) {
    if let Expression::Call { arguments, .. } = expression {
        arguments.iter_mut().for_each(|argument| visit(argument, work));
    }
    work(expression);
}

/// The same, for all expressions of a statement.
fn visit_statement(statement: &mut Statement, work: &mut impl FnMut(&mut Expression)) {
    match statement {
        Statement::Let { value, .. } => value.iter_mut().for_each(|value| visit(value, work)),
        Statement::Assign { value, .. } => visit(value, work),
        Statement::Call(call) => visit(call, work),
        Statement::Block(statements) => statements.iter_mut().for_each(|statement| visit_statement(statement, work)),
        Statement::If { condition, then } => {
            visit(condition, work);
            then.iter_mut().for_each(|statement| visit_statement(statement, work));
        }
        Statement::Function(function) => {
            function.body.iter_mut().for_each(|statement| visit_statement(statement, work))
        }
    }
}

/// `{ let sum := a  sum := f(b, sum)  ...  mstore(p, sum) }` as `mstore(p, f(..., f(b, a)))`, where the stack allows it.
fn collapse(statement: &mut Statement, modulus: &str) {
    let Statement::Block(statements) = &*statement else { return };
    let [Statement::Let { name, value: Some(first) }, steps @ .., Statement::Call(last)] = statements.as_slice() else {
        return;
    };
    let mut sum = first.clone();
    for step in steps {
        match step {
            Statement::Assign { name: other, value } if name == other && mentions(value, name) == 1 => {
                let mut value = value.clone();
                visit(&mut value, &mut |inner| {
                    if matches!(inner, Expression::Name(other) if other == name) {
                        *inner = sum.clone();
                    }
                });
                sum = value;
            }
            _ => return,
        }
    }
    let Some([place, Expression::Name(stored)]) = last.arguments_of("mstore") else { return };
    if stored != name || mentions(place, name) != 0 {
        return;
    }
    // Any order of the summands does; the outermost ones hold their modulus while the inner ones are computed.
    let value = balance(sum, modulus);
    *statement = Statement::Call(Expression::call("mstore", [place.clone(), value]));
}

fn mentions(expression: &Expression, name: &str) -> usize {
    match expression {
        Expression::Number(_) => 0,
        Expression::Name(other) => usize::from(other == name),
        Expression::Call { arguments, .. } => arguments.iter().map(|argument| mentions(argument, name)).sum(),
    }
}

/// A sum modulo the modulus with its summands in a balanced tree: it needs less of the stack.
fn balance(sum: Expression, modulus: &str) -> Expression {
    let mut summands = vec![];
    let mut rest = vec![sum];
    while let Some(next) = rest.pop() {
        match next.arguments_of("addmod") {
            Some([a, b, m]) if is_name(m, modulus) => rest.extend([a.clone(), b.clone()]),
            _ => summands.push(next),
        }
    }
    while summands.len() > 1 {
        let pairs = summands.chunks(2).map(|pair| match pair {
            [a, b] => ordered("addmod", a.clone(), b.clone(), modulus),
            [alone] => alone.clone(),
            _ => unreachable!("chunks of one or two"),
        });
        summands = pairs.collect();
    }
    summands.pop().expect("a sum has a summand")
}

fn is_name(expression: &Expression, name: &str) -> bool {
    matches!(expression, Expression::Name(other) if other == name)
}

/// An operation that commutes, what needs more of the stack computed first.
fn ordered(operation: &str, a: Expression, b: Expression, modulus: &str) -> Expression {
    let (a, b) = if need(&a) > need(&b) { (b, a) } else { (a, b) };
    Expression::call(operation, [a, b, Expression::Name(modulus.to_owned())])
}

/// Words of the stack that an expression needs: arguments are computed from the last to the first.
fn need(expression: &Expression) -> usize {
    match expression {
        Expression::Call { arguments, .. } => {
            let needs = arguments.iter().rev().enumerate().map(|(below, argument)| below + need(argument));
            needs.max().unwrap_or(0).max(1)
        }
        _ => 1,
    }
}

/// Leaves out factors of one, summands of zero and comparisons of truth values with one; puts what needs more of the stack first.
fn simplify(statements: &mut [Statement], modulus: &str) -> Result<(), ProverError> {
    let reduced = reduced_words(statements, modulus)?;
    for statement in statements.iter_mut() {
        visit_statement(statement, &mut |expression| {
            if let Some(simpler) = simpler(expression, modulus, &reduced) {
                *expression = simpler;
            }
        });
    }
    Ok(())
}

/// Words of memory that only ever hold numbers below the modulus.
fn reduced_words(statements: &mut [Statement], modulus: &str) -> Result<Vec<usize>, ProverError> {
    let mut words: BTreeMap<usize, bool> = BTreeMap::new();
    for statement in statements.iter_mut() {
        visit_statement(statement, &mut |expression| {
            if let Some([place, value]) = expression.arguments_of("mstore")
                && let Some(place) = place.as_number()
            {
                *words.entry(place).or_insert(true) &= is_reduced(value, modulus, &[]);
            }
        });
    }
    let accesses = accesses(statements)?;
    let stored_only = |place: usize| {
        accesses
            .iter()
            .filter(|access| access.writes() && access.overlaps(place, WORD))
            .all(|access| access.kind == Kind::Store && access.start == place)
    };
    Ok(words.into_iter().filter(|(place, reduced)| *reduced && stored_only(*place)).map(|(place, _)| place).collect())
}

/// Whether a value is known to be below the modulus, given the words of memory that are.
fn is_reduced(expression: &Expression, modulus: &str, words: &[usize]) -> bool {
    let Expression::Call { name, arguments } = expression else { return false };
    match (name.as_str(), arguments.as_slice()) {
        ("addmod" | "mulmod", [_, _, m]) | ("mod", [_, m]) => is_name(m, modulus),
        ("mload", [place]) => place.as_number().is_some_and(|place| words.binary_search(&place).is_ok()),
        _ => false,
    }
}

fn simpler(expression: &Expression, modulus: &str, words: &[usize]) -> Option<Expression> {
    let Expression::Call { name, arguments } = expression else { return None };
    match (name.as_str(), arguments.as_slice()) {
        ("eq", [call, one]) if call.arguments_of("staticcall").is_some() && one.as_number() == Some(1) => {
            Some(call.clone())
        }
        ("mulmod" | "addmod", [a, b, m]) if is_name(m, modulus) => {
            let neutral = Some(usize::from(name == "mulmod"));
            let other = if a.as_number() == neutral {
                Some(b)
            } else if b.as_number() == neutral {
                Some(a)
            } else {
                None
            };
            match other {
                Some(other) if is_reduced(other, modulus, words) => Some(other.clone()),
                _ => Some(ordered(name, a.clone(), b.clone(), modulus)),
            }
        }
        _ => None,
    }
}

/// All accesses to memory, in the order of statements.
fn accesses(statements: &mut [Statement]) -> Result<Vec<Access>, ProverError> {
    let mut found = vec![];
    let mut bad = None;
    for (index, statement) in statements.iter_mut().enumerate() {
        visit_statement(statement, &mut |expression| {
            let Expression::Call { name, arguments } = &*expression else { return };
            for (kind, start, length) in accesses_of(name, arguments) {
                match (start.as_number(), length) {
                    (Some(start), Some(length)) => found.push(Access { kind, start, length, statement: index }),
                    _ => bad = Some(expression.to_string()),
                }
            }
        });
    }
    match bad {
        Some(bad) => Err(malformed(format!("an address that is not a number: {bad}"))),
        None => Ok(found),
    }
}

/// What a call accesses, and how many bytes of it.
fn accesses_of<'e>(name: &str, arguments: &'e [Expression]) -> Vec<(Kind, &'e Expression, Option<usize>)> {
    match (name, arguments) {
        ("mload", [place]) => vec![(Kind::Load, place, Some(WORD))],
        ("mstore", [place, _]) => vec![(Kind::Store, place, Some(WORD))],
        ("mstore8", [place, _]) => vec![(Kind::Written, place, Some(1))],
        ("keccak256", [place, length]) => vec![(Kind::Read, place, length.as_number())],
        ("staticcall", [_, _, input, length, output, returned]) => {
            vec![(Kind::Read, input, length.as_number()), (Kind::Written, output, returned.as_number())]
        }
        // Nothing else that is known to the assembler is generated between the first statement and the last; what would copy to
        // memory, return from it or revert has no place here.
        ("calldatacopy" | "return" | "revert", [place, ..]) => vec![(Kind::Written, place, None)],
        _ => vec![],
    }
}

/// Replaces words that are written once and read once by what they hold.
fn forward(statements: &mut Vec<Statement>, modulus: &str) -> Result<(), ProverError> {
    let accesses = accesses(statements)?;
    // Where each word is written, and how often and where it is read last; words that something else reads or writes are left out.
    let mut writes: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut loads: HashMap<usize, (usize, usize)> = HashMap::new();
    let mut shared: HashMap<usize, bool> = HashMap::new();
    for access in &accesses {
        let words = access.start / WORD..(access.start + access.length).div_ceil(WORD);
        for word in words {
            if access.writes() {
                writes.entry(word).or_default().push(access.statement);
            }
            match access.kind {
                Kind::Load => {
                    let load = loads.entry(word).or_default();
                    *load = (load.0 + 1, access.statement);
                }
                Kind::Store => {}
                Kind::Read | Kind::Written => {
                    shared.insert(word, true);
                }
            }
            if access.start % WORD != 0 {
                shared.insert(word, true);
            }
        }
    }
    for from in 0..statements.len() {
        let Statement::Call(call) = &statements[from] else { continue };
        let Some([place, value]) = call.arguments_of("mstore") else { continue };
        let Some(place) = place.as_number() else { continue };
        let word = place / WORD;
        let (Some(&(1, to)), Some([_])) = (loads.get(&word), writes.get(&word).map(Vec::as_slice)) else { continue };
        if to <= from || shared.contains_key(&word) {
            continue;
        }
        let Some(read) = words_of(value, modulus) else { continue };
        // What the value is made of must be the same where it is used. A single store writes when everything is computed.
        let last = if matches!(&statements[to], Statement::Call(_)) { to } else { to + 1 };
        let changed =
            |word: &usize| writes.get(word).is_some_and(|at| at.iter().any(|at| (from + 1..last).contains(at)));
        if read.iter().any(changed) {
            continue;
        }
        let value = value.clone();
        let mut target = statements[to].clone();
        visit_statement(&mut target, &mut |expression| {
            if expression.arguments_of("mload").is_some_and(|arguments| arguments[0].as_number() == Some(place)) {
                *expression = value.clone();
            }
        });
        reorder(&mut target, modulus);
        if statement_need(&mut target) > MAX_STACK {
            continue;
        }
        statements[to] = target;
        statements[from] = Statement::Block(vec![]);
        for word in read {
            loads.entry(word).and_modify(|load| load.1 = load.1.max(to));
        }
    }
    statements.retain(|statement| !matches!(statement, Statement::Block(inner) if inner.is_empty()));
    Ok(())
}

/// The words of memory that an expression reads, if it consists of nothing but these, calldata, numbers, the modulus and arithmetic.
fn words_of(expression: &Expression, modulus: &str) -> Option<Vec<usize>> {
    match expression {
        Expression::Number(_) => Some(vec![]),
        Expression::Name(name) => (name == modulus).then(Vec::new),
        Expression::Call { name, arguments } => match (name.as_str(), arguments.as_slice()) {
            ("mload", [place]) => place.as_number().map(|place| vec![place / WORD]),
            ("addmod" | "mulmod" | "mod" | "sub" | "calldataload", arguments) => {
                let words = arguments.iter().map(|argument| words_of(argument, modulus));
                words.collect::<Option<Vec<_>>>().map(|words| words.concat())
            }
            _ => None,
        },
    }
}

/// Puts what needs more of the stack first.
fn reorder(statement: &mut Statement, modulus: &str) {
    visit_statement(statement, &mut |expression| {
        if let Expression::Call { name, arguments } = expression
            && (name == "mulmod" || name == "addmod")
            && is_name(&arguments[2], modulus)
            && need(&arguments[0]) > need(&arguments[1])
        {
            arguments.swap(0, 1);
        }
    });
}

fn statement_need(statement: &mut Statement) -> usize {
    let mut most = 0;
    visit_statement(statement, &mut |expression| most = most.max(need(expression)));
    most
}

/// The arguments of a call that are addresses of memory.
fn addresses(expression: &mut Expression) -> Vec<&mut Expression> {
    let Expression::Call { name, arguments } = expression else { return vec![] };
    match (name.as_str(), arguments.as_mut_slice()) {
        ("mload" | "mstore" | "mstore8" | "keccak256", [place, ..]) => vec![place],
        ("staticcall", [_, _, input, _, output, _]) => vec![input, output],
        _ => vec![],
    }
}

#[cfg(test)]
mod tests;
