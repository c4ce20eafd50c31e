//! Parameters on disk: what is written is read, and nothing else is.

use std::{io::Cursor, path::PathBuf};

use group::Curve;
use halo2curves::{
    bn256::{Fq2, Fr, G1Affine, G2Affine},
    ff::Field,
    serde::SerdeObject,
};

use super::*;
use crate::{
    artefact::{Envelope, Header, Kind},
    error::PointFault,
    progress::Silent,
};

const K: u32 = 4;
const N: usize = 1 << K;
/// Where the parts of a payload begin.
const G: usize = 4;
const G_LAGRANGE: usize = G + 64 * N;
const G2: usize = G_LAGRANGE + 64 * N;
const S_G2: usize = G2 + 128;

fn srs() -> Srs {
    Srs::development(K, 0, &Silent).unwrap()
}

fn sealed() -> Envelope<SrsHeader> {
    let srs = srs();
    file::envelope(K, srs.id.origin.clone(), &srs.params)
}

/// Parameters with a changed payload, under a digest that fits.
fn with_payload(change: impl FnOnce(&mut Vec<u8>)) -> Result<Srs, ProverError> {
    let Envelope { header, mut payload, .. } = sealed();
    change(&mut payload);
    Srs::from_bytes(&Envelope::seal(header, payload).to_bytes())
}

fn testdata(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)).unwrap()
}

fn import(bytes: &[u8], k: u32) -> Result<Srs, ProverError> {
    let mut ptau = Ptau::new(Cursor::new(bytes))?;
    let digest = ptau.digest(&Silent)?;
    ptau.import(k, digest, &Silent)
}

#[test]
fn a_file_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(Srs::file_name(K));
    let written = srs();
    written.write(&path).unwrap();
    let read = Srs::read(&path).unwrap();
    assert_eq!(read.id(), written.id());
    assert_eq!(read.id().origin, Origin::Development { seed: 0 });
    assert!(read.id().origin.is_development());
    assert_eq!(sealed().payload, file::envelope(K, read.id.origin.clone(), &read.params).payload);
    read.check_relations(&Silent).unwrap();
    // The same once more gives the same bytes, and leaves nothing else behind.
    let first = std::fs::read(&path).unwrap();
    Srs::development(K, 0, &Silent).unwrap().write(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), first);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn every_flipped_bit_is_seen() {
    let bytes = sealed().to_bytes();
    let header_end = 56 + serde_json::to_vec(&sealed().header).unwrap().len();
    let mut wrong = bytes.clone();
    // Every byte of prefix and header, and a sample of the payload.
    for i in (0..header_end).chain((header_end..bytes.len()).step_by(61)) {
        let bit = 1 << (i % 8);
        wrong[i] ^= bit;
        let error = Srs::from_bytes(&wrong).unwrap_err();
        let expected = match i {
            0..8 => matches!(error, ProverError::Magic { expected: Kind::Srs, .. }),
            8..12 => matches!(error, ProverError::Version { kind: Kind::Srs, supported: 1, .. }),
            12..24 => matches!(
                error,
                ProverError::Length { part: "file", .. } | ProverError::OutOfRange { field: "header length", .. }
            ),
            24..56 => matches!(error, ProverError::Digest { .. }),
            // A header that still parses has the wrong digest or asks for another payload.
            _ if i < header_end => {
                matches!(
                    &error,
                    ProverError::Digest { .. }
                        | ProverError::Length { part: "payload", .. }
                        | ProverError::OutOfRange { field: "k", .. }
                ) || matches!(&error, ProverError::Malformed { field, .. } if field == "header")
            }
            _ => matches!(error, ProverError::Digest { .. }),
        };
        assert!(expected, "byte {i}: {error}");
        wrong[i] ^= bit;
    }
}

#[test]
fn every_truncation_is_seen() {
    let bytes = sealed().to_bytes();
    for len in (0..80).chain((80..bytes.len()).step_by(97)) {
        let error = Srs::from_bytes(&bytes[..len]).unwrap_err();
        match len {
            0..8 => assert!(matches!(error, ProverError::Magic { .. }), "{len}: {error}"),
            _ => assert!(matches!(error, ProverError::Length { part: "file", .. }), "{len}: {error}"),
        }
    }
    let mut long = bytes.clone();
    long.push(0);
    assert_eq!(
        Srs::from_bytes(&long).unwrap_err().to_string(),
        format!("file: {} bytes expected, {} found", bytes.len(), long.len())
    );
}

#[test]
fn sizes_are_checked_before_anything_is_allocated() {
    // k = 28 would be 32 GiB; the file says so, but is short.
    for (k, message) in [
        (0, "k: 0 is out of range (1 to 28)".to_owned()),
        (29, "k: 29 is out of range (1 to 28)".to_owned()),
        (u32::MAX, format!("k: {} is out of range (1 to 28)", u32::MAX)),
        (28, format!("payload: {} bytes expected, 100 found", (128u64 << 28) + 260)),
    ] {
        let header = SrsHeader { k, origin: Origin::Development { seed: 0 } };
        let bytes = Envelope::seal(header, vec![0; 100]).to_bytes();
        assert_eq!(Srs::from_bytes(&bytes).unwrap_err().to_string(), message);
    }
    // A prefix that promises more than there is.
    let mut bytes = sealed().to_bytes();
    let len = bytes.len();
    bytes[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(
        Srs::from_bytes(&bytes).unwrap_err().to_string(),
        format!("file: {} bytes expected, {len} found", u64::MAX)
    );
    bytes[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(
        Srs::from_bytes(&bytes).unwrap_err().to_string(),
        format!("header length: {} is out of range (at most 1048576 bytes)", u32::MAX)
    );
}

#[test]
fn headers_have_one_form() {
    for (json, reason) in [
        (r#"{"k":4,"origin":{"development":{"seed":0}},"more":1}"#, "unknown field `more`"),
        (r#"{"k":4,"origin":{"development":{"seed":-1}}}"#, "invalid value: integer `-1`, expected u64"),
        (r#"{"k":4,"origin":{"production":{}}}"#, "unknown variant `production`"),
        (r#"{"k":4}"#, "missing field `origin`"),
        (r#"{"k": 4,"origin":{"development":{"seed":0}}}"#, "not in the form in which it is written"),
        ("", "EOF while parsing a value"),
    ] {
        let good = sealed();
        let mut bytes = good.to_bytes();
        let old = serde_json::to_vec(&good.header).unwrap().len();
        bytes.splice(56..56 + old, json.bytes());
        bytes[12..16].copy_from_slice(&(json.len() as u32).to_le_bytes());
        let mut hashed = bytes[..24].to_vec();
        hashed.extend_from_slice(&bytes[56..]);
        bytes[24..56].copy_from_slice(&Digest::of(&hashed).0);
        let error = Srs::from_bytes(&bytes).unwrap_err();
        assert!(matches!(&error, ProverError::Malformed { field, .. } if field == "header"), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn bad_points_are_named() {
    let point = |error: ProverError| match error {
        ProverError::Point { basis, index, fault } => (basis, index, fault),
        other => panic!("{other}"),
    };
    let not_on_curve = with_payload(|payload| payload[G + 64 * 3] ^= 1);
    assert_eq!(point(not_on_curve.unwrap_err()), ("g", 3, PointFault::NotOnCurve));
    let too_large = with_payload(|payload| payload[G_LAGRANGE + 64 * 7 + 32..][..32].fill(0xff));
    assert_eq!(point(too_large.unwrap_err()), ("g_lagrange", 7, PointFault::NotCanonical));
    let identity = with_payload(|payload| payload[G + 64 * 5..][..64].fill(0));
    assert_eq!(point(identity.unwrap_err()), ("g", 5, PointFault::Identity));
    let no_secret = with_payload(|payload| payload[S_G2..][..128].fill(0));
    assert_eq!(point(no_secret.unwrap_err()), ("s_g2", 0, PointFault::Identity));
    let outside =
        with_payload(|payload| payload[S_G2..][..128].copy_from_slice(&outside_the_subgroup().to_raw_bytes()));
    assert_eq!(point(outside.unwrap_err()), ("s_g2", 0, PointFault::NotInSubgroup));
    let other_generator = with_payload(|payload| payload.copy_within(S_G2..S_G2 + 128, G2));
    assert_eq!(other_generator.unwrap_err().to_string(), "g2: not the generator of G2");
    let other_start = with_payload(|payload| payload.copy_within(G + 64..G + 128, G));
    assert_eq!(other_start.unwrap_err().to_string(), "g[0]: not the generator of G1");
    let other_k = with_payload(|payload| payload[0] = 5);
    assert_eq!(other_k.unwrap_err().to_string(), "k of the payload: expected 4, found 5");
}

/// A point on the twist, but not in the subgroup of prime order.
fn outside_the_subgroup() -> G2Affine {
    use halo2curves::CurveAffine;
    (1u64..)
        .filter_map(|x| {
            let x = Fq2::from(x);
            let y = Option::<Fq2>::from((x.square() * x + G2Affine::b()).sqrt())?;
            Option::<G2Affine>::from(G2Affine::from_xy(x, y))
        })
        .find(|point| crate::points::check_g2(point) == Err(PointFault::NotInSubgroup))
        .unwrap()
}

#[test]
fn relations_catch_every_wrong_point() {
    let powers = "the parameters are not well formed: e(s^i G1, G2) = e(s^(i-1) G1, s G2) does not hold";
    let lagrange = "the parameters are not well formed: g_lagrange = Lagrange basis of g does not hold";
    let other = (G1Affine::generator() * Fr::from(17)).to_affine().to_raw_bytes();
    for i in 1..N {
        let srs = with_payload(|payload| payload[G + 64 * i..][..64].copy_from_slice(&other)).unwrap();
        assert_eq!(srs.check_relations(&Silent).unwrap_err().to_string(), lagrange, "g[{i}]");
    }
    for i in 0..N {
        let srs = with_payload(|payload| payload[G_LAGRANGE + 64 * i..][..64].copy_from_slice(&other)).unwrap();
        assert_eq!(srs.check_relations(&Silent).unwrap_err().to_string(), lagrange, "g_lagrange[{i}]");
    }
    let other = (G2Affine::generator() * Fr::from(17)).to_affine().to_raw_bytes();
    let srs = with_payload(|payload| payload[S_G2..][..128].copy_from_slice(&other)).unwrap();
    assert_eq!(srs.check_relations(&Silent).unwrap_err().to_string(), powers);
    // Wrong powers with the Lagrange basis that belongs to them.
    for i in 1..N {
        let mut g = srs.params.clone();
        let mut points = halo2_proofs::poly::commitment::ParamsProver::get_g(&g).to_vec();
        points[i] = (points[i] + points[0]).to_affine();
        g = assemble(K, points, None, g.g2(), super::tests::srs().params.s_g2());
        let digest = file::envelope(K, Origin::Development { seed: 0 }, &g).digest;
        assert_eq!(relations::check(&g, &digest, &Silent).unwrap_err().to_string(), powers, "g[{i}]");
    }
}

#[test]
fn loading_says_what_to_run_and_obeys_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let missing = Srs::load(folder, K, &SrsLock::default(), &Silent).unwrap_err();
    assert_eq!(
        missing.to_string(),
        format!(
            "the structured reference string for k = 4 is missing: {} does not exist; make it with \
             `zomma srs import-ptau FILE.ptau --k 4` from a ceremony, or `zomma srs dev --k 4` for development only",
            folder.join("kzg_bn254_4.srs").display()
        )
    );
    let good = srs();
    good.write(&folder.join(Srs::file_name(K))).unwrap();
    good.write(&folder.join(Srs::file_name(5))).unwrap();
    let mut lock = SrsLock::load(folder).unwrap();
    assert_eq!(lock, SrsLock::default());
    assert_eq!(Srs::load(folder, K, &lock, &Silent).unwrap().1, Pin::Unpinned);
    let misnamed = Srs::load(folder, 5, &lock, &Silent).unwrap_err();
    assert!(matches!(misnamed.root(), ProverError::Mismatch { field: "k", .. }), "{misnamed}");

    lock.pin(good.id().clone());
    lock.write(folder).unwrap();
    let lock = SrsLock::load(folder).unwrap();
    assert_eq!(Srs::load(folder, K, &lock, &Silent).unwrap().1, Pin::Pinned);

    // Another secret that claims the same seed: well formed, but not what is pinned.
    let other = Srs::development(K, 1, &Silent).unwrap();
    file::envelope(K, Origin::Development { seed: 0 }, &other.params).write(&folder.join(Srs::file_name(K))).unwrap();
    let error = Srs::load(folder, K, &lock, &Silent).unwrap_err();
    assert!(matches!(error.root(), ProverError::Mismatch { field: "digest pinned in srs.lock", .. }), "{error}");

    // Unpinned and not well formed.
    let Envelope { header, mut payload, .. } = sealed();
    payload.copy_within(G_LAGRANGE..G_LAGRANGE + 64, G_LAGRANGE + 64);
    Envelope::seal(header, payload).write(&folder.join(Srs::file_name(K))).unwrap();
    let error = Srs::load(folder, K, &SrsLock::default(), &Silent).unwrap_err();
    assert!(matches!(error.root(), ProverError::Relation { .. }), "{error}");

    std::fs::write(folder.join(SrsLock::FILE_NAME), "{}").unwrap();
    assert!(SrsLock::load(folder).unwrap_err().to_string().ends_with("lock: missing field `srs` at line 1 column 2"));
}

#[test]
fn pinned_digests_are_those_of_the_development_parameters() {
    let params = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../params");
    let lock = SrsLock::load(&params).unwrap();
    for pinned in &lock.srs {
        let Origin::Development { seed } = pinned.origin else { continue };
        if pinned.k <= 12 {
            assert_eq!(Srs::development(pinned.k, seed, &Silent).unwrap().id(), pinned);
        }
    }
    assert!(lock.srs.iter().any(|pinned| pinned.k == 10), "the lock lists k = 10");
}

#[test]
fn ptau_files_of_snarkjs_are_imported() {
    let prepared = testdata("prepared.ptau");
    let full = testdata("full.ptau");
    let truncated = testdata("truncated.ptau");
    let (a, b) = (import(&full, 4).unwrap(), import(&prepared, 4).unwrap());
    // Computed by an FFT over points or read from the file: the same points.
    assert_eq!(
        file::envelope(4, a.id.origin.clone(), &a.params).payload,
        file::envelope(4, b.id.origin.clone(), &b.params).payload
    );
    assert_eq!(b.id().origin, Origin::PowersOfTau { file: Digest::of(&prepared), power: 4, ceremony_power: 4 });
    assert!(!b.id().origin.is_development());
    for k in 1..=3 {
        let (small, whole) = (import(&truncated, k).unwrap(), import(&full, k).unwrap());
        assert_eq!(small.params.s_g2(), whole.params.s_g2());
        assert_eq!(
            file::envelope(k, a.id.origin.clone(), &small.params).payload,
            file::envelope(k, a.id.origin.clone(), &whole.params).payload,
            "k = {k}"
        );
        let Origin::PowersOfTau { power, .. } = small.id().origin else { panic!("not a ceremony's") };
        assert_eq!(power, 3);
        // What was imported is as good as any other file.
        Srs::from_bytes(&file::envelope(k, small.id.origin.clone(), &small.params).to_bytes()).unwrap();
    }
    let too_large = import(&truncated, 4).unwrap_err();
    assert_eq!(too_large.to_string(), "k: 4 is out of range (1 to 3, the power of the file)");
    let nobody = import(&testdata("fresh.ptau"), 4).unwrap_err();
    assert_eq!(nobody.to_string(), "tauG2[1]: the secret is 1: nobody has contributed to this file");
}

#[test]
fn damaged_ptau_files_are_refused() {
    let good = testdata("prepared.ptau");
    let error = |bytes: &[u8]| import(bytes, 4).unwrap_err().to_string();
    for len in (0..good.len()).step_by(113) {
        let message = error(&good[..len]);
        assert!(message.contains("ends") || message.contains("missing"), "{len}: {message}");
    }
    let changed = |at: usize, bytes: &[u8]| {
        let mut file = good.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        error(&file)
    };
    assert_eq!(changed(0, b"zkey"), "magic: not a .ptau file: it starts with 0x7a6b6579");
    assert_eq!(changed(4, &[2]), "version: 2, but only version 1 is known");
    assert_eq!(changed(8, &[65]), "number of sections: 65 is out of range (at most 64)");
    assert_eq!(changed(24, &[48]), "header: prime: not BN254's base field");
    assert_eq!(changed(28, &[0]), "header: prime: not BN254's base field");
    assert_eq!(changed(60, &[29]), "header: power: 29 is out of range");
    assert_eq!(changed(60, &[5]), "header: ceremony power: 4 with a file of power 5");
    assert_eq!(changed(60, &[3]), "section 2: 960 bytes expected, 1984 found");
    assert_eq!(changed(68, &[3]), "section 3: there are two");
    let tau_g1 = 80;
    assert_eq!(changed(tau_g1 + 64, &[0; 64]), "tauG1[1]: the identity");
    assert_eq!(changed(tau_g1 + 64, &[1; 64]), "tauG1[1]: not on the curve");
    assert_eq!(changed(tau_g1, &good[tau_g1 + 64..tau_g1 + 128]), "tauG1[0]: not the generator of G1");
    // A point that is on the curve but not the power that it should be.
    assert_eq!(
        changed(tau_g1 + 128, &good[tau_g1 + 64..tau_g1 + 128]),
        "the parameters are not well formed: g_lagrange = Lagrange basis of g does not hold"
    );
    let tau_g2 = tau_g1 + 31 * 64 + 12;
    assert_eq!(
        changed(tau_g2 + 128, &good[tau_g2 + 256..tau_g2 + 384]),
        "the parameters are not well formed: e(s^i G1, G2) = e(s^(i-1) G1, s G2) does not hold"
    );
    assert_eq!(changed(tau_g2, &good[tau_g2 + 128..tau_g2 + 256]), "tauG2[0]: not the generator of G2");
    assert_eq!(
        changed(tau_g2 + 128, &outside_the_subgroup().to_raw_bytes()),
        "tauG2[1]: not in the subgroup of prime order"
    );
}

#[test]
fn kinds_do_not_pass_for_one_another() {
    assert_eq!(SrsHeader::KIND, Kind::Srs);
    let mut bytes = sealed().to_bytes();
    bytes[..8].copy_from_slice(&Kind::Proof.magic());
    assert_eq!(
        Srs::from_bytes(&bytes).unwrap_err().to_string(),
        "not a parameter file: it starts with the magic of a proof file"
    );
}
