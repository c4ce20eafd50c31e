//! Folding: many batch proofs into one that a contract can afford to check.
//!
//! A **leaf** circuit verifies a batch proof and the risk proof that its context names, a **node** two leaves or nodes, the **wrap** the
//! last of them for the EVM. None computes a pairing: each combines what is left of the proofs it verifies, and of those below, into
//! one accumulator that it exposes. See the book's chapter on folding for the argument.

mod chip;
mod circuit;
mod cost;
mod folding;
mod hash;
mod instance;
mod key;
mod leaf;
mod limbs;
mod native;
mod node;
mod pins;
mod points;
mod transcript;
mod tree;
mod venue;
mod verifier;

pub use chip::{FoldCircuit, FoldConfig, FoldCost, FoldShape};
pub use cost::{FoldingCost, LayerCost, ProofCost, folding_cost};
pub use folding::{FoldProof, Folding, Layer, MIN_K};
pub use hash::{Tag, native_chain};
pub use instance::{ACCUMULATOR_LEN, Accumulator, FoldInstance, INSTANCE_LEN, LIMB_BITS, LIMBS};
pub(crate) use key::Scheme;
pub use key::{FoldKey, KeyDigests};
pub use leaf::{
    BATCH_INSTANCE_LEN, ContextLayout, Inner, InnerId, LeafInputs, Link, MAX_PARAMS, PARAMS_SCENARIOS,
    ProofWithInstance, leaf_contexts,
};
pub use node::node_contexts;
pub use pins::{FoldPin, FoldPins, InnerPlace};
pub use tree::{FoldHeader, KEYS_FILE, Tree};
pub use venue::{Deliveries, FoldVerdict, check_pinned, trust_fold, verify_fold};
pub use verifier::{FoldKeysHeader, FoldVerifier};

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::{Claimer, for_settlement};
