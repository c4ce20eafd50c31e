//! Markets: their words, their opening against the root, and which of them a position is in.

use num_bigint::BigInt;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use super::{pack, two_to, unbias};
use crate::state::limits::{AMOUNT_BITS, MARKET_BITS, TIME_BITS};

/// Markets among which one block picks.
pub const SELECTED: usize = 4;
/// What is picked of a market: key, perpetual bit, expiry, strike base, strike step, funding index.
pub const FIELDS: usize = 6;

/// Input: the state's time. Witnesses: underlying, expiry, strike base, strike step, settlement price, perpetual bit. Outputs: perpetual bit,
/// expiry, strike base, strike step, the word. The market is live.
pub fn terms_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "market terms");
    let time = b.input_bits(TIME_BITS);
    let underlying = b.witness("underlying", MARKET_BITS);
    let expiry = b.witness("expiry", TIME_BITS);
    let base = b.witness("strike base", AMOUNT_BITS);
    let step = b.witness("strike step", AMOUNT_BITS);
    let settlement = b.witness("settlement price", AMOUNT_BITS);
    let perpetual = b.witness_bit("perpetual");
    b.require_zero("a perpetual does not expire", &perpetual * &expiry);
    // Expiry is above a time, so it is not 0, and the bit is determined.
    let left = perpetual.not() * (&expiry - time - Integer::constant(1));
    b.range("a series has not expired", &left, TIME_BITS);
    let parts = [
        (&underlying, MARKET_BITS),
        (&expiry, TIME_BITS),
        (&base, AMOUNT_BITS),
        (&step, AMOUNT_BITS),
        (&settlement, AMOUNT_BITS),
    ];
    let word = pack(&mut b, "terms", &parts);
    for output in [&perpetual, &expiry, &base, &step, &word] {
        b.output(output);
    }
    b
}

/// Witnesses: index price, its time, funding index (biased), time of funding. Outputs: funding index, the word.
pub fn index_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "market index");
    let price = b.witness("index price", AMOUNT_BITS);
    let time = b.witness("index time", TIME_BITS);
    let stored = b.witness("funding index", AMOUNT_BITS);
    let funding_time = b.witness("funding time", TIME_BITS);
    let funding = b.named("funding index", &unbias(&stored, AMOUNT_BITS));
    let parts = [(&price, AMOUNT_BITS), (&time, TIME_BITS), (&stored, AMOUNT_BITS), (&funding_time, TIME_BITS)];
    let word = pack(&mut b, "index", &parts);
    b.output(&funding);
    b.output(&word);
    b
}

/// Inputs: the root that a market's path leads to, the root of the markets, the market's id. Witness: whether the market is there; then the
/// two are equal. Output: its key, which is its id, or for one that is not there no market's id.
pub fn opened_market_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "opened market");
    let (found, root) = (b.input_digest(), b.input_digest());
    let id = b.input_bits(MARKET_BITS);
    let used = b.witness_bit("used");
    b.require_zero("used: the path leads to the root", &used * (found - root));
    let key = b.named("used ? id : 2^20 + id", &(id + used.not().shift(MARKET_BITS)));
    b.output(&key);
    b
}

/// Inputs: how many markets have been picked before and their fields' sums, then the fields of [`SELECTED`] markets. Witnesses: a bit for each.
/// Outputs: count and sums with the picked ones.
pub fn pick_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "pick market");
    let count = b.input(0, two_to(MARKET_BITS));
    let sums: Vec<_> = (0..FIELDS).map(|_| b.input_digest()).collect();
    let markets: Vec<Vec<_>> = (0..SELECTED).map(|_| (0..FIELDS).map(|_| b.input_digest()).collect()).collect();
    let bits: Vec<_> = (0..SELECTED).map(|index| b.witness_bit(&format!("pick {index}"))).collect();
    let picked = bits.iter().fold(count, |sum, bit| sum + bit);
    // There are far fewer than 2^20 markets to pick from, so the sum may be the next block's count.
    let count = b.named("count", &picked).with_bounds(BigInt::from(0), two_to(MARKET_BITS));
    b.output(&count);
    for (field, sum) in sums.iter().enumerate() {
        let with = bits.iter().zip(&markets).fold(sum.clone(), |sum, (bit, market)| sum + bit * &market[field]);
        let cell = b.field(&format!("field {field}"), &with);
        b.output(&cell);
    }
    b
}
