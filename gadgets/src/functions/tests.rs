use ethnum::{AsI256, I256};

use super::{
    native::{Argument, round_shift},
    table::{EXP, LN, LN_2, LOCAL_BITS, PDF, PHI, POW2, tables},
};

#[test]
fn tables_have_the_specified_shape() {
    let shape = tables().map(|table| (table.name, table.tag, table.frac_bits, table.segment_bits, table.rows()));
    let expected = [
        ("phi", 32, 60, 10, 9217),
        ("pdf", 33, 60, 10, 9217),
        ("exp", 34, 60, 11, 7681),
        ("ln", 35, 60, 13, 8193),
        ("pow2", 36, 0, 0, 63),
    ];
    assert_eq!(shape, expected);
}

#[test]
fn special_values_are_exact() {
    assert_eq!(PHI.coefficients[0][0], 1 << 59);
    assert_eq!((PHI.coefficients[9216], PDF.coefficients[9216]), ([1 << 60, 0, 0, 0], [0; 4]));
    assert_eq!(EXP.coefficients[5120][0], 1 << 60);
    assert_eq!(LN.coefficients[0][0], 0);
    assert_eq!(LN.coefficients[8192][0], LN_2);
    for (exponent, row) in POW2.coefficients.iter().enumerate() {
        assert_eq!(*row, [1 << exponent, 0, 0, 0]);
    }
}

#[test]
fn coefficients_keep_to_the_widths_that_the_circuit_relies_on() {
    assert_eq!(PHI.coefficient_bits(), [61, 49, 37, 27]);
    assert_eq!(PDF.coefficient_bits(), [59, 48, 38, 27]);
    assert_eq!(EXP.coefficient_bits(), [62, 51, 39, 27]);
    assert_eq!(LN.coefficient_bits(), [60, 47, 33, 20]);
    assert_eq!(POW2.coefficient_bits(), [63, 0, 0, 0]);
}

#[test]
fn numerator_is_the_cubic_and_its_tangent() {
    // By the definition, in rationals over 2^(42 + R), for a few rows and the extremes of lo and rest.
    let rest_bits = 28;
    let power = |base: i128, exponent: u32| base.as_i256().pow(exponent);
    for table in [&*PHI, &*PDF, &*EXP, &*LN] {
        for segment in [0, 1, 4000, table.rows() - 1] {
            for lo in [0_u32, 1, 9999, (1 << LOCAL_BITS) - 1] {
                for rest in [-(1_i64 << 27), -1, 0, 77, (1 << 27) - 1] {
                    let expected: I256 = (0..4)
                        .map(|degree| {
                            let c = table.coefficients[segment][degree as usize].as_i256();
                            let value = power(lo.into(), degree) << (LOCAL_BITS * (3 - degree) + rest_bits);
                            let slope = match degree {
                                0 => I256::ZERO,
                                _ => (degree.as_i256() * power(lo.into(), degree - 1)) << (LOCAL_BITS * (3 - degree)),
                            };
                            c * (value + slope * rest.as_i256())
                        })
                        .sum();
                    assert_eq!(table.numerator(segment, lo, rest, rest_bits), expected);
                }
            }
        }
    }
}

#[test]
fn an_argument_is_cut_at_its_nearest_grid_point() {
    for (value, expected) in [
        (0_u128, (0, 0, 0)),
        (3, (0, 0, 3)),
        (8, (0, 1, -8)),
        (16 << 14, (1, 0, 0)),
        ((16 << 14) - 8, (1, 0, -8)),
        ((16 << 14) - 9, (0, (1 << 14) - 1, 7)),
    ] {
        let cut = Argument::nearest(value, 10 + 14 + 4, 10);
        assert_eq!((cut.segment, cut.lo, cut.rest), expected, "{value}");
    }
    let whole = Argument::nearest(12345, 24, 10);
    assert_eq!((whole.segment, whole.lo, whole.rest, whole.rest_bits), (0, 12345, 0, 0));
}

#[test]
fn halves_round_up() {
    for (value, bits, expected) in [(5, 1, 3), (-5, 1, -2), (-6, 2, -1), (7, 0, 7), (6, 2, 2), (5, 2, 1), (-7, 2, -2)] {
        assert_eq!(round_shift(value.as_i256(), bits), expected.as_i256(), "{value} / 2^{bits}");
    }
}

#[test]
fn published_bounds_are_what_the_book_says() {
    // In units of 2^-(Q + 20), without and with a rest; docs/src/gadgets/functions.md prints them.
    let bounds = [&PHI, &PDF, &EXP, &LN].map(|table| [table.error_bound(0).units, table.error_bound(1).units]);
    assert_eq!(bounds, [[197849091, 321260561], [429342012, 643522684], [78752671, 547447781], [1308182, 9568582]]);
}
