use std::collections::BTreeMap;

use ff::Field;
use halo2curves::bn256::Fr;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use zomma_gadgets::merkle::merkle_root;

use super::*;
use crate::state::store::{Commit, MemoryStore, NodeStore, TreeId};

/// The root computed from the definition: every node, no shortcuts.
fn root_by_definition(leaves: &BTreeMap<u64, Fr>, depth: u8) -> Fr {
    let mut level: Vec<Fr> = (0..1u64 << depth).map(|index| leaves.get(&index).copied().unwrap_or_default()).collect();
    for _ in 0..depth {
        level = level.chunks(2).map(|pair| node(pair[0], pair[1])).collect();
    }
    level[0]
}

#[test]
fn empty_subtrees_are_precomputed() {
    for depth in 0..=6 {
        assert_eq!(empty_root(depth), root_by_definition(&BTreeMap::new(), depth));
        assert_eq!(merkle_root(&[], depth.into()), empty_root(depth));
    }
}

#[test]
fn dense_roots_pad_with_empty_leaves() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    for depth in 0..=5u8 {
        for length in 0..=1usize << depth {
            let leaves: Vec<Fr> = (0..length).map(|_| Fr::random(&mut *rng)).collect();
            let indexed = (0..).zip(leaves.iter().copied()).collect();
            assert_eq!(merkle_root(&leaves, depth.into()), root_by_definition(&indexed, depth));
        }
    }
}

#[test]
fn updates_proofs_and_commits_agree_with_the_definition() {
    const DEPTH: u8 = 6;
    let rng = &mut ChaCha8Rng::seed_from_u64(2);
    let (mut store, mut overlay, mut version) = (MemoryStore::new(), Overlay::default(), None);
    let tree = TreeId::orders(9);
    let mut leaves = BTreeMap::new();
    for round in 0..40 {
        let changed: BTreeMap<u64, Fr> = (0..rng.gen_range(0..6))
            .map(|_| {
                (rng.gen_range(0..1 << DEPTH), if rng.gen_ratio(1, 5) { Fr::zero() } else { Fr::random(&mut *rng) })
            })
            .collect();
        leaves.extend(changed.clone());
        let root = overlay.update(&store, version, tree, DEPTH, changed).unwrap();
        assert_eq!(root, root_by_definition(&leaves, DEPTH));
        assert_eq!(overlay.root(&store, version, tree, DEPTH), Ok(root));
        for index in [0, rng.gen_range(0..1 << DEPTH), (1 << DEPTH) - 1] {
            let proof = overlay.prove(&store, version, tree, DEPTH, index).unwrap();
            assert_eq!(proof.leaf, leaves.get(&index).copied().unwrap_or_default());
            assert!(proof.verify(root, DEPTH));
            assert_eq!(proof.is_empty_leaf(), proof.leaf == Fr::zero());
        }
        if round % 7 == 3 {
            let commit = Commit { root, nodes: overlay.take(), records: vec![] };
            version = Some(store.commit(commit).unwrap().version);
        }
    }
    // Another tree has none of it.
    assert_eq!(overlay.root(&store, version, TreeId::orders(8), DEPTH), Ok(empty_root(DEPTH)));
}

/// Membership and non-membership proofs with one thing changed.
#[test]
fn proofs_bind_everything() {
    const DEPTH: u8 = 5;
    let rng = &mut ChaCha8Rng::seed_from_u64(3);
    let (store, mut overlay) = (MemoryStore::new(), Overlay::default());
    let leaves = (0..1u64 << DEPTH).filter(|index| *index != 12).map(|index| (index, Fr::random(&mut *rng))).collect();
    let root = overlay.update(&store, None, TreeId::ACCOUNTS, DEPTH, leaves).unwrap();
    for index in [12, 13] {
        let proof = overlay.prove(&store, None, TreeId::ACCOUNTS, DEPTH, index).unwrap();
        assert!(proof.verify(root, DEPTH));
        assert!(!proof.verify(root + Fr::one(), DEPTH), "another root");
        assert!(!proof.verify(root, DEPTH - 1) && !proof.verify(root, DEPTH + 1), "another depth");
        for other in (0..1 << DEPTH).filter(|other| *other != index) {
            assert!(!MerkleProof { index: other, ..proof.clone() }.verify(root, DEPTH), "another index");
        }
        assert!(!MerkleProof { index: index + (1 << DEPTH), ..proof.clone() }.verify(root, DEPTH), "beyond the tree");
        assert!(!MerkleProof { leaf: proof.leaf + Fr::one(), ..proof.clone() }.verify(root, DEPTH), "another leaf");
        for first in 0..usize::from(DEPTH) {
            let mut changed = proof.clone();
            changed.siblings[first].0 += Fr::one();
            assert!(!changed.verify(root, DEPTH), "another sibling");
            for second in 0..first {
                let mut swapped = proof.clone();
                swapped.siblings.swap(first, second);
                assert!(!swapped.verify(root, DEPTH), "swapped siblings");
            }
        }
        let mut long = proof.clone();
        long.siblings.resize(80, Sibling(Fr::zero()));
        assert_eq!(long.root(), None);
        let text = serde_json::to_string(&proof).unwrap();
        assert_eq!(serde_json::from_str::<MerkleProof>(&text).unwrap(), proof);
    }
}
