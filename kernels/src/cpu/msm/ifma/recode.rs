//! Scalars to terms, eight at a time; see [`crate::cpu::msm::digits`] for the digits.

use core::arch::x86_64::*;

use ff::Field;
use halo2curves::bn256::Fr;

use crate::cpu::ifma::Ifma;
use crate::cpu::ifma::field::{FrModulus, LIMB_BITS, LIMB_MASK, Lanes, Limbs, Modulus};
use crate::cpu::msm::digits::Recoding;
use crate::cpu::msm::slot::Term;

/// The factor that takes halo2curves' form (2^256) to plain integers in a multiplication that divides by 2^260.
const PLAIN: Limbs = [1 << (260 - 256), 0, 0, 0, 0];

/// (r - 1) / 2.
const HALF_MODULUS: Limbs = {
    let p = FrModulus::P;
    let mut half = [0; 5];
    let mut i = 0;
    while i < 5 {
        let above = if i < 4 { p[i + 1] & 1 } else { 0 };
        half[i] = p[i] >> 1 | above << (LIMB_BITS - 1);
        i += 1;
    }
    half
};

/// Five signed limbs to digits below 2^52, but for the top one.
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn carry(mut limbs: [__m512i; 5]) -> [__m512i; 5] {
    for i in 0..4 {
        let over = _mm512_srai_epi64::<LIMB_BITS>(limbs[i]);
        limbs[i] = _mm512_and_si512(limbs[i], _mm512_set1_epi64(LIMB_MASK as i64));
        limbs[i + 1] = _mm512_add_epi64(limbs[i + 1], over);
    }
    limbs
}

/// The smaller of s and r - s in each lane, and the lanes where it is the latter.
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn magnitude(ifma: Ifma, scalars: &[Fr; 8]) -> ([__m512i; 5], __mmask8) {
    let plain = Lanes::<FrModulus>::load(ifma, scalars).mul(Lanes::splat(ifma, &PLAIN)).reduce_once();
    let all = |x: u64| _mm512_set1_epi64(x as i64);
    let mut above = plain.limbs;
    let mut opposite = plain.limbs;
    for i in 0..5 {
        above[i] = _mm512_sub_epi64(all(HALF_MODULUS[i]), plain.limbs[i]);
        opposite[i] = _mm512_sub_epi64(all(FrModulus::P[i]), plain.limbs[i]);
    }
    let negative = _mm512_movepi64_mask(carry(above)[4]);
    let opposite = carry(opposite);
    let mut limbs = plain.limbs;
    for i in 0..5 {
        limbs[i] = _mm512_mask_mov_epi64(limbs[i], negative, opposite[i]);
    }
    (limbs, negative)
}

/// Bits of the largest of eight numbers.
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
fn bit_length(limbs: &[__m512i; 5]) -> u32 {
    for (i, limb) in limbs.iter().enumerate().rev() {
        if _mm512_test_epi64_mask(*limb, *limb) != 0 {
            return LIMB_BITS * i as u32 + 64 - _mm512_reduce_or_epi64(*limb).leading_zeros();
        }
    }
    0
}

/// See [`crate::cpu::msm::kernel::Kernel::recode`].
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
pub(super) fn recode(ifma: Ifma, scalars: &[Fr], recoding: &Recoding, first: u32, terms: &mut Vec<Term>) {
    let all = |x: u64| _mm512_set1_epi64(x as i64);
    let bits = recoding.window_bits;
    let mut offset = [0u64; 6];
    for window in 0..recoding.windows {
        // The top limb keeps all that lies above 208 bits, up to 64 bits of it.
        let bit = window * bits + bits - 1;
        let limb = (bit / LIMB_BITS).min(4);
        offset[limb as usize] |= 1 << (bit - limb * LIMB_BITS);
    }
    let half = all(recoding.half() as u64);
    let mask = all(2 * recoding.half() as u64 - 1);
    let lanes = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
    for (chunk, index) in scalars.chunks(8).zip((first..).step_by(8)) {
        let mut padded = [Fr::ZERO; 8];
        let eight = chunk.try_into().unwrap_or_else(|_| {
            padded[..chunk.len()].copy_from_slice(chunk);
            &padded
        });
        let (limbs, negative) = magnitude(ifma, eight);
        let length = bit_length(&limbs);
        if length == 0 {
            continue;
        }
        let windows = recoding.windows_for(length);
        let mut sum = [all(0); 6];
        for i in 0..5 {
            sum[i] = _mm512_add_epi64(limbs[i], all(offset[i]));
        }
        let carried = carry([sum[0], sum[1], sum[2], sum[3], sum[4]]);
        sum[..5].copy_from_slice(&carried);
        terms.reserve(8 * windows as usize);
        for window in 0..windows {
            let bit = window * bits;
            let limb = (bit / LIMB_BITS).min(4) as usize;
            let shift = bit - limb as u32 * LIMB_BITS;
            let low = _mm512_srlv_epi64(sum[limb], all(shift as u64));
            // Shift counts of 64 and more give zero, as the missing limb above the top does.
            let high = _mm512_sllv_epi64(sum[limb + 1], all(LIMB_BITS as u64 - (shift as u64).min(LIMB_BITS as u64)));
            let digit = _mm512_and_si512(_mm512_or_si512(low, high), mask);
            let present = _mm512_cmpneq_epi64_mask(digit, half);
            let below = _mm512_cmplt_epi64_mask(digit, half);
            let (first_bucket, first_slot) = recoding.home(window);
            // |digit| - 1 + first_bucket
            let size = _mm512_abs_epi64(_mm512_sub_epi64(digit, half));
            let bucket = _mm512_add_epi64(size, all(u64::from(first_bucket).wrapping_sub(1)));
            let slot = _mm512_add_epi64(lanes, all((first_slot + index) as u64));
            let slot = _mm512_slli_epi64::<1>(slot);
            let reference = _mm512_mask_or_epi64(slot, below ^ negative, slot, all(1));
            let found = _mm512_or_si512(_mm512_slli_epi64::<32>(bucket), reference);
            let length = terms.len();
            // SAFETY: room for eight terms per window was reserved; as many are counted as have a digit.
            unsafe {
                _mm512_storeu_si512(terms.as_mut_ptr().add(length).cast(), _mm512_maskz_compress_epi64(present, found));
                terms.set_len(length + present.count_ones() as usize);
            }
        }
    }
}
