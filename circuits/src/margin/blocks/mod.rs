//! The blocks of margin: words of the state taken apart, sums over positions, and the figures of health as identities over integers.
//!
//! Each block is made for a [`Table`]: the statement `margin` uses short limbs, circuits that are large anyway longer ones. Comments give the
//! formula of section 5 of "The exchange as a state machine".

mod account;
mod health;
mod market;
mod position;
mod rules;
#[cfg(test)]
mod tests;

pub use account::{account_block, clock_block, fresh_block};
pub use health::{contingency_block, equity_block, health_block, lanes_block, scenario_block, worst_block};
pub use market::{FIELDS, SELECTED, index_block, opened_market_block, pick_block, terms_block};
pub use position::{GROUP, holding_block, opened_row_block, position_block, products_block};
pub(crate) use position::{
    copied_products_block, entry_position_block, exposure_block, sign_and_magnitude, spot_and_total,
};
pub use rules::{WEIGHTS, ratios_block, weights_block};

use ethnum::I256;
use num_bigint::BigInt;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::fixed::native::div_floor;
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use super::row::LANE_BITS;
use crate::state::limits::BP;

/// Bits of a remainder modulo [`BP`].
const REMAINDER_BITS: u32 = 14;
/// Packed width of ratios and weights.
pub const RATIO_BITS: u32 = 16;
/// Bits of a quantity's magnitude that are proven: it is stored biased in [`QTY_BITS`](crate::state::limits::QTY_BITS).
pub const QTY_MAGNITUDE_BITS: u32 = 55;
/// Bits of the sum of a row's lanes: 35 of 63 bits.
pub const TOTAL_BITS: u32 = 69;
/// Most positions of an account, as a power of two.
const POSITIONS_BITS: u32 = 7;
/// Bits of `sum |q| T`.
pub const GROSS_BITS: u32 = QTY_MAGNITUDE_BITS + TOTAL_BITS + POSITIONS_BITS;
/// Bits of `sum n S`, of naked lots of two positions each.
pub const NOTIONAL_BITS: u32 = QTY_MAGNITUDE_BITS + 2 + 63 + POSITIONS_BITS;
/// Bits of the magnitude of `sum q I`.
pub const FUNDING_SUM_BITS: u32 = QTY_MAGNITUDE_BITS + 64 + POSITIONS_BITS;
/// Bits of a weighted scenario result: the difference of two lanes times a weight.
pub const WEIGHTED_BITS: u32 = LANE_BITS + RATIO_BITS;
/// Bits of `-L`: a weighted result over 10^4, rounded up.
pub const WORST_BITS: u32 = WEIGHTED_BITS - 12;
/// Bits of the share of `-L` that maintenance asks for.
pub const MAINTENANCE_WORST_BITS: u32 = WORST_BITS + RATIO_BITS - 12;
/// Bits of the magnitude of equity, and of a contingency.
pub const EQUITY_BITS: u32 = 97;
/// Bits of the magnitude of a difference of figures of health.
pub const FIGURE_BITS: u32 = 101;

/// Inputs: bit, digest if set, digest if not. Output: the one.
pub fn select_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "select digest");
    let (bit, then, otherwise) = (b.input(0, 1), b.input_digest(), b.input_digest());
    let chosen = b.field("bit ? then : otherwise", &(&bit * then + bit.not() * otherwise));
    b.output(&chosen);
    b
}

/// Outputs: constants.
pub fn constants_block(table: Table, values: &[I256]) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "constants");
    for (index, value) in values.iter().enumerate() {
        let cell = b.named(&format!("constant {index}"), &Integer::constant(*value));
        b.output(&cell);
    }
    b
}

pub(crate) fn two_to(bits: u32) -> BigInt {
    BigInt::from(1) << bits
}

/// A signed integer that is stored with `2^(bits - 1)` added.
pub(crate) fn unbias(stored: &Integer, bits: u32) -> Integer {
    stored - Integer::power_of_two(bits - 1)
}

/// A cell with unsigned integers side by side, the first lowest.
pub(crate) fn pack(b: &mut BlockBuilder, name: &str, parts: &[(&Integer, u32)]) -> Integer {
    let mut offset = 0;
    let mut sum = Integer::constant(0);
    for (part, bits) in parts {
        sum = sum + part.shift(offset);
        offset += bits;
    }
    b.named(&format!("{name}, packed"), &sum)
}

/// `ceil(numerator / 10^4)`, below `2^bits`, for `numerator >= 0`.
pub(crate) fn ceil_bp(b: &mut BlockBuilder, name: &str, numerator: &Integer, bits: u32) -> Integer {
    let hint = numerator.clone();
    let bp = I256::from(BP);
    let quotient = b.unsigned(bits, move |cells| div_floor(hint.evaluate(cells) + bp - 1, bp));
    // 0 <= 10^4 quotient - numerator < 10^4.
    let excess = quotient.scale(bp) - numerator;
    b.range(&format!("{name}: 10^4 quotient >= numerator"), &excess, REMAINDER_BITS);
    b.range(&format!("{name}: no less would do"), &(Integer::constant(bp - 1) - &excess), REMAINDER_BITS);
    quotient
}
