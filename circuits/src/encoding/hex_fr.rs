//! Field elements in JSON: `0x` and 64 hexadecimal digits, big-endian, canonical. For `#[serde(with = "...")]`.

use ff::PrimeField;
use halo2curves::bn256::Fr;
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// The text form of `value`.
pub fn to_string(value: &Fr) -> String {
    use core::fmt::Write;
    value.to_repr().iter().rev().fold(String::from("0x"), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads the text form.
///
/// # Errors
/// Says what is wrong: prefix, length, digit, or a value that is not below the modulus.
pub fn parse(text: &str) -> Result<Fr, String> {
    let digits = text.strip_prefix("0x").ok_or("a field element starts with 0x")?;
    if digits.len() != 64 {
        return Err(format!("a field element has 64 hexadecimal digits, not {}", digits.len()));
    }
    let mut bytes = [0u8; 32];
    for (byte, pair) in bytes.iter_mut().rev().zip(digits.as_bytes().chunks(2)) {
        let digit = |symbol: u8| {
            (symbol as char).to_digit(16).ok_or_else(|| format!("{:?} is not a hexadecimal digit", symbol as char))
        };
        *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
    }
    Option::from(Fr::from_repr(bytes)).ok_or_else(|| format!("{text} is not below the field's modulus"))
}

/// Serialises a field element.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(value: &Fr, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&to_string(value))
}

/// Deserialises a field element.
///
/// # Errors
/// [`parse`]'s, as a custom error.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fr, D::Error> {
    parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}
