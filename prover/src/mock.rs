//! Checking a statement's constraints without proving, with an explanation of what fails.

use std::fmt;

use halo2_proofs::dev::{FailureLocation, MockProver, VerifyFailure};
use zomma_circuits::Statement;
use zomma_gadgets::layout::Layout;

use crate::{error::ProverError, keys::lay_out, progress::Progress};

/// What checking found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MockReport {
    /// The size.
    pub k: u32,
    /// Rows that the circuit occupies.
    pub rows: usize,
    /// Number of constraints of all gates.
    pub constraints: usize,
    /// Number of lookup arguments.
    pub lookups: usize,
    /// Number of copy constraints.
    pub copies: usize,
    /// What does not hold.
    pub failures: Vec<MockFailure>,
}

/// A constraint that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MockFailure {
    /// The row at which it does not.
    pub row: Option<usize>,
    /// The region that the row belongs to.
    pub region: Option<String>,
    /// The gate's equation and the values of its cells, or the lookup, or the cell that is no copy.
    pub message: String,
}

impl fmt::Display for MockFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.row, &self.region) {
            (Some(row), Some(region)) => write!(f, "row {row}, in \"{region}\": ")?,
            (Some(row), None) => write!(f, "row {row}: ")?,
            (None, _) => {}
        }
        f.write_str(&self.message)
    }
}

/// Checks every gate, lookup and copy constraint on the witness of `inputs`.
///
/// With a `claim` the circuit is checked against that public instance instead of the one that the inputs have.
///
/// # Errors
/// [`ProverError::Statement`] when the inputs are refused, otherwise what keeps the circuit from being laid out. That constraints do not
/// hold is no error but the result.
pub fn mock<S: Statement>(
    inputs: &S::Inputs,
    k: u32,
    claim: Option<&S::Instance>,
    progress: &dyn Progress,
) -> Result<MockReport, ProverError> {
    progress.stage("laying the circuit out", 0);
    let layout = lay_out::<S>(k)?;
    progress.stage("evaluating natively", 0);
    let (witness, instance) = S::evaluate(inputs, k)?;
    let columns = S::instance(claim.unwrap_or(&instance));
    let allowed = layout.constraints.num_instance_columns();
    if columns.len() != allowed || columns.iter().any(|column| column.len() > layout.usable_rows) {
        let reason = format!("{allowed} columns of at most {} rows are expected", layout.usable_rows);
        return Err(ProverError::Instances { reason });
    }
    progress.stage("assigning the witness", 0);
    let prover = MockProver::run(k, &S::circuit(k, Some(witness)), columns)
        .map_err(|source| ProverError::Halo2 { during: "assigning the witness", source })?;
    progress.stage("checking every row", 0);
    // Not `verify_par`: in halo2-axiom 0.5.3 that one panics on every region with a selector and no fixed cell.
    let failures = prover.verify().err().unwrap_or_default();
    Ok(MockReport {
        k,
        rows: layout.rows(),
        constraints: layout.constraints.gates().iter().map(|gate| gate.polynomials().len()).sum(),
        lookups: layout.constraints.lookups().len(),
        copies: layout.copies.len(),
        failures: failures.iter().map(|failure| explain(failure, &layout)).collect(),
    })
}

fn explain(failure: &VerifyFailure, layout: &Layout) -> MockFailure {
    let location = match failure {
        VerifyFailure::ConstraintNotSatisfied { location, .. }
        | VerifyFailure::Lookup { location, .. }
        | VerifyFailure::Permutation { location, .. } => Some(location),
        _ => None,
    };
    let row = location.and_then(|location| match location {
        FailureLocation::OutsideRegion { row } => Some(*row),
        FailureLocation::InRegion { region, offset } => {
            // The region's number is only to be had from its text: `Region 3 ('name')`.
            let index: usize = region.to_string().split(' ').nth(1)?.parse().ok()?;
            Some((*layout.fixed_starts.get(index)?)? + offset)
        }
    });
    let region = row.and_then(|row| layout.region_at(row)).map(str::to_owned);
    let mut message = failure.to_string();
    if let Some(row) = row {
        // Said already, and better.
        message = message.replace(&format!(", outside any region, on row {row}"), "");
        message = message.replace(&format!(" outside any region, on row {row}"), "");
    }
    MockFailure { row, region, message: plain_columns(message.trim_end()) }
}

/// Turns `Column('Advice', 3 - name)` into `advice 3 (name)`.
fn plain_columns(text: &str) -> String {
    let mut pieces = text.split("Column('");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let parts = piece.split_once("', ").and_then(|(kind, rest)| {
            let (index, rest) = rest.split_once(" - ")?;
            let (name, rest) = rest.split_once(')')?;
            Some((kind, index, name, rest))
        });
        match parts {
            Some((kind, index, name, rest)) => {
                plain.push_str(&format!("{} {index}", kind.to_lowercase()));
                if !name.is_empty() {
                    plain.push_str(&format!(" ({name})"));
                }
                plain.push_str(rest);
            }
            None => {
                plain.push_str("Column('");
                plain.push_str(piece);
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        progress::Silent,
        testing::{Ends, Squares, inputs},
    };

    type S = Squares<0>;

    #[test]
    fn good_inputs_satisfy_every_constraint() {
        let report = mock::<S>(&inputs(), 9, None, &Silent).unwrap();
        assert_eq!(report, MockReport { k: 9, rows: 9, constraints: 1, lookups: 1, copies: 2, failures: vec![] });
    }

    #[test]
    fn a_wrong_claim_is_explained() {
        let (_, mut claim) = S::evaluate(&inputs(), 9).unwrap();
        claim.start += 1;
        let failures = mock::<S>(&inputs(), 9, Some(&claim), &Silent).unwrap().failures;
        let texts: Vec<String> = failures.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "row 0, in \"chain\": Equality constraint not satisfied by cell (advice 0)",
                "row 0, in \"chain\": Equality constraint not satisfied by cell (instance 0)",
            ]
        );
    }

    #[test]
    fn a_broken_gate_is_shown_with_row_equation_and_values() {
        let failures = mock::<Squares<3>>(&inputs(), 9, None, &Silent).unwrap().failures;
        assert_eq!(failures.len(), 1);
        assert_eq!(
            failures[0].to_string(),
            "row 4, in \"chain\": Constraint 0 ('step (a^2 + b - a') = 0') in gate 0 ('square and add') is not satisfied\n\
             - advice 0@0 = 0x6749cf5\n- advice 0@1 = 0x29ac7a1a43827e\n- advice 1@0 = 0x6"
        );
        assert_eq!(plain_columns("x Column('Fixed', 2 - table) y Column('odd"), "x fixed 2 (table) y Column('odd");
    }

    #[test]
    fn inputs_and_claims_that_cannot_be_are_refused() {
        let error = mock::<S>(&inputs(), 4, None, &Silent).unwrap_err();
        assert_eq!(error.to_string(), "k: 4 is out of range (5 to 28 for squares)");
        let error = mock::<S>(&inputs(), 6, None, &Silent).unwrap_err();
        assert!(matches!(error, ProverError::NotEnoughRows { needed: 256, .. }), "{error}");
        let mut bad = inputs();
        bad.addends[2] = 256;
        assert_eq!(mock::<S>(&bad, 9, None, &Silent).unwrap_err().to_string(), "addend 2: above 255");
        let claim = Ends { start: 3, end: String::new() };
        assert!(!mock::<S>(&inputs(), 9, Some(&claim), &Silent).unwrap().failures.is_empty());
    }
}
