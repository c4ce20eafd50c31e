//! The chip that values options: which blocks, in which order, with which copies.

use ethnum::{AsI256, I256};
use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use zomma_gadgets::frame::{Block, BlockBuilder, Cost, Cursor, Lanes, Word};

use super::Kind;
use super::blocks::{self, RATE_LOW};
use super::carry_chip::{CarryChip, CarryWords, GreekInputs, ValueWords, total};
use super::native::Terms;

/// The blocks of [`blocks`] that single options use, configured.
#[derive(Debug, Clone)]
pub struct PricingChip {
    carry: CarryChip,
    terms: Block,
    vol: Block,
    price: Block,
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

impl PricingChip {
    /// Creates the gates.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self {
        let carry = CarryChip::configure(meta, lanes);
        let mut configure = |builder: BlockBuilder| builder.configure(meta, lanes);
        Self {
            carry,
            terms: configure(blocks::terms_block()),
            vol: configure(blocks::vol_block()),
            price: configure(blocks::price_block()),
        }
    }

    /// What one option costs, from its terms to its Greeks, without hashing.
    pub fn option_cost(&self) -> Cost {
        self.carry.option_cost() + total([&self.terms, &self.vol, &self.price].into_iter())
    }

    /// Cost of each block, by name.
    pub fn costs(&self) -> Vec<(&'static str, Cost)> {
        let own = [&self.terms, &self.vol, &self.price];
        self.carry.blocks().into_iter().chain(own).map(|block| (block.name(), block.cost())).collect()
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
        let ln_spot = self.carry.ln(cursor, spot);
        let ln_strike = self.carry.ln(cursor, strike);
        let CarryWords { rate_argument, discount_root, yield_argument, yield_root, yield_discount, root } =
            &self.carry.carry(cursor, rate, dividend, seconds);
        let spot_leg = self.carry.leg(cursor, spot, yield_root);
        let strike_leg = self.carry.leg(cursor, strike, discount_root);
        let [grid, rest] = &cursor.block(&self.vol, &[vol, root]);
        let d1 = self.carry.d1(cursor, [&ln_spot, &ln_strike, rate_argument, yield_argument, grid, rest, expired]);
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
        self.carry.greeks_at(cursor, &inputs, &d1)
    }
}
