//! The terms of an option, range-checked and packed for hashing.

use zomma_gadgets::frame::{BlockBuilder, Integer};

use super::{PRICE_BITS, RATE_WIDTH, SECONDS_BITS, VOL_BITS};
use crate::pricing::CARRY_BITS;

const _: () = assert!(CARRY_BITS < 14);

/// Witnesses: spot, strike, seconds, vol, rate and dividend less the smallest rate, call bit, expired bit.
/// Outputs: the same, then both packed field elements.
///
/// The expired bit can be 1 only for `seconds = 0`; that it is 1 then follows from the division by total volatility, which has no witness
/// otherwise.
pub fn terms_block() -> BlockBuilder {
    let mut b = BlockBuilder::new("option terms");
    let spot = b.witness("spot", PRICE_BITS);
    let strike = b.witness("strike", PRICE_BITS);
    let seconds = b.witness("seconds", SECONDS_BITS);
    let vol = b.witness("vol", VOL_BITS);
    let rate = b.witness("rate", RATE_WIDTH);
    let dividend = b.witness("dividend", RATE_WIDTH);
    let call = b.witness_bit("call");
    let expired = b.witness_bit("expired");
    b.require_zero("expired only at 0 seconds", &expired * &seconds);
    let packed =
        pack(&mut b, "terms", &[(&spot, PRICE_BITS), (&strike, PRICE_BITS), (&seconds, SECONDS_BITS), (&call, 1)]);
    let market = pack(&mut b, "market", &[(&vol, VOL_BITS), (&rate, RATE_WIDTH), (&dividend, RATE_WIDTH)]);
    for output in [&spot, &strike, &seconds, &vol, &rate, &dividend, &call, &expired, &packed, &market] {
        b.output(output);
    }
    b
}

/// A cell with unsigned integers side by side, the first lowest.
pub(super) fn pack(b: &mut BlockBuilder, name: &str, parts: &[(&Integer, u32)]) -> Integer {
    use zomma_gadgets::fixed::FixedPointInstructions;
    let mut offset = 0;
    let mut sum = Integer::constant(0);
    for (part, bits) in parts {
        sum = sum + part.shift(offset);
        offset += bits;
    }
    b.named(&format!("{name}, packed"), &sum)
}
