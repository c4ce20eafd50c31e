//! The blocks of a portfolio slot: what a bid says, whether it holds, and what it does to money and registers.

use ethnum::I256;
use num_bigint::BigInt;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::fixed::native::div_floor;
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use crate::batch::frame::{SEQ_BITS, grown};
use crate::batch::table::MARK_BITS;
use crate::margin::blocks::{EQUITY_BITS, QTY_MAGNITUDE_BITS, RATIO_BITS, pack, two_to, unbias};
use crate::state::limits::{
    ACCOUNT_BITS, AMOUNT_BITS, BP, CASH_BITS, CASH_LIMIT, COUNTER_BITS, COUNTER_LIMIT, TIME_BITS, TYPE_BITS,
    VALUE_LIMIT,
};
use crate::state::tx::{Liquidate, Takeover, Transaction};

/// Bits of a share in bp, 10^4 at most.
pub(super) const SHARE_BITS: u32 = 14;
/// Bits of the magnitude of the value of all that moves, of fewer than 2^8 positions.
pub(super) const VALUE_BITS: u32 = QTY_MAGNITUDE_BITS + MARK_BITS + 8;
/// Packed width of a share.
const SHARE_WIDTH: u32 = 16;
/// Packed width of an owner's address.
const OWNER_BITS: u32 = 160;
/// Packed width of a venue.
const VENUE_BITS: u32 = 128;
/// Bits of a maintenance requirement.
const MAINTENANCE_BITS: u32 = EQUITY_BITS + 1;
/// Bits of a discount in bp.
const DISCOUNT_BITS: u32 = RATIO_BITS + 2;
/// Bits of equity times a share.
const BASE_BITS: u32 = EQUITY_BITS + SHARE_BITS;
/// Bits of what a rate in bp leaves of that.
const PART_BITS: u32 = EQUITY_BITS + 1;
/// Bits of 10^8.
const SQUARE_BITS: u32 = 27;

fn bias(value: &Integer, bits: u32) -> Integer {
    value + Integer::power_of_two(bits - 1)
}

/// Witnesses: the bits of liquidate and takeover, share, payment (biased), expiry. Outputs: whether there is a transaction, its two bits, the share
/// that moves, the payment, the payment as stored, the expiry.
pub(super) fn bid_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "bid");
    let [liquidate, takeover] = ["liquidate", "takeover"].map(|name| b.witness_bit(name));
    let share = b.witness("share", SHARE_BITS);
    let stored = b.witness("payment", CASH_BITS);
    let expiry = b.witness("expiry", TIME_BITS);
    b.require_zero("one type at most", &liquidate * &takeover);
    let whole = Integer::constant(BP);
    b.range("share >= 1", &(&liquidate * (&share - Integer::constant(1))), SHARE_BITS);
    b.range("share <= 10^4", &(&liquidate * (&whole - &share)), SHARE_BITS);
    b.range("expiry >= 1", &(&liquidate * (&expiry - Integer::constant(1))), TIME_BITS);
    let pay = b.named("payment", &unbias(&stored, CASH_BITS));
    let top = Integer::constant(VALUE_LIMIT - 1);
    b.range("payment > -2^94", &(&liquidate * (&pay + &top)), CASH_BITS - 1);
    b.range("payment < 2^94", &(&liquidate * (top - &pay)), CASH_BITS - 1);
    // One type at most, so the sum is a bit.
    let some = b.named("a transaction", &(&liquidate + &takeover)).with_bounds(0, 1);
    let moves = b.select(&liquidate, &share, &whole);
    let moves = b.named("share that moves", &moves);
    for output in [&some, &liquidate, &takeover, &moves, &pay, &stored, &expiry] {
        b.output(output);
    }
    b
}

/// Requires that two ids differ if the bit is set.
fn differ(b: &mut BlockBuilder, name: &str, on: &Integer, [left, right]: [&Integer; 2]) {
    let less = b.less_than(name, left, right, ACCOUNT_BITS);
    let above = on * less.not() * (left - right - Integer::constant(1));
    b.range(&format!("{name}: they differ"), &above, ACCOUNT_BITS);
}

/// Inputs: whether there is a transaction, its two bits; the account, the other account, the insurance account. The two differ; the account is not
/// the insurance account, which the other is in a takeover.
pub(super) fn parties_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "parties");
    let [some, liquidate, takeover] = [(); 3].map(|()| b.input(0, 1));
    let [account, other, insurance] = [(); 3].map(|()| b.input_bits(ACCOUNT_BITS));
    differ(&mut b, "account and liquidator", &some, [&account, &other]);
    differ(&mut b, "account and insurance account", &liquidate, [&account, &insurance]);
    b.require_zero("the insurance account takes over", takeover * (other - insurance));
    b
}

/// Inputs: the bit of liquidate, time, expiry of the bid, start of the auction, how long it takes and until it lapses, the discount at its start
/// and end. Output: the discount, in bp.
pub(super) fn auction_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "auction");
    let liquidate = b.input(0, 1);
    let [time, expiry, opened] = [(); 3].map(|()| b.input_bits(TIME_BITS));
    let [duration, lapse] = [(); 2].map(|()| b.input_bits(32));
    let [start, end] = [(); 2].map(|()| b.input_bits(RATIO_BITS));
    b.range("the bid has not expired", &(&liquidate * (expiry - &time)), TIME_BITS);
    b.range("an auction is open", &(&liquidate * (&opened - Integer::constant(1))), TIME_BITS);
    let elapsed = b.named("elapsed", &(&liquidate * (time - opened)));
    b.range("the auction has begun", &elapsed, TIME_BITS);
    let elapsed = elapsed.with_bounds(0, two_to(TIME_BITS) - 1);
    b.range("the auction has not lapsed", &(lapse - &elapsed), TIME_BITS);
    let counted = b.min("elapsed, at most the duration", &elapsed, &duration, TIME_BITS);
    // Both are below 2^32: one of them is the duration, or not above it.
    let counted = b.named("elapsed, at most the duration", &counted).with_bounds(0, two_to(32) - 1);
    // A parameter set has start <= end and duration >= 1.
    let numerator = (end - &start) * counted;
    let (risen, _) = b.div_rem("discount", &numerator, &duration, RATIO_BITS + 1, 32);
    let discount = b.named("discount", &(start + risen));
    b.output(&discount);
    b
}

/// Inputs: the bits of liquidate and takeover; the account's E, M and MM_ok; close_out, buffer and liquidation fee; the discount, the share that
/// moves. The account is not MM_ok; a takeover needs it below close-out, a liquidation not, and its share to leave the account at its buffer at
/// most.
pub(super) fn standing_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "standing");
    let [liquidate, takeover] = [(); 2].map(|()| b.input(0, 1));
    let equity = b.input(-two_to(EQUITY_BITS), two_to(EQUITY_BITS));
    let maintenance = b.input_bits(MAINTENANCE_BITS);
    let healthy = b.input(0, 1);
    let [close_out, buffer, fee] = [(); 3].map(|()| b.input_bits(RATIO_BITS));
    let discount = b.input_bits(DISCOUNT_BITS);
    let share = b.input_bits(SHARE_BITS);
    b.require_zero("the account is not healthy", (&liquidate + &takeover) * healthy);
    let above = equity.scale(BP) - close_out * &maintenance;
    let bits = MAINTENANCE_BITS + RATIO_BITS + 2;
    b.range("not below close-out", &(&liquidate * &above), bits);
    b.range("below close-out", &(takeover * (-above - Integer::constant(1))), bits);
    // (share - 1) (beta M - (d + phi) E) < 10^4 (beta M - 10^4 E).
    let target = b.named("buffer M", &(buffer * maintenance));
    let needed = (&target - equity.scale(BP)).scale(BP);
    let relief = b.named("relief of the whole", &(target - (discount + fee) * equity));
    let relieved = (share - Integer::constant(1)) * relief;
    let room = liquidate * (needed - relieved - Integer::constant(1));
    b.range("the share is not too large", &room, MAINTENANCE_BITS + RATIO_BITS + SHARE_BITS + 4);
    b
}

/// Inputs: the bit of liquidate, E, which is not negative if it is set, the share. Output: their product.
pub(super) fn base_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "equity of the share");
    let liquidate = b.input(0, 1);
    let equity = b.input(-two_to(EQUITY_BITS), two_to(EQUITY_BITS));
    let share = b.input_bits(SHARE_BITS);
    // That the account is not below close-out excludes negative equity.
    let base = b.named("E share", &(liquidate * equity * share)).with_bounds(0, two_to(BASE_BITS));
    b.output(&base);
    b
}

/// Inputs: a rate in bp, E times share. Output: `ceil(rate E share / 10^8)`.
pub(super) fn part_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "part of the equity");
    let rate = b.input_bits(DISCOUNT_BITS);
    let base = b.input(0, two_to(BASE_BITS));
    let numerator = rate * base;
    let hint = numerator.clone();
    let square = I256::from(BP * BP);
    let part = b.unsigned(PART_BITS, move |cells| div_floor(hint.evaluate(cells) + square - 1, square));
    let excess = part.scale(square) - numerator;
    b.range("10^8 part >= rate E share", &excess, SQUARE_BITS);
    b.range("no less would do", &(Integer::constant(square - 1) - excess), SQUARE_BITS);
    let part = b.named("part", &part);
    b.output(&part);
    b
}

/// Inputs: the bit of liquidate, the value that moves, the discount on it, the payment, which is not below the floor.
pub(super) fn floor_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "floor");
    let liquidate = b.input(0, 1);
    let value = b.input_signed(VALUE_BITS);
    let discount = b.input_bits(PART_BITS);
    let pay = b.input_signed(CASH_BITS - 1);
    b.range("the payment is not below the floor", &(liquidate * (pay - value + discount)), VALUE_BITS + 1);
    b
}

/// Inputs: the bit of takeover, the account's E, the insurance register, the fee to it. Outputs: what it pays, the register afterwards.
pub(super) fn fund_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "insurance");
    let takeover = b.input(0, 1);
    let equity = b.input(-two_to(EQUITY_BITS), two_to(EQUITY_BITS));
    let insurance = b.input_bits(CASH_BITS);
    let fee = b.input_bits(PART_BITS);
    let negative = b.less_than("equity is negative", &equity, &Integer::constant(0), EQUITY_BITS + 1);
    let missing = b.named("missing", &(takeover * negative * -equity)).with_bounds(0, two_to(EQUITY_BITS));
    let paid = b.min("what is paid", &missing, &insurance, EQUITY_BITS + 1);
    let paid = b.named("paid", &paid).with_bounds(0, two_to(CASH_BITS) - 1);
    let after = insurance + fee - &paid;
    b.range("the register is in range", &after, CASH_BITS - 1);
    let after = b.named("insurance", &after).with_bounds(0, two_to(CASH_BITS) - 1);
    [&paid, &after].into_iter().for_each(|output| b.output(output));
    b
}

/// Cash that is in range, as it is stored.
fn cash_in_range(b: &mut BlockBuilder, cash: &Integer) -> Integer {
    let top = Integer::constant(CASH_LIMIT - 1);
    b.range("cash > -2^95", &(cash + &top), CASH_BITS);
    b.range("cash < 2^95", &(top - cash), CASH_BITS);
    bias(cash, CASH_BITS).with_bounds(0, two_to(CASH_BITS) - 1)
}

/// Inputs: the bits of liquidate and takeover; the account's cash, nonce, start of the auction, owner, reserve; payment and fee. Outputs: its words
/// of balance and owner afterwards. A takeover leaves nothing.
pub(super) fn account_after_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "account afterwards");
    let [liquidate, takeover] = [(); 2].map(|()| b.input(0, 1));
    let cash = b.input_signed(CASH_BITS - 1);
    let nonce = b.input_bits(COUNTER_BITS);
    let auction = b.input_bits(TIME_BITS);
    let owner = b.input_bits(OWNER_BITS);
    let reserve = b.input_bits(AMOUNT_BITS);
    let pay = b.input_signed(CASH_BITS - 1);
    let fee = b.input_bits(PART_BITS);
    let keeps = takeover.not();
    let cash = b.named("cash", &(&keeps * cash + liquidate * (pay - fee)));
    let stored = cash_in_range(&mut b, &cash);
    let auction = (&keeps * auction).with_bounds(0, two_to(TIME_BITS) - 1);
    let reserve = (keeps * reserve).with_bounds(0, two_to(AMOUNT_BITS) - 1);
    let balance = pack(&mut b, "balance", &[(&stored, CASH_BITS), (&nonce, COUNTER_BITS), (&auction, TIME_BITS)]);
    let owner = pack(&mut b, "owner and reserve", &[(&owner, OWNER_BITS), (&reserve, AMOUNT_BITS)]);
    [&balance, &owner].into_iter().for_each(|output| b.output(output));
    b
}

/// Inputs: the bits of liquidate and takeover; the other account's cash, nonce, start of the auction; the payment, the cash that is taken over,
/// what the insurance register pays. Outputs: its cash and its word of balance afterwards.
pub(super) fn other_after_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "other account afterwards");
    let [liquidate, takeover] = [(); 2].map(|()| b.input(0, 1));
    let cash = b.input_signed(CASH_BITS - 1);
    let nonce = b.input_bits(COUNTER_BITS);
    let auction = b.input_bits(TIME_BITS);
    let [pay, taken] = [(); 2].map(|()| b.input_signed(CASH_BITS - 1));
    let paid = b.input_bits(CASH_BITS);
    let left = Integer::constant(u64::from(COUNTER_LIMIT) - 1) - &nonce;
    b.range("the nonce is in range", &(&liquidate * left), COUNTER_BITS);
    let cash = b.named("cash", &(cash + takeover * (taken + paid) - &liquidate * pay));
    let stored = cash_in_range(&mut b, &cash);
    let nonce = (nonce + liquidate).with_bounds(0, two_to(COUNTER_BITS) - 1);
    let balance = pack(&mut b, "balance", &[(&stored, CASH_BITS), (&nonce, COUNTER_BITS), (&auction, TIME_BITS)]);
    let bound = two_to(CASH_BITS - 1);
    let cash = cash.with_bounds(-bound.clone(), bound);
    [&cash, &balance].into_iter().for_each(|output| b.output(output));
    b
}

/// Inputs: the bit of liquidate, whether the other account is IM_ok afterwards, which it is then.
pub(super) fn initial_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "initial margin");
    let [liquidate, enough] = [(); 2].map(|()| b.input(0, 1));
    b.require_zero("the liquidator has it", liquidate * enough.not());
    b
}

/// Inputs: the bits of liquidate and takeover; the other account, the account, the share that moves, the payment as stored, the other's nonce, the
/// expiry, the venue. Outputs: the first two words that a bid signs, the word of data.
pub(super) fn encode_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "encoding of a bid");
    let [liquidate, takeover] = [(); 2].map(|()| b.input(0, 1));
    let [other, account] = [(); 2].map(|()| b.input_bits(ACCOUNT_BITS));
    let share = b.input_bits(SHARE_BITS);
    let pay = b.input_bits(CASH_BITS);
    let nonce = b.input_bits(COUNTER_BITS);
    let expiry = b.input_bits(TIME_BITS);
    let venue = b.input_bits(VENUE_BITS);
    let parties = [(&other, ACCOUNT_BITS), (&account, ACCOUNT_BITS), (&share, SHARE_WIDTH)];
    let fields = [&parties[..], &[(&nonce, COUNTER_BITS), (&expiry, TIME_BITS)]].concat();
    let fields = pack(&mut b, "fields", &fields);
    let signed = pack(&mut b, "payment and venue", &[(&pay, CASH_BITS), (&venue, VENUE_BITS)]);
    let kind = |kind: u8| Integer::constant(u64::from(kind));
    let [second, third, fourth] =
        [TYPE_BITS + ACCOUNT_BITS, TYPE_BITS + 2 * ACCOUNT_BITS, TYPE_BITS + 2 * ACCOUNT_BITS + SHARE_WIDTH];
    let bid =
        kind(Liquidate::TYPE) + other.shift(TYPE_BITS) + account.shift(second) + share.shift(third) + pay.shift(fourth);
    let taken = kind(Takeover::TYPE) + account.shift(TYPE_BITS);
    let data = b.named("data", &(liquidate * bid + takeover * taken));
    [&fields, &signed, &data].into_iter().for_each(|output| b.output(output));
    b
}

/// Input: whether there is a bid; the key of the liquidator and the message; a fixed key and message. Outputs: the key and message whose signature
/// is verified.
pub(super) fn signer_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "signer of a bid");
    let liquidate = b.input(0, 1);
    let [bid, fixed] = [(); 2].map(|()| [(); 3].map(|()| b.input_digest()));
    for ((name, bid), fixed) in ["x", "y", "message"].into_iter().zip(bid).zip(fixed) {
        let chosen = b.field(name, &(&liquidate * bid + liquidate.not() * fixed));
        b.output(&chosen);
    }
    b
}

/// Inputs: whether there is a transaction; the root of the accounts, the root that the account's path leads to; the root with it afterwards, the
/// root that the other's path leads to, the root with both; seq. Outputs: the root of the accounts, seq.
pub(super) fn registers_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "registers after a portfolio");
    let some = b.input(0, 1);
    let [root, found, between, found_other, after] = [(); 5].map(|()| b.input_digest());
    let seq = b.input(0, grown(SEQ_BITS));
    b.require_zero("the account's path leads to the root", &some * (found - &root));
    b.require_zero("the other account's path leads to the root", &some * (found_other - between));
    let root = b.field("root of the accounts", &(&some * after + some.not() * root));
    // Counters grow by 1 at most, and a batch has fewer than 2^20 transactions.
    let seq = b.named("seq", &(seq + &some)).with_bounds(BigInt::from(0), grown(SEQ_BITS));
    [&root, &seq].into_iter().for_each(|output| b.output(output));
    b
}
