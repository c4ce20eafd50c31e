//! Positions: their words and order, and what each adds to an account's sums.

use num_bigint::BigInt;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::integer::field_order;
use zomma_gadgets::frame::value::{to_field, to_integer};
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use super::{FUNDING_SUM_BITS, GROSS_BITS, NOTIONAL_BITS, QTY_MAGNITUDE_BITS, TOTAL_BITS, two_to, unbias};
use crate::margin::row::{LANE_BITS, WORDS};
use crate::state::limits::{AMOUNT_BITS, CASH_BITS, INSTRUMENT_BITS, MARKET_BITS, QTY_BITS, STRIKE_BITS, TIME_BITS};

/// Positions whose products one block sums.
pub const GROUP: usize = 4;
/// Bits of a price and a spot in a row.
const PRICE_BITS: u32 = 63;

/// Inputs: the previous position's activity, and its instrument (-1 before the first). Witnesses: market, strike index, kind bit, quantity and
/// entry (biased), whether the position is there, whether it is the put of the previous call. Outputs: activity, instrument, market, strike
/// index, quantity, the word, the pair bit, the quantity if it is the pair's second.
///
/// Positions that are there come first and strictly ascend; one that is not there counts as zero.
pub fn position_block(table: Table) -> BlockBuilder {
    position(table).0
}

/// As [`position_block`], with one more output: the entry, as it is stored where there is no position. The word of a position that is there is not 0,
/// so that a list's words say which are.
pub(crate) fn entry_position_block(table: Table) -> BlockBuilder {
    let (mut b, Parts { active, word, stored_entry: stored }) = position(table);
    let hint = word.clone();
    let inverse = b.free(0, field_order() - 1, move |cells| {
        to_integer(Option::from(to_field(hint.evaluate(cells)).invert()).unwrap_or_default())
    });
    b.require_equal_in_field("a position's word is not 0", &(word * &inverse), &active);
    b.require_equal_in_field("no position, no inverse", &(active.not() * inverse), &Integer::constant(0));
    let bound = two_to(CASH_BITS - 1);
    let entry = b.named("entry", &unbias(&stored, CASH_BITS)).with_bounds(-bound.clone(), bound);
    b.output(&entry);
    b
}

/// What is known of a position besides the outputs.
struct Parts {
    active: Integer,
    word: Integer,
    stored_entry: Integer,
}

/// A position.
fn position(table: Table) -> (BlockBuilder, Parts) {
    let mut b = BlockBuilder::over(table, "position");
    let previously = b.input(0, 1);
    let previous = b.input(-1, two_to(INSTRUMENT_BITS) - 1);
    let market = b.witness("market", MARKET_BITS);
    let strike = b.witness("strike index", STRIKE_BITS);
    let put = b.witness_bit("kind");
    let stored_qty = b.witness("quantity", QTY_BITS);
    let stored_entry = b.witness("entry", CASH_BITS);
    let active = b.witness_bit("active");
    let pair = b.witness_bit("pair");
    b.require_zero("no position after the last", &active * previously.not());
    let instrument = b.named("instrument", &packed(&[(&put, 1), (&strike, STRIKE_BITS), (&market, MARKET_BITS)]));
    // Ids of one strike differ in the kind alone. A put right after its call has gap 0; any other put has a larger one.
    let gap = &instrument - previous - Integer::constant(1);
    b.range("instruments ascend", &(&active * (&gap - &put * pair.not())), INSTRUMENT_BITS);
    b.require_zero("a pair is of neighbours", &pair * gap);
    b.require_zero("a pair's second is a put", &pair * put.not());
    b.require_zero("a pair is there", &pair * active.not());
    let bound = two_to(QTY_MAGNITUDE_BITS);
    let qty = b.named("quantity, or 0", &(&active * unbias(&stored_qty, QTY_BITS))).with_bounds(-bound.clone(), bound);
    let parts = [(&instrument, INSTRUMENT_BITS), (&stored_qty, QTY_BITS), (&stored_entry, CASH_BITS)];
    let word = b.named("word, or 0", &(&active * packed(&parts)));
    let paired = b.named("pair quantity", &(&pair * &qty));
    for output in [&active, &instrument, &market, &strike, &qty, &word, &pair, &paired] {
        b.output(output);
    }
    (b, Parts { active, word, stored_entry })
}

/// Unsigned integers side by side, the first lowest, without a cell.
fn packed(parts: &[(&Integer, u32)]) -> Integer {
    let mut offset = 0;
    parts.iter().fold(Integer::constant(0), |sum, (part, bits)| {
        let sum = sum + part.shift(offset);
        offset += bits;
        sum
    })
}

/// Inputs: the quantities of [`GROUP`] positions, the sums of the words so far. Witnesses: the words of the positions' rows. Outputs: the words,
/// row by row, then the sums with `q W` of each.
///
/// The sums are field elements: three signed lanes side by side, which come apart while gross exposure is below 2^83.
pub fn products_block(table: Table) -> BlockBuilder {
    let (mut b, words, sums) = products(table, BlockBuilder::witness_digest);
    words.iter().chain(&sums).for_each(|word| b.output(word));
    b
}

/// As [`products_block`], of words that are inputs after quantities and sums, and no outputs.
pub(crate) fn copied_products_block(table: Table) -> BlockBuilder {
    let (mut b, _, sums) = products(table, BlockBuilder::input_digest);
    sums.iter().for_each(|sum| b.output(sum));
    b
}

/// Words row by row, each a cell of its own, and the sums.
fn products(table: Table, word: fn(&mut BlockBuilder) -> Integer) -> (BlockBuilder, Vec<Integer>, Vec<Integer>) {
    let mut b = BlockBuilder::over(table, "products");
    let quantities: Vec<_> = (0..GROUP).map(|_| b.input_signed(QTY_MAGNITUDE_BITS)).collect();
    let sums: Vec<_> = (0..WORDS).map(|_| b.input_digest()).collect();
    let words: Vec<Vec<_>> = (0..GROUP).map(|_| (0..WORDS).map(|_| word(&mut b)).collect()).collect();
    let with = |index: usize, sum: &Integer| {
        quantities.iter().zip(&words).fold(sum.clone(), |sum, (qty, row)| sum + qty * &row[index])
    };
    let sums = sums.iter().enumerate().map(|(index, sum)| b.field(&format!("sum of q W{index}"), &with(index, sum)));
    let sums = sums.collect();
    (b, words.concat(), sums)
}

/// Inputs: whether the path of a position's row has to lead to the root, where it leads, the root.
pub fn opened_row_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "opened row");
    let (active, found, root) = (b.input(0, 1), b.input_digest(), b.input_digest());
    b.require_zero("the path leads to the root", active * (found - root));
    b
}

/// Inputs: of the position activity, instrument, market, strike index, quantity, pair bit; the quantity of the next one if that is its pair's
/// second; of the picked market count, key, perpetual bit, expiry, strike base, strike step, funding index; the last word of the row; the
/// account's sums so far: gross exposure, notional of perpetuals, of naked shorts, funding. Witness: the row's digest of the Greeks.
/// Outputs: the terms that the row must have, the digest, the four sums with this position.
pub fn holding_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "holding");
    let active = b.input(0, 1);
    let instrument = b.input_bits(INSTRUMENT_BITS);
    let market = b.input_bits(MARKET_BITS);
    let strike_index = b.input_bits(STRIKE_BITS);
    let qty = b.input_signed(QTY_MAGNITUDE_BITS);
    let pair = b.input(0, 1);
    let paired = b.input_signed(QTY_MAGNITUDE_BITS);
    let count = b.input(0, two_to(MARKET_BITS));
    let key = b.input_digest();
    let perpetual = b.input(0, 1);
    let expiry = b.input_bits(TIME_BITS);
    let base = b.input_bits(AMOUNT_BITS);
    let step = b.input_bits(AMOUNT_BITS);
    let funding = b.input_signed(AMOUNT_BITS - 1);
    let last_word = b.input_digest();
    let gross = b.input_bits(GROSS_BITS);
    let perp_notional = b.input_bits(NOTIONAL_BITS);
    let naked_notional = b.input_bits(NOTIONAL_BITS);
    let funding_sum = b.input_signed(FUNDING_SUM_BITS);
    let greeks = b.witness_digest();

    b.require_zero("one market is picked", count - &active);
    b.require_zero("it is the position's", &active * (key - market));
    let terms =
        instrument + expiry.shift(INSTRUMENT_BITS) + (base + strike_index * step).shift(INSTRUMENT_BITS + TIME_BITS);
    let terms = b.named("terms: instrument, expiry, strike", &terms);

    let (spot, total) = spot_and_total(&mut b, last_word);
    let sums = exposure(
        &mut b,
        [&active, &qty, &pair, &paired, &perpetual, &spot, &total, &funding],
        [gross, perp_notional, naked_notional, funding_sum],
    );
    [&terms, &greeks].into_iter().chain(&sums).for_each(|output| b.output(output));
    b
}

/// Spot and sum of lanes of a row's last word, of which every lane is in range.
pub(crate) fn spot_and_total(b: &mut BlockBuilder, last_word: Integer) -> (Integer, Integer) {
    let hint = last_word.clone();
    let lane = move |from: u32, bits: u32| {
        let hint = hint.clone();
        move |cells: &[ethnum::I256]| (hint.evaluate(cells) >> from) & ((ethnum::I256::ONE << bits) - 1)
    };
    let last_price = b.unsigned(PRICE_BITS, lane(0, PRICE_BITS));
    let spot = b.unsigned(PRICE_BITS, lane(LANE_BITS, PRICE_BITS));
    let total = b.unsigned(TOTAL_BITS, lane(2 * LANE_BITS, TOTAL_BITS));
    b.require_zero("last word = lanes", last_word - last_price - spot.shift(LANE_BITS) - total.shift(2 * LANE_BITS));
    (spot, total)
}

/// An account's sums with one more position. Inputs: activity, instrument's quantity, pair bit, the quantity of the next one if that is its pair's
/// second; perpetual bit, spot, sum of lanes, funding index of its instrument; gross exposure, notional of perpetuals, of naked shorts, funding so
/// far. Outputs: those four sums with this position.
pub(crate) fn exposure_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "exposure");
    let active = b.input(0, 1);
    let qty = b.input_signed(QTY_MAGNITUDE_BITS);
    let pair = b.input(0, 1);
    let paired = b.input_signed(QTY_MAGNITUDE_BITS);
    let perpetual = b.input(0, 1);
    let spot = b.input_bits(PRICE_BITS);
    let total = b.input_bits(TOTAL_BITS);
    let funding = b.input_signed(AMOUNT_BITS - 1);
    let gross = b.input_bits(GROSS_BITS);
    let perp_notional = b.input_bits(NOTIONAL_BITS);
    let naked_notional = b.input_bits(NOTIONAL_BITS);
    let funding_sum = b.input_signed(FUNDING_SUM_BITS);
    let position = [&active, &qty, &pair, &paired, &perpetual, &spot, &total, &funding];
    let sums = exposure(&mut b, position, [gross, perp_notional, naked_notional, funding_sum]);
    sums.iter().for_each(|sum| b.output(sum));
    b
}

/// The sums with one more position.
fn exposure(
    b: &mut BlockBuilder,
    [active, qty, pair, paired, perpetual, spot, total, funding]: [&Integer; 8],
    [gross, perp_notional, naked_notional, funding_sum]: [Integer; 4],
) -> [Integer; 4] {
    let (_, magnitude) = sign_and_magnitude(b, active, qty);
    // Two products have a cell so that the gate is of degree 3 and shares its columns.
    let magnitude = b.named("magnitude", &magnitude);

    // Naked shorts of a strike: max(0, -(q_call + q_put)), at the first of the two.
    let net = qty + paired;
    let short = b.less_than("short in the strike", &net, &Integer::constant(0), QTY_MAGNITUDE_BITS + 2);
    let first = b.named("first of an option's strike", &(perpetual.not() * pair.not()));
    let naked = first * short * -net;
    let naked = b.named("naked shorts", &naked).with_bounds(0, two_to(QTY_MAGNITUDE_BITS + 1));

    let mut sum = |name: &str, of: Integer, low: BigInt, high: BigInt| {
        // There are at most 2^7 positions, so a sum may be the next position's.
        b.named(name, &of).with_bounds(low, high)
    };
    let most = |bits: u32| two_to(bits) - 1;
    let none = BigInt::from(0);
    [
        sum("gross exposure", gross + &magnitude * total, none.clone(), most(GROSS_BITS)),
        sum("notional of perpetuals", perp_notional + perpetual * magnitude * spot, none.clone(), most(NOTIONAL_BITS)),
        sum("notional of naked shorts", naked_notional + naked * spot, none, most(NOTIONAL_BITS)),
        sum("funding", funding_sum + qty * funding, -two_to(FUNDING_SUM_BITS), two_to(FUNDING_SUM_BITS)),
    ]
}

/// Sign bit and magnitude of a position's quantity, which is 0 only where there is no position.
pub(crate) fn sign_and_magnitude(b: &mut BlockBuilder, active: &Integer, qty: &Integer) -> (Integer, Integer) {
    // |q| = active (m + 1): no position is of quantity 0, so its sign is determined.
    let hint = qty.clone();
    let less_one =
        b.unsigned(QTY_MAGNITUDE_BITS, move |cells| (hint.evaluate(cells).abs() - 1).max(ethnum::I256::ZERO));
    let hint = qty.clone();
    let negative = b.bit("sign of the quantity", move |cells| hint.evaluate(cells) < 0);
    let magnitude = (active * (less_one.clone() + Integer::constant(1))).with_bounds(0, two_to(QTY_MAGNITUDE_BITS));
    b.require_zero("no position, no magnitude", active.not() * less_one);
    b.require_zero("no position, no sign", active.not() * &negative);
    b.require_zero("quantity = sign * magnitude", qty - negative.sign() * &magnitude);
    (negative, magnitude)
}
