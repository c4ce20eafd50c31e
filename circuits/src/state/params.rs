//! Parameter sets of a venue, their ranges and their hash.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    ids::AccountId,
    keys::PublicKey,
    limits::{ACCOUNT_BITS, BP},
};
use crate::{
    encoding::{Packer, Tag, chain, hex_fr},
    margin::MarginRules,
};

/// Words of a parameter set that margin reads; they come first, and are a whole number of pairs.
const RULE_WORDS: usize = 6;

/// Depths of the trees, and of the position list (its capacity is 2^depth).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Depths {
    /// Account tree, 1 to 32.
    pub accounts: u8,
    /// Order tree of an account, 1 to 16.
    pub orders: u8,
    /// Market tree, 1 to 20.
    pub markets: u8,
    /// Tree of the risk array, 1 to 20.
    pub instruments: u8,
    /// Positions of an account, 0 to 7.
    pub positions: u8,
}

impl Depths {
    /// How many positions an account can hold.
    pub fn position_capacity(&self) -> usize {
        1 << self.positions
    }
}

impl Default for Depths {
    fn default() -> Self {
        Self { accounts: 24, orders: 8, markets: 12, instruments: 12, positions: 7 }
    }
}

/// Fees on fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeRules {
    /// Maker's rate in millionths of the notional, at most 100,000.
    pub maker: u32,
    /// Taker's rate in millionths of the notional, at most 100,000.
    pub taker: u32,
}

/// Funding of perpetuals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FundingRules {
    /// Seconds from one tick to the next, from 1.
    pub interval: u32,
    /// Seconds over which the whole premium would be paid, from 1.
    pub period: u32,
    /// Cap on the premium, bp of the index.
    pub cap: u16,
}

/// Liquidation and its auction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiquidationRules {
    /// Equity over maintenance that a liquidation may restore, bp, 10,000 to 30,000.
    pub buffer: u16,
    /// Equity over maintenance below which insurance takes over, bp.
    pub close_out: u16,
    /// Fee on the liquidated share of equity, bp, at most 100.
    pub fee: u16,
    /// Discount on the liquidated share of equity when the auction opens, bp.
    pub discount_start: u16,
    /// Discount at the end of the auction, bp.
    pub discount_end: u16,
    /// Seconds in which the discount rises.
    pub duration: u32,
    /// Seconds after which the auction must be opened anew.
    pub lapse: u32,
}

/// The oracle quorum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OracleRules {
    /// Reports in an update; odd, at most 15.
    pub threshold: u8,
    /// Who may report, at most 16.
    pub keys: Vec<PublicKey>,
}

/// Everything about a venue that is fixed for the life of its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VenueParams {
    /// The settlement layer.
    pub chain_id: u64,
    /// The venue on it.
    pub app_id: u64,
    /// Tree depths.
    #[serde(default)]
    pub depths: Depths,
    /// Hash of the scenario set.
    #[serde(with = "hex_fr")]
    pub scenario_hash: Fr,
    /// Margin.
    pub margin: MarginRules,
    /// Fees.
    pub fees: FeeRules,
    /// Age of prices, in seconds, beyond which nothing is margined.
    pub max_price_age: u32,
    /// The account that collects fees.
    pub fee_account: AccountId,
    /// The account that takes portfolios over.
    pub insurance_account: AccountId,
    /// Funding.
    pub funding: FundingRules,
    /// Liquidation.
    pub liquidation: LiquidationRules,
    /// Oracle.
    pub oracle: OracleRules,
}

/// Why a parameter set is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("parameter {field}: {rule}")]
pub struct ParamsError {
    /// The parameter.
    pub field: &'static str,
    /// The rule that it breaks.
    pub rule: &'static str,
}

impl VenueParams {
    /// Checks every range of section 3 of the book chapter.
    ///
    /// # Errors
    /// [`ParamsError`] for the first rule that is broken.
    pub fn check(&self) -> Result<(), ParamsError> {
        self.check_depths()?;
        self.margin
            .check()
            .map_err(|field| ParamsError { field, rule: "33 weights and all margin ratios are at most 10000" })?;
        let account_fits = |id: AccountId| u64::from(id.0) >> self.depths.accounts == 0;
        let LiquidationRules { buffer, close_out, fee, discount_start, discount_end, duration, lapse } =
            self.liquidation;
        let bp = BP as u16;
        require(self.fees.maker <= 100_000, "fees.maker", "at most 100000")?;
        require(self.fees.taker <= 100_000, "fees.taker", "at most 100000")?;
        require(account_fits(self.fee_account), "fee_account", "within the account tree")?;
        require(account_fits(self.insurance_account), "insurance_account", "within the account tree")?;
        require(self.fee_account != self.insurance_account, "insurance_account", "not the fee account")?;
        require(self.funding.interval >= 1, "funding.interval", "at least 1")?;
        require(self.funding.period >= 1, "funding.period", "at least 1")?;
        require(self.funding.cap <= bp, "funding.cap", "at most 10000")?;
        require((bp..=3 * bp).contains(&buffer), "liquidation.buffer", "10000 to 30000")?;
        require(close_out <= bp, "liquidation.close_out", "at most 10000")?;
        require(fee <= 100, "liquidation.fee", "at most 100")?;
        require(discount_start <= discount_end, "liquidation.discount_start", "at most discount_end")?;
        require(discount_end <= bp - fee, "liquidation.discount_end", "with the fee at most 10000")?;
        require(duration >= 1, "liquidation.duration", "at least 1")?;
        require(duration <= lapse, "liquidation.lapse", "at least duration")?;
        self.check_oracle()
    }

    fn check_depths(&self) -> Result<(), ParamsError> {
        let Depths { accounts, orders, markets, instruments, positions } = self.depths;
        require((1..=32).contains(&accounts), "depths.accounts", "1 to 32")?;
        require((1..=16).contains(&orders), "depths.orders", "1 to 16")?;
        require((1..=20).contains(&markets), "depths.markets", "1 to 20")?;
        require((1..=20).contains(&instruments), "depths.instruments", "1 to 20")?;
        require(positions <= 7, "depths.positions", "at most 7")
    }

    fn check_oracle(&self) -> Result<(), ParamsError> {
        let OracleRules { threshold, keys } = &self.oracle;
        require(threshold % 2 == 1 && *threshold <= 15, "oracle.threshold", "odd and at most 15")?;
        require((usize::from(*threshold)..=16).contains(&keys.len()), "oracle.keys", "threshold to 16 keys")?;
        require(keys.iter().all(|key| key.check().is_ok()), "oracle.keys", "valid keys")
    }

    /// `params_hash`.
    pub fn hash(&self) -> Fr {
        chain(Tag::Params, &self.words())
    }

    /// The digest of the words that margin reads: venue and depths, scenario set, weights, ratios. `params_hash` is the same chain, gone on
    /// with.
    pub fn rules(&self) -> Fr {
        chain(Tag::Params, &self.words()[..RULE_WORDS])
    }

    /// The words of the hash.
    pub fn words(&self) -> Vec<Fr> {
        let d = &self.depths;
        let venue = [d.accounts, d.orders, d.markets, d.instruments, d.positions]
            .into_iter()
            .fold(Packer::new().put(self.chain_id, 64).put(self.app_id, 64), |packer, depth| packer.put(depth, 8));
        let weights = self
            .margin
            .weights
            .chunks(15)
            .map(|some| some.iter().fold(Packer::new(), |packer, weight| packer.put(*weight, 16)).word());
        let m = &self.margin;
        let margin = [m.mm_factor, m.perp_mm, m.perp_im, m.naked_mm, m.naked_im]
            .into_iter()
            .fold(Packer::new(), |packer, ratio| packer.put(ratio, 16))
            .put(self.fees.maker, 32)
            .put(self.fees.taker, 32)
            .put(self.max_price_age, 32)
            .put(self.fee_account.0, ACCOUNT_BITS)
            .put(self.insurance_account.0, ACCOUNT_BITS);
        let l = &self.liquidation;
        let liquidation = [self.funding.cap, l.buffer, l.close_out, l.fee, l.discount_start, l.discount_end]
            .into_iter()
            .fold(Packer::new().put(self.funding.interval, 32).put(self.funding.period, 32), |packer, ratio| {
                packer.put(ratio, 16)
            })
            .put(l.duration, 32)
            .put(l.lapse, 32)
            .put(self.oracle.threshold, 8)
            .put(self.oracle.keys.len() as u8, 8);
        let mut words = vec![venue.word(), self.scenario_hash];
        words.extend(weights);
        words.extend([margin.word(), liquidation.word(), Fr::zero()]);
        words.extend(self.oracle.keys.iter().flat_map(|key| [key.x, key.y]));
        words
    }

    /// `venue`: the chain and application that every signed message names.
    pub fn venue(&self) -> Venue {
        Venue { chain_id: self.chain_id, app_id: self.app_id }
    }
}

/// The chain and application that a signature is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Venue {
    /// The settlement layer.
    pub chain_id: u64,
    /// The venue on it.
    pub app_id: u64,
}

impl Venue {
    /// The two ids appended to what is packed so far.
    pub fn pack(self, packer: Packer) -> Packer {
        packer.put(self.chain_id, 64).put(self.app_id, 64)
    }

    /// The word of the two ids alone.
    pub fn word(self) -> Fr {
        self.pack(Packer::new()).word()
    }
}

fn require(holds: bool, field: &'static str, rule: &'static str) -> Result<(), ParamsError> {
    if holds { Ok(()) } else { Err(ParamsError { field, rule }) }
}
