//! Blocks that several rooms place.

use zomma_gadgets::frame::{BlockBuilder, lanes::Table};

/// Inputs: a bit, a digest. Output: the digest if the bit is set, or 0, which is the leaf of a place with nothing in it.
pub(super) fn leaf_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "leaf");
    let (bit, digest) = (b.input(0, 1), b.input_digest());
    let leaf = b.field("exists ? digest : 0", &(bit * digest));
    b.output(&leaf);
    b
}
