//! Blocks one below the other.

use ethnum::I256;
use halo2_proofs::circuit::{Cell, Region, Value};
use halo2curves::bn256::Fr;

use super::block::{Block, Word};
use super::lanes::Lanes;
use super::value::to_field;

/// Where the next block goes.
#[derive(Debug)]
pub struct Cursor<'r, 'c> {
    region: &'r mut Region<'c, Fr>,
    lanes: &'r Lanes,
    /// The next free row.
    pub row: usize,
    /// A row with a digest in `a0` and nothing else.
    digest: Option<(usize, Cell)>,
}

impl<'r, 'c> Cursor<'r, 'c> {
    /// A cursor at the first row of a region.
    pub fn new(region: &'r mut Region<'c, Fr>, lanes: &'r Lanes) -> Self {
        Self { region, lanes, row: 0, digest: None }
    }

    /// Assigns a block without witnesses of its own.
    pub fn block<const N: usize>(&mut self, block: &Block, inputs: &[&Word]) -> [Word; N] {
        self.place(block, inputs, None)
    }

    /// Assigns a block whose witnesses the prover chooses.
    pub fn block_with<const N: usize>(
        &mut self,
        block: &Block,
        inputs: &[&Word],
        witnesses: Option<&[I256]>,
    ) -> [Word; N] {
        self.place(block, inputs, witnesses)
    }

    /// Assigns a block without witnesses of its own, whose number of outputs is known only when it runs.
    pub fn outputs(&mut self, block: &Block, inputs: &[&Word]) -> Vec<Word> {
        self.all_outputs(block, inputs, None)
    }

    fn all_outputs(&mut self, block: &Block, inputs: &[&Word], witnesses: Option<&[I256]>) -> Vec<Word> {
        let outputs = block.assign(self.region, self.lanes, self.row, inputs, witnesses);
        self.row += block.cost().rows;
        outputs
    }

    fn place<const N: usize>(&mut self, block: &Block, inputs: &[&Word], witnesses: Option<&[I256]>) -> [Word; N] {
        let outputs = self.all_outputs(block, inputs, witnesses);
        outputs.try_into().unwrap_or_else(|_| panic!("block {} does not have {N} outputs", block.name()))
    }

    /// The digest in `a0` of the row above the next free one, if nothing else is in that row: a permutation may begin there.
    pub(crate) fn digest_above(&self) -> Option<Cell> {
        self.digest.filter(|(row, _)| row + 1 == self.row).map(|(_, digest)| digest)
    }

    /// Notes that the last row before the next free one holds this digest in `a0` and nothing else.
    pub(crate) fn end_in_digest(&mut self, digest: Cell) {
        self.digest = self.row.checked_sub(1).map(|row| (row, digest));
    }

    /// Notes that something else has been put beside the digest.
    pub(crate) fn forget_digest(&mut self) {
        self.digest = None;
    }

    /// Assigns a cell of a shared column; `value` is unknown while keys are made.
    pub(crate) fn assign(&mut self, row: usize, column: usize, value: Option<Fr>) -> Word {
        let known = value.map_or_else(Value::unknown, Value::known);
        Word::digest(self.region.assign_advice(self.lanes.advice[column], row, known).cell(), value)
    }

    /// Assigns a cell of a shared column as a copy.
    pub(crate) fn copy(&mut self, row: usize, column: usize, of: &Word) -> Word {
        let copy = self.assign(row, column, of.value.map(to_field));
        self.equal(&copy, of);
        Word { bounds: of.bounds.clone(), ..copy }
    }

    /// Requires that two cells hold the same.
    pub(crate) fn equal(&mut self, left: &Word, right: &Word) {
        self.region.constrain_equal(left.cell, right.cell);
    }

    /// The shared columns.
    pub fn lanes(&self) -> &Lanes {
        self.lanes
    }

    /// The region, for chips that are not blocks.
    pub fn region(&mut self) -> &mut Region<'c, Fr> {
        self.region
    }
}
