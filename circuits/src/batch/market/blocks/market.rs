//! The transaction's type and fields, and the rules about the market that it is of.

use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use super::PRICE_BITS;
use super::reports::REPORTS;
use crate::encoding::Tag;
use crate::margin::blocks::pack;
use crate::state::limits::{AMOUNT_BITS, AMOUNT_LIMIT, MARKET_BITS, STRIKES, TIME_BITS};
use zomma_gadgets::frame::value::to_integer;

/// Input: whether the batch has adopted a risk array. Witnesses: the bits of list, oracle_update, fix_expiry, adopt_risk and funding_tick, an update's time; an update's marks, an adopted root.
/// Outputs: the bits, whether there is a transaction, time, marks, root; whether the batch has now adopted one.
///
/// At most one bit is set: with none the slot is empty. What reads a risk array that the batch does not end with would read one that no `risk` proof is asked for.
pub(in crate::batch::market) fn kind_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "market transaction");
    let before = b.input(0, 1);
    let bits = ["list", "oracle_update", "fix_expiry", "adopt_risk", "funding_tick"].map(|name| b.witness_bit(name));
    let time = b.witness("time", TIME_BITS);
    let [marks, root] = [(); 2].map(|()| b.witness_digest());
    let sum = bits.iter().fold(Integer::constant(0), |sum, bit| sum + bit);
    b.require_zero("one type at most", &sum * sum.not());
    let some = b.named("there is a transaction", &sum).with_bounds(0, 1);
    let [.., adopt, _] = &bits;
    b.require_zero("one risk array at most", adopt * &before);
    let adopted = b.named("a risk array has been adopted", &(before + adopt)).with_bounds(0, 1);
    bits.iter().chain([&some, &time, &marks, &root, &adopted]).for_each(|output| b.output(output));
    b
}

/// Witnesses: underlying, expiry, strike base, strike step, settlement price, perpetual bit. Outputs: these, and their word.
pub(in crate::batch::market) fn terms_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "terms of a market");
    let fields = [
        ("underlying", MARKET_BITS),
        ("expiry", TIME_BITS),
        ("strike base", AMOUNT_BITS),
        ("strike step", AMOUNT_BITS),
        ("settlement price", AMOUNT_BITS),
    ]
    .map(|(name, bits)| (b.witness(name, bits), bits));
    let perpetual = b.witness_bit("perpetual");
    let expiry = &fields[1].0;
    b.require_zero("a perpetual does not expire", &perpetual * expiry);
    b.range("a series does", &(perpetual.not() * (expiry - Integer::constant(1))), TIME_BITS);
    let word = pack(&mut b, "terms", &fields.each_ref().map(|(field, bits)| (field, *bits)));
    fields.iter().map(|(field, _)| field).chain([&perpetual, &word]).for_each(|output| b.output(output));
    b
}

/// Witnesses: whether the market exists; index price, its time, funding index (biased), time of funding. Outputs: existence, index price, its
/// time, funding index, time of funding, the word.
pub(in crate::batch::market) fn index_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "index of a market");
    let exists = b.witness_bit("the market exists");
    let price = b.witness("index price", AMOUNT_BITS);
    let time = b.witness("index time", TIME_BITS);
    let stored = b.witness("funding index", AMOUNT_BITS);
    let funding_time = b.witness("funding time", TIME_BITS);
    let parts = [(&price, AMOUNT_BITS), (&time, TIME_BITS), (&stored, AMOUNT_BITS), (&funding_time, TIME_BITS)];
    let word = pack(&mut b, "index", &parts);
    let funding = b.named("funding index", &(&stored - Integer::power_of_two(AMOUNT_BITS - 1)));
    [&exists, &price, &time, &funding, &funding_time, &word].into_iter().for_each(|output| b.output(output));
    b
}

/// Inputs: the bit of list, whether the market exists, its id, the state's time; underlying, expiry, strike base, strike step, settlement price,
/// perpetual bit; index price, its time, funding index, time of funding. Output: whether a series is listed.
///
/// A market that is listed is not there before, so its fields are those that it is listed with. That the underlying of a series is a
/// perpetual is left to [`last_block`](super::last_block) and [`opened_block`](super::opened_block).
pub(in crate::batch::market) fn listing_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "listing");
    let [list, exists] = [(); 2].map(|()| b.input(0, 1));
    let market = b.input_bits(MARKET_BITS);
    let now = b.input_bits(TIME_BITS);
    let underlying = b.input_bits(MARKET_BITS);
    let expiry = b.input_bits(TIME_BITS);
    let [base, step, settlement] = [(); 3].map(|()| b.input_bits(AMOUNT_BITS));
    let perpetual = b.input(0, 1);
    let price = b.input_bits(AMOUNT_BITS);
    let index_time = b.input_bits(TIME_BITS);
    let funding = b.input_signed(AMOUNT_BITS - 1);
    let funding_time = b.input_bits(TIME_BITS);
    b.require_zero("no such market", &list * exists);
    // None of the three is negative.
    b.require_zero("it has no prices", &list * (settlement + price + index_time));
    b.require_zero("it has no funding index", &list * funding);
    b.require_zero("its funding begins now", &list * (funding_time - &now));
    b.require_zero("a perpetual is its own underlying", &list * &perpetual * (underlying - market));
    b.require_zero("a perpetual has no strikes", &list * &perpetual * (&base + &step));
    let series = b.named("a series is listed", &(list * perpetual.not())).with_bounds(0, 1);
    let one = Integer::constant(1);
    b.range("it expires later", &(&series * (expiry - now - &one)), TIME_BITS);
    b.range("strike base >= 1", &(&series * (&base - &one)), PRICE_BITS);
    b.range("strike step >= 1", &(&series * (&step - one)), PRICE_BITS);
    let room = Integer::constant(AMOUNT_LIMIT - 1) - base - step.scale(STRIKES - 1);
    b.range("strikes below 2^63", &(&series * room), PRICE_BITS);
    b.output(&series);
    b
}

/// Inputs: the bits of oracle_update, fix_expiry and funding_tick, whether the market exists, its perpetual bit, expiry, settlement price and
/// index time; an update's time, the state's time, the parameters' threshold. Outputs: whether there are reports, the time that they name,
/// the tag that they are under.
pub(in crate::batch::market) fn rules_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "market rules");
    let [update, fixing, tick, exists, perpetual] = [(); 5].map(|()| b.input(0, 1));
    let expiry = b.input_bits(TIME_BITS);
    let settlement = b.input_bits(AMOUNT_BITS);
    let [index_time, time, now] = [(); 3].map(|()| b.input_bits(TIME_BITS));
    let threshold = b.input_bits(8);
    b.require_zero("the market exists", (&update + &fixing + &tick) * exists.not());
    b.require_zero("it is an index", (&update + tick) * perpetual.not());
    b.require_zero("it is a series", &fixing * perpetual);
    b.require_zero("it has no settlement price", &fixing * settlement);
    b.range("it has expired", &(&fixing * (&now - &expiry)), TIME_BITS);
    b.range("time >= the state's", &(&update * (&time - now)), TIME_BITS);
    b.range("time > the index's", &(&update * (&time - index_time - Integer::constant(1))), TIME_BITS);
    // One type at most, so the sum is a bit.
    let reported = b.named("there are reports", &(&update + fixing)).with_bounds(0, 1);
    b.require_zero("as many as the threshold", &reported * (threshold - Integer::constant(REPORTS as u64)));
    let named = b.select(&update, &time, &expiry);
    let named = b.named("time of the reports", &named);
    let [report, fixing] = [Tag::Report, Tag::Fixing].map(|tag| Integer::constant(to_integer(tag.word())));
    let tag = b.named("tag of the reports", &(&update * report + update.not() * fixing));
    [&reported, &named, &tag].into_iter().for_each(|output| b.output(output));
    b
}
