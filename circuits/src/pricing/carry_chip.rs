//! The blocks that single options and rows of the risk array share: carry, legs, d1, Greeks.

use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use zomma_gadgets::frame::{Block, BlockBuilder, Cost, Cursor, Lanes, Word};

use super::blocks;

/// The shared blocks, configured.
#[derive(Debug, Clone)]
pub struct CarryChip {
    ln: Block,
    exp: Block,
    factor: Block,
    leg: Block,
    sqrt: Block,
    fine: Block,
    density: Block,
    vega: Block,
    gamma_rho: Block,
    theta: Block,
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

impl CarryChip {
    /// Creates the gates.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self {
        let mut configure = |builder: BlockBuilder| builder.configure(meta, lanes);
        Self {
            ln: configure(blocks::ln_block()),
            exp: configure(blocks::exp_block()),
            factor: configure(blocks::factor_block()),
            leg: configure(blocks::leg_block()),
            sqrt: configure(blocks::sqrt_block()),
            fine: configure(blocks::fine_block()),
            density: configure(blocks::density_block()),
            vega: configure(blocks::vega_block()),
            gamma_rho: configure(blocks::gamma_rho_block()),
            theta: configure(blocks::theta_block()),
        }
    }

    /// Every block, once.
    pub(super) fn blocks(&self) -> [&Block; 10] {
        let Self { ln, exp, factor, leg, sqrt, fine, density, vega, gamma_rho, theta } = self;
        [ln, exp, factor, leg, sqrt, fine, density, vega, gamma_rho, theta]
    }

    /// What a single option takes from this chip: logarithm, exponential and leg twice, the others once.
    pub(super) fn option_cost(&self) -> Cost {
        let twice = [&self.ln, &self.exp, &self.leg];
        total(self.blocks().into_iter().chain(twice))
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

    /// Sign of d1, d1 on the grid, Phi and phi of its magnitude.
    pub(super) fn d1(&self, cursor: &mut Cursor<'_, '_>, inputs: [&Word; 7]) -> [Word; 4] {
        cursor.block(&self.fine, &inputs)
    }

    /// Greeks of an option whose price is known.
    pub fn greeks(&self, cursor: &mut Cursor<'_, '_>, g: &GreekInputs<'_>) -> ValueWords {
        let inputs = [g.ln_spot, g.ln_strike, g.rate_argument, g.yield_argument, g.grid, g.rest, g.expired];
        let d1 = self.d1(cursor, inputs);
        self.greeks_at(cursor, g, &d1)
    }

    pub(super) fn greeks_at(&self, cursor: &mut Cursor<'_, '_>, g: &GreekInputs<'_>, d1: &[Word; 4]) -> ValueWords {
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

/// The sum of blocks' costs.
pub(super) fn total<'a>(blocks: impl Iterator<Item = &'a Block>) -> Cost {
    blocks.map(Block::cost).reduce(|total, cost| total + cost).expect("there are blocks")
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
