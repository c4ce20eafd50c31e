//! Keys of a folding against those that its proofs name, and against their pin.

use halo2curves::bn256::Fr;

use super::stand_ins::{Claimer, INNER_K};
use crate::{
    accumulate::*,
    artefact::{Digest, Public},
    error::ProverError,
    keys::SecretG2,
    progress::Silent,
    srs::{Origin, SrsId},
    verify::KeyTrust,
};

const LAYERS: [Layer; 3] = [Layer::Leaf, Layer::Node, Layer::Wrap];

/// A folding of stand-ins for leaf, node and wrap, over batch proofs whose key has this digest.
fn folding(keys: [&Claimer; 3], batch: u64) -> FoldVerifier {
    let id = |statement: &str, digest: u64| InnerId {
        statement: statement.to_owned(),
        version: 1,
        k: INNER_K,
        key: Digest::of(statement.as_bytes()),
        digest: Public(Fr::from(digest)),
    };
    let srs = SrsId { k: INNER_K, sha256: Digest::of(b"srs"), origin: Origin::Development { seed: 0 } };
    let header = FoldKeysHeader {
        batch: id("batch", batch),
        risk: id("risk", 12),
        shape: FoldShape { k: INNER_K, scalar_columns: 1 },
        srs,
        s_g2: SecretG2(keys[0].key.s_g2()),
    };
    FoldVerifier::of_stand_ins(header, keys.map(|claimer| (claimer.verifying(), claimer.key.clone())))
}

struct Foldings {
    claimers: [Claimer; 4],
}

impl Foldings {
    fn new() -> Self {
        Self { claimers: [1, 2, 3, 4].map(Claimer::new) }
    }

    /// With the fourth claimer in the place of one of the layers.
    fn with_other(&self, layer: Option<Layer>, batch: u64) -> FoldVerifier {
        let mut keys = LAYERS.map(|layer| &self.claimers[layer as usize]);
        if let Some(layer) = layer {
            keys[layer as usize] = &self.claimers[3];
        }
        folding(keys, batch)
    }

    /// A proof of each layer that names the keys of a folding.
    fn proofs(&self, verifier: &FoldVerifier) -> [FoldProof; 3] {
        let [old_root, new_root, contexts] = [5, 6, 7].map(Fr::from);
        let (accumulator, keys) = (self.claimers[0].accumulator(77), verifier.digests().all());
        let claim = FoldInstance { accumulator, old_root, new_root, batches: 1, contexts, keys };
        LAYERS.map(|layer| {
            let proof = self.claimers[layer as usize].prove_with(claim.to_column(), layer.transcript());
            FoldProof { layer, proof }
        })
    }
}

/// Whoever changes the keys beside a proof changes what it has to name.
#[test]
fn proofs_name_their_keys() {
    let foldings = Foldings::new();
    let honest = foldings.with_other(None, 11);
    let proofs = foldings.proofs(&honest);
    for proof in &proofs {
        honest.verify(proof).unwrap();
    }
    let not_valid = "the proof is not valid: the pairing check fails";
    for (other, batch) in [(None, 10), (Some(Layer::Leaf), 11), (Some(Layer::Node), 11)] {
        let foreign = foldings.with_other(other, batch);
        let [expected, found] = [&foreign, &honest].map(|folding| Public(folding.digests().all()));
        let names_others = format!("digest of all verifying keys: expected {expected}, found {found}");
        for proof in &proofs {
            let reason = if other == Some(proof.layer) { not_valid } else { &names_others };
            assert_eq!(foreign.verify(proof).unwrap_err().to_string(), reason, "{} with {other:?}", proof.layer);
        }
    }
    // The wrap's key is not below any proof: the contract is made for it, and only its own proofs are for it.
    let foreign = foldings.with_other(Some(Layer::Wrap), 11);
    let [leaf, node, wrap] = &proofs;
    foreign.verify(leaf).unwrap();
    foreign.verify(node).unwrap();
    assert_eq!(foreign.verify(wrap).unwrap_err().to_string(), not_valid);
}

#[test]
fn keys_are_held_against_their_pin() {
    let foldings = Foldings::new();
    let honest = foldings.with_other(None, 11);
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(FoldPins::load(folder.path()).unwrap(), FoldPins::default());
    assert_eq!(check_pinned(&honest, folder.path()).unwrap(), KeyTrust::Regenerated);
    let mut pins = FoldPins::default();
    pins.pin(FoldPin::of(&foldings.with_other(Some(Layer::Node), 10)));
    pins.pin(FoldPin::of(&honest));
    assert_eq!(pins.keys, [FoldPin::of(&honest)], "the later pin replaces the earlier one");
    pins.write(folder.path()).unwrap();
    assert_eq!(FoldPins::load(folder.path()).unwrap(), pins);
    assert_eq!(check_pinned(&honest, folder.path()).unwrap(), KeyTrust::Pinned);
    // Neither circuits nor parameters are needed.
    assert_eq!(trust_fold(&honest, folder.path(), false, &Silent).unwrap(), KeyTrust::Pinned);

    for (other, batch, named) in [
        (None, 10, "digest of the keys of batch and risk"),
        (Some(Layer::Leaf), 11, "digest of the leaf's key"),
        (Some(Layer::Node), 11, "digest of the node's key"),
        (Some(Layer::Wrap), 11, "digest of the wrap's key"),
    ] {
        let foreign = foldings.with_other(other, batch);
        for error in [
            check_pinned(&foreign, folder.path()).unwrap_err(),
            // Not even on trust.
            trust_fold(&foreign, folder.path(), true, &Silent).unwrap_err(),
        ] {
            let expected = format!("{named} pinned in params/vk: expected ");
            assert!(error.to_string().starts_with(&expected), "{error}");
        }
    }
    std::fs::write(FoldPins::path(folder.path()), "{}").unwrap();
    let error = check_pinned(&honest, folder.path()).unwrap_err();
    assert!(matches!(error.root(), ProverError::Malformed { .. }), "{error}");
    assert!(error.to_string().contains("fold.json: pinned keys: missing field `keys`"), "{error}");
}
