use std::collections::HashMap;

use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    plonk::{Circuit, Column, ConstraintSystem, Error, Instance},
};
use halo2curves::{bn256::Fr, ff::Field};
use light_poseidon::{Poseidon as LightPoseidon, PoseidonHasher};
use proptest::prelude::*;

use super::*;
use crate::{
    frame::{Cursor, Lanes, Word},
    layout::Layout,
    poseidon::PoseidonChip,
    testing::{
        Failure, failures, free_cells,
        oracle::{from_ark, to_ark},
    },
};

/// A tree by definition: every node of every level, hashed by light-poseidon.
fn reference(leaves: &[u64], depth: usize) -> Vec<Vec<Fr>> {
    let mut poseidon = LightPoseidon::<ark_bn254::Fr>::new_circom(2).unwrap();
    let mut known = HashMap::new();
    let mut level: Vec<Fr> = (0..1 << depth).map(|i| leaves.get(i).map_or(Fr::ZERO, |leaf| Fr::from(*leaf))).collect();
    let mut levels = vec![level.clone()];
    for _ in 0..depth {
        level = level
            .chunks(2)
            .map(|pair| {
                let key = [pair[0].to_bytes(), pair[1].to_bytes()];
                *known
                    .entry(key)
                    .or_insert_with(|| from_ark(poseidon.hash(&[to_ark(pair[0]), to_ark(pair[1])]).unwrap()))
            })
            .collect();
        levels.push(level.clone());
    }
    levels
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn trees_and_paths_are_the_definition(
        leaves in prop::collection::vec(any::<u64>(), 0..16),
        extra in 0usize..2,
        index in 0u64..16,
    ) {
        let depth = leaves.len().next_power_of_two().ilog2() as usize + extra;
        let index = index & ((1 << depth) - 1);
        let levels = reference(&leaves, depth);
        let elements: Vec<_> = leaves.iter().map(|leaf| Fr::from(*leaf)).collect();
        let root = levels[depth][0];
        prop_assert_eq!(merkle_root(&elements, depth), root);
        let path = MerklePath::in_tree(&elements, depth, index);
        let expected: Vec<_> = (0..depth).map(|i| levels[i][(index >> i ^ 1) as usize]).collect();
        prop_assert_eq!(&path.siblings, &expected);
        prop_assert_eq!(path.root(levels[0][index as usize]), Some(root));
        let beyond = MerklePath { index: index + (1 << depth), ..path };
        prop_assert_eq!(beyond.root(levels[0][index as usize]), None);
    }
}

/// An update; public are old root, new root and index.
#[derive(Debug, Clone)]
struct Replace {
    leaves: [Fr; 2],
    path: MerklePath,
    /// Instead of computing the old root, require this one and replace nothing.
    member_of: Option<Fr>,
}

impl Circuit<Fr> for Replace {
    type Config = (PoseidonChip, Lanes, Column<Instance>);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let lanes = Lanes::configure_without_lookups(meta);
        let chip = PoseidonChip::configure_with_paths(meta, &lanes);
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        (chip, lanes, instance)
    }

    fn synthesize(&self, (chip, lanes, instance): Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let public = layouter.assign_region(
            || "replace",
            |mut region| {
                // Row 0: old leaf, new leaf, zero, required root.
                let values = [self.leaves[0], self.leaves[1], Fr::ZERO, self.member_of.unwrap_or(Fr::ZERO)];
                let [old, new, zero, root] = [0, 1, 2, 3].map(|i| {
                    let cell = region.assign_advice(lanes.advice[i], 0, Value::known(values[i])).cell();
                    Word::digest(cell, Some(values[i]))
                });
                let mut cursor = Cursor::new(&mut region, &lanes);
                cursor.row = 1;
                let depth = self.path.depth();
                if self.member_of.is_some() {
                    let path = chip.merkle_membership(&mut cursor, &root, &old, depth, Some(&self.path), &zero);
                    return Ok(vec![path.index[0].clone()]);
                }
                let update = chip.merkle_update(&mut cursor, [&old, &new], depth, Some(&self.path), &zero);
                Ok(vec![update.old.root, update.new_root, update.old.index[0].clone(), zero, old, new])
            },
        )?;
        for (row, word) in public.iter().enumerate() {
            layouter.constrain_instance(word.cell, instance, row);
        }
        Ok(())
    }
}

const DEPTH: usize = 3;
const K: u32 = 8;

fn replace() -> (Replace, Vec<Vec<Fr>>) {
    let leaves: Vec<_> = (10..16).map(Fr::from).collect();
    let mut changed = leaves.clone();
    changed[5] = Fr::from(99);
    let path = MerklePath::in_tree(&leaves, DEPTH, 5);
    let instance =
        vec![merkle_root(&leaves, DEPTH), merkle_root(&changed, DEPTH), Fr::from(5), Fr::ZERO, leaves[5], changed[5]];
    (Replace { leaves: [leaves[5], changed[5]], path, member_of: None }, vec![instance])
}

#[test]
fn an_update_is_the_native_twins() {
    let (circuit, instance) = replace();
    assert_eq!(failures(K, &circuit, &instance, &[]), []);
}

#[test]
fn an_update_has_no_free_cells() {
    let (circuit, instance) = replace();
    // The required root, which only membership uses.
    assert_eq!(free_cells(K, &circuit, &instance), [(3, 0)]);
}

#[test]
fn an_update_keeps_siblings_and_index() {
    let (mut circuit, instance) = replace();
    // The second path starts 121 rows below the first, with its sibling in a1 and its index in a2.
    let (first, second) = (1, 122);
    let sibling = circuit.path.siblings[0];
    let swapped = failures(K, &circuit, &instance, &[((1, second), sibling + Fr::ONE)]);
    let mut expected: Vec<_> = ["round 1: lane 0", "round 1: lane 1", "x = (s + c)^2"]
        .map(|name| Failure::new(&format!("poseidon: path step: {name}"), second))
        .to_vec();
    expected.splice(0..0, [Failure::new("copy of advice 1", first), Failure::new("copy of advice 1", second)]);
    assert_eq!(swapped, expected);
    // Another place in the tree, consistently, is another index.
    circuit.path.index = 4;
    let moved = failures(K, &circuit, &instance, &[]);
    let columns: Vec<_> = moved.iter().map(|failure| failure.name.as_str()).collect();
    assert!(columns.iter().all(|name| name.starts_with("copy of ")), "{moved:?}");
    assert!(moved.contains(&Failure::new("copy of instance 0", 2)), "{moved:?}");
}

#[test]
fn membership_requires_the_root() {
    let (mut circuit, instance) = replace();
    let index = vec![vec![Fr::from(5)]];
    circuit.member_of = Some(instance[0][0]);
    assert_eq!(failures(K, &circuit, &index, &[]), []);
    circuit.member_of = Some(instance[0][1]);
    let root = 1 + DEPTH * 40;
    let mut expected = [Failure::new("copy of advice 0", root), Failure::new("copy of advice 3", 0)];
    expected.sort();
    assert_eq!(failures(K, &circuit, &index, &[]), expected);
}

#[test]
fn costs_are_as_stated() {
    let (circuit, _) = replace();
    let layout = Layout::record(K, &circuit).unwrap();
    let cost = update_cost(DEPTH);
    assert_eq!((layout.rows() - 1, layout.advice_cells() - 4), (cost.rows, cost.advice_cells));
    assert_eq!(cost.area, 4 * cost.rows);
}
