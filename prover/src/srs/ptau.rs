//! Import of powers-of-tau files, as snarkjs writes them (`.ptau`).
//!
//! Layout (iden3 `binfile`, all integers little-endian): magic `ptau`, version (4 bytes), number of sections (4), then sections: id (4),
//! length (8), content. Points are raw affine coordinates in Montgomery form, the in-memory form of [`crate::points`].
//!
//! | section | content |
//! |---|---|
//! | 1 | header: bytes of a coordinate (4), the base field's modulus, power p (4), ceremony power (4) |
//! | 2 | $\tau^i G_1$ for $i < 2^{p+1} - 1$ |
//! | 3 | $\tau^i G_2$ for $i < 2^p$ |
//! | 7 | number of contributions (4), contributions |
//! | 12 | after `prepare phase2`: the Lagrange basis in G1 for every power 0 to p + 1, one after the other |
//!
//! Sections 4 to 6 and 13 to 15 belong to Groth16. A file truncated with `powersoftau truncate` has the same layout with a smaller p.
//!
//! What is imported is checked: every point, and the relations between them. The contributions themselves are the ceremony's
//! transcript; `snarkjs powersoftau verify` checks those.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use halo2curves::{
    bn256::{Fr, G1Affine, G2Affine},
    ff::{Field, PrimeField},
};
use sha2::{Digest as _, Sha256};

use super::{Origin, Srs, assemble, check_k};
use crate::{
    artefact::Digest,
    error::ProverError,
    points::{G1_BYTES, G2_BYTES, Identity, read_g1, read_g2},
    progress::Progress,
};

/// Modulus of BN254's base field, little-endian.
const BASE_MODULUS: [u8; 32] = [
    0x47, 0xfd, 0x7c, 0xd8, 0x16, 0x8c, 0x20, 0x3c, 0x8d, 0xca, 0x71, 0x68, 0x91, 0x6a, 0x81, 0x97, 0x5d, 0x58, 0x81,
    0x81, 0xb6, 0x45, 0x50, 0xb8, 0x29, 0xa0, 0x31, 0xe1, 0x72, 0x4e, 0x64, 0x30,
];
/// More sections than any real file has.
const MAX_SECTIONS: u32 = 64;

const HEADER: u32 = 1;
const TAU_G1: u32 = 2;
const TAU_G2: u32 = 3;
const CONTRIBUTIONS: u32 = 7;
const LAGRANGE_G1: u32 = 12;

/// An opened powers-of-tau file whose header and section lengths have been checked.
#[derive(Debug)]
pub struct Ptau<R> {
    reader: R,
    sections: BTreeMap<u32, Section>,
    power: u32,
    ceremony_power: u32,
    contributions: u32,
}

#[derive(Debug, Clone, Copy)]
struct Section {
    offset: u64,
    len: u64,
}

impl Ptau<BufReader<File>> {
    /// Opens a file.
    ///
    /// # Errors
    /// [`ProverError::Io`] or what is wrong with the file.
    pub fn open(path: &Path) -> Result<Self, ProverError> {
        let file = File::open(path).map_err(ProverError::io("open", path))?;
        Self::new(BufReader::with_capacity(1 << 20, file)).map_err(|error| error.in_file(path))
    }
}

impl<R: Read + Seek> Ptau<R> {
    /// Reads the table of sections and the header.
    ///
    /// # Errors
    /// [`ProverError`] naming the section that is missing, double or of the wrong length.
    pub fn new(mut reader: R) -> Result<Self, ProverError> {
        let end = reader.seek(SeekFrom::End(0)).map_err(unreadable)?;
        reader.rewind().map_err(unreadable)?;
        let magic: [u8; 4] = read(&mut reader, "magic")?;
        if &magic != b"ptau" {
            return Err(ProverError::malformed(
                "magic",
                format!("not a .ptau file: it starts with 0x{}", hex::encode(magic)),
            ));
        }
        let version = read_u32(&mut reader, "version")?;
        if version != 1 {
            return Err(ProverError::malformed("version", format!("{version}, but only version 1 is known")));
        }
        let mut sections = BTreeMap::new();
        let count = read_u32(&mut reader, "number of sections")?;
        if count > MAX_SECTIONS {
            let range = format!("at most {MAX_SECTIONS}");
            return Err(ProverError::OutOfRange { field: "number of sections", found: count.into(), range });
        }
        for _ in 0..count {
            let id = read_u32(&mut reader, "section table")?;
            let len = u64::from_le_bytes(read(&mut reader, "section table")?);
            let offset = reader.stream_position().map_err(unreadable)?;
            if len > end - offset {
                return Err(ProverError::malformed(
                    format!("section {id}"),
                    format!("{len} bytes long, but the file ends after {} of them: it is cut short", end - offset),
                ));
            }
            if sections.insert(id, Section { offset, len }).is_some() {
                return Err(ProverError::malformed(format!("section {id}"), "there are two"));
            }
            reader.seek(SeekFrom::Start(offset + len)).map_err(unreadable)?;
        }
        let mut file = Self { reader, sections, power: 0, ceremony_power: 0, contributions: 0 };
        file.read_header()?;
        Ok(file)
    }

    fn read_header(&mut self) -> Result<(), ProverError> {
        self.start(HEADER, 4 + 32 + 4 + 4)?;
        let coordinate = read_u32(&mut self.reader, "header")?;
        let modulus: [u8; 32] = read(&mut self.reader, "header")?;
        if coordinate != 32 || modulus != BASE_MODULUS {
            return Err(ProverError::malformed("header: prime", "not BN254's base field"));
        }
        self.power = read_u32(&mut self.reader, "header")?;
        self.ceremony_power = read_u32(&mut self.reader, "header")?;
        check_k(self.power)
            .map_err(|_| ProverError::malformed("header: power", format!("{} is out of range", self.power)))?;
        if self.ceremony_power < self.power || self.ceremony_power > super::MAX_K {
            return Err(ProverError::malformed(
                "header: ceremony power",
                format!("{} with a file of power {}", self.ceremony_power, self.power),
            ));
        }
        let powers = 1u64 << self.power;
        self.start(TAU_G1, (2 * powers - 1) * G1_BYTES as u64)?;
        self.start(TAU_G2, powers * G2_BYTES as u64)?;
        if self.sections.contains_key(&LAGRANGE_G1) {
            self.start(LAGRANGE_G1, (4 * powers - 1) * G1_BYTES as u64)?;
        }
        let contributions = self.section(CONTRIBUTIONS)?;
        self.seek(contributions.offset)?;
        self.contributions = read_u32(&mut self.reader, "contributions")?;
        Ok(())
    }

    /// The power p of the file: parameters up to k = p can be imported.
    pub fn power(&self) -> u32 {
        self.power
    }

    /// The power of the ceremony; larger than the file's if that was truncated.
    pub fn ceremony_power(&self) -> u32 {
        self.ceremony_power
    }

    /// How many contributions the file lists.
    pub fn contributions(&self) -> u32 {
        self.contributions
    }

    /// SHA-256 of the whole file.
    ///
    /// # Errors
    /// [`ProverError::Malformed`] if it cannot be read.
    pub fn digest(&mut self, progress: &dyn Progress) -> Result<Digest, ProverError> {
        let len = self.reader.seek(SeekFrom::End(0)).map_err(unreadable)?;
        self.seek(0)?;
        progress.stage("digest of the file", len);
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 1 << 20];
        loop {
            match self.reader.read(&mut buffer).map_err(unreadable)? {
                0 => return Ok(Digest(hasher.finalize().into())),
                read => {
                    hasher.update(&buffer[..read]);
                    progress.advance(read as u64);
                }
            }
        }
    }

    /// Imports parameters of size `k`, and checks every point of them and the relations between them. `file` is the file's
    /// [digest](Self::digest).
    ///
    /// # Errors
    /// [`ProverError::OutOfRange`] when the file has too few powers, else which point or relation is wrong.
    pub fn import(&mut self, k: u32, file: Digest, progress: &dyn Progress) -> Result<Srs, ProverError> {
        if !(1..=self.power).contains(&k) {
            let range = format!("1 to {}, the power of the file", self.power);
            return Err(ProverError::OutOfRange { field: "k", found: u64::from(k), range });
        }
        let g = self.points(TAU_G1, 0, k, "tauG1")?;
        let g2 = self.tau_g2(0)?;
        let s_g2 = self.tau_g2(1)?;
        if g[0] != G1Affine::generator() {
            return Err(ProverError::malformed("tauG1[0]", "not the generator of G1"));
        }
        if g2 != G2Affine::generator() {
            return Err(ProverError::malformed("tauG2[0]", "not the generator of G2"));
        }
        if s_g2 == g2 {
            return Err(ProverError::malformed("tauG2[1]", "the secret is 1: nobody has contributed to this file"));
        }
        let g_lagrange = match self.sections.contains_key(&LAGRANGE_G1) {
            true => Some(in_our_order(k, self.points(LAGRANGE_G1, (1 << k) - 1, k, "lagrange tauG1")?)),
            false => {
                progress.stage("Lagrange basis by FFT over points", 0);
                None
            }
        };
        let origin = Origin::PowersOfTau { file, power: self.power, ceremony_power: self.ceremony_power };
        let srs = Srs::new(k, origin, assemble(k, g, g_lagrange, g2, s_g2));
        srs.check_relations(progress)?;
        Ok(srs)
    }

    /// `2^k` points of a section, from point `skip` on.
    fn points(&mut self, id: u32, skip: u64, k: u32, basis: &'static str) -> Result<Vec<G1Affine>, ProverError> {
        let offset = self.section(id)?.offset + skip * G1_BYTES as u64;
        self.seek(offset)?;
        // The section's length has been checked against the file's, so this is no more than the file holds.
        let mut bytes = vec![0; G1_BYTES << k];
        self.reader.read_exact(&mut bytes).map_err(unreadable)?;
        read_g1(&bytes, basis, Identity::Refused)
    }

    fn tau_g2(&mut self, index: usize) -> Result<G2Affine, ProverError> {
        let offset = self.section(TAU_G2)?.offset + (index * G2_BYTES) as u64;
        self.seek(offset)?;
        let bytes: [u8; G2_BYTES] = read(&mut self.reader, "tauG2")?;
        read_g2(&bytes, "tauG2", index)
    }

    fn section(&self, id: u32) -> Result<Section, ProverError> {
        let missing = || ProverError::malformed(format!("section {id}"), "missing");
        self.sections.get(&id).copied().ok_or_else(missing)
    }

    /// Goes to the start of a section that must have `len` bytes.
    fn start(&mut self, id: u32, len: u64) -> Result<(), ProverError> {
        let section = self.section(id)?;
        if section.len != len {
            return Err(ProverError::malformed(
                format!("section {id}"),
                format!("{len} bytes expected, {} found", section.len),
            ));
        }
        self.seek(section.offset)
    }

    fn seek(&mut self, offset: u64) -> Result<(), ProverError> {
        self.reader.seek(SeekFrom::Start(offset)).map(|_| ()).map_err(unreadable)
    }
}

/// Puts a Lagrange basis over snarkjs's domain in the order of halo2's.
///
/// Both domains are the same subgroup, but generated by different roots: $5^t$ and halo2curves's, its $j$-th root for an odd j. What
/// snarkjs has at i belongs to the point $\omega^{ij}$. A mistake here would be caught by the relations.
fn in_our_order(k: u32, theirs: Vec<G1Affine>) -> Vec<G1Affine> {
    let j = logarithm_of_root(snarkjs_root());
    let mask = theirs.len() - 1;
    let mut ours = theirs.clone();
    debug_assert_eq!(theirs.len(), 1 << k);
    for (i, point) in theirs.into_iter().enumerate() {
        ours[i.wrapping_mul(j) & mask] = point;
    }
    ours
}

/// The $2^{28}$-th root of unity that ffjavascript uses: $5^t$, 5 being the smallest non-residue.
fn snarkjs_root() -> Fr {
    let odd_part = (0..Fr::S).fold(-Fr::ONE, |exponent, _| exponent * Fr::TWO_INV);
    let limbs: Vec<u64> =
        odd_part.to_repr().chunks_exact(8).map(|limb| u64::from_le_bytes(std::array::from_fn(|i| limb[i]))).collect();
    Fr::from(5).pow_vartime(limbs)
}

/// The j for which `root` is the j-th power of halo2curves's $2^{28}$-th root of unity: bit by bit, lowest first.
fn logarithm_of_root(root: Fr) -> usize {
    let inverse = Fr::ROOT_OF_UNITY_INV;
    (0..Fr::S).fold(0, |j, bit| {
        let rest = root * inverse.pow_vartime([j as u64]);
        let last = (bit + 1..Fr::S).fold(rest, |power, _| power.square());
        if last == Fr::ONE { j } else { j | 1 << bit }
    })
}

fn read<const N: usize>(reader: &mut impl Read, part: &str) -> Result<[u8; N], ProverError> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => ProverError::malformed(part, "the file ends inside it"),
        _ => ProverError::malformed(part, error.to_string()),
    })?;
    Ok(bytes)
}

fn read_u32(reader: &mut impl Read, part: &str) -> Result<u32, ProverError> {
    read(reader, part).map(u32::from_le_bytes)
}

fn unreadable(error: io::Error) -> ProverError {
    ProverError::malformed("file", error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithm_finds_the_root() {
        let j = logarithm_of_root(snarkjs_root());
        assert_eq!(Fr::ROOT_OF_UNITY.pow_vartime([j as u64]), snarkjs_root());
        assert_eq!(j % 2, 1, "another generator of the same group");
    }
}
