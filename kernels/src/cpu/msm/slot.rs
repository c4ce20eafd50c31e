//! Points and references to points, as the kernels keep them.

use halo2curves::bn256::Fq;

/// An affine point in one cache line.
///
/// The coordinates are canonical words in the Montgomery form of the kernel that made the slot: 2^256 (halo2curves) for
/// the portable kernel, 2^260 for IFMA. Only that kernel can read them.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Slot {
    pub(crate) x: Fq,
    pub(crate) y: Fq,
}

impl Slot {
    /// The identity, in every form: no point of the curve has y = 0, because the group has odd order.
    pub(crate) const IDENTITY: Self = Self { x: Fq::zero(), y: Fq::zero() };

    #[inline(always)]
    pub(crate) fn is_identity(&self) -> bool {
        // Comparing elements goes through constant-time code.
        *words(&self.y) == [0; 4]
    }
}

/// The Montgomery words of an element.
#[inline(always)]
pub(crate) fn words(x: &Fq) -> &[u64; 4] {
    const { assert!(size_of::<Fq>() == 32 && align_of::<Fq>() == align_of::<u64>()) };
    // SAFETY: an `Fq` is a struct with a `[u64; 4]` and nothing else: it has the size and the alignment of one.
    unsafe { &*core::ptr::from_ref(x).cast() }
}

/// A signed reference to a slot: `index << 1 | negative`. The slot must not be the identity.
pub(crate) type SlotRef = u32;

/// The reference that refers to nothing.
pub(crate) const NONE: SlotRef = u32::MAX;

/// How many slots references can tell apart, [`NONE`] excluded.
pub(crate) const MAX_SLOTS: usize = (u32::MAX >> 1) as usize;

/// Splits a reference into index and sign.
#[inline(always)]
pub(crate) const fn split_ref(reference: SlotRef) -> (usize, bool) {
    ((reference >> 1) as usize, reference & 1 == 1)
}

/// A term of a bucket sum: the bucket in the upper half, a [`SlotRef`] in the lower.
pub(crate) type Term = u64;

#[inline(always)]
pub(crate) const fn term(bucket: u32, reference: SlotRef) -> Term {
    (bucket as u64) << 32 | reference as u64
}

#[inline(always)]
pub(crate) const fn bucket_of(term: Term) -> u32 {
    (term >> 32) as u32
}
