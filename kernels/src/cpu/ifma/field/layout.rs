//! Between memory and registers: packing, transposing, gathering.

use core::arch::x86_64::*;

use super::{LIMB_MASK, Lanes, Limbs, Modulus, all, split};
use crate::cpu::ifma::Ifma;

/// The Montgomery words of an element.
#[inline(always)]
pub(crate) fn words<M: Modulus>(x: &M::Field) -> &[u64; 4] {
    // SAFETY: `Modulus` promises the size, the alignment and that the words are plain integers.
    unsafe { &*(x as *const M::Field).cast() }
}

impl<M: Modulus> Lanes<M> {
    /// Eight neighbouring elements, in the form they have in memory (2^256).
    #[inline(always)]
    pub(crate) fn load(_: Ifma, source: &[M::Field; 8]) -> Self {
        // SAFETY: the token proves the instructions; the array has 8 * 32 bytes.
        unsafe { Self::new(pack(load_words(source.as_ptr().cast()))) }
    }

    /// Eight neighbouring elements in the 2^260 form, below 16 p.
    #[inline(always)]
    pub(crate) fn load_260(_: Ifma, source: &[M::Field; 8]) -> Self {
        // SAFETY: as in `load`.
        unsafe { Self::new(pack_shifted(load_words(source.as_ptr().cast()))) }
    }

    /// Eight elements from anywhere, in the form they have in memory (2^256).
    #[inline(always)]
    pub(crate) fn gather(_: Ifma, source: [&M::Field; 8]) -> Self {
        // SAFETY: the token proves the instructions; references are readable, 32 bytes each.
        unsafe { Self::new(pack(gather_words(addresses::<M>(source)))) }
    }

    /// Eight elements from anywhere in the 2^260 form, below 16 p.
    #[inline(always)]
    pub(crate) fn gather_260(_: Ifma, source: [&M::Field; 8]) -> Self {
        // SAFETY: as in `gather`.
        unsafe { Self::new(pack_shifted(gather_words(addresses::<M>(source)))) }
    }

    /// The same element in each lane, in the form it has in memory (2^256).
    #[inline(always)]
    pub(crate) fn splat_field(ifma: Ifma, x: &M::Field) -> Self {
        Self::splat(ifma, &split(*words::<M>(x)))
    }

    /// Writes eight neighbouring elements. The values must be canonical.
    #[inline(always)]
    pub(crate) fn store(self, target: &mut [M::Field; 8]) {
        debug_assert!(self.is_canonical());
        // SAFETY: a `Lanes` proves the instructions; the array has 8 * 32 bytes; canonical words are valid elements.
        unsafe { store_words(target.as_mut_ptr().cast(), unpack(self.limbs)) }
    }

    /// The eight elements. The values must be canonical.
    #[inline(always)]
    pub(crate) fn to_fields(self) -> [M::Field; 8] {
        let mut out = core::mem::MaybeUninit::<[M::Field; 8]>::uninit();
        debug_assert!(self.is_canonical());
        // SAFETY: as in `store`; all 256 bytes are written.
        unsafe {
            store_words(out.as_mut_ptr().cast(), unpack(self.limbs));
            out.assume_init()
        }
    }

    /// One lane's limbs.
    #[inline(always)]
    pub(crate) fn lane(&self, index: usize) -> Limbs {
        // SAFETY: any eight words are a valid `[u64; 8]`, and the sizes agree.
        let limbs: &[[u64; 8]; 5] = unsafe { &*core::ptr::from_ref(&self.limbs).cast() };
        limbs.map(|limb| limb[index])
    }

    /// Builds the lanes one by one; every limb must be below 2^52.
    #[inline(always)]
    pub(crate) fn from_lanes(_: Ifma, lanes: &[Limbs; 8]) -> Self {
        let limbs: [[u64; 8]; 5] = core::array::from_fn(|i| core::array::from_fn(|lane| lanes[lane][i]));
        // SAFETY: the token proves the instructions; each row has 64 bytes.
        Self::new(limbs.map(|row| unsafe { _mm512_loadu_si512(row.as_ptr().cast()) }))
    }
}

/// Transposes an 8 x 8 matrix of field elements: lane j of entry i becomes lane i of entry j.
#[inline(always)]
pub(crate) fn transpose<M: Modulus>(rows: &[Lanes<M>; 8]) -> [Lanes<M>; 8] {
    let mut out = *rows;
    for limb in 0..5 {
        // SAFETY: a `Lanes` proves the instructions.
        let columns = unsafe { transpose_words(limb_of_each(rows, limb)) };
        for (lanes, column) in out.iter_mut().zip(columns) {
            lanes.limbs[limb] = column;
        }
    }
    out
}

// No closures from here on: one that is not inlined would pass every register through memory, because it is compiled
// without the instructions.

#[inline(always)]
fn limb_of_each<M>(rows: &[Lanes<M>; 8], limb: usize) -> [__m512i; 8] {
    let mut out = [rows[0].limbs[limb]; 8];
    for i in 1..8 {
        out[i] = rows[i].limbs[limb];
    }
    out
}

/// # Safety
/// The processor has the instructions of [`Ifma`].
#[inline(always)]
unsafe fn transpose_words(r: [__m512i; 8]) -> [__m512i; 8] {
    // SAFETY: by contract.
    unsafe {
        let (top, bottom) = (quads([r[0], r[1], r[2], r[3]]), quads([r[4], r[5], r[6], r[7]]));
        let mut out = r;
        for i in 0..4 {
            out[i] = _mm512_shuffle_i64x2::<0x44>(top[i], bottom[i]);
            out[i + 4] = _mm512_shuffle_i64x2::<0xee>(top[i], bottom[i]);
        }
        out
    }
}

/// Transposes the two 4 x 4 halves of four registers.
///
/// # Safety
/// The processor has the instructions of [`Ifma`].
#[inline(always)]
unsafe fn quads(r: [__m512i; 4]) -> [__m512i; 4] {
    // SAFETY: by contract.
    unsafe {
        let low = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
        let high = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
        let (even01, odd01) = (_mm512_unpacklo_epi64(r[0], r[1]), _mm512_unpackhi_epi64(r[0], r[1]));
        let (even23, odd23) = (_mm512_unpacklo_epi64(r[2], r[3]), _mm512_unpackhi_epi64(r[2], r[3]));
        [
            _mm512_permutex2var_epi64(even01, low, even23),
            _mm512_permutex2var_epi64(odd01, low, odd23),
            _mm512_permutex2var_epi64(even01, high, even23),
            _mm512_permutex2var_epi64(odd01, high, odd23),
        ]
    }
}

/// Reads 8 x 4 words and returns them by word index.
///
/// # Safety
/// The processor has the instructions of [`Ifma`]; 256 bytes are readable.
#[inline(always)]
unsafe fn load_words(source: *const u64) -> [__m512i; 4] {
    // SAFETY: by contract.
    unsafe {
        words_by_index([
            _mm512_loadu_si512(source.cast()),
            _mm512_loadu_si512(source.add(8).cast()),
            _mm512_loadu_si512(source.add(16).cast()),
            _mm512_loadu_si512(source.add(24).cast()),
        ])
    }
}

/// # Safety
/// The processor has the instructions of [`Ifma`]; 32 bytes are readable at each address.
#[inline(always)]
unsafe fn gather_words(source: [*const u64; 8]) -> [__m512i; 4] {
    // SAFETY: by contract.
    unsafe {
        let mut z = [all(0); 4];
        for i in 0..4 {
            let even = _mm512_castsi256_si512(_mm256_loadu_si256(source[2 * i].cast()));
            z[i] = _mm512_inserti64x4::<1>(even, _mm256_loadu_si256(source[2 * i + 1].cast()));
        }
        words_by_index(z)
    }
}

#[inline(always)]
fn addresses<M: Modulus>(source: [&M::Field; 8]) -> [*const u64; 8] {
    let mut out = [core::ptr::null(); 8];
    for i in 0..8 {
        out[i] = core::ptr::from_ref(source[i]).cast();
    }
    out
}

/// From two elements per register to one word index per register.
///
/// # Safety
/// The processor has the instructions of [`Ifma`].
#[inline(always)]
unsafe fn words_by_index(z: [__m512i; 4]) -> [__m512i; 4] {
    // SAFETY: by contract.
    unsafe {
        let low = _mm512_setr_epi64(0, 4, 8, 12, 1, 5, 9, 13);
        let high = _mm512_setr_epi64(2, 6, 10, 14, 3, 7, 11, 15);
        let (a, b) = (_mm512_permutex2var_epi64(z[0], low, z[1]), _mm512_permutex2var_epi64(z[2], low, z[3]));
        let (c, d) = (_mm512_permutex2var_epi64(z[0], high, z[1]), _mm512_permutex2var_epi64(z[2], high, z[3]));
        [
            _mm512_shuffle_i64x2::<0x44>(a, b),
            _mm512_shuffle_i64x2::<0xee>(a, b),
            _mm512_shuffle_i64x2::<0x44>(c, d),
            _mm512_shuffle_i64x2::<0xee>(c, d),
        ]
    }
}

/// # Safety
/// The processor has the instructions of [`Ifma`].
#[inline(always)]
unsafe fn low_limb(x: __m512i) -> __m512i {
    // SAFETY: by contract.
    unsafe { _mm512_and_si512(x, all(LIMB_MASK)) }
}

/// Four 64-bit words to five 52-bit limbs.
///
/// # Safety
/// The processor has the instructions of [`Ifma`].
#[inline(always)]
unsafe fn pack(w: [__m512i; 4]) -> [__m512i; 5] {
    // SAFETY: by contract.
    unsafe {
        [
            low_limb(w[0]),
            low_limb(_mm512_or_si512(_mm512_srli_epi64::<52>(w[0]), _mm512_slli_epi64::<12>(w[1]))),
            low_limb(_mm512_or_si512(_mm512_srli_epi64::<40>(w[1]), _mm512_slli_epi64::<24>(w[2]))),
            low_limb(_mm512_or_si512(_mm512_srli_epi64::<28>(w[2]), _mm512_slli_epi64::<36>(w[3]))),
            _mm512_srli_epi64::<16>(w[3]),
        ]
    }
}

/// As [`pack`], times 16.
///
/// # Safety
/// The processor has the instructions of [`Ifma`].
#[inline(always)]
unsafe fn pack_shifted(w: [__m512i; 4]) -> [__m512i; 5] {
    // SAFETY: by contract.
    unsafe {
        [
            low_limb(_mm512_slli_epi64::<4>(w[0])),
            low_limb(_mm512_or_si512(_mm512_srli_epi64::<48>(w[0]), _mm512_slli_epi64::<16>(w[1]))),
            low_limb(_mm512_or_si512(_mm512_srli_epi64::<36>(w[1]), _mm512_slli_epi64::<28>(w[2]))),
            low_limb(_mm512_or_si512(_mm512_srli_epi64::<24>(w[2]), _mm512_slli_epi64::<40>(w[3]))),
            _mm512_srli_epi64::<12>(w[3]),
        ]
    }
}

/// Five 52-bit limbs of a number below 2^256 to four 64-bit words.
///
/// # Safety
/// The processor has the instructions of [`Ifma`].
#[inline(always)]
unsafe fn unpack(t: [__m512i; 5]) -> [__m512i; 4] {
    // SAFETY: by contract.
    unsafe {
        [
            _mm512_or_si512(t[0], _mm512_slli_epi64::<52>(t[1])),
            _mm512_or_si512(_mm512_srli_epi64::<12>(t[1]), _mm512_slli_epi64::<40>(t[2])),
            _mm512_or_si512(_mm512_srli_epi64::<24>(t[2]), _mm512_slli_epi64::<28>(t[3])),
            _mm512_or_si512(_mm512_srli_epi64::<36>(t[3]), _mm512_slli_epi64::<16>(t[4])),
        ]
    }
}

/// # Safety
/// The processor has the instructions of [`Ifma`]; 256 bytes are writable.
#[inline(always)]
unsafe fn store_words(target: *mut u64, w: [__m512i; 4]) {
    // SAFETY: by contract.
    unsafe {
        let low = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
        let high = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
        let (even01, odd01) = (_mm512_unpacklo_epi64(w[0], w[1]), _mm512_unpackhi_epi64(w[0], w[1]));
        let (even23, odd23) = (_mm512_unpacklo_epi64(w[2], w[3]), _mm512_unpackhi_epi64(w[2], w[3]));
        for (half, order) in [low, high].into_iter().enumerate() {
            let even = _mm512_permutex2var_epi64(even01, order, even23);
            let odd = _mm512_permutex2var_epi64(odd01, order, odd23);
            let at = target.add(16 * half);
            _mm512_storeu_si512(at.cast(), _mm512_shuffle_i64x2::<0x44>(even, odd));
            _mm512_storeu_si512(at.add(8).cast(), _mm512_shuffle_i64x2::<0xee>(even, odd));
        }
    }
}
