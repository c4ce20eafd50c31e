//! Packing of small fields into one field element, least significant first.

use ff::PrimeField;
use halo2curves::bn256::Fr;

/// Widths that add up to at most this many bits leave the packed integer below the modulus.
pub const WORD_BITS: u32 = 253;

/// `value + 2^(bits - 1)`: how a signed field of `bits` bits is stored.
///
/// The caller has checked that `|value| < 2^(bits - 1)`, and `bits <= 126`.
pub fn biased(value: i128, bits: u32) -> u128 {
    debug_assert!(bits <= 126 && value.unsigned_abs() < 1 << (bits - 1), "{value} does not fit in {bits} bits");
    (value + (1i128 << (bits - 1))) as u128
}

/// The inverse of [`biased`].
pub fn unbiased(stored: u128, bits: u32) -> i128 {
    stored as i128 - (1i128 << (bits - 1))
}

/// Builds one word from fields.
///
/// Values wider than their field are a defect of the caller (ranges are checked before packing): debug builds assert it.
#[derive(Debug, Clone, Default)]
pub struct Packer {
    limbs: [u64; 4],
    used: u32,
}

impl Packer {
    /// An empty word.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends an unsigned field of `bits` bits.
    pub fn put(mut self, value: impl Into<u128>, bits: u32) -> Self {
        let value = value.into();
        debug_assert!(bits >= 128 || value >> bits == 0, "{value} does not fit in {bits} bits");
        debug_assert!(self.used + bits <= WORD_BITS, "a word holds {WORD_BITS} bits");
        let (limb, shift) = ((self.used / 64) as usize, self.used % 64);
        let parts = [value as u64, (value >> 64) as u64];
        for (offset, part) in parts.into_iter().enumerate() {
            let Some(low) = self.limbs.get_mut(limb + offset) else { break };
            *low |= part << shift;
            if let Some(high) = self.limbs.get_mut(limb + offset + 1).filter(|_| shift > 0) {
                *high |= part >> (64 - shift);
            }
        }
        self.used += bits;
        self
    }

    /// Appends a signed field, biased.
    pub fn put_signed(self, value: impl Into<i128>, bits: u32) -> Self {
        self.put(biased(value.into(), bits), bits)
    }

    /// Appends little-endian bytes.
    pub fn bytes(mut self, little_endian: &[u8]) -> Self {
        for byte in little_endian {
            self = self.put(*byte, 8);
        }
        self
    }

    /// The word.
    pub fn word(self) -> Fr {
        Fr::from_raw(self.limbs)
    }
}

/// Takes a word apart, in the order in which it was packed.
#[derive(Debug, Clone)]
pub struct Unpacker {
    bytes: [u8; 32],
    used: u32,
}

impl Unpacker {
    /// Starts at the least significant bit of `word`.
    pub fn new(word: Fr) -> Self {
        Self { bytes: word.to_repr(), used: 0 }
    }

    /// The next `bits <= 120` bits.
    pub fn take(&mut self, bits: u32) -> u128 {
        debug_assert!(bits <= 120 && self.used + bits <= 256);
        let (first, shift) = ((self.used / 8) as usize, self.used % 8);
        let mut window = [0u8; 16];
        let available = self.bytes.len().saturating_sub(first).min(16);
        window[..available].copy_from_slice(&self.bytes[first..first + available]);
        self.used += bits;
        (u128::from_le_bytes(window) >> shift) & ((1u128 << bits) - 1)
    }

    /// The next signed field of `bits` bits.
    pub fn take_signed(&mut self, bits: u32) -> i128 {
        unbiased(self.take(bits), bits)
    }

    /// The next `N` bytes, little-endian.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        core::array::from_fn(|_| self.take(8) as u8)
    }

    /// Whether everything above what was taken is zero.
    pub fn is_exhausted(mut self) -> bool {
        while self.used < 256 {
            let bits = (256 - self.used).min(64);
            if self.take(bits) != 0 {
                return false;
            }
        }
        true
    }
}
