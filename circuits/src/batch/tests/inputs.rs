//! Refused inputs.
