//! Touches: cheating witnesses, and cells that nothing holds.

mod attacks;
mod cells;
