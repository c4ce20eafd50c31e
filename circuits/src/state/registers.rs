//! The registers of the state: the roots, the two funds, the clocks and cursors. Their words hash to the state root.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{
    ids::decimal,
    limits::{CASH_BITS, CASH_LIMIT, COUNTER_BITS, TIME_BITS},
    reject::Reject,
    store::StoreError,
};
use crate::encoding::{Packer, Tag, Unpacker, chain, hex_fr};

/// Everything in the state root. Funds in cash units, times in Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registers {
    /// Root of the account tree.
    #[serde(with = "hex_fr")]
    pub accounts_root: Fr,
    /// Root of the market tree.
    #[serde(with = "hex_fr")]
    pub markets_root: Fr,
    /// Root of the adopted risk array; zero before the first.
    #[serde(with = "hex_fr")]
    pub risk_root: Fr,
    /// Hash of the parameter set.
    #[serde(with = "hex_fr")]
    pub params_hash: Fr,
    /// Digest of the marks of the last oracle update; zero before the first.
    #[serde(with = "hex_fr")]
    pub oracle_root: Fr,
    /// Cash of the insurance fund.
    #[serde(with = "decimal")]
    pub insurance: i128,
    /// Fees not yet collected.
    #[serde(with = "decimal")]
    pub fees: i128,
    /// Transactions accepted, padding apart.
    pub seq: u64,
    /// Time of the last oracle update.
    pub time: u64,
    /// Time of the marks of the adopted risk array.
    pub risk_time: u64,
    /// Deposits taken from the queue.
    pub deposit_cursor: u32,
    /// Forced withdrawals taken from the queue.
    pub forced_cursor: u32,
}

impl Registers {
    /// The words of the state root.
    pub fn words(&self) -> [Fr; 7] {
        let funds = Packer::new().put(self.insurance as u128, CASH_BITS).put(self.fees as u128, CASH_BITS);
        let clock = Packer::new()
            .put(self.seq, 64)
            .put(self.time, TIME_BITS)
            .put(self.risk_time, TIME_BITS)
            .put(self.deposit_cursor, COUNTER_BITS)
            .put(self.forced_cursor, COUNTER_BITS);
        [
            self.accounts_root,
            self.markets_root,
            self.risk_root,
            self.params_hash,
            self.oracle_root,
            funds.word(),
            clock.word(),
        ]
    }

    /// The state root.
    pub fn root(&self) -> Fr {
        chain(Tag::State, &self.words())
    }

    /// Reads what [`words`](Self::words) wrote, trusting nothing.
    pub(super) fn from_words(words: &[Fr]) -> Result<Self, StoreError> {
        let corrupt = |reason: &str| StoreError::Corrupt { what: "registers", reason: reason.to_owned() };
        let &[accounts_root, markets_root, risk_root, params_hash, oracle_root, funds, clock] =
            <&[Fr; 7]>::try_from(words).map_err(|_| corrupt("not seven words"))?;
        let (mut funds, mut clock) = (Unpacker::new(funds), Unpacker::new(clock));
        let registers = Self {
            accounts_root,
            markets_root,
            risk_root,
            params_hash,
            oracle_root,
            insurance: funds.take(CASH_BITS) as i128,
            fees: funds.take(CASH_BITS) as i128,
            seq: clock.take(64) as u64,
            time: clock.take(TIME_BITS) as u64,
            risk_time: clock.take(TIME_BITS) as u64,
            deposit_cursor: clock.take(COUNTER_BITS) as u32,
            forced_cursor: clock.take(COUNTER_BITS) as u32,
        };
        let in_range = registers.insurance < CASH_LIMIT
            && registers.fees < CASH_LIMIT
            && registers.risk_time <= registers.time
            && funds.is_exhausted()
            && clock.is_exhausted();
        in_range.then_some(registers).ok_or_else(|| corrupt("out of range"))
    }

    /// Adds to the fees.
    pub(super) fn add_fees(&mut self, amount: i128) -> Result<(), Reject> {
        self.fees = register("fees", self.fees + amount)?;
        Ok(())
    }

    /// Adds to the insurance fund; never more is taken than is there.
    pub(super) fn add_insurance(&mut self, amount: i128) -> Result<(), Reject> {
        self.insurance = register("insurance", self.insurance + amount)?;
        Ok(())
    }
}

fn register(name: &'static str, value: i128) -> Result<i128, Reject> {
    if (0..CASH_LIMIT).contains(&value) { Ok(value) } else { Err(Reject::RegisterOverflow(name)) }
}
