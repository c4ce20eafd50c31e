//! Transactions: one file per type, each with its fields, its `apply` and its `encode`.
//!
//! Normative text, and the order of every check: section 7 of the book chapter "The exchange as a state machine".

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{draft::Draft, machine::ApplyError, receipt::Event};

mod adopt_risk;
mod auction;
mod cancel;
mod checks;
mod collect;
mod deposit;
mod fill;
mod fix_expiry;
mod forced_withdraw;
mod funding_tick;
mod liquidate;
mod list;
mod noop;
mod oracle_update;
mod register;
mod reserve;
mod rotate_key;
mod settle;
mod takeover;
mod transfer;
mod withdraw;

pub use adopt_risk::AdoptRisk;
pub use auction::Auction;
pub use cancel::Cancel;
pub use collect::Collect;
pub use deposit::Deposit;
pub use fill::Fill;
pub use fix_expiry::FixExpiry;
pub use forced_withdraw::ForcedWithdraw;
pub use funding_tick::FundingTick;
pub use liquidate::{Bid, Liquidate, Quote};
pub use list::List;
pub use noop::Noop;
pub use oracle_update::OracleUpdate;
pub use register::Register;
pub use reserve::Reserve;
pub use rotate_key::RotateKey;
pub use settle::Settle;
pub use takeover::Takeover;
pub use transfer::Transfer;
pub use withdraw::Withdraw;

/// What every transaction type does.
pub trait Transaction {
    /// The number of the type.
    const TYPE: u8;

    /// Checks the transaction and stages its effect.
    ///
    /// # Errors
    /// [`ApplyError::Rejected`] with the first check that fails, and the store's failures.
    fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError>;

    /// The words that the data-availability hash binds.
    fn encode(&self) -> Vec<Fr>;
}

/// Declares [`Tx`] with the dispatch over its types.
macro_rules! transactions {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A transaction of any type.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "type", rename_all = "snake_case")]
        pub enum Tx {
            $($(#[$doc])* $name($name),)*
        }

        $(impl From<$name> for Tx {
            fn from(tx: $name) -> Self {
                Self::$name(tx)
            }
        })*

        impl Tx {
            /// The number of the transaction's type.
            pub fn type_number(&self) -> u8 {
                match self {
                    $(Self::$name(_) => $name::TYPE,)*
                }
            }

            /// Checks the transaction and stages its effect.
            pub(super) fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
                match self {
                    $(Self::$name(tx) => tx.apply(draft),)*
                }
            }

            /// The words that the data-availability hash binds.
            pub fn encode(&self) -> Vec<Fr> {
                match self {
                    $(Self::$name(tx) => tx.encode(),)*
                }
            }
        }
    };
}

transactions! {
    /// Padding.
    Noop,
    /// Cash from the settlement layer.
    Deposit,
    /// Cash to the settlement layer.
    Withdraw,
    /// A withdrawal demanded on the settlement layer.
    ForcedWithdraw,
    /// A new account.
    Register,
    /// A new key.
    RotateKey,
    /// Cancels an order.
    Cancel,
    /// Cash set aside for resting orders.
    Reserve,
    /// Cash to another account.
    Transfer,
    /// A trade of two signed orders.
    Fill,
    /// Pays out an expired position.
    Settle,
    /// Starts or stops the auction clock of an account.
    Auction,
    /// A share of an unhealthy portfolio to a bidder.
    Liquidate,
    /// An account below close-out to the insurance account.
    Takeover,
    /// Fees to the fee account.
    Collect,
    /// A new market.
    List,
    /// A new index price and marks.
    OracleUpdate,
    /// A settlement price.
    FixExpiry,
    /// A new risk array.
    AdoptRisk,
    /// Charges funding.
    FundingTick,
}

/// The first type that changes markets rather than accounts.
const FIRST_MARKET_TYPE: u8 = List::TYPE;

impl Tx {
    /// Whether it changes prices, markets or the clock: in a batch these come first.
    pub fn is_market(&self) -> bool {
        self.type_number() >= FIRST_MARKET_TYPE
    }
}
