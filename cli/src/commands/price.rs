//! `zomma price`: native pricing of an option chain.

use std::path::PathBuf;

use serde::Serialize;
use zomma_circuits::decimal::Decimal;
use zomma_circuits::pricing::native::{DELTA_BITS, GAMMA_BITS, Valuation};
use zomma_circuits::pricing::statements::PriceInputs;

use super::Failure;
use crate::input::chain;
use crate::output::{print_csv, print_json};

/// Arguments of `zomma price`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// CSV file with the columns id,kind,spot,strike,expiry_seconds,vol,rate,dividend.
    chain: PathBuf,
    /// Unit of prices.
    #[arg(long, default_value = "1e-8")]
    tick: String,
    /// Print an array of JSON objects instead of CSV.
    #[arg(long)]
    json: bool,
}

/// Columns of what is printed.
pub(crate) const HEADER: [&str; 7] = ["id", "price", "delta", "gamma", "vega", "theta", "rho"];

/// Price and Greeks as exact decimals.
#[derive(Debug, Serialize)]
pub(crate) struct Printed {
    pub(crate) id: String,
    pub(crate) price: String,
    pub(crate) delta: String,
    pub(crate) gamma: String,
    pub(crate) vega: String,
    pub(crate) theta: String,
    pub(crate) rho: String,
}

impl Printed {
    /// The fields, in the order of [`HEADER`].
    pub(crate) fn fields(self) -> Vec<String> {
        let Self { id, price, delta, gamma, vega, theta, rho } = self;
        vec![id, price, delta, gamma, vega, theta, rho]
    }

    /// Expands the integers of a valuation whose prices count in `tick`.
    pub(crate) fn new(id: &str, value: &Valuation, tick: &Decimal) -> Self {
        let ticks = |count: i128| Decimal::from_units(count, tick).to_string();
        let gamma = Decimal::from_binary(value.gamma, GAMMA_BITS);
        Self {
            id: id.to_owned(),
            price: ticks(value.price as i128),
            delta: Decimal::from_binary(value.delta, DELTA_BITS).to_string(),
            gamma: per_tick(&gamma, tick),
            vega: ticks(value.vega as i128),
            theta: ticks(value.theta),
            rho: ticks(value.rho),
        }
    }
}

/// A number per tick as one per unit of price: exact when the tick's inverse is a finite decimal.
fn per_tick(number: &Decimal, tick: &Decimal) -> String {
    number.divided_by(tick).to_string()
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (options, tick) = chain(&arguments.chain, &arguments.tick)?;
    let inputs = PriceInputs { timestamp: 0, options };
    let values = inputs.values()?;
    let printed = inputs.options.iter().zip(&values).map(|(row, value)| Printed::new(&row.id, value, &tick));
    if arguments.json {
        return print_json(&printed.collect::<Vec<_>>());
    }
    let records = printed.map(Printed::fields);
    print_csv(HEADER.map(str::to_owned).to_vec(), records)
}
