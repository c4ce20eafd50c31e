//! The inputs of `margin`: an account, its markets and its rows, each with its path.

use ethnum::I256;
use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use zomma_gadgets::merkle::MerklePath;

use crate::encoding::hex_fr;
use crate::error::StatementError;
use crate::margin::chip::DEPTH;
use crate::margin::row::{PRICES, RiskRow};
use crate::margin::witness::{AccountWitness, MarketWitness, PositionWitness, RulesWitness};
use crate::margin::{Health, Holding, assess};
use crate::state::account::Account;
use crate::state::ids::{AccountId, InstrumentId, MarketId, Owner, decimal};
use crate::state::keys::PublicKey;
use crate::state::limits::{AMOUNT_LIMIT, CASH_LIMIT, TIME_LIMIT};
use crate::state::market::Market;
use crate::state::params::VenueParams;
use crate::state::position::{Position, Positions};
use crate::state::reject::Reject;
use crate::state::tree::Sibling;
use crate::state::{ApplyError, State};

/// An account as the state has it. Cash in ticks times lots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountInputs {
    /// The key that signs for it.
    pub key: PublicKey,
    /// Its owner on the settlement layer.
    pub owner: Owner,
    /// Signed cash, magnitude below 2^95.
    #[serde(with = "decimal")]
    pub cash: i128,
    /// The next nonce.
    pub nonce: u32,
    /// When its liquidation auction began; 0 when there is none.
    pub auction_start: u64,
    /// Cash set aside for resting orders.
    pub reserve: u64,
    /// Its positions, strictly ascending by instrument.
    pub positions: Vec<Position>,
    /// Root of its order slots.
    #[serde(with = "hex_fr")]
    pub orders_root: Fr,
}

/// A market, and where it is in the market tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketInputs {
    /// Its id, the index of its leaf.
    pub id: MarketId,
    /// Its record.
    pub market: Market,
    /// Siblings on the way up, from the leaf's.
    pub siblings: Vec<Sibling>,
}

/// A row, and where it is in the risk array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowInputs {
    /// The row.
    pub row: RiskRow,
    /// Its place, the index of its leaf.
    pub place: u64,
    /// Siblings on the way up, from the leaf's.
    pub siblings: Vec<Sibling>,
}

/// An account at a moment of a venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarginInputs {
    /// The parameter set.
    pub params: VenueParams,
    /// The state's time, Unix seconds.
    pub time: u64,
    /// Time of the adopted marks.
    pub risk_time: u64,
    /// Root of the market tree.
    #[serde(with = "hex_fr")]
    pub markets_root: Fr,
    /// Root of the risk array.
    #[serde(with = "hex_fr")]
    pub risk_root: Fr,
    /// The account.
    pub account: AccountInputs,
    /// The markets of its positions, each once.
    pub markets: Vec<MarketInputs>,
    /// The rows of its positions, in their order.
    pub rows: Vec<RowInputs>,
}

/// What the circuit assigns.
#[derive(Debug, Clone)]
pub struct MarginWitness {
    pub(super) times: [u64; 2],
    pub(super) roots: [Fr; 2],
    pub(super) rules: RulesWitness,
    pub(super) markets: Vec<MarketWitness>,
    pub(super) account: AccountWitness,
    pub(super) positions: Vec<PositionWitness>,
}

/// What is computed from inputs.
pub(super) struct Evaluated {
    pub(super) witness: MarginWitness,
    pub(super) leaf: Fr,
    pub(super) health: Health,
}

fn refuse<T>(field: impl Into<String>, reason: impl Into<String>) -> Result<T, StatementError> {
    Err(StatementError::Domain { field: field.into(), reason: reason.into() })
}

pub(super) fn path(field: &str, index: u64, siblings: &[Sibling]) -> Result<MerklePath, StatementError> {
    if siblings.len() != DEPTH {
        return refuse(format!("{field}: siblings"), format!("{} given, the tree is {DEPTH} deep", siblings.len()));
    }
    Ok(MerklePath { index, siblings: siblings.iter().map(|Sibling(sibling)| *sibling).collect() })
}

fn require_root(field: &str, path: &MerklePath, leaf: Fr, root: Fr) -> Result<(), StatementError> {
    if path.root(leaf) != Some(root) {
        return refuse(field, "its path does not lead to the root");
    }
    Ok(())
}

impl AccountInputs {
    /// An account of a state, with the root of its orders.
    #[must_use]
    pub fn new(account: &Account, orders_root: Fr) -> Self {
        Self {
            key: account.key.into(),
            owner: account.owner,
            cash: account.cash,
            nonce: account.nonce,
            auction_start: account.auction_start,
            reserve: account.reserve,
            positions: account.positions.as_slice().to_vec(),
            orders_root,
        }
    }

    pub(crate) fn check(&self) -> Result<Account, StatementError> {
        let key = self.key.check().or_else(|_| refuse("account: key", "it is not a valid key"))?;
        let positions =
            Positions::new(self.positions.clone()).or_else(|error| refuse("account: positions", error.to_string()))?;
        if self.cash.unsigned_abs() >= CASH_LIMIT.unsigned_abs() {
            return refuse("account: cash", format!("{} is 2^95 or more in magnitude", self.cash));
        }
        if self.auction_start >= TIME_LIMIT {
            return refuse("account: auction_start", format!("{} is 2^40 or more", self.auction_start));
        }
        if self.reserve >= AMOUNT_LIMIT {
            return refuse("account: reserve", format!("{} is 2^63 or more", self.reserve));
        }
        Ok(Account {
            cash: self.cash,
            nonce: self.nonce,
            auction_start: self.auction_start,
            reserve: self.reserve,
            positions,
            ..Account::new(key, self.owner)
        })
    }
}

impl MarginInputs {
    /// The inputs for an account of a state, at the state's prices.
    ///
    /// # Errors
    /// [`Reject::UnknownAccount`] and the rejections of section 5, and the store's failures.
    pub fn of(state: &mut State, id: AccountId) -> Result<Self, ApplyError> {
        state.root()?;
        let orders_root = state.orders_root(id)?;
        let account = state.account(id)?.cloned().ok_or(Reject::UnknownAccount(id))?;
        let held: Vec<InstrumentId> = account.positions.as_slice().iter().map(|position| position.instrument).collect();
        let mut ids: Vec<MarketId> = held.iter().map(|instrument| instrument.market()).collect();
        ids.dedup();
        let markets = ids.into_iter().map(|id| {
            let market = *state.market(id)?.ok_or(Reject::UnknownMarket(id))?;
            Ok(MarketInputs { id, market, siblings: state.market_proof(id)?.siblings })
        });
        let markets = markets.collect::<Result<Vec<_>, ApplyError>>()?;
        let depth = state.params().depths.instruments;
        let rows = held.iter().zip(state.risk().paths(&held, depth)).map(|(instrument, path)| {
            let found = state.risk().row(*instrument).zip(path);
            let (row, path) = found.ok_or(Reject::NotInRiskArray(*instrument))?;
            let siblings = path.siblings.into_iter().map(Sibling).collect();
            Ok(RowInputs { row: row.clone(), place: path.index, siblings })
        });
        let rows = rows.collect::<Result<Vec<_>, ApplyError>>()?;
        let registers = state.registers();
        Ok(Self {
            params: state.params().clone(),
            time: registers.time,
            risk_time: registers.risk_time,
            markets_root: registers.markets_root,
            risk_root: registers.risk_root,
            account: AccountInputs::new(&account, orders_root),
            markets,
            rows,
        })
    }

    /// Checks everything and computes the health; the witness has room for so many positions and markets.
    pub(super) fn evaluate(&self, positions: usize, markets: usize) -> Result<Evaluated, StatementError> {
        self.params.check().or_else(|error| refuse(format!("params: {}", error.field), error.rule))?;
        for (field, depth) in [("markets", self.params.depths.markets), ("instruments", self.params.depths.instruments)]
        {
            if usize::from(depth) != DEPTH {
                return refuse(
                    format!("params: depths.{field}"),
                    format!("{depth}; the circuit's trees are {DEPTH} deep"),
                );
            }
        }
        let account = self.account.check()?;
        self.check_times(account.positions.is_empty())?;
        let mut opened: Vec<MarketWitness> = self.opened_markets()?;
        let (holdings, mut slots) = self.holdings(account.positions.as_slice())?;
        let health = assess(&self.params.margin, account.cash, account.reserve, &holdings)
            .or_else(|error| refuse("account: positions", error.to_string()))?;
        opened.resize_with(markets, MarketWitness::none);
        slots.resize_with(positions, PositionWitness::none);
        let witness = MarginWitness {
            times: [self.time, self.risk_time],
            roots: [self.markets_root, self.risk_root],
            rules: RulesWitness::new(&self.params),
            markets: opened,
            account: AccountWitness::new(&account, self.account.orders_root, self.least(&holdings)),
            positions: slots,
        };
        Ok(Evaluated { witness, leaf: account.leaf(self.account.orders_root), health })
    }

    fn check_times(&self, no_positions: bool) -> Result<(), StatementError> {
        for (field, time) in [("time", self.time), ("risk_time", self.risk_time)] {
            if time >= TIME_LIMIT {
                return refuse(field, format!("{time} is 2^40 or more"));
            }
        }
        if self.risk_time > self.time {
            return refuse("risk_time", format!("{} is after the state's time, {}", self.risk_time, self.time));
        }
        let age = self.time - self.risk_time;
        if !no_positions && (self.risk_time == 0 || age > u64::from(self.params.max_price_age)) {
            return refuse("risk_time", format!("prices of {} are stale at {}", self.risk_time, self.time));
        }
        Ok(())
    }

    fn opened_markets(&self) -> Result<Vec<MarketWitness>, StatementError> {
        let mut opened = vec![];
        for (index, MarketInputs { id, market, siblings }) in self.markets.iter().enumerate() {
            let field = format!("market {id}");
            if self.markets[..index].iter().any(|before| before.id == *id) {
                return refuse(field, "given twice");
            }
            if Market::from_words(market.words()).as_ref() != Some(market) {
                return refuse(field, "a field is out of range");
            }
            if !market.is_live(self.time) {
                return refuse(
                    format!("{field}: expiry"),
                    format!("{} is not after the time, {}", market.expiry, self.time),
                );
            }
            let path = path(&field, id.0.into(), siblings)?;
            require_root(&field, &path, market.leaf(), self.markets_root)?;
            opened.push(MarketWitness::new(*market, path));
        }
        Ok(opened)
    }

    /// The positions with their rows and markets, for the native engine and for the circuit.
    fn holdings(&self, positions: &[Position]) -> Result<(Vec<Holding<'_>>, Vec<PositionWitness>), StatementError> {
        if positions.len() != self.rows.len() {
            return refuse("rows", format!("{} given for {} positions", self.rows.len(), positions.len()));
        }
        let (mut holdings, mut slots) = (vec![], vec![]);
        let mut previous: Option<InstrumentId> = None;
        for (position, RowInputs { row, place, siblings }) in positions.iter().zip(&self.rows) {
            let id = position.instrument;
            let field = format!("row of instrument {id}");
            let index = self.markets.iter().position(|market| market.id == id.market());
            let Some(index) = index else { return refuse(format!("position in {id}"), "its market is not given") };
            let market = &self.markets[index].market;
            row.check().or_else(|error| refuse(&field, error.0))?;
            if row.instrument != id {
                return refuse(
                    field,
                    format!("it is of instrument {}; rows are in the order of the positions", row.instrument),
                );
            }
            if (row.expiry, row.strike) != (market.expiry, market.strike(id)) {
                return refuse(field, "its expiry or strike is not the market's");
            }
            let path = path(&field, *place, siblings)?;
            require_root(&field, &path, row.leaf(), self.risk_root)?;
            let pair = previous.is_some_and(|before| before.strike_key() == id.strike_key());
            holdings.push(Holding {
                instrument: id,
                qty: position.qty,
                perpetual: market.is_perpetual(),
                funding_index: market.funding_index,
                row,
            });
            slots.push(PositionWitness::new(*position, row, path, index, pair));
            previous = Some(id);
        }
        Ok((holdings, slots))
    }

    /// The lane with the least weighted result, and minus that result; the base's is 0. The exposure has been found in range.
    pub(super) fn least(&self, holdings: &[Holding<'_>]) -> (usize, I256) {
        let sum = |lane: usize| -> i128 {
            holdings.iter().map(|holding| i128::from(holding.qty) * i128::from(holding.row.prices[lane])).sum()
        };
        let base = sum(0);
        (1..PRICES).map(|lane| (lane, i128::from(self.params.margin.weights[lane - 1]) * (base - sum(lane)))).fold(
            (0, I256::ZERO),
            |most, (lane, loss)| if I256::from(loss) > most.1 { (lane, loss.into()) } else { most },
        )
    }
}
