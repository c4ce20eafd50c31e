//! Multi-scalar multiplication in G1: $\sum_i s_i P_i$.
//!
//! The bucket method (Pippenger 1976; Bernstein, Doumen, Lange and Oosterwijk, INDOCRYPT 2012): scalars are cut into signed
//! digits, points with the same digit are added up, the sums are weighted by their digits. What is particular here:
//!
//! - points are added in affine coordinates, thousands to an inversion, eight at a time with IFMA;
//! - with memory for it, multiples of the points make all windows share their buckets;
//! - weighting the buckets is again a multiplication by small scalars, done the same way;
//! - zero digits cost nothing, and negative scalars are as short as positive ones, so witness columns need no special case;
//! - all is right for all points and scalars: equal, opposite and identity points included.
//!
//! | room | what it does |
//! |---|---|
//! | `digits` | scalars to signed digits |
//! | `plan` | window width from the lengths of the scalars |
//! | `buckets`, `columns` | terms sorted by bucket, in blocks and columns; the parallel work |
//! | `kernel`, `portable`, `ifma` | the additions |
//! | `weights` | from bucket sums to the result |
//! | `prepared` | points with their tables |
//! | `fixed_base` | one point times many scalars |

mod buckets;
mod columns;
mod digits;
mod fixed_base;
#[cfg(target_arch = "x86_64")]
mod ifma;
mod kernel;
mod plan;
mod portable;
mod prepared;
mod slot;
mod slots;
#[cfg(test)]
mod tests;
mod weights;

use std::fmt;

use halo2curves::bn256::{Fr, G1, G1Affine};
use rayon::prelude::*;

use self::portable::Portable;
use self::prepared::Prepared;
use super::ifma::Ifma;
use crate::Error;

/// Multiplications that run at the same time. Each divides its own work among threads too; several at once only fill
/// the gaps between its steps, and each takes memory.
const IN_FLIGHT: usize = 2;

/// Points that are multiplied again and again, prepared for it.
pub struct Bases(Inner);

enum Inner {
    Portable(Prepared<Portable>),
    #[cfg(target_arch = "x86_64")]
    Ifma(Prepared<ifma::IfmaKernel>),
}

/// Runs the same code with the kernel of an instruction set.
macro_rules! with_kernel {
    ($ifma:expr, $kernel:ident => $body:expr) => {
        match $ifma {
            #[cfg(target_arch = "x86_64")]
            Some(token) => {
                let $kernel = ifma::IfmaKernel(token);
                $body
            }
            _ => {
                let $kernel = Portable;
                $body
            }
        }
    };
}

/// Runs the same code with prepared points of any kernel.
macro_rules! with_prepared {
    ($bases:expr, $prepared:ident => $body:expr) => {
        match &$bases.0 {
            Inner::Portable($prepared) => $body,
            #[cfg(target_arch = "x86_64")]
            Inner::Ifma($prepared) => $body,
        }
    };
}

impl Bases {
    /// Prepares points, for IFMA if there is a token and portably otherwise.
    ///
    /// The points are copied, 64 bytes each. With `table_bytes` more, multiples of the points are computed (about 250
    /// doublings for each point) that make multiplications up to a third faster; with 0, none are.
    ///
    /// # Errors
    /// [`Error::Length`] if there are 2^31 points or more.
    pub fn new(ifma: Option<Ifma>, points: &[G1Affine], table_bytes: usize) -> Result<Self, Error> {
        Ok(Self(match ifma {
            #[cfg(target_arch = "x86_64")]
            Some(token) => Inner::Ifma(Prepared::new(ifma::IfmaKernel(token), points, table_bytes)?),
            _ => Inner::Portable(Prepared::new(Portable, points, table_bytes)?),
        }))
    }

    /// Bytes of `len` points without tables.
    pub fn bytes(len: usize) -> usize {
        len * size_of::<slot::Slot>()
    }

    /// How many points there are.
    pub fn len(&self) -> usize {
        with_prepared!(self, prepared => prepared.len())
    }

    /// Whether there are no points.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that multiples of the points take.
    pub fn table_bytes(&self) -> usize {
        with_prepared!(self, prepared => prepared.table_bytes())
    }

    /// For each vector of scalars, the sum of the first points times them.
    ///
    /// The result does not depend on the number of threads.
    ///
    /// # Errors
    /// [`Error::Length`] if a vector is longer than the points.
    pub fn msm(&self, scalars: &[&[Fr]]) -> Result<Vec<G1>, Error> {
        let group = scalars.len().div_ceil(IN_FLIGHT).max(1);
        let sums: Result<Vec<Vec<G1>>, Error> = with_prepared!(self, prepared => {
            let sum = |group: &[&[Fr]]| group.iter().map(|scalars| prepared.msm(scalars)).collect();
            let sums = scalars.par_chunks(group).map(sum).collect();
            prepared.free_workspaces();
            sums
        });
        Ok(sums?.into_iter().flatten().collect())
    }
}

impl fmt::Debug for Bases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bases").field("len", &self.len()).field("table_bytes", &self.table_bytes()).finish()
    }
}

/// About how many bytes [`Bases::msm`] takes while it runs, for vectors of `len` scalars: what uniformly random ones need.
pub fn working_bytes(len: usize) -> usize {
    let recoding = plan::plain(&plan::Profile::uniform(len), len as u32);
    IN_FLIGHT * buckets::working_bytes(len * recoding.windows as usize, recoding.buckets())
}

/// The sum of points times scalars, for points that are used once.
///
/// # Errors
/// [`Error::Length`] if there are not as many scalars as points, or 2^31 of them or more.
pub fn msm(ifma: Option<Ifma>, points: &[G1Affine], scalars: &[Fr]) -> Result<G1, Error> {
    if points.len() != scalars.len() {
        return Err(Error::Length { what: "scalars", expected: points.len(), found: scalars.len() });
    }
    with_kernel!(ifma, kernel => Prepared::new(kernel, points, 0)?.msm(scalars))
}

/// `base` times each of the scalars, for instance the powers of a parameter setup.
pub fn fixed_base_batch(ifma: Option<Ifma>, base: &G1Affine, scalars: &[Fr]) -> Vec<G1Affine> {
    with_kernel!(ifma, kernel => fixed_base::multiples(kernel, base, scalars))
}

/// The meaning of [`msm`], one multiplication after the other. Pairs without a partner are left out.
pub fn naive(points: &[G1Affine], scalars: &[Fr]) -> G1 {
    points.iter().zip(scalars).map(|(point, scalar)| point * scalar).sum()
}
