//! The venue: parameters, keys, actors, and the moves that are always good.

use std::collections::BTreeMap;

use ff::Field;
use halo2curves::bn256::Fr;
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::prices;
use crate::{
    margin::MarginRules,
    state::{
        ApplyError, State,
        ids::{AccountId, InstrumentId, MarketId, OptionKind, Owner},
        keys::{SecretKey, Signature},
        oracle::{Report, fixing_message, report_message},
        order::{Order, Side, SignedOrder},
        params::{Depths, FeeRules, FundingRules, LiquidationRules, OracleRules, VenueParams},
        receipt::Receipt,
        risk::RiskArray,
        store::{MemoryStore, NodeStore},
        tx::{AdoptRisk, Deposit, Fill, FixExpiry, List, OracleUpdate, Register, Tx},
    },
};

/// The perpetual market of every test venue.
pub const PERPETUAL: MarketId = MarketId(0);
/// The first time on the venue's clock.
pub const START: u64 = 1_700_000_000;
/// A day, in seconds.
pub const DAY: u64 = 86_400;

/// How large a venue is.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Accounts that trade, beside the fee and the insurance account.
    pub actors: u32,
    /// Option series listed at the start.
    pub series: u32,
    /// Strikes used of each series.
    pub strikes: u32,
    /// Cash that each actor starts with.
    pub cash: u64,
    /// Tree depths.
    pub depths: Depths,
    /// Hash of the scenario set.
    pub scenario_hash: Fr,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            actors: 12,
            series: 2,
            strikes: 3,
            cash: 40_000_000,
            depths: Depths::default(),
            scenario_hash: Fr::from(33),
        }
    }
}

/// Somebody with an account.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The account.
    pub id: AccountId,
    /// Its owner.
    pub owner: Owner,
    /// Its key.
    pub key: SecretKey,
    /// The id of its next order.
    pub next_order: u64,
}

/// A venue with everything needed to keep it busy.
#[derive(Debug)]
pub struct Venue {
    /// Where all chance comes from.
    pub rng: ChaCha8Rng,
    /// The state.
    pub state: State,
    /// Everybody, by account; the first two are the fee and the insurance account.
    pub actors: Vec<Actor>,
    /// The oracle's keys.
    pub oracles: Vec<SecretKey>,
    /// The clock.
    pub time: u64,
    /// Spot, in ticks.
    pub spot: u64,
    /// Volatility, in percent of normal.
    pub vol: u64,
    /// The markets that were listed, with how many strikes are priced.
    pub markets: BTreeMap<MarketId, u32>,
    /// Every transaction applied so far, with what became of it.
    pub log: Vec<(Tx, Result<Receipt, ApplyError>)>,
    /// Whether to keep the log.
    pub keep_log: bool,
}

fn secret(rng: &mut ChaCha8Rng) -> SecretKey {
    SecretKey::from_seed(&rng.r#gen())
}

/// A parameter set with the given oracle keys.
pub fn params(depths: Depths, oracles: &[SecretKey]) -> VenueParams {
    VenueParams {
        chain_id: 31_337,
        app_id: 7,
        depths,
        scenario_hash: Fr::from(33),
        margin: MarginRules {
            weights: prices::weights(),
            mm_factor: 8_000,
            perp_mm: 100,
            perp_im: 200,
            naked_mm: 100,
            naked_im: 200,
        },
        fees: FeeRules { maker: 100, taker: 300 },
        max_price_age: 300,
        fee_account: AccountId(0),
        insurance_account: AccountId(1),
        funding: FundingRules { interval: 3_600, period: 28_800, cap: 50 },
        liquidation: LiquidationRules {
            buffer: 12_000,
            close_out: 1_000,
            fee: 100,
            discount_start: 200,
            discount_end: 3_000,
            duration: 900,
            lapse: 1_800,
        },
        oracle: OracleRules { threshold: 3, keys: oracles.iter().map(SecretKey::public).collect() },
    }
}

impl Venue {
    /// A venue in memory, with markets listed, accounts funded and prices adopted.
    pub fn new(seed: u64, shape: Shape) -> Self {
        Self::with_store(seed, shape, Box::new(MemoryStore::new()))
    }

    /// The same over any empty store.
    ///
    /// # Panics
    /// When the venue cannot be set up, which is a defect of the shape.
    pub fn with_store(seed: u64, shape: Shape, store: Box<dyn NodeStore>) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let oracles: Vec<SecretKey> = (0..5).map(|_| secret(&mut rng)).collect();
        let params = VenueParams { scenario_hash: shape.scenario_hash, ..params(shape.depths, &oracles) };
        let state = State::open(store, params).expect("valid parameters and an empty store");
        let actors = (0..shape.actors + 2)
            .map(|id| Actor { id: AccountId(id), owner: Owner(rng.r#gen()), key: secret(&mut rng), next_order: 1 })
            .collect();
        let mut venue = Self {
            rng,
            state,
            actors,
            oracles,
            time: START,
            spot: 20_000,
            vol: 100,
            markets: BTreeMap::new(),
            log: Vec::new(),
            keep_log: true,
        };
        venue.set_up(shape);
        venue
    }

    fn set_up(&mut self, shape: Shape) {
        self.list_perpetual();
        for number in 0..shape.series {
            self.list_series(MarketId(1 + number), START + DAY * u64::from(2 + 5 * number), shape.strikes);
        }
        for index in 0..self.actors.len() {
            let tx = self.registration(index);
            self.must(tx);
            if index >= 2 {
                let tx = self.deposit(index, shape.cash);
                self.must(tx);
            }
        }
        self.publish();
    }

    /// Applies a transaction.
    pub fn apply(&mut self, tx: impl Into<Tx>) -> Result<Receipt, ApplyError> {
        let tx = tx.into();
        let result = self.state.apply(&tx);
        if self.keep_log {
            self.log.push((tx, result.clone()));
        }
        result
    }

    /// Applies a transaction that must be accepted.
    ///
    /// # Panics
    /// When it is not.
    pub fn must(&mut self, tx: impl Into<Tx>) -> Receipt {
        let tx = tx.into();
        self.apply(tx.clone()).unwrap_or_else(|reason| panic!("{tx:?}: {reason}"))
    }

    fn list_perpetual(&mut self) {
        self.must(List { market: PERPETUAL, underlying: PERPETUAL, expiry: 0, strike_base: 0, strike_step: 0 });
        self.markets.insert(PERPETUAL, 1);
    }

    /// Lists a series whose strikes straddle the spot.
    pub fn list_series(&mut self, market: MarketId, expiry: u64, strikes: u32) {
        let step = (self.spot / 20).max(1);
        let base = self.spot.saturating_sub(step * u64::from(strikes / 2)).max(1);
        self.must(List { market, underlying: PERPETUAL, expiry, strike_base: base, strike_step: step });
        self.markets.insert(market, strikes);
    }

    /// The registration of an actor.
    pub fn registration(&self, actor: usize) -> Register {
        let Actor { id, owner, key, .. } = &self.actors[actor];
        let mut tx = Register { account: *id, owner: *owner, key: key.public(), signature: unsigned() };
        tx.signature = key.sign(tx.message(self.state.params().venue()));
        tx
    }

    /// The next deposit of the queue.
    pub fn deposit(&self, actor: usize, amount: u64) -> Deposit {
        let Actor { id, owner, .. } = &self.actors[actor];
        Deposit { index: self.state.registers().deposit_cursor, account: *id, owner: *owner, amount }
    }

    /// Publishes the present spot and volatility: an oracle update, and the risk array computed from it.
    pub fn publish(&mut self) {
        let update = self.oracle_update();
        self.must(update);
        let adopt = self.risk_array();
        self.must(adopt);
    }

    /// An oracle update at the present time and spot; each signer is a little off.
    pub fn oracle_update(&mut self) -> OracleUpdate {
        let marks = Fr::random(&mut self.rng);
        let venue = self.state.params().venue();
        let (time, spot) = (self.time, self.spot);
        let reports = self.quorum(|price| report_message(PERPETUAL, time, price, marks, venue), spot);
        OracleUpdate { market: PERPETUAL, time, marks, reports }
    }

    /// The fixing of an expired series at the present spot.
    pub fn fixing(&mut self, market: MarketId, expiry: u64) -> FixExpiry {
        let venue = self.state.params().venue();
        let spot = self.spot;
        let reports = self.quorum(|price| fixing_message(market, expiry, price, venue), spot);
        FixExpiry { market, reports }
    }

    /// Reports of three random signers around a price.
    fn quorum(&mut self, message: impl Fn(u64) -> Fr, price: u64) -> Vec<Report> {
        let mut signers: Vec<u32> = (0..self.oracles.len() as u32).collect();
        signers.shuffle(&mut self.rng);
        signers.truncate(3);
        signers.sort_unstable();
        signers
            .into_iter()
            .map(|signer| {
                let price = (price + self.rng.gen_range(0..=4)).saturating_sub(2).max(1);
                let signature = self.oracles[signer as usize].sign(message(price));
                Report { signer, price, signature }
            })
            .collect()
    }

    /// The instruments of all live markets.
    pub fn instruments(&mut self) -> Vec<InstrumentId> {
        let markets: Vec<(MarketId, u32)> = self.markets.iter().map(|(id, strikes)| (*id, *strikes)).collect();
        let mut instruments = Vec::new();
        for (id, strikes) in markets {
            let market = *self.state.market(id).expect("a store in memory").expect("a listed market");
            if market.is_perpetual() {
                instruments.extend(InstrumentId::perpetual(id));
            } else if market.is_live(self.time) {
                for strike in 0..strikes {
                    instruments.extend(InstrumentId::option(id, strike, OptionKind::Call));
                    instruments.extend(InstrumentId::option(id, strike, OptionKind::Put));
                }
            }
        }
        instruments
    }

    /// The risk array at the present spot and volatility, for the marks last attested.
    pub fn risk_array(&mut self) -> AdoptRisk {
        let instruments = self.instruments();
        let mut rows: Vec<_> = instruments
            .into_iter()
            .map(|instrument| {
                let market = self.state.market(instrument.market()).expect("a store in memory");
                Some(prices::row(market.expect("a listed market"), instrument, self.spot, self.vol, self.time))
            })
            .collect();
        // Places may be empty; one always is.
        rows.insert(1, None);
        let depth = self.state.params().depths.instruments;
        AdoptRisk {
            risk_root: RiskArray::new(rows.clone(), depth).expect("rows in order").root(),
            marks: self.state.registers().oracle_root,
            scenario_hash: self.state.params().scenario_hash,
            time: self.time,
            rows,
        }
    }

    /// A new order of an actor, signed.
    pub fn order(&mut self, actor: usize, instrument: InstrumentId, side: Side, limit: u64, size: u64) -> SignedOrder {
        let id = self.actors[actor].next_order;
        self.actors[actor].next_order += 1;
        let order =
            Order { account: self.actors[actor].id, instrument, side, limit, size, expiry: self.time + 600, id };
        self.sign(actor, order)
    }

    /// Signs an order as an actor.
    pub fn sign(&self, actor: usize, order: Order) -> SignedOrder {
        SignedOrder { order, signature: self.actors[actor].key.sign(order.message(self.state.params().venue())) }
    }

    /// A whole fill of two new orders at a price.
    pub fn trade(&mut self, buyer: usize, seller: usize, instrument: InstrumentId, price: u64, size: u64) -> Fill {
        let maker = self.order(seller, instrument, Side::Sell, price, size);
        let taker = self.order(buyer, instrument, Side::Buy, price, size);
        Fill { maker, taker, price, size }
    }

    /// The present mark of an instrument, if it is priced.
    pub fn mark(&self, instrument: InstrumentId) -> Option<u64> {
        self.state.risk().row(instrument).map(|row| row.base())
    }

    /// Total cash: accounts, insurance and fees.
    pub fn total_cash(&mut self) -> i128 {
        let registers = self.state.registers();
        let mut total = registers.insurance + registers.fees;
        for id in self.state.account_ids().expect("a store in memory") {
            total += self.state.account(id).expect("a store in memory").map_or(0, |account| account.cash);
        }
        total
    }
}

/// A place for a signature that is yet to be made.
pub fn unsigned() -> Signature {
    Signature { r_x: Fr::zero(), r_y: Fr::zero(), s: Fr::zero() }
}
