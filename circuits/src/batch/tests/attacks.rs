//! Cheating witnesses.
