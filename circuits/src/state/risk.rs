//! The risk array as the state holds it: rows by instrument, and the root that commits them.

use halo2curves::bn256::Fr;
use zomma_gadgets::compression::merkle_root;

use super::{ids::InstrumentId, limits::TIME_LIMIT, reject::Reject, store::StoreError};
use crate::margin::{RiskRow, RowError, WORDS};

/// Rows in strictly ascending order of instrument, with their root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RiskArray {
    rows: Vec<RiskRow>,
    root: Fr,
}

impl RiskArray {
    /// The array of a state that has adopted none: no rows, root zero.
    pub fn none() -> Self {
        Self { rows: Vec::new(), root: Fr::zero() }
    }

    /// Checks the rows and computes their root in a tree of depth `depth`.
    ///
    /// # Errors
    /// [`Reject::BadRiskRow`] for the first row that is out of order or range, or that does not fit.
    pub fn new(rows: Vec<RiskRow>, depth: u8) -> Result<Self, Reject> {
        for (index, row) in rows.iter().enumerate() {
            let bad = |reason| Reject::BadRiskRow { row: index, reason };
            if index >> depth != 0 {
                return Err(bad("beyond the depth of the tree"));
            }
            if index > 0 && rows[index - 1].instrument >= row.instrument {
                return Err(bad("instruments do not strictly ascend"));
            }
            row.check().map_err(|RowError(reason)| bad(reason))?;
        }
        let leaves: Vec<Fr> = rows.iter().map(RiskRow::leaf).collect();
        let root = merkle_root(&leaves, depth.into());
        Ok(Self { rows, root })
    }

    /// `risk_root`.
    pub fn root(&self) -> Fr {
        self.root
    }

    /// The rows, ascending.
    pub fn rows(&self) -> &[RiskRow] {
        &self.rows
    }

    /// The row of an instrument.
    pub fn row(&self, instrument: InstrumentId) -> Option<&RiskRow> {
        self.rows.binary_search_by_key(&instrument, |row| row.instrument).ok().map(|index| &self.rows[index])
    }

    /// What is kept on disk: the words of each row's leaf, root apart.
    pub(super) fn record(&self) -> Vec<Fr> {
        self.rows.iter().flat_map(RiskRow::leaf_words).collect()
    }

    /// Reads what [`record`](Self::record) wrote and checks it against `root`.
    pub(super) fn from_record(words: &[Fr], depth: u8, root: Fr) -> Result<Self, StoreError> {
        let corrupt = |reason: String| StoreError::Corrupt { what: "risk array", reason };
        if words.is_empty() && root == Fr::zero() {
            return Ok(Self::none());
        }
        let rows: Option<Vec<RiskRow>> = words.chunks(WORDS + 2).map(RiskRow::from_leaf_words).collect();
        let rows = rows.ok_or_else(|| corrupt("not a row".to_owned()))?;
        let array = Self::new(rows, depth).map_err(|reason| corrupt(reason.to_string()))?;
        if array.root != root {
            return Err(corrupt("another root than the state's".to_owned()));
        }
        Ok(array)
    }
}

/// Whether prices of `risk_time` may be used at `time`.
pub(super) fn is_fresh(risk_time: u64, time: u64, max_age: u32) -> bool {
    debug_assert!(risk_time <= time && time < TIME_LIMIT);
    risk_time > 0 && time - risk_time <= u64::from(max_age)
}
