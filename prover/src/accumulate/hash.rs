//! Hashing inside and outside of circuits, from one text.
//!
//! The permutation is the exchange's: Poseidon over BN254's scalar field with t = 3, x^5 and circomlib's constants. A list is
//! hashed as a chain that starts from a tag and absorbs two words per permutation, as in the exchange's chapter on conventions.

use halo2curves::bn256::Fr;
use zomma_gadgets::poseidon;

/// What a digest of this room is a digest of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// A verifying key: size, initial state of the transcript, commitments.
    Key,
    /// The keys of the statements that a leaf verifies.
    Inner,
    /// All keys of a folding: inner, leaf, node.
    Keys,
    /// The contexts below a leaf: one.
    Leaf,
    /// The contexts below a node: those of its left side, then those of its right side.
    Node,
    /// The challenge with which accumulators are combined.
    Fold,
    /// The public context of a batch.
    Context,
}

impl Tag {
    /// The ASCII name that the tag is the number of.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key => "zomma.fold.key",
            Self::Inner => "zomma.fold.inner",
            Self::Keys => "zomma.fold.keys",
            Self::Leaf => "zomma.fold.leaf",
            Self::Node => "zomma.fold.node",
            Self::Fold => "zomma.fold.challenge",
            Self::Context => "zomma.context",
        }
    }

    /// The big-endian integer of the name's bytes.
    #[must_use]
    pub fn word(self) -> Fr {
        let byte = Fr::from(256);
        self.name().bytes().fold(Fr::zero(), |word, letter| word * byte + Fr::from(u64::from(letter)))
    }
}

/// Where hashes are computed.
pub(super) trait Hasher {
    /// A field element there.
    type Word: Clone;
    fn constant(&self, value: Fr) -> Self::Word;
    fn permute(&self, state: [Self::Word; 3]) -> [Self::Word; 3];
}

/// Outside of circuits.
#[derive(Debug)]
pub(super) struct Native;

impl Hasher for Native {
    type Word = Fr;

    fn constant(&self, value: Fr) -> Fr {
        value
    }

    fn permute(&self, state: [Fr; 3]) -> [Fr; 3] {
        poseidon::permute(state)
    }
}

/// The digest of `words` under `tag`: `h = tag`, then `h = f(h, x, y)` for each pair of words, the last one padded with zero; $f(c, a, b)$ is
/// lane 0 of the permutation of $[c, a, b]$.
pub(super) fn chain<H: Hasher>(hasher: &H, tag: Tag, words: &[H::Word]) -> H::Word {
    let start = hasher.constant(tag.word());
    words.chunks(2).fold(start, |digest, pair| {
        let second = pair.get(1).cloned().unwrap_or_else(|| hasher.constant(Fr::zero()));
        let [digest, ..] = hasher.permute([digest, pair[0].clone(), second]);
        digest
    })
}

/// [`chain`] outside of circuits.
#[must_use]
pub fn native_chain(tag: Tag, words: &[Fr]) -> Fr {
    chain(&Native, tag, words)
}

#[cfg(test)]
mod tests {
    use ark_ff::{BigInteger, PrimeField as _};
    use halo2curves::ff::{Field, PrimeField};
    use light_poseidon::{Poseidon, PoseidonHasher};

    use super::*;

    /// The permutation's first lane, by a crate that has circomlib's constants from another source.
    fn oracle(capacity: Fr, left: Fr, right: Fr) -> Fr {
        let [capacity, left, right] =
            [capacity, left, right].map(|x| ark_bn254::Fr::from_le_bytes_mod_order(x.to_repr().as_ref()));
        let mut poseidon = Poseidon::<ark_bn254::Fr>::with_domain_tag_circom(2, capacity).unwrap();
        let digest = poseidon.hash(&[left, right]).unwrap();
        let bytes: [u8; 32] = digest.into_bigint().to_bytes_le().try_into().unwrap();
        Fr::from_repr(bytes).unwrap()
    }

    #[test]
    fn chains_start_from_their_tag_and_pad_with_zero() {
        let words: Vec<Fr> = (1..=3).map(Fr::from).collect();
        let first = oracle(Tag::Node.word(), words[0], words[1]);
        assert_eq!(native_chain(Tag::Node, &words), oracle(first, words[2], Fr::ZERO));
        assert_eq!(native_chain(Tag::Leaf, &[]), Tag::Leaf.word());
        // "zomma.context" as a number, by Python's int.from_bytes(b"zomma.context", "big").
        assert_eq!(Tag::Context.word(), Fr::from_str_vartime("9700320952275379929430639343732").unwrap());
    }
}
