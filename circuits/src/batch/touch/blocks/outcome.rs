//! Which check an account has to pass, and what follows from it.

use num_bigint::BigInt;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use super::{OWNER_BITS, SIZE_BITS, VALUE_BITS, is_zero};
use crate::margin::blocks::{EQUITY_BITS, FIGURE_BITS, QTY_MAGNITUDE_BITS, two_to};
use crate::state::limits::{ACCOUNT_BITS, AMOUNT_BITS, TIME_BITS};

/// Inputs: the bits of withdrawal, forced withdrawal, reserve, payer, auction, the class fill; whether the account exists, whether its cash fits,
/// whether the marks are fresh; the account's owner, the transaction's; amount, reserve. Outputs: whether the margin is needed; whether the
/// reserve grows; whether a forced withdrawal depends on the margin alone; the reserve afterwards.
pub(in super::super) fn need_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "need of margin");
    let [withdraw, forced, reserves, pay, auction, fill] = [(); 6].map(|()| b.input(0, 1));
    let [exists, fits, fresh] = [(); 3].map(|()| b.input(0, 1));
    let [owner, given_owner] = [(); 2].map(|()| b.input_bits(OWNER_BITS));
    let amount = b.input_bits(VALUE_BITS);
    let reserve = b.input_bits(AMOUNT_BITS);
    b.require_zero("a fill is at fresh marks", &fill * fresh.not());
    let owned = is_zero(&mut b, "owned", &(owner - given_owner));
    let grows = b.less_than("the reserve grows", &reserve, &amount, AMOUNT_BITS + 1);
    let grown = b.named("the reserve grows", &(&reserves * grows));
    let theirs = b.named("it is theirs", &(exists * fits * owned));
    let open = b.named("forced, and it is theirs", &(forced * theirs));
    // One kind at most.
    let need = withdraw + &grown + pay + auction + fill + &open;
    let need = b.named("margin is needed", &need).with_bounds(0, 1);
    let reserve = b.named("reserve", &b.select(&reserves, &amount, &reserve));
    [&need, &grown, &open, &reserve].into_iter().for_each(|output| b.output(output));
    b
}

/// Inputs: the bits of withdrawal, payer, auction, the class fill; whether the reserve grows, whether a forced withdrawal depends on the margin
/// alone; MM_ok and IM_ok; account, insurance account; start of the auction, time, the auction's lapse. Outputs: whether a forced withdrawal is
/// paid, whether a fill has to be reduce-only, the start of the auction afterwards.
pub(in super::super) fn outcome_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "outcome");
    let [withdraw, pay, auction, fill, grown, open] = [(); 6].map(|()| b.input(0, 1));
    let [mm_ok, im_ok] = [(); 2].map(|()| b.input(0, 1));
    let [account, insurance] = [(); 2].map(|()| b.input_bits(ACCOUNT_BITS));
    let start = b.input_bits(TIME_BITS);
    let time = b.input_bits(TIME_BITS);
    let lapse = b.input_bits(32);

    let must = withdraw + pay + grown;
    b.require_zero("initial margin", &must * im_ok.not());
    let paid = b.named("paid", &(open * &im_ok));
    let relief = b.named("not initially margined", &(&fill * im_ok.not()));
    // One kind at most, so that this is a bit.
    let cleared = (must + &paid + fill * im_ok).with_bounds(0, 1);

    let own = is_zero(&mut b, "the insurance account", &(account - insurance));
    b.require_zero("no auction of the insurance account", &auction * own);
    let hint = start.clone();
    let runs = b.bit("an auction is open", move |cells| hint.evaluate(cells) != 0);
    b.require_zero("no auction, no start", runs.not() * &start);
    b.range("an auction has a start", &(&runs * (&start - Integer::constant(1))), TIME_BITS);
    b.require_zero("a healthy account has an auction to stop", &auction * &mm_ok * runs.not());
    let opens = b.named("an auction opens", &(&auction * mm_ok.not()));
    let since = &time - &start - lapse - Integer::constant(1);
    b.range("an auction that is open has lapsed", &(&opens * runs * since), TIME_BITS);
    let kept = Integer::constant(1) - cleared - auction;
    let after = b.named("start of the auction", &(kept * start + opens * time));
    let after = after.with_bounds(0, two_to(TIME_BITS) - 1);
    [&paid, &relief, &after].into_iter().for_each(|output| b.output(output));
    b
}

/// Inputs: whether a fill has to be reduce-only, side, size, the quantity before; E and M afterwards, E and M before. The quantity moves towards 0,
/// not beyond, and the health does not fall: `E' M >= E M'` and `E' >= min(0, E)`.
pub(in super::super) fn relief_block(table: Table) -> BlockBuilder {
    /// Bits of a product of two figures.
    const PRODUCT_BITS: u32 = EQUITY_BITS + FIGURE_BITS;
    let mut b = BlockBuilder::over(table, "relief");
    let [relief, side] = [(); 2].map(|()| b.input(0, 1));
    let size = b.input_bits(SIZE_BITS);
    let qty = b.input_signed(QTY_MAGNITUDE_BITS);
    let equity = |b: &mut BlockBuilder| b.input(-two_to(EQUITY_BITS), two_to(EQUITY_BITS));
    let maintenance = |b: &mut BlockBuilder| b.input(BigInt::from(0), two_to(FIGURE_BITS - 1));
    let (equity_after, maintenance_after) = (equity(&mut b), maintenance(&mut b));
    let (equity_before, maintenance_before) = (equity(&mut b), maintenance(&mut b));
    let left = -(side.sign() * qty) - size;
    b.range("reduce-only", &(&relief * left), QTY_MAGNITUDE_BITS);
    let floor = b.min("E before, or 0", &equity_before, &Integer::constant(0), EQUITY_BITS + 1);
    b.range("no hole is dug", &(&relief * (&equity_after - floor)), EQUITY_BITS + 2);
    let change = equity_after * maintenance_before - equity_before * maintenance_after;
    b.range("health does not fall", &(relief * change), PRODUCT_BITS);
    b
}
