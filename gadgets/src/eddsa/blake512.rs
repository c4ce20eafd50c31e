//! BLAKE-512, which circomlibjs derives keys and nonces with (not BLAKE2).
//!
//! Source: Aumasson, Henzen, Meier, Phan, "SHA-3 proposal BLAKE", version 1.3, 2010, sections 2.2 and 2.4.

/// Rounds of the compression function.
const ROUNDS: usize = 16;

/// Bytes of a block.
const BLOCK: usize = 128;

/// Initial value: SHA-512's.
const INITIAL: [u64; 8] = [
    0x6a09e667f3bcc908,
    0xbb67ae8584caa73b,
    0x3c6ef372fe94f82b,
    0xa54ff53a5f1d36f1,
    0x510e527fade682d1,
    0x9b05688c2b3e6c1f,
    0x1f83d9abfb41bd6b,
    0x5be0cd19137e2179,
];

/// The first digits of pi's fraction.
const PI: [u64; 16] = [
    0x243f6a8885a308d3,
    0x13198a2e03707344,
    0xa4093822299f31d0,
    0x082efa98ec4e6c89,
    0x452821e638d01377,
    0xbe5466cf34e90c6c,
    0xc0ac29b7c97c50dd,
    0x3f84d5b5b5470917,
    0x9216d5d98979fb1b,
    0xd1310ba698dfb5ac,
    0x2ffd72dbd01adfb7,
    0xb8e1afed6a267e96,
    0xba7c9045f12c7f99,
    0x24a19947b3916cf7,
    0x0801f2e2858efc16,
    0x636920d871574e69,
];

/// Permutations of the message words, used in turn.
const SIGMA: [[usize; 16]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

/// Columns, then diagonals, of the state that a round mixes.
const LINES: [[usize; 4]; 8] = [
    [0, 4, 8, 12],
    [1, 5, 9, 13],
    [2, 6, 10, 14],
    [3, 7, 11, 15],
    [0, 5, 10, 15],
    [1, 6, 11, 12],
    [2, 7, 8, 13],
    [3, 4, 9, 14],
];

/// The digest of `message`.
pub(super) fn blake512(message: &[u8]) -> [u8; 64] {
    let bits = (message.len() as u128) * 8;
    // A one bit, zeros, a one bit, and the length in 16 bytes.
    let mut padded = message.to_vec();
    padded.push(0x80);
    padded.resize((padded.len() + 16).next_multiple_of(BLOCK) - 16, 0);
    let marker = padded.len() - 1;
    padded[marker] |= 1;
    padded.extend(bits.to_be_bytes());

    let mut chain = INITIAL;
    for (i, block) in padded.as_chunks::<BLOCK>().0.iter().enumerate() {
        // The counter is of message bits so far, and zero for a block that has none.
        let before = (i * BLOCK) as u128 * 8;
        let counter = if bits > before { bits.min(before + 8 * BLOCK as u128) } else { 0 };
        compress(&mut chain, block, counter);
    }
    std::array::from_fn(|i| chain[i / 8].to_be_bytes()[i % 8])
}

/// Compresses one block; the salt is zero.
fn compress(chain: &mut [u64; 8], block: &[u8; BLOCK], counter: u128) {
    let words: [u64; 16] = std::array::from_fn(|i| u64::from_be_bytes(block.as_chunks::<8>().0[i]));
    let mut state = [0; 16];
    state[..8].copy_from_slice(chain);
    state[8..].copy_from_slice(&PI[..8]);
    state[12] ^= counter as u64;
    state[13] ^= counter as u64;
    state[14] ^= (counter >> 64) as u64;
    state[15] ^= (counter >> 64) as u64;
    for round in 0..ROUNDS {
        let sigma = &SIGMA[round % 10];
        for (i, &[a, b, c, d]) in LINES.iter().enumerate() {
            let (first, second) = (sigma[2 * i], sigma[2 * i + 1]);
            for (word, constant, (turn_d, turn_b)) in [(first, second, (32, 25)), (second, first, (16, 11))] {
                state[a] = state[a].wrapping_add(state[b]).wrapping_add(words[word] ^ PI[constant]);
                state[d] = (state[d] ^ state[a]).rotate_right(turn_d);
                state[c] = state[c].wrapping_add(state[d]);
                state[b] = (state[b] ^ state[c]).rotate_right(turn_b);
            }
        }
    }
    for (i, link) in chain.iter_mut().enumerate() {
        *link ^= state[i] ^ state[i + 8];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The submission's vectors (appendix A.4: one zero byte, 144 zero bytes), then the padding's borders.
    #[test]
    fn digests_are_the_submissions() {
        let start = |message: &[u8]| u64::from_be_bytes(*blake512(message).first_chunk().unwrap());
        assert_eq!(start(&[0]), 0x97961587f6d970fa);
        assert_eq!(start(&[0; 144]), 0x313717d608e9cf75);
    }

    #[test]
    fn digests_are_blake_hashs() {
        let vectors = crate::testing::circomlibjs::vectors();
        for digest in vectors.blake512 {
            let message: Vec<u8> = (0..digest.length).map(|i| (i * 7) as u8).collect();
            let hex: String = blake512(&message).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, digest.digest, "{} bytes", digest.length);
        }
    }
}
