//! Ranges and packed widths of every quantity: section 1 of the book chapter, as constants.

/// Prices, strikes, amounts, order ids and reserves are below this.
pub const AMOUNT_LIMIT: u64 = 1 << 63;
/// Sizes and absolute quantities are below this.
pub const QTY_LIMIT: i64 = 1 << 53;
/// `filled` of a cancelled order: more than any size.
pub const CANCELLED: u64 = 1 << 53;
/// Absolute cash and entry values are below this, and so are the registers.
pub const CASH_LIMIT: i128 = 1 << 95;
/// The absolute value of one trade, and the payment of a liquidation, are below this.
pub const VALUE_LIMIT: i128 = 1 << 94;
/// The absolute funding index is below this.
pub const FUNDING_LIMIT: i64 = 1 << 62;
/// Times are below this.
pub const TIME_LIMIT: u64 = 1 << 40;
/// Nonces and queue indices are below this.
pub const COUNTER_LIMIT: u32 = u32::MAX;
/// Strikes per series.
pub const STRIKES: u32 = 1 << STRIKE_BITS;
/// Ratios are in units of one ten-thousandth.
pub const BP: i128 = 10_000;

/// Packed width of an account id.
pub const ACCOUNT_BITS: u32 = 32;
/// Packed width of a market id.
pub const MARKET_BITS: u32 = 20;
/// Width of a strike index inside an instrument id.
pub const STRIKE_BITS: u32 = 11;
/// Packed width of an instrument id.
pub const INSTRUMENT_BITS: u32 = 32;
/// Packed width of prices, amounts, order ids, reserves and (biased) funding indices.
pub const AMOUNT_BITS: u32 = 64;
/// Packed width of a size, and of a quantity (biased).
pub const QTY_BITS: u32 = 56;
/// Packed width of cash, entry values and payments (biased) and of registers.
pub const CASH_BITS: u32 = 96;
/// Packed width of nonces and queue indices.
pub const COUNTER_BITS: u32 = 32;
/// Packed width of times.
pub const TIME_BITS: u32 = 40;
/// Packed width of a transaction type.
pub const TYPE_BITS: u32 = 8;
