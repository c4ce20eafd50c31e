//! Sums that may be negative on the way, and bounds that close after a comparison instead of a reduction.

use core::arch::x86_64::*;

use super::{Factor, Lanes, Loose, Modulus, Product, all, multiple};

impl<M> core::fmt::Debug for Factor<M> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Factor").field(&self.limbs).finish()
    }
}

impl<M: Modulus> Factor<M> {
    /// The full product.
    #[inline(always)]
    pub(crate) fn widening_mul(self, other: impl Into<Self>) -> Product<M> {
        // Products do not see what sets `Lanes` apart from `Factor`.
        Lanes::new(self.limbs).widening_mul(other)
    }

    /// The full square.
    #[inline(always)]
    pub(crate) fn widening_square(self) -> Product<M> {
        Lanes::new(self.limbs).widening_square()
    }

    /// `self * other / 2^260` modulo p, for another multiplication.
    #[inline(always)]
    pub(crate) fn mul(self, other: impl Into<Self>) -> Self {
        self.widening_mul(other).reduce().carried()
    }
}

impl<M: Modulus> Loose<M> {
    /// `self - other` in the lanes of the mask and `self + other` in the others, no carries.
    #[inline(always)]
    pub(crate) fn plus_minus(self, minus: __mmask8, other: impl Into<Self>) -> Self {
        let mut limbs = self.limbs;
        for (limb, other) in limbs.iter_mut().zip(other.into().limbs) {
            // SAFETY: a `Loose` exists only where `Ifma::detect` succeeded.
            unsafe {
                *limb = _mm512_mask_sub_epi64(*limb, minus, *limb, other);
                *limb = _mm512_mask_add_epi64(*limb, !minus, *limb, other);
            }
        }
        Self::new(limbs)
    }

    /// `K p - self`, no carries.
    #[inline(always)]
    pub(crate) fn negate<const K: u64>(self) -> Self {
        let mut limbs = self.limbs;
        for (limb, lift) in limbs.iter_mut().zip(const { multiple(M::P, K) }) {
            // SAFETY: a `Loose` exists only where `Ifma::detect` succeeded.
            *limb = unsafe { _mm512_sub_epi64(all(lift), *limb) };
        }
        Self::new(limbs)
    }

    /// `self + K p`, no carries.
    #[inline(always)]
    pub(crate) fn lift<const K: u64>(self) -> Self {
        let mut limbs = self.limbs;
        for (limb, lift) in limbs.iter_mut().zip(const { multiple(M::P, K) }) {
            // SAFETY: a `Loose` exists only where `Ifma::detect` succeeded.
            *limb = unsafe { _mm512_add_epi64(*limb, all(lift)) };
        }
        Self::new(limbs)
    }

    /// Adds K p to the numbers below `FLOOR p`, no carries; maybe also to others below `(FLOOR + 2^-29) p`.
    ///
    /// The top limb t decides, before the others have carried into it. These are less than 2^63 in magnitude, so the number
    /// is within 2^220 of `2^208 t`.
    #[inline(always)]
    pub(crate) fn lift_below<const FLOOR: u64, const K: u64>(self) -> Self {
        let mut limbs = self.limbs;
        // SAFETY: a `Loose` exists only where `Ifma::detect` succeeded.
        unsafe {
            let below = _mm512_cmplt_epi64_mask(limbs[4], all(const { FLOOR * M::P[4] + (1 << 14) }));
            for (limb, lift) in limbs.iter_mut().zip(const { multiple(M::P, K) }) {
                *limb = _mm512_mask_add_epi64(*limb, below, *limb, all(lift));
            }
        }
        Self::new(limbs)
    }
}
