//! What a slot leaves behind: the market, the registers, the words of data.

use ethnum::AsI256;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use super::PRICE_BITS;
use crate::batch::frame::{SEQ_BITS, grown};
use crate::margin::blocks::{pack, two_to};
use crate::state::limits::{AMOUNT_BITS, MARKET_BITS, TIME_BITS, TYPE_BITS};
use crate::state::tx::{AdoptRisk, FixExpiry, FundingTick, List, OracleUpdate, Transaction};

/// Width of the word of a market's terms before the settlement price.
const BEFORE_SETTLEMENT: u32 = MARKET_BITS + TIME_BITS + 2 * AMOUNT_BITS;

/// Inputs: the bits of list, oracle_update, fix_expiry and adopt_risk, whether there is a transaction; whether the market exists, the word of its
/// terms, index price, its time; funding index (biased) and time of funding as they are afterwards; the median, an update's time and marks, an
/// adopted root; the registers time, time of the marks, digest of the marks, root of the risk array, seq. Outputs: existence and both words
/// afterwards; the five registers afterwards.
pub(in crate::batch::market) fn effect_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "market effect");
    let [list, update, fixing, adopt, some, exists] = [(); 6].map(|()| b.input(0, 1));
    let terms = b.input_bits(BEFORE_SETTLEMENT + AMOUNT_BITS);
    let price = b.input_bits(AMOUNT_BITS);
    let index_time = b.input_bits(TIME_BITS);
    let funding = b.input_bits(AMOUNT_BITS);
    let funding_time = b.input_bits(TIME_BITS);
    let median = b.input_bits(PRICE_BITS);
    let time = b.input_bits(TIME_BITS);
    let [marks, adopted] = [(); 2].map(|()| b.input_digest());
    let [now, risk_time] = [(); 2].map(|()| b.input_bits(TIME_BITS));
    let [oracle_root, risk_root] = [(); 2].map(|()| b.input_digest());
    let seq = b.input(0, grown(SEQ_BITS));
    b.range("there are marks to adopt", &(&adopt * (&now - Integer::constant(1))), TIME_BITS);

    // A market that is listed does not exist before.
    let exists = b.named("it exists", &(exists + list)).with_bounds(0, 1);
    // A market that is fixed has no settlement price before, so its place in the word is 0.
    let terms = b.named("terms", &(terms + (fixing * &median).shift(BEFORE_SETTLEMENT)));
    let price = b.select(&update, &median, &price);
    let index_time = b.select(&update, &time, &index_time);
    let parts = [(&price, AMOUNT_BITS), (&index_time, TIME_BITS), (&funding, AMOUNT_BITS), (&funding_time, TIME_BITS)];
    let index = pack(&mut b, "index", &parts);
    let risk_time = b.select(&adopt, &now, &risk_time);
    let risk_time = b.named("time of the marks", &risk_time);
    let now = b.select(&update, &time, &now);
    let now = b.named("time", &now);
    let oracle_root = b.field("digest of the marks", &(&update * marks + update.not() * oracle_root));
    let risk_root = b.field("root of the risk array", &(&adopt * adopted + adopt.not() * risk_root));
    // It grows by 1 at most, and a batch has fewer than 2^20 transactions.
    let seq = b.named("seq", &(seq + some)).with_bounds(0, grown(SEQ_BITS));
    let [terms, index] = [terms, index].map(|word| word.with_bounds(0, two_to(253)));
    for output in [&exists, &terms, &index, &now, &risk_time, &oracle_root, &risk_root, &seq] {
        b.output(output);
    }
    b
}

/// Inputs: the bits of list, oracle_update, fix_expiry, adopt_risk and funding_tick; the market's id, underlying, expiry, strike base, strike step;
/// an update's time, the median, the state's time before; an update's marks, an adopted root. Outputs: whether there is a second word of
/// data, the first and the second word.
pub(in crate::batch::market) fn encode_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "market encoding");
    let [list, update, fixing, adopt, tick] = [(); 5].map(|()| b.input(0, 1));
    let [market, underlying] = [(); 2].map(|()| b.input_bits(MARKET_BITS));
    let expiry = b.input_bits(TIME_BITS);
    let [base, step] = [(); 2].map(|()| b.input_bits(AMOUNT_BITS));
    let time = b.input_bits(TIME_BITS);
    let median = b.input_bits(PRICE_BITS);
    let now = b.input_bits(TIME_BITS);
    let [marks, adopted] = [(); 2].map(|()| b.input_digest());
    let word = |number: u8, fields: &[(&Integer, u32)]| {
        let mut offset = TYPE_BITS;
        fields.iter().fold(Integer::constant(number.as_i256()), |word, (field, bits)| {
            let word = word + field.shift(offset);
            offset += bits;
            word
        })
    };
    let (market, median) = ((&market, MARKET_BITS), (&median, AMOUNT_BITS));
    let terms = [(&underlying, MARKET_BITS), (&expiry, TIME_BITS), (&base, AMOUNT_BITS), (&step, AMOUNT_BITS)];
    let first = &list * word(List::TYPE, &[&[market], &terms[..]].concat())
        + &update * word(OracleUpdate::TYPE, &[market, (&time, TIME_BITS), median])
        + fixing * word(FixExpiry::TYPE, &[market, median])
        + &adopt * word(AdoptRisk::TYPE, &[(&now, TIME_BITS)])
        + tick * word(FundingTick::TYPE, &[market]);
    let first = b.field("first word", &first);
    let second = b.field("second word", &(&update * marks + &adopt * adopted));
    let has_second = b.named("a second word", &(update + adopt)).with_bounds(0, 1);
    [&has_second, &first, &second].into_iter().for_each(|output| b.output(output));
    b
}
