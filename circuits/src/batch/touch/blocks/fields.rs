//! What a transaction says: amounts, owners, orders, instruments, and what a second touch has in common with the first.

use num_bigint::BigInt;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use super::{OWNER_BITS, SIZE_BITS, VALUE_BITS};
use crate::margin::blocks::two_to;
use crate::state::limits::{ACCOUNT_BITS, INSTRUMENT_BITS, MARKET_BITS, STRIKE_BITS, TIME_BITS};

/// Inputs: the classes asks and fill. Witnesses and outputs: amount or price, owner, size, coordinates of a new key.
pub(in super::super) fn values_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "values");
    let [asks, fill] = [(); 2].map(|()| b.input(0, 1));
    let amount = b.witness("amount", VALUE_BITS);
    let owner = b.witness("owner", OWNER_BITS);
    let size = b.witness("size", SIZE_BITS);
    let [x, y] = [(); 2].map(|()| b.witness_digest());
    b.range("amount >= 1", &(asks * (&amount - Integer::constant(1))), VALUE_BITS);
    b.range("size >= 1", &(fill * (&size - Integer::constant(1))), SIZE_BITS);
    [&amount, &owner, &size, &x, &y].into_iter().for_each(|output| b.output(output));
    b
}

/// Inputs: the class fill, the state's time, price. Witnesses: limit, size in all, expiry, the bit of the side. Outputs: these.
pub(in super::super) fn order_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "order");
    let fill = b.input(0, 1);
    let time = b.input_bits(TIME_BITS);
    let price = b.input_bits(VALUE_BITS);
    let limit = b.witness("limit", VALUE_BITS);
    let size = b.witness("size in all", SIZE_BITS);
    let expiry = b.witness("expiry", TIME_BITS);
    let side = b.witness_bit("side");
    b.range("limit >= 1", &(&fill * (&limit - Integer::constant(1))), VALUE_BITS);
    b.range("not expired", &(&fill * (&expiry - time)), TIME_BITS);
    // Buys at the limit or below, sells at it or above.
    b.range("price within the limit", &(fill * side.sign() * (&limit - price)), VALUE_BITS);
    [&limit, &size, &expiry, &side].into_iter().for_each(|output| b.output(output));
    b
}

/// Inputs: the class first, the bits of payee and taker; account, amount, size, side; of the touch before the other account, instrument, amount,
/// size, side. Witnesses: the other account, the order's id less 1, market, strike index, kind. Outputs: the other account, id, market, strike
/// index, kind, instrument.
///
/// A second touch is of the account that the first one names, and of the same amount or trade, on the other side. The two accounts differ.
pub(in super::super) fn instrument_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "instrument");
    let [first, payee, taker] = [(); 3].map(|()| b.input(0, 1));
    let account = b.input_bits(ACCOUNT_BITS);
    let amount = b.input_bits(VALUE_BITS);
    let size = b.input_bits(SIZE_BITS);
    let side = b.input(0, 1);
    let named = b.input_bits(ACCOUNT_BITS);
    let first_instrument = b.input_bits(INSTRUMENT_BITS);
    let first_amount = b.input_bits(VALUE_BITS);
    let first_size = b.input_bits(SIZE_BITS);
    let first_side = b.input(0, 1);

    let other = b.witness("other account", ACCOUNT_BITS);
    let below = b.witness("id - 1", VALUE_BITS);
    let market = b.witness("market", MARKET_BITS);
    let strike = b.witness("strike index", STRIKE_BITS);
    let put = b.witness_bit("kind");
    b.range("id < 2^63", &(Integer::constant((1u64 << VALUE_BITS) - 2) - &below), VALUE_BITS);
    let id = b.named("id", &(below + Integer::constant(1)));
    let id = id.with_bounds(1, two_to(VALUE_BITS) - BigInt::from(1));
    let instrument = b.named("instrument", &(&put + strike.shift(1) + market.shift(1 + STRIKE_BITS)));

    // Account and other differ: one of both differences is 1 or more.
    let hint = (account.clone(), other.clone(), first.clone());
    let less = b.bit("the other account is below", move |cells| {
        hint.2.evaluate(cells) == 1 && hint.1.evaluate(cells) < hint.0.evaluate(cells)
    });
    b.require_zero("no comparison of one account", &less * first.not());
    let gap = less.sign() * (&other - &account) - Integer::constant(1);
    b.range("two accounts", &(first * gap), ACCOUNT_BITS);

    let second = (&payee + &taker).with_bounds(0, 1);
    b.require_zero("the account named", &second * (account - named));
    b.require_zero("the same amount or price", second * (amount - first_amount));
    b.require_zero("the same size", &taker * (size - first_size));
    b.require_zero("the same instrument", &taker * (&instrument - first_instrument));
    b.require_zero("the other side", taker * (side + first_side - Integer::constant(1)));
    for output in [&other, &id, &market, &strike, &put, &instrument] {
        b.output(output);
    }
    b
}
