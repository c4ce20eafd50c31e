//! The chip that computes rows of the risk array.

use ethnum::{AsI256, I256};
use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use zomma_gadgets::frame::{Block, BlockBuilder, Cost, Cursor, Lanes, Word};

use super::Kind;
use super::blocks::{RATE_LOW, risk};
use super::carry_chip::{CarryChip, GreekInputs, ValueWords};
use super::native::Terms;
use super::scenario::{LEVELS, SCENARIOS, SHOCKS, ScenarioSet};

/// The blocks of [`risk`], configured, beside those of single options.
#[derive(Debug, Clone)]
pub struct RiskChip {
    /// The blocks that single options use too.
    pub options: CarryChip,
    scenarios: Block,
    time: Block,
    expiry: Block,
    power: Block,
    vol_factors: Block,
    shock: Block,
    instrument: Block,
    level: Block,
    scenario: Block,
    total: Block,
    word: Block,
}

/// A scenario set, assigned.
#[derive(Debug, Clone)]
pub struct ScenarioWords {
    factors: Vec<Word>,
    ln_factors: Vec<Word>,
    parameters: [Word; 4],
    /// What the set's hash commits to.
    pub packed: [Word; 2],
}

/// What the instruments of an expiry share, assigned.
#[derive(Debug, Clone)]
pub struct ExpiryWords {
    spot: Word,
    expiry: Word,
    rate: Word,
    dividend: Word,
    expired: Word,
    seconds: Word,
    ln_spot: Word,
    rate_argument: Word,
    discount_root: Word,
    yield_argument: Word,
    yield_discount: Word,
    spot_leg: Word,
    root: Word,
    shocks: Vec<[Word; 2]>,
    factors: [Word; LEVELS],
}

/// An instrument's row, assigned.
#[derive(Debug, Clone)]
pub struct RowWords {
    /// The least id that the next instrument may have.
    pub next_id: Word,
    /// 1 when the row is in the array.
    pub active: Word,
    /// Id, expiry, strike.
    pub terms: Word,
    /// Id, expiry, strike, kind.
    pub marked: Word,
    /// Vol, spot, rate, dividend.
    pub market: Word,
    /// The lanes, three to a word.
    pub words: Vec<Word>,
    /// Price under each scenario.
    pub prices: Vec<Word>,
    /// Price and Greeks at the base.
    pub base: ValueWords,
}

/// What the prover says of an expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpiryTerms {
    /// Spot, ticks.
    pub spot: u64,
    /// Seconds of the Unix epoch.
    pub expiry: u64,
    /// Rate, signed Q38.
    pub rate: i64,
    /// Dividend yield, signed Q38.
    pub dividend: i64,
}

/// What the prover says of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstrumentTerms {
    /// Id; ids ascend.
    pub id: u32,
    /// Whether the row is in the array.
    pub active: bool,
    /// Terms; spot, rate, dividend and seconds are those of the expiry.
    pub terms: Terms,
}

impl RiskChip {
    /// Creates the gates.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self {
        let options = CarryChip::configure(meta, lanes);
        let mut configure = |builder: BlockBuilder| builder.configure(meta, lanes);
        Self {
            options,
            scenarios: configure(risk::scenarios_block()),
            time: configure(risk::time_block()),
            expiry: configure(risk::expiry_block()),
            power: configure(risk::power_block()),
            vol_factors: configure(risk::vol_factors_block()),
            shock: configure(risk::shock_block()),
            instrument: configure(risk::instrument_block()),
            level: configure(risk::level_block()),
            scenario: configure(risk::scenario_block()),
            total: configure(risk::total_block()),
            word: configure(risk::word_block()),
        }
    }

    /// What one price under a scenario costs.
    pub fn scenario_cost(&self) -> Cost {
        self.scenario.cost()
    }

    /// Rows of an instrument, from its terms to the lanes of its row.
    pub fn instrument_rows(&self) -> usize {
        let rows = |block: &Block| block.cost().rows;
        self.options.listing_rows()
            + rows(&self.instrument)
            + LEVELS * rows(&self.level)
            + SCENARIOS * rows(&self.scenario)
            + rows(&self.total)
            + (SCENARIOS + 3) / 3 * rows(&self.word)
    }

    /// Rows of what the instruments of an expiry share.
    pub fn expiry_rows(&self) -> usize {
        let rows = |block: &Block| block.cost().rows;
        self.options.expiry_rows()
            + rows(&self.expiry)
            + rows(&self.power)
            + rows(&self.vol_factors)
            + SHOCKS * rows(&self.shock)
    }

    /// Rows of what all instruments share: time and scenario set.
    pub fn shared_rows(&self) -> usize {
        self.time.cost().rows + self.scenarios.cost().rows + SHOCKS * self.options.ln_rows()
    }

    /// Cost of each block that single options do not use, by name.
    pub fn costs(&self) -> Vec<(&'static str, Cost)> {
        [
            &self.scenarios,
            &self.time,
            &self.expiry,
            &self.power,
            &self.vol_factors,
            &self.shock,
            &self.instrument,
            &self.level,
            &self.scenario,
            &self.total,
            &self.word,
        ]
        .map(|block| (block.name(), block.cost()))
        .to_vec()
    }

    /// The time of the marks.
    pub fn time(&self, cursor: &mut Cursor<'_, '_>, time: Option<u64>) -> Word {
        let [time] = cursor.block_with(&self.time, &[], time.map(|time| [time.as_i256()]).as_ref().map(|w| &w[..]));
        time
    }

    /// The scenario set, with the logarithms of its shocks.
    pub fn scenarios(&self, cursor: &mut Cursor<'_, '_>, set: Option<&ScenarioSet>) -> ScenarioWords {
        let witnesses: Option<Vec<I256>> = set.map(|set| {
            let parameters = [set.vol_up, set.vol_down, set.exponent_short, set.exponent_long];
            set.factors().into_iter().chain(parameters).map(AsI256::as_i256).collect()
        });
        let words: [Word; SHOCKS + 6] = cursor.block_with(&self.scenarios, &[], witnesses.as_deref());
        let mut words = words.into_iter();
        let factors: Vec<Word> = words.by_ref().take(SHOCKS).collect();
        let mut next = || words.next().expect("the block has this many outputs");
        let parameters = [next(), next(), next(), next()];
        let packed = [next(), next()];
        let ln_factors = factors.iter().map(|factor| self.options.ln(cursor, factor)).collect();
        ScenarioWords { factors, ln_factors, parameters, packed }
    }

    /// What the instruments of an expiry share.
    pub fn expiry(
        &self,
        cursor: &mut Cursor<'_, '_>,
        time: &Word,
        set: &ScenarioWords,
        terms: Option<&ExpiryTerms>,
    ) -> ExpiryWords {
        let witnesses = terms.map(|terms| {
            let expired = time.value == Some(terms.expiry.as_i256());
            [
                terms.spot.as_i256(),
                terms.expiry.as_i256(),
                (terms.rate - RATE_LOW).as_i256(),
                (terms.dividend - RATE_LOW).as_i256(),
                I256::from(expired),
            ]
        });
        let [spot, expiry, rate, dividend, expired, seconds, days] =
            cursor.block_with(&self.expiry, &[time], witnesses.as_ref().map(|w| &w[..]));
        let options = &self.options;
        let ln_spot = options.ln(cursor, &spot);
        let carry = options.carry(cursor, &rate, &dividend, &seconds);
        let spot_leg = options.leg(cursor, &spot, &carry.yield_root);
        let [up, down, short, long] = &set.parameters;
        let ln_days = options.ln(cursor, &days);
        let [power_root] = cursor.block(&self.power, &[&ln_days, short, long]);
        let power = options.factor(cursor, &power_root);
        let factors = cursor.block(&self.vol_factors, &[&power, up, down]);
        let shocks = set
            .factors
            .iter()
            .zip(&set.ln_factors)
            .map(|(factor, ln_factor)| {
                let inputs = [&spot_leg, factor, ln_factor, &ln_spot, &carry.rate_argument, &carry.yield_argument];
                cursor.block(&self.shock, &inputs)
            })
            .collect();
        ExpiryWords {
            spot,
            expiry,
            rate,
            dividend,
            expired,
            seconds,
            ln_spot,
            rate_argument: carry.rate_argument,
            discount_root: carry.discount_root,
            yield_argument: carry.yield_argument,
            yield_discount: carry.yield_discount,
            spot_leg,
            root: carry.root,
            shocks,
            factors,
        }
    }

    /// The row of an instrument; `least` is the least id that it may have, `zero` a cell that is 0.
    pub fn row(
        &self,
        cursor: &mut Cursor<'_, '_>,
        expiry: &ExpiryWords,
        (least, zero): (&Word, &Word),
        instrument: Option<&InstrumentTerms>,
    ) -> RowWords {
        let witnesses = instrument.map(|instrument| {
            [
                instrument.id.as_i256(),
                instrument.terms.strike.as_i256(),
                instrument.terms.vol.as_i256(),
                I256::from(instrument.terms.kind == Kind::Call),
                I256::from(instrument.active),
            ]
        });
        let inputs = [least, &expiry.spot, &expiry.expiry, &expiry.rate, &expiry.dividend];
        let [next_id, strike, vol, call, active, terms, marked, market] =
            cursor.block_with(&self.instrument, &inputs, witnesses.as_ref().map(|w| &w[..]));
        let options = &self.options;
        let ln_strike = options.ln(cursor, &strike);
        let strike_leg = options.leg(cursor, &strike, &expiry.discount_root);
        let expired = &expiry.expired;
        let levels = expiry
            .factors
            .each_ref()
            .map(|factor| cursor.block::<3>(&self.level, &[&vol, &expiry.root, factor, expired]));

        let mut prices = Vec::with_capacity(SCENARIOS);
        let mut base = None;
        let mut sum = zero.clone();
        for index in 0..SCENARIOS {
            let (shock, level) = ScenarioSet::scenario(index);
            let [spot_leg, ln_forward] = &expiry.shocks[shock];
            let [grid, rest, inverse] = &levels[level];
            let inputs = [ln_forward, &ln_strike, inverse, grid, rest, spot_leg, &strike_leg, &call, expired, &sum];
            let [price, next, call_value, in_the_money] = cursor.block(&self.scenario, &inputs);
            base.get_or_insert((call_value, in_the_money));
            prices.push(price);
            sum = next;
        }
        let (call_value, in_the_money) = base.expect("there are scenarios");
        let [grid, rest, _] = &levels[0];
        let base = options.greeks(
            cursor,
            &GreekInputs {
                spot: &expiry.spot,
                seconds: &expiry.seconds,
                vol: &vol,
                rate: &expiry.rate,
                dividend: &expiry.dividend,
                call: &call,
                expired,
                ln_spot: &expiry.ln_spot,
                ln_strike: &ln_strike,
                rate_argument: &expiry.rate_argument,
                yield_argument: &expiry.yield_argument,
                yield_discount: &expiry.yield_discount,
                spot_leg: &expiry.spot_leg,
                strike_leg: &strike_leg,
                root: &expiry.root,
                grid,
                rest,
                price: &prices[0],
                call_value: &call_value,
                in_the_money: &in_the_money,
            },
        );
        let words = self.words(cursor, &prices, &expiry.spot, &sum, &base.price);
        RowWords { next_id, active, terms, marked, market, words, prices, base }
    }

    /// Lanes: base price, prices, spot, and the sum of all of these, three to a word.
    fn words(&self, cursor: &mut Cursor<'_, '_>, prices: &[Word], spot: &Word, sum: &Word, base: &Word) -> Vec<Word> {
        let [total] = cursor.block(&self.total, &[sum, spot, base]);
        let lanes: Vec<&Word> = std::iter::once(base).chain(prices).chain([spot, &total]).collect();
        lanes
            .chunks_exact(3)
            .map(|lanes| {
                let [word] = cursor.block(&self.word, lanes);
                word
            })
            .collect()
    }
}
