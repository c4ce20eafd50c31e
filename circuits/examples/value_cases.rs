//! Prices options from standard input with the native engine, integers in and integers out, for the oracle in `tools/oracle`.
//!
//! Each line `kind spot strike seconds vol rate dividend` is answered with a line `price delta gamma vega theta rho`; the formats are those
//! of [`Terms`] and [`Valuation`].
#![forbid(unsafe_code)]

use std::{
    error::Error,
    io::{self, BufRead, BufWriter, Write},
    str::FromStr,
};

use zomma_circuits::pricing::{
    Kind,
    native::{Terms, Valuation, value},
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let Valuation { price, delta, gamma, vega, theta, rho } = value(&parse(&line?)?);
        writeln!(out, "{price} {delta} {gamma} {vega} {theta} {rho}")?;
    }
    Ok(out.flush()?)
}

fn parse(line: &str) -> Result<Terms, Box<dyn Error>> {
    fn number<T: FromStr<Err: Error + 'static>>(word: &str) -> Result<T, Box<dyn Error>> {
        Ok(word.parse()?)
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let [kind, spot, strike, seconds, vol, rate, dividend] = words[..] else {
        return Err(format!("a case has seven words: {line}").into());
    };
    let kind = match kind {
        "call" => Kind::Call,
        "put" => Kind::Put,
        _ => return Err(format!("neither call nor put: {kind}").into()),
    };
    Ok(Terms {
        kind,
        spot: number(spot)?,
        strike: number(strike)?,
        seconds: number(seconds)?,
        vol: number(vol)?,
        rate: number(rate)?,
        dividend: number(dividend)?,
    })
}
