//! The `zomma` command.
#![forbid(unsafe_code)]
fn main() {}
