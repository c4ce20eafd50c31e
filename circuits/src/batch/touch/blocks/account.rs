//! The account before and after.

use halo2curves::bn256::Fr;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::value::to_integer;
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use super::{CASH_MAGNITUDE_BITS, OWNER_BITS};
use crate::margin::blocks::two_to;
use crate::state::limits::{AMOUNT_BITS, CASH_BITS, COUNTER_BITS, COUNTER_LIMIT, TIME_BITS};

/// Inputs: the class known, the bit of a registration; cash, nonce, start of the auction, reserve, root of the orders; whether there is a position.
/// Witness and output: whether the account exists. One that does not is blank. `empty` is the root of no orders.
pub(in super::super) fn blank_block(table: Table, empty: Fr) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "account before");
    let [known, register] = [(); 2].map(|()| b.input(0, 1));
    let cash = b.input_signed(CASH_MAGNITUDE_BITS);
    let nonce = b.input_bits(COUNTER_BITS);
    let auction = b.input_bits(TIME_BITS);
    let reserve = b.input_bits(AMOUNT_BITS);
    let orders = b.input_digest();
    let position = b.input(0, 1);
    let exists = b.witness_bit("the account exists");
    b.require_zero("the account is known", &known * exists.not());
    b.require_zero("no such account", register * &exists);
    for (name, field) in [("cash", cash), ("nonce", nonce), ("auction", auction), ("reserve", reserve)] {
        b.require_zero(format!("blank: no {name}"), exists.not() * field);
    }
    b.require_zero("blank: no position", exists.not() * position);
    let used = exists.not() * (orders - Integer::constant(to_integer(empty)));
    b.require_equal_in_field("blank: no orders", &used, &Integer::constant(0));
    b.output(&exists);
    b
}

/// Inputs: the bits of deposit, withdrawal, registration; the classes keyed, nonced, moves; whether the account exists, whether the cash fits,
/// whether a forced withdrawal is paid; cash, cash as it would be; nonce, start of the auction afterwards, reserve afterwards; the account's
/// owner, the transaction's; coordinates of the account's key, of the transaction's. Outputs: whether the account exists afterwards, the words of
/// balance and owner, coordinates of the key; whether there is a payment, to whom.
pub(in super::super) fn closed_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "account afterwards");
    let [deposit, withdraw, register] = [(); 3].map(|()| b.input(0, 1));
    let [keyed, nonced, moves] = [(); 3].map(|()| b.input(0, 1));
    let [exists, fits, paid] = [(); 3].map(|()| b.input(0, 1));
    let [cash, tried] = [(); 2].map(|()| b.input_signed(CASH_MAGNITUDE_BITS));
    let nonce = b.input_bits(COUNTER_BITS);
    let auction = b.input_bits(TIME_BITS);
    let reserve = b.input_bits(AMOUNT_BITS);
    let [owner, given_owner] = [(); 2].map(|()| b.input_bits(OWNER_BITS));
    let [x, y, given_x, given_y] = [(); 4].map(|()| b.input_digest());

    // One kind at most, and a registration is of no account that exists: these sums are bits.
    let after = b.named("exists", &(&exists + &register)).with_bounds(0, 1);
    let credited = b.named("credited", &(&deposit * exists * fits));
    let sent_back = &deposit - &credited;
    let moved = b.named("cash moves", &(credited + moves + &paid)).with_bounds(0, 1);
    let cash = b.named("cash", &(&cash + moved * (tried - &cash)));
    let left = Integer::constant(COUNTER_LIMIT - 1) - &nonce;
    b.range("the nonce is in range", &(&nonced * left), COUNTER_BITS);
    let balance = cash
        + Integer::power_of_two(CASH_BITS - 1)
        + (nonce + nonced).shift(CASH_BITS)
        + auction.shift(CASH_BITS + COUNTER_BITS);
    // Cash is one of two that are in range, the nonce has just been checked.
    let balance = b.named("balance", &balance).with_bounds(0, two_to(CASH_BITS + COUNTER_BITS + TIME_BITS) - 1);
    let new_owner = &owner + register * (&given_owner - &owner);
    let owner_word = b.named("owner and reserve", &(new_owner + reserve.shift(OWNER_BITS)));
    let owner_word = owner_word.with_bounds(0, two_to(OWNER_BITS + AMOUNT_BITS) - 1);
    let x = b.field("key x", &(&keyed * given_x + keyed.not() * x));
    let y = b.field("key y", &(&keyed * given_y + keyed.not() * y));
    let pays = b.named("a payment", &(&withdraw + sent_back + paid)).with_bounds(0, 1);
    let payee = &given_owner + withdraw * (owner - &given_owner);
    let payee = b.named("payee", &payee).with_bounds(0, two_to(OWNER_BITS) - 1);
    for output in [&after, &balance, &owner_word, &x, &y, &pays, &payee] {
        b.output(output);
    }
    b
}
