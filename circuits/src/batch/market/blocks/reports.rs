//! Reports: prices, the keys that sign them, and their median.

use halo2curves::bn256::Fr;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::value::to_integer;
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use super::PRICE_BITS;
use crate::batch::frame::KEYS;
use crate::margin::blocks::pack;
use crate::state::limits::{AMOUNT_BITS, MARKET_BITS, TIME_BITS};

/// Reports of an update or a fixing: the one threshold that is proven.
pub(in crate::batch) const REPORTS: usize = 3;
/// Bits of a key's index.
const SIGNER_BITS: u32 = KEYS.ilog2();

/// Inputs: whether there are reports, the market's id, the time that the report names. Witness: the price. Outputs: the price, the first word of
/// the message.
pub(in crate::batch::market) fn report_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "report");
    let reported = b.input(0, 1);
    let market = b.input_bits(MARKET_BITS);
    let time = b.input_bits(TIME_BITS);
    let price = b.witness("price", PRICE_BITS);
    b.range("price >= 1", &(reported * (&price - Integer::constant(1))), PRICE_BITS);
    let word = pack(&mut b, "report", &[(&market, MARKET_BITS), (&time, TIME_BITS), (&price, AMOUNT_BITS)]);
    [&price, &word].into_iter().for_each(|output| b.output(output));
    b
}

/// Inputs: the bits of oracle_update and fix_expiry, the least signer that the order of reports admits, the message of an update, that of a
/// fixing; of each of 16 keys whether it is one, and its coordinates. Witnesses: a bit for each key. Outputs: the signer after the chosen
/// one; key and message.
///
/// Without reports no key is chosen, and key and message are those given, which are constants.
pub(in crate::batch::market) fn signer_block(table: Table, [x, y, message]: [Fr; 3]) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "signer");
    let [update, fixing] = [(); 2].map(|()| b.input(0, 1));
    let least = b.input_bits(SIGNER_BITS + 1);
    let [of_update, of_fixing] = [(); 2].map(|()| b.input_digest());
    let keys: Vec<_> = (0..KEYS).map(|_| (b.input(0, 1), [(); 2].map(|()| b.input_digest()))).collect();
    let bits: Vec<_> = (0..KEYS).map(|index| b.witness_bit(&format!("signer {index}"))).collect();
    let nothing = || Integer::constant(0);
    let reported = (&update + &fixing).with_bounds(0, 1);
    let chosen = bits.iter().fold(nothing(), |sum, bit| sum + bit);
    b.require_zero("one key signs", chosen - &reported);
    let missing = bits.iter().zip(&keys).fold(nothing(), |sum, (bit, (active, _))| sum + bit * active.not());
    b.require_zero("it is one of the parameters'", missing);
    let signer = bits.iter().enumerate().fold(nothing(), |sum, (index, bit)| sum + bit.scale(index as u64));
    // One bit at most is set.
    let signer = signer.with_bounds(0, KEYS as u64 - 1);
    b.range("signers ascend", &(&reported * (&signer - least)), SIGNER_BITS);
    let next = b.named("next signer", &(signer + Integer::constant(1)));
    b.output(&next);
    let without = reported.not();
    for (axis, constant) in [x, y].into_iter().enumerate() {
        let constant = &without * Integer::constant(to_integer(constant));
        let sum = bits.iter().zip(&keys).fold(constant, |sum, (bit, (_, key))| sum + bit * &key[axis]);
        let cell = b.field(["x of the key", "y of the key"][axis], &sum);
        b.output(&cell);
    }
    let constant = without * Integer::constant(to_integer(message));
    let message = b.field("message", &(update * of_update + fixing * of_fixing + constant));
    b.output(&message);
    b
}

/// Inputs: three prices. Output: the one in the middle, `max(min(a, b), min(max(a, b), c))`.
pub(in crate::batch::market) fn median_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "median");
    let [first, second, third] = [(); REPORTS].map(|()| b.input_bits(PRICE_BITS));
    let less = b.less_than("first below second", &first, &second, PRICE_BITS);
    let low = b.select(&less, &first, &second);
    let low = b.named("lower of the first two", &low);
    let high = b.named("higher of the first two", &(first + second - &low)).with_bounds(0, (1u64 << PRICE_BITS) - 1);
    let high = b.min("higher against third", &high, &third, PRICE_BITS);
    let high = b.named("lower of that and the third", &high);
    let median = b.max("both against each other", &low, &high, PRICE_BITS);
    let median = b.named("median", &median);
    b.output(&median);
    b
}
