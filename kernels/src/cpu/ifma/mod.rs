//! AVX-512 IFMA kernels: eight field elements per register set, 52-bit limbs.
//!
//! Nothing here runs unless the processor was asked first: every vector type in this room can only be made
//! from an [`Ifma`] token, and a token only comes out of [`Ifma::detect`].

#[cfg(target_arch = "x86_64")]
#[allow(dead_code, unused_imports)]
// A vocabulary for the kernels beside it: not each of them uses every word for both fields.
pub(crate) mod field;

#[cfg(target_arch = "x86_64")]
mod butterfly;
#[cfg(target_arch = "x86_64")]
mod ntt;
#[cfg(target_arch = "x86_64")]
pub(crate) mod program;
#[cfg(target_arch = "x86_64")]
mod vector;

/// Proof that this processor has the AVX-512 subsets the kernels use: F, DQ, BW, VL and IFMA.
#[derive(Clone, Copy, Debug)]
pub struct Ifma(());

impl Ifma {
    /// Asks the processor (and the operating system, which must save the wide registers).
    ///
    /// `None` on other processors and other architectures.
    #[inline]
    pub fn detect() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        {
            let present = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512ifma");
            present.then_some(Self(()))
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            None
        }
    }
}

/// Whether the kernels of this room can run on this processor.
pub fn available() -> bool {
    Ifma::detect().is_some()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Ifma;

    /// The token. Tests that take it are ignored, and so reported as not run, on machines without.
    pub(crate) fn ifma() -> Ifma {
        Ifma::detect().expect("tests with IFMA are ignored where it is absent")
    }
}
