//! The verifying keys of a folding's layers, their file, and verification with them.

use std::path::Path;

use halo2_proofs::{SerdeFormat, plonk::VerifyingKey};
use halo2curves::bn256::G1Affine;
use serde::{Deserialize, Serialize};
use zomma_kernels::CpuBackend;

use super::{
    chip::{FoldCircuit, FoldShape},
    folding::{FoldProof, Layer, MIN_K},
    instance::FoldInstance,
    key::{FoldKey, KeyDigests},
    leaf::{self, Inner, InnerId, ProofWithInstance},
    native::check_keys,
    node::{self, Child},
};
use crate::{
    artefact::{Digest, Envelope, Header, Kind},
    error::ProverError,
    keys::{SecretG2, Shape, read_verifying_key},
    plonk::keygen_vk,
    progress::Progress,
    srs::{Srs, SrsId, verifier_params},
};

/// What the keys of a folding are for. Header of their file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldKeysHeader {
    /// The batch proofs that leaves verify.
    pub batch: InnerId,
    /// The risk proofs that leaves verify.
    pub risk: InnerId,
    /// The shape of all layers.
    pub shape: FoldShape,
    /// The structured reference string.
    pub srs: SrsId,
    /// Its secret in G2: all of it that a verifier needs.
    pub s_g2: SecretG2,
}

impl Header for FoldKeysHeader {
    const KIND: Kind = Kind::FoldKeys;
}

/// What verifies the proofs of all layers of a folding.
#[derive(Debug, Clone)]
pub struct FoldVerifier {
    header: FoldKeysHeader,
    keys: [LayerKey; 3],
    digests: KeyDigests,
    digest: Digest,
}

/// The verifying key of a layer.
#[derive(Debug, Clone)]
pub(super) struct LayerKey {
    pub(super) verifying: VerifyingKey<G1Affine>,
    fold: FoldKey,
}

impl LayerKey {
    fn generate(srs: &Srs, circuit: &FoldCircuit) -> Result<Self, ProverError> {
        circuit.check_fits()?;
        let verifying = keygen_vk(&CpuBackend::detect(), srs.params(), circuit)?;
        let fold = FoldKey::of_fold(srs.params(), &verifying);
        Ok(Self { verifying, fold })
    }
}

impl FoldVerifier {
    /// Makes the keys for what leaves verify. The structured reference string must have the size of [`Inner::shape`], and the secret of the
    /// one that the inner keys were made with.
    ///
    /// # Errors
    /// [`ProverError::Mismatch`] when it does not; what key generation reports.
    pub fn generate(srs: &Srs, inner: &Inner, progress: &dyn Progress) -> Result<Self, ProverError> {
        let same = |key: &FoldKey| key.s_g2() == srs.params().s_g2();
        if !same(&inner.batch) || !same(&inner.risk) {
            let (expected, found) = ("that of the inner keys", "another");
            return Err(ProverError::mismatch("secret of the structured reference string", expected, found));
        }
        progress.stage("laying the leaf out", 0);
        let (shape, _) = inner.shape()?;
        if srs.k() != shape.k {
            return Err(ProverError::mismatch("k of the structured reference string", shape.k, srs.k()));
        }
        progress.stage("key of the leaf", 0);
        let leaf = LayerKey::generate(srs, &leaf::circuit(false, shape, inner, &inner.blank(), Default::default())?)?;
        progress.stage("key of the node", 0);
        // Only the form of the children matters while keys are made, and whose digests these are does not.
        let any = leaf.fold.digest();
        let digests = KeyDigests { batch: any, risk: any, leaf: any, node: any };
        let blank = leaf.fold.blank();
        let child = Child { key: &leaf.fold, proof: &blank };
        let node = LayerKey::generate(srs, &node::node(false, shape, [child; 2], &digests)?)?;
        if !leaf.fold.same_shape(&node.fold) {
            return Err(ProverError::mismatch("shape of the node", "that of the leaf", "another"));
        }
        progress.stage("key of the wrap", 0);
        let wrap = LayerKey::generate(srs, &node::wrap(false, shape, child, &digests)?)?;
        let header = FoldKeysHeader {
            batch: inner.batch_id.clone(),
            risk: inner.risk_id.clone(),
            shape,
            srs: srs.id().clone(),
            s_g2: SecretG2(srs.params().s_g2()),
        };
        Ok(Self::assemble(header, [leaf, node, wrap], None))
    }

    /// `digest` is that of a file that these were read from.
    fn assemble(header: FoldKeysHeader, keys: [LayerKey; 3], digest: Option<Digest>) -> Self {
        let digest = digest.unwrap_or_else(|| seal(&header, &keys).digest);
        let [leaf, node] = [0, 1].map(|layer| keys[layer].fold.digest());
        let digests = KeyDigests { batch: header.batch.digest.0, risk: header.risk.digest.0, leaf, node };
        Self { header, keys, digests, digest }
    }

    /// Of keys that stand in for those of layers.
    #[cfg(test)]
    pub(super) fn of_stand_ins(header: FoldKeysHeader, keys: [(VerifyingKey<G1Affine>, FoldKey); 3]) -> Self {
        Self::assemble(header, keys.map(|(verifying, fold)| LayerKey { verifying, fold }), None)
    }

    /// What the keys are for.
    #[must_use]
    pub fn header(&self) -> &FoldKeysHeader {
        &self.header
    }

    /// SHA-256 of the keys' file.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// SHA-256 of a layer's key.
    #[must_use]
    pub fn key_digest(&self, layer: Layer) -> Digest {
        Digest::of(&self.layer(layer).verifying.to_bytes(SerdeFormat::RawBytes))
    }

    /// The digests of all keys inside circuits.
    #[must_use]
    pub fn digests(&self) -> &KeyDigests {
        &self.digests
    }

    /// The shape of all layers.
    #[must_use]
    pub fn shape(&self) -> FoldShape {
        self.header.shape
    }

    /// The key of a layer.
    #[must_use]
    pub fn key(&self, layer: Layer) -> &FoldKey {
        &self.layer(layer).fold
    }

    pub(super) fn layer(&self, layer: Layer) -> &LayerKey {
        &self.keys[layer as usize]
    }

    /// Verifies a proof of any layer, and everything below it; pairings included.
    ///
    /// # Errors
    /// See [`FoldKey::verify`]; [`ProverError::Mismatch`] when it was made with other keys.
    pub fn verify(&self, proof: &FoldProof) -> Result<FoldInstance, ProverError> {
        self.key(proof.layer).verify(&proof.proof, proof.layer.transcript())?;
        let claim = proof.claim()?;
        check_keys(&claim, &self.digests)?;
        Ok(claim)
    }

    /// A proof of a leaf or a node as a circuit takes it.
    pub(super) fn child<'a>(&'a self, proof: &'a FoldProof) -> Result<Child<'a>, ProverError> {
        if proof.layer == Layer::Wrap {
            let expected = format_args!("{} or {}", Layer::Leaf, Layer::Node);
            return Err(ProverError::mismatch("layer", expected, proof.layer));
        }
        Ok(Child { key: self.key(proof.layer), proof: &proof.proof })
    }

    /// What has the form of such a proof.
    pub(super) fn blank(&self) -> ProofWithInstance {
        self.key(Layer::Leaf).blank()
    }

    /// Writes the keys' file: it appears whole or not at all.
    ///
    /// # Errors
    /// [`ProverError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), ProverError> {
        seal(&self.header, &self.keys).write(path)
    }

    /// Reads a keys' file, and checks everything about it that does not need circuits or structured reference string: that these are the
    /// right keys is for [`super::verify_fold`].
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn read(path: &Path) -> Result<Self, ProverError> {
        let check = |header: &FoldKeysHeader, _| {
            let FoldShape { k, scalar_columns } = header.shape;
            if !(MIN_K..=MAX_K).contains(&k) || !(1..=MAX_COLUMNS).contains(&scalar_columns) {
                let range = format!("k from {MIN_K} to {MAX_K}, 1 to {MAX_COLUMNS} columns of scalars");
                return Err(ProverError::malformed("shape", format!("k = {k} with {scalar_columns}: not {range}")));
            }
            if header.srs.k != k {
                return Err(ProverError::mismatch("k of the structured reference string", k, header.srs.k));
            }
            Ok(3 * Shape::with::<FoldCircuit>(header.shape).verifying_key_len())
        };
        let Envelope { header, payload, digest } = Envelope::open(path, check)?;
        Self::from_payload(header, &payload, digest).map_err(|error| error.in_file(path))
    }

    fn from_payload(header: FoldKeysHeader, payload: &[u8], digest: Digest) -> Result<Self, ProverError> {
        let shape = Shape::with::<FoldCircuit>(header.shape);
        let k = header.srs.k;
        let params = verifier_params(k, header.s_g2.0);
        let key = |bytes: &[u8]| -> Result<LayerKey, ProverError> {
            let verifying = read_verifying_key(bytes, k, &shape)?;
            let fold = FoldKey::of_fold(&params, &verifying);
            Ok(LayerKey { verifying, fold })
        };
        let mut parts = payload.chunks(shape.verifying_key_len() as usize);
        let mut next = || key(parts.next().expect("the length has been checked"));
        Ok(Self::assemble(header, [next()?, next()?, next()?], Some(digest)))
    }
}

/// The largest k of a folding that is read: larger ones are not made here.
const MAX_K: u32 = 24;
/// Most columns of scalars of one that is read.
const MAX_COLUMNS: usize = 8;

fn seal(header: &FoldKeysHeader, keys: &[LayerKey; 3]) -> Envelope<FoldKeysHeader> {
    let payload = keys.iter().flat_map(|key| key.verifying.to_bytes(SerdeFormat::RawBytes)).collect();
    Envelope::seal(header.clone(), payload)
}
