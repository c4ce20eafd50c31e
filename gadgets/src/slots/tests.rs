use std::sync::Arc;

use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    plonk::{Circuit, Column, ConstraintSystem, Error, Instance},
};
use halo2curves::bn256::Fr;
use num_bigint::BigInt;

use super::*;
use crate::{
    error::GadgetError,
    frame::{Lanes, lanes::Table},
    layout::Layout,
    merkle::merkle_root,
    poseidon::PoseidonChip,
    testing::{Failure, failures, free_cells},
};

const DEPTH: usize = 3;
/// The smallest size with a table of ranges.
const K: u32 = 14;
const INPUTS: usize = 6;

/// A use of a number against the slots of a tree. Public are both roots and the inputs.
#[derive(Debug, Clone)]
struct Attempt {
    slots: [Slot; 1 << DEPTH],
    used: bool,
    number: u64,
    of: Use,
    /// The slot that the prover shows, if it is another than that of the number.
    shown: Option<usize>,
}

impl Attempt {
    fn new(slot: Slot, number: u64, of: Use) -> Self {
        let mut slots = [Slot::default(); 1 << DEPTH];
        slots[3] = Slot { number: 11, used: 5 };
        slots[slot.number as usize % (1 << DEPTH)] = slot;
        Self { slots, used: true, number, of, shown: None }
    }

    fn index(&self) -> usize {
        self.shown.unwrap_or(self.number as usize % (1 << DEPTH))
    }

    /// Zero, used, close, number, amount, most.
    fn inputs(&self) -> [Fr; INPUTS] {
        let (close, amount, most) = match self.of {
            Use::Some { amount, most } => (0, amount, most),
            Use::Close => (1, 0, 0),
        };
        [0, u64::from(self.used), close, self.number, amount, most].map(Fr::from)
    }

    fn leaves(&self) -> Vec<Fr> {
        self.slots.iter().map(|slot| slot.word()).collect()
    }

    /// By the native twin; the slot as it is where that refuses.
    fn instance(&self) -> Vec<Vec<Fr>> {
        let mut leaves = self.leaves();
        let old = merkle_root(&leaves, DEPTH);
        let slot = self.slots[self.index()];
        if self.used {
            leaves[self.index()] = slot.after(self.number, self.of).unwrap_or(slot).word();
        }
        let mut instance = vec![old, merkle_root(&leaves, DEPTH)];
        instance.extend(self.inputs());
        vec![instance]
    }

    /// What fails but for the copies that follow from it.
    fn failures(&self) -> Vec<String> {
        let failures = failures(K, self, &self.instance(), &[]);
        failures.into_iter().map(|failure| failure.name).filter(|name| !name.starts_with("copy of")).collect()
    }

    fn native(&self) -> Result<Slot, GadgetError> {
        self.slots[self.index()].after(self.number, self.of)
    }
}

impl Circuit<Fr> for Attempt {
    type Config = (SlotChip, Lanes, Column<Instance>);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let lanes = Lanes::configure_over(meta, Table::SHORT_RANGES);
        let hash = PoseidonChip::configure_with_paths(meta, &lanes);
        let chip = SlotChip::configure(meta, &lanes, hash, DEPTH);
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        (chip, lanes, instance)
    }

    fn synthesize(&self, (chip, lanes, instance): Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        lanes.load_table(&mut layouter)?;
        let words = layouter.assign_region(
            || "use",
            |mut region| {
                let bounds = [(0, 0), (0, 1), (0, 1), (1, (1 << 63) - 1), (0, CLOSED - 1), (0, CLOSED - 1)];
                let inputs = self.inputs();
                let words: Vec<Word> = (0..INPUTS)
                    .map(|row| {
                        let value = inputs[row];
                        let cell = region.assign_advice(lanes.advice[0], row, Value::known(value)).cell();
                        let (low, high) = bounds[row];
                        let bounds = Arc::new((BigInt::from(low), BigInt::from(high)));
                        Word { bounds, ..Word::digest(cell, Some(value)) }
                    })
                    .collect();
                let [zero, used, close, number, amount, most] = &words[..] else { unreachable!("six inputs") };
                let path = MerklePath::in_tree(&self.leaves(), DEPTH, self.index() as u64);
                let mut cursor = Cursor::new(&mut region, &lanes);
                cursor.row = INPUTS;
                let of = AssignedUse { used, close, number, amount, most };
                let update = chip.use_slot(&mut cursor, of, Some((self.slots[self.index()], &path)), zero);
                Ok([update.old.root, update.new_root].into_iter().chain(words).collect::<Vec<_>>())
            },
        )?;
        for (row, word) in words.iter().enumerate() {
            layouter.constrain_instance(word.cell, instance, row);
        }
        Ok(())
    }
}

const SEEN: Slot = Slot { number: 21, used: 40 };

fn some(amount: u64, most: u64) -> Use {
    Use::Some { amount, most }
}

#[test]
fn uses_are_the_native_twins() {
    let top = (1 << NUMBER_BITS) - 3;
    for (slot, number, of) in [
        // The same number, up to all of it; a higher one in the slot; one in an empty slot; the highest with the largest amount.
        (SEEN, 21, some(2, 100)),
        (SEEN, 21, some(60, 100)),
        (SEEN, 29, some(100, 100)),
        (SEEN, 2, some(1, 1)),
        (SEEN, top, some(CLOSED - 1, CLOSED - 1)),
        // Closed before it was seen, and after.
        (SEEN, 29, Use::Close),
        (SEEN, 21, Use::Close),
        // What was closed is superseded.
        (Slot { used: CLOSED, ..SEEN }, 29, some(1, 5)),
    ] {
        let attempt = Attempt::new(slot, number, of);
        assert!(attempt.native().is_ok());
        assert_eq!(attempt.failures(), [""; 0], "{attempt:?}");
    }
    // Nothing is done: not even to a closed slot, nor by a lower number.
    for number in [21, 13, 29] {
        let idle = Attempt { used: false, ..Attempt::new(Slot { used: CLOSED, ..SEEN }, number, some(0, 0)) };
        assert_eq!(idle.failures(), [""; 0]);
    }
}

#[test]
fn what_the_native_twin_refuses_has_no_proof() {
    let closed = Slot { used: CLOSED, ..SEEN };
    let cases = [
        (SEEN, 13, some(1, 100), GadgetError::NumberSuperseded { number: 13, seen: 21 }, "numbers only grow"),
        (SEEN, 13, Use::Close, GadgetError::NumberSuperseded { number: 13, seen: 21 }, "numbers only grow"),
        (closed, 21, Use::Close, GadgetError::NumberClosed { number: 21 }, "not closed"),
        (
            SEEN,
            21,
            some(61, 100),
            GadgetError::NumberExhausted { number: 21, used: 40, amount: 61, most: 100 },
            "not exhausted",
        ),
        (
            SEEN,
            29,
            some(101, 100),
            GadgetError::NumberExhausted { number: 29, used: 0, amount: 101, most: 100 },
            "not exhausted",
        ),
    ];
    for (slot, number, of, error, name) in cases {
        let attempt = Attempt::new(slot, number, of);
        assert_eq!(attempt.native(), Err(error));
        assert_eq!(attempt.failures(), [format!("slot: {name} = sum of limbs")], "{attempt:?}");
    }
    let attempt = Attempt::new(closed, 21, some(1, CLOSED - 1));
    assert_eq!(attempt.native(), Err(GadgetError::NumberClosed { number: 21 }));
    assert_eq!(attempt.failures(), ["not closed", "not exhausted"].map(|name| format!("slot: {name} = sum of limbs")));
}

#[test]
fn a_number_has_its_own_slot() {
    // The slot of 19 has seen 11; the prover shows the empty one beside it instead.
    let mut attempt = Attempt::new(SEEN, 19, some(1, 1));
    assert_eq!(attempt.failures(), [""; 0]);
    attempt.shown = Some(4);
    let failures = failures(K, &attempt, &attempt.instance(), &[]);
    let index = Failure::new("copy of advice 2", path_row(&attempt));
    assert!(failures.len() == 2 && failures.contains(&index), "{failures:?}");
}

/// Where the path begins: the index is in its `a2`.
fn path_row(_: &Attempt) -> usize {
    let mut meta = ConstraintSystem::default();
    let (chip, ..) = Attempt::configure(&mut meta);
    INPUTS + chip.cost().rows - crate::merkle::update_cost(DEPTH).rows
}

#[test]
fn uses_have_no_free_cells() {
    for of in [some(2, 100), Use::Close] {
        for number in [21, 29] {
            let attempt = Attempt::new(SEEN, number, of);
            assert_eq!(free_cells(K, &attempt, &attempt.instance()), [], "{attempt:?}");
        }
    }
}

#[test]
fn costs_are_as_stated() {
    let mut meta = ConstraintSystem::default();
    let (chip, ..) = Attempt::configure(&mut meta);
    let attempt = Attempt::new(SEEN, 21, Use::Close);
    let layout = Layout::record(K, &attempt).unwrap();
    let cost = chip.cost();
    assert_eq!((layout.rows(), layout.advice_cells()), (INPUTS + cost.rows, INPUTS + cost.advice_cells));
}
