//! What the chip assigns: recorded row by row while a circuit is built, laid into columns when it is synthesised.

use std::collections::HashMap;

use halo2_base::{AssignedValue, ContextCell};
use halo2_proofs::{
    circuit::{self, Region, Value},
    plonk::Error,
};
use halo2curves::{bn256::Fr, ff::PrimeField};

use super::{
    config::{FoldConfig, Gate, KEYS, SELECTS, main},
    limbs::{LIMB_PIECES, LIMBS, PIECE_BITS, TOP_PIECES},
};

/// A cell of a folding circuit.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell {
    /// Of the column of running sums.
    Running(usize),
    /// Of the main column.
    Main(usize),
    /// A scalar of halo2-base's.
    Scalar(ContextCell),
}

impl From<AssignedValue<Fr>> for Cell {
    fn from(scalar: AssignedValue<Fr>) -> Self {
        Self::Scalar(scalar.cell.expect("circuits are always laid out whole"))
    }
}

/// A cell and its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) cell: Cell,
    pub(super) value: Fr,
}

impl From<AssignedValue<Fr>> for Held {
    fn from(scalar: AssignedValue<Fr>) -> Self {
        Self { cell: scalar.into(), value: *scalar.value() }
    }
}

/// Everything that the chip assigns.
#[derive(Debug, Clone, Default)]
pub(super) struct Tape {
    /// Rows used so far, in both columns.
    rows: usize,
    running: Vec<(usize, Fr)>,
    /// Rows of running sums that go on in the next row.
    continued: Vec<usize>,
    main: Vec<(usize, Fr)>,
    labels: Vec<(usize, Fr)>,
    gates: Vec<(Gate, usize)>,
    copies: Vec<(Cell, Cell)>,
}

impl Tape {
    /// Opens a block of `rows` rows, and returns its first.
    pub(super) fn block(&mut self, rows: usize) -> usize {
        let first = self.rows;
        self.rows += rows;
        first
    }

    /// Rows used so far.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn enable(&mut self, gate: Gate, row: usize) {
        self.gates.push((gate, row));
    }

    /// Marks the first row of a step that selects from the table whose first key is given.
    pub(super) fn select(&mut self, row: usize, first_key: u64) {
        self.labels.push((row, *KEYS + Fr::from(SELECTS + first_key)));
    }

    /// Marks the first row of a step that adds a point without selecting it: it finds the point in that row itself, by an index that
    /// the rows of bits make up.
    pub(super) fn select_itself(&mut self, row: usize) {
        self.labels.push((row, *KEYS + Fr::from(SELECTS)));
        self.main(row + main::bit(0), Fr::from(SELECTS));
    }

    pub(super) fn key(&mut self, row: usize, key: u64) {
        debug_assert!((1..SELECTS).contains(&key), "{key} is no key");
        self.labels.push((row, *KEYS + Fr::from(key)));
    }

    pub(super) fn constants(&mut self, row: usize, values: &[Fr]) {
        self.labels.extend(values.iter().enumerate().map(|(i, value)| (row + i, *value)));
    }

    pub(super) fn copy(&mut self, a: Cell, b: Cell) {
        self.copies.push((a, b));
    }

    /// Assigns a cell of the main column.
    pub(super) fn main(&mut self, row: usize, value: Fr) -> Held {
        self.main.push((row, value));
        Held { cell: Cell::Main(row), value }
    }

    /// Assigns a cell of the main column, equal to another.
    pub(super) fn main_copy(&mut self, row: usize, of: Held) -> Held {
        let copy = self.main(row, of.value);
        self.copy(copy.cell, of.cell);
        copy
    }

    /// Assigns the running sum of a value of `pieces` pieces, and returns the cell that holds the value.
    pub(super) fn sum(&mut self, row: usize, value: u128, pieces: usize) -> Held {
        debug_assert!(value >> (pieces * PIECE_BITS) == 0, "{value} in {pieces} pieces");
        for i in 0..pieces {
            self.running.push((row + i, Fr::from_u128(value >> (i * PIECE_BITS))));
        }
        self.continued.extend(row..row + pieces - 1);
        Held { cell: Cell::Running(row), value: Fr::from_u128(value) }
    }

    /// Assigns the running sums of a number's limbs, the last of which has `top` pieces.
    pub(super) fn limbs(&mut self, row: usize, limbs: [u128; LIMBS], top: usize) -> [Held; LIMBS] {
        debug_assert!((TOP_PIECES..=LIMB_PIECES).contains(&top));
        std::array::from_fn(|i| {
            let pieces = if i + 1 == LIMBS { top } else { LIMB_PIECES };
            self.sum(row + i * LIMB_PIECES, limbs[i], pieces)
        })
    }

    /// The values of all pairs of cells that should be equal.
    #[cfg(test)]
    pub(super) fn copied_values(&self, scalar: &impl Fn(&ContextCell) -> Fr) -> Vec<[Fr; 2]> {
        let running: HashMap<usize, Fr> = self.running.iter().copied().collect();
        let main: HashMap<usize, Fr> = self.main.iter().copied().collect();
        let value = |cell: &Cell| match cell {
            Cell::Running(row) => running[row],
            Cell::Main(row) => main[row],
            Cell::Scalar(cell) => scalar(cell),
        };
        self.copies.iter().map(|(a, b)| [value(a), value(b)]).collect()
    }

    /// Lays the columns out in a region that starts on row 0, from the row `first` on. Scalars must have been assigned.
    pub(super) fn assign(
        &self,
        config: &FoldConfig,
        region: &mut Region<'_, Fr>,
        first: usize,
        known: bool,
        scalars: &HashMap<ContextCell, circuit::Cell>,
    ) -> Result<(), Error> {
        let value = |value: &Fr| if known { Value::known(*value) } else { Value::unknown() };
        let mut lay = |column, cells: &[(usize, Fr)]| -> Vec<Option<circuit::Cell>> {
            let mut placed = vec![None; self.rows];
            for (row, content) in cells {
                placed[*row] = Some(region.assign_advice(column, first + *row, value(content)).cell());
            }
            placed
        };
        let running = lay(config.running, &self.running);
        let main = lay(config.main, &self.main);

        for row in &self.continued {
            region.assign_fixed(config.continued, first + *row, Fr::from(1 << PIECE_BITS));
        }
        for (row, label) in &self.labels {
            region.assign_fixed(config.labels, first + *row, *label);
        }
        for (gate, row) in &self.gates {
            config.switch(*gate).enable(region, first + *row);
        }
        let place = |cell: &Cell| match cell {
            Cell::Running(row) => running[*row],
            Cell::Main(row) => main[*row],
            Cell::Scalar(cell) => scalars.get(cell).copied(),
        };
        for (a, b) in &self.copies {
            let (Some(a), Some(b)) = (place(a), place(b)) else { return Err(Error::Synthesis) };
            region.constrain_equal(a, b);
        }
        Ok(())
    }
}
