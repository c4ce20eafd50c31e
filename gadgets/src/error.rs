//! What this crate refuses.

/// A value that a gadget's native twin does not accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GadgetError {
    /// Bytes or coordinates that stand for nothing.
    #[error("{what}: {reason}")]
    Malformed {
        /// What was to be read.
        what: &'static str,
        /// Why it could not be.
        reason: &'static str,
    },
    /// A signature that is well formed but not one of the message under the key.
    #[error("the signature is not one of this message under this key")]
    WrongSignature,
}
