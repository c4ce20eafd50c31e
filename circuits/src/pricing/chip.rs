//! The chip that values options: which blocks, in which order, with which copies.

use ethnum::{AsI256, I256};
use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use zomma_gadgets::frame::{Block, BlockBuilder, Cost, Cursor, Lanes, Word};

use super::Kind;
use super::blocks::{self, RATE_LOW};
use super::native::Terms;

/// The blocks of [`blocks`], configured.
#[derive(Debug, Clone)]
pub struct PricingChip {
    terms: Block,
    ln: Block,
    exp: Block,
    factor: Block,
    leg: Block,
    sqrt: Block,
    vol: Block,
    fine: Block,
    price: Block,
    density: Block,
    vega: Block,
    gamma_rho: Block,
    theta: Block,
}

/// The terms of an option, assigned.
#[derive(Debug, Clone)]
pub struct TermsWords {
    /// Spot, ticks.
    pub spot: Word,
    /// Strike, ticks.
    pub strike: Word,
    /// Seconds to expiry.
    pub seconds: Word,
    /// Volatility, Q38.
    pub vol: Word,
    /// Rate less the smallest.
    pub rate: Word,
    /// Dividend yield less the smallest rate.
    pub dividend: Word,
    /// 1 for a call.
    pub call: Word,
    /// 1 for an option at expiry.
    pub expired: Word,
    /// Both field elements that commit to the terms.
    pub packed: [Word; 2],
}

/// Price and Greeks, assigned.
#[derive(Debug, Clone)]
pub struct ValueWords {
    /// Ticks.
    pub price: Word,
    /// Q56.
    pub delta: Word,
    /// Q80 per tick.
    pub gamma: Word,
    /// Ticks per 1.00 of volatility.
    pub vega: Word,
    /// Ticks per year.
    pub theta: Word,
    /// Ticks per 1.00 of rate.
    pub rho: Word,
    /// Both field elements that commit to them.
    pub packed: [Word; 2],
}

impl PricingChip {
    /// Creates the gates.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self {
        let mut configure = |builder: BlockBuilder| builder.configure(meta, lanes);
        Self {
            terms: configure(blocks::terms_block()),
            ln: configure(blocks::ln_block()),
            exp: configure(blocks::exp_block()),
            factor: configure(blocks::factor_block()),
            leg: configure(blocks::leg_block()),
            sqrt: configure(blocks::sqrt_block()),
            vol: configure(blocks::vol_block()),
            fine: configure(blocks::fine_block()),
            price: configure(blocks::price_block()),
            density: configure(blocks::density_block()),
            vega: configure(blocks::vega_block()),
            gamma_rho: configure(blocks::gamma_rho_block()),
            theta: configure(blocks::theta_block()),
        }
    }

    /// What one option costs, from its terms to its Greeks, without hashing.
    pub fn option_cost(&self) -> Cost {
        let once = [
            &self.terms,
            &self.factor,
            &self.sqrt,
            &self.vol,
            &self.fine,
            &self.price,
            &self.density,
            &self.vega,
            &self.gamma_rho,
            &self.theta,
        ];
        let twice = [&self.ln, &self.exp, &self.leg];
        once.into_iter()
            .chain(twice)
            .chain(twice)
            .map(Block::cost)
            .reduce(|total, cost| total + cost)
            .expect("there are blocks")
    }

    /// Rows of the Greeks, a logarithm and a discounted price: what an instrument of a known expiry takes from this chip.
    pub(super) fn listing_rows(&self) -> usize {
        let greeks = [&self.fine, &self.density, &self.vega, &self.gamma_rho, &self.theta];
        greeks.into_iter().chain([&self.ln, &self.leg]).map(|block| block.cost().rows).sum()
    }

    /// Rows that an expiry takes from this chip: two logarithms, both discount factors and the volatility shock's power, the root of time, the
    /// discounted spot.
    pub(super) fn expiry_rows(&self) -> usize {
        let twice = [&self.ln, &self.exp, &self.factor].map(|block| 2 * block.cost().rows);
        twice.iter().sum::<usize>() + self.sqrt.cost().rows + self.leg.cost().rows
    }

    /// Rows of a logarithm.
    pub(super) fn ln_rows(&self) -> usize {
        self.ln.cost().rows
    }

    /// Cost of each block, by name.
    pub fn costs(&self) -> Vec<(&'static str, Cost)> {
        [
            &self.terms,
            &self.ln,
            &self.exp,
            &self.factor,
            &self.leg,
            &self.sqrt,
            &self.vol,
            &self.fine,
            &self.price,
            &self.density,
            &self.vega,
            &self.gamma_rho,
            &self.theta,
        ]
        .map(|block| (block.name(), block.cost()))
        .to_vec()
    }

    /// Range-checks the terms of an option.
    pub fn terms(&self, cursor: &mut Cursor<'_, '_>, terms: Option<&Terms>) -> TermsWords {
        let witnesses = terms.map(|terms| {
            [
                terms.spot.as_i256(),
                terms.strike.as_i256(),
                terms.seconds.as_i256(),
                terms.vol.as_i256(),
                (terms.rate - RATE_LOW).as_i256(),
                (terms.dividend - RATE_LOW).as_i256(),
                I256::from(terms.kind == Kind::Call),
                I256::from(terms.seconds == 0),
            ]
        });
        let [spot, strike, seconds, vol, rate, dividend, call, expired, packed, market] =
            cursor.block_with(&self.terms, &[], witnesses.as_ref().map(|w| &w[..]));
        TermsWords { spot, strike, seconds, vol, rate, dividend, call, expired, packed: [packed, market] }
    }

    /// `ln(value)`, Q60.
    pub fn ln(&self, cursor: &mut Cursor<'_, '_>, value: &Word) -> Word {
        let [ln] = cursor.block(&self.ln, &[value]);
        ln
    }

    /// A discount factor from its square root.
    pub fn factor(&self, cursor: &mut Cursor<'_, '_>, root: &Word) -> Word {
        let [factor] = cursor.block(&self.factor, &[root]);
        factor
    }

    /// A discounted price.
    pub fn leg(&self, cursor: &mut Cursor<'_, '_>, price: &Word, root: &Word) -> Word {
        let [leg] = cursor.block(&self.leg, &[price, root]);
        leg
    }

    /// What depends on rates and time alone.
    pub fn carry(&self, cursor: &mut Cursor<'_, '_>, rate: &Word, dividend: &Word, seconds: &Word) -> CarryWords {
        let [rate_argument, discount_root] = cursor.block(&self.exp, &[rate, seconds]);
        let [yield_argument, yield_root] = cursor.block(&self.exp, &[dividend, seconds]);
        let yield_discount = self.factor(cursor, &yield_root);
        let [root] = cursor.block(&self.sqrt, &[seconds]);
        CarryWords { rate_argument, discount_root, yield_argument, yield_root, yield_discount, root }
    }

    /// Values an option.
    pub fn value(&self, cursor: &mut Cursor<'_, '_>, terms: &TermsWords) -> ValueWords {
        let TermsWords { spot, strike, seconds, vol, rate, dividend, call, expired, .. } = terms;
        let ln_spot = self.ln(cursor, spot);
        let ln_strike = self.ln(cursor, strike);
        let CarryWords { rate_argument, discount_root, yield_argument, yield_root, yield_discount, root } =
            &self.carry(cursor, rate, dividend, seconds);
        let spot_leg = self.leg(cursor, spot, yield_root);
        let strike_leg = self.leg(cursor, strike, discount_root);
        let [grid, rest] = &cursor.block(&self.vol, &[vol, root]);
        let d1 = self.d1(cursor, [&ln_spot, &ln_strike, rate_argument, yield_argument, grid, rest, expired]);
        let [price, call_value, in_the_money] =
            &cursor.block(&self.price, &[&d1[1], grid, rest, &spot_leg, &strike_leg, call, expired]);
        let inputs = GreekInputs {
            spot,
            seconds,
            vol,
            rate,
            dividend,
            call,
            expired,
            ln_spot: &ln_spot,
            ln_strike: &ln_strike,
            rate_argument,
            yield_argument,
            yield_discount,
            spot_leg: &spot_leg,
            strike_leg: &strike_leg,
            root,
            grid,
            rest,
            price,
            call_value,
            in_the_money,
        };
        self.greeks_at(cursor, &inputs, &d1)
    }

    /// Sign of d1, d1 on the grid, Phi and phi of its magnitude.
    fn d1(&self, cursor: &mut Cursor<'_, '_>, inputs: [&Word; 7]) -> [Word; 4] {
        cursor.block(&self.fine, &inputs)
    }

    /// Greeks of an option whose price is known.
    pub fn greeks(&self, cursor: &mut Cursor<'_, '_>, g: &GreekInputs<'_>) -> ValueWords {
        let inputs = [g.ln_spot, g.ln_strike, g.rate_argument, g.yield_argument, g.grid, g.rest, g.expired];
        let d1 = self.d1(cursor, inputs);
        self.greeks_at(cursor, g, &d1)
    }

    fn greeks_at(&self, cursor: &mut Cursor<'_, '_>, g: &GreekInputs<'_>, d1: &[Word; 4]) -> ValueWords {
        let [negative, _, phi, density] = d1;
        let inputs = [g.yield_discount, negative, phi, density, g.expired, g.in_the_money, g.call];
        let [call_delta, delta, density] = cursor.block(&self.density, &inputs);
        let [vega, slope] = cursor.block(&self.vega, &[g.spot, &density, g.root, g.grid, g.rest, g.expired]);
        let sides = [g.spot, &call_delta, g.call_value, g.spot_leg, g.strike_leg, g.call];
        let inputs = [&sides[..], &[g.seconds, &slope, g.price, &delta]].concat();
        let [gamma, rho, first] = cursor.block(&self.gamma_rho, &inputs);
        let inputs = [&sides[..], &[&slope, g.vol, g.rate, g.dividend, &vega, &rho]].concat();
        let [theta, second] = cursor.block(&self.theta, &inputs);
        ValueWords { price: g.price.clone(), delta, gamma, vega, theta, rho, packed: [first, second] }
    }
}

/// What depends on rates and time alone, assigned.
#[derive(Debug, Clone)]
pub struct CarryWords {
    /// `5 - rate T`, Q60.
    pub rate_argument: Word,
    /// `exp(-rate T / 2)`, Q60.
    pub discount_root: Word,
    /// `5 - dividend T`, Q60.
    pub yield_argument: Word,
    /// `exp(-dividend T / 2)`, Q60.
    pub yield_root: Word,
    /// `exp(-dividend T)`, Q56.
    pub yield_discount: Word,
    /// `sqrt(T)`, Q54.
    pub root: Word,
}

/// What the Greeks are computed from; each word as its block describes it.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct GreekInputs<'a> {
    pub spot: &'a Word,
    pub seconds: &'a Word,
    pub vol: &'a Word,
    pub rate: &'a Word,
    pub dividend: &'a Word,
    pub call: &'a Word,
    pub expired: &'a Word,
    pub ln_spot: &'a Word,
    pub ln_strike: &'a Word,
    pub rate_argument: &'a Word,
    pub yield_argument: &'a Word,
    pub yield_discount: &'a Word,
    pub spot_leg: &'a Word,
    pub strike_leg: &'a Word,
    pub root: &'a Word,
    pub grid: &'a Word,
    pub rest: &'a Word,
    pub price: &'a Word,
    pub call_value: &'a Word,
    pub in_the_money: &'a Word,
}
