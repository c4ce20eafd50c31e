//! The chip that values options: which blocks, in which order, with which copies.

use ethnum::{AsI256, I256};
use halo2_proofs::circuit::Region;
use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use zomma_gadgets::frame::{Block, BlockBuilder, Cost, Lanes, Word};

use super::Kind;
use super::blocks::{self, RATE_LOW};
use super::native::Terms;

/// Where the next block goes.
#[derive(Debug)]
pub struct Cursor<'r, 'c> {
    region: &'r mut Region<'c, Fr>,
    lanes: &'r Lanes,
    /// The next free row.
    pub row: usize,
}

impl<'r, 'c> Cursor<'r, 'c> {
    /// A cursor at the first row of a region.
    pub fn new(region: &'r mut Region<'c, Fr>, lanes: &'r Lanes) -> Self {
        Self { region, lanes, row: 0 }
    }

    /// Assigns a block without witnesses of its own.
    pub fn block<const N: usize>(&mut self, block: &Block, inputs: &[&Word]) -> [Word; N] {
        self.place(block, inputs, None)
    }

    /// Assigns a block whose witnesses the prover chooses.
    pub fn block_with<const N: usize>(
        &mut self,
        block: &Block,
        inputs: &[&Word],
        witnesses: Option<&[I256]>,
    ) -> [Word; N] {
        self.place(block, inputs, witnesses)
    }

    fn place<const N: usize>(&mut self, block: &Block, inputs: &[&Word], witnesses: Option<&[I256]>) -> [Word; N] {
        let outputs = block.assign(self.region, self.lanes, self.row, inputs, witnesses);
        self.row += block.cost().rows;
        outputs.try_into().unwrap_or_else(|_| panic!("block {} does not have {N} outputs", block.name()))
    }

    /// The region, for chips that are not blocks.
    pub fn region(&mut self) -> &mut Region<'c, Fr> {
        self.region
    }
}

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

    /// Values an option.
    pub fn value(&self, cursor: &mut Cursor<'_, '_>, terms: &TermsWords) -> ValueWords {
        let TermsWords { spot, strike, seconds, vol, rate, dividend, call, expired, .. } = terms;
        let [ln_spot] = cursor.block(&self.ln, &[spot]);
        let [ln_strike] = cursor.block(&self.ln, &[strike]);
        let [rate_argument, discount_root] = cursor.block(&self.exp, &[rate, seconds]);
        let [yield_argument, yield_root] = cursor.block(&self.exp, &[dividend, seconds]);
        let [yield_discount] = cursor.block(&self.factor, &[&yield_root]);
        let [spot_leg] = cursor.block(&self.leg, &[spot, &yield_root]);
        let [strike_leg] = cursor.block(&self.leg, &[strike, &discount_root]);
        let [root] = cursor.block(&self.sqrt, &[seconds]);
        let [grid, rest] = cursor.block(&self.vol, &[vol, &root]);
        let [negative, d1, phi, density] =
            cursor.block(&self.fine, &[&ln_spot, &ln_strike, &rate_argument, &yield_argument, &grid, &rest, expired]);
        let [price, call_value, in_the_money] =
            cursor.block(&self.price, &[&d1, &grid, &rest, &spot_leg, &strike_leg, call, expired]);
        let [call_delta, delta, density] =
            cursor.block(&self.density, &[&yield_discount, &negative, &phi, &density, expired, &in_the_money, call]);
        let [vega, slope] = cursor.block(&self.vega, &[spot, &density, &root, &grid, &rest, expired]);
        let [gamma, rho, first] = cursor.block(
            &self.gamma_rho,
            &[spot, &call_delta, &call_value, &spot_leg, &strike_leg, call, seconds, &slope, &price, &delta],
        );
        let [theta, second] = cursor.block(
            &self.theta,
            &[spot, &call_delta, &call_value, &spot_leg, &strike_leg, call, &slope, vol, rate, dividend, &vega, &rho],
        );
        ValueWords { price, delta, gamma, vega, theta, rho, packed: [first, second] }
    }
}
