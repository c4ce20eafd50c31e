//! A column under construction.

use std::collections::HashMap;

use ff::{BatchInvert, Field};
use halo2_proofs::plonk::Assigned;
use halo2curves::bn256::Fr;

/// A column whose fractions are kept apart until all of them are inverted at once.
#[derive(Clone, Debug, Default)]
pub(super) struct ColumnBuilder {
    values: Vec<Fr>,
    denominators: HashMap<usize, Fr>,
}

impl ColumnBuilder {
    /// A column of `n` zeros.
    pub(super) fn new(n: usize) -> Self {
        Self { values: vec![Fr::ZERO; n], denominators: HashMap::new() }
    }

    /// Sets the value of a row, which must exist.
    pub(super) fn assign(&mut self, row: usize, value: &Assigned<Fr>) {
        self.values[row] = value.numerator();
        match value.denominator() {
            Some(denominator) => {
                self.denominators.insert(row, denominator);
            }
            // A later assignment to the same row replaces the earlier one.
            None if !self.denominators.is_empty() => {
                self.denominators.remove(&row);
            }
            None => {}
        }
    }

    /// The column's values. A fraction with denominator zero is zero.
    pub(super) fn finish(mut self) -> Vec<Fr> {
        let (rows, mut inverses): (Vec<usize>, Vec<Fr>) = self.denominators.into_iter().unzip();
        inverses.batch_invert();
        for (row, inverse) in rows.into_iter().zip(inverses) {
            self.values[row] *= inverse;
        }
        self.values
    }
}
