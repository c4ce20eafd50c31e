//! What tests of chips share: external vectors; later the soundness harness.

#[cfg(test)]
pub(crate) mod circomlibjs;
