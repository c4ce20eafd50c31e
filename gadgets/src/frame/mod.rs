//! The frame that chips are built on: shared columns, integer expressions with bounds, blocks.
//!
//! A chip of zomma is a [`Block`]: a rectangle of rows over four advice columns with a set of named integer identities.
//! See the book, "Blocks".

pub mod block;
pub mod cursor;
pub mod integer;
pub mod lanes;
pub mod switch;
pub mod value;

pub use block::{Block, BlockBuilder, Cost, Word};
pub use cursor::Cursor;
pub use integer::Integer;
pub use lanes::Lanes;
