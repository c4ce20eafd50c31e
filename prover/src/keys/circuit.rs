//! The identity of a statement's circuit: a digest of everything that key generation takes from it.

use std::fmt::Write as _;

use halo2_proofs::plonk::Any;
use halo2curves::serde::SerdeObject;
use sha2::{Digest as _, Sha256};
use zomma_circuits::Statement;
use zomma_gadgets::layout::{ColumnKind, Layout};

use crate::{artefact::Digest, error::ProverError};

/// A statement's circuit at one size: that it fits, what it is, how many instances it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CircuitId {
    /// Digest of the constraint system, the fixed values, the selectors and the copies.
    pub digest: Digest,
    /// Number of public instances in each instance column: the rows that the circuit copies from.
    pub instances: Vec<usize>,
}

impl CircuitId {
    /// Lays the statement's circuit out, without a witness, and digests it.
    ///
    /// # Errors
    /// [`ProverError::NotEnoughRows`] when it does not fit, [`ProverError::DegreeTooHigh`] when the proving system would cut its
    /// degree, [`ProverError::OutOfRange`] for a k that the statement does not support.
    pub fn of<S: Statement>(k: u32) -> Result<Self, ProverError> {
        Ok(Self::of_layout(&lay_out::<S>(k)?))
    }

    fn of_layout(layout: &Layout) -> Self {
        let mut hasher = Sha256::new();
        let mut text = String::from("zomma circuit 1\n");
        writeln!(text, "k = {}\n{:?}", layout.k, layout.constraints.pinned()).expect("strings take everything");
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(&text);
        let mut bytes = Vec::with_capacity(32 << layout.k);
        for column in &layout.fixed {
            bytes.clear();
            column.iter().for_each(|value| value.write_raw(&mut bytes).expect("vectors take everything"));
            hasher.update(&bytes);
        }
        for selector in layout.columns_of(ColumnKind::Selector) {
            let on: Vec<u8> = selector.owners.iter().map(|&owner| u8::from(owner != 0)).collect();
            hasher.update(&on);
        }
        hasher.update((layout.copies.len() as u64).to_le_bytes());
        bytes.clear();
        for (column, row) in layout.copies.iter().flatten() {
            bytes.push(match column.column_type() {
                Any::Advice(_) => 0,
                Any::Fixed => 1,
                Any::Instance => 2,
            });
            bytes.extend_from_slice(&(column.index() as u32).to_le_bytes());
            bytes.extend_from_slice(&(*row as u32).to_le_bytes());
        }
        hasher.update(&bytes);
        let instances = layout.columns_of(ColumnKind::Instance).map(|column| column.rows()).collect();
        Self { digest: Digest(hasher.finalize().into()), instances }
    }
}

/// Lays a statement's circuit out, and checks that keys can be made for it.
///
/// Key generation itself panics on a circuit that does not fit, and silently cuts its degree.
///
/// # Errors
/// See [`CircuitId::of`].
pub fn lay_out<S: Statement>(k: u32) -> Result<Layout, ProverError> {
    check_size::<S>(k)?;
    let layout = Layout::record(k, &S::circuit(k, None))
        .map_err(|source| ProverError::Halo2 { during: "laying the circuit out", source })?;
    if !layout.fits() {
        return Err(ProverError::NotEnoughRows { needed: layout.needed_rows, available: layout.usable_rows, k });
    }
    let limit = layout.constraints.degree();
    if let Some((gate, degree)) = layout.degrees().find(|(_, degree)| *degree > limit) {
        return Err(ProverError::DegreeTooHigh { gate, degree, limit });
    }
    Ok(layout)
}

/// Refuses sizes that a statement does not support.
///
/// # Errors
/// [`ProverError::OutOfRange`].
pub fn check_size<S: Statement>(k: u32) -> Result<(), ProverError> {
    if (S::MIN_K..=crate::srs::MAX_K).contains(&k) {
        return Ok(());
    }
    let range = format!("{} to {} for {}", S::MIN_K, crate::srs::MAX_K, S::NAME);
    Err(ProverError::OutOfRange { field: "k", found: u64::from(k), range })
}
