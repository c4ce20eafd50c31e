//! Funding: whether it is due at fresh prices, the capped premium, and the index after one interval.

use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::fixed::native::div_floor;
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use super::PRICE_BITS;
use crate::margin::blocks::two_to;
use crate::state::limits::{AMOUNT_BITS, BP, FUNDING_LIMIT, TIME_BITS};

/// Bits of a parameter in seconds.
const SECONDS_BITS: u32 = 32;
/// Bits of a remainder modulo [`BP`].
const REMAINDER_BITS: u32 = 14;
/// Bits of the cap on a premium: it is at most the price.
const CAP_BITS: u32 = 64;

/// Inputs: the bit of funding_tick; the market's index time and time of funding; the state's time and the time of its marks; the parameters'
/// largest age of prices and funding interval. Output: the time of funding afterwards.
pub(in crate::batch::market) fn due_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "funding is due");
    let tick = b.input(0, 1);
    let [index_time, funding_time, now, risk_time] = [(); 4].map(|()| b.input_bits(TIME_BITS));
    let [max_age, interval] = [(); 2].map(|()| b.input_bits(SECONDS_BITS));
    let elapsed = &tick * (&now - &funding_time);
    b.range("an interval has passed", &(&tick * (&now - &funding_time - &interval)), TIME_BITS);
    for (name, time) in [("the marks are", risk_time), ("the index is", index_time)] {
        b.range(&format!("{name} of some time"), &(&tick * (&time - Integer::constant(1))), TIME_BITS);
        b.range(&format!("{name} fresh"), &(&tick * (&max_age - &now + time)), TIME_BITS);
    }
    let (_, rest) = b.div_rem("intervals", &elapsed, &interval, TIME_BITS, SECONDS_BITS);
    // What has elapsed, less a remainder of it: between nothing and up to now.
    let after = b.named("time of funding", &(funding_time + elapsed - rest)).with_bounds(0, two_to(TIME_BITS) - 1);
    b.output(&after);
    b
}

/// Inputs: the bit of funding_tick; the mark, which is 0 without it, and the index price; the parameters' cap. Output: the premium of the mark over
/// the index, within `cap / 10^4` of the index; 0 without the bit.
pub(in crate::batch::market) fn premium_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "premium");
    let tick = b.input(0, 1);
    let mark = b.input_bits(PRICE_BITS);
    let price = b.input_bits(AMOUNT_BITS);
    let rate = b.input_bits(16);
    let price = b.named("index price, or 0", &(tick * price)).with_bounds(0, two_to(AMOUNT_BITS) - 1);
    let (cap, _) = b.div_rem("cap", &(rate * &price), &Integer::constant(BP), CAP_BITS, REMAINDER_BITS);
    let premium = mark - price;
    let above = b.less_than("above the cap", &cap, &premium, CAP_BITS + 1);
    let below = b.less_than("below minus the cap", &premium, &-cap.clone(), CAP_BITS + 1);
    let within = Integer::constant(1) - &above - &below;
    let capped = b.named("capped premium", &((above - below) * cap + within * premium));
    // At most one of both bits is set, as the cap is not negative, so it is the cap, its opposite, or a difference of two prices.
    let capped = capped.with_bounds(-two_to(CAP_BITS), two_to(CAP_BITS));
    b.output(&capped);
    b
}

/// Inputs: the capped premium, the market's funding index, the parameters' funding interval and period. Output: the funding index afterwards,
/// biased.
pub(in crate::batch::market) fn step_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "funding step");
    let premium = b.input_signed(CAP_BITS);
    let funding = b.input_signed(AMOUNT_BITS - 1);
    let [interval, period] = [(); 2].map(|()| b.input_bits(SECONDS_BITS));
    let (charged, divisor) = (premium * interval, period.clone());
    let hint = charged.clone();
    let bias = ethnum::I256::ONE << (AMOUNT_BITS - 1);
    // Biased: a step whose magnitude is 2^63 or more would take the index out of its range.
    let stored = b.unsigned(AMOUNT_BITS, move |cells| div_floor(hint.evaluate(cells), divisor.evaluate(cells)) + bias);
    let step = stored - Integer::power_of_two(AMOUNT_BITS - 1);
    let (hint, divisor) = (charged.clone(), period.clone());
    let rest = b.unsigned(SECONDS_BITS, move |cells| {
        let (charged, period) = (hint.evaluate(cells), divisor.evaluate(cells));
        charged - div_floor(charged, period) * period
    });
    b.require_zero("premium interval = step period + rest", charged - &step * &period - &rest);
    b.range("rest < period", &(period - Integer::constant(1) - rest), SECONDS_BITS);
    let index = funding + step;
    let most = Integer::constant(FUNDING_LIMIT - 1);
    b.range("index > -2^62", &(&index + &most), PRICE_BITS);
    b.range("index < 2^62", &(most - &index), PRICE_BITS);
    let stored = b.named("funding index, biased", &(index + Integer::power_of_two(AMOUNT_BITS - 1)));
    let stored = stored.with_bounds(0, two_to(AMOUNT_BITS) - 1);
    b.output(&stored);
    b
}
