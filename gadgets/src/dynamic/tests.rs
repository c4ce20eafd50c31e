use std::sync::Arc;

use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    plonk::{Circuit, Column, ConstraintSystem, Error, Instance},
};
use halo2curves::bn256::Fr;

use super::*;
use crate::{
    frame::{Lanes, lanes::Table, switch::CIRCUIT_DEGREE, value::to_field},
    testing::{Failure, failures, free_cells},
};

/// The smallest size with a table of ranges.
const K: u32 = 14;

/// Entries and reads. Public are zero, and key and values of each entry, then of each read; or the keys alone, where values are the prover's.
#[derive(Debug, Clone)]
struct Ledger {
    entries: Vec<[u64; 4]>,
    reads: Vec<u64>,
    keys_alone: bool,
}

type Config = (Lanes, DynamicTable, Column<Instance>);

impl Ledger {
    fn found(&self, key: u64) -> [u64; 4] {
        let entry = self.entries.iter().find(|entry| entry[0] == key);
        entry.copied().unwrap_or([key, 0, 0, 0])
    }

    fn instance(&self) -> Vec<Vec<Fr>> {
        let reads = self.reads.iter().map(|key| self.found(*key));
        let rows = self.entries.iter().copied().chain(reads);
        let shown = if self.keys_alone { 1 } else { 4 };
        vec![std::iter::once(0).chain(rows.flat_map(|row| row.into_iter().take(shown))).map(Fr::from).collect()]
    }

    fn failures(&self, instance: &[Vec<Fr>]) -> Vec<Failure> {
        failures(K, self, instance, &[])
    }
}

impl Circuit<Fr> for Ledger {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        let lanes = Lanes::configure_over(meta, Table::SHORT_RANGES);
        let table = DynamicTable::configure(meta, &lanes);
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        (lanes, table, instance)
    }

    fn synthesize(&self, (lanes, table, instance): Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        lanes.load_table(&mut layouter)?;
        let public = layouter.assign_region(
            || "ledger",
            |mut region| {
                let mut below = 100;
                let mut given = |region: &mut halo2_proofs::circuit::Region<'_, Fr>, value: u64| {
                    below += 1;
                    let cell = region.assign_advice(lanes.advice[3], below, Value::known(Fr::from(value))).cell();
                    let bounds = Arc::new((0.into(), u64::MAX.into()));
                    Word { cell, value: Some(value.into()), bounds }
                };
                let zero = given(&mut region, 0);
                let mut public = vec![zero.clone()];
                // Values that are the prover's have no cell but the entry's.
                let value_of = |value: u64| Word { value: Some(value.into()), ..zero.clone() };
                let rows: Vec<Vec<Word>> = self
                    .entries
                    .iter()
                    .map(|entry| {
                        let values = entry[1..].iter().map(|value| match self.keys_alone {
                            true => value_of(*value),
                            false => given(&mut region, *value),
                        });
                        let values: Vec<Word> = values.collect();
                        [vec![given(&mut region, entry[0])], values].concat()
                    })
                    .collect();
                let keys: Vec<Word> = self.reads.iter().map(|key| given(&mut region, *key)).collect();
                let mut cursor = Cursor::new(&mut region, &lanes);
                let mut entries = table.begin(&mut cursor, &zero);
                for row in rows {
                    let values = [1, 2, 3].map(|column| &row[column]);
                    let values = values.map(|value| match self.keys_alone {
                        true => Given::Witness(value.value.map(to_field)),
                        false => Given::Copied(value),
                    });
                    table.write(&mut cursor, &mut entries, &row[0], values);
                    public.extend(if self.keys_alone { vec![row[0].clone()] } else { row });
                }
                for key in keys {
                    let values = table.read(&mut cursor, &entries, &key);
                    public.push(key);
                    public.extend(values.into_iter().filter(|_| !self.keys_alone));
                }
                Ok(public)
            },
        )?;
        for (row, word) in public.iter().enumerate() {
            layouter.constrain_instance(word.cell, instance, row);
        }
        Ok(())
    }
}

fn ledger() -> Ledger {
    Ledger { entries: vec![[7, 1, 2, 3], [9, 4, 5, 6], [8, 7, 8, 9]], reads: vec![9, 0, 7, 9], keys_alone: false }
}

/// Row of the first entry; the reads follow.
const FIRST: usize = 2;
const READS: usize = FIRST + 3;

#[test]
fn what_is_read_is_what_is_written() {
    let ledger = ledger();
    assert_eq!(ledger.failures(&ledger.instance()), []);
    let mut meta = ConstraintSystem::default();
    Ledger::configure(&mut meta);
    assert_eq!(meta.degree(), CIRCUIT_DEGREE);
}

#[test]
fn a_key_that_is_not_there_has_no_proof() {
    let missing = Ledger { reads: vec![9, 10], ..ledger() };
    assert_eq!(missing.failures(&missing.instance()), [Failure::new("lookup entries", READS + 1)]);
}

/// The cells of a read with other values, each where it is read alone.
#[test]
fn other_values_than_the_entry_s() {
    let ledger = Ledger { reads: vec![9], ..ledger() };
    for column in 0..4 {
        let found = failures(K, &ledger, &ledger.instance(), &[((column, READS), Fr::from(7))]);
        let lookups: Vec<_> = found.iter().filter(|failure| failure.name.starts_with("lookup")).collect();
        assert_eq!(lookups, [&Failure::new("lookup entries", READS)], "column {column}");
    }
    // A read is no entry: the cells beside an equal key do not count, here or elsewhere.
    let twice = Ledger { reads: vec![10, 10], ..self::ledger() };
    let missing = [READS, READS + 1].map(|row| Failure::new("lookup entries", row));
    assert_eq!(twice.failures(&twice.instance()), missing);
}

#[test]
fn every_cell_is_held() {
    let ledger = ledger();
    assert_eq!(free_cells(K, &ledger, &ledger.instance()), []);
}

/// Entries that nobody reads are held by nobody, and so is each of two that are the same.
#[test]
fn readers_hold_what_they_read() {
    let ledger = Ledger { reads: vec![7, 7], keys_alone: true, ..ledger() };
    let unread = |row: usize| (1..4).map(move |column| (column, row));
    let expected: Vec<_> = unread(FIRST + 1).chain(unread(FIRST + 2)).collect();
    let mut found = free_cells(K, &ledger, &ledger.instance());
    found.sort_by_key(|(column, row)| (*row, *column));
    assert_eq!(found, expected);
    let twice = Ledger { entries: vec![[7, 1, 2, 3], [7, 1, 2, 3], [8, 0, 0, 0]], reads: vec![7, 8], keys_alone: true };
    let mut found = free_cells(K, &twice, &twice.instance());
    found.sort_by_key(|(column, row)| (*row, *column));
    assert_eq!(found, unread(FIRST).chain(unread(FIRST + 1)).collect::<Vec<_>>());
    // Both at once are noticed by their reader.
    let edits = [FIRST, FIRST + 1].map(|row| ((2, row), Fr::from(5)));
    assert_eq!(failures(K, &twice, &twice.instance(), &edits), [Failure::new("lookup entries", READS)]);
}
