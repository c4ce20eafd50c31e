//! A trade of two signed orders.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{ApplyError, Draft, Event, Transaction, checks};
use crate::{
    encoding::Packer,
    state::{
        account::Account,
        ids::AccountId,
        limits::{ACCOUNT_BITS, AMOUNT_BITS, CANCELLED, INSTRUMENT_BITS, QTY_BITS, TYPE_BITS, VALUE_LIMIT},
        order::{Order, SignedOrder},
        orders::OrderSlot,
        params::Depths,
        position::Change,
        reject::Reject,
    },
};

/// A trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fill {
    /// The order that rested on the book.
    pub maker: SignedOrder,
    /// The order that met it.
    pub taker: SignedOrder,
    /// At what price, in ticks.
    pub price: u64,
    /// How many lots.
    pub size: u64,
}

/// What a fill does to one of its accounts.
struct Leg {
    id: AccountId,
    before: Account,
    after: Account,
    order: Order,
    filled: u64,
}

/// Field names of an order, for the maker and for the taker.
struct OrderFields {
    account: &'static str,
    instrument: &'static str,
    limit: &'static str,
    size: &'static str,
    expiry: &'static str,
    id: &'static str,
}

const MAKER: OrderFields = OrderFields {
    account: "maker.account",
    instrument: "maker.instrument",
    limit: "maker.limit",
    size: "maker.size",
    expiry: "maker.expiry",
    id: "maker.id",
};

const TAKER: OrderFields = OrderFields {
    account: "taker.account",
    instrument: "taker.instrument",
    limit: "taker.limit",
    size: "taker.size",
    expiry: "taker.expiry",
    id: "taker.id",
};

fn check_order(order: &Order, names: &OrderFields, depths: Depths) -> Result<(), Reject> {
    checks::account(names.account, order.account, depths)?;
    checks::instrument(names.instrument, order.instrument, depths)?;
    checks::amount(names.limit, order.limit)?;
    checks::size(names.size, order.size)?;
    checks::time(names.expiry, order.expiry)?;
    checks::amount(names.id, order.id)
}

impl Fill {
    fn check(&self, depths: Depths) -> Result<(), Reject> {
        let (maker, taker) = (&self.maker.order, &self.taker.order);
        check_order(maker, &MAKER, depths)?;
        check_order(taker, &TAKER, depths)?;
        checks::amount("price", self.price)?;
        checks::size("size", self.size)?;
        if maker.account == taker.account {
            return Err(Reject::SameAccount(maker.account));
        }
        if maker.instrument != taker.instrument {
            return Err(Reject::InstrumentMismatch);
        }
        if maker.side == taker.side {
            return Err(Reject::SameSide);
        }
        Ok(())
    }

    /// Expiry, slot, remaining size and limit of one order.
    fn leg(&self, draft: &Draft<'_>, account: Account, order: Order) -> Result<Leg, Reject> {
        let id = order.account;
        if draft.registers.time > order.expiry {
            return Err(Reject::OrderExpired { account: id });
        }
        let filled = account.orders.filled(id, order.id, draft.params().depths.orders)?;
        if filled == CANCELLED {
            return Err(Reject::OrderClosed { account: id, order: order.id });
        }
        let left = order.size.saturating_sub(filled);
        if self.size > left {
            return Err(Reject::Overfilled { account: id, order: order.id, left });
        }
        if !order.side.accepts(self.price, order.limit) {
            return Err(Reject::LimitPrice { account: id });
        }
        Ok(Leg { id, before: account.clone(), after: account, order, filled: filled + self.size })
    }

    /// The signed value of the trade for its buyer: size times price net of funding.
    fn value(&self, funding_index: i64) -> Result<i128, Reject> {
        let (size, price) = (i128::from(self.size), i128::from(self.price));
        let value = size * (price - i128::from(funding_index));
        if size * price >= VALUE_LIMIT || value.abs() >= VALUE_LIMIT {
            return Err(Reject::ValueTooLarge);
        }
        Ok(value)
    }

    /// The fee at a rate in millionths, rounded up.
    fn fee(&self, rate: u32) -> i128 {
        // Below 2^94 * 2^17.
        let scaled = u128::from(self.price) * u128::from(self.size) * u128::from(rate);
        scaled.div_ceil(1_000_000) as i128
    }

    /// Moves position and cash of one leg.
    fn trade(&self, leg: &mut Leg, value: i128, fee: i128, capacity: usize) -> Result<(), Reject> {
        let sign = leg.order.side.sign();
        let value = value * i128::from(sign);
        let change = Change { instrument: leg.order.instrument, qty: sign * self.size as i64, value };
        leg.after.positions.add(leg.id, change, capacity)?;
        leg.after.add_cash(leg.id, -value - fee)
    }

    /// IM_ok, or reduce-only with health not falling.
    fn require_acceptable(draft: &mut Draft<'_>, leg: &mut Leg) -> Result<(), ApplyError> {
        let health = draft.health(leg.id, &leg.after)?;
        if health.im_ok() {
            leg.after.auction_start = 0;
            return Ok(());
        }
        let (old, new) =
            (leg.before.positions.qty(leg.order.instrument), leg.after.positions.qty(leg.order.instrument));
        let reduces = new.abs() < old.abs() && (new == 0 || (new < 0) == (old < 0));
        if !reduces {
            return Err(Reject::InitialMargin { account: leg.id, shortfall: health.shortfall() }.into());
        }
        if !health.not_worse_than(&draft.health(leg.id, &leg.before)?) {
            return Err(Reject::HealthFell { account: leg.id }.into());
        }
        Ok(())
    }
}

impl Transaction for Fill {
    const TYPE: u8 = 9;

    fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
        let depths = draft.params().depths;
        self.check(depths)?;
        let instrument = self.maker.order.instrument;
        let market = draft.market(instrument.market())?;
        if !market.lists(instrument) {
            return Err(Reject::UnknownInstrument(instrument).into());
        }
        if !market.is_live(draft.registers.time) {
            return Err(Reject::MarketExpired(instrument.market()).into());
        }
        let (maker, taker) = (draft.account(self.maker.order.account)?, draft.account(self.taker.order.account)?);
        let mut maker = self.leg(draft, maker, self.maker.order)?;
        let mut taker = self.leg(draft, taker, self.taker.order)?;
        let value = self.value(market.funding_index)?;
        draft.require_fresh()?;
        draft.row(instrument, &market)?;
        let venue = draft.params().venue();
        for (leg, signed) in [(&maker, &self.maker), (&taker, &self.taker)] {
            leg.before.key.require_signed(leg.id, signed.order.message(venue), &signed.signature)?;
        }
        let maker_fee = self.fee(draft.params().fees.maker);
        let taker_fee = self.fee(draft.params().fees.taker);
        for (leg, fee) in [(&mut maker, maker_fee), (&mut taker, taker_fee)] {
            self.trade(leg, value, fee, depths.position_capacity())?;
        }
        draft.registers.add_fees(maker_fee + taker_fee)?;
        for leg in [&mut maker, &mut taker] {
            Self::require_acceptable(draft, leg)?;
        }
        for mut leg in [maker, taker] {
            let slot = OrderSlot { order_id: leg.order.id, filled: leg.filled };
            draft.set_order(leg.id, &mut leg.after, slot);
            draft.put_account(leg.id, leg.after);
        }
        Ok(Event::Filled { maker_fee, taker_fee })
    }

    fn encode(&self) -> Vec<Fr> {
        let (maker, taker) = (&self.maker.order, &self.taker.order);
        let trade = Packer::new()
            .put(Self::TYPE, TYPE_BITS)
            .put(maker.account.0, ACCOUNT_BITS)
            .put(taker.account.0, ACCOUNT_BITS)
            .put(maker.instrument.0, INSTRUMENT_BITS)
            .put(maker.side.bit(), 1)
            .put(self.price, AMOUNT_BITS)
            .put(self.size, QTY_BITS);
        vec![trade.word(), Packer::new().put(maker.id, AMOUNT_BITS).put(taker.id, AMOUNT_BITS).word()]
    }
}
