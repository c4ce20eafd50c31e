//! Reading and writing the part of Yul that snark-verifier writes.

use std::{fmt, iter::Peekable};

use num_bigint::BigUint;

use crate::error::ProverError;

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Statement {
    /// `let name := value`, or zero.
    Let { name: String, value: Option<Expression> },
    /// `name := value`.
    Assign { name: String, value: Expression },
    /// A call without a result.
    Call(Expression),
    /// `{ ... }`.
    Block(Vec<Statement>),
    /// `if condition { ... }`.
    If { condition: Expression, then: Vec<Statement> },
    /// A declaration of a function.
    Function(Function),
}

impl Statement {
    /// The function that it declares.
    pub(super) fn into_function(self) -> Option<Function> {
        match self {
            Self::Function(function) => Some(function),
            _ => None,
        }
    }
}

/// `function name(parameters) -> result { ... }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) parameters: Vec<String>,
    pub(super) result: String,
    pub(super) body: Vec<Statement>,
}

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    /// A number of at most 32 bytes, most significant first.
    Number(Vec<u8>),
    /// A variable.
    Name(String),
    /// A call.
    Call { name: String, arguments: Vec<Expression> },
}

impl Expression {
    /// A call.
    pub(super) fn call(name: &str, arguments: impl Into<Vec<Self>>) -> Self {
        Self::Call { name: name.to_owned(), arguments: arguments.into() }
    }

    /// A small number.
    pub(super) fn number(number: usize) -> Self {
        Self::Number(number.to_be_bytes().to_vec())
    }

    /// The small number that it is.
    pub(super) fn as_number(&self) -> Option<usize> {
        let Self::Number(bytes) = self else { return None };
        let number = BigUint::from_bytes_be(bytes);
        u32::try_from(&number).ok().map(|number| number as usize)
    }

    /// The arguments of a call of this name.
    pub(super) fn arguments_of(&self, called: &str) -> Option<&[Self]> {
        match self {
            Self::Call { name, arguments } if name == called => Some(arguments),
            _ => None,
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(bytes) => write!(f, "{:#x}", BigUint::from_bytes_be(bytes)),
            Self::Name(name) => f.write_str(name),
            Self::Call { name, arguments } => {
                write!(f, "{name}(")?;
                for (i, argument) in arguments.iter().enumerate() {
                    write!(f, "{}{argument}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str(")")
            }
        }
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let block = |f: &mut fmt::Formatter<'_>, statements: &[Self]| {
            writeln!(f, "{{")?;
            statements.iter().try_for_each(|statement| writeln!(f, "{statement}"))?;
            write!(f, "}}")
        };
        match self {
            Self::Let { name, value: Some(value) } => write!(f, "let {name} := {value}"),
            Self::Let { name, value: None } => write!(f, "let {name}"),
            Self::Assign { name, value } => write!(f, "{name} := {value}"),
            Self::Call(call) => write!(f, "{call}"),
            Self::Block(statements) => block(f, statements),
            Self::If { condition, then } => {
                write!(f, "if {condition} ")?;
                block(f, then)
            }
            Self::Function(Function { name, parameters, result, body }) => {
                write!(f, "function {name}({}) -> {result} ", parameters.join(", "))?;
                block(f, body)
            }
        }
    }
}

/// Blocks and expressions may be nested so deep: what is generated is not.
const MAX_DEPTH: usize = 64;

/// Reads statements.
///
/// # Errors
/// [`ProverError::Malformed`].
pub(super) fn parse(text: &str) -> Result<Vec<Statement>, ProverError> {
    let tokens = tokens(text);
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), depth: 0 };
    let mut statements = vec![];
    while parser.tokens.peek().is_some() {
        statements.push(parser.statement()?);
    }
    Ok(statements)
}

fn malformed(reason: impl Into<String>) -> ProverError {
    ProverError::malformed("assembly", reason)
}

/// Words and marks, without remarks.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = vec![];
    for line in text.lines() {
        let mut rest = line.split_once("//").map_or(line, |(code, _)| code).trim_start();
        while !rest.is_empty() {
            let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let mark = if rest.starts_with(":=") || rest.starts_with("->") { 2 } else { 1 };
            let end = if word > 0 { word } else { mark };
            // A mark may be any character.
            let end = (end..=rest.len()).find(|end| rest.is_char_boundary(*end)).unwrap_or(rest.len());
            let (token, after) = rest.split_at(end);
            tokens.push(token);
            rest = after.trim_start();
        }
    }
    tokens
}

struct Parser<'t, I: Iterator<Item = &'t str>> {
    tokens: Peekable<I>,
    depth: usize,
}

impl<'t, I: Iterator<Item = &'t str>> Parser<'t, I> {
    fn next(&mut self) -> Result<&'t str, ProverError> {
        self.tokens.next().ok_or_else(|| malformed("it ends in the middle"))
    }

    fn expect(&mut self, mark: &str) -> Result<(), ProverError> {
        match self.next()? {
            found if found == mark => Ok(()),
            found => Err(malformed(format!("{mark} expected, {found} found"))),
        }
    }

    fn take(&mut self, mark: &str) -> bool {
        self.tokens.next_if_eq(&mark).is_some()
    }

    fn name(&mut self) -> Result<String, ProverError> {
        let name = self.next()?;
        let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if starts { Ok(name.to_owned()) } else { Err(malformed(format!("{name} is no name"))) }
    }

    fn deeper<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, ProverError>) -> Result<T, ProverError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(malformed("nested too deep"));
        }
        let result = work(self);
        self.depth -= 1;
        result
    }

    fn block(&mut self) -> Result<Vec<Statement>, ProverError> {
        self.expect("{")?;
        self.deeper(|parser| {
            let mut statements = vec![];
            while !parser.take("}") {
                if parser.tokens.peek().is_none() {
                    return Err(malformed("a block is not closed"));
                }
                statements.push(parser.statement()?);
            }
            Ok(statements)
        })
    }

    fn statement(&mut self) -> Result<Statement, ProverError> {
        if self.tokens.peek() == Some(&"{") {
            return Ok(Statement::Block(self.block()?));
        }
        match self.name()?.as_str() {
            "let" => {
                let name = self.name()?;
                let value = if self.take(":=") { Some(self.expression()?) } else { None };
                Ok(Statement::Let { name, value })
            }
            "if" => Ok(Statement::If { condition: self.expression()?, then: self.block()? }),
            "function" => {
                let name = self.name()?;
                self.expect("(")?;
                let mut parameters = vec![];
                while !self.take(")") {
                    parameters.push(self.name()?);
                    self.take(",");
                }
                self.expect("->")?;
                let result = self.name()?;
                Ok(Statement::Function(Function { name, parameters, result, body: self.block()? }))
            }
            "for" => Err(malformed("for: loops are not known here")),
            name if self.take(":=") => Ok(Statement::Assign { name: name.to_owned(), value: self.expression()? }),
            name => {
                self.expect("(")?;
                Ok(Statement::Call(self.arguments(name)?))
            }
        }
    }

    fn expression(&mut self) -> Result<Expression, ProverError> {
        let token = self.next()?;
        if token.starts_with(|c: char| c.is_ascii_digit()) {
            return number(token).map(Expression::Number);
        }
        match token {
            "true" => Ok(Expression::Number(vec![1])),
            "false" => Ok(Expression::Number(vec![])),
            name if self.take("(") => self.arguments(name),
            name if name.starts_with(|c: char| c.is_alphabetic() || c == '_') => Ok(Expression::Name(name.to_owned())),
            other => Err(malformed(format!("{other} is no value"))),
        }
    }

    /// The arguments of a call, and what closes them.
    fn arguments(&mut self, name: &str) -> Result<Expression, ProverError> {
        self.deeper(|parser| {
            let mut arguments = vec![];
            while !parser.take(")") {
                arguments.push(parser.expression()?);
                if !parser.take(",") {
                    parser.expect(")")?;
                    break;
                }
            }
            Ok(Expression::Call { name: name.to_owned(), arguments })
        })
    }
}

fn number(token: &str) -> Result<Vec<u8>, ProverError> {
    let parsed = match token.strip_prefix("0x") {
        Some(digits) => BigUint::parse_bytes(digits.as_bytes(), 16),
        None => BigUint::parse_bytes(token.as_bytes(), 10),
    };
    let number = parsed.filter(|number| number.bits() <= 256);
    Ok(number.ok_or_else(|| malformed(format!("{token} is no number")))?.to_bytes_be())
}
