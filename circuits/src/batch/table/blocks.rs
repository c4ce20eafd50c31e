//! The blocks of the table: markets and instruments as they are loaded, keys, and what a position adds to its reads.

use ethnum::I256;
use num_bigint::BigInt;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use super::{MARK_BITS, PRICE_BITS};
use crate::margin::blocks::{pack, spot_and_total, two_to};
use crate::margin::row::LANE_BITS;
use crate::state::limits::{AMOUNT_BITS, INSTRUMENT_BITS, MARKET_BITS, STRIKE_BITS, TIME_BITS};

/// Keys of an instrument or a market are apart by this power of two.
const KEY_SHIFT: u32 = 3;
/// Keys that an entry that is not used begins at.
const UNUSED_SHIFT: u32 = 50;
/// Where an instrument's figures stand, if it is no perpetual.
const FIGURES: u64 = 4;
/// Where its mark stands.
const MARK: u64 = 6;
/// Where a market's settlement stands.
const SETTLEMENT: u64 = 2;

fn largest_key() -> BigInt {
    two_to(UNUSED_SHIFT + 1)
}

/// The first key of an instrument; of markets `2^32 + id` stands for the instrument.
fn first_key(of: &Integer) -> Integer {
    of.shift(KEY_SHIFT) + Integer::constant(1)
}

/// `2^32 + id`.
fn as_instrument(market: &Integer) -> Integer {
    market + Integer::power_of_two(INSTRUMENT_BITS)
}

/// The keys at which a market or instrument is written: its own, or ones that no reader can form.
fn written(b: &mut BlockBuilder, used: &Integer, of: &Integer, places: std::ops::Range<u64>) -> Vec<Integer> {
    let first = used * first_key(of) + used.not().shift(UNUSED_SHIFT);
    let place = |place: u64| b.named(&format!("key {place}"), &(&first + Integer::constant(place)));
    places.map(place).map(|key| key.with_bounds(0, largest_key())).collect()
}

/// A key at which something is read, or 0.
fn read(b: &mut BlockBuilder, name: &str, on: &Integer, of: &Integer, place: &Integer) -> Integer {
    b.named(name, &(on * (first_key(of) + place))).with_bounds(0, largest_key())
}

/// Inputs: time, time of the marks, largest age of prices. Output: whether there are marks, and not too old ones.
pub(super) fn fresh_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "fresh prices");
    let time = b.input_bits(TIME_BITS);
    let risk_time = b.input_bits(TIME_BITS);
    let max_age = b.input_bits(32);
    let none = b.less_than("no marks", &risk_time, &Integer::constant(1), TIME_BITS);
    let old = b.less_than("marks too old", &max_age, &(time - risk_time), TIME_BITS + 1);
    let fresh = b.named("fresh", &(none.not() * old.not())).with_bounds(0, 1);
    b.output(&fresh);
    b
}

/// Input: time. Witnesses: underlying, expiry, strike base, strike step, settlement price, perpetual bit. Outputs: perpetual bit, whether the
/// market is live, expiry, strike base, strike step, settlement price, the word.
pub(super) fn terms_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "terms of a market");
    let time = b.input_bits(TIME_BITS);
    let underlying = b.witness("underlying", MARKET_BITS);
    let expiry = b.witness("expiry", TIME_BITS);
    let base = b.witness("strike base", AMOUNT_BITS);
    let step = b.witness("strike step", AMOUNT_BITS);
    let settlement = b.witness("settlement price", AMOUNT_BITS);
    let perpetual = b.witness_bit("perpetual");
    b.require_zero("a perpetual does not expire", &perpetual * &expiry);
    b.range("a series expires", &(perpetual.not() * (&expiry - Integer::constant(1))), TIME_BITS);
    let before = b.less_than("time < expiry", &time, &expiry, TIME_BITS);
    // Time is not below an expiry of 0, so at most one is set.
    let live = b.named("live", &(&perpetual + before)).with_bounds(0, 1);
    let parts = [
        (&underlying, MARKET_BITS),
        (&expiry, TIME_BITS),
        (&base, AMOUNT_BITS),
        (&step, AMOUNT_BITS),
        (&settlement, AMOUNT_BITS),
    ];
    let word = pack(&mut b, "terms", &parts);
    for output in [&perpetual, &live, &expiry, &base, &step, &settlement, &word] {
        b.output(output);
    }
    b
}

/// Inputs: the root that a market's path leads to, the root of the markets, the market's id. Witness: whether it is used; then the two are
/// equal. Outputs: its three keys.
pub(super) fn market_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "loaded market");
    let (found, root) = (b.input_digest(), b.input_digest());
    let id = b.input_bits(MARKET_BITS);
    let used = b.witness_bit("used");
    b.require_zero("used: the path leads to the root", &used * (found - root));
    let keys = written(&mut b, &used, &as_instrument(&id), 0..SETTLEMENT + 1);
    keys.iter().for_each(|key| b.output(key));
    b
}

/// Witnesses: market, strike index, kind bit, whether the instrument is used. Outputs: that bit, instrument, strike index, kind; the two keys at
/// which its market is read; the keys of its words and of its mark, and that of its figures if it is no perpetual.
pub(super) fn instrument_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "loaded instrument");
    let market = b.witness("market", MARKET_BITS);
    let strike = b.witness("strike index", STRIKE_BITS);
    let put = b.witness_bit("kind");
    let used = b.witness_bit("used");
    let instrument = b.named("instrument", &(&put + strike.shift(1) + market.shift(1 + STRIKE_BITS)));
    let instrument = instrument.with_bounds(0, two_to(INSTRUMENT_BITS) - 1);
    let reads = [0u64, 1].map(|place| {
        let name = format!("key {place} of its market");
        read(&mut b, &name, &used, &as_instrument(&market), &Integer::constant(place))
    });
    let keys = written(&mut b, &used, &instrument, 0..FIGURES);
    let mark = written(&mut b, &used, &instrument, MARK..MARK + 1);
    let figures = written(&mut b, &used, &instrument, FIGURES..FIGURES + 1);
    let outputs = [&used, &instrument, &strike, &put].into_iter().chain(&reads).chain(&keys).chain(&mark);
    outputs.chain(&figures).for_each(|output| b.output(output));
    b
}

/// Inputs: whether an instrument is used, its id, strike index, kind; expiry, strike base, strike step, funding index of its market, whether that
/// is a perpetual and live; the first and the last word of its row; the key of its figures if it is no perpetual. Witness: the row's digest of the
/// Greeks. Outputs: the terms that the row must have, the digest; spot, sum of lanes; base price, mark; the key of its figures.
pub(super) fn row_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "row of an instrument");
    let used = b.input(0, 1);
    let instrument = b.input_bits(INSTRUMENT_BITS);
    let strike_index = b.input_bits(STRIKE_BITS);
    let put = b.input(0, 1);
    let expiry = b.input_bits(TIME_BITS);
    let base = b.input_bits(AMOUNT_BITS);
    let step = b.input_bits(AMOUNT_BITS);
    let funding = b.input_signed(AMOUNT_BITS - 1);
    let perpetual = b.input(0, 1);
    let live = b.input(0, 1);
    let [first_word, last_word] = [(); 2].map(|()| b.input_digest());
    let key = b.input(0, largest_key());
    let greeks = b.witness_digest();
    b.require_zero("its market is live", &used * live.not());
    // Both terms are unsigned, so their sum is 0 only if they are.
    b.require_zero("a perpetual has one instrument", &used * &perpetual * (put + strike_index.shift(1)));
    let strike = base + strike_index * step;
    let terms = instrument + expiry.shift(INSTRUMENT_BITS) + strike.shift(INSTRUMENT_BITS + TIME_BITS);
    let terms = b.named("terms: instrument, expiry, strike", &terms);

    let hint = first_word.clone();
    let lane = move |from: u32| {
        let hint = hint.clone();
        move |cells: &[I256]| (hint.evaluate(cells) >> from) & ((I256::ONE << PRICE_BITS) - 1)
    };
    let prices = [0, 1, 2].map(|index| b.unsigned(PRICE_BITS, lane(index * LANE_BITS)));
    let [price, first, second] = &prices;
    b.require_zero("first word = lanes", first_word - price - first.shift(LANE_BITS) - second.shift(2 * LANE_BITS));
    let (spot, total) = spot_and_total(&mut b, last_word);
    let spot = b.named("spot", &spot);
    let total = b.named("sum of lanes", &total);
    let price = b.named("base price", price);
    let bound = two_to(MARK_BITS);
    let mark = b.named("mark: base price - funding index", &(&price - funding)).with_bounds(-bound.clone(), bound);
    let figures = b.named("key of the figures", &(key + perpetual)).with_bounds(0, largest_key());
    for output in [&terms, &greeks, &spot, &total, &price, &mark, &figures] {
        b.output(output);
    }
    b
}

/// Inputs: whether margin is asked for, whether the position is there, its instrument. Witness: whether the instrument is a perpetual. Outputs:
/// that bit, the keys of the instrument's words and figures; all 0 where nothing is to be read.
pub(super) fn keys_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "keys of a position");
    let need = b.input(0, 1);
    let active = b.input(0, 1);
    let instrument = b.input_bits(INSTRUMENT_BITS);
    let perpetual = b.witness_bit("perpetual");
    let on = b.named("margin is asked for, of a position", &(need * active)).with_bounds(0, 1);
    b.require_zero("no perpetual where nothing is read", &perpetual * on.not());
    b.output(&perpetual);
    for place in 0..FIGURES {
        let key = read(&mut b, &format!("key {place}"), &on, &instrument, &Integer::constant(place));
        b.output(&key);
    }
    let figures = read(&mut b, "key of the figures", &on, &instrument, &(Integer::constant(FIGURES) + &perpetual));
    b.output(&figures);
    b
}

/// Inputs: whether an instrument is read, the instrument. Output: the key of its mark, or 0.
pub(super) fn key_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "key of an instrument");
    let on = b.input(0, 1);
    let instrument = b.input_bits(INSTRUMENT_BITS);
    let key = read(&mut b, "key of the mark", &on, &instrument, &Integer::constant(MARK));
    b.output(&key);
    b
}

/// Inputs: whether a market's settlement is read, the market. Output: its key, or 0.
pub(super) fn settlement_key_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "key of a settlement");
    let on = b.input(0, 1);
    let market = b.input_bits(MARKET_BITS);
    let key = read(&mut b, "key of the settlement", &on, &as_instrument(&market), &Integer::constant(SETTLEMENT));
    b.output(&key);
    b
}

/// Inputs: two bits and whether the risk array is fresh, which it is if both are set.
pub(super) fn require_fresh_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "prices that are used");
    let [on, also, fresh] = [(); 3].map(|()| b.input(0, 1));
    b.require_zero("they are fresh", on * also * fresh.not());
    b
}

/// The key at which a perpetual's figures stand, for a witness.
pub(super) fn perpetual_key(instrument: I256) -> I256 {
    (instrument << KEY_SHIFT) + I256::from(FIGURES + 2)
}
