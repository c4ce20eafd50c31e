//! How much memory a proof takes, foreseen before work starts.

use std::collections::HashSet;

use super::expression::Source;
use super::shape::Shape;
use crate::ProverError;

/// Bytes per advice cell while a witness is collected: its value, the fraction that halo2 keeps, and halo2's committed
/// value, which stays zero.
const WITNESS_CELL_BYTES: u64 = 32 + 72 + 32;

/// What a proof needs and what a budget leaves for caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryPlan {
    /// Bytes that a proof of one circuit takes at its peak, apart from key and parameters, which the caller holds.
    pub proof: u64,
    /// Bytes for the key's columns on all cosets, kept between proofs; 0 if they did not fit.
    pub key_cosets: u64,
    /// Bytes of precomputed multiples of the commitment bases.
    pub tables: u64,
}

/// Counts of a key's columns.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub(super) instance: usize,
    pub(super) lookups: usize,
    /// Compressed inputs and tables of lookups.
    pub(super) compressed: usize,
    /// Columns of every stage of the quotient's numerator.
    pub(super) stages: Vec<Vec<Source>>,
}

/// Columns that belong to the key, on a coset, and are of use to every circuit and every proof.
pub(super) fn is_shared(source: &Source) -> bool {
    matches!(source, Source::Fixed(_) | Source::First | Source::Last | Source::Active)
}

/// Columns that a cache of the key's cosets holds.
pub(super) fn is_of_key(source: &Source) -> bool {
    is_shared(source) || matches!(source, Source::Sigma(_))
}

impl Columns {
    /// Every column of the key that the quotient reads.
    pub(super) fn of_key(&self) -> Vec<Source> {
        let all: HashSet<Source> = self.stages.iter().flatten().copied().filter(is_of_key).collect();
        let mut all: Vec<Source> = all.into_iter().collect();
        all.sort();
        all
    }

    /// Most polynomials that are alive at once in a proof of `circuits` circuits, counted phase by phase as the pipeline
    /// holds them.
    fn peak(&self, shape: &Shape, circuits: usize) -> usize {
        let (advice, products, lookups) = (shape.advice_phases.len(), shape.permutation_products(), self.lookups);
        let witness = advice + self.instance;
        let permuted = self.compressed + 2 * lookups;
        let lookup = circuits * (witness + permuted) + lookups;
        let permutation = circuits * (witness + permuted + products) + products;
        let lookup_products = circuits * (witness + products + permuted + lookups) + lookups;
        let committed = circuits * (witness + products + 3 * lookups) + 1;
        let quotient = committed + shape.degree - 1 + self.peak_cosets();
        // Batches of SHPLONK: one for each set of points and for each point, of which there are few.
        let opening = committed + shape.degree + 16;
        [lookup, permutation, lookup_products, quotient, opening].into_iter().max().unwrap_or(0)
    }

    /// Most columns on a coset at once, with the numerator before and after a stage.
    fn peak_cosets(&self) -> usize {
        let mut alive: HashSet<Source> = HashSet::new();
        let mut peak = 0;
        for (stage, sources) in self.stages.iter().enumerate() {
            alive.extend(sources);
            peak = peak.max(alive.len() + 2);
            let later: HashSet<Source> = self.stages[stage + 1..].iter().flatten().copied().collect();
            alive.retain(|source| is_shared(source) || later.contains(source));
        }
        peak
    }

    /// Bytes that a proof of `circuits` circuits takes at its peak.
    pub(super) fn proof_bytes(&self, shape: &Shape, circuits: usize, poly_bytes: usize) -> u64 {
        let (n, advice) = (shape.n as u64, shape.advice_phases.len() as u64);
        let polys = |count: usize| count as u64 * poly_bytes as u64;
        let before = polys((circuits - 1) * shape.advice_phases.len() + circuits * self.instance);
        let witness = before + n * advice * WITNESS_CELL_BYTES;
        let lagrange_basis = 64 * n;
        lagrange_basis + witness.max(polys(self.peak(shape, circuits)))
    }
}

impl MemoryPlan {
    /// Shares `budget` bytes out: what a proof needs first, then the key's cosets if all of them fit, then tables, of
    /// which fewer may be made than there is room for.
    ///
    /// # Errors
    /// [`ProverError::Memory`] if not even a proof fits.
    pub(super) fn new(columns: &Columns, shape: &Shape, poly_bytes: usize, budget: u64) -> Result<Self, ProverError> {
        let proof = columns.proof_bytes(shape, 1, poly_bytes);
        check(proof, budget)?;
        let cosets = columns.of_key().len() as u64 * (shape.degree as u64 - 1) * poly_bytes as u64;
        let key_cosets = if cosets <= budget - proof { cosets } else { 0 };
        Ok(Self { proof, key_cosets, tables: budget - proof - key_cosets })
    }

    /// What a single proof needs, without any cache.
    pub(super) fn without_caches(columns: &Columns, shape: &Shape, poly_bytes: usize) -> Self {
        Self { proof: columns.proof_bytes(shape, 1, poly_bytes), key_cosets: 0, tables: 0 }
    }
}

/// Refuses what needs more memory than there may be.
pub(super) fn check(needed: u64, budget: u64) -> Result<(), ProverError> {
    if needed > budget { Err(ProverError::Memory { needed, budget }) } else { Ok(()) }
}
