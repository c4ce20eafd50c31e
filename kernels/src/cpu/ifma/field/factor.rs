//! Numbers that are only multiplied: a carry is enough, the bits that have been carried may stay.

use core::arch::x86_64::*;

use super::{LIMB_BITS, Lanes, Loose, Modulus, Product};

/// Eight factors. The low 52 bits of the limbs are the number's; above them, all limbs but the top one may hold anything.
///
/// VPMADD52 reads 52 bits. A number that is not added to afterwards saves the masking.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Factor<M> {
    lanes: Lanes<M>,
}

impl<M> From<Lanes<M>> for Factor<M> {
    #[inline(always)]
    fn from(lanes: Lanes<M>) -> Self {
        Self { lanes }
    }
}

impl<M: Modulus> Factor<M> {
    /// The full product.
    #[inline(always)]
    pub(crate) fn widening_mul(self, other: impl Into<Self>) -> Product<M> {
        self.lanes.widening_mul(other.into().lanes)
    }

    /// The full square.
    #[inline(always)]
    pub(crate) fn widening_square(self) -> Product<M> {
        self.lanes.widening_square()
    }

    /// `self * other / 2^260` modulo p, for another multiplication.
    #[inline(always)]
    pub(crate) fn mul(self, other: impl Into<Self>) -> Self {
        self.widening_mul(other).reduce().factor()
    }
}

impl<M: Modulus> Loose<M> {
    /// Carries, as [`Loose::norm`] does, for a number in `[0, 2^260)` that is only multiplied.
    #[inline(always)]
    pub(crate) fn factor(self) -> Factor<M> {
        let mut limbs = self.limbs;
        for i in 0..4 {
            // SAFETY: a `Loose` exists only where `Ifma::detect` succeeded.
            limbs[i + 1] = unsafe { _mm512_add_epi64(limbs[i + 1], _mm512_srai_epi64::<LIMB_BITS>(limbs[i])) };
        }
        Factor { lanes: Lanes::new(limbs) }
    }
}
