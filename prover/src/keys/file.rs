//! Key files. The payloads are exactly what halo2-axiom writes with `SerdeFormat::RawBytes`, so that other tools can read them; they are
//! not read with its readers, which panic on hostile input (see [`crate::points`]).

use std::{marker::PhantomData, path::Path};

use halo2_proofs::{
    SerdeFormat,
    plonk::{ProvingKey, VerifyingKey, permutation},
    poly::{EvaluationDomain, Polynomial},
};
use halo2curves::bn256::{Fr, G1Affine};
use serde::{Deserialize, Serialize};
use zomma_circuits::Statement;

use super::{KeyHeader, Shape, StatementProvingKey, StatementVerifyingKey, check_size, shape::VK_PREFIX};
use crate::{
    artefact::{Digest, Envelope, Header, Kind},
    error::ProverError,
    points::{FR_BYTES, G1_BYTES, Identity, read_g1, read_scalars},
};

/// The version byte of halo2-axiom's verifying keys.
const HALO2_VERSION: u8 = 2;

/// Header of a proving key's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvingKeyHeader {
    /// What the key is for.
    pub key: KeyHeader,
    /// Digest of the verifying key that belongs to it.
    pub verifying_key: Digest,
}

impl Header for ProvingKeyHeader {
    const KIND: Kind = Kind::ProvingKey;
}

/// The file of a verifying key.
pub(super) fn seal(header: &KeyHeader, key: &VerifyingKey<G1Affine>) -> Envelope<KeyHeader> {
    Envelope::seal(header.clone(), key.to_bytes(SerdeFormat::RawBytes))
}

/// Reads a verifying key's file without knowing its statement: everything but the points.
///
/// # Errors
/// What is wrong with the file.
pub fn inspect_verifying_key(path: &Path) -> Result<Envelope<KeyHeader>, ProverError> {
    // The length has been compared with the file's already.
    Envelope::open(path, |_, found| Ok(found))
}

/// Reads the header of a proving key's file without knowing its statement; the digest is checked.
///
/// # Errors
/// What is wrong with the file.
pub fn inspect_proving_key(path: &Path) -> Result<ProvingKeyHeader, ProverError> {
    // The length has been compared with the file's already.
    Envelope::open(path, |_, found| Ok(found)).map(|envelope| envelope.header)
}

impl<S: Statement> StatementVerifyingKey<S> {
    /// The key's file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        seal(&self.header, &self.key).to_bytes()
    }

    /// Writes the key's file: it appears whole or not at all.
    ///
    /// # Errors
    /// [`ProverError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), ProverError> {
        seal(&self.header, &self.key).write(path)
    }

    /// Reads a key from memory, and checks everything about it that does not need the structured reference string.
    ///
    /// # Errors
    /// What is wrong with the file, another statement's key among it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProverError> {
        let shape = Shape::of::<S::Circuit>();
        let check = |header: &KeyHeader, _| {
            check_header::<S>(header, &shape)?;
            Ok(shape.verifying_key_len())
        };
        let Envelope { header, payload, digest } = Envelope::from_bytes(bytes, check)?;
        let key = read_verifying_key(&payload, header.k, &shape)?;
        Ok(Self { header, digest, key, statement: PhantomData })
    }

    /// Reads a key's file; see [`Self::from_bytes`].
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn read(path: &Path) -> Result<Self, ProverError> {
        let shape = Shape::of::<S::Circuit>();
        let check = |header: &KeyHeader, _| {
            check_header::<S>(header, &shape)?;
            Ok(shape.verifying_key_len())
        };
        let Envelope { header, payload, digest } = Envelope::open(path, check)?;
        let key = read_verifying_key(&payload, header.k, &shape).map_err(|error| error.in_file(path))?;
        Ok(Self { header, digest, key, statement: PhantomData })
    }
}

impl<S: Statement> StatementProvingKey<S> {
    fn seal(&self) -> Envelope<ProvingKeyHeader> {
        let header = ProvingKeyHeader { key: self.verifying.header.clone(), verifying_key: self.verifying.digest };
        Envelope::seal(header, self.key.to_bytes(SerdeFormat::RawBytes))
    }

    /// The key's file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.seal().to_bytes()
    }

    /// Writes the key's file: it appears whole or not at all.
    ///
    /// # Errors
    /// [`ProverError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), ProverError> {
        self.seal().write(path)
    }

    /// Reads a key from memory, and checks everything about it that does not need the structured reference string.
    ///
    /// # Errors
    /// What is wrong with the file, another statement's key among it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProverError> {
        let shape = Shape::of::<S::Circuit>();
        Self::from_envelope(Envelope::from_bytes(bytes, |header, _| proving_key_len::<S>(header, &shape))?, &shape)
    }

    /// Reads a key's file; see [`Self::from_bytes`].
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn read(path: &Path) -> Result<Self, ProverError> {
        let shape = Shape::of::<S::Circuit>();
        let envelope = Envelope::open(path, |header, _| proving_key_len::<S>(header, &shape))?;
        Self::from_envelope(envelope, &shape).map_err(|error| error.in_file(path))
    }

    fn from_envelope(envelope: Envelope<ProvingKeyHeader>, shape: &Shape) -> Result<Self, ProverError> {
        let Envelope { header: ProvingKeyHeader { key: header, verifying_key: stated }, payload, .. } = envelope;
        let (first, rest) = payload.split_at(shape.verifying_key_len() as usize);
        let vk = read_verifying_key(first, header.k, shape)?;
        let digest = seal(&header, &vk).digest;
        if digest != stated {
            return Err(ProverError::mismatch("digest of the verifying key inside", stated, digest));
        }
        let mut polynomials = Polynomials { rest, k: header.k };
        let [l0, l_last, l_active_row] =
            ["l0", "l_last", "l_active_row"].map(|name| polynomials.one(&|| name.to_owned()));
        let (l0, l_last, l_active_row) = (l0?, l_last?, l_active_row?);
        let fixed_values = polynomials.many("fixed values", shape.fixed())?;
        let fixed_polys = polynomials.many("fixed polynomials", shape.fixed())?;
        let permutations = polynomials.many("permutations", shape.permuted())?;
        let permutation_polys = polynomials.many("permutation polynomials", shape.permuted())?;
        let permutation = permutation::ProvingKey::from_parts(permutations, permutation_polys);
        let key = ProvingKey::from_parts(vk.clone(), l0, l_last, l_active_row, fixed_values, fixed_polys, permutation);
        Ok(Self { verifying: StatementVerifyingKey { header, digest, key: vk, statement: PhantomData }, key })
    }
}

/// Checks that a key is for this statement, and that its numbers are possible.
fn check_header<S: Statement>(header: &KeyHeader, shape: &Shape) -> Result<(), ProverError> {
    if header.statement != S::NAME {
        return Err(ProverError::mismatch("statement", S::NAME, &header.statement));
    }
    if header.version != S::VERSION {
        return Err(ProverError::mismatch("statement version", S::VERSION, header.version));
    }
    check_size::<S>(header.k)?;
    if header.srs.k != header.k {
        return Err(ProverError::mismatch("k of the structured reference string", header.k, header.srs.k));
    }
    if header.instances.len() != shape.instance() {
        return Err(ProverError::mismatch("number of instance columns", shape.instance(), header.instances.len()));
    }
    let rows = shape.usable_rows(header.k);
    if let Some(&len) = header.instances.iter().find(|&&len| len > rows) {
        let range = format!("at most {rows} rows");
        return Err(ProverError::OutOfRange { field: "number of instances", found: len as u64, range });
    }
    Ok(())
}

fn proving_key_len<S: Statement>(header: &ProvingKeyHeader, shape: &Shape) -> Result<u64, ProverError> {
    check_header::<S>(&header.key, shape)?;
    Ok(shape.proving_key_len(header.key.k))
}

/// Reads halo2's raw verifying key; its length has been checked.
pub(crate) fn read_verifying_key(payload: &[u8], k: u32, shape: &Shape) -> Result<VerifyingKey<G1Affine>, ProverError> {
    let (prefix, points) = payload.split_at(VK_PREFIX);
    let number = |offset: usize| u32::from_le_bytes(std::array::from_fn(|i| prefix[offset + i]));
    if prefix[0] != HALO2_VERSION {
        return Err(ProverError::mismatch("version byte of the payload", HALO2_VERSION, prefix[0]));
    }
    if number(1) != k {
        return Err(ProverError::mismatch("k of the payload", k, number(1)));
    }
    if prefix[5] != 0 {
        return Err(ProverError::mismatch("selector compression of the payload", 0, prefix[5]));
    }
    if number(6) as usize != shape.fixed() {
        return Err(ProverError::mismatch("number of fixed columns", shape.fixed(), number(6)));
    }
    let (fixed, permutation) = points.split_at(shape.fixed() * G1_BYTES);
    let fixed = read_g1(fixed, "fixed commitments", Identity::Allowed)?;
    let permutation = read_g1(permutation, "permutation commitments", Identity::Allowed)?;
    Ok(VerifyingKey::from_parts(
        EvaluationDomain::new(shape.degree() as u32, k),
        fixed,
        permutation::VerifyingKey::from_commitments(permutation),
        shape.constraints().clone(),
        vec![],
        false,
    ))
}

/// Reads halo2's raw polynomials: each has its length (4 bytes, big-endian) in front, and so has each vector of them. The total length has
/// been checked, so these can only be right or wrong.
struct Polynomials<'a> {
    rest: &'a [u8],
    k: u32,
}

impl Polynomials<'_> {
    fn number(&mut self, part: &'static str, expected: usize) -> Result<(), ProverError> {
        let (number, rest) = self.rest.split_at(4);
        let found = u32::from_be_bytes(std::array::from_fn(|i| number[i]));
        self.rest = rest;
        if found as usize == expected { Ok(()) } else { Err(ProverError::mismatch(part, expected, found)) }
    }

    fn one<B>(&mut self, name: &(dyn Fn() -> String + Sync)) -> Result<Polynomial<Fr, B>, ProverError> {
        self.number("length of a polynomial", 1 << self.k)?;
        let (values, rest) = self.rest.split_at(FR_BYTES << self.k);
        self.rest = rest;
        read_scalars(values, name).map(Polynomial::new)
    }

    fn many<B>(&mut self, name: &'static str, count: usize) -> Result<Vec<Polynomial<Fr, B>>, ProverError> {
        self.number("number of polynomials", count)?;
        (0..count).map(|i| self.one(&|| format!("{name}[{i}]"))).collect()
    }
}
