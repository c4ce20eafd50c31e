//! The signature of those who sign nothing: circuits have no switch to leave a verification out, so a slot whose transaction carries no
//! signature verifies this one.

use std::sync::LazyLock;

use halo2curves::bn256::Fr;
use zomma_gadgets::eddsa::{PrivateKey, Signature};
use zomma_gadgets::poseidon::tag;

/// What its key is made of; anybody may know it.
const SEED: &[u8; 32] = b"zomma: nobody has to sign this. ";

/// A key, a message, and the signature of the one under the other.
pub(in crate::batch) struct Unsigned {
    /// Coordinates of the key.
    pub(in crate::batch) key: [Fr; 2],
    /// The message.
    pub(in crate::batch) message: Fr,
    /// The signature.
    pub(in crate::batch) signature: Signature,
}

/// The fixed signature.
pub(super) static UNSIGNED: LazyLock<Unsigned> = LazyLock::new(|| {
    let secret = PrivateKey::from_seed(SEED);
    let point = secret.public().point();
    let message = tag("zomma.unsigned");
    Unsigned { key: [point.x(), point.y()], message, signature: secret.sign(message) }
});
