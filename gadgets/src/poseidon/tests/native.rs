use ark_bn254::Fr as ArkFr;
use ff::Field;
use halo2curves::bn256::Fr;
use light_poseidon::{Poseidon as LightPoseidon, PoseidonHasher, parameters::bn254_x5::get_poseidon_parameters};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::poseidon::*;
use crate::testing::{
    circomlibjs::{elements, vectors},
    oracle::{from_ark, to_ark},
};

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(0x0705)
}

fn constants_are_light_poseidons<const T: usize>() {
    let ours = Parameters::<T>::generate();
    let theirs = get_poseidon_parameters::<ArkFr>(u8::try_from(T).unwrap()).unwrap();
    assert_eq!((FULL_ROUNDS, ours.partial_rounds), (theirs.full_rounds, theirs.partial_rounds));
    let constants: Vec<_> = ours.round_constants.iter().flatten().copied().collect();
    assert_eq!(constants, theirs.ark.into_iter().map(from_ark).collect::<Vec<_>>());
    let matrix: Vec<_> = theirs.mds.into_iter().flatten().map(from_ark).collect();
    assert_eq!(ours.matrix.as_flattened(), matrix);
}

#[test]
fn constants_from_the_register_are_light_poseidons() {
    constants_are_light_poseidons::<2>();
    constants_are_light_poseidons::<3>();
    constants_are_light_poseidons::<4>();
    constants_are_light_poseidons::<5>();
    constants_are_light_poseidons::<6>();
    constants_are_light_poseidons::<9>();
}

fn rearranged_is_naive<const T: usize>() {
    let permutation = Permutation::<T>::new(Parameters::generate());
    let mut rng = rng();
    for _ in 0..50 {
        let state = std::array::from_fn(|_| Fr::random(&mut rng));
        assert_eq!(permutation.permute(state), permutation.permute_naive(state));
    }
    let edge = std::array::from_fn(|i| -Fr::from(i as u64));
    assert_eq!(permutation.permute(edge), permutation.permute_naive(edge));
}

#[test]
fn the_fast_form_is_the_specified_one() {
    rearranged_is_naive::<2>();
    rearranged_is_naive::<3>();
    rearranged_is_naive::<6>();
    rearranged_is_naive::<17>();
}

#[test]
fn hashes_are_light_poseidons() {
    let mut rng = rng();
    let mut two = LightPoseidon::<ArkFr>::new_circom(2).unwrap();
    let mut five = LightPoseidon::<ArkFr>::new_circom(5).unwrap();
    for _ in 0..20 {
        let inputs: [Fr; 5] = std::array::from_fn(|_| Fr::random(&mut rng));
        let theirs = inputs.map(to_ark);
        assert_eq!(hash2(inputs[0], inputs[1]), from_ark(two.hash(&theirs[..2]).unwrap()));
        assert_eq!(hash5(inputs), from_ark(five.hash(&theirs).unwrap()));
        // A domain tag is a capacity.
        let mut tagged = LightPoseidon::<ArkFr>::with_domain_tag_circom(2, theirs[4]).unwrap();
        assert_eq!(permute([inputs[4], inputs[0], inputs[1]])[0], from_ark(tagged.hash(&theirs[..2]).unwrap()));
    }
}

#[test]
fn hashes_are_circomlibjs() {
    let vectors = vectors();
    for vector in vectors.permutations {
        assert_eq!(permute(vector.input.map(|x| x.0)), vector.output.map(|x| x.0));
    }
    for vector in vectors.hash2 {
        assert_eq!(hash2(vector.inputs[0].0, vector.inputs[1].0), vector.output.0);
    }
    for vector in vectors.hash5 {
        assert_eq!(hash5(elements(&vector.inputs).try_into().unwrap()), vector.output.0);
    }
    for vector in vectors.chains {
        assert_eq!(chain(tag(&vectors.tag), &elements(&vector.inputs)), vector.output.0);
    }
}

#[test]
#[should_panic(expected = "a tag has 1 to 31 bytes")]
fn a_long_tag_is_refused() {
    let _ = tag("zomma.a.tag.of.thirty-two.bytes.");
}
