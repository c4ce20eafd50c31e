//! Inputs that fill a statement.

use zomma_circuits::Statement;
use zomma_circuits::pricing::csv::Row;
use zomma_circuits::pricing::scenario::{SCENARIOS, ScenarioSet};
use zomma_circuits::pricing::statements::{Price, PriceInputs, Risk, RiskInputs};
use zomma_circuits::pricing::{Kind, RATE_BITS, YEAR};

use crate::BenchError;

/// A statement with a workload of any size.
pub trait Workload: Statement {
    /// What is counted.
    const UNIT: &'static str;
    /// How many of them an option is.
    const PER_OPTION: usize;

    /// Inputs of so many options.
    fn inputs(options: usize) -> Self::Inputs;
}

impl Workload for Price {
    const UNIT: &'static str = "options";
    const PER_OPTION: usize = 1;

    fn inputs(options: usize) -> PriceInputs {
        PriceInputs { timestamp: TIME, options: chain(options) }
    }
}

impl Workload for Risk {
    const UNIT: &'static str = "scenario valuations";
    const PER_OPTION: usize = SCENARIOS;

    fn inputs(options: usize) -> RiskInputs {
        RiskInputs::from_chain(&chain(options), TIME, ScenarioSet::standard()).0
    }
}

/// The names of statements that have a workload.
pub const KNOWN: &str = "price, risk";

/// Runs code with the workload of a name as a type, as `with_statement!` does for statements.
#[macro_export]
macro_rules! with_workload {
    ($name:expr, $W:ident => $code:expr) => {{
        let name: &str = $name;
        match name {
            "price" => {
                type $W = ::zomma_circuits::pricing::statements::Price;
                Ok($code)
            }
            "risk" => {
                type $W = ::zomma_circuits::pricing::statements::Risk;
                Ok($code)
            }
            _ => Err($crate::BenchError::Workload { name: name.to_owned(), known: $crate::workload::KNOWN }),
        }
    }};
}

/// Seconds of the Unix epoch.
const TIME: u64 = 1_700_000_000;
/// 1200.00 in ticks of 1e-8.
const SPOT: u64 = 120_000_000_000;
/// Options to an expiry: calls and puts at strikes from a half to one and a half times the spot.
const PER_EXPIRY: usize = 64;
/// Expiries, evenly spaced, until they begin again with other strikes.
const EXPIRIES: usize = 48;

/// So many options on one underlying, whole expiries first.
pub fn chain(options: usize) -> Vec<Row> {
    let percent = (1u64 << RATE_BITS) / 100;
    let option = |index: usize| {
        let (expiry, strike, round) =
            (index / PER_EXPIRY % EXPIRIES, index % PER_EXPIRY / 2, index / (PER_EXPIRY * EXPIRIES));
        let strikes = PER_EXPIRY as u64 / 2;
        Row {
            line: index as u64 + 2,
            id: format!("option-{index}"),
            kind: if index.is_multiple_of(2) { Kind::Call } else { Kind::Put },
            spot: SPOT,
            strike: SPOT / 2 + SPOT / strikes * strike as u64 + round as u64,
            expiry_seconds: YEAR / 24 * (expiry as u32 + 1),
            vol: 18 * percent + percent / 4 * (strikes - strike as u64),
            rate: 3 * percent as i64,
            dividend: percent as i64,
        }
    };
    (0..options).map(option).collect()
}

/// More options than any statement takes.
const MANY: usize = 1 << 16;

/// The inputs that fill a statement at `k`, and how many options they are.
///
/// # Errors
/// [`BenchError::Empty`] if not one option fits.
pub fn full<W: Workload>(k: u32) -> Result<(W::Inputs, usize), BenchError> {
    let fits = |options: usize| W::k_for(&W::inputs(options)).is_ok_and(|smallest| smallest <= k);
    // What is needed grows with the options, so the last number that fits is where bisection ends.
    let (mut low, mut high) = (0, 1);
    while high < MANY && fits(high) {
        (low, high) = (high, 2 * high);
    }
    while high - low > 1 {
        let middle = low.midpoint(high);
        if fits(middle) { low = middle } else { high = middle }
    }
    if low == 0 { Err(BenchError::Empty { statement: W::NAME, k }) } else { Ok((W::inputs(low), low)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_inputs_fit_and_one_more_option_does_not() {
        fn check<W: Workload>(k: u32) {
            let (inputs, options) = full::<W>(k).unwrap();
            assert_eq!(W::k_for(&inputs).unwrap(), k);
            W::evaluate(&inputs, k).unwrap();
            assert_eq!(W::k_for(&W::inputs(options + 1)).unwrap(), k + 1);
        }
        check::<Price>(16);
        check::<Risk>(17);
    }

    #[test]
    fn nothing_fits_the_smallest_sizes() {
        assert!(matches!(full::<Price>(8), Err(BenchError::Empty { statement: "price", k: 8 })));
    }
}
