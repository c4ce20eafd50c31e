//! Positions of an account: a list, strictly ascending by instrument, committed as a chain.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    ids::{AccountId, InstrumentId, decimal},
    limits::{CASH_BITS, CASH_LIMIT, INSTRUMENT_BITS, QTY_BITS, QTY_LIMIT},
    reject::Reject,
};
use crate::encoding::{Packer, Tag, Unpacker, chain};

/// A holding of one instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The instrument.
    pub instrument: InstrumentId,
    /// Signed lots, not zero, magnitude below 2^53.
    pub qty: i64,
    /// Net cash paid for it since it was opened, magnitude below 2^95.
    #[serde(with = "decimal")]
    pub entry: i128,
}

/// Why a list of positions is not one that an account can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PositionsError {
    /// Two neighbours have the same instrument.
    #[error("instrument {0} twice")]
    Duplicate(InstrumentId),
    /// Instruments do not ascend.
    #[error("instrument {0} is out of order")]
    Unsorted(InstrumentId),
    /// A quantity of zero, or a field out of range.
    #[error("position in {instrument}: {field} is out of range")]
    OutOfRange {
        /// The instrument.
        instrument: InstrumentId,
        /// The field.
        field: &'static str,
    },
}

impl Position {
    /// The position's word.
    pub fn word(&self) -> Fr {
        Packer::new()
            .put(self.instrument.0, INSTRUMENT_BITS)
            .put_signed(self.qty, QTY_BITS)
            .put_signed(self.entry, CASH_BITS)
            .word()
    }

    /// The position that a word stands for, or `None` when it stands for none.
    pub fn from_word(word: Fr) -> Option<Self> {
        let mut fields = Unpacker::new(word);
        let position = Self {
            instrument: InstrumentId(fields.take(INSTRUMENT_BITS) as u32),
            qty: fields.take_signed(QTY_BITS) as i64,
            entry: fields.take_signed(CASH_BITS),
        };
        fields.is_exhausted().then_some(position)
    }
}

/// What is added to a position: a signed quantity, and the signed cash that was paid for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The instrument.
    pub instrument: InstrumentId,
    /// Signed lots.
    pub qty: i64,
    /// Signed cash paid.
    pub value: i128,
}

/// The position list of one account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Positions(Vec<Position>);

impl Positions {
    /// Takes a list as it is.
    ///
    /// # Errors
    /// [`PositionsError`] for the first entry that breaks the rules of a list.
    pub fn new(list: Vec<Position>) -> Result<Self, PositionsError> {
        for position in &list {
            let out_of_range = |field| PositionsError::OutOfRange { instrument: position.instrument, field };
            if position.qty == 0 || !(-QTY_LIMIT < position.qty && position.qty < QTY_LIMIT) {
                return Err(out_of_range("qty"));
            }
            if !(-CASH_LIMIT < position.entry && position.entry < CASH_LIMIT) {
                return Err(out_of_range("entry"));
            }
        }
        for pair in list.windows(2) {
            match pair[0].instrument.cmp(&pair[1].instrument) {
                core::cmp::Ordering::Less => {}
                core::cmp::Ordering::Equal => return Err(PositionsError::Duplicate(pair[1].instrument)),
                core::cmp::Ordering::Greater => return Err(PositionsError::Unsorted(pair[1].instrument)),
            }
        }
        Ok(Self(list))
    }

    /// The positions, ascending.
    pub fn as_slice(&self) -> &[Position] {
        &self.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The quantity held in `instrument`, 0 when none is.
    pub fn qty(&self, instrument: InstrumentId) -> i64 {
        self.find(instrument).map_or(0, |index| self.0[index].qty)
    }

    /// `positions_root`: the chain over the positions' words.
    pub fn root(&self) -> Fr {
        let words: Vec<Fr> = self.0.iter().map(Position::word).collect();
        chain(Tag::Positions, &words)
    }

    /// Adds to a position, opening or removing it as needed; `account` names whose list it is in a rejection.
    ///
    /// # Errors
    /// [`Reject::PositionOverflow`], [`Reject::EntryOverflow`], [`Reject::TooManyPositions`], in this order; the
    /// list is then unchanged.
    pub fn add(&mut self, account: AccountId, change: Change, capacity: usize) -> Result<(), Reject> {
        let found = self.0.binary_search_by_key(&change.instrument, |position| position.instrument);
        let old = found.map_or((0, 0), |index| (self.0[index].qty, self.0[index].entry));
        let qty = old.0 + change.qty;
        let entry = old.1 + change.value;
        if qty.abs() >= QTY_LIMIT {
            return Err(Reject::PositionOverflow(account));
        }
        if entry.abs() >= CASH_LIMIT {
            return Err(Reject::EntryOverflow(account));
        }
        let position = Position { instrument: change.instrument, qty, entry };
        match (found, qty) {
            (Ok(index), 0) => drop(self.0.remove(index)),
            (Ok(index), _) => self.0[index] = position,
            (Err(_), 0) => {}
            (Err(_), _) if self.0.len() >= capacity => return Err(Reject::TooManyPositions(account)),
            (Err(index), _) => self.0.insert(index, position),
        }
        Ok(())
    }

    /// Takes the position in `instrument` off the list.
    pub fn remove(&mut self, instrument: InstrumentId) -> Option<Position> {
        self.find(instrument).map(|index| self.0.remove(index))
    }

    fn find(&self, instrument: InstrumentId) -> Option<usize> {
        self.0.binary_search_by_key(&instrument, |position| position.instrument).ok()
    }
}
