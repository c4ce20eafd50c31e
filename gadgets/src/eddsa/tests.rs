use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use ff::{Field, PrimeField};
use halo2curves::bn256::Fr;
use num_bigint::BigUint;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::*;
use crate::{
    edwards::{ORDER, Point, Scalar, base8},
    error::GadgetError,
    testing::circomlibjs::{bytes, vectors},
};

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(0xedd5a)
}

/// A point of order 8, found by dividing out the prime subgroup.
pub(super) fn torsion() -> Point {
    let mut y = Fr::ONE;
    loop {
        y += Fr::ONE;
        if let Ok(point) = Point::from_bytes(&y.to_repr()) {
            let low = point * Scalar::reduce(&minus_one()) + point;
            if low.times_cofactor() == Point::IDENTITY && low + low + low + low != Point::IDENTITY {
                return low;
            }
        }
    }
}

fn minus_one() -> Vec<u8> {
    let order = ORDER.map(u64::to_le_bytes).concat();
    (BigUint::from_bytes_le(&order) - 1u8).to_bytes_le()
}

#[test]
fn keys_and_signatures_are_circomlibjs() {
    for vector in vectors().signatures {
        let key = PrivateKey::from_seed(&bytes(&vector.seed));
        let public = key.public();
        assert_eq!([public.point().x(), public.point().y()], vector.public_key.map(|x| x.0));
        assert_eq!(public.to_bytes(), bytes(&vector.packed_key));
        assert_eq!(PublicKey::from_bytes(&bytes(&vector.packed_key)), Ok(public));

        let signature = key.sign(vector.message.0);
        assert_eq!([signature.r8.x(), signature.r8.y()], vector.r8.map(|x| x.0));
        assert_eq!(BigUint::from_bytes_le(&signature.s.to_bytes()).to_string(), vector.s);
        assert_eq!(signature.to_bytes(), bytes(&vector.packed_signature));
        assert_eq!(Signature::from_bytes(&bytes(&vector.packed_signature)), Ok(signature));
        assert_eq!(public.verify(vector.message.0, &signature), Ok(()));
    }
}

/// The other direction, on fresh signatures, valid ones and damaged ones: needs `circomlibjs` under `.tools/npm`.
#[test]
fn circomlibjs_agrees_on_verdicts() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let modules = root.join(".tools/npm/node_modules");
    if !modules.join("circomlibjs").exists() {
        println!("not run: circomlibjs is not installed under .tools/npm");
        return;
    }
    let decimal = |x: Fr| BigUint::from_bytes_le(&x.to_repr()).to_string();
    let mut rng = rng();
    let (mut cases, mut ours) = (vec![], vec![]);
    for i in 0..12 {
        let key = PrivateKey::from_seed(&rng.r#gen());
        let message = Fr::random(&mut rng);
        let mut signature = key.sign(message);
        let mut signed = message;
        match i % 4 {
            1 => signed += Fr::ONE,
            2 => signature.r8 = signature.r8 + base8(),
            3 => signature.s = Scalar::reduce(&rng.r#gen::<[u8; 32]>()),
            _ => {}
        }
        let key = key.public();
        ours.push(key.verify(signed, &signature).is_ok());
        cases.push(serde_json::json!({
            "ax": decimal(key.point().x()), "ay": decimal(key.point().y()),
            "r8x": decimal(signature.r8.x()), "r8y": decimal(signature.r8.y()),
            "s": BigUint::from_bytes_le(&signature.s.to_bytes()).to_string(), "message": decimal(signed),
        }));
    }
    let mut node = Command::new("node")
        .args(["oracles/circomlibjs.mjs", "verify"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("NODE_PATH", modules)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    node.stdin.take().unwrap().write_all(serde_json::to_string(&cases).unwrap().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    let theirs: Vec<bool> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(ours, theirs);
    assert_eq!(ours, (0..12).map(|i| i % 4 == 0).collect::<Vec<_>>());
}

#[test]
fn a_changed_signature_is_refused() {
    let mut rng = rng();
    let key = PrivateKey::from_seed(&rng.r#gen());
    let other = PrivateKey::from_seed(&rng.r#gen()).public();
    let message = Fr::random(&mut rng);
    let signature = key.sign(message);
    let public = key.public();
    let wrong = Err(GadgetError::WrongSignature);
    assert_eq!(public.verify(message, &signature), Ok(()));
    assert_eq!(public.verify(message + Fr::ONE, &signature), wrong);
    assert_eq!(other.verify(message, &signature), wrong);
    assert_eq!(public.verify(message, &Signature { r8: -signature.r8, ..signature }), wrong);
    assert_eq!(public.verify(message, &Signature { r8: signature.r8 + torsion(), ..signature }), wrong);
    let s = Scalar::multiply_add(&signature.s.to_bytes(), &1u8.into(), Scalar::reduce(&[1]));
    assert_eq!(public.verify(message, &Signature { s, ..signature }), wrong);
}

#[test]
fn a_malleated_signature_is_not_read() {
    let key = PrivateKey::from_seed(&[7; 32]);
    let mut packed = key.sign(Fr::ONE).to_bytes();
    let s = BigUint::from_bytes_le(&packed[32..]) + BigUint::from_bytes_le(&minus_one()) + 1u8;
    let mut s = s.to_bytes_le();
    s.resize(32, 0);
    packed[32..].copy_from_slice(&s);
    let error = GadgetError::Malformed { what: "scalar", reason: "it is not below the order of the subgroup" };
    assert_eq!(Signature::from_bytes(&packed), Err(error));
}

#[test]
fn keys_outside_of_the_subgroup_are_refused() {
    let outside = Err(GadgetError::Malformed { what: "public key", reason: "it is outside of the prime subgroup" });
    let neutral = Err(GadgetError::Malformed { what: "public key", reason: "it is the neutral element" });
    let torsion = torsion();
    let mut low = Point::IDENTITY;
    for i in 0..8 {
        assert_eq!(PublicKey::new(low), if i == 0 { neutral.clone() } else { outside.clone() });
        if i != 0 {
            assert_eq!(PublicKey::new(base8() + low), outside);
        }
        low = low + torsion;
    }
    assert!(PublicKey::new(base8()).is_ok());
}

#[test]
fn secrets_are_not_printed() {
    let key = PrivateKey::from_seed(&[9; 32]);
    let shown = format!("{key:?}");
    assert!(shown.starts_with("PrivateKey { public: PublicKey(Point {") && shown.ends_with(", .. }"), "{shown}");
}
