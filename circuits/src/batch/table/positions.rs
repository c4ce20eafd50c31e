//! Lists of positions: unpacked from their words, strictly ascending, and hashed.

use ethnum::I256;
use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use zomma_gadgets::frame::{Block, BlockBuilder, Cursor, Lanes, Word};
use zomma_gadgets::poseidon::{PoseidonChip, PoseidonInstructions};

use super::place;
use crate::batch::frame::Constants;
use crate::encoding::{Tag, biased};
use crate::margin::blocks::{entry_position_block, select_block};
use crate::state::ids::OptionKind;
use crate::state::limits::{CASH_BITS, QTY_BITS};
use crate::state::position::Position as NativePosition;

/// Positions of an account for which there is room.
pub(in crate::batch) const POSITIONS: usize = 16;

/// A position, unpacked; of a place where there is none all is 0 but the instrument and the entry, which are any.
#[derive(Debug, Clone)]
pub(in crate::batch) struct Position {
    /// Whether it is there.
    pub(in crate::batch) active: Word,
    /// 32 bits.
    pub(in crate::batch) instrument: Word,
    /// Signed lots.
    pub(in crate::batch) qty: Word,
    /// Within 2^95 of 0.
    pub(in crate::batch) entry: Word,
    /// The position's word.
    pub(in crate::batch) word: Word,
    /// Whether it is the put of the call before it.
    pub(in crate::batch) pair: Word,
    /// The quantity if it is, else 0.
    pub(in crate::batch) paired: Word,
}

/// A list, natively.
#[derive(Debug, Clone, Default)]
pub(in crate::batch) struct PositionsWitness(pub(in crate::batch) Vec<NativePosition>);

impl PositionsWitness {
    fn cells(&self, index: usize) -> Vec<I256> {
        let Some(NativePosition { instrument, qty, entry }) = self.0.get(index) else { return vec![I256::ZERO; 7] };
        let before = index.checked_sub(1).and_then(|before| self.0.get(before));
        let is_put = instrument.kind() == OptionKind::Put;
        let pair = is_put && before.is_some_and(|before| before.instrument.0 + 1 == instrument.0);
        vec![
            instrument.market().0.into(),
            instrument.strike_index().into(),
            is_put.into(),
            biased((*qty).into(), QTY_BITS).into(),
            biased(*entry, CASH_BITS).into(),
            true.into(),
            pair.into(),
        ]
    }
}

/// Lists of positions.
#[derive(Debug, Clone)]
pub(in crate::batch) struct PositionsChip {
    hash: PoseidonChip,
    position: Block,
    select: Block,
}

impl PositionsChip {
    /// Creates the gates.
    pub(in crate::batch) fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes, hash: &PoseidonChip) -> Self {
        let table = lanes.table();
        let mut configure = |builder: BlockBuilder| builder.configure(meta, lanes);
        Self { hash: *hash, position: configure(entry_position_block(table)), select: configure(select_block(table)) }
    }

    /// A list of [`POSITIONS`] places: those that are taken come first and strictly ascend by instrument.
    pub(in crate::batch) fn list(
        &self,
        cursor: &mut Cursor<'_, '_>,
        constants: &Constants,
        witness: Option<&PositionsWitness>,
    ) -> Vec<Position> {
        let mut list: Vec<Position> = vec![];
        for index in 0..POSITIONS {
            let (active, instrument) =
                list.last().map_or((&constants.one, &constants.before), |last| (&last.active, &last.instrument));
            let cells = witness.map(|witness| witness.cells(index));
            let [active, instrument, _, _, qty, word, pair, paired, entry] =
                place(cursor, &self.position, &[active, instrument], cells);
            list.push(Position { active, instrument, qty, entry, word, pair, paired });
        }
        list
    }

    /// The root of a list.
    pub(in crate::batch) fn root(&self, cursor: &mut Cursor<'_, '_>, constants: &Constants, list: &[Position]) -> Word {
        let mut root = constants.positions.clone();
        for (index, two) in list.chunks_exact(2).enumerate() {
            let words = [&two[0].word, &two[1].word];
            let absorbed = if index == 0 {
                self.hash.compress_under(cursor, Tag::Positions.word(), words)
            } else {
                self.hash.compress(cursor, [&root, words[0], words[1]])
            };
            [root] = cursor.block(&self.select, &[&two[0].active, &absorbed, &root]);
        }
        root
    }
}
