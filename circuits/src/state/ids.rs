//! Identifiers: accounts, markets, instruments, owners on the settlement layer.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::limits::{MARKET_BITS, STRIKE_BITS, STRIKES};

/// Index of an account in the account tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub u32);

/// Index of a market in the market tree, below 2^20.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MarketId(pub u32);

/// Call or put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionKind {
    /// The right to buy. The one instrument of a perpetual market has this bit too.
    Call,
    /// The right to sell.
    Put,
}

/// `market · 2^12 + strike index · 2 + kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstrumentId(pub u32);

impl InstrumentId {
    /// The option of `market` at `strike_index`, or `None` when the market or the index is out of range.
    pub fn option(market: MarketId, strike_index: u32, kind: OptionKind) -> Option<Self> {
        (market.0 < 1 << MARKET_BITS && strike_index < STRIKES)
            .then(|| Self(market.0 << (STRIKE_BITS + 1) | strike_index << 1 | u32::from(kind == OptionKind::Put)))
    }

    /// The one instrument of a perpetual market, or `None` when the market is out of range.
    pub fn perpetual(market: MarketId) -> Option<Self> {
        Self::option(market, 0, OptionKind::Call)
    }

    /// The market whose instrument this is.
    pub fn market(self) -> MarketId {
        MarketId(self.0 >> (STRIKE_BITS + 1))
    }

    /// The index on the market's strike grid.
    pub fn strike_index(self) -> u32 {
        (self.0 >> 1) & (STRIKES - 1)
    }

    /// Call or put; meaningless for a perpetual.
    pub fn kind(self) -> OptionKind {
        if self.0 & 1 == 0 { OptionKind::Call } else { OptionKind::Put }
    }

    /// The id without its kind: call and put of one strike share it.
    pub fn strike_key(self) -> u32 {
        self.0 >> 1
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for MarketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for InstrumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An address on the settlement layer, big-endian as it is written there. In JSON: `0x` and 40 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Owner(pub [u8; 20]);

impl Owner {
    /// The address as a little-endian integer, for packing.
    pub fn little_endian(self) -> [u8; 20] {
        let mut bytes = self.0;
        bytes.reverse();
        bytes
    }

    /// The inverse of [`little_endian`](Self::little_endian).
    pub fn from_little_endian(mut bytes: [u8; 20]) -> Self {
        bytes.reverse();
        Self(bytes)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Owner {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Owner {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x").ok_or_else(|| D::Error::custom("an address starts with 0x"))?;
        if digits.len() != 40 || !digits.is_ascii() {
            return Err(D::Error::custom(format!("an address has 40 hexadecimal digits, not {}", digits.len())));
        }
        let mut bytes = [0u8; 20];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * index..2 * index + 2], 16)
                .map_err(|_| D::Error::custom(format!("{text} is not hexadecimal")))?;
        }
        Ok(Self(bytes))
    }
}

/// Integers beyond 53 bits in JSON: decimal strings, so that no reader rounds them. For `#[serde(with = "...")]`.
pub mod decimal {
    use core::{fmt::Display, str::FromStr};

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Serialises an integer as a decimal string.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    /// Reads a decimal string.
    ///
    /// # Errors
    /// When the text is not an integer of the type.
    pub fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|reason| D::Error::custom(format!("{text:?}: {reason}")))
    }
}
