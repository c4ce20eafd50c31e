//! The statements `price` and `risk`.

mod glue;
mod price;
mod risk;
#[cfg(test)]
mod tests;

pub use price::{Price, PriceInputs, PriceInstance};
pub use risk::{Listing, Risk, RiskInputs, RiskInstance, scenario_hash};

use halo2curves::bn256::Fr;
use halo2curves::ff::{Field, PrimeField};

use super::Kind;
use super::blocks::{PRICE_BITS, RATE_LOW, RATE_WIDTH, SECONDS_BITS, VOL_BITS};
use super::native::{Terms, Valuation};
use crate::error::StatementError;

/// Rows that halo2 keeps for itself: blinding factors, the last row; and a few to spare.
const RESERVED_ROWS: usize = 40;

/// Unsigned integers side by side in a field element, the first lowest.
fn pack(parts: &[(u128, u32)]) -> Fr {
    let mut scale = Fr::one();
    let mut word = Fr::zero();
    for (value, bits) in parts {
        word += Fr::from_u128(*value) * scale;
        scale *= Fr::from(2).pow_vartime([u64::from(*bits)]);
    }
    word
}

fn rate_word(rate: i64) -> (u128, u32) {
    ((rate - RATE_LOW) as u128, RATE_WIDTH)
}

/// What commits to the terms of an option, as the block of terms packs them.
fn option_words(terms: &Terms) -> [Fr; 2] {
    let call = u128::from(terms.kind == Kind::Call);
    let first = [
        (u128::from(terms.spot), PRICE_BITS),
        (u128::from(terms.strike), PRICE_BITS),
        (u128::from(terms.seconds), SECONDS_BITS),
        (call, 1),
    ];
    let second = [(u128::from(terms.vol), VOL_BITS), rate_word(terms.rate), rate_word(terms.dividend)];
    [pack(&first), pack(&second)]
}

/// What commits to price and Greeks, as the blocks of Greeks pack them.
fn value_words(value: &Valuation) -> [Fr; 2] {
    use super::blocks::{DELTA_WIDTH, GAMMA_WIDTH, THETA_WIDTH, VALUE_BITS};
    let signed = |value: i128, bits: u32| ((value + (1 << bits)) as u128, bits + 1);
    let first = [(value.price, VALUE_BITS), signed(value.delta.into(), DELTA_WIDTH), (value.gamma, GAMMA_WIDTH)];
    let second = [(value.vega, VALUE_BITS), signed(value.theta, THETA_WIDTH), signed(value.rho, VALUE_BITS)];
    [pack(&first), pack(&second)]
}

/// Checks a point in time.
fn check_time(field: &str, time: u64) -> Result<(), StatementError> {
    if time >> super::blocks::risk::TIME_BITS != 0 {
        return Err(StatementError::Domain { field: field.into(), reason: format!("{time} is 2^40 seconds or more") });
    }
    Ok(())
}

/// Checks the domain of an option's terms.
fn check_terms(path: &str, terms: &Terms) -> Result<(), StatementError> {
    use super::csv::{MAX_EXPIRY, MAX_PRICE};
    let one = 1i64 << super::RATE_BITS;
    let checks = [
        ("spot", i128::from(terms.spot), 1, i128::from(MAX_PRICE), "ticks"),
        ("strike", i128::from(terms.strike), 1, i128::from(MAX_PRICE), "ticks"),
        ("expiry_seconds", i128::from(terms.seconds), 0, i128::from(MAX_EXPIRY), "seconds"),
        ("vol", i128::from(terms.vol), i128::from(one / 100), i128::from(5 * one), "in units of 2^-38"),
        ("rate", i128::from(terms.rate), i128::from(-one / 2), i128::from(one), "in units of 2^-38"),
        ("dividend", i128::from(terms.dividend), i128::from(-one / 2), i128::from(one), "in units of 2^-38"),
    ];
    for (field, value, low, high, unit) in checks {
        if !(low..=high).contains(&value) {
            return Err(StatementError::Domain {
                field: format!("{path}: {field}"),
                reason: format!("{value} is outside {low} to {high} {unit}"),
            });
        }
    }
    Ok(())
}

/// Permutations of the tree over `leaves` leaves: nodes with a leaf below them.
fn tree_nodes(leaves: usize, depth: usize) -> usize {
    let mut level = leaves;
    (0..depth)
        .map(|_| {
            level = level.div_ceil(2);
            level
        })
        .sum()
}
