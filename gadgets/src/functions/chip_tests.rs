//! Special functions in circuits: against their native twins, and no cell that nothing holds.

use ethnum::I256;
use halo2curves::bn256::Fr;
use proptest::prelude::*;

use super::elementary::{exp_half, ln, normal};
use super::{EXP_ARGUMENT_BITS, FunctionInstructions, table};
use crate::fixed::FixedPointInstructions;
use crate::testing::Failure;
use crate::testing::Single;

fn ln_of(value: u64) -> Single {
    Single::new(
        |b| {
            let value = b.input_bits(63);
            let ln = b.ln("ln", &value);
            let ln = b.named("output", &ln);
            b.output(&ln);
        },
        &[value.into()],
    )
}

fn exp_of(argument: u64) -> Single {
    Single::new(
        |b| {
            let argument = b.input_bits(EXP_ARGUMENT_BITS + 3);
            let exp = b.exp_half("exp", &argument);
            let exp = b.named("output", &exp);
            b.output(&exp);
        },
        &[argument.into()],
    )
}

/// Phi and phi at an argument in units of 2^-52.
fn normal_of(argument: u64) -> Single {
    Single::new(
        |b| {
            let argument = b.input_bits(62);
            let point = b.point("d", &table::PHI, &argument, 28, Some(36));
            let density = b.same_point("phi", &table::PDF, &point);
            for point in [point, density] {
                let value = b.numerator(&point);
                let value = b.named("output", &value);
                b.output(&value);
            }
        },
        &[argument.into()],
    )
}

#[test]
fn every_cell_is_held() {
    for value in [1, 2, 3, (1 << 63) - 1, 1_234_567_890_123] {
        ln_of(value).assert_tight();
    }
    for argument in [0, 5 << 60, (15 << 59) - 1] {
        exp_of(argument).assert_tight();
    }
    normal_of(3 << 50).assert_tight();
}

#[test]
fn beyond_the_table_only_what_does_not_matter_is_free() {
    // At 12 the function is at its limit: coefficients are those of the last row, and the limbs below do not enter the value; they are held by
    // the argument all the same.
    normal_of(12 << 52).assert_tight();
}

#[test]
fn there_is_no_logarithm_of_zero() {
    let failures = Single::new(
        |b| {
            let value = b.input_bits(63);
            let _ = b.ln("ln", &value);
        },
        &[0],
    )
    .failures(&[]);
    // The mantissa is -1, which is in no segment.
    assert_eq!(failures, [Failure::new("lookup a0: range or function segment", 2)]);
}

#[test]
fn an_exponential_beyond_its_table_has_no_row() {
    let failures = exp_of((1 << 63) - 1).failures(&[]);
    assert!(failures.contains(&Failure::new("lookup a0: range or function segment", 0)), "{failures:?}");
}

#[test]
fn a_coefficient_of_another_row_is_not_looked_up() {
    let single = exp_of(1 << 60);
    let edits = [((2, 0), Fr::from(1))];
    assert!(single.failures(&edits).contains(&Failure::new("lookup a0: range or function segment", 0)));
}

proptest! {
    #[test]
    fn circuits_agree_with_native_twins(value in 1u64..1 << 63, argument in 0u64..15 << 59, d in 0u64..1 << 57) {
        prop_assert_eq!(ln_of(value).outputs(), [I256::from(ln(value))]);
        prop_assert_eq!(exp_of(argument).outputs(), [I256::from(exp_half(argument))]);
        let expected = [&table::PHI, &table::PDF].map(|function| normal(function, d.into(), 28));
        prop_assert_eq!(normal_of(d).outputs(), expected);
    }
}
