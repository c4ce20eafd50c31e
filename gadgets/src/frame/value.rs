//! Conversions between the integers of witnesses and the field.

use ethnum::{I256, U256};
use halo2curves::bn256::Fr;
use halo2curves::ff::PrimeField;

/// The field element of an integer with magnitude below the field order; negative integers map to `p - |value|`.
///
/// A magnitude at or above the field order, which no satisfied constraint allows, is reduced.
pub fn to_field(value: I256) -> Fr {
    let bytes = value.unsigned_abs().to_le_bytes();
    let magnitude = Option::<Fr>::from(Fr::from_repr(bytes)).unwrap_or_else(|| {
        let (low, high) = value.unsigned_abs().into_words();
        Fr::from_u128(high) * Fr::from_u128(1 << 127).double() + Fr::from_u128(low)
    });
    if value < 0 { -magnitude } else { magnitude }
}

/// The canonical integer of a field element, in `0..p`.
pub fn to_integer(value: Fr) -> I256 {
    U256::from_le_bytes(value.to_repr()).as_i256()
}
