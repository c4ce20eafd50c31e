//! What both statements need beside pricing: constants, leaves that may be empty, trees.

use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use zomma_gadgets::fixed::FixedPointInstructions;
use zomma_gadgets::frame::integer::field_order;
use zomma_gadgets::frame::value::to_integer;
use zomma_gadgets::frame::{Block, BlockBuilder, Cursor, Integer, Lanes, Word};
use zomma_gadgets::merkle::empty_roots;
use zomma_gadgets::poseidon::{PoseidonChip, PoseidonInstructions};

/// Constants, an activity bit, digests gated by it, and trees.
#[derive(Debug, Clone)]
pub(super) struct Glue {
    pub(super) hash: PoseidonChip,
    constants: Block,
    active: Block,
    gate: Block,
    select: Block,
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
        let mut active = BlockBuilder::new("activity");
        let bit = active.witness_bit("active");
        active.output(&bit);

        let digest = |b: &mut BlockBuilder| b.input(0, field_order() - 1);
        let mut gate = BlockBuilder::new("leaf");
        let (bit, value) = (gate.input(0, 1), digest(&mut gate));
        let leaf = gate.named("active ? digest : 0", &(bit * value));
        gate.output(&leaf);

        let mut select = BlockBuilder::new("select digest");
        let (bit, then, otherwise) = (select.input(0, 1), digest(&mut select), digest(&mut select));
        let chosen = select.field("active ? then : otherwise", &(&bit * then + bit.not() * otherwise));
        select.output(&chosen);
        let mut configure = |builder: BlockBuilder| builder.configure(meta, lanes);
        let constants = configure(constants);
        Self { hash, constants, active: configure(active), gate: configure(gate), select: configure(select), depth }
    }

    pub(super) fn constants(&self, cursor: &mut Cursor<'_, '_>) -> Constants {
        let mut empty = cursor.outputs(&self.constants, &[]);
        let tags = empty.split_off(self.depth + 1);
        Constants { empty, tags }
    }

    pub(super) fn active(&self, cursor: &mut Cursor<'_, '_>, active: Option<bool>) -> Word {
        let witness = active.map(|active| [active.into()]);
        let [active] = cursor.block_with(&self.active, &[], witness.as_ref().map(|w| &w[..]));
        active
    }

    pub(super) fn gate(&self, cursor: &mut Cursor<'_, '_>, active: &Word, digest: &Word) -> Word {
        let [leaf] = cursor.block(&self.gate, &[active, digest]);
        leaf
    }

    pub(super) fn select(&self, cursor: &mut Cursor<'_, '_>, bit: &Word, then: &Word, otherwise: &Word) -> Word {
        let [chosen] = cursor.block(&self.select, &[bit, then, otherwise]);
        chosen
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

    /// Rows of the constants, of a gated leaf, of an activity bit, of a selection.
    pub(super) fn rows(&self) -> GlueRows {
        GlueRows {
            constants: self.constants.cost().rows,
            gate: self.gate.cost().rows,
            active: self.active.cost().rows,
            select: self.select.cost().rows,
        }
    }
}

/// Rows of the parts of [`Glue`].
#[derive(Debug, Clone, Copy)]
pub(super) struct GlueRows {
    pub(super) constants: usize,
    pub(super) gate: usize,
    pub(super) active: usize,
    pub(super) select: usize,
}

/// Rows of hashes one below the other: so many under constant capacities, and so many under digests.
pub(super) fn hash_rows(under_constants: usize, under_digests: usize) -> usize {
    let [two, three] = [PoseidonChip::cost_of_two(), PoseidonChip::cost_of_three()];
    under_constants * two.rows + under_digests * three.rows + 1
}
