//! Blocks one below the other.

use ethnum::I256;
use halo2_proofs::circuit::Region;
use halo2curves::bn256::Fr;

use super::block::{Block, Word};
use super::lanes::Lanes;

/// Where the next block goes.
#[derive(Debug)]
pub struct Cursor<'r, 'c> {
    region: &'r mut Region<'c, Fr>,
    lanes: &'r Lanes,
    /// The next free row.
    pub row: usize,
}

impl<'r, 'c> Cursor<'r, 'c> {
    /// A cursor at the first row of a region.
    pub fn new(region: &'r mut Region<'c, Fr>, lanes: &'r Lanes) -> Self {
        Self { region, lanes, row: 0 }
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

    /// The shared columns.
    pub fn lanes(&self) -> &Lanes {
        self.lanes
    }

    /// The region, for chips that are not blocks.
    pub fn region(&mut self) -> &mut Region<'c, Fr> {
        self.region
    }
}
