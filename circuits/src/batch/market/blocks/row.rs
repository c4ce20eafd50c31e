//! The second opening of a slot: the row of the risk array that funding reads, or the underlying that a series is listed on.

use ethnum::I256;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::value::to_integer;
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use super::PRICE_BITS;
use crate::encoding::Tag;
use crate::margin::row::{LANE_BITS, LANES_PER_WORD, WORDS};
use crate::state::limits::{INSTRUMENT_BITS, MARKET_BITS};

/// Inputs: the bit of funding_tick, the market's id. Witnesses: the words of the row of the market's instrument. Outputs: the row's terms, the
/// words, the price at the marks; 0 without the bit.
///
/// A perpetual's expiry and strike are 0, and so are strike index and kind of its one instrument: its terms are its id, shifted.
pub(in crate::batch::market) fn row_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "row of a perpetual");
    let tick = b.input(0, 1);
    let market = b.input_bits(MARKET_BITS);
    let words = [(); WORDS].map(|()| b.witness_digest());
    let terms = b.named("terms", &market.shift(INSTRUMENT_BITS - MARKET_BITS));
    let lanes: Vec<_> = (0..LANES_PER_WORD as u32)
        .map(|lane| {
            let hint = words[0].clone();
            let mask = (I256::ONE << PRICE_BITS) - 1;
            b.unsigned(PRICE_BITS, move |cells| (hint.evaluate(cells) >> (lane * LANE_BITS)) & mask)
        })
        .collect();
    let packed = (0..).zip(&lanes).fold(Integer::constant(0), |sum, (lane, price)| sum + price.shift(lane * LANE_BITS));
    b.require_zero("first word = lanes", &words[0] - packed);
    let mark = b.named("mark, or 0", &(tick * &lanes[0]));
    [&terms].into_iter().chain(&words).chain([&mark]).for_each(|output| b.output(output));
    b
}

/// Inputs: whether a series is listed, its underlying; the digest of a row up to its last word, that word. Witness: the row's digest of the
/// Greeks, or the word of the underlying's index. Outputs: what to compress into the leaf.
///
/// Terms of a market below 2^20 have expiry 0, and of a perpetual they are the underlying alone: its own id.
pub(in crate::batch::market) fn last_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "end of the second leaf");
    let series = b.input(0, 1);
    let underlying = b.input_bits(MARKET_BITS);
    let [digest, word] = [(); 2].map(|()| b.input_digest());
    let last = b.witness_digest();
    let tag = Integer::constant(to_integer(Tag::Market.word()));
    let capacity = b.field("tag or digest", &(&series * tag + series.not() * digest));
    let first = b.field("underlying or word", &(&series * underlying + series.not() * word));
    [&capacity, &first, &last].into_iter().for_each(|output| b.output(output));
    b
}

/// Inputs: whether a series is listed, its underlying; the bit of funding_tick; index and root of the second path, the roots of markets and of the
/// risk array as they are before the slot.
pub(in crate::batch::market) fn opened_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "second opening");
    let series = b.input(0, 1);
    let underlying = b.input_bits(MARKET_BITS);
    let tick = b.input(0, 1);
    let index = b.input_bits(MARKET_BITS);
    let [root, markets, risk] = [(); 3].map(|()| b.input_digest());
    b.require_zero("the underlying is a market", &series * (&root - markets));
    b.require_zero("it is the one named", series * (index - underlying));
    b.require_zero("the row is in the risk array", tick * (root - risk));
    b
}
