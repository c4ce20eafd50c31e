//! Fixed-point integers: values against big integers, exact failures, no cell that nothing holds.

use ethnum::I256;
use halo2curves::bn256::Fr;
use halo2curves::ff::Field;
use num_bigint::BigInt;
use num_integer::Integer as _;
use proptest::prelude::*;

use super::{FixedPointInstructions, native};
use crate::frame::{BlockBuilder, Integer};
use crate::testing::Failure;
use crate::testing::Single;

fn output(b: &mut BlockBuilder, value: &Integer) {
    let cell = b.named("output", value);
    b.output(&cell);
}

fn div(numerator: i128, denominator: i128) -> Single {
    Single::new(
        |b| {
            let (n, d) = (b.input_bits(100), b.input_bits(40));
            let (quotient, remainder) = b.div_rem("n / d", &n, &d, 70, 40);
            output(b, &quotient);
            output(b, &remainder);
        },
        &[numerator, denominator],
    )
}

fn root(value: i128) -> Single {
    Single::new(
        |b| {
            let value = b.input_bits(100);
            let root = b.sqrt("root", &value, 50);
            output(b, &root);
        },
        &[value],
    )
}

fn rounded(value: i128) -> Single {
    Single::new(
        |b| {
            let value = b.input_signed(60);
            let (sign, magnitude) = b.round_signed("rounded", &value, 20, 42);
            let signed = b.named("signed", &(sign.sign() * magnitude));
            b.output(&signed);
        },
        &[value],
    )
}

fn ordered(a: i128, b: i128) -> Single {
    Single::new(
        |block| {
            let (a, b) = (block.input_signed(50), block.input_signed(50));
            let less = block.less_than("a < b", &a, &b, 52);
            let (low, high) = (block.select(&less, &a, &b), block.select(&less, &b, &a));
            output(block, &less);
            output(block, &low);
            output(block, &high);
        },
        &[a, b],
    )
}

#[test]
fn every_cell_is_held() {
    div(1 << 99, 12_345_678_901).assert_tight();
    div(5, 7).assert_tight();
    root((1 << 100) - 1).assert_tight();
    root(0).assert_tight();
    rounded(-123_456_789_012_345).assert_tight();
    ordered(-5, 7).assert_tight();
    ordered(7, 7).assert_tight();
}

#[test]
fn a_quotient_one_too_small_leaves_a_remainder_too_large() {
    // 23 = 4 * 5 + 3; with quotient 3 the remainder would be 8, and 5 - 1 - 8 < 0 has no limbs.
    let single = div(23, 5);
    let cells = single.block();
    // Limbs: quotient (a0, 0).., remainder next; both are small, so only their lowest limbs are not zero.
    let quotient = (0, 0);
    let remainder = (1, 2);
    let outputs = cells.output_positions();
    let edits =
        [(quotient, Fr::from(3)), (remainder, Fr::from(8)), (outputs[0], Fr::from(3)), (outputs[1], Fr::from(8))];
    assert_eq!(single.failures(&edits), [Failure::new("block: n / d: remainder < denominator = sum of limbs", 0)]);
}

#[test]
fn there_is_no_quotient_by_zero() {
    let failures = div(23, 0).failures(&[]);
    let remainder = Failure::new("block: n / d: remainder < denominator = sum of limbs", 0);
    assert!(failures.contains(&remainder), "{failures:?}");
}

#[test]
fn a_root_one_too_large_or_small_has_no_slack() {
    let single = root(24);
    let place = single.block().output_positions()[0];
    for (wrong, name) in
        [(5, "block: root: scale s^2 <= v = sum of limbs"), (3, "block: root: v < scale (s + 1)^2 = sum of limbs")]
    {
        // With the root's limb and its copy changed, both differences change; only the one that is negative cannot be mended by limbs.
        let failures = single.failures(&[((0, 0), Fr::from(wrong)), (place, Fr::from(wrong))]);
        assert!(failures.contains(&Failure::new(name, 0)), "{failures:?}");
    }
}

#[test]
fn the_sign_of_a_value_that_is_not_zero_is_determined() {
    let single = rounded(-(5 << 20));
    assert_eq!(single.outputs(), [-5]);
    let free = rounded(0).free_cells();
    assert_eq!(free.len(), 1, "the sign of zero alone is free: {free:?}");
}

#[test]
fn an_identity_that_could_wrap_is_refused() {
    let wraps = std::panic::catch_unwind(|| {
        let mut b = BlockBuilder::new("wide");
        let (x, y) = (b.input_bits(200), b.input_bits(100));
        b.require_zero("x y = 0", x * y);
    });
    let message = *wraps.expect_err("300 bits wrap").downcast::<String>().expect("a formatted message");
    assert!(
        message.starts_with("wide: x y = 0: |0..") && message.ends_with("may wrap around the field order"),
        "{message}"
    );
}

#[test]
fn selection_and_order() {
    assert_eq!(ordered(-5, 7).outputs(), [1, -5, 7].map(I256::from));
    assert_eq!(ordered(7, -5).outputs(), [0, -5, 7].map(I256::from));
    let single = ordered(3, 4);
    let less = single.block().output_positions()[0];
    let failures = single.failures(&[(less, Fr::ZERO)]);
    assert_eq!(failures, [Failure::new("block: output", 0)]);
}

proptest! {
    #[test]
    fn native_twins_agree_with_big_integers(n in any::<i128>(), d in 1i128..i128::MAX, shift in 1u32..100) {
        let (big_n, big_d) = (BigInt::from(n), BigInt::from(d));
        let same = |ours: I256, theirs: BigInt| ours.to_string() == theirs.to_string();
        let (wide_n, wide_d) = (I256::from(n), I256::from(d));
        prop_assert!(same(native::div_floor(wide_n, wide_d), big_n.div_floor(&big_d)));
        prop_assert!(same(native::div_nearest(wide_n, wide_d), (BigInt::from(2) * &big_n + &big_d).div_floor(&(BigInt::from(2) * &big_d))));
        prop_assert!(same(native::round(wide_n, shift), (&big_n + (BigInt::from(1) << (shift - 1))) >> shift));
        let magnitude = wide_n.abs();
        prop_assert!(same(native::sqrt_floor(magnitude), BigInt::from(n).magnitude().sqrt().into()));
    }

    #[test]
    fn blocks_agree_with_native_twins(n in 0u64.., d in 1u64..1 << 40, v in -(1i64 << 59)..1 << 59) {
        let (quotient, remainder) = (n / d, n % d);
        prop_assert_eq!(div(n.into(), d.into()).outputs(), [quotient, remainder].map(I256::from));
        prop_assert_eq!(root(n.into()).outputs(), [native::sqrt_floor(n.into())]);
        prop_assert_eq!(rounded(v.into()).outputs(), [native::round_signed(v.into(), 20)]);
    }
}
