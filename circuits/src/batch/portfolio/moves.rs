//! What moves of each position: out of one list and into the other.

use ethnum::I256;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use super::blocks::{SHARE_BITS, VALUE_BITS};
use crate::batch::table::MARK_BITS;
use crate::margin::blocks::{QTY_MAGNITUDE_BITS, ceil_bp, sign_and_magnitude, two_to, unbias};
use crate::state::limits::{CASH_BITS, CASH_LIMIT, INSTRUMENT_BITS, QTY_BITS, QTY_LIMIT};

/// Bits of a valid quantity's magnitude.
const LOTS_BITS: u32 = 53;
/// Bits of the value of what moves of one position.
const MOVED_BITS: u32 = QTY_MAGNITUDE_BITS + MARK_BITS;

fn bias(value: &Integer, bits: u32) -> Integer {
    value + Integer::power_of_two(bits - 1)
}

/// A position's word, or 0 where there is none, from stored quantity and entry.
fn word(b: &mut BlockBuilder, name: &str, there: &Integer, [instrument, qty, entry]: [&Integer; 3]) -> Integer {
    let packed = instrument + qty.shift(INSTRUMENT_BITS) + entry.shift(INSTRUMENT_BITS + QTY_BITS);
    b.named(name, &(there * packed))
}

/// Inputs: whether there is a transaction, whether a position is there. Output: whether it moves.
pub(super) fn moving_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "a position that moves");
    let [some, active] = [(); 2].map(|()| b.input(0, 1));
    let on = b.named("it moves", &(some * active)).with_bounds(0, 1);
    b.output(&on);
    b
}

/// Inputs: of a position activity, instrument, quantity, entry; the share that moves, in bp; the instrument's mark; the value that has moved
/// before. Outputs: the lots that move and their value, both signed; whether something is left, its word, its entry; the value that has moved with
/// this.
///
/// Lots are `sign(q) ceil(|q| share / 10^4)`.
pub(super) fn share_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "share of a position");
    let active = b.input(0, 1);
    let instrument = b.input_bits(INSTRUMENT_BITS);
    let qty = b.input_signed(QTY_MAGNITUDE_BITS);
    let entry = b.input_signed(CASH_BITS - 1);
    let share = b.input_bits(SHARE_BITS);
    let mark = b.input_signed(MARK_BITS);
    let before = b.input_signed(VALUE_BITS);
    let (negative, magnitude) = sign_and_magnitude(&mut b, &active, &qty);
    let moved = ceil_bp(&mut b, "lots", &(&magnitude * share), QTY_MAGNITUDE_BITS);
    // The share is 10^4 at most, so no more moves than is there.
    let rest = magnitude - &moved;
    let (left, _) = positive(&mut b, "left", &rest, QTY_MAGNITUDE_BITS);
    let bound = two_to(QTY_MAGNITUDE_BITS);
    let lots = b.named("lots that move", &(negative.sign() * moved)).with_bounds(-bound.clone(), bound);
    let value = b.named("their value", &(&lots * mark));
    let entry = b.named("entry", &(&active * (entry - &value)));
    let qty = bias(&(qty - &lots), QTY_BITS);
    let word = word(&mut b, "word, or 0", &left, [&instrument, &qty, &bias(&entry, CASH_BITS)]);
    // There are far fewer than 2^8 positions, so the sum may be the next one's.
    let bound = two_to(VALUE_BITS);
    let sum = b.named("value that has moved", &(before + &value)).with_bounds(-bound.clone(), bound);
    [&lots, &value, &left, &word, &entry, &sum].into_iter().for_each(|output| b.output(output));
    b
}

/// The bit that a magnitude is not 0, and what it is more than 1 then.
fn positive(b: &mut BlockBuilder, name: &str, magnitude: &Integer, bits: u32) -> (Integer, Integer) {
    let hint = magnitude.clone();
    let some = b.bit(name, move |cells| hint.evaluate(cells) != 0);
    let hint = magnitude.clone();
    let less_one = b.unsigned(bits, move |cells| (hint.evaluate(cells) - 1).max(I256::ZERO));
    b.require_zero(format!("{name}: magnitude"), magnitude - &some * (&less_one + Integer::constant(1)));
    b.require_zero(format!("{name}: nothing is 0"), some.not() * &less_one);
    (some, less_one)
}

/// Inputs: whether a position moves, its instrument, the lots and value that move. Witnesses: whether the other account has a position in the
/// instrument, its quantity and entry (biased). Outputs: that bit, the position's word or 0; whether there is one afterwards, its word or 0, its
/// entry.
pub(super) fn take_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "position that is taken");
    let active = b.input(0, 1);
    let instrument = b.input_bits(INSTRUMENT_BITS);
    let lots = b.input_signed(QTY_MAGNITUDE_BITS);
    let value = b.input_signed(MOVED_BITS);
    let was = b.witness_bit("there was a position");
    let stored_qty = b.witness("quantity", QTY_BITS);
    let stored_entry = b.witness("entry", CASH_BITS);
    b.require_zero("nothing is taken out for nothing", &was * active.not());
    // So that the word is not 0, which stands in a list for no position.
    b.range("a quantity is stored", &(&was * (&stored_qty - Integer::constant(1))), QTY_BITS);
    let before = word(&mut b, "word before, or 0", &was, [&instrument, &stored_qty, &stored_entry]);

    let entry = b.named("entry", &(value + &was * unbias(&stored_entry, CASH_BITS)));
    let qty = b.named("quantity", &(lots + &was * unbias(&stored_qty, QTY_BITS)));
    let hint = qty.clone();
    let negative = b.bit("sign of the quantity", move |cells| hint.evaluate(cells) < 0);
    let hint = qty.clone();
    let is = b.bit("there is a position", move |cells| hint.evaluate(cells) != 0);
    let hint = qty.clone();
    let less_one = b.unsigned(LOTS_BITS, move |cells| (hint.evaluate(cells).abs() - 1).max(I256::ZERO));
    let most = Integer::constant(QTY_LIMIT - 2);
    b.range("quantity < 2^53", &(most - &less_one), LOTS_BITS);
    b.require_zero("quantity = sign * magnitude", &qty - &is * (negative.sign() * (&less_one + Integer::constant(1))));
    b.require_zero("no position, no magnitude", is.not() * less_one);
    b.require_zero("no position, no sign", is.not() * negative);
    let after = word(&mut b, "word, or 0", &is, [&instrument, &bias(&qty, QTY_BITS), &bias(&entry, CASH_BITS)]);
    [&was, &before, &is, &after, &entry].into_iter().for_each(|output| b.output(output));
    b
}

/// Input: an entry, which is below 2^95 in magnitude.
pub(super) fn entry_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "entry in range");
    let entry = b.input_signed(MOVED_BITS + 1);
    let top = Integer::constant(CASH_LIMIT - 1);
    b.range("entry > -2^95", &(&entry + &top), CASH_BITS);
    b.range("entry < 2^95", &(top - entry), CASH_BITS);
    b
}
