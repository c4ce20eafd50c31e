//! A row of the risk array: one instrument in one mark epoch, and the words it is committed and read as.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::encoding::{Packer, Tag, Unpacker, chain, hex_fr};
use crate::state::{
    ids::InstrumentId,
    limits::{AMOUNT_BITS, AMOUNT_LIMIT, INSTRUMENT_BITS, TIME_BITS, TIME_LIMIT},
};

/// Scenarios of the default set.
pub const SCENARIOS: usize = 33;
/// Prices of a row: the base price and one per scenario.
pub const PRICES: usize = SCENARIOS + 1;
/// Lanes of a row: the prices, the spot, and the sum of all these.
pub const LANES: usize = PRICES + 2;
/// Lanes in one word.
pub const LANES_PER_WORD: usize = 3;
/// Words of a row.
pub const WORDS: usize = LANES / LANES_PER_WORD;
/// Width of a lane: a sum over an account's positions stays within it, sign included.
pub const LANE_BITS: u32 = 84;

/// Prices of one instrument under every scenario. Prices and spot are in ticks, below 2^63.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskRow {
    /// The instrument.
    pub instrument: InstrumentId,
    /// Expiry that the row was priced with, Unix seconds; 0 for a perpetual.
    pub expiry: u64,
    /// Strike that the row was priced with, in ticks; 0 for a perpetual.
    pub strike: u64,
    /// Price of the underlying.
    pub spot: u64,
    /// Price at the marks, then under each scenario.
    #[serde(with = "prices")]
    pub prices: [u64; PRICES],
    /// Digest of the Greeks, opaque to margin.
    #[serde(with = "hex_fr")]
    pub greeks: Fr,
}

/// Why a row is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct RowError(pub &'static str);

impl RiskRow {
    /// Price at the marks.
    pub fn base(&self) -> u64 {
        self.prices[0]
    }

    /// Sum of all prices and the spot: the last lane, which bounds every other.
    pub fn total(&self) -> u128 {
        self.prices.iter().map(|price| u128::from(*price)).sum::<u128>() + u128::from(self.spot)
    }

    /// Checks the ranges of section 4.
    ///
    /// # Errors
    /// [`RowError`], which names the field.
    pub fn check(&self) -> Result<(), RowError> {
        if self.expiry >= TIME_LIMIT {
            return Err(RowError("expiry out of range"));
        }
        if self.strike >= AMOUNT_LIMIT {
            return Err(RowError("strike out of range"));
        }
        if self.spot >= AMOUNT_LIMIT {
            return Err(RowError("spot out of range"));
        }
        if self.prices.iter().any(|price| *price >= AMOUNT_LIMIT) {
            return Err(RowError("prices out of range"));
        }
        Ok(())
    }

    /// Instrument, expiry and strike in one word.
    pub fn terms(&self) -> Fr {
        Packer::new()
            .put(self.instrument.0, INSTRUMENT_BITS)
            .put(self.expiry, TIME_BITS)
            .put(self.strike, AMOUNT_BITS)
            .word()
    }

    /// The lanes, three to a word.
    pub fn words(&self) -> [Fr; WORDS] {
        let mut lanes = [0u128; LANES];
        for (lane, price) in lanes.iter_mut().zip(self.prices) {
            *lane = price.into();
        }
        lanes[PRICES] = self.spot.into();
        lanes[PRICES + 1] = self.total();
        core::array::from_fn(|word| {
            lanes[LANES_PER_WORD * word..][..LANES_PER_WORD]
                .iter()
                .fold(Packer::new(), |packer, lane| packer.put(*lane, LANE_BITS))
                .word()
        })
    }

    /// The words that are hashed: terms, lanes, Greeks.
    pub fn leaf_words(&self) -> [Fr; WORDS + 2] {
        let lanes = self.words();
        core::array::from_fn(|index| match index {
            0 => self.terms(),
            _ => lanes.get(index - 1).copied().unwrap_or(self.greeks),
        })
    }

    /// The row's leaf in the risk tree.
    pub fn leaf(&self) -> Fr {
        chain(Tag::Risk, &self.leaf_words())
    }

    /// The row that [`leaf_words`](Self::leaf_words) stand for, or `None` when they stand for none.
    pub fn from_leaf_words(words: &[Fr]) -> Option<Self> {
        let [terms, lanes @ .., greeks]: &[Fr; WORDS + 2] = words.try_into().ok()?;
        let mut fields = Unpacker::new(*terms);
        let instrument = InstrumentId(fields.take(INSTRUMENT_BITS) as u32);
        let expiry = fields.take(TIME_BITS) as u64;
        let strike = fields.take(AMOUNT_BITS) as u64;
        let mut values = Vec::with_capacity(LANES);
        for word in lanes {
            let mut lanes = Unpacker::new(*word);
            values.extend((0..LANES_PER_WORD).map(|_| lanes.take(LANE_BITS)));
            if !lanes.is_exhausted() {
                return None;
            }
        }
        let narrow: Option<Vec<u64>> = values[..=PRICES].iter().map(|lane| u64::try_from(*lane).ok()).collect();
        let narrow = narrow?;
        let row = Self {
            instrument,
            expiry,
            strike,
            spot: narrow[PRICES],
            prices: core::array::from_fn(|index| narrow[index]),
            greeks: *greeks,
        };
        (fields.is_exhausted() && row.check().is_ok() && row.total() == values[PRICES + 1]).then_some(row)
    }
}

/// Serde of the price array, which is longer than serde's own arrays.
mod prices {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::PRICES;

    pub(super) fn serialize<S: Serializer>(prices: &[u64; PRICES], serializer: S) -> Result<S::Ok, S::Error> {
        prices.as_slice().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u64; PRICES], D::Error> {
        let prices = Vec::<u64>::deserialize(deserializer)?;
        let found = prices.len();
        prices.try_into().map_err(|_| D::Error::custom(format!("a row has {PRICES} prices, not {found}")))
    }
}
