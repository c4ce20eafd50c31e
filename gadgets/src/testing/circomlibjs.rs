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

/// The whole file.
#[derive(Debug, Deserialize)]
pub(crate) struct Vectors {
    pub(crate) permutations: Vec<Permuted>,
    pub(crate) hash2: Vec<Hashed>,
    pub(crate) hash5: Vec<Hashed>,
    pub(crate) domain: String,
    pub(crate) sponges: Vec<Hashed>,
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
