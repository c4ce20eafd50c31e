//! Proofs: made, delivered, verified; and everything that is not one, refused for the right reason.

use std::{fs, path::Path};

use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::{Field, PrimeField},
    group::{GroupEncoding, prime::PrimeCurveAffine},
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::*;
use crate::{
    artefact::{Digest, Envelope, ProofHeader, Public, folder},
    engine::Engine,
    error::PointFault,
    keys::{KeyPins, StatementProvingKey},
    progress::Silent,
    prove::prove,
    srs::{Origin, Srs, SrsLock},
    testing::{Ends, Inputs, Squares, SquaresCircuit, inputs},
};

type S = Squares<0>;
const K: u32 = 9;

struct Made {
    srs: Srs,
    key: StatementProvingKey<S>,
    proof: Proof,
    instance: Ends,
}

fn make(transcript: TranscriptKind) -> Made {
    let srs = Srs::development(K, 0, &Silent).unwrap();
    let key = StatementProvingKey::<S>::generate(&srs, &Silent).unwrap();
    let rng = ChaCha20Rng::seed_from_u64(5);
    let (proof, instance) = prove(&Engine::default(), &key, &srs, &inputs(), transcript, rng, &Silent).unwrap();
    Made { srs, key, proof, instance }
}

fn refused(made: &Made, change: impl FnOnce(&mut Proof)) -> ProverError {
    let mut proof = made.proof.clone();
    change(&mut proof);
    verify(made.key.verifying_key(), &proof).expect_err("this must be refused")
}

#[test]
fn proofs_with_every_transcript_verify_and_have_the_length_that_their_shape_says() {
    for transcript in TranscriptKind::ALL {
        let made = make(transcript);
        assert_eq!(made.proof.bytes.len() as u64, Shape::of::<SquaresCircuit>().proof_len(transcript), "{transcript}");
        verify(made.key.verifying_key(), &made.proof).unwrap();
        let read = Proof::from_bytes::<S>(&made.proof.to_bytes()).unwrap();
        assert_eq!(read, made.proof);
        assert!(read.header.srs.origin.is_development());
        // Read back from its file, the key is as good.
        let key = StatementProvingKey::<S>::from_bytes(&made.key.to_bytes()).unwrap();
        let rng = ChaCha20Rng::seed_from_u64(6);
        let (again, _) = prove(&Engine::default(), &key, &made.srs, &inputs(), transcript, rng, &Silent).unwrap();
        verify(made.key.verifying_key(), &again).unwrap();
        // A proof made for one transcript is none for another.
        for other in TranscriptKind::ALL.into_iter().filter(|&other| other != transcript) {
            let error = refused(&made, |proof| proof.header.transcript = other);
            let expected = match (transcript, other) {
                (TranscriptKind::Keccak, _) | (_, TranscriptKind::Keccak) => {
                    matches!(error, ProverError::Length { part: "proof", .. })
                }
                _ => matches!(error, ProverError::Rejected { .. }),
            };
            assert!(expected, "{transcript} as {other}: {error}");
        }
    }
}

#[test]
fn every_engine_makes_proofs_and_is_named_in_them() {
    let made = make(TranscriptKind::Poseidon);
    for name in ["cpu:portable", "halo2-axiom"] {
        let engine: Engine = name.parse().unwrap();
        assert_eq!(engine.to_string(), name);
        for transcript in TranscriptKind::ALL {
            let rng = ChaCha20Rng::seed_from_u64(7);
            let (proof, _) = prove(&engine, &made.key, &made.srs, &inputs(), transcript, rng, &Silent).unwrap();
            assert_eq!(proof.header.backend, name);
            verify(made.key.verifying_key(), &proof).unwrap();
        }
    }
    let unknown = "abacus".parse::<Engine>().unwrap_err().to_string();
    assert!(unknown.starts_with("unknown backend \"abacus\""), "{unknown}");
}

#[test]
fn every_claim_of_the_header_counts() {
    let made = make(TranscriptKind::Poseidon);
    let message = |change: fn(&mut ProofHeader)| refused(&made, |proof| change(&mut proof.header)).to_string();
    assert_eq!(message(|h| h.statement = "other".to_owned()), "statement: expected squares, found other");
    assert_eq!(message(|h| h.version = 2), "statement version: expected 1, found 2");
    assert_eq!(message(|h| h.k = 10), "k: expected 9, found 10");
    let srs = message(|h| h.srs.origin = Origin::Development { seed: 1 });
    assert!(srs.starts_with("structured reference string: expected "), "{srs}");
    let key = message(|h| h.verifying_key = Digest::of(b"another"));
    assert!(key.starts_with("digest of the verifying key: expected "), "{key}");
    let lengths = "number of instances in each column: expected [2], found ";
    assert_eq!(message(|h| h.instances[0].truncate(1)), format!("{lengths}[1]"));
    assert_eq!(message(|h| h.instances[0].push(Public(Fr::ZERO))), format!("{lengths}[3]"));
    assert_eq!(message(|h| h.instances.push(vec![])), format!("{lengths}[2, 0]"));
    for i in 0..2 {
        let error = refused(&made, |proof| proof.header.instances[0][i].0 += Fr::ONE);
        assert_eq!(error.to_string(), "the proof is not valid: the pairing check fails", "instance {i}");
    }
}

#[test]
fn every_changed_byte_of_a_proof_is_refused() {
    for transcript in [TranscriptKind::Poseidon, TranscriptKind::Keccak] {
        let made = make(transcript);
        for i in 0..made.proof.bytes.len() {
            match refused(&made, |proof| proof.bytes[i] ^= 1 << (i % 8)) {
                ProverError::Rejected { reason } => assert_eq!(reason, "the pairing check fails", "byte {i}"),
                ProverError::Point { fault, .. } => {
                    assert!(matches!(fault, PointFault::NotOnCurve | PointFault::NotCanonical), "byte {i}: {fault}");
                }
                ProverError::Scalar { .. } => {}
                other => panic!("byte {i}: {other}"),
            }
        }
        for len in [0, 1, 31, 32, made.proof.bytes.len() - 1] {
            let error = refused(&made, |proof| proof.bytes.truncate(len));
            assert_eq!(error.to_string(), format!("proof: {} bytes expected, {len} found", made.proof.bytes.len()));
        }
        let error = refused(&made, |proof| proof.bytes.push(0));
        assert!(matches!(error, ProverError::Length { part: "proof", .. }), "{error}");
    }
}

#[test]
fn spare_bits_and_large_numbers_are_named() {
    let made = make(TranscriptKind::Poseidon);
    // The flag for the identity on another point: halo2's decoder ignores it, and its verifier accepts.
    let mut proof = made.proof.clone();
    proof.bytes[31] |= 0x80;
    assert_eq!(
        verify(made.key.verifying_key(), &proof).unwrap_err().to_string(),
        "proof: point[0]: not a canonical point encoding"
    );
    let columns = proof.instances();
    let references: Vec<&[Fr]> = columns.iter().map(Vec::as_slice).collect();
    let halo2 = verify_proof(
        &made.key.verifying_key().verifier_params(),
        made.key.verifying_key().key(),
        &[&references],
        &proof.bytes,
        TranscriptKind::Poseidon,
    );
    assert!(halo2.is_ok(), "no longer accepted by halo2 itself: the check may go");

    let shape = Shape::of::<SquaresCircuit>();
    let points = shape.advice() + 3 * shape.lookups() + 1 + 1 + shape.degree() - 1;
    let error = refused(&made, |proof| proof.bytes[32 * points + 64..][..32].fill(0xff));
    assert_eq!(error.to_string(), "proof: scalar[2]: not below the field's modulus");
    // The identity is a point, though not one that proves anything.
    let identity = G1Affine::identity().to_bytes();
    let error = refused(&made, |proof| proof.bytes[..32].copy_from_slice(identity.as_ref()));
    assert_eq!(error.to_string(), "the proof is not valid: the pairing check fails");
    let mut modulus = (-Fr::ONE).to_repr();
    modulus[0] += 1;
    let error = refused(&made, |proof| proof.bytes[32 * points..][..32].copy_from_slice(&modulus));
    assert_eq!(error.to_string(), "proof: scalar[0]: not below the field's modulus");
}

#[test]
fn every_flipped_bit_of_a_proof_file_is_seen() {
    let bytes = make(TranscriptKind::Poseidon).proof.to_bytes();
    let header_len = u32::from_le_bytes(std::array::from_fn(|i| bytes[12 + i])) as usize;
    let mut wrong = bytes.clone();
    for i in 0..bytes.len() {
        wrong[i] ^= 1 << (i % 8);
        let error = Proof::from_bytes::<S>(&wrong).err().unwrap_or_else(|| panic!("byte {i} is accepted"));
        let expected = match i {
            0..8 => matches!(error, ProverError::Magic { .. }),
            8..12 => matches!(error, ProverError::Version { .. }),
            12..24 => matches!(error, ProverError::Length { part: "file", .. } | ProverError::OutOfRange { .. }),
            _ if (56..56 + header_len).contains(&i) => match &error {
                ProverError::Malformed { field, .. } => field == "header",
                ProverError::Mismatch { field, .. } => {
                    ["statement", "statement version", "k of the structured reference string"].contains(field)
                }
                _ => matches!(error, ProverError::Digest { .. }),
            },
            _ => matches!(error, ProverError::Digest { .. }),
        };
        assert!(expected, "byte {i}: {error}");
        wrong[i] = bytes[i];
    }
    for len in 0..bytes.len() {
        let error = Proof::from_bytes::<S>(&bytes[..len]).err().unwrap_or_else(|| panic!("length {len} is accepted"));
        assert!(
            matches!(error, ProverError::Magic { .. } | ProverError::Length { part: "file", .. }),
            "{len}: {error}"
        );
    }
    let other = Proof::from_bytes::<Squares<1>>(&bytes).unwrap_err();
    assert_eq!(other.to_string(), "statement: expected other, found squares");
}

#[test]
fn keys_and_parameters_that_do_not_belong_together_are_refused() {
    let made = make(TranscriptKind::Poseidon);
    let rng = || ChaCha20Rng::seed_from_u64(0);
    let other = Srs::development(K, 1, &Silent).unwrap();
    let error =
        prove(&Engine::default(), &made.key, &other, &inputs(), TranscriptKind::Poseidon, rng(), &Silent).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("structured reference string: expected {}, found {}", made.srs.id().sha256, other.id().sha256)
    );
    // A key made with another secret, its header forged to look right.
    let key = StatementProvingKey::<S>::generate(&other, &Silent).unwrap();
    let Envelope { mut header, payload, .. } =
        Envelope::<crate::keys::KeyHeader>::from_bytes(&key.verifying_key().to_bytes(), |_, found| Ok(found)).unwrap();
    header.srs = made.srs.id().clone();
    let forged = StatementVerifyingKey::<S>::from_bytes(&Envelope::seal(header, payload).to_bytes()).unwrap();
    assert_ne!(forged.digest(), made.key.verifying_key().digest());
    let (mut proof, _) =
        prove(&Engine::default(), &key, &other, &inputs(), TranscriptKind::Poseidon, rng(), &Silent).unwrap();
    proof.header.srs = made.srs.id().clone();
    let error = verify(made.key.verifying_key(), &proof).unwrap_err();
    assert!(matches!(error, ProverError::Mismatch { field: "digest of the verifying key", .. }), "{error}");

    let bad = Inputs { start: 1, addends: vec![0, 0, 0, 256, 0, 0, 0, 0] };
    let error =
        prove(&Engine::default(), &made.key, &made.srs, &bad, TranscriptKind::Poseidon, rng(), &Silent).unwrap_err();
    assert_eq!(error.to_string(), "addend 3: above 255");
}

#[test]
fn a_folder_is_delivered_whole_and_verified() {
    let made = make(TranscriptKind::Poseidon);
    let scratch = tempfile::tempdir().unwrap();
    let (out, params) = (scratch.path().join("out"), scratch.path().join("params"));
    let key = made.key.verifying_key();
    folder::write(&out, key, &made.proof, &made.instance, None).unwrap();
    let mut names: Vec<String> =
        fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, folder::FILES);
    // Nothing else is left beside it.
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);

    // Neither pinned nor to be made anew.
    let error = verify_folder::<S>(&out, &params, false, &Silent).unwrap_err();
    assert!(matches!(&error, ProverError::UntrustedKey { k: K, .. }), "{error}");
    assert!(error.to_string().contains("make it with `zomma srs import-ptau FILE.ptau --k 9`"), "{error}");
    let verdict = verify_folder::<S>(&out, &params, true, &Silent).unwrap();
    assert_eq!((verdict.key, &verdict.instance), (KeyTrust::TakenOnTrust, &made.instance));
    // Other parameters do not help.
    let file = params.join(Srs::file_name(K));
    Srs::development(K, 1, &Silent).unwrap().write(&file).unwrap();
    let error = verify_folder::<S>(&out, &params, false, &Silent).unwrap_err();
    assert!(
        matches!(&error, ProverError::UntrustedKey { reason, .. } if reason.contains("it was made with")),
        "{error}"
    );
    // The right ones do.
    made.srs.write(&file).unwrap();
    assert_eq!(verify_folder::<S>(&out, &params, false, &Silent).unwrap().key, KeyTrust::Regenerated);
    // And so does a pin, without them.
    fs::remove_file(&file).unwrap();
    let mut pins = KeyPins::default();
    pins.pin(key.header(), key.digest());
    pins.write(&params, "squares").unwrap();
    let verdict = verify_folder::<S>(&out, &params, false, &Silent).unwrap();
    assert_eq!((verdict.key, verdict.k, verdict.proof_bytes), (KeyTrust::Pinned, K, made.proof.bytes.len()));
    assert!(verdict.origin.is_development());
    // A pin for another key is final, even for who trusts the folder.
    pins.pin(key.header(), Digest::of(b"another"));
    pins.write(&params, "squares").unwrap();
    let error = verify_folder::<S>(&out, &params, true, &Silent).unwrap_err();
    assert!(
        matches!(error, ProverError::Mismatch { field: "digest of the verifying key pinned in params/vk", .. }),
        "{error}"
    );
}

#[test]
fn a_key_of_another_circuit_is_found_out() {
    // Same name, version and shape, but with other fixed values: only making the key anew tells.
    let made = make(TranscriptKind::Poseidon);
    let scratch = tempfile::tempdir().unwrap();
    let params = scratch.path().join("params");
    made.srs.write(&params.join(Srs::file_name(K))).unwrap();
    SrsLock::default().write(&params).unwrap();
    let Envelope { header, mut payload, .. } =
        Envelope::<crate::keys::KeyHeader>::from_bytes(&made.key.verifying_key().to_bytes(), |_, n| Ok(n)).unwrap();
    payload.copy_within(10..74, 74);
    let forged = StatementVerifyingKey::<S>::from_bytes(&Envelope::seal(header, payload).to_bytes()).unwrap();
    let mut proof = made.proof.clone();
    proof.header.verifying_key = forged.digest();
    let out = scratch.path().join("out");
    folder::write(&out, &forged, &proof, &made.instance, None).unwrap();
    let error = verify_folder::<S>(&out, &params, false, &Silent).unwrap_err();
    assert!(matches!(error, ProverError::Mismatch { field: "digest of the verifying key made anew", .. }), "{error}");
}

#[test]
fn files_of_a_folder_that_disagree_are_named() {
    let made = make(TranscriptKind::Poseidon);
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("out");
    let check = |file: &str, change: &dyn Fn(&Path), expected: &str| {
        folder::write(&out, made.key.verifying_key(), &made.proof, &made.instance, None).unwrap();
        change(&out.join(file));
        let error = verify_folder::<S>(&out, scratch.path(), true, &Silent).unwrap_err().to_string();
        assert_eq!(error, format!("{}: {expected}", out.join(file).display()));
    };
    let edit = |from: &'static str, to: &'static str| {
        move |path: &Path| {
            let text = fs::read_to_string(path).unwrap();
            assert!(text.contains(from), "{from} is not in {text}");
            fs::write(path, text.replacen(from, to, 1)).unwrap();
        }
    };
    let differs = "not what the .bin file beside it says";
    check("proof.json", &edit("\"k\": 9", "\"k\": 8"), &format!("k: {differs}"));
    check("proof.json", &edit("\"proof\": \"0x", "\"proof\": \"0x00"), &format!("proof: {differs}"));
    check(
        "proof.json",
        &edit("\"development_only\": true", "\"development_only\": false"),
        &format!("development_only: {differs}"),
    );
    check("vk.json", &edit("\"version\": 1", "\"version\": 3"), &format!("version: {differs}"));
    check("vk.json", &edit("{", "{\n  \"more\": 1,"), &format!("more: {differs}"));
    check("public.json", &edit("\"start\": 3", "\"start\": 4"), "instances: expected those of proof.bin, found others");
    check("public.json", &edit("\"start\": 3", "\"start\": -4"), "instance: invalid value: integer `-4`, expected u64");
    check(
        "public.json",
        &edit("\"development_only\": true", "\"development_only\": false"),
        &format!("development_only: {differs}"),
    );
    check("public.json", &|path| fs::write(path, "{").unwrap(), "JSON: EOF while parsing an object at line 1 column 1");
    check("proof.bin", &|path| fs::write(path, "").unwrap(), "not a proof file: it starts with nothing (it is empty)");
    for file in folder::FILES {
        folder::write(&out, made.key.verifying_key(), &made.proof, &made.instance, None).unwrap();
        fs::remove_file(out.join(file)).unwrap();
        let error = verify_folder::<S>(&out, scratch.path(), true, &Silent).unwrap_err();
        assert!(matches!(&error, ProverError::Missing { path, .. } if *path == out.join(file)), "{error}");
    }
}

#[test]
fn other_peoples_folders_are_left_alone() {
    let made = make(TranscriptKind::Poseidon);
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("thesis.txt"), "years of work").unwrap();
    let error = folder::write(&out, made.key.verifying_key(), &made.proof, &made.instance, None).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{}: output folder: it holds thesis.txt, which is no part of a proof; nothing was written",
            out.display()
        )
    );
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(out.join("thesis.txt")).unwrap(), "years of work");
}
