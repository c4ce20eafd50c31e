//! Decimal numbers without rounding: what people write, and the exact expansion of what was computed.

use std::{fmt, str::FromStr};

use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;
use num_traits::{One, Zero};

/// Longest text that is read as a number, and largest exponent: more digits than any quantity here has, and few enough to be harmless.
const MAX_LEN: usize = 100;
const MAX_EXPONENT: u32 = 100;

/// A finite decimal number, $\pm$ digits $\cdot\ 10^{-scale}$, kept without trailing zeros.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decimal {
    value: BigInt,
    scale: u32,
}

impl Decimal {
    /// The number $value \cdot 10^{-scale}$.
    #[must_use]
    pub fn new(value: impl Into<BigInt>, scale: u32) -> Self {
        let (mut value, mut scale) = (value.into(), scale);
        let ten = BigInt::from(10);
        while scale > 0 {
            let (quotient, digit) = value.div_rem(&ten);
            if !digit.is_zero() {
                break;
            }
            (value, scale) = (quotient, scale - 1);
        }
        Self { value, scale }
    }

    /// The binary fixed-point number $value / 2^{bits}$, exactly: every such number has a finite expansion, of `bits` digits at most.
    #[must_use]
    pub fn from_binary(value: impl Into<BigInt>, bits: u32) -> Self {
        Self::new(value.into() * BigInt::from(5).pow(bits), bits)
    }

    /// `count` units.
    #[must_use]
    pub fn from_units(count: impl Into<BigInt>, unit: &Self) -> Self {
        Self::new(count.into() * &unit.value, unit.scale)
    }

    /// How many of `unit` this is, if that is a whole number.
    #[must_use]
    pub fn in_units(&self, unit: &Self) -> Option<BigInt> {
        if unit.value.is_zero() {
            return None;
        }
        let (ours, theirs) = self.aligned(unit);
        let (count, rest) = ours.div_rem(&theirs);
        rest.is_zero().then_some(count)
    }

    /// The nearest binary fixed-point number with `bits` fractional bits, as an integer; ties go to the even one.
    #[must_use]
    pub fn to_binary(&self, bits: u32) -> BigInt {
        let numerator = &self.value * (BigInt::one() << bits);
        let denominator = BigInt::from(10).pow(self.scale);
        let (floor, rest) = numerator.div_mod_floor(&denominator);
        let up = match (rest * 2u32).cmp(&denominator) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => floor.is_odd(),
            std::cmp::Ordering::Greater => true,
        };
        if up { floor + 1 } else { floor }
    }

    /// The quotient, exact when the divisor's digits have no prime factors but 2 and 5; otherwise rounded down at 120 digits after the point.
    ///
    /// # Panics
    /// When the divisor is 0.
    #[must_use]
    pub fn divided_by(&self, divisor: &Self) -> Self {
        const DIGITS: u32 = 120;
        assert!(!divisor.is_zero(), "a quotient by 0");
        let ten = BigInt::from(10);
        // Digits enough for the exact quotient of the largest tick and the finest binary fraction.
        let scale = self.scale + DIGITS;
        let numerator = &self.value * ten.pow(DIGITS + divisor.scale);
        Self::new(numerator.div_floor(&divisor.value), scale)
    }

    /// Whether this is less than zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.value.sign() == Sign::Minus
    }

    /// Whether this is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.value.is_zero()
    }

    /// Both numbers as integers over the larger of the two scales.
    fn aligned(&self, other: &Self) -> (BigInt, BigInt) {
        let scale = self.scale.max(other.scale);
        let lift = |number: &Self| &number.value * BigInt::from(10).pow(scale - number.scale);
        (lift(self), lift(other))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let (ours, theirs) = self.aligned(other);
        ours.cmp(&theirs)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = self.scale as usize;
        let digits = format!("{:0>width$}", self.value.magnitude().to_string(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let sign = if self.is_negative() { "-" } else { "" };
        let point = if scale > 0 { "." } else { "" };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

/// Reads `[+-] digits [. digits] [e [+-] digits]`, with digits on at least one side of the point; nothing else, in particular neither
/// `NaN` nor `inf`.
impl FromStr for Decimal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("empty".to_owned());
        }
        if text.len() > MAX_LEN {
            return Err(format!("longer than {MAX_LEN} characters"));
        }
        let not_a_number = || format!("\"{text}\" is not a decimal number");
        let (negative, unsigned) = match text.as_bytes()[0] {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent).ok_or_else(not_a_number)?),
            None => (unsigned, 0),
        };
        if exponent.unsigned_abs() > MAX_EXPONENT {
            return Err(format!("the exponent of \"{text}\" is beyond {MAX_EXPONENT}"));
        }
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [whole, fraction].concat();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(not_a_number());
        }
        let magnitude: BigUint = digits.parse().map_err(|_| not_a_number())?;
        let value = BigInt::from_biguint(if negative { Sign::Minus } else { Sign::Plus }, magnitude);
        // At most MAX_LEN digits after the point and MAX_EXPONENT more.
        let scale = fraction.len() as i32 - exponent;
        Ok(match u32::try_from(scale) {
            Ok(scale) => Self::new(value, scale),
            Err(_) => Self::new(value * BigInt::from(10).pow(scale.unsigned_abs()), 0),
        })
    }
}

fn read_exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let number = !digits.is_empty() && digits.len() <= 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_are_read_and_written_exactly() {
        for (text, written) in [
            ("0", "0"),
            ("-0", "0"),
            ("007", "7"),
            ("1.50", "1.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("+3", "3"),
            ("-12.0625", "-12.0625"),
            ("1e-8", "0.00000001"),
            ("1E3", "1000"),
            ("12.5e+1", "125"),
            ("123456789012345678901234567890.000000000000000001", "123456789012345678901234567890.000000000000000001"),
        ] {
            assert_eq!(decimal(text).to_string(), written, "{text}");
        }
    }

    #[test]
    fn other_things_are_refused() {
        for (text, reason) in [
            ("", "empty"),
            ("NaN", "\"NaN\" is not a decimal number"),
            ("inf", "\"inf\" is not a decimal number"),
            ("-", "\"-\" is not a decimal number"),
            (".", "\".\" is not a decimal number"),
            ("1.2.3", "\"1.2.3\" is not a decimal number"),
            ("1,5", "\"1,5\" is not a decimal number"),
            ("0x10", "\"0x10\" is not a decimal number"),
            ("1 000", "\"1 000\" is not a decimal number"),
            ("1e", "\"1e\" is not a decimal number"),
            ("1e+-1", "\"1e+-1\" is not a decimal number"),
            ("--1", "\"--1\" is not a decimal number"),
            ("1e101", "the exponent of \"1e101\" is beyond 100"),
            ("1e-999999", "the exponent of \"1e-999999\" is beyond 100"),
            ("1e9999999", "\"1e9999999\" is not a decimal number"),
            ("\u{664}", "\"\u{664}\" is not a decimal number"),
        ] {
            assert_eq!(text.parse::<Decimal>().unwrap_err(), reason, "{text}");
        }
        assert_eq!("1".repeat(101).parse::<Decimal>().unwrap_err(), "longer than 100 characters");
    }

    #[test]
    fn units_are_counted_exactly() {
        let tick = decimal("1e-8");
        assert_eq!(decimal("100.25").in_units(&tick), Some(10_025_000_000u64.into()));
        assert_eq!(decimal("0.000000001").in_units(&tick), None);
        assert_eq!(decimal("10.05").in_units(&decimal("0.05")), Some(201.into()));
        assert_eq!(decimal("10.06").in_units(&decimal("0.05")), None);
        assert_eq!(decimal("-3").in_units(&decimal("0.5")), Some((-6).into()));
        assert_eq!(decimal("3").in_units(&decimal("0")), None);
        assert_eq!(Decimal::from_units(201, &decimal("0.05")), decimal("10.05"));
    }

    #[test]
    fn binary_numbers_are_rounded_to_nearest_even() {
        for (text, bits, expected) in [
            ("0.5", 0, 0i64),
            ("1.5", 0, 2),
            ("2.5", 0, 2),
            ("-0.5", 0, 0),
            ("-1.5", 0, -2),
            ("-2.5", 0, -2),
            ("0.2", 32, 858_993_459),
            ("-0.2", 32, -858_993_459),
            ("5", 32, 21_474_836_480),
        ] {
            assert_eq!(decimal(text).to_binary(bits), BigInt::from(expected), "{text}");
        }
        assert_eq!(Decimal::from_binary(1, 3).to_string(), "0.125");
        assert_eq!(Decimal::from_binary(-3, 1).to_string(), "-1.5");
        assert_eq!(Decimal::from_binary(1u64 << 60, 60).to_string(), "1");
    }

    proptest! {
        #[test]
        fn binary_numbers_survive_being_written(value: i128, bits in 0u32..100) {
            let text = Decimal::from_binary(value, bits).to_string();
            prop_assert_eq!(decimal_or_skip(&text).map(|read| read.to_binary(bits)), Some(BigInt::from(value)));
        }

        #[test]
        fn order_is_that_of_numbers(a in -1_000_000i64..1_000_000, b in -1_000_000i64..1_000_000, p in 0u32..6, q in 0u32..6) {
            let (x, y) = (Decimal::new(a, p), Decimal::new(b, q));
            let exact = (i128::from(a) * 10i128.pow(q)).cmp(&(i128::from(b) * 10i128.pow(p)));
            prop_assert_eq!(x.cmp(&y), exact);
        }
    }

    /// Reads a number that may be longer than what is read from people.
    fn decimal_or_skip(text: &str) -> Option<Decimal> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let value: BigInt = format!("{whole}{fraction}").parse().ok()?;
        Some(Decimal::new(value, fraction.len() as u32))
    }
}
