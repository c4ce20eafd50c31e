//! A day of a venue on an option book: accounts open, orders meet, marks move, volatility jumps, accounts are liquidated, a series expires.
//!
//! The day is a script with a seed: it produces the transactions and the story of what happened, and nothing about it is random but the seed.
//! Prices are those of the pricing engine, so each adopted array is one that the `risk` statement proves.

mod book;
mod market;
mod orders;
mod script;
mod settled;

pub use market::{DayMarket, STRIKES};
pub use script::{Day, DayError, Liquidated, TakenOver, run};
pub use settled::{BATCH_K, RISK_K, SettledDay};

use halo2curves::bn256::Fr;

use crate::margin::{MarginRules, SCENARIOS};
use crate::pricing::scenario::ScenarioSet;
use crate::pricing::statements::scenario_hash;
use crate::state::ids::AccountId;
use crate::state::keys::SecretKey;
use crate::state::params::{Depths, FeeRules, FundingRules, LiquidationRules, OracleRules, VenueParams};

/// The first moments of the day, Unix seconds.
pub const START: u64 = 1_700_000_000;

/// Scenarios of the set's grid; the others are tails.
const GRID: usize = 27;
/// Weight of a tail.
const TAIL_WEIGHT: u16 = 1_000;

/// The chain that the day's venue settles on: the number that development chains have.
pub const CHAIN: u64 = 31_337;

/// The parameter set of the day's venue, which is an application on [`CHAIN`].
#[must_use]
pub fn params(oracles: &[SecretKey], application: u64) -> VenueParams {
    VenueParams {
        chain_id: CHAIN,
        app_id: application,
        depths: Depths::default(),
        scenario_hash: scenarios_digest(),
        margin: MarginRules {
            weights: (0..SCENARIOS).map(|scenario| if scenario < GRID { 10_000 } else { TAIL_WEIGHT }).collect(),
            mm_factor: 8_000,
            perp_mm: 100,
            perp_im: 200,
            naked_mm: 100,
            naked_im: 200,
        },
        fees: FeeRules { maker: 100, taker: 300 },
        max_price_age: 300,
        fee_account: AccountId(0),
        insurance_account: AccountId(1),
        funding: FundingRules { interval: 3_600, period: 28_800, cap: 50 },
        liquidation: LiquidationRules {
            buffer: 12_000,
            close_out: 1_000,
            fee: 100,
            discount_start: 200,
            discount_end: 3_000,
            duration: 900,
            lapse: 1_800,
        },
        oracle: OracleRules { threshold: 3, keys: oracles.iter().map(SecretKey::public).collect() },
    }
}

fn scenarios_digest() -> Fr {
    scenario_hash(&ScenarioSet::standard())
}
