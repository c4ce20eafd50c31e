//! EdDSA over Baby Jubjub with Poseidon as challenge hash, interchangeable with circomlibjs's `signPoseidon` and `verifyPoseidon`.
//!
//! Source: Bernstein, Duif, Lange, Schwabe, Yang, "High-speed high-security signatures", 2011; circomlib's `eddsaposeidon`.
//!
//! # What is a signature
//! $(R_8, S)$ signs the field element $M$ under $A$ if and only if
//!
//! 1. $A$ is a point of the prime subgroup other than the neutral element;
//! 2. $R_8$ is a point of the curve;
//! 3. $0 \le S < \ell$;
//! 4. $S\,B_8 = R_8 + 8 h A$ where $h = \mathrm{Poseidon}(R_{8,x}, R_{8,y}, A_x, A_y, M)$, an integer below p.
//!
//! circomlibjs omits condition 1 beyond the curve's equation: it also verifies under keys of low order, for which anybody can
//! sign, and under keys with a component of low order, which no seed yields. It has conditions 2 to 4. By 3 and 4 nobody
//! but the signer can make a second signature from a first, and $R_8$ is in the prime subgroup.

mod blake512;
mod canonical;
mod chip;
mod native;

#[cfg(test)]
mod chip_tests;
#[cfg(test)]
mod tests;

use crate::frame::{Cursor, Word};

pub use chip::EddsaChip;
pub use native::{PrivateKey, PublicKey, Signature};

/// Signatures in a circuit.
pub trait EddsaInstructions {
    /// Requires that there is a signature of `message` under `key`, coordinates x and y, by all four conditions above: nothing has to be
    /// known about the key's cells before. `signature` is the prover's, unknown while keys are made; the result is where it stands, for
    /// callers that bind it to something. `zero` is a cell that holds 0.
    ///
    /// There is no switch to leave a signature out: a transaction without one carries a fixed signature by a fixed key, which is valid.
    /// A signature that is not valid leaves a circuit that no proof exists for; nothing panics.
    fn verify(
        &self,
        cursor: &mut Cursor<'_, '_>,
        key: [&Word; 2],
        message: &Word,
        signature: Option<&Signature>,
        zero: &Word,
    ) -> AssignedSignature;
}

/// A signature in a circuit.
#[derive(Debug, Clone)]
pub struct AssignedSignature {
    /// Coordinates x and y of $R_8$, a point of the prime subgroup.
    pub r8: [Word; 2],
    /// S, below $\ell$.
    pub s: Word,
}
