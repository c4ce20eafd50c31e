//! The blocks of a batch: registers, parameters, what a transaction does, digests of what it publishes.

use ethnum::{AsI256, I256};
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use crate::margin::blocks::{pack, two_to};
use crate::state::limits::{
    ACCOUNT_BITS, AMOUNT_BITS, CASH_BITS, CASH_LIMIT, COUNTER_BITS, COUNTER_LIMIT, TIME_BITS, TYPE_BITS,
};
use crate::state::tx::{AdoptRisk, Collect, Deposit, Transaction};

/// Most transactions of a batch, as a power of two: counters grow by less within one.
const COUNT_BITS: u32 = 20;
/// Packed width of an owner's address.
const OWNER_BITS: u32 = 160;
/// Bits of an amount: from 1, below 2^63.
const AMOUNT_VALUE_BITS: u32 = AMOUNT_BITS - 1;
/// Width of an account's balance word.
const BALANCE_BITS: u32 = CASH_BITS + COUNTER_BITS + TIME_BITS;
/// Bits of the words of a parameter set's ratios before the fee account.
const RATIOS_BITS: u32 = 176;
/// Bits of a sequence number.
const SEQ_BITS: u32 = 64;

fn grown(bits: u32) -> num_bigint::BigInt {
    two_to(bits) + two_to(COUNT_BITS)
}

/// Witnesses: chain, application; the word of ratios up to the fee account, fee account, insurance account; then any field elements:
/// scenario set, the three words of weights, the word of liquidation. Outputs: venue, the first word, the word of ratios, fee account, and
/// those five.
pub fn params_block(table: Table, depths: I256) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "parameters");
    let chain = b.witness("chain", 64);
    let app = b.witness("application", 64);
    let ratios = b.witness("ratios", RATIOS_BITS);
    let fee_account = b.witness("fee account", ACCOUNT_BITS);
    let insurance = b.witness("insurance account", ACCOUNT_BITS);
    let venue = pack(&mut b, "venue", &[(&chain, 64), (&app, 64)]);
    let first = b.named("venue and depths", &(&venue + Integer::constant(depths).shift(128)));
    let ratios = pack(
        &mut b,
        "ratios and accounts",
        &[(&ratios, RATIOS_BITS), (&fee_account, ACCOUNT_BITS), (&insurance, ACCOUNT_BITS)],
    );
    let digests = [(); 5].map(|()| b.witness_digest());
    [&venue, &first, &ratios, &fee_account].into_iter().chain(&digests).for_each(|output| b.output(output));
    b
}

/// Input: whether the key before is there. Witnesses and outputs: whether this one is, its coordinates.
pub fn key_block(table: Table) -> BlockBuilder {
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
pub fn registers_block(table: Table) -> BlockBuilder {
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

/// Inputs: insurance, fees, seq, time, time of the marks, both cursors as the batch leaves them; seq and deposit cursor as it found them; how many
/// words of data there are, how many were claimed. Outputs: the words of funds and clock, of both sequence numbers, of the window, of the
/// cursors.
pub fn final_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "registers afterwards");
    let insurance = b.input_bits(CASH_BITS);
    let fees = b.input_bits(CASH_BITS);
    let seq = b.input(0, grown(SEQ_BITS));
    let time = b.input_bits(TIME_BITS);
    let risk_time = b.input_bits(TIME_BITS);
    let deposits = b.input(0, grown(COUNTER_BITS));
    let forced = b.input_bits(COUNTER_BITS);
    let old_seq = b.input_bits(SEQ_BITS);
    let old_deposits = b.input_bits(COUNTER_BITS);
    let words = b.input(0, grown(COUNT_BITS));
    let claimed = b.input_bits(COUNTER_BITS);
    b.require_zero("as many words as claimed", words - claimed);
    b.range("seq in range", &seq, SEQ_BITS);
    b.range("deposit cursor in range", &deposits, COUNTER_BITS);
    let funds = pack(&mut b, "funds", &[(&insurance, CASH_BITS), (&fees, CASH_BITS)]);
    let clock = clock(&mut b, [&seq, &time, &risk_time, &deposits, &forced]);
    let seqs = pack(&mut b, "sequence numbers", &[(&old_seq, SEQ_BITS), (&seq, SEQ_BITS)]);
    let window = pack(&mut b, "window", &[(&risk_time, TIME_BITS), (&time, TIME_BITS)]);
    let cursors = [&old_deposits, &deposits, &forced, &forced].map(|cursor| (cursor, COUNTER_BITS));
    let cursors = pack(&mut b, "cursors", &cursors);
    [&funds, &clock, &seqs, &window, &cursors].into_iter().for_each(|output| b.output(output));
    b
}

/// Witness and output: how many words of data the batch has, below 2^32.
pub fn claim_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "words of data");
    let words = b.witness("words", COUNTER_BITS);
    b.output(&words);
    b
}

/// Input: whether an account has been touched before. Witnesses: the bits of deposit, collect and adopt_risk, amount, owner, whether the
/// account exists; its positions root, the adopted root. Outputs: whether an account has been touched now, the three bits, amount, owner,
/// existence, positions root, adopted root.
///
/// At most one bit is set: with none it is padding. A market transaction comes before every account transaction.
pub fn fields_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "transaction");
    let before = b.input(0, 1);
    let [deposit, collect, adopt] = ["deposit", "collect", "adopt_risk"].map(|name| b.witness_bit(name));
    let amount = b.witness("amount", AMOUNT_VALUE_BITS);
    let owner = b.witness("owner", OWNER_BITS);
    let exists = b.witness_bit("the account exists");
    let [positions, root] = [(); 2].map(|()| b.witness_digest());
    let some = &deposit + &collect + &adopt;
    b.require_zero("one type at most", &some * (Integer::constant(1) - &some));
    b.require_zero("markets before accounts", &adopt * &before);
    b.range("amount >= 1", &(&deposit * (&amount - Integer::constant(1))), AMOUNT_VALUE_BITS);
    // One type at most, so the sum of two of them is a bit.
    let account = (&deposit + &collect).with_bounds(0, 1);
    let touched = b.named("an account has been touched", &(&before + before.not() * account)).with_bounds(0, 1);
    for output in [&touched, &deposit, &collect, &adopt, &amount, &owner, &exists, &positions, &root] {
        b.output(output);
    }
    b
}

/// Inputs: the bits of deposit, collect and adopt_risk, amount, existence, adopted root; the account's cash and balance word; fees, seq, time,
/// time of the marks, deposit cursor, root of the rows. Outputs: whether the account is credited, whether a deposit is sent back, its balance
/// word, fees, seq, time of the marks, deposit cursor and root afterwards.
pub fn effect_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "effect");
    let [deposit, collect, adopt] = [(); 3].map(|()| b.input(0, 1));
    let amount = b.input_bits(AMOUNT_VALUE_BITS);
    let exists = b.input(0, 1);
    let adopted = b.input_digest();
    let cash = b.input_signed(CASH_BITS - 1);
    let balance = b.input_bits(BALANCE_BITS);
    let fees = b.input_bits(CASH_BITS);
    let seq = b.input(0, grown(SEQ_BITS));
    let time = b.input_bits(TIME_BITS);
    let risk_time = b.input_bits(TIME_BITS);
    let cursor = b.input(0, grown(COUNTER_BITS));
    let root = b.input_digest();

    let added = &deposit * amount + &collect * &fees;
    let top = Integer::constant(CASH_LIMIT.as_i256() - 1);
    let over = b.less_than("cash out of range", &top, &(&cash + &added), CASH_BITS + 2);
    let credited = b.named("credited", &(exists * over.not()));
    let refunded = b.named("sent back", &(&deposit * credited.not()));
    b.require_zero("fees are collected whole", &collect * credited.not());
    b.range("there are fees to collect", &(&collect * (&fees - Integer::constant(1))), CASH_BITS);
    b.range("there are marks", &(&adopt * (&time - Integer::constant(1))), TIME_BITS);
    let left = Integer::constant(u64::from(COUNTER_LIMIT) - 1) - &cursor;
    b.range("the queue's index is in range", &(&deposit * left), COUNTER_BITS);

    // Cash below 2^95 after adding, or unchanged: the word's other fields are not reached.
    let balance = b.named("balance", &(balance + &credited * added)).with_bounds(0, two_to(BALANCE_BITS) - 1);
    let fees = b.named("fees", &(collect.not() * &fees));
    // Counters grow by 1 at most, and a batch has fewer than 2^20 transactions.
    let seq = b.named("seq", &(seq + &deposit + &collect + &adopt)).with_bounds(0, grown(SEQ_BITS));
    let risk_time = b.select(&adopt, &time, &risk_time);
    let risk_time = b.named("time of the marks", &risk_time);
    let cursor = b.named("deposit cursor", &(cursor + deposit)).with_bounds(0, grown(COUNTER_BITS));
    let root = b.field("root of the rows", &(&adopt * adopted + adopt.not() * root));
    for output in [&credited, &refunded, &balance, &fees, &seq, &risk_time, &cursor, &root] {
        b.output(output);
    }
    b
}

/// Inputs: the bits of deposit, collect and adopt_risk, account, index in the queue, amount, owner, time, adopted root, fee account, how many
/// words of data there were. Outputs: whether there are a first and a second word of data, the words; the queue's entry, the payment; how many
/// words there are.
pub fn encode_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "encoding");
    let [deposit, collect, adopt] = [(); 3].map(|()| b.input(0, 1));
    let account = b.input_bits(ACCOUNT_BITS);
    let index = b.input(0, grown(COUNTER_BITS));
    let amount = b.input_bits(AMOUNT_VALUE_BITS);
    let owner = b.input_bits(OWNER_BITS);
    let time = b.input_bits(TIME_BITS);
    let adopted = b.input_digest();
    let fee_account = b.input_bits(ACCOUNT_BITS);
    let count = b.input(0, grown(COUNT_BITS));
    b.require_zero("fees go to the fee account", &collect * (&account - fee_account));
    // A deposit's index is below 2^32 - 1, as the effect requires; of others the entry is not used.
    let deposit_word = Integer::constant(u64::from(Deposit::TYPE))
        + index.shift(TYPE_BITS)
        + account.shift(TYPE_BITS + COUNTER_BITS)
        + amount.shift(TYPE_BITS + COUNTER_BITS + ACCOUNT_BITS);
    let adopt_word = Integer::constant(u64::from(AdoptRisk::TYPE)) + time.shift(TYPE_BITS);
    let first = &deposit * deposit_word + collect.scale(u64::from(Collect::TYPE).as_i256()) + &adopt * adopt_word;
    let has_first = b.named("a first word", &(&deposit + &collect + &adopt)).with_bounds(0, 1);
    let has_second = b.named("a second word", &(&deposit + &adopt)).with_bounds(0, 1);
    let first = b.field("first word", &first);
    let second = b.field("second word", &(&deposit * owner + &adopt * adopted));
    let payment = &account + amount.shift(ACCOUNT_BITS);
    let entry = b.named("queue entry", &(&payment + index.shift(ACCOUNT_BITS + AMOUNT_BITS)));
    let payment = b.named("payment", &payment);
    let count = b.named("words", &(count + &has_first + &has_second)).with_bounds(0, grown(COUNT_BITS));
    for output in [&has_first, &has_second, &first, &second, &entry, &payment, &count] {
        b.output(output);
    }
    b
}

/// Inputs: a chain's digest, that digest with the pending word and the next one absorbed, the pending word, whether there is one, the next word,
/// whether there is one. Outputs: digest, pending word, whether there is one. Words are absorbed in pairs.
pub fn absorb_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "absorb");
    let [digest, absorbed, pending] = [(); 3].map(|()| b.input_digest());
    let has = b.input(0, 1);
    let word = b.input_digest();
    let on = b.input(0, 1);
    let pair = &has * &on;
    let digest = b.field("pair ? absorbed : digest", &(&pair * absorbed + pair.not() * digest));
    let next = b.field("pending word", &(on.not() * pending + &on * has.not() * word));
    let has = b.named("a word is pending", &(&has + &on - pair.scale(2))).with_bounds(0, 1);
    [&digest, &next, &has].into_iter().for_each(|output| b.output(output));
    b
}

/// Inputs: a bit, a digest. Output: the digest if the bit is set, or 0, which is the leaf of a place with nothing in it.
pub fn leaf_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "leaf");
    let (bit, digest) = (b.input(0, 1), b.input_digest());
    let leaf = b.field("exists ? digest : 0", &(bit * digest));
    b.output(&leaf);
    b
}
