//! The blocks of a touch: fields, the account, the trade, what is published.

mod account;
mod fields;
mod outcome;
mod publish;
mod trade;

pub(super) use account::{blank_block, closed_block};
pub(super) use fields::{instrument_block, order_block, values_block};
pub(super) use outcome::{need_block, outcome_block, relief_block};
pub(super) use publish::{data_block, fixed_block, key_block, message_block, registers_block, signer_block};
#[cfg(test)]
pub(super) use trade::trade_at;
pub(super) use trade::{cash_block, payoff_block, position_after_block, position_before_block, trade_block};

use num_bigint::BigInt;
use zomma_gadgets::frame::integer::field_order;
use zomma_gadgets::frame::value::{to_field, to_integer};
use zomma_gadgets::frame::{BlockBuilder, Integer};

use crate::margin::blocks::two_to;

/// Bits of an amount, a price or an order id: below 2^63.
const VALUE_BITS: u32 = 63;
/// Bits of a size in lots: below 2^53.
const SIZE_BITS: u32 = 53;
/// Packed width of an owner's address.
const OWNER_BITS: u32 = 160;
/// Bits of the value of a trade: below 2^94.
const TRADE_BITS: u32 = 94;
/// Bits of a fee: a trade's value at a rate of 33 bits in millionths, rounded up.
const FEE_BITS: u32 = TRADE_BITS + 33 - 19;
/// Bits of the magnitude of cash and of a position's entry: below 2^95.
const CASH_MAGNITUDE_BITS: u32 = crate::state::limits::CASH_BITS - 1;
/// Bits of what an option pays: a price less a strike, of which the grid has 2^11.
const PAYOFF_BITS: u32 = 76;

/// The smallest and the largest of integers whose magnitude is below `2^bits`.
fn magnitude(bits: u32) -> (BigInt, BigInt) {
    (1 - two_to(bits), two_to(bits) - 1)
}

/// A bit: whether an integer is zero.
fn is_zero(b: &mut BlockBuilder, name: &str, of: &Integer) -> Integer {
    of.assert_no_wrap(name);
    let hint = of.clone();
    let zero = b.free(0, 1, move |cells| (hint.evaluate(cells) == 0).into());
    let hint = of.clone();
    let inverse = b.free(0, field_order() - 1, move |cells| {
        to_integer(Option::from(to_field(hint.evaluate(cells)).invert()).unwrap_or_default())
    });
    b.require_zero(format!("{name}: then it is zero"), &zero * of);
    b.require_equal_in_field(&format!("{name}: or it has an inverse"), &(of * &inverse), &zero.not());
    b.require_equal_in_field(&format!("{name}: zero has none"), &(&zero * &inverse), &Integer::constant(0));
    zero
}
