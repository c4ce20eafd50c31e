//! From an account's sums to its health.

use ethnum::I256;
use num_bigint::BigInt;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::integer::field_order;
use zomma_gadgets::frame::{BlockBuilder, Integer, lanes::Table};
use zomma_gadgets::range::RangeInstructions;

use super::{
    EQUITY_BITS, FIGURE_BITS, FUNDING_SUM_BITS, GROSS_BITS, MAINTENANCE_WORST_BITS, NOTIONAL_BITS, RATIO_BITS,
    WEIGHTED_BITS, WORST_BITS, ceil_bp, two_to,
};
use crate::margin::row::{LANE_BITS, LANES_PER_WORD};
use crate::state::limits::{AMOUNT_BITS, CASH_BITS};

/// The largest gross exposure, as bits.
const EXPOSURE_BITS: u32 = LANE_BITS - 1;

/// Input: a sum of words. Outputs: its three lanes, each in `[-2^83, 2^83)`.
///
/// The triple is unique: with 2^83 added to each lane it is a number below 2^252. That the true sums lie in that range is what
/// [`equity_block`] requires of gross exposure.
pub fn lanes_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "lanes");
    let sum = b.input_digest();
    let order: I256 = field_order().to_string().parse().expect("the field order has 254 bits");
    let half = I256::ONE << (LANE_BITS - 1);
    let offset = (0..LANES_PER_WORD as u32).fold(I256::ZERO, |offset, lane| offset + (half << (lane * LANE_BITS)));
    let lanes: Vec<Integer> = (0..LANES_PER_WORD as u32)
        .map(|lane| {
            let hint = sum.clone();
            b.unsigned(LANE_BITS, move |cells| {
                let shifted = hint.evaluate(cells) + offset;
                let reduced = if shifted >= order { shifted - order } else { shifted };
                (reduced >> (lane * LANE_BITS)) & ((I256::ONE << LANE_BITS) - 1)
            }) - Integer::constant(half)
        })
        .collect();
    let together = lanes
        .iter()
        .enumerate()
        .fold(Integer::constant(0), |together, (index, lane)| together + lane.shift(index as u32 * LANE_BITS));
    b.require_equal_in_field("sum = lanes", &sum, &together);
    for (index, lane) in lanes.iter().enumerate() {
        let lane = b.named(&format!("lane {index}"), lane);
        b.output(&lane);
    }
    b
}

/// Input: mm_factor. Witness: `m`, minus the least weighted result `w_s X_s`, or 0. Outputs: `-m`; `-L = ceil(m / 10^4)`;
/// `ceil(mm_factor (-L) / 10^4)`.
///
/// Rounding is monotone, so the least of the rounded results is the least result, rounded.
pub fn worst_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "worst scenario");
    let factor = b.input_bits(RATIO_BITS);
    let loss = b.witness("loss", WEIGHTED_BITS + 1);
    let worst = ceil_bp(&mut b, "-L", &loss, WORST_BITS + 1);
    let worst = b.named("-L", &worst);
    let share = ceil_bp(&mut b, "mm_factor (-L)", &(factor * &worst), MAINTENANCE_WORST_BITS + 1);
    let share = b.named("mm_factor (-L)", &share);
    let least = b.named("least", &-loss);
    for output in [&least, &worst, &share] {
        b.output(output);
    }
    b
}

/// Inputs: how many results have been named the least, three lanes, the base lane, three weights, the least weighted result. Witnesses: a bit
/// for each lane. Output: the count with these. No weighted result is below the least, and one that is named equals it.
pub fn scenario_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "scenarios");
    let count = b.input(0, 64);
    let lane = |b: &mut BlockBuilder| b.input(-two_to(LANE_BITS - 1), two_to(LANE_BITS - 1) - 1);
    let lanes: Vec<_> = (0..LANES_PER_WORD).map(|_| lane(&mut b)).collect();
    let base = lane(&mut b);
    let weights: Vec<_> = (0..LANES_PER_WORD).map(|_| b.input_bits(RATIO_BITS)).collect();
    let least = b.input(-two_to(WEIGHTED_BITS + 1), 0);
    let mut named = count;
    for (index, (lane, weight)) in lanes.iter().zip(weights).enumerate() {
        let bit = b.witness_bit(&format!("lane {index} is the least"));
        let above = weight * (lane - &base) - &least;
        b.require_zero(format!("lane {index} is the least: equal"), &bit * &above);
        b.range(&format!("lane {index} is not below"), &above, WEIGHTED_BITS + 2);
        named = named + bit;
    }
    // There are 36 lanes, so the sum may be the next block's count.
    let count = b.named("count", &named).with_bounds(0, 64);
    b.output(&count);
    b
}

/// Inputs: how many results are named the least, notional of perpetuals, of naked shorts, perp_mm, perp_im, naked_mm, naked_im. Outputs: the
/// contingencies of maintenance and initial margin, each below 2^97.
pub fn contingency_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "contingencies");
    let count = b.input(0, 64);
    let perp = b.input_bits(NOTIONAL_BITS);
    let naked = b.input_bits(NOTIONAL_BITS);
    let [perp_mm, perp_im, naked_mm, naked_im] = [(); 4].map(|()| b.input_bits(RATIO_BITS));
    b.require_zero("some result is the least", count - Integer::constant(1));
    for (name, perp_rate, naked_rate) in [("C_mm", perp_mm, naked_mm), ("C_im", perp_im, naked_im)] {
        let sum = ceil_bp(&mut b, name, &(perp_rate * &perp + naked_rate * &naked), EQUITY_BITS);
        let sum = b.named(name, &sum);
        b.output(&sum);
    }
    b
}

/// Inputs: cash, base lane, funding, gross exposure. Output: equity. Gross exposure is below 2^83, and equity below 2^97 in magnitude.
pub fn equity_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "equity");
    let cash = b.input_signed(CASH_BITS - 1);
    let base = b.input(-two_to(LANE_BITS - 1), two_to(LANE_BITS - 1) - 1);
    let funding = b.input_signed(FUNDING_SUM_BITS);
    let gross = b.input_bits(GROSS_BITS);
    b.range("gross exposure < 2^83", &gross, EXPOSURE_BITS);
    let equity = b.named("E = cash + A0 - funding", &(cash + base - funding));
    let top = Integer::constant((I256::ONE << EQUITY_BITS) - 1);
    b.range("E > -2^97", &(&equity + &top), EQUITY_BITS + 1);
    b.range("E < 2^97", &(top - &equity), EQUITY_BITS + 1);
    let equity = equity.with_bounds(1 - two_to(EQUITY_BITS), two_to(EQUITY_BITS) - BigInt::from(1));
    b.output(&equity);
    b
}

/// Inputs: equity, `-L`, its share in maintenance, both contingencies, the reserve. Outputs: L, M, N, the bits MM_ok and IM_ok.
pub fn health_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "health");
    let equity = b.input(-two_to(EQUITY_BITS), two_to(EQUITY_BITS));
    let worst = b.input_bits(WORST_BITS + 1);
    let share = b.input_bits(MAINTENANCE_WORST_BITS + 1);
    let [contingency_mm, contingency_im] = [(); 2].map(|()| b.input_bits(EQUITY_BITS));
    let reserve = b.input_bits(AMOUNT_BITS);
    let maintenance = b.named("M", &(share + &contingency_mm));
    let initial = b.named("N", &(&worst + contingency_mm + contingency_im + reserve));
    let least = b.named("L", &-worst);
    let short_mm = b.less_than("E < M", &equity, &maintenance, FIGURE_BITS);
    let short_im = b.less_than("E < N", &equity, &initial, FIGURE_BITS);
    let mm_ok = b.named("MM_ok", &short_mm.not());
    let im_ok = b.named("IM_ok", &short_im.not());
    for output in [&least, &maintenance, &initial, &mm_ok, &im_ok] {
        b.output(output);
    }
    b
}
