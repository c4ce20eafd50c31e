//! Range checks: exact failures, and no cell that nothing holds.

use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use proptest::prelude::*;

use super::{RangeInstructions, limb_widths};
use crate::{
    frame::lanes::Table,
    testing::{Failure, Single},
};

const LOOKUPS: [&str; 2] = ["lookup a0: range or function segment", "lookup a1: range"];

/// 40 bits: limbs of 14, 14 and 12 bits at (a0, 0), (a1, 0), (a0, 1); the value at (a2, 0).
fn forty_bits(value: i128) -> Single {
    Single::new(
        |b| {
            let value = b.input_bits(200);
            b.range("value", &value, 40);
        },
        &[value],
    )
}

#[test]
fn limbs_are_full_but_for_the_top_one() {
    let widths = |bits, limb_bits| limb_widths(bits, limb_bits).collect::<Vec<_>>();
    assert_eq!(widths(40, 14), [14, 14, 12]);
    assert_eq!(widths(28, 14), [14, 14]);
    assert_eq!(widths(40, 12), [12, 12, 12, 4]);
    assert_eq!(widths(1, 14), [1]);
    assert!(widths(0, 14).is_empty());
}

#[test]
fn the_largest_value_passes_and_every_cell_is_held() {
    for value in [0, 1, (1 << 40) - 1, 0x12_3456_789a] {
        forty_bits(value).assert_tight();
    }
}

#[test]
fn one_more_than_the_largest_value_fails_its_sum() {
    let sum = Failure::new("block: value = sum of limbs", 0);
    assert_eq!(forty_bits(1 << 40).failures(&[]), [sum]);
}

#[test]
fn a_limb_too_large_fails_its_lookup_and_nothing_else() {
    // 2^40 with the top limb 2^12: the sum is right, the top limb is not below 2^12.
    let edits = [((0, 1), Fr::from(1 << 12))];
    assert_eq!(forty_bits(1 << 40).failures(&edits), [Failure::new(LOOKUPS[0], 1)]);
    // The same value with a middle limb of 2^26 and a top limb of 0.
    let edits = [((1, 0), Fr::from(1 << 26)), ((0, 1), Fr::ZERO)];
    assert_eq!(forty_bits(1 << 40).failures(&edits), [Failure::new(LOOKUPS[1], 0)]);
}

#[test]
fn a_negative_limb_is_no_way_around() {
    // -1 = 2^14 - 1 + 2^14 (-1).
    let edits = [((0, 0), Fr::from((1 << 14) - 1)), ((1, 0), -Fr::ONE), ((0, 1), Fr::ZERO)];
    let mut failures = forty_bits(-1).failures(&edits);
    failures.sort();
    assert_eq!(failures, [Failure::new(LOOKUPS[1], 0)]);
}

#[test]
fn a_width_without_a_tag_of_its_own_takes_two_lookups() {
    // 27 = 14 + 13 bits: the top limb at (a1, 0), twice it at (a0, 1).
    let single = |value| {
        Single::new(
            |b| {
                let value = b.input_bits(200);
                b.range("value", &value, 27);
            },
            &[value],
        )
    };
    single((1 << 27) - 1).assert_tight();
    let edits = [((1, 0), Fr::from(1 << 13)), ((0, 1), Fr::from(1 << 14))];
    assert_eq!(single(1 << 27).failures(&edits), [Failure::new(LOOKUPS[0], 1)]);
}

/// 40 bits over the short table: limbs of 12, 12, 12 and 4 bits in two rows, the value at (a2, 0), seven more cells from (a3, 0): below
/// the limbs they take all four columns.
#[test]
fn a_short_table_has_shorter_limbs_and_wider_rows() {
    let single = |value| {
        Single::over(
            Table::SHORT_RANGES,
            |b| {
                use crate::fixed::FixedPointInstructions;
                let value = b.input_bits(200);
                b.range("value", &value, 40);
                for _ in 0..7 {
                    let twice = b.named("twice", &value.scale(2));
                    b.output(&twice);
                }
            },
            &[value],
        )
    };
    assert_eq!(single(7).outputs(), [14; 7]);
    assert_eq!(single(0).block().cost().rows, 3);
    assert_eq!(single(0).block().output_positions()[2..], [(3, 1), (0, 2), (1, 2), (2, 2), (3, 2)]);
    for value in [0, 1, (1 << 40) - 1] {
        single(value).assert_tight();
    }
    assert_eq!(single(1 << 40).failures(&[]), [Failure::new("block: value = sum of limbs", 0)]);
    assert_eq!(single(1 << 40).failures(&[((1, 1), Fr::from(1 << 4))]), [Failure::new(LOOKUPS[1], 1)]);
    let edits = [((0, 1), Fr::from(1 << 16)), ((1, 1), Fr::ZERO)];
    assert_eq!(single(1 << 40).failures(&edits), [Failure::new("lookup a0: range", 1)]);
}

#[test]
fn a_bit_is_zero_or_one() {
    let single = Single::new(
        |b| {
            let bit = b.bit("bit", |_| true);
            b.output(&bit);
        },
        &[],
    );
    assert_eq!(single.outputs(), [1]);
    let place = single.block().output_positions()[0];
    assert_eq!(single.failures(&[(place, Fr::from(2))]), [Failure::new("block: bit is a bit", 0)]);
    // A bit that no other constraint reads is free between its two values: what uses it must hold it.
    assert_eq!(single.failures(&[(place, Fr::ZERO)]), []);
}

proptest! {
    #[test]
    fn parts_put_the_value_together(value in 0u64..1 << 50, low in 1u32..50) {
        thread_local! { static LOW: std::cell::Cell<u32> = const { std::cell::Cell::new(0) } }
        LOW.set(low);
        let single = Single::new(
            |b| {
                use crate::fixed::FixedPointInstructions;
                let value = b.input_bits(50);
                let low = LOW.get();
                for part in b.decompose("value", &value, &[low, 50 - low]) {
                    let cell = b.named("part", &part);
                    b.output(&cell);
                }
            },
            &[value.into()],
        );
        let outputs = single.outputs();
        prop_assert_eq!(outputs[0], ethnum::I256::from(value & ((1 << low) - 1)));
        prop_assert_eq!(outputs[1], ethnum::I256::from(value >> low));
    }
}
