//! Option chains as people write them: CSV with the columns `id,kind,spot,strike,expiry_seconds,vol,rate,dividend`.
//!
//! | column | what | read as |
//! |---|---|---|
//! | `id` | any text up to 64 bytes, unique in the file | itself |
//! | `kind` | `call` or `put`, in any case; `c` and `p` | [`Kind`] |
//! | `spot`, `strike` | price, a whole number of ticks | ticks, 1 to $2^{63} - 1$ |
//! | `expiry_seconds` | whole seconds, 0 to five years | seconds |
//! | `vol` | annual volatility, 0.01 to 5 | Q38, nearest, ties to even |
//! | `rate`, `dividend` | annual, continuously compounded, -0.5 to 1 | signed Q38, nearest, ties to even |
//!
//! Columns may come in any order. Numbers are decimals, read without floating point.

use std::{collections::HashMap, io::Read};

use csv::{ReaderBuilder, StringRecord, Trim};
use num_traits::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::{decimal::Decimal, error::StatementError};

/// The columns, in the order in which they are documented.
pub const COLUMNS: [&str; 8] = ["id", "kind", "spot", "strike", "expiry_seconds", "vol", "rate", "dividend"];
/// Longest id, in bytes.
pub const MAX_ID: usize = 64;
/// Largest price, in ticks.
pub const MAX_PRICE: u64 = (1 << 63) - 1;
/// Longest time to expiry: five years of 31,536,000 s.
pub const MAX_EXPIRY: u32 = 5 * 31_536_000;
pub use super::RATE_BITS;

/// Call or put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The right to buy.
    Call,
    /// The right to sell.
    Put,
}

/// One option of a chain, within its domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Line of the file, from 1.
    pub line: u64,
    /// What the file calls the option.
    pub id: String,
    /// Call or put.
    pub kind: Kind,
    /// Spot price, in ticks.
    pub spot: u64,
    /// Strike price, in ticks.
    pub strike: u64,
    /// Time to expiry, in seconds.
    pub expiry_seconds: u32,
    /// Annual volatility, Q38.
    pub vol: u64,
    /// Annual interest rate, continuously compounded, signed Q38.
    pub rate: i64,
    /// Annual dividend yield, continuously compounded, signed Q38.
    pub dividend: i64,
}

/// Reads a price unit, such as `1e-8`.
///
/// # Errors
/// [`StatementError::Domain`] when it is not a positive decimal number.
pub fn read_tick(text: &str) -> Result<Decimal, StatementError> {
    match text.trim().parse::<Decimal>() {
        Ok(tick) if tick > Decimal::new(0, 0) => Ok(tick),
        Ok(tick) => Err(domain("tick", format!("{tick} is not positive"))),
        Err(reason) => Err(domain("tick", reason)),
    }
}

/// Reads a chain whose prices count in units of `tick`.
///
/// # Errors
/// [`StatementError::Domain`] naming line, id, column and reason.
pub fn read_chain(input: impl Read, tick: &Decimal) -> Result<Vec<Row>, StatementError> {
    let mut reader = ReaderBuilder::new().trim(Trim::All).flexible(true).from_reader(input);
    let header = reader.headers().map_err(|error| malformed(&error))?.clone();
    let columns = find_columns(&header)?;
    let mut rows: Vec<Row> = vec![];
    let mut lines: HashMap<String, u64> = HashMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| malformed(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != header.len() {
            let reason = format!("{} fields, but the header has {}", record.len(), header.len());
            return Err(domain(format!("line {line}"), reason));
        }
        let row = Fields { record: &record, columns: &columns, line }.read(tick)?;
        if let Some(first) = lines.insert(row.id.clone(), line) {
            let reason = format!("\"{}\" is also that of line {first}", row.id);
            return Err(domain(format!("line {line}: id"), reason));
        }
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(domain("chain", "no options"));
    }
    Ok(rows)
}

/// Where each of [`COLUMNS`] is.
fn find_columns(header: &StringRecord) -> Result<[usize; 8], StatementError> {
    let names: Vec<&str> = header.iter().map(|name| name.trim_start_matches('\u{feff}')).collect();
    if let Some(unknown) = names.iter().find(|name| !COLUMNS.contains(name)) {
        let reason = format!("unknown column \"{}\"; known are {}", printable(unknown), COLUMNS.join(","));
        return Err(domain("line 1", reason));
    }
    let mut places = [0; 8];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        let mut found = names.iter().enumerate().filter(|(_, name)| **name == column).map(|(i, _)| i);
        *place = found.next().ok_or_else(|| domain("line 1", format!("column {column} is missing")))?;
        if found.next().is_some() {
            return Err(domain("line 1", format!("column {column} is there twice")));
        }
    }
    Ok(places)
}

/// One record, being read.
struct Fields<'a> {
    record: &'a StringRecord,
    columns: &'a [usize; 8],
    line: u64,
}

impl Fields<'_> {
    fn read(&self, tick: &Decimal) -> Result<Row, StatementError> {
        let id = self.text(0);
        if id.is_empty() || id.len() > MAX_ID || id.chars().any(char::is_control) {
            return Err(self.error(0, format!("\"{}\" is not a text of 1 to {MAX_ID} bytes", printable(id))));
        }
        let kind = match self.text(1).to_ascii_lowercase().as_str() {
            "call" | "c" => Kind::Call,
            "put" | "p" => Kind::Put,
            _ => return Err(self.error(1, format!("\"{}\" is neither call nor put", printable(self.text(1))))),
        };
        Ok(Row {
            line: self.line,
            id: id.to_owned(),
            kind,
            spot: self.price(2, tick)?,
            strike: self.price(3, tick)?,
            expiry_seconds: self.expiry()?,
            vol: self.vol()?,
            rate: self.rate(6)?,
            dividend: self.rate(7)?,
        })
    }

    fn text(&self, column: usize) -> &str {
        &self.record[self.columns[column]]
    }

    fn number(&self, column: usize) -> Result<Decimal, StatementError> {
        self.text(column).parse().map_err(|reason: String| self.error(column, printable(&reason)))
    }

    /// A number from `low` to `high`.
    fn number_within(&self, column: usize, low: Decimal, high: Decimal) -> Result<Decimal, StatementError> {
        let number = self.number(column)?;
        if (&low..=&high).contains(&&number) {
            return Ok(number);
        }
        Err(self.error(column, format!("{number} is outside {low} to {high}")))
    }

    fn price(&self, column: usize, tick: &Decimal) -> Result<u64, StatementError> {
        let high = Decimal::from_units(MAX_PRICE, tick);
        let number = self.number_within(column, tick.clone(), high)?;
        let ticks = number.in_units(tick).and_then(|ticks| ticks.to_u64());
        ticks.ok_or_else(|| self.error(column, format!("{number} is not a whole number of ticks of {tick}")))
    }

    fn expiry(&self) -> Result<u32, StatementError> {
        let number = self.number_within(4, Decimal::new(0, 0), Decimal::new(MAX_EXPIRY, 0))?;
        let seconds = number.in_units(&Decimal::new(1, 0)).and_then(|seconds| seconds.to_u32());
        seconds.ok_or_else(|| self.error(4, format!("{number} is not a whole number of seconds")))
    }

    fn vol(&self) -> Result<u64, StatementError> {
        let number = self.number_within(5, Decimal::new(1, 2), Decimal::new(5, 0))?;
        Ok(number.to_binary(RATE_BITS).to_u64().expect("at most 5 * 2^38"))
    }

    fn rate(&self, column: usize) -> Result<i64, StatementError> {
        let number = self.number_within(column, Decimal::new(-5, 1), Decimal::new(1, 0))?;
        Ok(number.to_binary(RATE_BITS).to_i64().expect("at most 2^38"))
    }

    fn error(&self, column: usize, reason: impl Into<String>) -> StatementError {
        let id = match self.text(0) {
            "" => String::new(),
            id => format!(" (id {})", printable(id)),
        };
        domain(format!("line {}{id}: {}", self.line, COLUMNS[column]), reason)
    }
}

fn domain(field: impl Into<String>, reason: impl Into<String>) -> StatementError {
    StatementError::Domain { field: field.into(), reason: reason.into() }
}

fn malformed(error: &csv::Error) -> StatementError {
    let field = error.position().map_or("chain".to_owned(), |position| format!("line {}", position.line()));
    let reason = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => error.to_string(),
    };
    domain(field, reason)
}

/// Text from a file, fit for a terminal and not too long.
fn printable(text: &str) -> String {
    let mut shown: String =
        text.chars().take(2 * MAX_ID).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if shown.len() < text.len() && text.chars().nth(2 * MAX_ID).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "id,kind,spot,strike,expiry_seconds,vol,rate,dividend\n";

    fn read(text: &str) -> Result<Vec<Row>, StatementError> {
        read_chain(text.as_bytes(), &read_tick("1e-8").unwrap())
    }

    fn message(body: &str) -> String {
        read(&format!("{HEADER}{body}")).unwrap_err().to_string()
    }

    #[test]
    fn a_chain_is_read() {
        let rows = read(&format!(
            "{HEADER}a-1,call,100,110.5,2592000,0.2,0.05,-0.01\n b ,P,1e-8,92233720368.54775807,0,5,-0.5,1\n"
        ));
        let first = Row {
            line: 2,
            id: "a-1".to_owned(),
            kind: Kind::Call,
            spot: 10_000_000_000,
            strike: 11_050_000_000,
            expiry_seconds: 2_592_000,
            vol: 54_975_581_389,
            rate: 13_743_895_347,
            dividend: -2_748_779_069,
        };
        let second = Row {
            line: 3,
            id: "b".to_owned(),
            kind: Kind::Put,
            spot: 1,
            strike: (1 << 63) - 1,
            expiry_seconds: 0,
            vol: 5 << 38,
            rate: -(1 << 37),
            dividend: 1 << 38,
        };
        assert_eq!(rows.unwrap(), [first, second]);
    }

    #[test]
    fn columns_may_come_in_any_order() {
        let text = "\u{feff}vol,dividend,id,rate,kind,strike,spot,expiry_seconds\r\n0.5,0,x,0,put,2,1,60\r\n";
        let row = &read(text).unwrap()[0];
        assert_eq!((row.vol, row.spot, row.strike, row.expiry_seconds), (1 << 37, 100_000_000, 200_000_000, 60));
    }

    #[test]
    fn ticks_are_any_positive_number() {
        let tick = read_tick("0.25").unwrap();
        let text = format!("{HEADER}x,call,10.25,11,60,0.5,0,0\n");
        let rows = read_chain(text.as_bytes(), &tick).unwrap();
        assert_eq!((rows[0].spot, rows[0].strike), (41, 44));
        for (text, reason) in [
            ("0", "tick: 0 is not positive"),
            ("-1", "tick: -1 is not positive"),
            ("nan", "tick: \"nan\" is not a decimal number"),
        ] {
            assert_eq!(read_tick(text).unwrap_err().to_string(), reason);
        }
    }

    #[test]
    fn every_field_out_of_its_domain_is_named() {
        for (row, reason) in [
            ("x,call,0,1,60,0.5,0,0", "spot: 0 is outside 0.00000001 to 92233720368.54775807"),
            ("x,call,1,0,60,0.5,0,0", "strike: 0 is outside 0.00000001 to 92233720368.54775807"),
            ("x,call,1,-5,60,0.5,0,0", "strike: -5 is outside 0.00000001 to 92233720368.54775807"),
            ("x,call,1e11,1,60,0.5,0,0", "spot: 100000000000 is outside 0.00000001 to 92233720368.54775807"),
            ("x,call,1.000000001,1,60,0.5,0,0", "spot: 1.000000001 is not a whole number of ticks of 0.00000001"),
            ("x,call,1,NaN,60,0.5,0,0", "strike: \"NaN\" is not a decimal number"),
            ("x,call,,1,60,0.5,0,0", "spot: empty"),
            ("x,call,1,1,-1,0.5,0,0", "expiry_seconds: -1 is outside 0 to 157680000"),
            ("x,call,1,1,157680001,0.5,0,0", "expiry_seconds: 157680001 is outside 0 to 157680000"),
            ("x,call,1,1,0.5,0.5,0,0", "expiry_seconds: 0.5 is not a whole number of seconds"),
            ("x,call,1,1,60,-0.2,0,0", "vol: -0.2 is outside 0.01 to 5"),
            ("x,call,1,1,60,0,0,0", "vol: 0 is outside 0.01 to 5"),
            ("x,call,1,1,60,5.0000000001,0,0", "vol: 5.0000000001 is outside 0.01 to 5"),
            ("x,call,1,1,60,inf,0,0", "vol: \"inf\" is not a decimal number"),
            ("x,call,1,1,60,0.5,1.01,0", "rate: 1.01 is outside -0.5 to 1"),
            ("x,call,1,1,60,0.5,0,-0.51", "dividend: -0.51 is outside -0.5 to 1"),
            ("x,call,1,1,60,0.5,1e999,0", "rate: the exponent of \"1e999\" is beyond 100"),
            ("x,straddle,1,1,60,0.5,0,0", "kind: \"straddle\" is neither call nor put"),
        ] {
            assert_eq!(message(row), format!("line 2 (id x): {reason}"));
        }
        assert_eq!(message(",call,1,1,60,0.5,0,0"), "line 2: id: \"\" is not a text of 1 to 64 bytes");
        let long = "y".repeat(65);
        assert!(message(&format!("{long},call,1,1,60,0.5,0,0")).ends_with("is not a text of 1 to 64 bytes"));
    }

    #[test]
    fn malformed_files_are_refused() {
        let good = "x,call,1,1,60,0.5,0,0\n";
        assert_eq!(message(&format!("{good}{good}")), "line 3: id: \"x\" is also that of line 2");
        assert_eq!(message("x,call,1,1,60,0.5,0\n"), "line 2: 7 fields, but the header has 8");
        assert_eq!(message("x,call,1,1,60,0.5,0,0,0\n"), "line 2: 9 fields, but the header has 8");
        assert_eq!(message(""), "chain: no options");
        assert_eq!(read("").unwrap_err().to_string(), "line 1: column id is missing");
        assert_eq!(read("id,kind\n").unwrap_err().to_string(), "line 1: column spot is missing");
        let twice = HEADER.replace("dividend", "rate");
        assert_eq!(read(&twice).unwrap_err().to_string(), "line 1: column rate is there twice");
        let unknown = HEADER.replace("vol", "sigma");
        assert_eq!(
            read(&unknown).unwrap_err().to_string(),
            "line 1: unknown column \"sigma\"; known are id,kind,spot,strike,expiry_seconds,vol,rate,dividend"
        );
        let mut bytes = HEADER.as_bytes().to_vec();
        bytes.extend_from_slice(b"x,call,1,1,60,0.5,0,\xff\n");
        let error = read_chain(&bytes[..], &read_tick("1").unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "line 2: not UTF-8");
        // An unclosed quote swallows the rest of the file.
        assert_eq!(message("\"x,call,1,1,60,0.5,0,0\n"), "line 2: 1 fields, but the header has 8");
    }
}
