//! The committed vectors of `oracles/circomlibjs.json`, computed by circomlibjs.

use ff::PrimeField;
use halo2curves::bn256::Fr;
use serde::Deserialize;

/// A hash or permutation with several inputs and outputs.
#[derive(Debug, Deserialize)]
pub(crate) struct Permuted {
    pub(crate) input: [Decimal; 3],
    pub(crate) output: [Decimal; 3],
}

/// A hash of several inputs.
#[derive(Debug, Deserialize)]
pub(crate) struct Hashed {
    pub(crate) inputs: Vec<Decimal>,
    pub(crate) output: Decimal,
}

/// A scalar times the two generators.
#[derive(Debug, Deserialize)]
pub(crate) struct Multiple {
    pub(crate) scalar: String,
    pub(crate) base8: [Decimal; 2],
    pub(crate) generator: [Decimal; 2],
}

/// A signature with its key.
#[derive(Debug, Deserialize)]
pub(crate) struct Signed {
    pub(crate) seed: String,
    pub(crate) public_key: [Decimal; 2],
    pub(crate) packed_key: String,
    pub(crate) message: Decimal,
    pub(crate) r8: [Decimal; 2],
    pub(crate) s: String,
    pub(crate) packed_signature: String,
}

/// BLAKE-512 of a number of bytes.
#[derive(Debug, Deserialize)]
pub(crate) struct Digest {
    pub(crate) length: usize,
    pub(crate) digest: String,
}

/// The whole file.
#[derive(Debug, Deserialize)]
pub(crate) struct Vectors {
    pub(crate) permutations: Vec<Permuted>,
    pub(crate) hash2: Vec<Hashed>,
    pub(crate) hash5: Vec<Hashed>,
    pub(crate) tag: String,
    pub(crate) chains: Vec<Hashed>,
    pub(crate) blake512: Vec<Digest>,
    pub(crate) multiples: Vec<Multiple>,
    pub(crate) signatures: Vec<Signed>,
}

/// A field element in decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Decimal(pub(crate) Fr);

impl TryFrom<String> for Decimal {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Fr::from_str_vartime(&text).map(Self).ok_or_else(|| format!("{text:?} is not a canonical decimal"))
    }
}

/// Reads the vectors.
pub(crate) fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../oracles/circomlibjs.json")).expect("the committed vectors are well formed")
}

/// The field elements of decimals.
pub(crate) fn elements(decimals: &[Decimal]) -> Vec<Fr> {
    decimals.iter().map(|decimal| decimal.0).collect()
}

/// Bytes from hexadecimal digits.
pub(crate) fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    assert_eq!(hex.len(), 2 * N);
    std::array::from_fn(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hexadecimal digits"))
}
