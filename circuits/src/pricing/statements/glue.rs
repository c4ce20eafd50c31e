//! What both statements need beside pricing: constants and trees.

use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::integer::field_order;
use zomma_gadgets::frame::value::to_integer;
use zomma_gadgets::frame::{Block, BlockBuilder, Cursor, Integer, Lanes, Word};
use zomma_gadgets::merkle::empty_roots;
use zomma_gadgets::poseidon::{PoseidonChip, PoseidonInstructions};

/// Constants and trees.
#[derive(Debug, Clone)]
pub(super) struct Glue {
    pub(super) hash: PoseidonChip,
    constants: Block,
    depth: usize,
}

/// Constants of a statement, assigned.
#[derive(Debug, Clone)]
pub(super) struct Constants {
    /// Roots of empty trees; the first is 0.
    pub(super) empty: Vec<Word>,
    /// The tags given, in their order.
    pub(super) tags: Vec<Word>,
}

impl Glue {
    /// `depth` is that of the trees, `tags` the domain separators that are needed in cells.
    pub(super) fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes, depth: usize, tags: &[Fr]) -> Self {
        let hash = PoseidonChip::configure(meta, lanes);
        let mut constants = BlockBuilder::new("constants");
        for (index, value) in empty_roots(depth).iter().chain(tags).enumerate() {
            let cell = constants.named(&format!("constant {index}"), &Integer::constant(to_integer(*value)));
            constants.output(&cell);
        }
        let constants = constants.configure(meta, lanes);
        Self { hash, constants, depth }
    }

    pub(super) fn constants(&self, cursor: &mut Cursor<'_, '_>) -> Constants {
        let mut empty = cursor.outputs(&self.constants, &[]);
        let tags = empty.split_off(self.depth + 1);
        Constants { empty, tags }
    }

    /// Root of the tree over leaves.
    pub(super) fn root(&self, cursor: &mut Cursor<'_, '_>, constants: &Constants, leaves: Vec<Word>) -> Word {
        let mut level = leaves;
        for depth in 0..self.depth {
            level = level
                .chunks(2)
                .map(|pair| {
                    let right = pair.get(1).unwrap_or(&constants.empty[depth]);
                    self.hash.hash2(cursor, [&pair[0], right])
                })
                .collect();
        }
        level.into_iter().next().unwrap_or_else(|| constants.empty[self.depth].clone())
    }

    /// Rows of the constants.
    pub(super) fn rows(&self) -> usize {
        self.constants.cost().rows
    }
}

/// An input that is any field element.
pub(super) fn digest(block: &mut BlockBuilder) -> Integer {
    block.input(0, field_order() - 1)
}

/// Rows of hashes one below the other: so many under constant capacities, and so many under digests.
pub(super) fn hash_rows(under_constants: usize, under_digests: usize) -> usize {
    let [two, three] = [PoseidonChip::cost_of_two(), PoseidonChip::cost_of_three()];
    under_constants * two.rows + under_digests * three.rows + 1
}
