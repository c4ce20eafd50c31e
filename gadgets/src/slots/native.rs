//! The native twin.

use halo2curves::{bn256::Fr, ff::PrimeField};

use crate::error::GadgetError;

/// Bits of a number.
pub const NUMBER_BITS: u32 = 63;

/// Bits of an amount.
pub(super) const AMOUNT_BITS: u32 = 53;

/// What is used of a number that is closed: more than any amount.
pub const CLOSED: u64 = 1 << AMOUNT_BITS;

/// Where the used part begins in a slot's word.
pub(super) const USED_SHIFT: u32 = 64;

/// A slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slot {
    /// The highest number seen; 0 if none was.
    pub number: u64,
    /// How much of it is used, or [`CLOSED`].
    pub used: u64,
}

/// What is done with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// An amount is used, of so much in all.
    Some {
        /// The amount.
        amount: u64,
        /// How much may be used in all.
        most: u64,
    },
    /// The number is closed.
    Close,
}

impl Slot {
    /// The slot after a use of a number.
    ///
    /// # Errors
    /// [`GadgetError::NumberSuperseded`], [`GadgetError::NumberClosed`], [`GadgetError::NumberExhausted`].
    pub fn after(self, number: u64, of: Use) -> Result<Self, GadgetError> {
        if number < self.number {
            return Err(GadgetError::NumberSuperseded { number, seen: self.number });
        }
        let before = if number == self.number { self.used } else { 0 };
        if before >= CLOSED {
            return Err(GadgetError::NumberClosed { number });
        }
        match of {
            Use::Close => Ok(Self { number, used: CLOSED }),
            Use::Some { amount, most } if before + amount <= most => Ok(Self { number, used: before + amount }),
            Use::Some { amount, most } => Err(GadgetError::NumberExhausted { number, used: before, amount, most }),
        }
    }

    /// The leaf: number and used part side by side.
    #[must_use]
    pub fn word(self) -> Fr {
        Fr::from_u128(u128::from(self.used) << USED_SHIFT | u128::from(self.number))
    }
}
