//! Why a transaction was refused: one variant, and one code in the book chapter, for each reason.

use thiserror::Error;

use super::ids::{AccountId, InstrumentId, MarketId};

/// The reason for which a transaction was refused. A refused transaction changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Reject {
    /// A field is outside its range.
    #[error("{field} is out of range")]
    OutOfRange {
        /// The field, as it is named in the book chapter.
        field: &'static str,
    },
    /// A queue entry was taken out of order.
    #[error("queue entry {given} taken, but {expected} is next")]
    QueueOrder {
        /// The cursor.
        expected: u32,
        /// The index of the transaction.
        given: u32,
    },
    /// No account has this id.
    #[error("no account {0}")]
    UnknownAccount(AccountId),
    /// The id is taken.
    #[error("account {0} exists")]
    AccountExists(AccountId),
    /// The transaction needs two different accounts.
    #[error("account {0} on both sides")]
    SameAccount(AccountId),
    /// The insurance account cannot be liquidated.
    #[error("the insurance account cannot be liquidated")]
    InsuranceAccount,
    /// Not the account's nonce.
    #[error("nonce {given}, but account {account} is at {expected}")]
    BadNonce {
        /// The account.
        account: AccountId,
        /// Its nonce.
        expected: u32,
        /// The transaction's.
        given: u32,
    },
    /// Not a point of the prime-order subgroup, or the identity.
    #[error("the key is not a valid point")]
    BadKey,
    /// The signature of `signer` does not verify.
    #[error("the signature of {signer} does not verify")]
    BadSignature {
        /// Who should have signed.
        signer: Signer,
    },
    /// The slot has seen a higher order id.
    #[error("order {order} of account {account} was superseded by {seen}")]
    OrderSuperseded {
        /// The account.
        account: AccountId,
        /// The order.
        order: u64,
        /// The id in the slot.
        seen: u64,
    },
    /// The order was cancelled.
    #[error("order {order} of account {account} was cancelled")]
    OrderClosed {
        /// The account.
        account: AccountId,
        /// The order.
        order: u64,
    },
    /// The order, or the bid, has expired.
    #[error("order of account {account} expired")]
    OrderExpired {
        /// Whose.
        account: AccountId,
    },
    /// More than what is left of the order.
    #[error("order {order} of account {account} has {left} left")]
    Overfilled {
        /// The account.
        account: AccountId,
        /// The order.
        order: u64,
        /// What is left, in lots.
        left: u64,
    },
    /// The price is worse than the order's limit.
    #[error("the price is beyond the limit of account {account}")]
    LimitPrice {
        /// Whose limit.
        account: AccountId,
    },
    /// The two orders are for different instruments.
    #[error("the orders are for different instruments")]
    InstrumentMismatch,
    /// Both orders buy, or both sell.
    #[error("both orders are on the same side")]
    SameSide,
    /// The value of the trade does not fit.
    #[error("the value of the trade is too large")]
    ValueTooLarge,
    /// No market has this id.
    #[error("no market {0}")]
    UnknownMarket(MarketId),
    /// The market has no such instrument.
    #[error("market has no instrument {0}")]
    UnknownInstrument(InstrumentId),
    /// The market id is taken.
    #[error("market {0} exists")]
    MarketExists(MarketId),
    /// The market has expired.
    #[error("market {0} has expired")]
    MarketExpired(MarketId),
    /// The terms of a listing contradict each other.
    #[error("the listing's {field} contradicts its kind")]
    BadListing {
        /// The field.
        field: &'static str,
    },
    /// Only a perpetual carries an index and funding.
    #[error("market {0} carries no index")]
    NotAnIndex(MarketId),
    /// Only a series expires.
    #[error("market {0} is not a series of options")]
    NotASeries(MarketId),
    /// The settlement price is fixed already.
    #[error("market {0} is settled already")]
    AlreadySettled(MarketId),
    /// The series has not expired.
    #[error("market {0} has not expired")]
    NotExpired(MarketId),
    /// The settlement price is not fixed.
    #[error("market {0} has no settlement price")]
    NotSettled(MarketId),
    /// The account holds nothing in the instrument.
    #[error("account {account} has no position in {instrument}")]
    NoPosition {
        /// The account.
        account: AccountId,
        /// The instrument.
        instrument: InstrumentId,
    },
    /// Not the number of reports that the threshold asks for.
    #[error("{given} oracle reports, but {needed} are needed")]
    ReportCount {
        /// The threshold.
        needed: usize,
        /// How many there are.
        given: usize,
    },
    /// Oracle reports are not in strictly ascending order of signer.
    #[error("oracle signers are not strictly ascending")]
    SignerOrder,
    /// No oracle key has this index.
    #[error("no oracle key {0}")]
    UnknownSigner(u32),
    /// The report is older than what the state has seen.
    #[error("the report's time is not after the last one")]
    TimeBackwards,
    /// The risk array is of another scenario set.
    #[error("the risk array is of another scenario set")]
    WrongScenarios,
    /// The risk array was computed from other marks than the oracle's.
    #[error("the risk array was computed from other marks")]
    WrongMarks,
    /// The risk array is of another time than the oracle's marks.
    #[error("the risk array is of another time")]
    StaleMarks,
    /// A row of the risk array is out of order or out of range.
    #[error("row {row} of the risk array: {reason}")]
    BadRiskRow {
        /// Its index.
        row: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// The rows do not hash to the claimed root.
    #[error("the risk array does not have the claimed root")]
    RiskRootMismatch,
    /// Prices are older than the parameters allow.
    #[error("prices are stale")]
    StalePrice,
    /// An expired position must be settled first.
    #[error("position in {0} must be settled first")]
    UnsettledPosition(InstrumentId),
    /// The risk array has no row for the instrument.
    #[error("the risk array has no row for {0}")]
    NotInRiskArray(InstrumentId),
    /// The row was priced with other terms than the market's.
    #[error("the risk array's terms of {0} are not the market's")]
    TermsMismatch(InstrumentId),
    /// The exposure bound.
    #[error("gross exposure is at or above 2^83")]
    ExposureTooLarge,
    /// The equity bound.
    #[error("equity is at or beyond 2^97")]
    EquityOverflow,
    /// The account would not meet initial margin.
    #[error("account {account} would be {shortfall} short of initial margin")]
    InitialMargin {
        /// The account.
        account: AccountId,
        /// By how much, in cash units.
        shortfall: i128,
    },
    /// A reduce-only fill would leave the account in worse health.
    #[error("the health of account {account} would fall")]
    HealthFell {
        /// The account.
        account: AccountId,
    },
    /// The account meets maintenance margin.
    #[error("account {0} is healthy")]
    Healthy(AccountId),
    /// An auction is running.
    #[error("an auction of account {0} is running")]
    AuctionRunning(AccountId),
    /// No auction is running, or it has lapsed.
    #[error("no auction of account {0} is running")]
    NoAuction(AccountId),
    /// Below close-out only insurance may act.
    #[error("account {0} is below close-out")]
    BelowCloseOut(AccountId),
    /// Above close-out insurance may not take over.
    #[error("account {0} is above close-out")]
    AboveCloseOut(AccountId),
    /// The bid was made on another portfolio.
    #[error("the portfolio of account {0} has changed")]
    PortfolioChanged(AccountId),
    /// The share would take the account above its buffer.
    #[error("share {share} is larger than {largest}")]
    ShareTooLarge {
        /// The bid's, in bp.
        share: u16,
        /// The largest that is allowed, in bp.
        largest: u16,
    },
    /// The bid is below the auction's floor.
    #[error("the bid is {missing} below the floor")]
    BelowFloor {
        /// By how much, in cash units.
        missing: i128,
    },
    /// There are no fees to collect.
    #[error("there are no fees to collect")]
    NothingToCollect,
    /// Funding is not due.
    #[error("funding of market {0} is not due")]
    FundingNotDue(MarketId),
    /// The funding index would leave its range.
    #[error("the funding index of market {0} would overflow")]
    FundingOverflow(MarketId),
    /// A quantity would leave its range.
    #[error("position of account {0} would overflow")]
    PositionOverflow(AccountId),
    /// An entry value would leave its range.
    #[error("entry value of account {0} would overflow")]
    EntryOverflow(AccountId),
    /// The position list is full.
    #[error("account {0} has no room for another position")]
    TooManyPositions(AccountId),
    /// Cash would leave its range.
    #[error("cash of account {0} would overflow")]
    CashOverflow(AccountId),
    /// A register would leave its range.
    #[error("register {0} would overflow")]
    RegisterOverflow(&'static str),
}

/// Who should have signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signer {
    /// The key of an account.
    Account(AccountId),
    /// The oracle key of this index.
    Oracle(u32),
}

impl core::fmt::Display for Signer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account {id}"),
            Self::Oracle(index) => write!(f, "oracle key {index}"),
        }
    }
}

impl Reject {
    /// The code of the book chapter.
    pub fn code(&self) -> &'static str {
        match self {
            Self::OutOfRange { .. } => "out_of_range",
            Self::QueueOrder { .. } => "queue_order",
            Self::UnknownAccount(_) => "unknown_account",
            Self::AccountExists(_) => "account_exists",
            Self::SameAccount(_) => "same_account",
            Self::InsuranceAccount => "insurance_account",
            Self::BadNonce { .. } => "bad_nonce",
            Self::BadKey => "bad_key",
            Self::BadSignature { .. } => "bad_signature",
            Self::OrderSuperseded { .. } => "order_superseded",
            Self::OrderClosed { .. } => "order_closed",
            Self::OrderExpired { .. } => "order_expired",
            Self::Overfilled { .. } => "overfilled",
            Self::LimitPrice { .. } => "limit_price",
            Self::InstrumentMismatch => "instrument_mismatch",
            Self::SameSide => "same_side",
            Self::ValueTooLarge => "value_too_large",
            Self::UnknownMarket(_) => "unknown_market",
            Self::UnknownInstrument(_) => "unknown_instrument",
            Self::MarketExists(_) => "market_exists",
            Self::MarketExpired(_) => "market_expired",
            Self::BadListing { .. } => "bad_listing",
            Self::NotAnIndex(_) => "not_an_index",
            Self::NotASeries(_) => "not_a_series",
            Self::AlreadySettled(_) => "already_settled",
            Self::NotExpired(_) => "not_expired",
            Self::NotSettled(_) => "not_settled",
            Self::NoPosition { .. } => "no_position",
            Self::ReportCount { .. } => "report_count",
            Self::SignerOrder => "signer_order",
            Self::UnknownSigner(_) => "unknown_signer",
            Self::TimeBackwards => "time_backwards",
            Self::WrongScenarios => "wrong_scenarios",
            Self::WrongMarks => "wrong_marks",
            Self::StaleMarks => "stale_marks",
            Self::BadRiskRow { .. } => "bad_risk_row",
            Self::RiskRootMismatch => "risk_root_mismatch",
            Self::StalePrice => "stale_price",
            Self::UnsettledPosition(_) => "unsettled_position",
            Self::NotInRiskArray(_) => "not_in_risk_array",
            Self::TermsMismatch(_) => "terms_mismatch",
            Self::ExposureTooLarge => "exposure_too_large",
            Self::EquityOverflow => "equity_overflow",
            Self::InitialMargin { .. } => "initial_margin",
            Self::HealthFell { .. } => "health_fell",
            Self::Healthy(_) => "healthy",
            Self::AuctionRunning(_) => "auction_running",
            Self::NoAuction(_) => "no_auction",
            Self::BelowCloseOut(_) => "below_close_out",
            Self::AboveCloseOut(_) => "above_close_out",
            Self::PortfolioChanged(_) => "portfolio_changed",
            Self::ShareTooLarge { .. } => "share_too_large",
            Self::BelowFloor { .. } => "below_floor",
            Self::NothingToCollect => "nothing_to_collect",
            Self::FundingNotDue(_) => "funding_not_due",
            Self::FundingOverflow(_) => "funding_overflow",
            Self::PositionOverflow(_) => "position_overflow",
            Self::EntryOverflow(_) => "entry_overflow",
            Self::TooManyPositions(_) => "too_many_positions",
            Self::CashOverflow(_) => "cash_overflow",
            Self::RegisterOverflow(_) => "register_overflow",
        }
    }
}
