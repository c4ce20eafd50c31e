//! The two prime fields of BN254 in 52-bit limbs, and every constant that follows from the modulus.

use halo2curves::bn256::{Fq, Fr};

/// Bits in a limb.
pub(crate) const LIMB_BITS: u32 = 52;
/// The low 52 bits.
pub(crate) const LIMB_MASK: u64 = (1 << LIMB_BITS) - 1;
/// Five 52-bit limbs, least significant first.
pub(crate) type Limbs = [u64; 5];

/// A 254-bit prime field whose elements halo2curves keeps as four 64-bit words in Montgomery form (factor 2^256).
///
/// # Safety
/// `Field` must have exactly the size and the alignment of `[u64; 4]`, every canonical word pattern must be a valid
/// `Field`, and its words must be the Montgomery form modulo `WORDS`, least significant first.
pub(crate) unsafe trait Modulus: Copy + Send + Sync + 'static {
    /// The scalar type elsewhere in the house.
    type Field: Copy + Send + Sync + 'static;
    /// The modulus p in 64-bit words, least significant first.
    const WORDS: [u64; 4];

    /// The modulus p.
    const P: Limbs = split(Self::WORDS);
    /// -1/p modulo 2^52.
    const NEG_INV: u64 = neg_inverse(Self::P[0]);
    /// `(NEG_INV * p + 1) / 2^52`: the multiple of p that ends in 52 ones, made exact and shifted down. One Montgomery
    /// step with it needs no quotient digit, because the digit is the low limb itself.
    const P_STEP: Limbs = step_modulus(Self::P, Self::NEG_INV);
    /// 2^260 mod p: one, in the Montgomery form of these registers.
    const ONE_260: Limbs = power_of_two(260, Self::P);
    /// 2^520 mod p: multiplying by it takes a plain integer to the 2^260 form.
    const SQUARE_260: Limbs = power_of_two(520, Self::P);
    /// 2^256 mod p: multiplying by it takes the 2^260 form to the 2^256 form of halo2curves.
    const FORM_256: Limbs = power_of_two(256, Self::P);
}

/// The scalar field of BN254.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrModulus;

/// The base field of BN254.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FqModulus;

const _: () = {
    assert!(size_of::<Fr>() == 32 && align_of::<Fr>() == align_of::<u64>());
    assert!(size_of::<Fq>() == 32 && align_of::<Fq>() == align_of::<u64>());
};

// SAFETY: size and alignment are asserted above, the words and their order by the test `words_are_montgomery_form`.
unsafe impl Modulus for FrModulus {
    type Field = Fr;
    const WORDS: [u64; 4] = [0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029];
}

// SAFETY: as above.
unsafe impl Modulus for FqModulus {
    type Field = Fq;
    const WORDS: [u64; 4] = [0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d, 0x30644e72e131a029];
}

/// 64-bit words to 52-bit limbs.
pub(crate) const fn split(words: [u64; 4]) -> Limbs {
    [
        words[0] & LIMB_MASK,
        ((words[0] >> 52) | (words[1] << 12)) & LIMB_MASK,
        ((words[1] >> 40) | (words[2] << 24)) & LIMB_MASK,
        ((words[2] >> 28) | (words[3] << 36)) & LIMB_MASK,
        words[3] >> 16,
    ]
}

/// `factor * value`, for results below 2^260.
pub(crate) const fn multiple(value: Limbs, factor: u64) -> Limbs {
    let mut out = [0; 5];
    let mut carry = 0u128;
    let mut i = 0;
    while i < 5 {
        let t = value[i] as u128 * factor as u128 + carry;
        out[i] = t as u64 & LIMB_MASK;
        carry = t >> LIMB_BITS;
        i += 1;
    }
    assert!(carry == 0, "the multiple does not fit five limbs");
    out
}

/// `2^260 - value`, for values above 0.
pub(crate) const fn complement(value: Limbs) -> Limbs {
    let mut out = [0; 5];
    let mut borrow = 0i64;
    let mut i = 0;
    while i < 5 {
        let t = borrow - value[i] as i64;
        out[i] = t as u64 & LIMB_MASK;
        borrow = t >> LIMB_BITS;
        i += 1;
    }
    out
}

const fn neg_inverse(p: u64) -> u64 {
    // Newton: each round doubles the number of right bits, starting from three (p is odd).
    let mut inverse = p;
    let mut round = 0;
    while round < 5 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(p.wrapping_mul(inverse)));
        round += 1;
    }
    inverse.wrapping_neg() & LIMB_MASK
}

const fn step_modulus(p: Limbs, neg_inv: u64) -> Limbs {
    let mut product = [0u64; 6];
    let mut carry = 1u128;
    let mut i = 0;
    while i < 5 {
        let t = p[i] as u128 * neg_inv as u128 + carry;
        product[i] = t as u64 & LIMB_MASK;
        carry = t >> LIMB_BITS;
        i += 1;
    }
    product[5] = carry as u64;
    assert!(product[0] == 0);
    [product[1], product[2], product[3], product[4], product[5]]
}

const fn power_of_two(exponent: u32, p: Limbs) -> Limbs {
    let mut value = [1, 0, 0, 0, 0];
    let mut done = 0;
    while done < exponent {
        value = subtract_if_not_less(multiple(value, 2), p);
        done += 1;
    }
    value
}

const fn subtract_if_not_less(value: Limbs, p: Limbs) -> Limbs {
    let mut out = [0; 5];
    let mut borrow = 0i64;
    let mut i = 0;
    while i < 5 {
        let t = value[i] as i64 - p[i] as i64 + borrow;
        out[i] = t as u64 & LIMB_MASK;
        borrow = t >> LIMB_BITS;
        i += 1;
    }
    if borrow < 0 { value } else { out }
}
