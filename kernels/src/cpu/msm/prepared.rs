//! Points in a kernel's form, with copies of them where there is memory, and the multiplication itself.

use std::sync::{Mutex, PoisonError};

use group::prime::PrimeCurveAffine;
use halo2curves::bn256::{Fr, G1, G1Affine};
use rayon::prelude::*;

use super::buckets::{Workspace, sum_buckets};
use super::digits::Recoding;
use super::kernel::Kernel;
use super::plan::{self, Profile};
use super::slot::{MAX_SLOTS, Slot};
use super::slots::Slots;
use super::weights::Sets;
use crate::Error;

/// Scalars that are recoded at a time: enough for long runs of terms to each block.
const CHUNK: usize = 1 << 12;
/// Chunks that there should be, so that threads do not wait for each other.
const CHUNKS: usize = 32;
/// Points that are doubled at a time.
const DOUBLING_CHUNK: usize = 1 << 10;

/// Points in the form of a kernel.
pub(crate) struct Prepared<K: Kernel> {
    kernel: K,
    len: usize,
    /// Copies of the points, one after the other; see [`Recoding`].
    slots: Slots,
    tables: Recoding,
    /// Indices of the points that are the identity, in order.
    identities: Vec<usize>,
    workspaces: Mutex<Vec<Workspace<K>>>,
}

impl<K: Kernel> Prepared<K> {
    pub(crate) fn new(kernel: K, points: &[G1Affine], table_bytes: usize) -> Result<Self, Error> {
        let len = points.len();
        if len > MAX_SLOTS {
            return Err(Error::Length { what: "bases", expected: MAX_SLOTS, found: len });
        }
        let is_identity = |point: &G1Affine| bool::from(point.is_identity());
        let identities: Vec<usize> =
            points.iter().enumerate().filter(|(_, point)| is_identity(point)).map(|(index, _)| index).collect();
        let tables = plan::with_tables(len as u32, table_bytes);
        let mut slots = Slots::new(len * tables.copies() as usize);
        let mut copies = slots.chunks_mut(len.max(1));
        if let Some(mut last) = copies.next() {
            points.par_chunks(CHUNK).zip(last.par_chunks_mut(CHUNK)).for_each(|(points, slots)| {
                kernel.encode(points, slots);
            });
            // No term refers to these, but they must be points to be doubled.
            let mut any = [Slot::IDENTITY];
            kernel.encode(&[G1Affine::generator()], &mut any);
            identities.iter().for_each(|&identity| last[identity] = any[0]);
            for copy in copies {
                copy.par_chunks_mut(DOUBLING_CHUNK).zip(last.par_chunks(DOUBLING_CHUNK)).for_each(|(new, old)| {
                    new.copy_from_slice(old);
                    kernel.double(new, tables.sets * tables.window_bits);
                });
                last = copy;
            }
        }
        Ok(Self { kernel, len, slots, tables, identities, workspaces: Mutex::default() })
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bytes of all copies but the first.
    pub(crate) fn table_bytes(&self) -> usize {
        size_of_val(&self.slots[self.len..])
    }

    /// The sum of the points times the scalars.
    pub(crate) fn msm(&self, scalars: &[Fr]) -> Result<G1, Error> {
        if scalars.len() > self.len {
            return Err(Error::Length { what: "scalars", expected: self.len, found: scalars.len() });
        }
        let profile = Profile::sample(scalars);
        let plain = plan::plain(&profile, self.len as u32);
        let recoding = if profile.cost(&self.tables) <= profile.cost(&plain) { self.tables } else { plain };
        let lock = || self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        let free = lock().pop();
        let mut workspace = free.unwrap_or_default();
        let sum = self.multiply(&mut workspace, &recoding, scalars);
        lock().push(workspace);
        Ok(sum)
    }

    /// Gives the memory of multiplications back, once there is none to come soon.
    pub(crate) fn free_workspaces(&self) {
        self.workspaces.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn multiply(&self, workspace: &mut Workspace<K>, recoding: &Recoding, scalars: &[Fr]) -> G1 {
        let chunk = scalars.len().div_ceil(CHUNKS).next_multiple_of(8).min(CHUNK);
        let chunks = scalars.len().div_ceil(chunk.max(1));
        sum_buckets(self.kernel, workspace, &self.slots, recoding.buckets(), chunks, |index, terms| {
            let from = index * chunk;
            let to = (from + chunk).min(scalars.len());
            self.recode(recoding, &scalars[from..to], from, terms);
        });
        // Buckets are numbered by digit - 1 in each set.
        let (bits, half) = (recoding.window_bits, recoding.half());
        for bucket in &mut workspace.sums.buckets {
            *bucket = (*bucket / half) << bits | (*bucket % half + 1);
        }
        let shifts = (0..recoding.sets).map(|set| set * bits).collect();
        Sets { bits, shifts }.total(self.kernel, workspace)
    }

    fn recode(&self, recoding: &Recoding, scalars: &[Fr], first: usize, terms: &mut Vec<u64>) {
        let at = |index: usize| self.identities.partition_point(|&identity| identity < index);
        let identities = &self.identities[at(first)..at(first + scalars.len())];
        if identities.is_empty() {
            return self.kernel.recode(scalars, recoding, first as u32, terms);
        }
        let mut scalars = scalars.to_vec();
        identities.iter().for_each(|identity| scalars[identity - first] = Fr::zero());
        self.kernel.recode(&scalars, recoding, first as u32, terms);
    }
}
