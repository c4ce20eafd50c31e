//! From scalars to signed digits.
//!
//! A scalar s is first replaced by the smaller of s and r - s (and the sign of the point), so 253 bits remain. Then, with
//! `h = 2^(c-1)` and `H = sum_w h 2^(cw)`, the c-bit digits of `s + H` less h are digits of s in `[-h, h)`: a signed
//! representation without a carry from digit to digit.

use ff::PrimeField;
use halo2curves::bn256::Fr;

use super::slot::{Term, term};

/// Bits of the smaller of s and r - s.
const MAGNITUDE_BITS: u32 = 253;

/// Narrowest window: below three bits the digits do not cover [`MAGNITUDE_BITS`] with the windows of [`Recoding::new`].
pub(crate) const MIN_WINDOW_BITS: u32 = 3;
/// Widest window. The windows must fit the 271 bits that the IFMA kernel has for them.
pub(crate) const MAX_WINDOW_BITS: u32 = 20;

const _: () = {
    let mut bits = MIN_WINDOW_BITS;
    while bits <= MAX_WINDOW_BITS {
        assert!((MAGNITUDE_BITS + 1).div_ceil(bits) * bits <= 271);
        bits += 1;
    }
};

/// How digits are made from scalars, and which slot and which bucket set each belongs to.
///
/// Slots hold `copies` tables one after the other, each of `stride` points; copy j holds the points times
/// `2^(j * sets * window_bits)`. Window w belongs to copy `w / sets` and to bucket set `w % sets`; digit d to bucket
/// `|d| - 1` of that set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recoding {
    pub(crate) window_bits: u32,
    pub(crate) windows: u32,
    /// Bucket sets, that is windows per copy.
    pub(crate) sets: u32,
    pub(crate) stride: u32,
}

impl Recoding {
    /// Windows of `window_bits`, `sets` of them to a copy.
    pub(crate) fn new(window_bits: u32, sets: u32, stride: u32) -> Self {
        debug_assert!((MIN_WINDOW_BITS..=MAX_WINDOW_BITS).contains(&window_bits) && sets > 0);
        // These cover every scalar: the digits reach up to `3/7 2^(c w) > (r - 1) / 2` for c = 3, further for wider ones.
        Self { window_bits, windows: (MAGNITUDE_BITS + 1).div_ceil(window_bits), sets, stride }
    }

    /// For points without copies: as many bucket sets as windows.
    pub(crate) fn plain(window_bits: u32, stride: u32) -> Self {
        let one = Self::new(window_bits, 1, stride);
        Self { sets: one.windows, ..one }
    }

    /// Copies of the points.
    pub(crate) fn copies(&self) -> u32 {
        self.windows.div_ceil(self.sets)
    }

    /// Buckets of all sets.
    pub(crate) fn buckets(&self) -> usize {
        self.sets as usize * self.half() as usize
    }

    /// Largest digit, and number of buckets in a set.
    pub(crate) fn half(&self) -> u32 {
        1 << (self.window_bits - 1)
    }

    /// Windows that can hold a digit of magnitudes below `2^bits`. A zero digit is all that lies beyond.
    pub(crate) fn windows_for(&self, bits: u32) -> u32 {
        // Two bits more than the magnitude: half the range is for negative digits, and see `windows`.
        (bits + 2).div_ceil(self.window_bits).min(self.windows)
    }

    /// The offset H, as 64-bit words.
    pub(crate) fn offset(&self) -> [u64; 5] {
        let mut offset = [0; 5];
        for window in 0..self.windows {
            let bit = window * self.window_bits + self.window_bits - 1;
            offset[bit as usize / 64] |= 1 << (bit % 64);
        }
        offset
    }

    /// The first bucket and the first slot of a window.
    pub(crate) fn home(&self, window: u32) -> (u32, u32) {
        (window % self.sets * self.half(), window / self.sets * self.stride)
    }
}

/// (r - 1) / 2.
const HALF_MODULUS: [u64; 4] = [0xa1f0fac9f8000000, 0x9419f4243cdcb848, 0xdc2822db40c0ac2e, 0x183227397098d014];
const MODULUS: [u64; 4] = [0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029];

/// The smaller of s and r - s, and whether it is the latter.
pub(crate) fn magnitude(scalar: &Fr) -> ([u64; 4], bool) {
    let repr = scalar.to_repr();
    let words: [u64; 4] = core::array::from_fn(|i| {
        let mut word = [0; 8];
        word.copy_from_slice(&repr.as_ref()[8 * i..8 * i + 8]);
        u64::from_le_bytes(word)
    });
    let negative = words.iter().rev().gt(HALF_MODULUS.iter().rev());
    if !negative {
        return (words, false);
    }
    let mut borrow = false;
    let opposite = core::array::from_fn(|i| {
        let (difference, under) = MODULUS[i].overflowing_sub(words[i]);
        let (difference, under_again) = difference.overflowing_sub(borrow as u64);
        borrow = under | under_again;
        difference
    });
    (opposite, true)
}

/// Bits of a number.
pub(crate) fn bit_length(words: &[u64; 4]) -> u32 {
    words.iter().rposition(|&word| word != 0).map_or(0, |i| 64 * i as u32 + 64 - words[i].leading_zeros())
}

/// The portable way from scalars to terms; see [`super::kernel::Kernel::recode`].
pub(crate) fn recode(scalars: &[Fr], recoding: &Recoding, first: u32, terms: &mut Vec<Term>) {
    let offset = recoding.offset();
    let (bits, half) = (recoding.window_bits, recoding.half());
    for (index, scalar) in (first..).zip(scalars) {
        let (words, negative) = magnitude(scalar);
        let length = bit_length(&words);
        if length == 0 {
            continue;
        }
        let mut shifted = [0u64; 6];
        let mut carry = false;
        for i in 0..5 {
            let (sum, over) = words.get(i).unwrap_or(&0).overflowing_add(offset[i]);
            let (sum, over_again) = sum.overflowing_add(carry as u64);
            (shifted[i], carry) = (sum, over | over_again);
        }
        for window in 0..recoding.windows_for(length) {
            let bit = window * bits;
            let (word, shift) = (bit as usize / 64, bit % 64);
            let pair = shifted[word] as u128 | (shifted[word + 1] as u128) << 64;
            let digit = (pair >> shift) as u32 & (2 * half - 1);
            if digit != half {
                let (first_bucket, first_slot) = recoding.home(window);
                let sign = negative ^ (digit < half);
                let reference = (first_slot + index) << 1 | u32::from(sign);
                terms.push(term(first_bucket + digit.abs_diff(half) - 1, reference));
            }
        }
    }
}
