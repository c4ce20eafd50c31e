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
    /// A number lower than one that its slot has seen.
    #[error("number {number} is below {seen}, which its slot has seen")]
    NumberSuperseded {
        /// The number.
        number: u64,
        /// The one seen.
        seen: u64,
    },
    /// A number of which nothing more can be used.
    #[error("number {number} is closed")]
    NumberClosed {
        /// The number.
        number: u64,
    },
    /// More than is left of a number.
    #[error("{amount} and {used} before are more than {most}, all there is of number {number}")]
    NumberExhausted {
        /// The number.
        number: u64,
        /// What was used before.
        used: u64,
        /// What is to be used.
        amount: u64,
        /// How much may be used in all.
        most: u64,
    },
}
