//! Folding any number of batches, as a tree whose finished parts lie on disk.
//!
//! Neighbours are joined level by level; what is left over at the end of a level goes up as it is. `Contexts.sol` hashes contexts in the
//! same shape. Every leaf and node is a file with a name that follows from its place; a run that was killed goes on from what is there,
//! after verifying it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use halo2curves::bn256::Fr;
use rand::RngCore;
use serde::{Deserialize, Serialize};

use super::{
    folding::{FoldProof, Folding, Layer},
    instance::INSTANCE_LEN,
    leaf::{LeafInputs, ProofWithInstance, batch_index, leaf_contexts},
    node::node_contexts,
    verifier::FoldVerifier,
};
use crate::{
    artefact::{Envelope, Header, Kind, Public},
    engine::Engine,
    error::ProverError,
    progress::Progress,
    srs::SrsId,
};

/// The file of the keys in a folder of folded proofs.
pub const KEYS_FILE: &str = "keys.bin";

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

    /// Reads a proof's file. Whether it proves anything is another matter: see [`FoldVerifier::verify`].
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
        self.path_of(self.layer(), folder)
    }

    fn path_of(self, layer: Layer, folder: &Path) -> PathBuf {
        folder.join(format!("{layer}-{:06}-{:06}.fold", self.first, self.count))
    }

    /// What is to be proven to have this place's proof in a folder: children before their parents.
    fn missing(self, folder: &Path, list: &mut Vec<Self>) {
        if self.path(folder).exists() {
            return;
        }
        if self.layer() == Layer::Node {
            self.sides().into_iter().for_each(|side| side.missing(folder, list));
        }
        list.push(self);
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
    folding: &'a Folding,
    engine: &'a Engine,
    folder: &'a Path,
}

impl<'a> Tree<'a> {
    /// Opens a folder for the proofs of a folding, made if it is not there; the folding's verifying keys are written into it.
    ///
    /// # Errors
    /// [`ProverError::Mismatch`] when it holds the keys of another folding; [`ProverError::Io`].
    pub fn open(folding: &'a Folding, engine: &'a Engine, folder: &'a Path) -> Result<Self, ProverError> {
        fs::create_dir_all(folder).map_err(ProverError::io("create", folder))?;
        let path = folder.join(KEYS_FILE);
        if path.exists() {
            let (expected, found) = (folding.verifier().digest(), FoldVerifier::read(&path)?.digest());
            if expected != found {
                return Err(ProverError::mismatch("keys of the folding in this folder", expected, found).in_file(path));
            }
        } else {
            folding.verifier().write(&path)?;
        }
        Ok(Self { folding, engine, folder })
    }

    /// Folds batches, given in order, into one proof. Each leaf and each node becomes a file as soon as it is proven; those that are there are
    /// checked and not proven again.
    ///
    /// # Errors
    /// [`ProverError::Malformed`] when there are none; [`ProverError::Mismatch`] naming the first that does not start where the one before
    /// ends; what proving reports; what is wrong with a file that is there already, or [`ProverError::Mismatch`] when it is of other batches.
    pub fn fold(
        &self,
        leaves: &[LeafInputs],
        rng: &mut impl RngCore,
        progress: &dyn Progress,
    ) -> Result<FoldProof, ProverError> {
        check_order(leaves)?;
        let root = Place { first: 0, count: leaves.len() };
        let mut missing = vec![];
        root.missing(self.folder, &mut missing);
        // Leaves first: a proving key is large, and is made when the layer changes.
        missing.sort_by_key(|place| place.layer());
        for place in missing {
            let Place { first, count } = place;
            let proof = match place.layer() {
                Layer::Leaf => {
                    progress.stage(&format!("leaf of batch {} of {}", first + 1, leaves.len()), 0);
                    self.folding.leaf(self.engine, &leaves[first], &mut *rng)?
                }
                _ => {
                    progress.stage(&format!("node of batches {} to {}", first + 1, first + count), 0);
                    let [left, right] = place.sides().map(|side| self.read(side, leaves));
                    self.folding.node(self.engine, [&left?, &right?], &mut *rng)?
                }
            };
            proof.write(&place.path(self.folder), self.folding.srs().id(), self.engine)?;
        }
        self.read(root, leaves)
    }

    /// Wraps the proof of all these batches, for the EVM; the file is treated as those of leaves and nodes are.
    ///
    /// # Errors
    /// As [`Self::fold`].
    pub fn wrap(
        &self,
        leaves: &[LeafInputs],
        rng: &mut impl RngCore,
        progress: &dyn Progress,
    ) -> Result<FoldProof, ProverError> {
        let folded = self.fold(leaves, rng, progress)?;
        let path = Place { first: 0, count: leaves.len() }.path_of(Layer::Wrap, self.folder);
        if !path.exists() {
            progress.stage("wrap", 0);
            let proof = self.folding.wrap(self.engine, &folded, rng)?;
            proof.write(&path, self.folding.srs().id(), self.engine)?;
        }
        self.read_at(&path, leaves)
    }

    /// Reads a finished part, and checks that it is a proof of its batches.
    fn read(&self, place: Place, leaves: &[LeafInputs]) -> Result<FoldProof, ProverError> {
        self.read_at(&place.path(self.folder), &leaves[place.first..][..place.count])
    }

    fn read_at(&self, path: &Path, leaves: &[LeafInputs]) -> Result<FoldProof, ProverError> {
        let checked = || {
            let proof = FoldProof::read(path, self.folding.srs().id())?;
            let claim = self.folding.verifier().verify(&proof)?;
            let found = (claim.old_root, claim.new_root, claim.batches, claim.contexts);
            if found != expected(leaves) {
                return Err(ProverError::mismatch("batches of the proof", "those to be folded", "others"));
            }
            Ok(proof)
        };
        checked().map_err(|error: ProverError| error.in_file(path))
    }
}

/// Checks that there are batches, and that each starts where the one before ends.
pub(super) fn check_order(leaves: &[LeafInputs]) -> Result<(), ProverError> {
    if leaves.is_empty() {
        return Err(ProverError::malformed("batches", "there are none to fold"));
    }
    for (index, pair) in leaves.windows(2).enumerate() {
        let [ends, starts] = [(0, batch_index::NEW_ROOT), (1, batch_index::OLD_ROOT)]
            .map(|(side, index)| Public(pair[side].batch.instance[index]));
        if ends != starts {
            return Err(ProverError::mismatch("old root", ends, starts).of(format!("batch {}", index + 2)));
        }
    }
    Ok(())
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
            LeafInputs { batch, context: vec![], params: vec![], risk }
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
