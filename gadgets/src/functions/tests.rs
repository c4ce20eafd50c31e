use ethnum::{AsI256, I256};

use super::{
    native::{Argument, round_shift},
    table::{EXP, FunctionTable, LN, LN_2, LOCAL_BITS, PDF, PHI, POW2, RESIDUAL_EXTRA_BITS, tables},
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
    let book = include_str!("../../../docs/src/gadgets/functions.md");
    for table in [&*PHI, &*PDF, &*EXP, &*LN] {
        let [grid, rest] = [0, 1].map(|rest_bits| table.error_bound(rest_bits)).map(|bound| {
            assert_eq!(bound.frac_bits, 80);
            format!("{} = 2^{:.2}", bound.units, bound.log2())
        });
        let FunctionTable { name, tag, frac_bits, segment_bits, .. } = table;
        let line = format!("| `{name}` | {tag} | {frac_bits} | {segment_bits} | {} | {grid} | {rest} |", table.rows());
        assert!(book.contains(&line), "the book lacks the line\n{line}");
    }
}

#[test]
fn square_of_exp_has_the_relative_bound_of_the_book() {
    // Greatest (bound + half a unit for rounding to Q60) / value over the rows, in units of 2^-60 for the bound.
    let relative = (0..EXP.rows()).map(|segment| {
        let bound = EXP.row_error_bound(segment, 1).units as f64 / f64::from(1 << RESIDUAL_EXTRA_BITS);
        (bound + 0.5) / EXP.coefficients[segment][0] as f64
    });
    let worst = relative.fold(0.0, f64::max);
    assert!(worst < 2_f64.powf(-52.57) && worst > 2_f64.powf(-52.59), "2^{:.3}", worst.log2());
}

/// One line of `tools/oracle/function_vectors.py`: where, and the function times $2^{Q + 40}$ to nearest.
struct Vector {
    table: &'static FunctionTable,
    argument: Argument,
    value: I256,
}

const VALUE_EXTRA_BITS: u32 = 40;

fn read_vectors(text: &str) -> Vec<Vector> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let [name, segment, lo, rest, rest_bits, value] = fields[..] else {
                panic!("a vector has six fields: {line}")
            };
            let table = tables().into_iter().find(|table| table.name == name).expect("the table exists");
            let argument = Argument {
                segment: segment.parse().expect("segment"),
                lo: lo.parse().expect("lo"),
                rest: rest.parse().expect("rest"),
                rest_bits: rest_bits.parse().expect("rest_bits"),
            };
            Vector { table, argument, value: value.parse().expect("value") }
        })
        .collect()
}

/// Checks every value against its row's bound; returns how much of the bound the worst of each table takes.
fn check_vectors(vectors: &[Vector]) -> [f64; 4] {
    let mut worst = [0.0_f64; 4];
    for Vector { table, argument, value } in vectors {
        let bound = table.row_error_bound(argument.segment, argument.rest_bits);
        // Everything over 2^(Q + 40 + 42 + R); the vector itself is off by half a unit of 2^-(Q + 40).
        let scale = 3 * LOCAL_BITS + argument.rest_bits;
        let error = ((table.numerator_at(*argument) << VALUE_EXTRA_BITS) - (*value << scale)).abs()
            - (I256::ONE << (scale - 1));
        let allowed = bound.units.as_i256() << (scale + VALUE_EXTRA_BITS - RESIDUAL_EXTRA_BITS);
        assert!(error <= allowed, "{} at {argument:?}: beyond the bound 2^{:.2}", table.name, bound.log2());
        let share = &mut worst[(table.tag - PHI.tag) as usize];
        *share = share.max(error.as_f64() / allowed.as_f64());
    }
    worst
}

#[test]
fn bounds_hold_and_are_tight_against_mpmath() {
    let vectors = read_vectors(include_str!("data/vectors.csv"));
    assert_eq!(vectors.len(), 1000);
    let worst = check_vectors(&vectors);
    // A bound that nothing comes near would hold just as well for a wrong reason.
    assert!(worst.iter().all(|share| *share > 0.9), "{worst:?}");
}

#[test]
fn bounds_hold_against_mpmath_on_fresh_samples() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the workspace");
    let python = root.join(".tools/venv/bin/python");
    if !python.exists() {
        let required = std::env::var_os("ZOMMA_REQUIRE_TOOLS").is_some();
        assert!(!required, "{} is missing: run `cargo xtask setup`", python.display());
        eprintln!("not run: {} is missing, `cargo xtask setup` installs it", python.display());
        return;
    }
    let seed = std::process::id().to_string();
    let output = std::process::Command::new(python)
        .arg(root.join("tools/oracle/function_vectors.py"))
        .args(["--seed", &seed, "--count", "2000"])
        .output()
        .expect("the oracle starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let vectors = read_vectors(&String::from_utf8(output.stdout).expect("vectors are text"));
    assert_eq!(vectors.len(), 8000, "seed {seed}");
    check_vectors(&vectors);
}

#[test]
fn segments_are_monotone_and_meet_within_an_ulp_or_two() {
    // In the direction of growth; the density falls, but for its first segment around the maximum.
    for (table, direction, greatest_drop) in [(&*PHI, 1, 1), (&*PDF, -1, 2), (&*EXP, 1, 1), (&*LN, 1, 1)] {
        let rows = &table.coefficients;
        for (segment, [_, c1, c2, c3]) in rows.iter().enumerate() {
            // p' >= 0 on [0, 1] when its Bernstein coefficients are.
            let least = [*c1, c1 + c2, c1 + 2 * c2 + 3 * c3].map(|slope| direction * slope).into_iter().min();
            let at_maximum = table.name == "pdf" && segment == 0;
            assert!(at_maximum || least >= Some(0), "{} {segment}: slope {least:?}", table.name);
        }
        let drop = rows.windows(2).map(|pair| direction * (pair[0].iter().sum::<i64>() - pair[1][0])).max();
        assert_eq!(drop, Some(greatest_drop), "{}", table.name);
    }
}

#[test]
fn phi_stays_between_a_half_and_one_and_the_density_above_zero() {
    // Phi(-x) = 1 - Phi(x) is then in [0, 1/2]. By monotony of cubic and tangent in `lo` and `rest`, the extremes are
    // at the ends.
    let rest_bits = 28;
    let one = I256::ONE << (PHI.frac_bits + 3 * LOCAL_BITS + rest_bits);
    let half = 1 << (rest_bits - 1);
    for segment in 0..PHI.rows() {
        let last = PHI.numerator(segment, (1 << LOCAL_BITS) - 1, half - 1, rest_bits);
        let tangents_stay_below = |lo| PHI.numerator(segment, lo, half - 1, rest_bits) <= one;
        assert!(last <= one, "segment {segment}");
        // Where a tangent could leave the curve by more than the curve's distance from 1, look at each.
        let [_, _, c2, c3] = PHI.coefficients[segment].map(i64::unsigned_abs);
        let distance: i64 = (1 << PHI.frac_bits) - PHI.coefficients[segment].iter().sum::<i64>();
        if u128::from(c2 + 4 * c3) > (distance as u128) << 30 {
            assert!((0..1 << LOCAL_BITS).all(tangents_stay_below), "segment {segment}");
        }
    }
    assert!(PHI.numerator(0, 0, 0, rest_bits) * 2 == one);
    // The density falls, so the end of each segment is its least value.
    let least = (0..PDF.rows()).map(|segment| PDF.numerator(segment, (1 << LOCAL_BITS) - 1, half - 1, rest_bits)).min();
    assert_eq!(least, Some(I256::ZERO));
}
