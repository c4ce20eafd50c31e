//! The folder that a proof is delivered in: `proof.bin`, `proof.json`, `public.json`, `vk.bin`, `vk.json`.
//!
//! The two `.bin` files are what counts; the JSON files say the same for people and other programs, and a verifier checks that they do.

use std::{fs, path::Path};

use group::prime::PrimeCurveAffine;
use halo2curves::{
    CurveAffine,
    bn256::{Fq, G1Affine},
    ff::PrimeField,
};
use serde_json::{Value, json};
use zomma_circuits::Statement;

use super::{Proof, atomic};
use crate::{error::ProverError, keys::StatementVerifyingKey};

/// The proof.
pub const PROOF_BIN: &str = "proof.bin";
/// The proof as JSON.
pub const PROOF_JSON: &str = "proof.json";
/// The public instance as the statement names it.
pub const PUBLIC_JSON: &str = "public.json";
/// The verifying key.
pub const VK_BIN: &str = "vk.bin";
/// The verifying key as JSON.
pub const VK_JSON: &str = "vk.json";
/// What a statement has to publish beside its instance; only some have anything.
pub const DISCLOSED_JSON: &str = "disclosed.json";
/// Every file that each folder has.
pub const FILES: [&str; 5] = [PROOF_BIN, PROOF_JSON, PUBLIC_JSON, VK_BIN, VK_JSON];

/// Longest JSON file that is read.
const MAX_JSON: u64 = 64 << 20;

/// Writes the five files, and what is disclosed if there is anything. The folder appears whole or not at all; one that holds an earlier proof is replaced.
///
/// # Errors
/// [`ProverError::Io`]; [`ProverError::Malformed`] when the folder has other files in it. Nothing is changed then.
pub fn write<S: Statement>(
    folder: &Path,
    key: &StatementVerifyingKey<S>,
    proof: &Proof,
    instance: &S::Instance,
    disclosed: Option<&Value>,
) -> Result<(), ProverError> {
    let mut files = vec![
        (PROOF_BIN, proof.to_bytes()),
        (PROOF_JSON, text(&proof.to_json())),
        (PUBLIC_JSON, text(&public_json::<S>(proof, instance)?)),
        (VK_BIN, key.to_bytes()),
        (VK_JSON, text(&key_json(key))),
    ];
    files.extend(disclosed.map(|disclosed| (DISCLOSED_JSON, text(disclosed))));
    atomic::write_folder(folder, &files, &[FILES.as_slice(), &[DISCLOSED_JSON]].concat())
}

/// `public.json`: the instance as the statement names it.
fn public_json<S: Statement>(proof: &Proof, instance: &S::Instance) -> Result<Value, ProverError> {
    let instance = serde_json::to_value(instance)
        .map_err(|error| ProverError::malformed("instance", format!("cannot be written as JSON: {error}")))?;
    Ok(json!({
        "statement": S::NAME,
        "version": S::VERSION,
        "development_only": proof.header.srs.origin.is_development(),
        "instance": instance,
    }))
}

/// `vk.json`: the header, the digest, and the commitments as hex coordinates.
fn key_json<S: Statement>(key: &StatementVerifyingKey<S>) -> Value {
    let mut json = serde_json::to_value(key.header()).expect("headers are strings and integers");
    let points = |points: &[G1Affine]| points.iter().map(point_json).collect::<Vec<_>>();
    json["development_only"] = key.header().srs.origin.is_development().into();
    json["file_sha256"] = key.digest().to_string().into();
    json["fixed_commitments"] = points(key.key().fixed_commitments()).into();
    json["permutation_commitments"] = points(key.key().permutation().commitments()).into();
    json
}

/// A point as a pair of hex numbers, most significant digit first; the identity as null.
fn point_json(point: &G1Affine) -> Value {
    let hex = |coordinate: &Fq| {
        let mut bytes = coordinate.to_repr();
        bytes.reverse();
        format!("0x{}", hex::encode(bytes))
    };
    if bool::from(point.is_identity()) {
        return Value::Null;
    }
    let coordinates = point.coordinates().expect("the identity has been dealt with");
    json!([hex(coordinates.x()), hex(coordinates.y())])
}

fn text(json: &Value) -> Vec<u8> {
    format!("{json:#}\n").into_bytes()
}

/// A folder as it was read, its parts checked one by one and against one another.
#[derive(Debug, Clone)]
pub struct Delivered<S: Statement> {
    /// The proof.
    pub proof: Proof,
    /// The key that came with it.
    pub key: StatementVerifyingKey<S>,
    /// The public instance that came with it; the proof's instances are this.
    pub instance: S::Instance,
}

impl<S: Statement> Delivered<S> {
    /// Reads a folder, and checks that its five files are well formed and say the same. Whether the key is the right one and the proof a
    /// proof is for [`crate::verify`].
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn read(folder: &Path) -> Result<Self, ProverError> {
        for file in FILES {
            let path = folder.join(file);
            if !path.is_file() {
                return Err(ProverError::Missing {
                    what: format!("{file} of the proof"),
                    path,
                    run: format!("`zomma prove {} --input FILE --out DIR`", S::NAME),
                });
            }
        }
        let proof = Proof::read::<S>(&folder.join(PROOF_BIN))?;
        let key = StatementVerifyingKey::<S>::read(&folder.join(VK_BIN))?;
        compare(&folder.join(PROOF_JSON), &proof.to_json())?;
        compare(&folder.join(VK_JSON), &key_json(&key))?;
        let path = folder.join(PUBLIC_JSON);
        let public = read_json(&path)?;
        let instance: S::Instance = serde_json::from_value(public.get("instance").cloned().unwrap_or_default())
            .map_err(|error| ProverError::malformed("instance", error.to_string()).in_file(&path))?;
        compare(&path, &public_json::<S>(&proof, &instance)?)?;
        if S::instance(&instance) != proof.instances() {
            return Err(ProverError::mismatch("instances", "those of proof.bin", "others").in_file(path));
        }
        Ok(Self { proof, key, instance })
    }
}

/// Reads a JSON file that is not longer than it may be.
pub(crate) fn read_json(path: &Path) -> Result<Value, ProverError> {
    let len = fs::metadata(path).map_err(ProverError::io("read", path))?.len();
    if len > MAX_JSON {
        let range = format!("at most {MAX_JSON} bytes");
        return Err(ProverError::OutOfRange { field: "length", found: len, range }.in_file(path));
    }
    let bytes = fs::read(path).map_err(ProverError::io("read", path))?;
    serde_json::from_slice(&bytes).map_err(|error| ProverError::malformed("JSON", error.to_string()).in_file(path))
}

/// Checks that a JSON file says what it should, and names the first field in which it does not.
fn compare(path: &Path, expected: &Value) -> Result<(), ProverError> {
    let found = read_json(path)?;
    if found == *expected {
        return Ok(());
    }
    let empty = serde_json::Map::new();
    let (expected, found) = (expected.as_object().unwrap_or(&empty), found.as_object().unwrap_or(&empty));
    let field = expected.keys().chain(found.keys()).find(|key| expected.get(*key) != found.get(*key));
    let field = field.map_or("content", String::as_str);
    Err(ProverError::malformed(field, "not what the .bin file beside it says").in_file(path))
}
