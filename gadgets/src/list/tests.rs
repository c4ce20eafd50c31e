use std::sync::Arc;

use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    plonk::{Circuit, Column, ConstraintSystem, Error, Instance},
};
use halo2curves::{bn256::Fr, ff::Field};

use super::*;
use crate::{
    frame::{Lanes, lanes::Table},
    layout::Layout,
    testing::{Failure, failures, free_cells},
};

/// Words of the lists here.
const CAPACITY: usize = 4;
/// Inputs: zero, both entries, both presences, the list.
const INPUTS: usize = 5 + CAPACITY;

fn inputs(region: &mut halo2_proofs::circuit::Region<'_, Fr>, lanes: &Lanes, values: &[Fr]) -> Vec<Word> {
    let assign = |(row, value): (usize, &Fr)| {
        let cell = region.assign_advice(lanes.advice[0], row, Value::known(*value)).cell();
        Word::digest(cell, Some(*value))
    };
    values.iter().enumerate().map(assign).collect()
}

fn below(word: &Word, bits: u32) -> Word {
    Word { bounds: Arc::new((0.into(), (num_bigint::BigInt::from(1) << bits) - 1)), ..word.clone() }
}

/// An edit. Public are the new list and the inputs.
#[derive(Debug, Clone)]
struct Edit {
    list: Vec<Fr>,
    entries: [Option<Fr>; 2],
    place: usize,
    /// The presence that is claimed, if it is another.
    claimed: [Option<bool>; 2],
}

impl Edit {
    fn new(list: &[u64], entries: [Option<u64>; 2], place: usize) -> Self {
        let list = list.iter().copied().map(Fr::from).collect();
        Self { list, entries: entries.map(|entry| entry.map(Fr::from)), place, claimed: [None; 2] }
    }

    fn inputs(&self) -> Vec<Fr> {
        let bit = |i: usize| Fr::from(u64::from(self.claimed[i].unwrap_or(self.entries[i].is_some())));
        let [before, after] = self.entries.map(Option::unwrap_or_default);
        let mut inputs = vec![Fr::ZERO, before, after, bit(0), bit(1)];
        inputs.extend(&self.list);
        inputs.resize(INPUTS, Fr::ZERO);
        inputs
    }

    /// The edited list by the native twin, or the list as it is.
    fn instance(&self) -> Vec<Vec<Fr>> {
        let mut list = self.list.clone();
        edit(&mut list, self.entries, self.place, CAPACITY);
        list.resize(CAPACITY, Fr::ZERO);
        list.extend(self.inputs());
        vec![list]
    }

    fn failures(&self) -> Vec<Failure> {
        failures(K, self, &self.instance(), &[])
    }
}

const K: u32 = 6;
/// The smallest size with a table of ranges.
const RANGES_K: u32 = 14;

impl Circuit<Fr> for Edit {
    type Config = (ListChip, Lanes, Column<Instance>);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let lanes = Lanes::configure_without_lookups(meta);
        let chip = ListChip::configure(meta, &lanes);
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        (chip, lanes, instance)
    }

    fn synthesize(&self, (chip, lanes, instance): Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let words = layouter.assign_region(
            || "edit",
            |mut region| {
                let words = inputs(&mut region, &lanes, &self.inputs());
                let mut cursor = Cursor::new(&mut region, &lanes);
                cursor.row = INPUTS;
                let present = [3, 4].map(|i| below(&words[i], 1));
                let entries = [0, 1].map(|i| Entry { present: &present[i], word: &words[1 + i] });
                let mut edited = chip.edit(&mut cursor, &words[5..], entries, Some(self.place), &words[0]);
                edited.extend(words);
                Ok(edited)
            },
        )?;
        for (row, word) in words.iter().enumerate() {
            layouter.constrain_instance(word.cell, instance, row);
        }
        Ok(())
    }
}

#[test]
fn edits_are_the_native_twins() {
    let words = [11, 22, 33, 44];
    for length in 0..=CAPACITY {
        let list = &words[..length];
        for (place, &word) in list.iter().enumerate() {
            for after in [None, Some(99), Some(word)] {
                assert_eq!(Edit::new(list, [Some(word), after], place).failures(), [], "{list:?} {place}");
            }
        }
        for place in 0..=length.min(CAPACITY - 1) {
            assert_eq!(Edit::new(list, [None, None], place).failures(), [], "{list:?} {place}");
            if length < CAPACITY {
                assert_eq!(Edit::new(list, [None, Some(99)], place).failures(), [], "{list:?} {place}");
            }
        }
    }
}

/// Row of a word's upper half, and of the end.
fn row(word: usize) -> usize {
    INPUTS + 1 + 2 * word
}

fn list(name: &str, row: usize) -> Failure {
    Failure::new(&format!("list: {name}"), row)
}

#[test]
fn a_full_list_takes_nothing_in() {
    let full = Edit::new(&[11, 22, 33, 44], [None, Some(99)], 1);
    let failures = full.failures();
    let own: Vec<_> = failures.iter().filter(|failure| !failure.name.starts_with("copy of")).cloned().collect();
    assert_eq!(own, [list("end: no word is left", row(CAPACITY))]);
}

#[test]
fn an_entry_has_to_be_there() {
    let foreign = Edit::new(&[11, 22, 33], [Some(55), Some(99)], 1);
    let own = |edit: &Edit| -> Vec<_> {
        edit.failures().into_iter().filter(|failure| !failure.name.starts_with("copy of")).collect()
    };
    assert_eq!(own(&foreign), [list("word: old = m + entry", row(1))]);
    // In another place.
    let elsewhere = Edit::new(&[11, 22, 33], [Some(22), None], 2);
    assert_eq!(own(&elsewhere), [list("word: old = m + entry", row(2))]);
    // An entry that is said not to be there, and one with nothing in it that is not put in: both words have to be zero.
    for (claimed, name) in
        [([Some(false), None], "end: e = 0 unless o"), ([None, Some(false)], "end: e' = 0 unless o'")]
    {
        let edit = Edit { claimed, ..Edit::new(&[11, 22], [Some(22), Some(99)], 1) };
        assert!(own(&edit).contains(&list(name, row(CAPACITY))), "{:?}", own(&edit));
    }
}

#[test]
fn there_is_one_hole() {
    let edit = Edit::new(&[11, 22, 33], [Some(22), Some(99)], 1);
    let with = |edits: &[((usize, usize), u64)]| {
        let edits: Vec<_> = edits.iter().map(|(cell, value)| (*cell, Fr::from(*value))).collect();
        failures(K, &edit, &edit.instance(), &edits)
    };
    let s = |word: usize| (1, row(word) + 1);
    // None, so that nothing would be edited.
    let none: Vec<_> = (1..CAPACITY).map(|word| (s(word), 0)).collect();
    assert!(with(&none).contains(&list("end: there is a hole", row(CAPACITY))));
    // Two, of which the second would have to be after a fall.
    let two = with(&[(s(2), 0)]);
    assert!(two.contains(&list("word: s rises once", row(2))), "{two:?}");
    let half = with(&[(s(1), 5)]);
    assert!(half.contains(&list("word: s (1 - s) = 0", row(1))), "{half:?}");
    // One with a word in it.
    let filled = with(&[((0, row(1) + 1), 7)]);
    assert!(filled.contains(&list("word: the hole is empty", row(1))), "{filled:?}");
}

#[test]
fn edits_have_no_free_cells() {
    for entries in [[Some(22), Some(99)], [Some(22), None], [None, Some(99)]] {
        let edit = Edit::new(&[11, 22, 33], entries, 1);
        assert_eq!(free_cells(K, &edit, &edit.instance()), []);
    }
}

#[test]
fn costs_are_as_stated() {
    let edit = Edit::new(&[11, 22, 33], [Some(22), None], 1);
    let layout = Layout::record(K, &edit).unwrap();
    let cost = ListChip::edit_cost(CAPACITY);
    assert_eq!((layout.rows(), layout.advice_cells()), (INPUTS + cost.rows, INPUTS + cost.advice_cells));
    assert!(layout.degrees().all(|(_, degree)| degree <= 5));
}

/// Ids with their presences. All are public.
#[derive(Debug, Clone)]
struct Ascending(Vec<(u64, bool)>);

impl Ascending {
    fn inputs(&self) -> Vec<Fr> {
        self.0.iter().flat_map(|(id, present)| [Fr::from(*id), Fr::from(u64::from(*present))]).collect()
    }

    fn failures(&self) -> Vec<Failure> {
        failures(RANGES_K, self, &[self.inputs()], &[])
    }
}

impl Circuit<Fr> for Ascending {
    type Config = (ListChip, Lanes, Column<Instance>);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let lanes = Lanes::configure_over(meta, Table::SHORT_RANGES);
        let chip = ListChip::configure(meta, &lanes);
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        (chip, lanes, instance)
    }

    fn synthesize(&self, (chip, lanes, instance): Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        lanes.load_table(&mut layouter)?;
        let words = layouter.assign_region(
            || "ascending",
            |mut region| {
                let words = inputs(&mut region, &lanes, &self.inputs());
                let mut cursor = Cursor::new(&mut region, &lanes);
                cursor.row = words.len();
                let ids: Vec<_> = words.chunks(2).map(|pair| [below(&pair[0], 32), below(&pair[1], 1)]).collect();
                let ids: Vec<_> = ids.iter().map(|pair| [&pair[0], &pair[1]]).collect();
                chip.ascending(&mut cursor, &ids);
                Ok(words)
            },
        )?;
        for (row, word) in words.iter().enumerate() {
            layouter.constrain_instance(word.cell, instance, row);
        }
        Ok(())
    }
}

#[test]
fn ids_ascend() {
    let sorted = Ascending(vec![(0, true), (1, true), (u64::from(u32::MAX), true), (0, false), (7, false)]);
    assert_eq!(sorted.failures(), []);
    assert_eq!(free_cells(RANGES_K, &sorted, &[sorted.inputs()]), []);
    let one = |ids: &[(u64, bool)]| {
        let ids = Ascending(ids.to_vec());
        let failures = ids.failures();
        let rows = Layout::record(RANGES_K, &ids).unwrap().rows();
        assert_eq!(failures.len(), 1, "{failures:?}");
        assert!(failures[0].row < rows);
        failures[0].name.clone()
    };
    let gap = "ids ascend: id - previous - 1 = sum of limbs";
    assert_eq!(one(&[(5, true), (5, true)]), gap);
    assert_eq!(one(&[(5, true), (4, true)]), gap);
    assert_eq!(one(&[(5, true), (6, false), (7, true)]), "ids ascend: none after the last");
}
