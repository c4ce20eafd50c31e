//! Conversions for oracles built on arkworks.

use ark_ff::{BigInteger, PrimeField as _};
use ff::PrimeField;
use halo2curves::bn256::Fr;

/// To arkworks' scalar field.
pub(crate) fn to_ark(x: Fr) -> ark_bn254::Fr {
    ark_bn254::Fr::from_le_bytes_mod_order(&x.to_repr())
}

/// From arkworks' scalar field.
pub(crate) fn from_ark(x: ark_bn254::Fr) -> Fr {
    let bytes: [u8; 32] = x.into_bigint().to_bytes_le().try_into().expect("32 bytes");
    Option::from(Fr::from_repr(bytes)).expect("a canonical element")
}
