//! Blocks on their own: no cell can be changed alone, and results are what they should be.

use std::collections::BTreeSet;

use ethnum::I256;
use zomma_gadgets::frame::BlockBuilder;
use zomma_gadgets::frame::value::to_integer;
use zomma_gadgets::testing::{AdviceCell, Single};

use super::super::blocks::*;
use super::*;
use crate::batch::unsigned::UNSIGNED;

fn single(make: fn(Table) -> BlockBuilder, inputs: &[i128], witnesses: &[i128]) -> Single {
    let integers = |values: &[i128]| values.iter().copied().map(I256::from).collect();
    Single::of(make, integers(inputs), integers(witnesses))
}

/// How many cells can be changed alone.
fn free(make: fn(Table) -> BlockBuilder, inputs: &[i128], witnesses: &[i128]) -> usize {
    single(make, inputs, witnesses).free_cells().len()
}

/// Names of what refuses a block once its output has been changed by so much.
fn refused(make: fn(Table) -> BlockBuilder, inputs: &[i128], output: usize, change: i64) -> Vec<String> {
    let single = single(make, inputs, &[]);
    let block = single.block();
    let cell: AdviceCell = block.output_positions()[output];
    let values: Vec<I256> = inputs.iter().copied().map(I256::from).collect();
    let honest = block.evaluate_outputs(&values, &[])[output];
    let changed = zomma_gadgets::frame::value::to_field(honest + I256::from(change));
    let names: BTreeSet<String> = single.failures(&[(cell, changed)]).into_iter().map(|failure| failure.name).collect();
    names.into_iter().collect()
}

/// One bit of five.
fn kinds() -> impl Iterator<Item = [i128; 5]> {
    (0..6).map(|kind| core::array::from_fn(|bit| i128::from(bit == kind)))
}

#[test]
fn fields() {
    // Free: marks and adopted root, which the effect reads.
    for kind in kinds() {
        assert_eq!(free(kind_block, &[0], &[&kind[..], &[9, 7, 8]].concat()), 2, "{kind:?}");
    }
    assert_eq!(free(terms_block, &[], &[3, 50, 60, 70, 80, 0]), 0);
    assert_eq!(free(terms_block, &[], &[3, 0, 60, 70, 80, 1]), 0);
    // Free: whether the market exists, which the leaf reads.
    assert_eq!(free(index_block, &[], &[1, 50, 60, 70, 80]), 1);
    let two = single(kind_block, &[0], &[1, 0, 0, 0, 1, 9, 7, 8]).failures(&[]);
    assert!(two.iter().any(|failure| failure.name == "market transaction: one type at most"), "{two:?}");
    let again = single(kind_block, &[1], &[0, 0, 0, 1, 0, 9, 7, 8]).failures(&[]);
    assert!(again.iter().any(|failure| failure.name == "market transaction: one risk array at most"), "{again:?}");
}

#[test]
fn listings_and_rules() {
    let index = [0, 0, 0, 100];
    for list in [0, 1] {
        let series = [list, 0, 5, 100, 3, 200, 60, 70, 0, 0];
        assert_eq!(free(listing_block, &[&series[..], &index].concat(), &[]), 0);
        let perpetual = [list, 0, 5, 100, 5, 0, 0, 0, 0, 1];
        assert_eq!(free(listing_block, &[&perpetual[..], &index].concat(), &[]), 0);
    }
    let names = |inputs: [i128; 10]| {
        let failures = single(listing_block, &[&inputs[..], &index].concat(), &[]).failures(&[]);
        failures.into_iter().map(|failure| failure.name).collect::<Vec<_>>()
    };
    // List, existence, market, time; underlying, expiry, strike base, strike step, settlement price, perpetual.
    assert_eq!(names([1, 0, 5, 100, 6, 0, 0, 0, 0, 1]), ["listing: a perpetual is its own underlying"]);
    assert_eq!(names([1, 0, 5, 100, 5, 0, 1, 0, 0, 1]), ["listing: a perpetual has no strikes"]);
    assert_eq!(names([1, 0, 5, 100, 5, 0, 0, 1, 0, 1]), ["listing: a perpetual has no strikes"]);
    assert_eq!(names([1, 0, 5, 100, 3, 100, 60, 70, 0, 0]), ["listing: it expires later = sum of limbs"]);
    assert_eq!(names([1, 0, 5, 100, 3, 200, 0, 70, 0, 0]), ["listing: strike base >= 1 = sum of limbs"]);
    assert_eq!(names([1, 0, 5, 100, 3, 200, 60, 0, 0, 0]), ["listing: strike step >= 1 = sum of limbs"]);
    let base = (1 << 63) - 2_048;
    assert_eq!(names([1, 0, 5, 100, 3, 200, base, 1, 0, 0]), [""; 0]);
    assert_eq!(names([1, 0, 5, 100, 3, 200, base + 1, 1, 0, 0]), ["listing: strikes below 2^63 = sum of limbs"]);
    assert_eq!(names([1, 0, 5, 100, 3, 200, 60, 70, 9, 0]), ["listing: it has no prices"]);
    for (bits, perpetual, expiry) in [([0, 0, 0], 1, 0), ([1, 0, 0], 1, 0), ([0, 1, 0], 0, 90), ([0, 0, 1], 1, 0)] {
        let inputs = [&bits[..], &[1, perpetual, expiry, 0, 80, 110, 100, 3]].concat();
        assert_eq!(free(rules_block, &inputs, &[]), 0, "{bits:?}");
    }
}

fn of_nobody(table: Table) -> BlockBuilder {
    let [x, y] = UNSIGNED.key;
    signer_block(table, [x, y, UNSIGNED.message])
}

/// Inputs of a signer's block with five keys of sixteen.
fn with_keys(fields: [i128; 5]) -> Vec<i128> {
    let keys = (0..16).flat_map(|key| [i128::from(key < 5), 100 + key, 200 + key]);
    fields.into_iter().chain(keys).collect()
}

fn chosen(key: Option<usize>) -> Vec<i128> {
    (0..16).map(|index| i128::from(key == Some(index))).collect()
}

#[test]
fn reports() {
    for reported in [0, 1] {
        assert_eq!(free(report_block, &[reported, 5, 60], &[70]), 0);
    }
    for (bits, key) in [([0, 0], None), ([1, 0], Some(3)), ([0, 1], Some(4))] {
        let inputs = with_keys([bits[0], bits[1], i128::from(key.is_some()), 7, 8]);
        assert_eq!(free(of_nobody, &inputs, &chosen(key)), 0, "{bits:?}");
    }
    let names = |fields: [i128; 5], bits: &[i128]| {
        let failures = single(of_nobody, &with_keys(fields), bits).failures(&[]);
        failures.into_iter().map(|failure| failure.name).collect::<Vec<_>>()
    };
    // A key that the prover brings along, one that has signed, none, and two.
    assert_eq!(names([1, 0, 0, 7, 8], &chosen(Some(5))), ["signer: it is one of the parameters'"]);
    assert_eq!(names([0, 1, 3, 7, 8], &chosen(Some(2))), ["signer: signers ascend = sum of limbs"]);
    assert_eq!(names([1, 0, 0, 7, 8], &chosen(None)), ["signer: one key signs"]);
    let mut two = chosen(Some(2));
    two[3] = 1;
    assert_eq!(names([1, 0, 0, 7, 8], &two), ["signer: one key signs"]);
}

#[test]
fn the_fixed_signature_is_one() {
    let point = zomma_gadgets::edwards::Point::new(UNSIGNED.key[0], UNSIGNED.key[1]).expect("it is on the curve");
    let key = zomma_gadgets::eddsa::PublicKey::new(point).expect("it is a key");
    key.verify(UNSIGNED.message, &UNSIGNED.signature).expect("it verifies");
    assert_ne!(to_integer(UNSIGNED.message), I256::ZERO);
}

#[test]
fn medians_in_every_order() {
    for first in 0..3 {
        for second in 0..3 {
            for third in 0..3 {
                let mut sorted = [first, second, third];
                let single = single(median_block, &sorted, &[]);
                let [found] = single.outputs()[..] else { panic!("one output") };
                sorted.sort_unstable();
                assert_eq!(found, I256::from(sorted[1]), "{first} {second} {third}");
                assert_eq!(single.failures(&[]), []);
            }
        }
    }
    assert_eq!(free(median_block, &[9, 5, 7], &[]), 0);
    assert_eq!(free(median_block, &[7, 7, 7], &[]), 0);
    for change in [-2, 2] {
        assert_eq!(refused(median_block, &[9, 5, 7], 0, change), ["median: median"]);
    }
}

#[test]
fn second_leaves() {
    let words: Vec<i128> = (0..12).map(|word| (word + 7) << 20).collect();
    for tick in [0, 1] {
        // Free: the words that only the hash reads.
        assert_eq!(free(row_block, &[tick, 5], &words), 11);
    }
    for series in [0, 1] {
        // Free: the last word of the leaf, which the hash reads.
        assert_eq!(free(last_block, &[series, 3, 7, 8], &[9]), 1);
        assert_eq!(free(opened_block, &[series, 3, 1 - series, 3, 7, 7, 7], &[]), 0);
    }
    let names = |inputs: [i128; 7]| {
        let failures = single(opened_block, &inputs, &[]).failures(&[]);
        failures.into_iter().map(|failure| failure.name).collect::<Vec<_>>()
    };
    assert_eq!(names([1, 3, 0, 4, 7, 7, 8]), ["second opening: it is the one named"]);
    assert_eq!(names([1, 3, 0, 3, 8, 7, 8]), ["second opening: the underlying is a market"]);
    assert_eq!(names([0, 3, 1, 3, 7, 7, 8]), ["second opening: the row is in the risk array"]);
}

/// Tick, index time, time of funding, time, time of the marks, largest age, interval.
const DUE: [i128; 7] = [1, 9_990, 3_600, 10_000, 9_995, 300, 3_600];

#[test]
fn funding_time() {
    assert_eq!(free(due_block, &DUE, &[]), 0);
    assert_eq!(free(due_block, &[&[0], &DUE[1..]].concat(), &[]), 0);
    assert_eq!(single(due_block, &DUE, &[]).outputs(), [I256::from(7_200)]);
    for change in [-3_600, -1, 1, 2_800, 3_600] {
        assert_eq!(refused(due_block, &DUE, 0, change), ["funding is due: time of funding"]);
    }
    let names = |field: usize, value: i128| {
        let mut inputs = DUE;
        inputs[field] = value;
        let failures = single(due_block, &inputs, &[]).failures(&[]);
        failures.into_iter().map(|failure| failure.name).collect::<Vec<_>>()
    };
    assert_eq!(names(2, 6_400), [""; 0]);
    assert_eq!(names(2, 6_401), ["funding is due: an interval has passed = sum of limbs"]);
    assert_eq!(names(4, 9_700), [""; 0]);
    assert_eq!(names(4, 9_699), ["funding is due: the marks are fresh = sum of limbs"]);
    assert_eq!(names(1, 9_699), ["funding is due: the index is fresh = sum of limbs"]);
    let nothing = "funding is due: the marks are of some time = sum of limbs";
    assert_eq!(names(4, 0), ["funding is due: the marks are fresh = sum of limbs", nothing]);
}

#[test]
fn funding_is_capped() {
    // 50 bp of 20,199 is 100.995.
    let cases = [(20_199, 0), (20_299, 100), (20_300, 100), (1 << 62, 100), (20_100, -99), (20_099, -100), (0, -100)];
    for (mark, premium) in cases {
        let inputs = [1, mark, 20_199, 50];
        let single = single(premium_block, &inputs, &[]);
        assert_eq!(single.outputs(), [I256::from(premium)], "{mark}");
        assert_eq!(single.failures(&[]), []);
        for change in [-1, 1] {
            assert_eq!(refused(premium_block, &inputs, 0, change), ["premium: capped premium"]);
        }
        assert_eq!(free(premium_block, &inputs, &[]), 0);
    }
    assert_eq!(free(premium_block, &[0, 0, 20_199, 50], &[]), 0);
    assert_eq!(single(premium_block, &[0, 0, 20_199, 50], &[]).outputs(), [I256::ZERO]);
}

#[test]
fn funding_steps_round_down() {
    let bias = 1i128 << 63;
    for (premium, index, after) in [(0, 7, 7), (8, 7, 8), (15, 7, 8), (-1, 7, 6), (-8, -7, -8), (-9, -7, -9)] {
        let inputs = [premium, index, 3_600, 28_800];
        let single = single(step_block, &inputs, &[]);
        assert_eq!(single.outputs(), [I256::from(bias + after)], "{premium}");
        assert_eq!(single.failures(&[]), []);
        assert_eq!(free(step_block, &inputs, &[]), 0);
        for change in [-1, 1] {
            assert_eq!(refused(step_block, &inputs, 0, change), ["funding step: funding index, biased"]);
        }
    }
    let limit = 1i128 << 62;
    let names = |inputs: [i128; 4]| {
        let failures = single(step_block, &inputs, &[]).failures(&[]);
        failures.into_iter().map(|failure| failure.name).collect::<Vec<_>>()
    };
    assert_eq!(names([1, limit - 2, 1, 1]), [""; 0]);
    assert_eq!(names([1, limit - 1, 1, 1]), ["funding step: index < 2^62 = sum of limbs"]);
    assert_eq!(names([-1, 2 - limit, 1, 1]), [""; 0]);
    assert_eq!(names([-1, 1 - limit, 1, 1]), ["funding step: index > -2^62 = sum of limbs"]);
}

#[test]
fn effects() {
    for kind in kinds() {
        let some = kind.iter().sum::<i128>();
        let [list, update, fixing, adopt, _] = kind;
        let market = [list, update, fixing, adopt, some, 1 - list, 77, 5, 6, 1 << 63, 8];
        let inputs = [&market[..], &[9, 10, 11, 12, 13, 14, 15, 16, 17]].concat();
        assert_eq!(free(effect_block, &inputs, &[]), 0, "{kind:?}");
        let inputs = [&kind[..], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]].concat();
        assert_eq!(free(encode_block, &inputs, &[]), 0, "{kind:?}");
    }
}
