//! Blocks of what every batch has: parameters, registers, digests of what is published.

use ethnum::I256;
use num_bigint::BigInt;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use crate::margin::blocks::{RATIO_BITS, pack, two_to};
use crate::state::limits::{CASH_BITS, COUNTER_BITS, TIME_BITS};

/// Most words of data and transactions of a batch, as a power of two: counters grow by less within one.
const COUNT_BITS: u32 = 20;
/// Bits of a sequence number.
pub(in crate::batch) const SEQ_BITS: u32 = 64;

/// A counter of so many bits at the beginning of a batch, within it; at its end it is in range again.
pub(in crate::batch) fn grown(bits: u32) -> BigInt {
    two_to(bits) + two_to(COUNT_BITS)
}

/// Bounds of how many words of data there are.
pub(in crate::batch) fn count_bound() -> BigInt {
    grown(COUNT_BITS)
}

/// Witnesses: chain, application. Outputs: the word of both, the same with the depths.
pub(super) fn venue_block(table: Table, depths: I256) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "venue");
    let chain = b.witness("chain", 64);
    let app = b.witness("application", 64);
    let venue = pack(&mut b, "venue", &[(&chain, 64), (&app, 64)]);
    let first = b.named("venue and depths", &(&venue + Integer::constant(depths).shift(128)));
    [&venue, &first].into_iter().for_each(|output| b.output(output));
    b
}

/// Fields of the word of funding, liquidation and oracle, with their widths, in order.
const LIQUIDATION: [(&str, u32); 12] = [
    ("funding_interval", 32),
    ("funding_period", 32),
    ("funding_cap", RATIO_BITS),
    ("buffer", RATIO_BITS),
    ("close_out", RATIO_BITS),
    ("liquidation_fee", RATIO_BITS),
    ("discount_start", RATIO_BITS),
    ("discount_end", RATIO_BITS),
    ("auction_duration", 32),
    ("auction_lapse", 32),
    ("oracle_threshold", 8),
    ("oracle keys", 8),
];

/// Witnesses and first outputs: the twelve fields of the word of funding, liquidation and oracle. Then the word.
pub(super) fn liquidation_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "funding, liquidation, oracle");
    let fields = LIQUIDATION.map(|(name, bits)| (b.witness(name, bits), bits));
    let parts: Vec<_> = fields.iter().map(|(field, bits)| (field, *bits)).collect();
    let word = pack(&mut b, "funding, liquidation, oracle", &parts);
    fields.iter().map(|(field, _)| field).chain([&word]).for_each(|output| b.output(output));
    b
}

/// Input: whether the key before is there. Witnesses and outputs: whether this one is, its coordinates.
pub(super) fn key_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "oracle key");
    let before = b.input(0, 1);
    let active = b.witness_bit("active");
    b.require_zero("no key after the last", &active * before.not());
    let [x, y] = [(); 2].map(|()| b.witness_digest());
    [&active, &x, &y].into_iter().for_each(|output| b.output(output));
    b
}

/// Witnesses: insurance, fees, seq, time, time of the marks, both cursors; the roots of accounts, markets and rows, the digest of the marks; the
/// circuit set. Outputs: the same, then the words of funds and clock.
pub(super) fn registers_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "registers");
    let insurance = b.witness("insurance", CASH_BITS);
    let fees = b.witness("fees", CASH_BITS);
    let seq = b.witness("seq", SEQ_BITS);
    let time = b.witness("time", TIME_BITS);
    let risk_time = b.witness("time of the marks", TIME_BITS);
    let deposits = b.witness("deposit cursor", COUNTER_BITS);
    let forced = b.witness("forced cursor", COUNTER_BITS);
    let digests = [(); 5].map(|()| b.witness_digest());
    let funds = pack(&mut b, "funds", &[(&insurance, CASH_BITS), (&fees, CASH_BITS)]);
    let clock = clock(&mut b, [&seq, &time, &risk_time, &deposits, &forced]);
    let fields = [&insurance, &fees, &seq, &time, &risk_time, &deposits, &forced];
    fields.into_iter().chain(&digests).chain([&funds, &clock]).for_each(|output| b.output(output));
    b
}

fn clock(b: &mut BlockBuilder, [seq, time, risk_time, deposits, forced]: [&Integer; 5]) -> Integer {
    let parts =
        [(seq, SEQ_BITS), (time, TIME_BITS), (risk_time, TIME_BITS), (deposits, COUNTER_BITS), (forced, COUNTER_BITS)];
    pack(b, "clock", &parts)
}

/// Inputs: insurance, fees, seq, time, time of the marks, both cursors as the batch leaves them; seq and both cursors as it found them; how many
/// words of data there are, how many were claimed. Outputs: the words of funds and clock, of both
/// sequence numbers, of the window, of the cursors.
pub(super) fn final_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "registers afterwards");
    let insurance = b.input_bits(CASH_BITS);
    let fees = b.input_bits(CASH_BITS);
    let seq = b.input(0, grown(SEQ_BITS));
    let time = b.input_bits(TIME_BITS);
    let risk_time = b.input_bits(TIME_BITS);
    let [deposits, forced] = [(); 2].map(|()| b.input_bits(COUNTER_BITS));
    let old_seq = b.input_bits(SEQ_BITS);
    let [old_deposits, old_forced] = [(); 2].map(|()| b.input_bits(COUNTER_BITS));
    let words = b.input(0, count_bound());
    let claimed = b.input_bits(COUNTER_BITS);
    b.require_zero("as many words as claimed", words - claimed);
    b.range("seq in range", &seq, SEQ_BITS);
    let funds = pack(&mut b, "funds", &[(&insurance, CASH_BITS), (&fees, CASH_BITS)]);
    let clock = clock(&mut b, [&seq, &time, &risk_time, &deposits, &forced]);
    let seqs = pack(&mut b, "sequence numbers", &[(&old_seq, SEQ_BITS), (&seq, SEQ_BITS)]);
    let window = pack(&mut b, "window", &[(&risk_time, TIME_BITS), (&time, TIME_BITS)]);
    let cursors = [&old_deposits, &deposits, &old_forced, &forced].map(|cursor| (cursor, COUNTER_BITS));
    let cursors = pack(&mut b, "cursors", &cursors);
    [&funds, &clock, &seqs, &window, &cursors].into_iter().for_each(|output| b.output(output));
    b
}

/// Witness and output: how many words of data the batch has, below 2^32.
pub(super) fn claim_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "words of data");
    let words = b.witness("words", COUNTER_BITS);
    b.output(&words);
    b
}

/// Inputs: a chain's digest, that digest with the pending word and the next one absorbed, the pending word, whether there is one, the next word,
/// whether there is one, how many words there were. Outputs: digest, pending word, whether there is one, how many words there are. Words are
/// absorbed in pairs.
pub(super) fn absorb_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "absorb");
    let [digest, absorbed, pending] = [(); 3].map(|()| b.input_digest());
    let has = b.input(0, 1);
    let word = b.input_digest();
    let on = b.input(0, 1);
    let count = b.input(0, count_bound());
    let pair = &has * &on;
    let digest = b.field("pair ? absorbed : digest", &(&pair * absorbed + pair.not() * digest));
    let next = b.field("pending word", &(on.not() * pending + &on * has.not() * word));
    let has = b.named("a word is pending", &(&has + &on - pair.scale(2))).with_bounds(0, 1);
    // A batch has fewer than 2^20 words: each takes more than one row.
    let count = b.named("words", &(count + on)).with_bounds(0, count_bound());
    [&digest, &next, &has, &count].into_iter().for_each(|output| b.output(output));
    b
}
