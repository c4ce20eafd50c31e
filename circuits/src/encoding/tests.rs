use ff::{Field, PrimeField};
use halo2curves::bn256::Fr;
use num_bigint::{BigInt, BigUint};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;

fn integer(word: Fr) -> BigUint {
    BigUint::from_bytes_le(&word.to_repr())
}

/// light-poseidon's hash with a domain tag is circomlibjs' `poseidon([a, b], capacity)`.
fn reference(capacity: Fr, left: Fr, right: Fr) -> Fr {
    use ark_ff::{BigInteger, PrimeField as _};
    use light_poseidon::{Poseidon, PoseidonHasher};
    let ark = |word: Fr| ark_bn254::Fr::from_le_bytes_mod_order(&word.to_repr());
    let mut hasher = Poseidon::<ark_bn254::Fr>::with_domain_tag_circom(2, ark(capacity)).unwrap();
    let digest = hasher.hash(&[ark(left), ark(right)]).unwrap().into_bigint().to_bytes_le();
    Fr::from_repr(digest.try_into().unwrap()).unwrap()
}

#[test]
fn compression_is_circomlib_poseidon() {
    // circomlib, test/poseidoncircuit.js.
    let expected = "7853200120776062878684798364095072458815029376092732009249414926327459813530";
    assert_eq!(integer(node(Fr::from(1), Fr::from(2))).to_string(), expected);
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    for _ in 0..50 {
        let [capacity, left, right] = core::array::from_fn(|_| Fr::random(&mut *rng));
        assert_eq!(compress(capacity, left, right), reference(capacity, left, right));
    }
}

#[test]
fn tags_are_their_names() {
    let mut seen = Vec::new();
    for tag in Tag::ALL {
        assert!(tag.name().starts_with("zomma."));
        assert_eq!(integer(tag.word()), BigUint::from_bytes_be(tag.name().as_bytes()));
        assert!(!seen.contains(&tag.word()), "{tag:?} has another tag's name");
        seen.push(tag.word());
    }
}

#[test]
fn chains_absorb_two_words_per_permutation() {
    let words: Vec<Fr> = (1..=5).map(Fr::from).collect();
    let tag = Tag::Data.word();
    assert_eq!(chain(Tag::Data, &[]), tag);
    assert_eq!(chain(Tag::Data, &words[..1]), reference(tag, words[0], Fr::zero()));
    let two = reference(tag, words[0], words[1]);
    assert_eq!(chain(Tag::Data, &words[..2]), two);
    let four = reference(two, words[2], words[3]);
    assert_eq!(chain(Tag::Data, &words), reference(four, words[4], Fr::zero()));
}

#[test]
fn hexadecimal_is_canonical() {
    let rng = &mut ChaCha8Rng::seed_from_u64(2);
    for value in [Fr::zero(), Fr::one(), -Fr::one(), Fr::random(&mut *rng)] {
        assert_eq!(hex_fr::parse(&hex_fr::to_string(&value)), Ok(value));
    }
    let modulus = "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
    assert_eq!(hex_fr::parse(modulus), Err(format!("{modulus} is not below the field's modulus")));
    assert_eq!(hex_fr::parse("12"), Err("a field element starts with 0x".to_owned()));
    assert_eq!(hex_fr::parse("0x12"), Err("a field element has 64 hexadecimal digits, not 2".to_owned()));
    let spaced = format!("0x{}+f", "0".repeat(62));
    assert_eq!(hex_fr::parse(&spaced), Err("'+' is not a hexadecimal digit".to_owned()));
    assert!(hex_fr::parse(&format!("0x{}é", "0".repeat(62))).is_err());
}

proptest! {
    #[test]
    fn packing_is_positional(fields in prop::collection::vec((any::<u128>(), 1u32..=120), 0..8)) {
        let (mut packer, mut expected, mut offset) = (Packer::new(), BigUint::default(), 0);
        let mut kept = Vec::new();
        for (value, bits) in fields {
            if offset + bits > pack::WORD_BITS {
                break;
            }
            let value = value & ((1 << bits) - 1);
            packer = packer.put(value, bits);
            expected += BigUint::from(value) << offset;
            offset += bits;
            kept.push((value, bits));
        }
        let word = packer.word();
        prop_assert_eq!(integer(word), expected);
        let mut unpacker = Unpacker::new(word);
        for (value, bits) in kept {
            prop_assert_eq!(unpacker.take(bits), value);
        }
        prop_assert!(unpacker.is_exhausted());
    }

    #[test]
    fn signed_fields_are_biased(value in -(1i128 << 95) + 1..1 << 95) {
        let word = Packer::new().put(5u8, 7).put_signed(value, 96).word();
        let expected = BigInt::from(5) + ((BigInt::from(value) + (BigInt::from(1) << 95)) << 7);
        prop_assert_eq!(BigInt::from(integer(word)), expected);
        let mut unpacker = Unpacker::new(word);
        prop_assert_eq!(unpacker.take(7), 5);
        prop_assert_eq!(unpacker.take_signed(96), value);
    }

    #[test]
    fn bytes_are_little_endian(bytes in any::<[u8; 20]>()) {
        let word = Packer::new().bytes(&bytes).word();
        prop_assert_eq!(integer(word), BigUint::from_bytes_le(&bytes));
        prop_assert_eq!(Unpacker::new(word).bytes::<20>(), bytes);
    }
}

#[test]
fn left_over_bits_are_noticed() {
    let mut unpacker = Unpacker::new(Packer::new().put(1u8, 8).put(1u8, 1).word());
    assert_eq!(unpacker.take(8), 1);
    assert!(!unpacker.is_exhausted());
    let mut unpacker = Unpacker::new(-Fr::one());
    unpacker.take(120);
    unpacker.take(120);
    assert!(!unpacker.is_exhausted());
}
