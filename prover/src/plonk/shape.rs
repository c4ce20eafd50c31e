//! What the pipeline needs to know of a constraint system.

use halo2_proofs::plonk::{Any, Column, ConstraintSystem, VerifyingKey};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::{Fr, G1Affine};

use crate::ProverError;

/// Numbers that follow from a constraint system and its domain.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) k: u32,
    /// Number of rows, blinding rows included.
    pub(super) n: usize,
    /// Degree that the quotient is laid out for.
    pub(super) degree: usize,
    /// Random rows at the end of every witness polynomial.
    pub(super) blinding_factors: usize,
    pub(super) permutation: Vec<Column<Any>>,
    /// Phase of every advice column.
    pub(super) advice_phases: Vec<u8>,
    /// Phase after which each of the circuit's challenges is known.
    pub(super) challenge_phases: Vec<u8>,
}

impl Shape {
    /// The shape of a key's circuit.
    ///
    /// # Errors
    /// [`ProverError::DegreeTooHigh`] if a gate or lookup exceeds the degree that the key is laid out for: halo2
    /// clamps it silently, to the environment's MAX_DEGREE or 5, and the proofs do not verify.
    pub(super) fn of_key(vk: &VerifyingKey<G1Affine>) -> Result<Self, ProverError> {
        let (cs, domain) = (vk.cs(), vk.get_domain());
        Self::new(cs, domain.k(), domain.get_quotient_poly_degree() + 1)
    }

    /// The shape of `cs` with `2^k` rows and quotients laid out for `degree`.
    ///
    /// # Errors
    /// As [`Shape::of_key`], and [`ProverError::NotEnoughRows`] if not even the blinding rows fit.
    pub(super) fn new(cs: &ConstraintSystem<Fr>, k: u32, degree: usize) -> Result<Self, ProverError> {
        check_degrees(cs, degree)?;
        let n = 1 << k;
        if n < cs.minimum_rows() {
            return Err(ProverError::NotEnoughRows { needed: cs.minimum_rows(), available: n, k });
        }
        Ok(Self {
            k,
            n,
            degree,
            blinding_factors: cs.blinding_factors(),
            permutation: cs.permutation().get_columns(),
            advice_phases: cs.advice_column_phase(),
            challenge_phases: cs.challenge_phase(),
        })
    }

    /// Rows that a circuit may assign: all but the blinding rows and the one before them.
    pub(super) fn usable_rows(&self) -> usize {
        self.n - (self.blinding_factors + 1)
    }

    /// The rotation to the last usable row from the first: where products must have come back to one.
    pub(super) fn last_rotation(&self) -> Rotation {
        Rotation(-(self.blinding_factors as i32 + 1))
    }

    /// Columns per grand product of the permutation argument.
    pub(super) fn permutation_chunk(&self) -> usize {
        self.degree - 2
    }

    /// Grand products of the permutation argument.
    pub(super) fn permutation_products(&self) -> usize {
        self.permutation.len().div_ceil(self.permutation_chunk())
    }

    /// Number of phases in which advice is committed to; at least one.
    pub(super) fn phases(&self) -> u8 {
        1 + self.advice_phases.iter().max().copied().unwrap_or(0)
    }

    /// Indices of the advice columns of a phase.
    pub(super) fn advice_in(&self, phase: u8) -> Vec<usize> {
        indices_of(&self.advice_phases, phase)
    }

    /// Indices of the challenges that become known after a phase.
    pub(super) fn challenges_after(&self, phase: u8) -> Vec<usize> {
        indices_of(&self.challenge_phases, phase)
    }
}

fn indices_of(phases: &[u8], phase: u8) -> Vec<usize> {
    phases.iter().enumerate().filter(|(_, found)| **found == phase).map(|(index, _)| index).collect()
}

fn check_degrees(cs: &ConstraintSystem<Fr>, limit: usize) -> Result<(), ProverError> {
    let gates = cs.gates().iter().flat_map(|gate| {
        let degree = gate.polynomials().iter().map(|poly| poly.degree()).max().unwrap_or(0);
        Some((gate.name().to_owned(), degree))
    });
    let lookups = cs.lookups().iter().map(|lookup| {
        let degree =
            |expressions: &[_]| expressions.iter().map(|e: &halo2_proofs::plonk::Expression<Fr>| e.degree()).max();
        let degrees = [lookup.input_expressions(), lookup.table_expressions()].map(|e| degree(e).unwrap_or(0).max(1));
        (lookup.name().to_owned(), (2 + degrees[0] + degrees[1]).max(4))
    });
    match gates.chain(lookups).find(|(_, degree)| *degree > limit) {
        Some((gate, degree)) => Err(ProverError::DegreeTooHigh { gate, degree, limit }),
        // The permutation argument itself: z(ωX) times one column times the active rows.
        None if limit < 3 => Err(ProverError::DegreeTooHigh { gate: "permutation".into(), degree: 3, limit }),
        None => Ok(()),
    }
}
