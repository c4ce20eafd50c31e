//! From the generated verifier's assembly to code, without a Solidity compiler.
//!
//! snark-verifier writes a small part of Yul: variables, calls, blocks, functions with one result, `if`; no loops, and everything else in memory.
//! Variables live on the stack, an expression is evaluated where it stands, from its last argument to its first, as in Yul. What
//! solc makes of the same text is the oracle.

use std::collections::HashMap;

use super::yul::{Expression, Function, Statement, parse};
use crate::error::ProverError;

/// Code that deploys code that is known but for one word, the address of another contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assembled {
    /// Code that deploys the contract; where it is linked, the address is appended as a word.
    pub(super) creation: Vec<u8>,
    /// Bytes of the contract's own code.
    pub(super) runtime_len: usize,
}

/// The name of the variable that holds the address of another contract, if the text has it.
pub(super) const LINK: &str = "following";

mod op {
    pub(super) const ISZERO: u8 = 0x15;
    pub(super) const AND: u8 = 0x16;
    pub(super) const SHL: u8 = 0x1b;
    /// Bytes of a number from which on pushing a power of two is longer than shifting.
    pub(super) const POWER_LEN: usize = 4;
    pub(super) const CODESIZE: u8 = 0x38;
    pub(super) const CODECOPY: u8 = 0x39;
    pub(super) const EXTCODESIZE: u8 = 0x3b;
    pub(super) const POP: u8 = 0x50;
    pub(super) const MLOAD: u8 = 0x51;
    pub(super) const MSTORE: u8 = 0x52;
    pub(super) const JUMP: u8 = 0x56;
    pub(super) const JUMPI: u8 = 0x57;
    pub(super) const JUMPDEST: u8 = 0x5b;
    pub(super) const PUSH0: u8 = 0x5f;
    pub(super) const DUP1: u8 = 0x80;
    pub(super) const SWAP1: u8 = 0x90;
    pub(super) const RETURN: u8 = 0xf3;
    pub(super) const REVERT: u8 = 0xfd;
}

/// Opcode, number of arguments, and whether there is a result.
fn builtin(name: &str) -> Option<(u8, usize, bool)> {
    Some(match name {
        "add" => (0x01, 2, true),
        "mul" => (0x02, 2, true),
        "sub" => (0x03, 2, true),
        "mod" => (0x06, 2, true),
        "addmod" => (0x08, 3, true),
        "mulmod" => (0x09, 3, true),
        "lt" => (0x10, 2, true),
        "eq" => (0x14, 2, true),
        "iszero" => (op::ISZERO, 1, true),
        "and" => (op::AND, 2, true),
        "or" => (0x17, 2, true),
        "shl" => (op::SHL, 2, true),
        "shr" => (0x1c, 2, true),
        "keccak256" => (0x20, 2, true),
        "calldataload" => (0x35, 1, true),
        "calldatasize" => (0x36, 0, true),
        "calldatacopy" => (0x37, 3, false),
        "extcodesize" => (op::EXTCODESIZE, 1, true),
        "mload" => (op::MLOAD, 1, true),
        "mstore" => (op::MSTORE, 2, false),
        "mstore8" => (0x53, 2, false),
        "gas" => (0x5a, 0, true),
        "staticcall" => (0xfa, 6, true),
        "return" => (op::RETURN, 2, false),
        "revert" => (op::REVERT, 2, false),
        _ => return None,
    })
}

/// Assembles a text that ends in `return` or `revert`.
///
/// # Errors
/// [`ProverError::Malformed`] for what is not in the part of the language that is known here.
pub(super) fn assemble(text: &str) -> Result<Assembled, ProverError> {
    let statements = parse(text)?;
    let mut assembler = Assembler::default();
    if mentions_link(text) {
        assembler.link()?;
    }
    assembler.block(&statements)?;
    let functions: Vec<Function> = statements.into_iter().filter_map(Statement::into_function).collect();
    for function in &functions {
        assembler.function(function)?;
    }
    let Assembler { mut code, labels, jumps, link, .. } = assembler;
    for (at, label) in jumps {
        let target = labels.get(&label).ok_or_else(|| malformed(format!("{label} is not declared")))?;
        let target = u16::try_from(*target).map_err(|_| malformed("more than 2^16 bytes of code"))?;
        code[at..at + 2].copy_from_slice(&target.to_be_bytes());
    }
    Ok(Assembled { creation: creation(&code, link), runtime_len: code.len() })
}

fn mentions_link(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == LINK)
}

/// Code that returns `runtime`, after writing the word that is appended to it to the place of the link.
fn creation(runtime: &[u8], link: Option<usize>) -> Vec<u8> {
    let body = |length: usize| {
        let mut code = Assembler::default();
        if let Some(place) = link {
            // The address is the last word of all; it must have code.
            code.push(32);
            code.push(32);
            code.raw(&[op::CODESIZE]);
            // codesize - 32
            code.raw(&[0x03]);
            code.push(0);
            code.raw(&[op::CODECOPY]);
            code.push(0);
            code.raw(&[op::MLOAD, op::DUP1, op::EXTCODESIZE]);
            // Over the push of the target, the jump and the revert.
            let target = code.code.len() + 6;
            code.raw(&[0x60, target as u8, op::JUMPI, op::PUSH0, op::DUP1, op::REVERT]);
            code.raw(&[op::JUMPDEST]);
            code.copy(runtime.len(), length);
            code.push_number(place as u64);
            code.raw(&[op::MSTORE]);
        } else {
            code.copy(runtime.len(), length);
        }
        code.push_number(runtime.len() as u64);
        code.push(0);
        code.raw(&[op::RETURN]);
        code.code
    };
    // The length of the code in front of the runtime is in that code, always in two bytes.
    let length = body(0).len();
    [body(length), runtime.to_vec()].concat()
}

/// The exponent of a power of two, given without leading zeros.
fn power_of_two(bytes: &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    let power = first.is_power_of_two() && rest.iter().all(|byte| *byte == 0);
    power.then(|| (rest.len() * 8) as u8 + first.trailing_zeros() as u8)
}

#[derive(Debug, Default)]
struct Assembler {
    code: Vec<u8>,
    /// What lies on the stack of the present function, the bottom first; temporaries have no name.
    stack: Vec<Option<String>>,
    labels: HashMap<String, usize>,
    /// Where a label's two bytes are to be written.
    jumps: Vec<(usize, String)>,
    fresh: usize,
    link: Option<usize>,
}

fn malformed(reason: impl Into<String>) -> ProverError {
    ProverError::malformed("assembly", reason)
}

impl Assembler {
    fn raw(&mut self, bytes: &[u8]) {
        self.code.extend_from_slice(bytes);
    }

    /// Pushes big-endian bytes, without leading zeros; long powers of two are shifted to their place.
    fn push_bytes(&mut self, bytes: &[u8]) {
        let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
        let bytes = &bytes[first..];
        if bytes.len() > op::POWER_LEN
            && let Some(exponent) = power_of_two(bytes)
        {
            self.raw(&[op::PUSH0 + 1, 1, op::PUSH0 + 1, exponent, op::SHL]);
            return;
        }
        self.raw(&[op::PUSH0 + bytes.len() as u8]);
        self.raw(bytes);
    }

    fn push_number(&mut self, number: u64) {
        self.push_bytes(&number.to_be_bytes());
    }

    fn push(&mut self, number: u8) {
        self.push_bytes(&[number]);
    }

    /// Copies the code behind the first `length` bytes, the runtime, to the start of memory.
    fn copy(&mut self, runtime: usize, length: usize) {
        self.push_number(runtime as u64);
        self.raw(&[0x61]);
        self.raw(&(length as u16).to_be_bytes());
        self.push(0);
        self.raw(&[op::CODECOPY]);
    }

    fn label(&mut self, name: &str) {
        self.labels.insert(name.to_owned(), self.code.len());
        self.raw(&[op::JUMPDEST]);
    }

    fn push_label(&mut self, name: &str) {
        self.raw(&[0x61, 0, 0]);
        self.jumps.push((self.code.len() - 2, name.to_owned()));
    }

    fn fresh_label(&mut self) -> String {
        self.fresh += 1;
        format!("label {}", self.fresh)
    }

    /// Declares the variable of the link: a word that the deployment fills in.
    fn link(&mut self) -> Result<(), ProverError> {
        self.raw(&[0x7f]);
        self.link = Some(self.code.len());
        self.raw(&[0; 32]);
        self.stack.push(Some(LINK.to_owned()));
        Ok(())
    }

    /// How far a variable is below the top of the stack.
    fn depth(&self, name: &str) -> Result<u8, ProverError> {
        let found = self.stack.iter().rev().position(|slot| slot.as_deref() == Some(name));
        let depth = found.ok_or_else(|| malformed(format!("{name} is not declared")))?;
        u8::try_from(depth).ok().filter(|depth| *depth < 16).ok_or_else(|| malformed(format!("{name} is out of reach")))
    }

    fn block(&mut self, statements: &[Statement]) -> Result<(), ProverError> {
        let height = self.stack.len();
        for statement in statements {
            self.statement(statement)?;
        }
        while self.stack.len() > height {
            self.stack.pop();
            self.raw(&[op::POP]);
        }
        Ok(())
    }

    fn statement(&mut self, statement: &Statement) -> Result<(), ProverError> {
        match statement {
            Statement::Let { name, value } => {
                match value {
                    Some(value) => self.expression(value)?,
                    None => {
                        self.push(0);
                        self.stack.push(None);
                    }
                }
                let top = self.stack.last_mut().expect("a value was pushed");
                *top = Some(name.clone());
            }
            Statement::Assign { name, value } => {
                if let Some(condition) = self.joins_top(name, value) {
                    self.expression(condition)?;
                    self.raw(&[op::AND]);
                    self.stack.pop();
                    return Ok(());
                }
                self.expression(value)?;
                let depth = self.depth(name)?;
                self.raw(&[op::SWAP1 + depth - 1, op::POP]);
                self.stack.pop();
            }
            Statement::Call(call) => {
                if self.call(call)? {
                    return Err(malformed("the result of a statement is not used"));
                }
            }
            Statement::Block(statements) => self.block(statements)?,
            Statement::If { condition, then } => {
                self.expression(condition)?;
                let end = self.fresh_label();
                self.raw(&[op::ISZERO]);
                self.push_label(&end);
                self.raw(&[op::JUMPI]);
                self.stack.pop();
                self.block(then)?;
                self.label(&end);
            }
            // Functions follow after everything else.
            Statement::Function(_) => {}
        }
        Ok(())
    }

    /// The condition in `name := and(condition, name)` where the variable is on top of the stack: it need not be fetched and put back.
    fn joins_top<'e>(&self, name: &str, value: &'e Expression) -> Option<&'e Expression> {
        let [condition, Expression::Name(other)] = value.arguments_of("and")? else { return None };
        let on_top = self.stack.last().is_some_and(|slot| slot.as_deref() == Some(name));
        (on_top && other == name).then_some(condition)
    }

    fn expression(&mut self, expression: &Expression) -> Result<(), ProverError> {
        match expression {
            Expression::Number(bytes) => {
                self.push_bytes(bytes);
                self.stack.push(None);
            }
            Expression::Name(name) => {
                let depth = self.depth(name)?;
                self.raw(&[op::DUP1 + depth]);
                self.stack.push(None);
            }
            Expression::Call { .. } => {
                if !self.call(expression)? {
                    return Err(malformed("a call without a result is no value"));
                }
            }
        }
        Ok(())
    }

    /// Emits a call, and says whether it leaves a result.
    fn call(&mut self, call: &Expression) -> Result<bool, ProverError> {
        let Expression::Call { name, arguments } = call else { return Err(malformed("a value is no statement")) };
        let known = builtin(name);
        let back = self.fresh_label();
        if known.is_none() {
            self.push_label(&back);
            self.stack.push(None);
        }
        for (i, argument) in arguments.iter().enumerate().rev() {
            // A word of memory that is needed twice at once is read once.
            if argument.arguments_of("mload").is_some() && arguments.get(i + 1) == Some(argument) {
                self.raw(&[op::DUP1]);
                self.stack.push(None);
            } else {
                self.expression(argument)?;
            }
        }
        self.stack.truncate(self.stack.len() - arguments.len());
        let result = match known {
            Some((opcode, count, result)) => {
                if count != arguments.len() {
                    return Err(malformed(format!("{name} takes {count} arguments, not {}", arguments.len())));
                }
                self.raw(&[opcode]);
                result
            }
            None => {
                self.push_label(&format!("function {name} of {}", arguments.len()));
                self.raw(&[op::JUMP]);
                self.label(&back);
                self.stack.pop();
                true
            }
        };
        if result {
            self.stack.push(None);
        }
        Ok(result)
    }

    /// On the stack are, the bottom first: where to go back to, and the arguments, the last one first. In their place the result is left.
    fn function(&mut self, function: &Function) -> Result<(), ProverError> {
        let Function { name, parameters, result, body } = function;
        self.label(&format!("function {name} of {}", parameters.len()));
        self.stack = vec![None];
        self.stack.extend(parameters.iter().rev().cloned().map(Some));
        self.push(0);
        self.stack.push(Some(result.clone()));
        self.block(body)?;
        let count = u8::try_from(parameters.len()).ok().filter(|count| *count < 15);
        let count = count.ok_or_else(|| malformed(format!("{name} has too many parameters")))?;
        self.raw(&[op::SWAP1 + count]);
        for _ in 0..count {
            self.raw(&[op::SWAP1, op::POP]);
        }
        self.raw(&[op::JUMP]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evm::Machine;

    /// Runs a text, and returns the word that it leaves at 0, or `None` when it reverts.
    fn run(text: &str, input: &[u8]) -> Option<[u8; 32]> {
        let code = assemble(&format!("{text}\nreturn(0, 0x20)")).unwrap();
        let mut machine = Machine::default();
        let at = machine.deploy(&code.creation).unwrap();
        let outcome = machine.call(at, input).unwrap();
        outcome.success.then(|| outcome.output.try_into().unwrap())
    }

    fn word(value: u128) -> [u8; 32] {
        let mut word = [0; 32];
        word[16..].copy_from_slice(&value.to_be_bytes());
        word
    }

    #[test]
    fn text_is_run_as_it_stands() {
        let cases = [
            ("mstore(0, 300)", 300),
            ("mstore(0, sub(0x10, 3))", 13),
            ("mstore(0, mulmod(7, 8, 10)) // a remark", 6),
            ("let a := 5 let b := sub(a, 2) a := add(a, b) mstore(0, a)", 8),
            ("let a := 5 { let a_b := 7 a := add(a_b, a) } mstore(0, a)", 12),
            ("let a a := 9 mstore(0, a)", 9),
            ("let a := true if iszero(a) { mstore(0, 1) } if a { mstore(0, 2) }", 2),
            (
                "function f(x, y) -> z { { let w := sub(x, y) z := mul(w, 10) } z := add(z, y) } mstore(0, f(f(9, 4), 5))",
                495,
            ),
            ("mstore(0, shl(8, lt(1, 2)))", 256),
            ("mstore8(31, 0x1ff)", 255),
            ("mstore(0, 0x100000000000000000000)", 1 << 80),
            ("mstore(0, 0x80000000000000000001)", (1 << 79) + 1),
            ("let a := 6 let b := 3 b := and(a, b) mstore(0, b)", 2),
            ("let b := 3 let a := 6 b := and(a, b) mstore(0, add(mul(b, 10), a))", 26),
            ("let a := 6 { let b := 3 a := and(b, a) } mstore(0, a)", 2),
            ("mstore(32, 7) mstore(0, mulmod(mload(32), mload(32), 10))", 9),
            ("mstore(32, 7) mstore(0, mulmod(mload(32), 5, mload(32)))", 0),
        ];
        for (text, expected) in cases {
            assert_eq!(run(text, &[]), Some(word(expected)), "{text}");
        }
        assert_eq!(run("if eq(calldatasize(), 3) { revert(0, 0) }", &[1, 2, 3]), None);
        assert_eq!(run("mstore(0, calldataload(0))", &word(77)), Some(word(77)));
    }

    #[test]
    fn contracts_are_linked_when_they_are_deployed() {
        let answer = assemble("mstore(0, 42) return(0, 0x20)").unwrap();
        let asks = "if iszero(staticcall(gas(), following, 0, 0, 0, 0x20)) { revert(0, 0) } return(0, 0x20)";
        let asks = assemble(asks).unwrap();
        let mut machine = Machine::default();
        let at = machine.deploy_parts(&[asks.creation.clone(), answer.creation]).unwrap();
        assert_eq!(machine.call(at, &[]).unwrap().output, word(42));
        // Nobody is there.
        let alone = [asks.creation, word(0x1234).to_vec()].concat();
        machine.deploy(&alone).unwrap_err();
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let refused = |text: &str| assemble(text).unwrap_err().to_string();
        assert_eq!(refused("mstore(0, a)"), "assembly: a is not declared");
        assert_eq!(refused("mstore(0)"), "assembly: mstore takes 2 arguments, not 1");
        assert_eq!(refused("add(1, 2)"), "assembly: the result of a statement is not used");
        assert_eq!(refused("let a := mstore(0, 1)"), "assembly: a call without a result is no value");
        assert_eq!(refused("mstore(0, f(1))"), "assembly: function f of 1 is not declared");
        assert_eq!(refused("{ mstore(0, 1)"), "assembly: a block is not closed");
        assert_eq!(refused("for { } 1 { } { }"), "assembly: for: loops are not known here");
        assert_eq!(refused("mstore(0, 0xzz)"), "assembly: 0xzz is no number");
        let many: String = (0..17).map(|i| format!("let v{i} := {i}\n")).collect();
        assert_eq!(refused(&format!("{many} mstore(0, v0)")), "assembly: v0 is out of reach");
    }
}
