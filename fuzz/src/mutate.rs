//! Mutation of valid inputs: bits flipped, bytes set, pieces cut, doubled, moved and spliced in from other inputs.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Longest input that is made.
const MAX_LEN: usize = 1 << 20;
/// Values at which readers go wrong.
const EDGES: [u64; 12] =
    [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 1 << 40, i64::MAX as u64, u64::MAX];

/// Makes inputs out of valid ones, always the same from the same seed.
#[derive(Debug)]
pub struct Mutator<'a> {
    rng: ChaCha8Rng,
    seeds: &'a [Vec<u8>],
}

impl<'a> Mutator<'a> {
    /// A mutator over `seeds`, of which there must be one at least.
    ///
    /// # Panics
    /// If there are no seeds.
    #[must_use]
    pub fn new(seed: u64, seeds: &'a [Vec<u8>]) -> Self {
        assert!(!seeds.is_empty(), "there is nothing to mutate");
        Self { rng: ChaCha8Rng::seed_from_u64(seed), seeds }
    }

    /// The next input.
    pub fn input(&mut self) -> Vec<u8> {
        let mut input = self.seeds[self.rng.gen_range(0..self.seeds.len())].clone();
        // Mostly one change, sometimes several: deep checks are only reached by inputs that are almost right.
        let changes = 1 + self.rng.gen_range(0u32..8).saturating_sub(4);
        (0..changes).for_each(|_| self.change(&mut input));
        input.truncate(MAX_LEN);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        if input.is_empty() {
            let len = self.rng.gen_range(1..64);
            input.extend((0..len).map(|_| self.rng.r#gen::<u8>()));
            return;
        }
        let at = self.place(input.len());
        match self.rng.gen_range(0..9) {
            0 | 1 => input[at] ^= 1 << self.rng.gen_range(0..8),
            2 => input[at] = self.rng.r#gen(),
            3 => {
                let bytes = EDGES[self.rng.gen_range(0..EDGES.len())].to_le_bytes();
                let len = [1, 2, 4, 8][self.rng.gen_range(0..4)].min(input.len() - at);
                input[at..at + len].copy_from_slice(&bytes[..len]);
            }
            4 => input.truncate(at),
            5 => {
                let len = self.run(input.len() - at);
                input.drain(at..at + len);
            }
            6 => {
                let len = self.run(input.len() - at);
                let piece = input[at..at + len].to_vec();
                let to = self.rng.gen_range(0..=input.len());
                input.splice(to..to, piece);
            }
            7 => {
                let other = &self.seeds[self.rng.gen_range(0..self.seeds.len())];
                if !other.is_empty() {
                    let from = self.rng.gen_range(0..other.len());
                    let len = (other.len() - from).min(input.len() - at).min(256);
                    input[at..at + len].copy_from_slice(&other[from..from + len]);
                }
            }
            _ => {
                // Another digit, letter or separator: what text readers look at.
                const TEXT: &[u8] = b"0123456789+-.,eE\"\n\r \t{}[]:xNaif";
                input[at] = TEXT[self.rng.gen_range(0..TEXT.len())];
            }
        }
    }

    /// A place in an input: half of the time near the start, where the headers are.
    fn place(&mut self, len: usize) -> usize {
        let end = if self.rng.r#gen() { len } else { len.min(512) };
        self.rng.gen_range(0..end)
    }

    fn run(&mut self, most: usize) -> usize {
        let longest = if self.rng.gen_range(0..8) == 0 { 4096 } else { 16 };
        self.rng.gen_range(1..=most.min(longest))
    }
}
