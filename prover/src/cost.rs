//! What a statement costs, from its layout alone.

use serde::{Deserialize, Serialize};
use zomma_circuits::Statement;
use zomma_gadgets::layout::ColumnKind;

use crate::{
    error::ProverError,
    keys::{Shape, lay_out},
    transcript::TranscriptKind,
};

/// Cost of a statement at its default size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementCost {
    /// The size: $2^k$ rows.
    pub k: u32,
    /// Rows that hold witness or switch a gate on.
    pub rows: usize,
    /// Advice columns.
    pub advice: usize,
    /// Fixed columns, tables and selectors included.
    pub fixed: usize,
    /// Lookup arguments.
    pub lookups: usize,
    /// The largest degree of a constraint, as the quotient is laid out for it.
    pub degree: usize,
    /// Bytes of a SHPLONK proof with the Poseidon transcript.
    pub proof_bytes: u64,
}

impl StatementCost {
    /// Lays a statement's circuit out at `k`, and counts.
    ///
    /// # Errors
    /// What keeps it from being laid out.
    pub fn of<S: Statement>(k: u32) -> Result<Self, ProverError> {
        let layout = lay_out::<S>(k)?;
        let shape = Shape::of::<S::Circuit>();
        let selectors = layout.columns_of(ColumnKind::Selector).count();
        debug_assert_eq!(shape.fixed(), layout.columns_of(ColumnKind::Fixed).count() + selectors);
        Ok(Self {
            k,
            rows: layout.rows(),
            advice: shape.advice(),
            fixed: shape.fixed(),
            lookups: shape.lookups(),
            degree: shape.degree(),
            proof_bytes: shape.proof_len(TranscriptKind::Poseidon),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Squares;

    #[test]
    fn costs_are_those_of_the_circuit() {
        // A proof: 2 advice, 3 of the lookup, 1 permutation product, the random polynomial, 3 quotient pieces, 2 of the opening; 3 advice and
        // 2 fixed queries, the random polynomial, 2 permutation columns, 2 of the product, 5 of the lookup.
        let cost = StatementCost::of::<Squares<0>>(9).unwrap();
        let proof_bytes = 32 * (2 + 3 + 1 + 1 + 3 + 2 + 3 + 2 + 1 + 2 + 2 + 5);
        assert_eq!(cost, StatementCost { k: 9, rows: 9, advice: 2, fixed: 2, lookups: 1, degree: 4, proof_bytes });
    }
}
