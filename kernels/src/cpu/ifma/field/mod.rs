//! Eight elements of Fr or Fq at a time: five 52-bit limbs, structure of arrays, lazy reduction.
//!
//! # Forms
//! halo2curves keeps x as the canonical four words of `x * 2^256 mod p`. [`Lanes::mul`] divides by 2^260, so
//! - a constant kept as `c * 2^260` times data in the 2^256 form stays in the 2^256 form (the NTT works this way);
//! - two operands in the 2^256 form need one of them shifted left by four bits: [`Lanes::load_260`] does this for free,
//!   its value is below 16 p.
//!
//! # Bounds
//! `p = 2^260 / 84.6`, so values up to 84 p fit five limbs and most sums need no modular correction. Two types keep track
//! of what the instruction needs:
//! - [`Lanes`]: every limb is in `[0, 2^52)`; VPMADD52 ignores higher bits, so only this type can be multiplied;
//! - [`Loose`]: limbs are signed 64-bit numbers, the result of adding and subtracting without carries;
//!   [`Loose::norm`] turns it into [`Lanes`] and requires `0 <= value < 2^260`.
//!
//! The caller tracks the multiple of p: for inputs below `a p` and `b p`,
//!
//! | operation | result below | requires |
//! |---|---|---|
//! | `mul`, `square` | `(a b / 84.6 + 1.13) p` | nothing: `a, b <= 84` gives at most 84.6 |
//! | `add` | `(a + b) p` | `a + b <= 84` before `norm` |
//! | `sub::<K>` | `(a + K) p` | `b <= K`, `a + K <= 84` before `norm` |
//! | `reduce_once` | `p` | `a <= 2` |
//! | `reduce` | `p` | nothing |
//!
//! In `mul` the 1.13 is `p + NEG_INV / 2^52 p` (0.122 for Fr, 0.127 for Fq), see [`Product::reduce`].

mod layout;
mod modulus;
mod signed;
#[cfg(test)]
mod tests;

use core::arch::x86_64::*;
use core::marker::PhantomData;

use super::Ifma;
pub(crate) use layout::{transpose, words};
pub(crate) use modulus::{FqModulus, FrModulus, LIMB_BITS, LIMB_MASK, Limbs, Modulus, complement, multiple, split};

/// Eight field elements, limbs below 2^52, value below 2^260. Having one proves that the processor has the instructions.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Lanes<M> {
    pub(crate) limbs: [__m512i; 5],
    modulus: PhantomData<M>,
}

/// Eight numbers whose limbs are signed and overlap: sums and differences before [`Loose::norm`].
#[derive(Clone, Copy)]
pub(crate) struct Loose<M> {
    limbs: [__m512i; 5],
    modulus: PhantomData<M>,
}

/// Eight numbers below 2^260 that are only good for a multiplication: carries are propagated, but limbs keep their upper
/// bits, which VPMADD52 ignores.
#[derive(Clone, Copy)]
pub(crate) struct Factor<M> {
    limbs: [__m512i; 5],
    modulus: PhantomData<M>,
}

/// Eight double-width numbers in ten columns: a sum of products that shares one Montgomery reduction.
///
/// Up to 256 products may be added: a column receives ten terms below 2^52 from each, and ten more in the reduction.
#[derive(Clone, Copy)]
pub(crate) struct Product<M> {
    columns: [__m512i; 10],
    modulus: PhantomData<M>,
}

impl<M> core::fmt::Debug for Lanes<M> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Lanes").field(&self.limbs).finish()
    }
}

impl<M> From<Lanes<M>> for Loose<M> {
    #[inline(always)]
    fn from(value: Lanes<M>) -> Self {
        Self::new(value.limbs)
    }
}

impl<M> From<Lanes<M>> for Factor<M> {
    #[inline(always)]
    fn from(value: Lanes<M>) -> Self {
        Self { limbs: value.limbs, modulus: PhantomData }
    }
}

#[inline(always)]
fn all(x: u64) -> __m512i {
    // SAFETY: private; reached only through methods of values that prove the instructions are present.
    unsafe { _mm512_set1_epi64(x as i64) }
}

impl<M> Lanes<M> {
    #[inline(always)]
    pub(crate) fn from_limbs(_: Ifma, limbs: [__m512i; 5]) -> Self {
        Self::new(limbs)
    }

    #[inline(always)]
    fn new(limbs: [__m512i; 5]) -> Self {
        Self { limbs, modulus: PhantomData }
    }

    /// Eight zeros.
    #[inline(always)]
    pub(crate) fn zero(_: Ifma) -> Self {
        Self::new([all(0); 5])
    }

    /// The same number in each lane; limbs must be below 2^52.
    #[inline(always)]
    pub(crate) fn splat(_: Ifma, limbs: &Limbs) -> Self {
        Self::new([all(limbs[0]), all(limbs[1]), all(limbs[2]), all(limbs[3]), all(limbs[4])])
    }

    /// Lane by lane `if mask { yes } else { no }`.
    #[inline(always)]
    pub(crate) fn select(mask: __mmask8, yes: Self, no: Self) -> Self {
        let mut limbs = no.limbs;
        for (limb, other) in limbs.iter_mut().zip(yes.limbs) {
            // SAFETY: a `Lanes` exists only where `Ifma::detect` succeeded.
            *limb = unsafe { _mm512_mask_mov_epi64(*limb, mask, other) };
        }
        Self::new(limbs)
    }

    /// The lanes whose number is 0. Only the canonical zero counts: reduce first.
    #[inline(always)]
    pub(crate) fn zero_mask(self) -> __mmask8 {
        let l = self.limbs;
        // SAFETY: a `Lanes` exists only where `Ifma::detect` succeeded.
        unsafe {
            let low = _mm512_or_si512(_mm512_or_si512(l[0], l[1]), _mm512_or_si512(l[2], l[3]));
            let any = _mm512_or_si512(low, l[4]);
            _mm512_testn_epi64_mask(any, any)
        }
    }
}

impl<M: Modulus> Lanes<M> {
    /// `self + other`.
    #[inline(always)]
    pub(crate) fn add(self, other: impl Into<Loose<M>>) -> Loose<M> {
        Loose::from(self).add(other)
    }

    /// `self - other + K p`.
    #[inline(always)]
    pub(crate) fn sub<const K: u64>(self, other: impl Into<Loose<M>>) -> Loose<M> {
        Loose::from(self).sub::<K>(other)
    }

    /// `self * other / 2^260` modulo p.
    #[inline(always)]
    pub(crate) fn mul(self, other: impl Into<Factor<M>>) -> Self {
        self.mul_loose(other).norm()
    }

    /// As [`Self::mul`] without the last carries, when a sum follows. Limbs are below 2^57, not negative.
    #[inline(always)]
    pub(crate) fn mul_loose(self, other: impl Into<Factor<M>>) -> Loose<M> {
        self.widening_mul(other).reduce()
    }

    /// `self^2 / 2^260` modulo p.
    #[inline(always)]
    pub(crate) fn square(self) -> Self {
        self.square_loose().norm()
    }

    /// As [`Self::square`] without the last carries.
    #[inline(always)]
    pub(crate) fn square_loose(self) -> Loose<M> {
        self.widening_square().reduce()
    }

    /// The full product.
    #[inline(always)]
    pub(crate) fn widening_mul(self, other: impl Into<Factor<M>>) -> Product<M> {
        Product::new([all(0); 10]).add_product(self, other)
    }

    /// The full square: the ten mixed products are formed once and doubled.
    #[inline(always)]
    pub(crate) fn widening_square(self) -> Product<M> {
        let a = self.limbs;
        let mut c = [all(0); 10];
        // SAFETY: a `Lanes` exists only where `Ifma::detect` succeeded.
        unsafe {
            for i in 0..5 {
                for j in i + 1..5 {
                    c[i + j] = _mm512_madd52lo_epu64(c[i + j], a[i], a[j]);
                    c[i + j + 1] = _mm512_madd52hi_epu64(c[i + j + 1], a[i], a[j]);
                }
            }
            for column in &mut c[1..9] {
                *column = _mm512_add_epi64(*column, *column);
            }
            for i in 0..5 {
                c[2 * i] = _mm512_madd52lo_epu64(c[2 * i], a[i], a[i]);
                c[2 * i + 1] = _mm512_madd52hi_epu64(c[2 * i + 1], a[i], a[i]);
            }
        }
        Product::new(c)
    }

    /// Canonical form of a value below 2 p.
    #[inline(always)]
    pub(crate) fn reduce_once(self) -> Self {
        let mut limbs = self.limbs;
        let reduced;
        let negative;
        // SAFETY: a `Lanes` exists only where `Ifma::detect` succeeded.
        unsafe {
            for (limb, p) in limbs.iter_mut().zip(M::P) {
                *limb = _mm512_sub_epi64(*limb, all(p));
            }
            reduced = carry(limbs);
            negative = _mm512_movepi64_mask(reduced[4]);
        }
        let out = Self::select(negative, self, Self::new(reduced));
        debug_assert!(out.is_canonical());
        out
    }

    /// Canonical form of any value.
    #[inline(always)]
    pub(crate) fn reduce(self) -> Self {
        self.reduce_below_two_p().reduce_once()
    }

    /// The same residue below 2 p, for any value.
    ///
    /// The quotient is estimated from the top limb t by `floor(t * floor(2^97 / (p_4 + 1)) / 2^97)`. It is never too large,
    /// because `p < (p_4 + 1) 2^208`, and at most one too small: the floors and the lower limbs lose
    /// `t / 2^97 + 1 / p_4 + t / p_4^2 < 2^-39` of a unit before the outer floor.
    #[inline(always)]
    pub(crate) fn reduce_below_two_p(self) -> Self {
        let factor = const { ((1u128 << 97) / (M::P[4] as u128 + 1)) as u64 };
        let mut t = self.limbs;
        // SAFETY: a `Lanes` exists only where `Ifma::detect` succeeded.
        unsafe {
            let zero = all(0);
            let quotient = _mm512_srli_epi64::<45>(_mm512_madd52hi_epu64(zero, t[4], all(factor)));
            for i in 0..5 {
                t[i] = _mm512_sub_epi64(t[i], _mm512_madd52lo_epu64(zero, quotient, all(M::P[i])));
                if i < 4 {
                    t[i + 1] = _mm512_sub_epi64(t[i + 1], _mm512_madd52hi_epu64(zero, quotient, all(M::P[i])));
                }
            }
        }
        Loose::new(t).norm()
    }

    /// Whether each lane is below p (for debug assertions).
    pub(crate) fn is_canonical(self) -> bool {
        // SAFETY: a `Lanes` exists only where `Ifma::detect` succeeded.
        unsafe {
            let mut limbs = self.limbs;
            for (limb, p) in limbs.iter_mut().zip(M::P) {
                *limb = _mm512_sub_epi64(*limb, all(p));
            }
            _mm512_movepi64_mask(carry(limbs)[4]) == 0xff
        }
    }
}

/// Propagates signed carries: limbs 0..4 end in `[0, 2^52)`, the top limb takes what is left.
///
/// # Safety
/// The processor has the instructions of [`Ifma`].
#[inline(always)]
unsafe fn carry(mut t: [__m512i; 5]) -> [__m512i; 5] {
    // SAFETY: by contract.
    unsafe {
        let mask = all(LIMB_MASK);
        for i in 0..4 {
            let over = _mm512_srai_epi64::<LIMB_BITS>(t[i]);
            t[i] = _mm512_and_si512(t[i], mask);
            t[i + 1] = _mm512_add_epi64(t[i + 1], over);
        }
    }
    t
}

/// `[a * x, b * y]` without the last carries.
///
/// One product alone is a chain of dependent instructions that outlasts the processor's scheduler; two interleaved
/// keep it busy.
#[inline(always)]
pub(crate) fn mul_pair<M: Modulus>(
    a: impl Into<Factor<M>>,
    x: impl Into<Factor<M>>,
    b: impl Into<Factor<M>>,
    y: impl Into<Factor<M>>,
) -> [Loose<M>; 2] {
    let (a, x, b, y) = (a.into().limbs, x.into().limbs, b.into().limbs, y.into().limbs);
    let mut c = [all(0); 10];
    let mut d = [all(0); 10];
    // SAFETY: a `Factor` exists only where `Ifma::detect` succeeded.
    unsafe {
        for i in 0..5 {
            for j in 0..5 {
                c[i + j] = _mm512_madd52lo_epu64(c[i + j], x[i], a[j]);
                d[i + j] = _mm512_madd52lo_epu64(d[i + j], y[i], b[j]);
            }
            for j in 0..5 {
                c[i + j + 1] = _mm512_madd52hi_epu64(c[i + j + 1], x[i], a[j]);
                d[i + j + 1] = _mm512_madd52hi_epu64(d[i + j + 1], y[i], b[j]);
            }
        }
        for i in 0..4 {
            let (e, f) = (c[i], d[i]);
            c[i + 1] = _mm512_add_epi64(c[i + 1], _mm512_srli_epi64::<LIMB_BITS>(e));
            d[i + 1] = _mm512_add_epi64(d[i + 1], _mm512_srli_epi64::<LIMB_BITS>(f));
            for j in 0..5 {
                c[i + j + 1] = _mm512_madd52lo_epu64(c[i + j + 1], e, all(M::P_STEP[j]));
                d[i + j + 1] = _mm512_madd52lo_epu64(d[i + j + 1], f, all(M::P_STEP[j]));
                c[i + j + 2] = _mm512_madd52hi_epu64(c[i + j + 2], e, all(M::P_STEP[j]));
                d[i + j + 2] = _mm512_madd52hi_epu64(d[i + j + 2], f, all(M::P_STEP[j]));
            }
        }
        let e = _mm512_madd52lo_epu64(all(0), c[4], all(M::NEG_INV));
        let f = _mm512_madd52lo_epu64(all(0), d[4], all(M::NEG_INV));
        let over = _mm512_srli_epi64::<LIMB_BITS>(_mm512_add_epi64(c[4], all(LIMB_MASK)));
        c[5] = _mm512_add_epi64(c[5], over);
        let over = _mm512_srli_epi64::<LIMB_BITS>(_mm512_add_epi64(d[4], all(LIMB_MASK)));
        d[5] = _mm512_add_epi64(d[5], over);
        c[5] = _mm512_madd52hi_epu64(c[5], e, all(M::P[0]));
        d[5] = _mm512_madd52hi_epu64(d[5], f, all(M::P[0]));
        for j in 1..5 {
            c[j + 4] = _mm512_madd52lo_epu64(c[j + 4], e, all(M::P[j]));
            d[j + 4] = _mm512_madd52lo_epu64(d[j + 4], f, all(M::P[j]));
            c[j + 5] = _mm512_madd52hi_epu64(c[j + 5], e, all(M::P[j]));
            d[j + 5] = _mm512_madd52hi_epu64(d[j + 5], f, all(M::P[j]));
        }
    }
    [Loose::new([c[5], c[6], c[7], c[8], c[9]]), Loose::new([d[5], d[6], d[7], d[8], d[9]])]
}

impl<M> Loose<M> {
    #[inline(always)]
    fn new(limbs: [__m512i; 5]) -> Self {
        Self { limbs, modulus: PhantomData }
    }
}

impl<M: Modulus> Loose<M> {
    /// `self + other`, no carries.
    #[inline(always)]
    pub(crate) fn add(self, other: impl Into<Self>) -> Self {
        let mut limbs = self.limbs;
        for (limb, other) in limbs.iter_mut().zip(other.into().limbs) {
            // SAFETY: a `Loose` exists only where `Ifma::detect` succeeded.
            *limb = unsafe { _mm512_add_epi64(*limb, other) };
        }
        Self::new(limbs)
    }

    /// `self - other + K p`, no carries; K p keeps the number from becoming negative.
    #[inline(always)]
    pub(crate) fn sub<const K: u64>(self, other: impl Into<Self>) -> Self {
        let mut limbs = self.limbs;
        let lift = const { multiple(M::P, K) };
        for ((limb, other), lift) in limbs.iter_mut().zip(other.into().limbs).zip(lift) {
            // SAFETY: a `Loose` exists only where `Ifma::detect` succeeded.
            *limb = unsafe { _mm512_add_epi64(_mm512_sub_epi64(*limb, other), all(lift)) };
        }
        Self::new(limbs)
    }

    /// `self - other`, no carries; the caller has added a multiple of p that keeps the number from becoming negative.
    #[inline(always)]
    pub(crate) fn minus(self, other: impl Into<Self>) -> Self {
        let mut limbs = self.limbs;
        for (limb, other) in limbs.iter_mut().zip(other.into().limbs) {
            // SAFETY: a `Loose` exists only where `Ifma::detect` succeeded.
            *limb = unsafe { _mm512_sub_epi64(*limb, other) };
        }
        Self::new(limbs)
    }

    /// `2 * self`, no carries.
    #[inline(always)]
    pub(crate) fn double(self) -> Self {
        self.add(self)
    }

    /// Carries, as far as a multiplication needs them: four instructions fewer than [`Self::norm`]. The number must be
    /// in `[0, 2^260)`.
    #[inline(always)]
    pub(crate) fn carried(self) -> Factor<M> {
        let mut limbs = self.limbs;
        for i in 0..4 {
            // SAFETY: a `Loose` exists only where `Ifma::detect` succeeded.
            limbs[i + 1] = unsafe { _mm512_add_epi64(limbs[i + 1], _mm512_srai_epi64::<LIMB_BITS>(limbs[i])) };
        }
        debug_assert!(
            // SAFETY: as above.
            unsafe { _mm512_cmpgt_epu64_mask(limbs[4], all(LIMB_MASK)) } == 0,
            "the number left [0, 2^260)"
        );
        Factor { limbs, modulus: PhantomData }
    }

    /// Canonical form. The number must be in `[0, 2^260)`.
    ///
    /// The quotient is estimated from the upper limbs as in [`Lanes::reduce_below_two_p`], but before the carries, so that
    /// the top limb may be wrong by one either way; one is added so that it cannot be -1. The scaled error is below 2^-37.
    /// If in some lane the fraction is closer than that to an integer, the slower way decides.
    #[inline(always)]
    pub(crate) fn canonical(self) -> Lanes<M> {
        let factor = const { ((1u128 << 97) / (M::P[4] as u128 + 1)) as u64 };
        let mut t = self.limbs;
        // SAFETY: a `Loose` exists only where `Ifma::detect` succeeded.
        unsafe {
            let top = _mm512_add_epi64(_mm512_add_epi64(t[4], all(1)), _mm512_srai_epi64::<LIMB_BITS>(t[3]));
            let scaled = _mm512_madd52hi_epu64(all(0), top, all(factor));
            // 45 bits of fraction: within 2^8 of an integer if the bits above the eighth vanish after adding 2^8.
            let near = _mm512_testn_epi64_mask(_mm512_add_epi64(scaled, all(1 << 8)), all((1 << 45) - (1 << 9)));
            if near != 0 {
                return self.norm().reduce();
            }
            let quotient = _mm512_srli_epi64::<45>(scaled);
            for i in 0..5 {
                let minus_p = const { complement(M::P) }[i];
                t[i] = _mm512_madd52lo_epu64(t[i], quotient, all(minus_p));
                if i < 4 {
                    t[i + 1] = _mm512_madd52hi_epu64(t[i + 1], quotient, all(minus_p));
                }
            }
            t = carry(t);
            t[4] = _mm512_and_si512(t[4], all(LIMB_MASK));
        }
        let out = Lanes::new(t);
        debug_assert!(out.is_canonical());
        out
    }

    /// Carries. The number must be in `[0, 2^260)`.
    #[inline(always)]
    pub(crate) fn norm(self) -> Lanes<M> {
        // SAFETY: a `Loose` exists only where `Ifma::detect` succeeded.
        let limbs = unsafe { carry(self.limbs) };
        debug_assert!(
            // SAFETY: as above.
            unsafe { _mm512_cmpgt_epu64_mask(limbs[4], all(LIMB_MASK)) } == 0,
            "the number left [0, 2^260)"
        );
        Lanes::new(limbs)
    }
}

impl<M: Modulus> Product<M> {
    #[inline(always)]
    fn new(columns: [__m512i; 10]) -> Self {
        Self { columns, modulus: PhantomData }
    }

    /// Zero.
    #[inline(always)]
    pub(crate) fn zero(_: Ifma) -> Self {
        Self::new([all(0); 10])
    }

    /// `self + 2^260 x`: after the reduction, `+ x`. Limbs of x may be negative if what is reduced is not.
    #[inline(always)]
    pub(crate) fn add_reduced(self, x: Loose<M>) -> Self {
        let mut columns = self.columns;
        for (column, limb) in columns[5..].iter_mut().zip(x.limbs) {
            // SAFETY: a `Product` exists only where `Ifma::detect` succeeded.
            *column = unsafe { _mm512_add_epi64(*column, limb) };
        }
        Self::new(columns)
    }

    /// `self + a * b`.
    #[inline(always)]
    pub(crate) fn add_product(self, a: impl Into<Factor<M>>, b: impl Into<Factor<M>>) -> Self {
        let (a, b) = (a.into().limbs, b.into().limbs);
        let mut c = self.columns;
        // SAFETY: a `Product` exists only where `Ifma::detect` succeeded.
        unsafe {
            for i in 0..5 {
                for j in 0..5 {
                    c[i + j] = _mm512_madd52lo_epu64(c[i + j], a[j], b[i]);
                    c[i + j + 1] = _mm512_madd52hi_epu64(c[i + j + 1], a[j], b[i]);
                }
            }
        }
        Self::new(c)
    }

    /// Montgomery reduction: `self / 2^260` modulo p, below `self / 2^260 + 1.13 p`.
    ///
    /// The first four steps clear a limb d by adding `d * NEG_INV * p`, a multiple of p that is `-d` modulo 2^52: no
    /// digit has to be computed. They add at most `NEG_INV 2^208 p` before the shift by 2^208, hence `NEG_INV / 2^52 p`
    /// (0.13 p) after the last shift. The last step is the usual one, with a digit `d * NEG_INV`, and adds at most p.
    #[inline(always)]
    pub(crate) fn reduce(self) -> Loose<M> {
        let mut c = self.columns;
        // SAFETY: a `Product` exists only where `Ifma::detect` succeeded.
        unsafe {
            for i in 0..4 {
                let digit = c[i];
                c[i + 1] = _mm512_add_epi64(c[i + 1], _mm512_srli_epi64::<LIMB_BITS>(digit));
                for j in 0..5 {
                    c[i + j + 1] = _mm512_madd52lo_epu64(c[i + j + 1], digit, all(M::P_STEP[j]));
                    c[i + j + 2] = _mm512_madd52hi_epu64(c[i + j + 2], digit, all(M::P_STEP[j]));
                }
            }
            let digit = _mm512_madd52lo_epu64(all(0), c[4], all(M::NEG_INV));
            // The low limb becomes 0 modulo 2^52: its carry is its upper bits, plus one unless it was 0 already.
            let over = _mm512_srli_epi64::<LIMB_BITS>(_mm512_add_epi64(c[4], all(LIMB_MASK)));
            c[5] = _mm512_add_epi64(c[5], over);
            c[5] = _mm512_madd52hi_epu64(c[5], digit, all(M::P[0]));
            for j in 1..5 {
                c[j + 4] = _mm512_madd52lo_epu64(c[j + 4], digit, all(M::P[j]));
                c[j + 5] = _mm512_madd52hi_epu64(c[j + 5], digit, all(M::P[j]));
            }
        }
        Loose::new([c[5], c[6], c[7], c[8], c[9]])
    }
}
