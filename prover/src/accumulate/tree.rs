//! Folding any number of batches, as a tree whose finished parts lie on disk.
//!
//! Neighbours are joined level by level; what is left over at the end of a level goes up as it is. `Contexts.sol` hashes contexts in the
//! same shape. Every leaf and node is a file with a name that follows from its place; a run that was killed goes on from what is there,
//! after verifying it.

use std::path::{Path, PathBuf};

use halo2curves::bn256::Fr;
use rand::RngCore;
use serde::{Deserialize, Serialize};

use super::{
    folding::{FoldProof, Folding, Layer},
    instance::INSTANCE_LEN,
    leaf::{LeafInputs, ProofWithInstance, batch_index, leaf_contexts},
    node::node_contexts,
};
use crate::{
    artefact::{Envelope, Header, Kind, Public},
    engine::Engine,
    error::ProverError,
    progress::Progress,
    srs::SrsId,
};

/// What a file of a leaf's, a node's or a wrap's proof says about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldHeader {
    /// The layer.
    pub layer: Layer,
    /// The structured reference string.
    pub srs: SrsId,
    /// What computed the proof.
    pub backend: String,
    /// The program and its version.
    pub made_by: String,
    /// The public instances.
    pub instance: Vec<Public>,
}

impl Header for FoldHeader {
    const KIND: Kind = Kind::Fold;
}

impl FoldProof {
    /// Writes the proof's file: it appears whole or not at all.
    ///
    /// # Errors
    /// [`ProverError::Io`].
    pub fn write(&self, path: &Path, srs: &SrsId, engine: &Engine) -> Result<(), ProverError> {
        let header = FoldHeader {
            layer: self.layer,
            srs: srs.clone(),
            backend: engine.to_string(),
            made_by: concat!("zomma ", env!("CARGO_PKG_VERSION")).to_owned(),
            instance: self.proof.instance.iter().copied().map(Public).collect(),
        };
        Envelope::seal(header, self.proof.proof.clone()).write(path)
    }

    /// Reads a proof's file. Whether it proves anything is another matter: see [`Folding::verify`].
    ///
    /// # Errors
    /// What is wrong with the file; [`ProverError::Mismatch`] when it was made with another structured reference string.
    pub fn read(path: &Path, srs: &SrsId) -> Result<Self, ProverError> {
        let check = |header: &FoldHeader, found| {
            if header.srs != *srs {
                return Err(ProverError::mismatch("structured reference string", srs.sha256, header.srs.sha256));
            }
            if header.instance.len() != INSTANCE_LEN {
                return Err(ProverError::mismatch("number of public instances", INSTANCE_LEN, header.instance.len()));
            }
            // The length has been compared with the file's already, and is compared with the key's when the proof is verified.
            Ok(found)
        };
        let Envelope { header, payload, .. } = Envelope::open(path, check)?;
        Ok(Self::from_file(header, payload))
    }

    /// Reads a proof's file whatever it was made with: everything but the proof itself.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn inspect(path: &Path) -> Result<(FoldHeader, Self), ProverError> {
        let Envelope { header, payload, .. } = Envelope::<FoldHeader>::open(path, |_, found| Ok(found))?;
        Ok((header.clone(), Self::from_file(header, payload)))
    }

    fn from_file(header: FoldHeader, proof: Vec<u8>) -> Self {
        let instance = header.instance.iter().map(|value| value.0).collect();
        Self { layer: header.layer, proof: ProofWithInstance { instance, proof } }
    }
}

/// A place in the tree: so many batches from the first one on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    first: usize,
    count: usize,
}

impl Place {
    fn layer(self) -> Layer {
        if self.count == 1 { Layer::Leaf } else { Layer::Node }
    }

    fn path(self, folder: &Path) -> PathBuf {
        folder.join(format!("{}-{:06}-{:06}.fold", self.layer(), self.first, self.count))
    }

    /// Its two sides.
    fn sides(self) -> [Self; 2] {
        let left = self.count.next_power_of_two() / 2;
        let right = Self { first: self.first + left, count: self.count - left };
        [Self { count: left, ..self }, right]
    }
}

/// A tree of proofs in a folder.
#[derive(Debug)]
pub struct Tree<'a> {
    /// The keys.
    pub folding: &'a Folding,
    /// What proves.
    pub engine: &'a Engine,
    /// Where finished proofs lie.
    pub folder: &'a Path,
}

impl Tree<'_> {
    /// Folds batches, given in order, into one proof.
    ///
    /// # Errors
    /// [`ProverError::Malformed`] when there are none; what proving reports; what is wrong with a file that is there already, or
    /// [`ProverError::Mismatch`] when it is of other batches.
    pub fn fold(
        &self,
        leaves: &[LeafInputs],
        rng: &mut impl RngCore,
        progress: &dyn Progress,
    ) -> Result<FoldProof, ProverError> {
        if leaves.is_empty() {
            return Err(ProverError::malformed("batches", "there are none to fold"));
        }
        progress.stage("folding", 2 * leaves.len() as u64 - 1);
        self.part(Place { first: 0, count: leaves.len() }, leaves, rng, progress)
    }

    fn part(
        &self,
        place: Place,
        leaves: &[LeafInputs],
        rng: &mut impl RngCore,
        progress: &dyn Progress,
    ) -> Result<FoldProof, ProverError> {
        let path = place.path(self.folder);
        if path.exists() {
            let proof = self.read(&path, &leaves[place.first..][..place.count])?;
            progress.advance(2 * place.count as u64 - 1);
            return Ok(proof);
        }
        let proof = match place.layer() {
            Layer::Leaf => self.folding.leaf(self.engine, &leaves[place.first], rng)?,
            _ => {
                let [left, right] = place.sides();
                let left = self.part(left, leaves, rng, progress)?;
                let right = self.part(right, leaves, rng, progress)?;
                self.folding.node(self.engine, [&left, &right], rng)?
            }
        };
        proof.write(&path, self.folding.srs().id(), self.engine)?;
        progress.advance(1);
        Ok(proof)
    }

    /// Reads a finished part, and checks that it is a proof of these batches.
    fn read(&self, path: &Path, leaves: &[LeafInputs]) -> Result<FoldProof, ProverError> {
        let checked = || {
            let proof = FoldProof::read(path, self.folding.srs().id())?;
            let claim = self.folding.verify(&proof)?;
            let found = (claim.old_root, claim.new_root, claim.batches, claim.contexts);
            if found != expected(leaves) {
                return Err(ProverError::mismatch("batches of the proof", "those to be folded", "others"));
            }
            Ok(proof)
        };
        checked().map_err(|error: ProverError| error.in_file(path))
    }
}

/// What a proof of these batches claims: roots, number and contexts.
fn expected(leaves: &[LeafInputs]) -> (Fr, Fr, u64, Fr) {
    let of = |leaf: &LeafInputs, index: usize| leaf.batch.instance[index];
    let [first, .., last] = leaves else {
        let [only] = leaves else { unreachable!("places are not empty") };
        let [old_root, new_root, context] =
            [batch_index::OLD_ROOT, batch_index::NEW_ROOT, batch_index::CONTEXT].map(|index| of(only, index));
        return (old_root, new_root, 1, leaf_contexts(context));
    };
    let [left, right] = Place { first: 0, count: leaves.len() }.sides();
    let (left, right) = (expected(&leaves[..left.count]), expected(&leaves[right.first..]));
    let roots = (of(first, batch_index::OLD_ROOT), of(last, batch_index::NEW_ROOT));
    (roots.0, roots.1, leaves.len() as u64, node_contexts(left.3, right.3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artefact::Digest;

    /// Places of a tree, children first.
    fn places(place: Place) -> Vec<(usize, usize)> {
        let mut all = vec![];
        if place.count > 1 {
            all.extend(place.sides().into_iter().flat_map(places));
        }
        all.push((place.first, place.count));
        all
    }

    #[test]
    fn neighbours_are_joined_and_what_is_left_over_goes_up() {
        let tree = |count| places(Place { first: 0, count });
        assert_eq!(tree(1), [(0, 1)]);
        assert_eq!(tree(3), [(0, 1), (1, 1), (0, 2), (2, 1), (0, 3)]);
        let five = [(0, 1), (1, 1), (0, 2), (2, 1), (3, 1), (2, 2), (0, 4), (4, 1), (0, 5)];
        assert_eq!(tree(5), five);
        let path = Place { first: 2, count: 2 }.path(Path::new("out"));
        assert_eq!(path, Path::new("out/node-000002-000002.fold"));
    }

    /// The figures are circomlibjs', as in `contracts/test/Contexts.t.sol`.
    #[test]
    fn contexts_are_hashed_as_the_contracts_do() {
        let leaf = |i: u64| {
            let word = |value: u64| Fr::from(value);
            let batch = ProofWithInstance { instance: vec![word(10 + i), word(11 + i), word(1 + i)], proof: vec![] };
            let risk = ProofWithInstance { instance: vec![], proof: vec![] };
            LeafInputs { batch, context: vec![], risk }
        };
        let leaves: Vec<_> = (0..5).map(leaf).collect();
        let (old_root, new_root, batches, contexts) = expected(&leaves);
        assert_eq!((old_root, new_root, batches), (Fr::from(10), Fr::from(15), 5));
        let digest = "0x23b45f33824de42acd82ffe33f4840aa738a7a0dd527be7ced06977267104447";
        assert_eq!(Public(contexts).to_string(), digest);
        let (.., three) = expected(&leaves[..3]);
        let digest = "0x224aaf5386305c073f25b72ffcdec6038e465661c5034513d64d35330341c035";
        assert_eq!(Public(three).to_string(), digest);
    }

    #[test]
    fn files_are_read_back_and_checked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("leaf.fold");
        let srs = SrsId { k: 5, sha256: Digest::of(b"srs"), origin: crate::srs::Origin::Development { seed: 1 } };
        let instance = (0..INSTANCE_LEN as u64).map(Fr::from).collect();
        let proof = FoldProof { layer: Layer::Leaf, proof: ProofWithInstance { instance, proof: vec![7; 96] } };
        proof.write(&path, &srs, &Engine::default()).unwrap();
        assert_eq!(FoldProof::read(&path, &srs).unwrap(), proof);

        let other = SrsId { sha256: Digest::of(b"another"), ..srs.clone() };
        let error = FoldProof::read(&path, &other).unwrap_err().to_string();
        assert!(error.contains("structured reference string: expected "), "{error}");
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(FoldProof::read(&path, &srs).unwrap_err().to_string().contains("damaged or edited"));
        let mut short = proof;
        short.proof.instance.pop();
        short.write(&path, &srs, &Engine::default()).unwrap();
        let error = FoldProof::read(&path, &srs).unwrap_err().to_string();
        assert!(error.ends_with("number of public instances: expected 17, found 16"), "{error}");
    }
}
