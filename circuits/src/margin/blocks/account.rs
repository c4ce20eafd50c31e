//! An account's words, and the clock.

use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use super::{pack, unbias};
use crate::state::limits::{AMOUNT_BITS, CASH_BITS, COUNTER_BITS, TIME_BITS};

/// Packed width of an owner's address.
const OWNER_BITS: u32 = 160;

/// Witnesses: cash (biased), nonce, start of the auction, owner, reserve; both coordinates of the key, the root of the orders. Outputs: cash,
/// nonce, start of the auction, owner, reserve, the words of balance and owner, key and root.
pub fn account_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "account");
    let stored = b.witness("cash", CASH_BITS);
    let nonce = b.witness("nonce", COUNTER_BITS);
    let auction = b.witness("start of the auction", TIME_BITS);
    let owner = b.witness("owner", OWNER_BITS);
    let reserve = b.witness("reserve", AMOUNT_BITS);
    let [x, y, orders] = [(); 3].map(|()| b.witness_digest());
    let cash = b.named("cash", &unbias(&stored, CASH_BITS));
    let balance = pack(&mut b, "balance", &[(&stored, CASH_BITS), (&nonce, COUNTER_BITS), (&auction, TIME_BITS)]);
    let owner_word = pack(&mut b, "owner and reserve", &[(&owner, OWNER_BITS), (&reserve, AMOUNT_BITS)]);
    for output in [&cash, &nonce, &auction, &owner, &reserve, &balance, &owner_word, &x, &y, &orders] {
        b.output(output);
    }
    b
}

/// Witnesses and outputs: the state's time, the time of the adopted marks, which is not later; the roots of markets and of the risk array.
pub fn clock_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "clock");
    let time = b.witness("time", TIME_BITS);
    let risk_time = b.witness("time of the marks", TIME_BITS);
    b.range("the marks are not later", &(&time - &risk_time), TIME_BITS);
    let [markets, risk] = [(); 2].map(|()| b.witness_digest());
    [&time, &risk_time, &markets, &risk].into_iter().for_each(|output| b.output(output));
    b
}

/// Inputs: whether there is a position, time, time of the marks, largest age of prices. If there is, the marks are of some time and not too
/// old.
pub fn fresh_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "fresh prices");
    let used = b.input(0, 1);
    let time = b.input_bits(TIME_BITS);
    let risk_time = b.input_bits(TIME_BITS);
    let max_age = b.input_bits(32);
    b.range("there are marks", &(&used * (&risk_time - Integer::constant(1))), TIME_BITS);
    b.range("time - risk_time <= max_price_age", &(used * (max_age - time + risk_time)), TIME_BITS);
    b
}
