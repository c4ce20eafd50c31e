//! Inputs with one field changed: every field of every transaction, and of what is given of the state.

use halo2curves::bn256::Fr;
use serde_json::Value;

use super::shape::{MAX_K, shape};
use super::{Batch, BatchInputs, BatchInstance, NodeInputs};
use crate::error::StatementError;
use crate::state::ids::InstrumentId;
use crate::state::testing::spoil::{Path, Step, at, extreme_variants, extremes, paths};
use crate::state::testing::venue::{PERPETUAL, Shape, Venue};
use crate::state::tx::{Noop, Tx};
use crate::statement::Statement;

const ACTORS: [usize; 3] = [2, 3, 4];
const CIRCUITS: u64 = 77;

/// All of them with `ZOMMA_FULL=1`, else one in so many.
fn sample(one_in: usize) -> usize {
    if std::env::var("ZOMMA_FULL").is_ok_and(|value| value == "1") {
        return 1;
    }
    println!("not run: all changes, which take ZOMMA_FULL=1; one in {one_in} instead");
    one_in
}

/// A small venue with positions on both sides, committed.
fn venue() -> Venue {
    let mut venue = Venue::new(1, Shape { actors: 3, series: 1, ..Shape::default() });
    let perpetual = InstrumentId::perpetual(PERPETUAL).expect("the first market is in range");
    let price = venue.spot;
    let fill = venue.trade(3, 2, perpetual, price, 100);
    venue.must(fill);
    venue.time += 1;
    venue.state.commit().expect("a store in memory");
    venue
}

fn instance(inputs: &BatchInputs) -> Result<BatchInstance, StatementError> {
    Batch::evaluate(inputs, MAX_K).map(|(_, instance)| instance)
}

#[test]
fn whatever_a_transaction_says_the_rest_can_be_proven() {
    let mut venue = venue();
    let step = sample(17);
    let (mut tried, mut taken) = (0, 0);
    for tx in venue.one_of_each(ACTORS) {
        // A risk array has hundreds of like fields; its first row stands for all.
        let step = if matches!(tx, Tx::AdoptRisk(_)) { 61 * step } else { step };
        for variant in extreme_variants(&tx).into_iter().step_by(step) {
            for variant in [venue.sign_again(variant.clone()), variant] {
                tried += 1;
                let run = [variant.clone(), Noop {}.into()];
                let cut = BatchInputs::cut(&mut venue.state, &run, Fr::from(CIRCUITS), &shape(MAX_K));
                let cut = cut.unwrap_or_else(|error| panic!("{variant:?}: {error}"));
                let text = serde_json::to_vec(&cut.inputs).expect("inputs can be written");
                let read: BatchInputs = serde_json::from_slice(&text).expect("what was written");
                assert_eq!(read, cut.inputs);
                let found = instance(&read).unwrap_or_else(|error| panic!("{variant:?}: {error}"));
                assert_eq!(found.old_root, read.root);
                assert_eq!(found.new_root, venue.state.root().expect("a store in memory"), "{variant:?}");
                if cut.rejected.is_empty() {
                    taken += 1;
                    venue = self::venue();
                } else {
                    assert_eq!(found.new_root, found.old_root, "{variant:?}");
                }
            }
        }
    }
    assert!(tried > 100 && taken > 20, "{tried} tried, {taken} taken");
}

/// The part of the inputs that a path leads into.
fn part(path: &Path) -> &str {
    match path.first() {
        Some(Step::Key(name)) => name,
        _ => "",
    }
}

#[test]
fn what_is_given_of_the_state_cannot_be_changed() {
    let mut venue = venue();
    let txs: Vec<Tx> =
        venue.one_of_each(ACTORS).into_iter().filter(|tx| matches!(tx, Tx::Fill(_) | Tx::List(_))).collect();
    let txs: Vec<Tx> = txs.into_iter().rev().collect();
    let inputs = BatchInputs::of(&mut venue.state, &txs, Fr::from(CIRCUITS)).expect("good transactions");
    let honest = instance(&inputs).expect("honest inputs");
    let value = serde_json::to_value(&inputs).expect("inputs can be written");
    let mut changed = vec![];
    for path in paths(&value) {
        let mut field = value.clone();
        let Some(field) = at(&mut field, &path) else { continue };
        let given = field.clone();
        let others = extremes(&given).into_iter().filter(|other| *other != given).chain([Value::Null]);
        changed.extend(others.map(|other| (path.clone(), other)));
    }
    let (mut read, mut same) = (0, 0);
    for (path, other) in changed.into_iter().step_by(sample(29)) {
        let mut value = value.clone();
        if let Some(field) = at(&mut value, &path) {
            *field = other.clone();
        }
        let Ok(inputs) = serde_json::from_value::<BatchInputs>(value) else { continue };
        read += 1;
        let Ok(found) = instance(&inputs) else { continue };
        match part(&path) {
            "circuits" => {
                assert_eq!((found.old_root, found.new_root), (honest.old_root, honest.new_root));
                assert_ne!(found.context, honest.context);
            }
            "transactions" => assert_eq!(found.old_root, honest.old_root),
            _ => {
                assert_eq!(found, honest, "{path:?} as {other}");
                same += 1;
            }
        }
    }
    println!("{read} read, {same} accepted that make no difference");
    assert!(read > 100, "{read} read");
}

#[test]
fn nothing_of_the_state_can_be_left_out_or_given_twice() {
    let mut venue = venue();
    let txs = [venue.oracle_update().into(), venue.deposit(2, 5).into()];
    let inputs = BatchInputs::of(&mut venue.state, &txs, Fr::from(CIRCUITS)).expect("good transactions");
    let honest = instance(&inputs).expect("honest inputs");
    let step = sample(7);
    for index in (0..inputs.nodes.len()).step_by(step) {
        let mut twice = inputs.clone();
        twice.nodes.push(inputs.nodes[index]);
        assert!(instance(&twice).expect_err("a node twice").to_string().contains("twice"));
        let mut without = inputs.clone();
        without.nodes.remove(index);
        // What leads to the root may be computed from what is below it, or read as well.
        if let Ok(found) = instance(&without) {
            assert_eq!(found, honest, "{:?}", inputs.nodes[index]);
        }
    }
    for (level, index) in [(25, 0), (200, 0), (255, u64::MAX), (0, 1 << 24), (24, 1)] {
        let mut more = inputs.clone();
        more.nodes.push(NodeInputs { tree: 0, level, index, value: None });
        let error = instance(&more).expect_err("a node outside of its tree").to_string();
        assert!(error.ends_with("it is not in the tree"), "{error}");
    }
    for index in 0..inputs.records.len() {
        let mut twice = inputs.clone();
        twice.records.push(inputs.records[index].clone());
        assert!(instance(&twice).expect_err("a record twice").to_string().contains("twice"));
        let mut without = inputs.clone();
        without.records.remove(index);
        if let Ok(found) = instance(&without) {
            assert_eq!(found, honest, "{:?}", inputs.records[index]);
        }
    }
}
