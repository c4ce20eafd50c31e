//! Permutation of lookup inputs and tables.

use ff::{Field, PrimeField};
use halo2curves::bn256::Fr;
use rayon::prelude::*;

/// The integer that a field element represents, as four limbs, highest first, so that it orders as numbers do.
type Key = [u64; 4];

fn key(value: &Fr) -> Key {
    let bytes = value.to_repr();
    let limb = |i: usize| u64::from_le_bytes(std::array::from_fn(|j| bytes[8 * i + j]));
    [limb(3), limb(2), limb(1), limb(0)]
}

fn sorted(values: &[Fr]) -> Vec<(Key, Fr)> {
    let mut sorted: Vec<(Key, Fr)> = values.par_iter().map(|value| (key(value), *value)).collect();
    sorted.par_sort_unstable_by_key(|(key, _)| *key);
    sorted
}

/// A table in ascending order, shared by the lookups into it.
pub(super) struct SortedTable(Vec<(Key, Fr)>);

impl SortedTable {
    pub(super) fn new(table: &[Fr]) -> Self {
        Self(sorted(table))
    }

    /// The permuted input and table, as long as `input`, permuted on its first `usable` rows and zero after them;
    /// `None` if an input is not in the table.
    pub(super) fn permute(&self, input: &[Fr], usable: usize) -> Option<(Vec<Fr>, Vec<Fr>)> {
        let inputs = sorted(&input[..usable]);
        let mut permuted_table = vec![Fr::ZERO; input.len()];
        // First occurrences claim an equal table entry; walking both in order leaves the unclaimed entries.
        let mut table = self.0.iter();
        let mut unclaimed = Vec::with_capacity(usable);
        let mut repeated = Vec::with_capacity(usable);
        for (row, (key, value)) in inputs.iter().enumerate() {
            if row > 0 && inputs[row - 1].0 == *key {
                repeated.push(row);
                continue;
            }
            loop {
                let (entry, entry_value) = table.next()?;
                match entry.cmp(key) {
                    std::cmp::Ordering::Less => unclaimed.push(*entry_value),
                    std::cmp::Ordering::Equal => break,
                    std::cmp::Ordering::Greater => return None,
                }
            }
            permuted_table[row] = *value;
        }
        unclaimed.extend(table.map(|(_, value)| *value));
        for (row, value) in repeated.into_iter().zip(unclaimed) {
            permuted_table[row] = value;
        }
        let mut permuted_input: Vec<Fr> = inputs.into_iter().map(|(_, value)| value).collect();
        permuted_input.resize(input.len(), Fr::ZERO);
        Some((permuted_input, permuted_table))
    }
}
