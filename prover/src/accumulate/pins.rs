//! Pinned keys of foldings: `params/vk/fold.json`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{folding::Layer, leaf::InnerId, verifier::FoldVerifier};
use crate::{
    artefact::{Digest, Public},
    error::ProverError,
    keys::{KeyPins, read_pins, write_pins},
};

/// Which proofs of a statement leaves verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InnerPlace {
    /// Version of the statement.
    pub version: u32,
    /// Its size.
    pub k: u32,
}

impl InnerPlace {
    fn of(id: &InnerId) -> Self {
        Self { version: id.version, k: id.k }
    }
}

/// The pinned keys of one folding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldPin {
    /// The batch proofs that leaves verify.
    pub batch: InnerPlace,
    /// The risk proofs that leaves verify.
    pub risk: InnerPlace,
    /// Size of all layers.
    pub k: u32,
    /// Digest of the layers' structured reference string.
    pub srs: Digest,
    /// Digest of the keys of batch and risk inside circuits, which contexts name.
    pub circuits: Public,
    /// Digest of the leaf's key.
    pub leaf: Digest,
    /// Digest of the node's key.
    pub node: Digest,
    /// Digest of the wrap's key.
    pub wrap: Digest,
    /// Digest of all keys but the wrap's inside circuits, which contracts pin.
    pub keys: Public,
    /// Digest of the file of the keys: it covers all of the above.
    pub file: Digest,
}

impl FoldPin {
    /// The pin of these keys.
    #[must_use]
    pub fn of(verifier: &FoldVerifier) -> Self {
        let (header, digests) = (verifier.header(), verifier.digests());
        let [leaf, node, wrap] = [Layer::Leaf, Layer::Node, Layer::Wrap].map(|layer| verifier.key_digest(layer));
        Self {
            batch: InnerPlace::of(&header.batch),
            risk: InnerPlace::of(&header.risk),
            k: header.shape.k,
            srs: header.srs.sha256,
            circuits: Public(digests.inner()),
            leaf,
            node,
            wrap,
            keys: Public(digests.all()),
            file: verifier.digest(),
        }
    }

    /// What a folding is looked up by.
    fn place(&self) -> (InnerPlace, InnerPlace, Digest) {
        (self.batch, self.risk, self.srs)
    }

    /// Compares with what is found in the same place, and names the first thing that differs.
    fn compare(&self, found: &Self) -> Result<(), ProverError> {
        let strings = |pin: &Self| {
            let Self { k, circuits, leaf, node, wrap, keys, file, .. } = pin;
            [
                k.to_string(),
                circuits.to_string(),
                leaf.to_string(),
                node.to_string(),
                wrap.to_string(),
                keys.to_string(),
                file.to_string(),
            ]
        };
        let names = [
            "k of the layers pinned in params/vk",
            "digest of the keys of batch and risk pinned in params/vk",
            "digest of the leaf's key pinned in params/vk",
            "digest of the node's key pinned in params/vk",
            "digest of the wrap's key pinned in params/vk",
            "digest of all keys pinned in params/vk",
            "digest of the file of keys pinned in params/vk",
        ];
        for ((name, expected), found) in names.into_iter().zip(strings(self)).zip(strings(found)) {
            if expected != found {
                return Err(ProverError::mismatch(name, expected, found));
            }
        }
        Ok(())
    }
}

/// The pinned keys of foldings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldPins {
    /// One entry for each pair of sizes and structured reference string.
    pub keys: Vec<FoldPin>,
}

impl FoldPins {
    /// The file that pins keys of foldings, in a parameter folder.
    #[must_use]
    pub fn path(folder: &Path) -> PathBuf {
        KeyPins::path(folder, "fold")
    }

    /// Reads the pins from a parameter folder; without a file there are none.
    ///
    /// # Errors
    /// [`ProverError::Malformed`] or [`ProverError::Io`].
    pub fn load(folder: &Path) -> Result<Self, ProverError> {
        read_pins(Self::path(folder))
    }

    /// Writes the pins into a parameter folder.
    ///
    /// # Errors
    /// [`ProverError::Io`].
    pub fn write(&self, folder: &Path) -> Result<(), ProverError> {
        write_pins(self, &Self::path(folder))
    }

    /// Adds a pin, or replaces the one for the same statements, sizes and structured reference string.
    pub fn pin(&mut self, pin: FoldPin) {
        self.keys.retain(|other| other.place() != pin.place());
        self.keys.push(pin);
        self.keys.sort_by_key(FoldPin::place);
    }

    /// Looks the keys of a folding up; `None` if none are pinned in their place.
    ///
    /// # Errors
    /// [`ProverError::Mismatch`] when others are, naming the first that differs.
    pub fn check(&self, verifier: &FoldVerifier) -> Result<Option<&FoldPin>, ProverError> {
        let found = FoldPin::of(verifier);
        let pin = self.keys.iter().find(|pin| pin.place() == found.place());
        pin.map(|pin| pin.compare(&found).map(|()| pin)).transpose()
    }
}
