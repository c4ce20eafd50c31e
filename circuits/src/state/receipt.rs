//! What an accepted transaction did.

use serde::{Deserialize, Serialize};

use super::ids::{AccountId, Owner, decimal};
use crate::margin::Health;

/// What an accepted transaction did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The sequence number afterwards.
    pub seq: u64,
    /// What happened.
    pub event: Event,
    /// Health figures that were computed, in the order in which they were.
    pub healths: Vec<Checked>,
    /// What the settlement layer owes because of it.
    pub payment: Option<Payment>,
}

/// An account's health at some step of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// The account.
    pub account: AccountId,
    /// Its health.
    pub health: Health,
}

/// A payment on the settlement layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// To whom.
    pub owner: Owner,
    /// From which account (or, refunded, to which the deposit was meant).
    pub account: AccountId,
    /// How much.
    pub amount: u64,
}

/// What became of a forced withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forced {
    /// Paid in full.
    Paid,
    /// The account could not bear it.
    Refused,
    /// No such account, or another's.
    Void,
}

/// The event of each transaction type. Amounts in cash units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// Padding.
    Noop,
    /// A deposit was credited, or sent back.
    Deposited {
        /// Whether it was sent back.
        refunded: bool,
    },
    /// A withdrawal.
    Withdrawn,
    /// A forced withdrawal was dealt with.
    Forced {
        /// How.
        outcome: Forced,
    },
    /// A new account.
    Registered,
    /// A new key.
    KeyRotated,
    /// A cancelled order.
    Cancelled,
    /// A new reserve.
    ReserveSet,
    /// Cash moved.
    Transferred,
    /// A trade.
    Filled {
        /// The maker's fee.
        #[serde(with = "decimal")]
        maker_fee: i128,
        /// The taker's fee.
        #[serde(with = "decimal")]
        taker_fee: i128,
    },
    /// An expired position was paid out.
    Settled {
        /// Payoff of one lot, in ticks.
        payoff: u64,
        /// The signed quantity, in lots.
        qty: i64,
    },
    /// A liquidation auction began, or began anew.
    AuctionOpened,
    /// A liquidation auction ended.
    AuctionClosed,
    /// A share of a portfolio changed hands.
    Liquidated {
        /// Discount in force, bp.
        discount: u16,
        /// Value of what moved, at the marks.
        #[serde(with = "decimal")]
        value: i128,
        /// The lowest payment that would have been accepted.
        #[serde(with = "decimal")]
        floor: i128,
        /// Fee to the insurance fund.
        #[serde(with = "decimal")]
        fee: i128,
    },
    /// Insurance took a portfolio over.
    TakenOver {
        /// Paid from the insurance fund to make up for negative equity.
        #[serde(with = "decimal")]
        paid: i128,
        /// Negative equity that the fund could not make up for.
        #[serde(with = "decimal")]
        uncovered: i128,
    },
    /// Fees went to the fee account.
    Collected {
        /// How much.
        #[serde(with = "decimal")]
        amount: i128,
    },
    /// A new market.
    Listed,
    /// A new index price.
    OracleUpdated {
        /// The median, in ticks.
        price: u64,
    },
    /// A settlement price.
    ExpiryFixed {
        /// The median, in ticks.
        price: u64,
    },
    /// A new risk array.
    RiskAdopted,
    /// Funding was charged.
    FundingTicked {
        /// Added to the funding index, in ticks.
        step: i64,
    },
}
