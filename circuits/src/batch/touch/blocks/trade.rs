//! What moves: positions and cash.

use ethnum::I256;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::fixed::native::div_floor;
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use super::{CASH_MAGNITUDE_BITS, FEE_BITS, PAYOFF_BITS, SIZE_BITS, TRADE_BITS, VALUE_BITS, magnitude};
use crate::margin::blocks::{QTY_MAGNITUDE_BITS, two_to};
use crate::state::limits::{ACCOUNT_BITS, AMOUNT_BITS, CASH_BITS, INSTRUMENT_BITS, QTY_BITS, STRIKE_BITS};

/// Rates of fees are in millionths.
const MILLION: u64 = 1_000_000;
/// Bits of a remainder modulo [`MILLION`].
const REMAINDER_BITS: u32 = 20;
/// Bits that hold any cash as it would be: a settled position is worth less than 2^132.
const TRIED_BITS: u32 = 134;

/// `2^bits - 1`.
fn top(bits: u32) -> Integer {
    Integer::constant((I256::ONE << bits) - 1)
}

/// Requires `|of| < 2^bits`, and says so.
fn bounded(b: &mut BlockBuilder, name: &str, of: Integer, bits: u32) -> Integer {
    b.range(&format!("{name} > -2^{bits}"), &(&of + top(bits)), bits + 1);
    b.range(&format!("{name} < 2^{bits}"), &(top(bits) - &of), bits + 1);
    let (low, high) = magnitude(bits);
    of.with_bounds(low, high)
}

/// Inputs: the bits of maker and taker, price, size, the market's funding index, both rates. Outputs: value and fee of the trade, 0 if there is
/// none.
pub(in super::super) fn trade_block(table: Table) -> BlockBuilder {
    trade_at(table, |millionths| div_floor(millionths + I256::from(MILLION) - 1, I256::from(MILLION)))
}

/// The same, whose prover takes the fee for so many millionths to be what `fee` says.
pub(in super::super) fn trade_at(table: Table, fee: fn(I256) -> I256) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "trade");
    let [maker, taker] = [(); 2].map(|()| b.input(0, 1));
    let price = b.input_bits(VALUE_BITS);
    let size = b.input_bits(SIZE_BITS);
    let funding = b.input_signed(AMOUNT_BITS - 1);
    let [maker_rate, taker_rate] = [(); 2].map(|()| b.input_bits(32));
    let lots = b.named("size of a fill", &((&maker + &taker) * size)).with_bounds(0, two_to(SIZE_BITS) - 1);
    let traded = b.named("price size", &(price * &lots));
    b.range("price size < 2^94", &traded, TRADE_BITS);
    let traded = traded.with_bounds(0, two_to(TRADE_BITS) - 1);
    let value = b.named("v = size (price - I)", &(&traded - lots * funding));
    let value = bounded(&mut b, "v", value, TRADE_BITS);
    let numerator = (maker * maker_rate + taker * taker_rate) * traded;
    let hint = numerator.clone();
    let million = I256::from(MILLION);
    let fee = b.unsigned(FEE_BITS, move |cells| fee(hint.evaluate(cells)));
    let excess = fee.scale(million) - numerator;
    b.range("fee: not too low", &excess, REMAINDER_BITS);
    b.range("fee: not too high", &(Integer::constant(million - 1) - excess), REMAINDER_BITS);
    let fee = b.named("fee", &fee);
    [&value, &fee].into_iter().for_each(|output| b.output(output));
    b
}

/// Inputs: the class fill, the bit of a settlement, instrument. Witnesses: quantity and entry (biased), whether there is a position. Outputs:
/// whether there is one, quantity, entry, the word: all 0 if there is none.
///
/// That it is in the list is proven where the list is edited.
pub(in super::super) fn position_before_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "position before");
    let [fill, settle] = [(); 2].map(|()| b.input(0, 1));
    let instrument = b.input_bits(INSTRUMENT_BITS);
    let qty = b.witness("quantity", QTY_BITS);
    let entry = b.witness("entry", CASH_BITS);
    let there = b.witness_bit("there is one");
    b.require_zero("a position is touched", &there * (Integer::constant(1) - fill - &settle));
    b.require_zero("settled: there is one", settle * there.not());
    let word = instrument + qty.shift(INSTRUMENT_BITS) + entry.shift(INSTRUMENT_BITS + QTY_BITS);
    let word = b.named("word, or 0", &(&there * word));
    let qty = b.named("quantity, or 0", &(&there * (qty - Integer::power_of_two(QTY_BITS - 1))));
    let entry = b.named("entry, or 0", &(&there * (entry - Integer::power_of_two(CASH_BITS - 1))));
    [&there, &qty, &entry, &word].into_iter().for_each(|output| b.output(output));
    b
}

/// Inputs: the class fill, side, size, value; instrument, quantity and entry before. Outputs: whether there is a position, the word, or 0.
pub(in super::super) fn position_after_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "position afterwards");
    let [fill, side] = [(); 2].map(|()| b.input(0, 1));
    let size = b.input_bits(SIZE_BITS);
    let value = b.input_signed(TRADE_BITS);
    let instrument = b.input_bits(INSTRUMENT_BITS);
    let qty = b.input_signed(QTY_MAGNITUDE_BITS);
    let entry = b.input_signed(CASH_MAGNITUDE_BITS);

    let qty = b.named("quantity", &(&fill * (qty + side.sign() * size)));
    let entry = b.named("entry", &(&fill * (entry + side.sign() * value)));
    let entry = bounded(&mut b, "entry", entry, CASH_MAGNITUDE_BITS);
    // |q| = m + 1 < 2^53 if there is a position.
    let hint = qty.clone();
    let there = b.bit("there is one", move |cells| hint.evaluate(cells) != 0);
    let hint = qty.clone();
    let negative = b.bit("sign of the quantity", move |cells| hint.evaluate(cells) < 0);
    let hint = qty.clone();
    let less_one = b.unsigned(SIZE_BITS, move |cells| (hint.evaluate(cells).abs() - 1).max(I256::ZERO));
    b.range("|q| < 2^53", &(Integer::constant((1u64 << SIZE_BITS) - 2) - &less_one), SIZE_BITS);
    b.require_zero("no position, no magnitude", there.not() * &less_one);
    b.require_zero("no position, no sign", there.not() * &negative);
    let signed = &there * negative.sign() * (less_one + Integer::constant(1));
    b.require_zero("quantity = sign * magnitude", &qty - signed);
    let word = instrument
        + (qty + Integer::power_of_two(QTY_BITS - 1)).shift(INSTRUMENT_BITS)
        + (entry + Integer::power_of_two(CASH_BITS - 1)).shift(INSTRUMENT_BITS + QTY_BITS);
    let word = b.named("word, or 0", &(&there * word));
    // Each field has just been shown to be in its range.
    let word = word.with_bounds(0, two_to(INSTRUMENT_BITS + QTY_BITS + CASH_BITS) - 1);
    [&there, &word].into_iter().for_each(|output| b.output(output));
    b
}

/// Inputs: the bit of a settlement; settlement price, strike base, strike step; strike index, kind. Output: what an option pays, 0 unless it is
/// settled.
pub(in super::super) fn payoff_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "payoff");
    let settle = b.input(0, 1);
    let [price, base, step] = [(); 3].map(|()| b.input_bits(AMOUNT_BITS));
    let index = b.input_bits(STRIKE_BITS);
    let put = b.input(0, 1);
    b.range("there is a settlement price", &(&settle * (&price - Integer::constant(1))), AMOUNT_BITS);
    let strike = b.named("strike", &(base + index * step));
    let difference = b.named("in the money by", &(put.sign() * (price - strike)));
    let out = b.less_than("out of the money", &difference, &Integer::constant(0), PAYOFF_BITS + 1);
    let payoff = b.named("payoff", &(settle * out.not() * difference)).with_bounds(0, two_to(PAYOFF_BITS) - 1);
    b.output(&payoff);
    b
}

/// Inputs: the bits of deposit, withdrawal, forced withdrawal, payer, payee, settlement, collection, the class moves; side; account, fee account;
/// amount, fees, payoff, quantity, value, fee, cash. Outputs: whether the cash as it would be is in range; that cash, or 0.
pub(in super::super) fn cash_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "cash");
    let [deposit, withdraw, forced, pay, receive, settle, collect, moves] = [(); 8].map(|()| b.input(0, 1));
    let side = b.input(0, 1);
    let [account, fee_account] = [(); 2].map(|()| b.input_bits(ACCOUNT_BITS));
    let amount = b.input_bits(VALUE_BITS);
    let fees = b.input_bits(CASH_BITS);
    let payoff = b.input_bits(PAYOFF_BITS);
    let qty = b.input_signed(QTY_MAGNITUDE_BITS);
    let value = b.input_signed(TRADE_BITS);
    let fee = b.input_bits(FEE_BITS);
    let cash = b.input_signed(CASH_MAGNITUDE_BITS);

    b.require_zero("fees go to the fee account", &collect * (account - fee_account));
    b.range("there are fees to collect", &(&collect * (&fees - Integer::constant(1))), CASH_BITS);
    let amounts = (deposit + receive - withdraw - forced - pay) * amount;
    // Payoff, value and fee are 0 but for a settlement, a fill.
    let trade = payoff * qty * settle - side.sign() * value - fee;
    let tried = b.named("cash as it would be", &(cash + amounts + collect * fees + trade));
    let over = b.less_than("too much", &top(CASH_MAGNITUDE_BITS), &tried, TRIED_BITS);
    let under = b.less_than("too little", &tried, &-top(CASH_MAGNITUDE_BITS), TRIED_BITS);
    // Not both at once.
    let fits = b.named("it is in range", &(Integer::constant(1) - over - under)).with_bounds(0, 1);
    b.require_zero("cash is in range", moves * fits.not());
    let (low, high) = magnitude(CASH_MAGNITUDE_BITS);
    let tried = b.named("cash, or 0", &(&fits * tried)).with_bounds(low, high);
    [&fits, &tried].into_iter().for_each(|output| b.output(output));
    b
}
