//! The risk array as the state holds it: rows by instrument, and the root that commits them.

use halo2curves::bn256::Fr;
use zomma_gadgets::merkle::{MerklePath, merkle_root};

use super::{ids::InstrumentId, limits::TIME_LIMIT, reject::Reject, store::StoreError};
use crate::{
    encoding::Unpacker,
    margin::{RiskRow, RowError, WORDS},
};

/// Rows in strictly ascending order of instrument, with their places in the tree and its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RiskArray {
    rows: Vec<RiskRow>,
    places: Vec<usize>,
    root: Fr,
}

impl RiskArray {
    /// The array of a state that has adopted none: no rows, root zero.
    pub fn none() -> Self {
        Self { rows: Vec::new(), places: Vec::new(), root: Fr::zero() }
    }

    /// Checks the rows, one place after the other, and computes their root in a tree of depth `depth`. A place may be empty.
    ///
    /// # Errors
    /// [`Reject::BadRiskRow`] for the first place whose row is out of order or range, or that does not fit.
    pub fn new(places: Vec<Option<RiskRow>>, depth: u8) -> Result<Self, Reject> {
        let mut array = Self::none();
        let mut leaves = Vec::with_capacity(places.len());
        for (place, row) in places.into_iter().enumerate() {
            let bad = |reason| Reject::BadRiskRow { row: place, reason };
            if place >> depth != 0 {
                return Err(bad("beyond the depth of the tree"));
            }
            let Some(row) = row else {
                leaves.push(Fr::zero());
                continue;
            };
            if array.rows.last().is_some_and(|last| last.instrument >= row.instrument) {
                return Err(bad("instruments do not strictly ascend"));
            }
            row.check().map_err(|RowError(reason)| bad(reason))?;
            leaves.push(row.leaf());
            array.rows.push(row);
            array.places.push(place);
        }
        array.root = merkle_root(&leaves, depth.into());
        Ok(array)
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

    /// For each instrument, the place of its row and the siblings on the way to the root of a tree of depth `depth`, which is the array's;
    /// `None` for one without a row.
    pub fn paths(&self, instruments: &[InstrumentId], depth: u8) -> Vec<Option<MerklePath>> {
        let mut leaves = vec![Fr::zero(); self.places.last().map_or(0, |last| last + 1)];
        for (place, row) in self.places.iter().zip(&self.rows) {
            leaves[*place] = row.leaf();
        }
        let path = |instrument: &InstrumentId| {
            let row = self.rows.binary_search_by_key(instrument, |row| row.instrument).ok()?;
            Some(MerklePath::in_tree(&leaves, depth.into(), self.places[row] as u64))
        };
        instruments.iter().map(path).collect()
    }

    /// What is kept on disk: of each row its place and the words of its leaf.
    pub(super) fn record(&self) -> Vec<Fr> {
        let place = |place: &usize| Fr::from(*place as u64);
        let rows = self.places.iter().zip(&self.rows);
        rows.flat_map(|(at, row)| core::iter::once(place(at)).chain(row.leaf_words())).collect()
    }

    /// Reads what [`record`](Self::record) wrote and checks it against `root`.
    pub(super) fn from_record(words: &[Fr], depth: u8, root: Fr) -> Result<Self, StoreError> {
        let corrupt = |reason: String| StoreError::Corrupt { what: "risk array", reason };
        if words.is_empty() && root == Fr::zero() {
            return Ok(Self::none());
        }
        let mut places: Vec<Option<RiskRow>> = Vec::new();
        for words in words.chunks(WORDS + 3) {
            let mut place = Unpacker::new(words[0]);
            let at = place.take(32) as usize;
            if !place.is_exhausted() || at < places.len() || at >> depth != 0 {
                return Err(corrupt("a place out of order".to_owned()));
            }
            let row = RiskRow::from_leaf_words(&words[1..]).ok_or_else(|| corrupt("not a row".to_owned()))?;
            places.resize(at, None);
            places.push(Some(row));
        }
        let array = Self::new(places, depth).map_err(|reason| corrupt(reason.to_string()))?;
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
