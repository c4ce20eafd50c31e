//! The part of the contract ABI that settling needs: words, and lists of them behind offsets.

use halo2curves::{bn256::Fr, ff::PrimeField};
use revm::primitives::keccak256;

/// A word of the EVM, most significant byte first.
pub type Word = [u8; 32];

/// Bytes of a word.
const WORD: usize = 32;

/// A field element as a word.
#[must_use]
pub fn field_word(value: &Fr) -> Word {
    let mut bytes = value.to_repr();
    bytes.reverse();
    bytes
}

/// A number as a word.
#[must_use]
pub fn number_word(value: u64) -> Word {
    let mut word = [0; WORD];
    word[WORD - 8..].copy_from_slice(&value.to_be_bytes());
    word
}

/// An address as a word.
#[must_use]
pub fn address_word(address: [u8; 20]) -> Word {
    let mut word = [0; WORD];
    word[WORD - 20..].copy_from_slice(&address);
    word
}

/// What a function or an error is called by: the first four bytes of the hash of its signature.
#[must_use]
pub fn selector(signature: &str) -> [u8; 4] {
    let [a, b, c, d, ..] = keccak256(signature.as_bytes()).0;
    [a, b, c, d]
}

/// A call of a function whose arguments are all words.
#[must_use]
pub fn call(signature: &str, arguments: &[Word]) -> Vec<u8> {
    [selector(signature).as_slice(), arguments.as_flattened()].concat()
}

/// Arguments of a function, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Arguments {
    /// Words in place, and for what has no fixed length its index in `tails`.
    head: Vec<Result<Word, usize>>,
    tails: Vec<Vec<u8>>,
}

impl Arguments {
    /// Words that stand where they are.
    pub(super) fn words(mut self, words: impl IntoIterator<Item = Word>) -> Self {
        self.head.extend(words.into_iter().map(Ok));
        self
    }

    /// Something of no fixed length, already encoded: the head has where it lies.
    pub(super) fn tail(mut self, encoded: Vec<u8>) -> Self {
        self.head.push(Err(self.tails.len()));
        self.tails.push(encoded);
        self
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut offset = self.head.len() * WORD;
        let offsets: Vec<usize> = self
            .tails
            .iter()
            .map(|tail| {
                let start = offset;
                offset += tail.len();
                start
            })
            .collect();
        let head = self.head.iter().map(|entry| entry.unwrap_or_else(|tail| number_word(offsets[tail] as u64)));
        let mut encoded = head.collect::<Vec<Word>>().concat();
        self.tails.iter().for_each(|tail| encoded.extend(tail));
        encoded
    }
}

/// `bytes`.
pub(super) fn bytes(content: &[u8]) -> Vec<u8> {
    let mut encoded = number_word(content.len() as u64).to_vec();
    encoded.extend(content);
    encoded.resize(encoded.len().next_multiple_of(WORD), 0);
    encoded
}

/// A list whose entries have a fixed length.
pub(super) fn list<const N: usize>(entries: &[[Word; N]]) -> Vec<u8> {
    let mut encoded = number_word(entries.len() as u64).to_vec();
    entries.iter().for_each(|entry| encoded.extend(entry.as_flattened()));
    encoded
}

/// A list of lists.
pub(super) fn nested(entries: Vec<Vec<u8>>) -> Vec<u8> {
    let length = number_word(entries.len() as u64);
    let entries = entries.into_iter().fold(Arguments::default(), Arguments::tail);
    [length.as_slice(), &entries.encode()].concat()
}
