//! Prices options from standard input with the native engine, integers in and integers out, for the oracle in
//! `tools/oracle`.
//!
//! A line `value kind spot strike seconds vol rate dividend` is answered with `price delta gamma vega theta rho`, a
//! line `risk ...` with the prices under the scenarios of the default set, or an empty line where they do not fit
//! their lanes. The formats are those of [`Terms`] and [`Valuation`].
#![forbid(unsafe_code)]

use std::{
    error::Error,
    io::{self, BufRead, BufWriter, Write},
    str::FromStr,
};

use zomma_circuits::pricing::{
    Kind,
    native::{Terms, Valuation, value},
    risk_native::ExpiryRisk,
    scenario::ScenarioSet,
};

fn main() -> Result<(), Box<dyn Error>> {
    let set = ScenarioSet::standard();
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (task, case) = line.split_once(' ').ok_or("a line has a task and a case")?;
        let terms = parse(case)?;
        match task {
            "value" => {
                let Valuation { price, delta, gamma, vega, theta, rho } = value(&terms);
                writeln!(out, "{price} {delta} {gamma} {vega} {theta} {rho}")?;
            }
            "risk" => {
                let expiry = ExpiryRisk::new(&set, terms.spot, terms.seconds, terms.rate, terms.dividend);
                let prices = expiry.row(&terms).map_or(vec![], |row| row.prices);
                let prices: Vec<String> = prices.iter().map(u64::to_string).collect();
                writeln!(out, "{}", prices.join(" "))?;
            }
            _ => return Err(format!("no such task: {task}").into()),
        }
    }
    Ok(out.flush()?)
}

fn parse(case: &str) -> Result<Terms, Box<dyn Error>> {
    fn number<T: FromStr<Err: Error + 'static>>(word: &str) -> Result<T, Box<dyn Error>> {
        Ok(word.parse()?)
    }
    let words: Vec<&str> = case.split_whitespace().collect();
    let [kind, spot, strike, seconds, vol, rate, dividend] = words[..] else {
        return Err(format!("a case has seven words: {case}").into());
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
