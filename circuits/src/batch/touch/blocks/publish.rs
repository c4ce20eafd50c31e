//! What an account signs, and what a touch publishes and does to the registers.

use ethnum::I256;
use halo2curves::bn256::Fr;
use zomma_gadgets::edwards::{A, D};
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::integer::field_order;
use zomma_gadgets::frame::value::{to_field, to_integer};
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use super::super::kind::Kind;
use super::{CASH_MAGNITUDE_BITS, FEE_BITS, OWNER_BITS, SIZE_BITS, VALUE_BITS};
use crate::batch::frame::{SEQ_BITS, grown};
use crate::encoding::Tag;
use crate::margin::blocks::two_to;
use crate::state::limits::{
    ACCOUNT_BITS, AMOUNT_BITS, CASH_BITS, COUNTER_BITS, COUNTER_LIMIT, INSTRUMENT_BITS, QTY_BITS, TIME_BITS, TYPE_BITS,
};

/// Bits of the word of chain and application.
const VENUE_BITS: u32 = 128;

/// Unsigned integers side by side, the first lowest, without a cell.
fn packed(parts: &[(&Integer, u32)]) -> Integer {
    let mut offset = 0;
    parts.iter().fold(Integer::constant(0), |sum, (part, bits)| {
        let sum = sum + part.shift(offset);
        offset += bits;
        sum
    })
}

/// Inputs: the bits of withdrawal, registration, rotation, cancellation, reserve, payer, the class fill; account, amount, nonce, owner, other
/// account, order id, instrument, side, limit, size in all, expiry; the venue. Outputs: tag and first two words of the message.
pub(in super::super) fn message_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "message");
    let [withdraw, register, rotate, cancel, reserves, pay, fill] = [(); 7].map(|()| b.input(0, 1));
    let account = (&b.input_bits(ACCOUNT_BITS), ACCOUNT_BITS);
    let amount = (&b.input_bits(VALUE_BITS), AMOUNT_BITS);
    let nonce = (&b.input_bits(COUNTER_BITS), COUNTER_BITS);
    let owner = (&b.input_bits(OWNER_BITS), OWNER_BITS);
    let other = (&b.input_bits(ACCOUNT_BITS), ACCOUNT_BITS);
    let id = (&b.input(1, two_to(VALUE_BITS) - 1), AMOUNT_BITS);
    let instrument = (&b.input_bits(INSTRUMENT_BITS), INSTRUMENT_BITS);
    let side = (&b.input(0, 1), 1);
    let limit = (&b.input_bits(VALUE_BITS), AMOUNT_BITS);
    let size = (&b.input_bits(SIZE_BITS), QTY_BITS);
    let expiry = (&b.input_bits(TIME_BITS), TIME_BITS);
    let venue = &b.input_bits(VENUE_BITS);
    let kinds = [
        (&withdraw, Tag::Withdraw, packed(&[account, amount, nonce])),
        (&reserves, Tag::Reserve, packed(&[account, amount, nonce])),
        (&register, Tag::Register, packed(&[account, owner])),
        (&rotate, Tag::Rotate, packed(&[account, nonce])),
        (&cancel, Tag::Cancel, packed(&[account, id])),
        (&pay, Tag::Transfer, packed(&[account, other, amount, nonce])),
        (&fill, Tag::Order, packed(&[account, instrument, side, limit, size, expiry])),
    ];
    let none = || Integer::constant(0);
    let (tag, first) = kinds.into_iter().fold((none(), none()), |(tag, first), (bit, of, word)| {
        (tag + bit.scale(to_integer(of.word())), first + bit * word)
    });
    let tag = b.named("tag", &tag);
    let first = b.named("first word", &first);
    let (id, bits) = id;
    let second = b.named("second word", &(fill.not() * venue + &fill * (id + venue.shift(bits))));
    [&tag, &first, &second].into_iter().for_each(|output| b.output(output));
    b
}

/// Outputs: coordinates of the key that signs where nothing needs a signature, and the message that it has signed.
pub(in super::super) fn fixed_block(table: Table, fixed: [Fr; 3]) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "fixed signature");
    for (name, value) in ["x", "y", "message"].into_iter().zip(fixed) {
        let cell = b.named(name, &Integer::constant(to_integer(value)));
        b.output(&cell);
    }
    b
}

/// Inputs: the class signed, the bit of a registration, the class keyed; fixed key and message; the account's key, the transaction's; the message
/// of two words, of four. Outputs: the key that signs, the message; the key that has to be valid.
pub(in super::super) fn signer_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "signer");
    let [signed, register, keyed] = [(); 3].map(|()| b.input(0, 1));
    let [fixed_x, fixed_y, fixed] = [(); 3].map(|()| b.input_digest());
    let [x, y, given_x, given_y, short, long] = [(); 6].map(|()| b.input_digest());
    let select = |bit: &Integer, then: &Integer, otherwise: &Integer| bit * then + bit.not() * otherwise;
    for (name, fixed, own, given) in [("x", &fixed_x, &x, &given_x), ("y", &fixed_y, &y, &given_y)] {
        let key = b.field(&format!("signer {name}"), &select(&signed, &select(&register, given, own), fixed));
        b.output(&key);
    }
    let message = b.field("message", &select(&signed, &select(&keyed, &long, &short), &fixed));
    b.output(&message);
    for (name, fixed, given) in [("x", &fixed_x, &given_x), ("y", &fixed_y, &given_y)] {
        let key = b.field(&format!("new key {name}"), &select(&keyed, given, fixed));
        b.output(&key);
    }
    b
}

/// Inputs: coordinates of a key. Witnesses: a point of the curve whose eightfold it is, so that it is in the prime subgroup; it is not the neutral
/// element, for its x is not 0.
///
/// Doubling is $x' (A x^2 + y^2) = 2 x y$ and $y' (2 - A x^2 - y^2) = y^2 - A x^2$: on the curve no denominator is 0, for D is no square.
pub(in super::super) fn key_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "key");
    let [key_x, key_y] = [(); 2].map(|()| b.input_digest());
    let [mut x, mut y] = [(); 2].map(|()| b.witness_digest());
    let [a, d] = [A, D].map(|constant| Integer::constant(to_integer(constant)));
    let square = |x: &Integer| x * x;
    let square_x = b.field("x squared", &square(&x));
    let curve = &a * &square_x + square(&y);
    let right = Integer::constant(1) + &d * square_x * square(&y);
    b.require_equal_in_field("on the curve", &curve, &right);
    for step in ["twofold", "fourfold", "eightfold"] {
        let [top, bottom] = [(&x * &y).scale(2), &a * square(&x) + square(&y)];
        let hint = (x.clone(), y.clone());
        let double = move |cells: &[I256]| {
            let [x, y] = [&hint.0, &hint.1].map(|cell| to_field(cell.evaluate(cells)));
            let sum = A * x.square() + y.square();
            let quotient = |top: Fr, bottom: Fr| top * Option::<Fr>::from(bottom.invert()).unwrap_or_default();
            [quotient(x.double() * y, sum), quotient(y.square() - A * x.square(), Fr::from(2) - sum)]
        };
        let hint = double.clone();
        let doubled_x = b.free(0, field_order() - 1, move |cells| to_integer(hint(cells)[0]));
        let doubled_y = b.free(0, field_order() - 1, move |cells| to_integer(double(cells)[1]));
        b.require_equal_in_field(&format!("{step} x"), &(&doubled_x * &bottom), &top);
        let other = &doubled_y * (Integer::constant(2) - bottom);
        b.require_equal_in_field(&format!("{step} y"), &other, &(square(&y) - &a * square(&x)));
        (x, y) = (doubled_x, doubled_y);
    }
    b.require_equal_in_field("the key is the eightfold: x", &key_x, &x);
    b.require_equal_in_field("the key is the eightfold: y", &key_y, &y);
    let hint = key_x.clone();
    let inverse = b.free(0, field_order() - 1, move |cells| {
        to_integer(Option::from(to_field(hint.evaluate(cells)).invert()).unwrap_or_default())
    });
    b.require_equal_in_field("not the neutral element", &(key_x * inverse), &Integer::constant(1));
    b
}

/// Inputs: the kinds' bits but the payee's; the class counted, the class keyed; account, other account, index in the queue, amount, owner, order
/// id, the maker's order id, instrument, side, size; the new key's x. Outputs: whether there is a first and a second word of data, these words; the
/// entry of a queue; the word of a payment.
pub(in super::super) fn data_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "data");
    let [deposit, withdraw, forced, register, rotate, cancel, reserves, pay, maker, taker, settle, auction, collect] =
        [(); 13].map(|()| b.input(0, 1));
    let [counted, keyed] = [(); 2].map(|()| b.input(0, 1));
    let account = (&b.input_bits(ACCOUNT_BITS), ACCOUNT_BITS);
    let other = (&b.input_bits(ACCOUNT_BITS), ACCOUNT_BITS);
    let index = (&b.input_bits(COUNTER_BITS), COUNTER_BITS);
    let amount = (&b.input_bits(VALUE_BITS), AMOUNT_BITS);
    let owner = (&b.input_bits(OWNER_BITS), OWNER_BITS);
    let [id, maker_id] = [(); 2].map(|()| b.input(0, two_to(VALUE_BITS) - 1));
    let id = (&id, AMOUNT_BITS);
    let instrument = (&b.input_bits(INSTRUMENT_BITS), INSTRUMENT_BITS);
    let side = (&b.input(0, 1), 1);
    let size = (&b.input_bits(SIZE_BITS), QTY_BITS);
    let x = b.input_digest();

    let queued = (&deposit + &forced).with_bounds(0, 1);
    let kinds = [
        (&deposit, Kind::Deposit, packed(&[index, account, amount])),
        (&forced, Kind::Forced, packed(&[index, account, amount])),
        (&withdraw, Kind::Withdraw, packed(&[account, amount])),
        (&reserves, Kind::Reserve, packed(&[account, amount])),
        (&register, Kind::Register, packed(&[account, owner])),
        (&rotate, Kind::Rotate, packed(&[account])),
        (&cancel, Kind::Cancel, packed(&[account, id])),
        (&pay, Kind::Pay, packed(&[account, other, amount])),
        (&maker, Kind::Maker, packed(&[account, other, instrument, side, amount, size])),
        (&settle, Kind::Settle, packed(&[account, instrument])),
        (&auction, Kind::Auction, packed(&[account])),
        (&collect, Kind::Collect, Integer::constant(0)),
    ];
    let ids = &taker * packed(&[(&maker_id, AMOUNT_BITS), id]);
    let first = kinds.into_iter().fold(ids, |first, (bit, kind, word)| {
        first + bit * (Integer::constant(kind.type_number()) + word.shift(TYPE_BITS))
    });
    let first = b.named("first word", &first);
    let has_first = b.named("a first word", &(&counted + &taker)).with_bounds(0, 1);
    let has_second = b.named("a second word", &(&queued + &keyed)).with_bounds(0, 1);
    let second = b.field("second word", &(queued * owner.0 + keyed * x));
    let entry = b.named("queue entry", &packed(&[account, amount, index]));
    let payment = b.named("payment", &packed(&[account, amount]));
    for output in [&has_first, &has_second, &first, &second, &entry, &payment] {
        b.output(output);
    }
    b
}

/// Inputs: the class counted, the bits of deposit, forced withdrawal, collection, the class fill; seq, both cursors, fees; the fee. Outputs: the
/// index in the queue; seq, both cursors, fees afterwards.
pub(in super::super) fn registers_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "registers of a touch");
    let [counted, deposit, forced, collect, fill] = [(); 5].map(|()| b.input(0, 1));
    let seq = b.input(0, grown(SEQ_BITS));
    let [deposits, forceds] = [(); 2].map(|()| b.input_bits(COUNTER_BITS));
    let fees = b.input_bits(CASH_BITS);
    let fee = b.input_bits(FEE_BITS);
    let index = b.named("index", &(&deposit * &deposits + &forced * &forceds));
    // One of both at most.
    let index = index.with_bounds(0, two_to(COUNTER_BITS) - 1);
    let queued = &deposit + &forced;
    let left = Integer::constant(COUNTER_LIMIT - 1) - &index;
    b.range("the queue's index is in range", &(queued * left), COUNTER_BITS);
    // A counter grows by 1 at most, and a batch has fewer than 2^20 touches.
    let seq = b.named("seq", &(seq + counted)).with_bounds(0, grown(SEQ_BITS));
    let cursor = |b: &mut BlockBuilder, name: &str, cursor: Integer, bit: Integer| {
        b.named(name, &(cursor + bit)).with_bounds(0, two_to(COUNTER_BITS) - 1)
    };
    let deposits = cursor(&mut b, "deposit cursor", deposits, deposit);
    let forceds = cursor(&mut b, "forced cursor", forceds, forced);
    let fees = b.named("fees", &(collect.not() * fees + fee));
    let top = Integer::constant((I256::ONE << CASH_MAGNITUDE_BITS) - 1);
    b.range("fees < 2^95", &(fill * (top - &fees)), CASH_MAGNITUDE_BITS);
    let fees = fees.with_bounds(0, two_to(CASH_BITS) - 1);
    [&index, &seq, &deposits, &forceds, &fees].into_iter().for_each(|output| b.output(output));
    b
}
