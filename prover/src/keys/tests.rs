//! Keys: the same twice, read as written, and nothing else accepted.

use halo2_proofs::{
    SerdeFormat,
    plonk::{ProvingKey, VerifyingKey, keygen_pk, keygen_vk},
};

use super::*;
use crate::{
    artefact::Envelope,
    error::{PointFault, ProverError},
    progress::Silent,
    srs::Srs,
    testing::{Squares, SquaresCircuit, Steep},
};

type S = Squares<0>;
const K: u32 = 9;

fn srs() -> Srs {
    Srs::development(K, 0, &Silent).unwrap()
}

fn key() -> StatementProvingKey<S> {
    StatementProvingKey::generate(&srs(), &Silent).unwrap()
}

/// A verifying key's file with a changed header or payload, under a digest that fits.
fn vk_with(change: impl FnOnce(&mut KeyHeader, &mut Vec<u8>)) -> Result<StatementVerifyingKey<S>, ProverError> {
    let key = StatementVerifyingKey::<S>::generate(&srs(), &Silent).unwrap();
    let Envelope { mut header, mut payload, .. } = file::seal(&key.header, &key.key);
    change(&mut header, &mut payload);
    StatementVerifyingKey::from_bytes(&Envelope::seal(header, payload).to_bytes())
}

fn pk_with(change: impl FnOnce(&mut ProvingKeyHeader, &mut Vec<u8>)) -> Result<StatementProvingKey<S>, ProverError> {
    let bytes = key().to_bytes();
    let Envelope { mut header, mut payload, .. } =
        Envelope::<ProvingKeyHeader>::from_bytes(&bytes, |_, found| Ok(found)).unwrap();
    change(&mut header, &mut payload);
    StatementProvingKey::from_bytes(&Envelope::seal(header, payload).to_bytes())
}

fn message<T>(result: Result<T, ProverError>) -> String {
    result.err().expect("this must be refused").to_string()
}

#[test]
fn keys_are_made_the_same_twice() {
    assert_eq!(key().to_bytes(), key().to_bytes());
    let vk = StatementVerifyingKey::<S>::generate(&srs(), &Silent).unwrap();
    assert_eq!(vk.to_bytes(), key().verifying_key().to_bytes());
    assert_eq!(vk.header().instances, [2]);
    assert!(vk.header().srs.origin.is_development());
}

#[test]
fn payloads_are_halo2s_and_are_read_as_halo2_reads_them() {
    let (srs, key) = (srs(), key());
    let circuit = SquaresCircuit::without_witness();
    let vk = keygen_vk(srs.params(), &circuit).unwrap();
    let pk = keygen_pk(srs.params(), vk.clone(), &circuit).unwrap();
    let (vk_bytes, pk_bytes) = (vk.to_bytes(SerdeFormat::RawBytes), pk.to_bytes(SerdeFormat::RawBytes));
    let shape = Shape::of::<SquaresCircuit>();
    assert_eq!(shape.verifying_key_len(), vk_bytes.len() as u64);
    assert_eq!(shape.proving_key_len(K), pk_bytes.len() as u64);

    let read = StatementVerifyingKey::<S>::from_bytes(&key.verifying_key().to_bytes()).unwrap();
    assert_eq!(read.key.to_bytes(SerdeFormat::RawBytes), vk_bytes);
    let theirs = VerifyingKey::<G1Affine>::from_bytes::<SquaresCircuit>(&vk_bytes, SerdeFormat::RawBytes, ()).unwrap();
    assert_eq!(read.key.transcript_repr(), theirs.transcript_repr());
    assert_eq!(read.digest(), key.verifying_key().digest());

    let read = StatementProvingKey::<S>::from_bytes(&key.to_bytes()).unwrap();
    assert_eq!(read.key.to_bytes(SerdeFormat::RawBytes), pk_bytes);
    let theirs = ProvingKey::<G1Affine>::from_bytes::<SquaresCircuit>(&pk_bytes, SerdeFormat::RawBytes, ()).unwrap();
    assert_eq!(theirs.to_bytes(SerdeFormat::RawBytes), pk_bytes);
    assert_eq!(read.key.get_vk().transcript_repr(), theirs.get_vk().transcript_repr());
    assert_eq!(read.header(), key.header());
}

#[test]
fn every_flipped_bit_is_seen() {
    fn check<T>(bytes: &[u8], read: impl Fn(&[u8]) -> Result<T, ProverError>, step: usize) {
        let header_len = u32::from_le_bytes(std::array::from_fn(|i| bytes[12 + i])) as usize;
        let mut wrong = bytes.to_vec();
        for i in (0..56 + header_len).chain((56 + header_len..bytes.len()).step_by(step)) {
            wrong[i] ^= 1 << (i % 8);
            let error = read(&wrong).err().unwrap_or_else(|| panic!("byte {i} is accepted"));
            let expected = match i {
                0..8 => matches!(error, ProverError::Magic { .. }),
                8..12 => matches!(error, ProverError::Version { .. }),
                12..24 => matches!(
                    error,
                    ProverError::Length { part: "file", .. } | ProverError::OutOfRange { field: "header length", .. }
                ),
                24..56 => matches!(error, ProverError::Digest { .. }),
                // What parses is of another statement, size or number of instances, or has the wrong digest.
                _ if i < 56 + header_len => match &error {
                    ProverError::Malformed { field, .. } => field == "header",
                    ProverError::Mismatch { field, .. } => [
                        "statement",
                        "statement version",
                        "k of the structured reference string",
                        "number of instance columns",
                    ]
                    .contains(field),
                    ProverError::OutOfRange { field, .. } => ["k", "number of instances"].contains(field),
                    ProverError::Length { part, .. } => *part == "payload",
                    ProverError::Digest { .. } => true,
                    _ => false,
                },
                _ => matches!(error, ProverError::Digest { .. }),
            };
            assert!(expected, "byte {i}: {error}");
            wrong[i] = bytes[i];
        }
        for len in (0..bytes.len()).step_by(step) {
            let error = read(&bytes[..len]).err().unwrap_or_else(|| panic!("length {len} is accepted"));
            match len {
                0..8 => assert!(matches!(error, ProverError::Magic { .. }), "{len}: {error}"),
                _ => assert!(matches!(error, ProverError::Length { part: "file", .. }), "{len}: {error}"),
            }
        }
    }
    let key = key();
    check(&key.verifying_key().to_bytes(), StatementVerifyingKey::<S>::from_bytes, 7);
    check(&key.to_bytes(), StatementProvingKey::<S>::from_bytes, 1013);
}

#[test]
fn keys_of_other_statements_versions_and_sizes_are_refused() {
    let key = key();
    let (vk, pk) = (key.verifying_key().to_bytes(), key.to_bytes());
    let other = "statement: expected other, found squares";
    assert_eq!(message(StatementVerifyingKey::<Squares<1>>::from_bytes(&vk)), other);
    assert_eq!(message(StatementProvingKey::<Squares<1>>::from_bytes(&pk)), other);
    let version = "statement version: expected 2, found 1";
    assert_eq!(message(StatementVerifyingKey::<Squares<2>>::from_bytes(&vk)), version);
    assert_eq!(message(StatementProvingKey::<Squares<2>>::from_bytes(&pk)), version);
    assert_eq!(
        message(StatementProvingKey::<S>::from_bytes(&vk)),
        "not a proving key file: it starts with the magic of a verifying key file"
    );
    let wrong_k = |k: u32| message(vk_with(|header, _| (header.k, header.srs.k) = (k, k)));
    assert_eq!(wrong_k(10), "k of the payload: expected 10, found 9");
    assert_eq!(wrong_k(4), "k: 4 is out of range (5 to 28 for squares)");
    assert_eq!(wrong_k(29), "k: 29 is out of range (5 to 28 for squares)");
    assert_eq!(
        message(vk_with(|header, _| header.srs.k = 10)),
        "k of the structured reference string: expected 9, found 10"
    );
    // A proving key that claims to be larger is refused by its length, before anything is allocated for it.
    let claimed = message(pk_with(|header, _| (header.key.k, header.key.srs.k) = (28, 28)));
    let shape = Shape::of::<SquaresCircuit>();
    assert_eq!(
        claimed,
        format!("payload: {} bytes expected, {} found", shape.proving_key_len(28), shape.proving_key_len(K))
    );
    assert_eq!(
        message(vk_with(|header, _| header.instances = vec![])),
        "number of instance columns: expected 1, found 0"
    );
    let rows = shape.usable_rows(K);
    assert_eq!(
        message(vk_with(|header, _| header.instances = vec![rows + 1])),
        format!("number of instances: {} is out of range (at most {rows} rows)", rows + 1)
    );
}

#[test]
fn bad_content_is_named() {
    assert_eq!(message(vk_with(|_, payload| payload[0] = 1)), "version byte of the payload: expected 2, found 1");
    assert_eq!(
        message(vk_with(|_, payload| payload[5] = 1)),
        "selector compression of the payload: expected 0, found 1"
    );
    assert_eq!(message(vk_with(|_, payload| payload[6] = 9)), "number of fixed columns: expected 2, found 9");
    assert_eq!(message(vk_with(|_, payload| payload[10] ^= 1)), "fixed commitments[0]: not on the curve");
    let last = Shape::of::<SquaresCircuit>().verifying_key_len() as usize - 64;
    assert_eq!(
        message(vk_with(|_, payload| payload[last..].fill(0xff))),
        "permutation commitments[1]: not a canonical point encoding"
    );
    assert_eq!(
        message(vk_with(|_, payload| payload.truncate(10))),
        format!("payload: {} bytes expected, 10 found", last + 64)
    );

    let vk_len = last + 64;
    assert_eq!(message(pk_with(|_, payload| payload[10] ^= 1)), "fixed commitments[0]: not on the curve");
    assert_eq!(
        message(pk_with(|_, payload| payload[vk_len] = 1)),
        format!("length of a polynomial: expected 512, found {}", (1 << 24) + 512)
    );
    assert_eq!(
        message(pk_with(|_, payload| payload[vk_len + 4 + 32 * 5..][..32].fill(0xff))),
        "l0[5]: not below the field's modulus"
    );
    let fixed = vk_len + 3 * (4 + 32 * 512);
    assert_eq!(
        message(pk_with(|_, payload| payload[fixed] = 0xff)),
        format!("number of polynomials: expected 2, found {}", 0xff00_0002_u32)
    );
    let second = fixed + 4 + (4 + 32 * 512) + 4;
    assert_eq!(
        message(pk_with(|_, payload| payload[second..][..32].fill(0xff))),
        "fixed values[1][0]: not below the field's modulus"
    );
    // The verifying key inside is not the one that the header names.
    let error = pk_with(|header, _| header.verifying_key = Digest::of(b"another")).err().unwrap();
    assert!(matches!(error, ProverError::Mismatch { field: "digest of the verifying key inside", .. }), "{error}");
}

#[test]
fn the_secret_in_the_header_is_checked() {
    let good = SecretG2(srs().params().s_g2());
    let json = serde_json::to_string(&good).unwrap();
    assert_eq!(serde_json::from_str::<SecretG2>(&json).unwrap(), good);
    let refused = |json: &str| serde_json::from_str::<SecretG2>(json).unwrap_err().to_string();
    assert!(refused("\"00\"").contains("s_g2: not 256 hex digits"), "{}", refused("\"00\""));
    let identity = format!("\"{}\"", "00".repeat(128));
    assert!(refused(&identity).contains(&format!("s_g2[0]: {}", PointFault::Identity)), "{}", refused(&identity));
    let wrong = format!("\"{}\"", "11".repeat(128));
    assert!(refused(&wrong).contains("s_g2[0]: not on the curve"), "{}", refused(&wrong));
}

#[test]
fn a_circuit_that_does_not_fit_is_refused_before_key_generation_panics() {
    let small = Srs::development(6, 0, &Silent).unwrap();
    let error = StatementProvingKey::<S>::generate(&small, &Silent).err().unwrap();
    assert_eq!(error.to_string(), "256 rows are needed, but k = 6 has 58 usable ones");
    let smaller = Srs::development(4, 0, &Silent).unwrap();
    let error = StatementVerifyingKey::<S>::generate(&smaller, &Silent).err().unwrap();
    assert_eq!(error.to_string(), "k: 4 is out of range (5 to 28 for squares)");
}

#[test]
fn a_degree_that_would_be_cut_is_refused() {
    let small = Srs::development(4, 0, &Silent).unwrap();
    let error = StatementVerifyingKey::<Steep>::generate(&small, &Silent).err().unwrap();
    assert!(
        matches!(&error, ProverError::DegreeTooHigh { gate, degree: 6, limit: 5 } if gate == "sixth power: a^6 = 0"),
        "{error}"
    );
}

#[test]
fn the_circuit_is_part_of_the_identity() {
    assert_eq!(CircuitId::of::<S>(9).unwrap(), CircuitId::of::<S>(9).unwrap());
    assert_ne!(CircuitId::of::<S>(9).unwrap().digest, CircuitId::of::<S>(10).unwrap().digest);
    // The same circuit under another name: the header tells them apart.
    assert_eq!(CircuitId::of::<S>(9).unwrap(), CircuitId::of::<Squares<1>>(9).unwrap());
}

#[test]
fn the_cache_makes_a_key_once_and_replaces_a_damaged_one() {
    let folder = tempfile::tempdir().unwrap();
    let cache = KeyCache::new(folder.path().join("keys"));
    let srs = srs();
    // Several at once: one makes the key, the others find it.
    let found: Vec<Found> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| cache.get::<S>(&srs, &Silent).unwrap().1)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(found.iter().filter(|found| **found == Found::Made).count(), 1, "{found:?}");
    assert_eq!(found.iter().filter(|found| **found == Found::Cached).count(), 3, "{found:?}");

    let path = cache.path(key().header());
    let good = std::fs::read(&path).unwrap();
    assert_eq!(good, key().to_bytes());
    let mut wrong = good.clone();
    wrong[good.len() / 2] ^= 1;
    std::fs::write(&path, &wrong).unwrap();
    let (_, found) = cache.get::<S>(&srs, &Silent).unwrap();
    let Found::Replaced { reason } = found else { panic!("{found:?}") };
    assert!(reason.contains("damaged or edited"), "{reason}");
    assert_eq!(std::fs::read(&path).unwrap(), good);

    // Another secret, another file.
    let other = Srs::development(K, 1, &Silent).unwrap();
    assert_eq!(cache.get::<S>(&other, &Silent).unwrap().1, Found::Made);
    let keys = std::fs::read_dir(folder.path().join("keys")).unwrap();
    assert_eq!(keys.filter(|entry| entry.as_ref().unwrap().path().extension().unwrap() == "pk").count(), 2);
}

#[test]
fn pins_are_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let key = StatementVerifyingKey::<S>::generate(&srs(), &Silent).unwrap();
    let mut pins = KeyPins::load(folder.path(), "squares").unwrap();
    assert_eq!(pins.check(key.header(), key.digest()).unwrap(), None);
    pins.pin(key.header(), key.digest());
    pins.write(folder.path(), "squares").unwrap();
    let mut pins = KeyPins::load(folder.path(), "squares").unwrap();
    assert_eq!(pins.check(key.header(), key.digest()).unwrap().unwrap().k, K);
    let other = Digest::of(b"another");
    assert_eq!(
        message(pins.check(key.header(), other)),
        format!("digest of the verifying key pinned in params/vk: expected {}, found {other}", key.digest())
    );
    pins.pin(key.header(), other);
    assert_eq!(pins.keys.len(), 1);
    std::fs::write(KeyPins::path(folder.path(), "squares"), "[]").unwrap();
    assert!(message(KeyPins::load(folder.path(), "squares")).contains("pinned keys: invalid length 0"));
}
