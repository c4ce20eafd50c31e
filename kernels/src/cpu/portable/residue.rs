//! Fr in the four words that halo2curves uses, with lazy reduction.
//!
//! `p < 2^254`, so four words hold numbers up to 5.28 p. Montgomery products of a number below 4 p and one below p need no
//! final subtraction to stay below 2 p, which saves the larger part of an addition's comparisons (Harvey, "Faster
//! arithmetic for number-theoretic transforms", 2014).

use halo2curves::bn256::Fr;

/// A residue modulo p, least significant word first; each function says below which multiple of p.
pub(crate) type Residue = [u64; 4];

const P: Residue = [0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029];
const TWO_P: Residue = [0x87c3eb27e0000002, 0x5067d090f372e122, 0x70a08b6d0302b0ba, 0x60c89ce5c2634053];
const FOUR_P: Residue = [0x0f87d64fc0000004, 0xa0cfa121e6e5c245, 0xe14116da06056174, 0xc19139cb84c680a6];
/// -1/p modulo 2^64.
const NEG_INV: u64 = 0xc2e1f593efffffff;

const _: () = assert!(size_of::<Fr>() == size_of::<Residue>() && align_of::<Fr>() == align_of::<Residue>());

/// The Montgomery words of an element, below p.
#[inline(always)]
pub(crate) fn words(x: &Fr) -> Residue {
    // SAFETY: an `Fr` is four words, as asserted above, and words are plain integers.
    unsafe { *std::ptr::from_ref(x).cast() }
}

/// The element with these Montgomery words, below 4 p.
#[inline(always)]
pub(crate) fn element(x: Residue) -> Fr {
    let canonical = subtract_if_not_less(below_two_p(x), P);
    // SAFETY: sizes agree, and words below p are a valid `Fr`.
    unsafe { std::mem::transmute::<Residue, Fr>(canonical) }
}

/// `a * b / 2^256`, below 2 p for `a` below 4 p and `b` below p, or both below 2 p.
#[inline(always)]
pub(crate) fn mul(a: &Residue, b: &Residue) -> Residue {
    // Each step adds a word of b times a and a multiple of p, and drops a word. The sum stays below a + p < 2^256.
    let mut t = [0u64; 4];
    for word in b {
        let (t0, carry_a) = multiply_add(t[0], *word, a[0], 0);
        let digit = t0.wrapping_mul(NEG_INV);
        let (_, carry_p) = multiply_add(t0, digit, P[0], 0);
        let (t1, carry_a) = multiply_add(t[1], *word, a[1], carry_a);
        let (r0, carry_p) = multiply_add(t1, digit, P[1], carry_p);
        let (t2, carry_a) = multiply_add(t[2], *word, a[2], carry_a);
        let (r1, carry_p) = multiply_add(t2, digit, P[2], carry_p);
        let (t3, carry_a) = multiply_add(t[3], *word, a[3], carry_a);
        let (r2, carry_p) = multiply_add(t3, digit, P[3], carry_p);
        t = [r0, r1, r2, carry_a.wrapping_add(carry_p)];
    }
    t
}

/// A sum of at most 16 products of numbers below p, without reduction: `16 p^2 < 2^512`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wide([u64; 8]);

impl Wide {
    /// Adds `a * b`.
    #[inline(always)]
    pub(crate) fn add_product(&mut self, a: &Residue, b: &Residue) {
        let mut overflow = 0;
        for (i, word) in b.iter().enumerate() {
            let mut carry = 0;
            for (j, a) in a.iter().enumerate() {
                (self.0[i + j], carry) = multiply_add(self.0[i + j], *word, *a, carry);
            }
            // The word above is reached by one carry from here and one from the row before.
            (self.0[i + 4], overflow) = carrying_add(self.0[i + 4], carry, overflow);
        }
        debug_assert!(overflow == 0, "more than 16 products");
    }

    /// The sum divided by 2^256, canonical: `(16 p^2 + 2^256 p) / 2^256 < 4.1 p` before the last subtractions.
    #[inline(always)]
    pub(crate) fn reduce(self) -> Residue {
        let mut t = self.0;
        let mut overflow = 0;
        for i in 0..4 {
            let digit = t[i].wrapping_mul(NEG_INV);
            let mut carry = 0;
            for (j, p) in P.iter().enumerate() {
                (t[i + j], carry) = multiply_add(t[i + j], digit, *p, carry);
            }
            (t[i + 4], overflow) = carrying_add(t[i + 4], carry, overflow);
        }
        debug_assert!(overflow == 0, "5 p fit four words");
        let below_four_p = subtract_if_not_less([t[4], t[5], t[6], t[7]], FOUR_P);
        subtract_if_not_less(below_two_p(below_four_p), P)
    }
}

/// `a + b`, below 4 p for summands below 2 p.
#[inline(always)]
pub(crate) fn add(a: &Residue, b: &Residue) -> Residue {
    let mut out = [0; 4];
    let mut carry = 0;
    for i in 0..4 {
        (out[i], carry) = carrying_add(a[i], b[i], carry);
    }
    out
}

/// `a - b + 2 p`, below 4 p for operands below 2 p.
#[inline(always)]
pub(crate) fn sub(a: &Residue, b: &Residue) -> Residue {
    let lifted = add(a, &TWO_P);
    let mut out = [0; 4];
    let mut borrow = 0;
    for i in 0..4 {
        (out[i], borrow) = borrowing_sub(lifted[i], b[i], borrow);
    }
    out
}

/// The same residue below 2 p, of one below 4 p.
#[inline(always)]
pub(crate) fn below_two_p(a: Residue) -> Residue {
    subtract_if_not_less(a, TWO_P)
}

#[inline(always)]
fn subtract_if_not_less(a: Residue, b: Residue) -> Residue {
    let mut out = [0; 4];
    let mut borrow = 0;
    for i in 0..4 {
        (out[i], borrow) = borrowing_sub(a[i], b[i], borrow);
    }
    // A mask rather than a branch: the outcome is as good as random.
    for i in 0..4 {
        out[i] ^= (out[i] ^ a[i]) & borrow;
    }
    out
}

/// `t + a * b + carry`, low word and high word.
#[inline(always)]
fn multiply_add(t: u64, a: u64, b: u64, carry: u64) -> (u64, u64) {
    let sum = u128::from(a) * u128::from(b) + u128::from(t) + u128::from(carry);
    (sum as u64, (sum >> 64) as u64)
}

/// `a + b + carry`, low word and carry.
#[inline(always)]
fn carrying_add(a: u64, b: u64, carry: u64) -> (u64, u64) {
    let sum = u128::from(a) + u128::from(b) + u128::from(carry);
    (sum as u64, (sum >> 64) as u64)
}

/// `a - b - borrow`, low word and borrow; a borrow is all ones, which is what compilers turn into one instruction.
#[inline(always)]
fn borrowing_sub(a: u64, b: u64, borrow: u64) -> (u64, u64) {
    let difference = u128::from(a).wrapping_sub(u128::from(b) + u128::from(borrow >> 63));
    (difference as u64, (difference >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use ff::{Field, PrimeField};
    use num_bigint::BigUint;
    use rand::{RngCore, SeedableRng};
    use rand_chacha::ChaCha20Rng;

    use super::*;

    fn number(x: &Residue) -> BigUint {
        x.iter().rev().fold(BigUint::from(0u8), |acc, word| (acc << 64) + word)
    }

    fn residue(x: &BigUint) -> Residue {
        let mut digits = x.to_u64_digits();
        digits.resize(4, 0);
        digits.try_into().unwrap()
    }

    fn samples(multiple: u8, rng: &mut ChaCha20Rng) -> Vec<Residue> {
        let p = number(&P);
        let bound = &p * multiple;
        let mut all = vec![BigUint::from(0u8), BigUint::from(1u8), &bound - 1u8, &bound - 2u8];
        for k in 1..multiple {
            all.extend([&p * k - 1u8, &p * k, &p * k + 1u8]);
        }
        for _ in 0..50 {
            let mut bytes = [0; 40];
            rng.fill_bytes(&mut bytes);
            all.push(BigUint::from_bytes_le(&bytes) % &bound);
        }
        all.iter().map(residue).collect()
    }

    #[test]
    fn constants() {
        let p = BigUint::parse_bytes(Fr::MODULUS.trim_start_matches("0x").as_bytes(), 16).unwrap();
        assert_eq!(number(&P), p);
        assert_eq!(number(&TWO_P), &p * 2u8);
        assert_eq!(number(&FOUR_P), &p * 4u8);
        assert_eq!(P[0].wrapping_mul(NEG_INV), u64::MAX);
        assert!(p * 5u8 < BigUint::from(1u8) << 256usize);
    }

    #[test]
    fn arithmetic_at_the_bounds() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let p = number(&P);
        for (bound_a, bound_b) in [(4, 1), (2, 2)] {
            for a in samples(bound_a, &mut rng) {
                for b in samples(bound_b, &mut rng) {
                    let product = number(&mul(&a, &b));
                    assert!(product < &p * 2u8);
                    assert_eq!((product << 256usize) % &p, number(&a) * number(&b) % &p);
                }
            }
        }
        for a in samples(2, &mut rng) {
            for b in samples(2, &mut rng) {
                assert_eq!(number(&add(&a, &b)), number(&a) + number(&b));
                assert_eq!(number(&sub(&a, &b)), number(&a) + &p * 2u8 - number(&b));
            }
        }
        for a in samples(4, &mut rng) {
            let low = number(&below_two_p(a));
            assert!(low < &p * 2u8 && &low % &p == number(&a) % &p);
            assert_eq!(number(&words(&element(a))), number(&a) % &p);
        }
    }

    #[test]
    fn sums_of_sixteen_products() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let p = number(&P);
        let samples = samples(1, &mut rng);
        let largest = vec![samples[2]; 32];
        for factors in samples.chunks_exact(32).chain([largest.as_slice()]) {
            let mut wide = Wide::default();
            let mut expected = BigUint::from(0u8);
            for pair in factors.chunks_exact(2) {
                wide.add_product(&pair[0], &pair[1]);
                expected += number(&pair[0]) * number(&pair[1]);
            }
            let sum = number(&wide.reduce());
            assert!(sum < p);
            assert_eq!((sum << 256usize) % &p, expected % &p);
        }
    }

    #[test]
    fn words_are_montgomery_form() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        for x in [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::random(&mut rng)] {
            let plain = BigUint::from_bytes_le(x.to_repr().as_ref());
            assert_eq!(number(&words(&x)), (plain << 256usize) % number(&P));
            assert_eq!(element(words(&x)), x);
        }
    }
}
