//! Block by block: no cell can be changed alone, but for those named free.

use ethnum::I256;
use zomma_gadgets::frame::{BlockBuilder, lanes::Table};
use zomma_gadgets::testing::Single;

use super::*;

fn integers(values: &[i128]) -> Vec<I256> {
    values.iter().copied().map(I256::from).collect()
}

fn single(make: fn(Table) -> BlockBuilder, inputs: &[i128], witnesses: &[i128]) -> Single {
    Single::of(make, integers(inputs), integers(witnesses))
}

/// How many cells are free when the block stands alone.
fn free(make: fn(Table) -> BlockBuilder, inputs: &[i128], witnesses: &[i128]) -> usize {
    single(make, inputs, witnesses).free_cells().len()
}

const PERPETUAL: [i128; 6] = [3, 0, 0, 0, 0, 1];
const SERIES: [i128; 6] = [0, 1_700_000_001, 900, 100, 0, 0];

#[test]
fn words_of_the_state() {
    // Free: key and root of the orders, which the leaf's hash reads.
    assert_eq!(free(account_block, &[], &[5 + (1 << 95), 3, 0, 77, 12, 1, 2, 3]), 3);
    // Free: the two roots.
    assert_eq!(free(clock_block, &[], &[1_700_000_000, 1_699_999_999, 5, 6]), 2);
    assert_eq!(free(fresh_block, &[1, 1_700_000_000, 1_699_999_900, 100], &[]), 0);
    assert_eq!(free(fresh_block, &[0, 1_700_000_000, 0, 100], &[]), 0);
    assert_eq!(free(weights_block, &[], &[10_000; 15]), 0);
    // Free: venue and scenario set.
    assert_eq!(free(ratios_block, &[], &[1, 2, 3, 8_000, 100, 200, 300, 400, 5, 6, 300, 0, 1, 8, 9]), 2);
    assert_eq!(free(terms_block, &[1_700_000_000], &PERPETUAL), 0);
    assert_eq!(free(terms_block, &[1_700_000_000], &SERIES), 0);
    assert_eq!(free(index_block, &[], &[20_000, 1_700_000_000, (1 << 63) - 5, 1_700_000_000]), 0);
    assert_eq!(free(opened_market_block, &[9, 9, 4], &[1]), 0);
    assert_eq!(free(opened_market_block, &[9, 8, 4], &[0]), 0);
    assert_eq!(free(select_block, &[1, 5, 6], &[]), 0);
}

/// Market, strike index, kind, quantity, entry, activity, pair.
fn position(qty: i128, put: i128, pair: i128) -> [i128; 7] {
    [2, 3, put, qty + (1 << 55), 1 << 95, 1, pair]
}

#[test]
fn positions() {
    let call = 2 << 12 | 3 << 1;
    assert_eq!(free(position_block, &[1, 11], &position(-5, 0, 0)), 0);
    assert_eq!(free(position_block, &[1, call], &position(7, 1, 1)), 0);
    assert_eq!(free(position_block, &[0, call], &[0; 7]), 0);
    let words: Vec<i128> = (1..=48).collect();
    let sums: Vec<i128> = [1, -2, 3, 4].into_iter().chain(100..112).collect();
    assert_eq!(free(products_block, &sums, &words), 0);
    assert_eq!(free(opened_row_block, &[0, 4, 5], &[]), 0);
    let fields: Vec<i128> = (0..31).collect();
    assert_eq!(free(pick_block, &[&[0], &fields[1..7], &fields[..24]].concat(), &[0, 1, 0, 0]), 0);
}

/// Activity, instrument, market, strike index, quantity, pair bit, the next one's quantity; count, key, perpetual, expiry, base, step,
/// funding; the row's last word; four sums.
fn holding(active: i128, qty: i128, paired: i128, perpetual: i128) -> Single {
    let word = I256::from(5) + (I256::from(20_000) << 84) + (I256::from(700_000) << 168);
    let market = [2, perpetual, 1_700_000_000 * (1 - perpetual), 900, 100, -3];
    let mut inputs = integers(&[active, 2 << 12 | 3 << 1, 2, 3, qty, 0, paired, active]);
    inputs.extend(integers(&market.map(|field| field * active)));
    inputs.push(if active == 1 { word } else { I256::ZERO });
    inputs.extend(integers(&[1, 2, 3, -4]));
    Single::of(holding_block, inputs, integers(&[8]))
}

#[test]
fn holdings() {
    // Free: the digest of the Greeks, which the row's hash reads.
    for (qty, paired, perpetual) in [(5, 0, 0), (-5, 0, 0), (-5, 3, 0), (-5, 5, 0), (4, -9, 0), (-5, 0, 1), (1, 0, 1)] {
        assert_eq!(holding(1, qty, paired, perpetual).free_cells().len(), 1, "{qty} {paired} {perpetual}");
    }
    assert_eq!(holding(0, 0, 0, 0).free_cells().len(), 1);
}

#[test]
fn figures() {
    let lane = |index: u32, value: i128| I256::from(value) << (84 * index);
    let sum = lane(0, 5) + lane(1, 7) + lane(2, (1 << 83) - 1);
    Single::of(lanes_block, vec![sum], vec![]).assert_tight();
    assert_eq!(Single::of(lanes_block, vec![sum], vec![]).outputs(), [5, 7, (1 << 83) - 1]);
    single(worst_block, &[8_000], &[1]).assert_tight();
    single(worst_block, &[8_000], &[0]).assert_tight();
    // Two lanes are the least: which of them is named is free, so nothing is held but that it is one of them; changing one bit changes the count.
    single(scenario_block, &[0, 5, 3, 3, 5, 0, 10_000, 10_000, -20_000], &[0, 1, 0]).assert_tight();
    single(contingency_block, &[1, 100, 333, 100, 200, 300, 400], &[]).assert_tight();
    single(equity_block, &[-5, 7, 3, 11], &[]).assert_tight();
    for equity in [0, 1, 1_041, -1_041] {
        single(health_block, &[equity, 330, 264, 300, 400, 11], &[]).assert_tight();
    }
}

/// The figures of "a short call by hand" among the native engine's tests.
#[test]
fn health_by_hand() {
    let outputs = single(health_block, &[500, 330, 264, 300, 400, 11], &[]).outputs();
    assert_eq!(outputs, integers(&[-330, 564, 1_041, 0, 0]));
    let outputs = single(health_block, &[564, 330, 264, 300, 400, 11], &[]).outputs();
    assert_eq!(outputs[3..], integers(&[1, 0]));
}
