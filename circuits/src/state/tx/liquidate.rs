//! A share of an unhealthy account's whole portfolio to a bidder, at no less than the auction's floor.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{ApplyError, Draft, Event, Transaction, checks};
use crate::{
    encoding::{Packer, Tag, chain, hex_fr},
    margin::Health,
    state::{
        account::Account,
        ids::{AccountId, decimal},
        keys::Signature,
        limits::{ACCOUNT_BITS, BP, CASH_BITS, COUNTER_BITS, TIME_BITS, TYPE_BITS},
        params::{LiquidationRules, Venue},
        position::{Change, Position},
        reject::Reject,
    },
};

/// Packed width of a share.
const SHARE_BITS: u32 = 16;

/// What a liquidator offers for a share of a portfolio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bid {
    /// Who bids.
    pub liquidator: AccountId,
    /// On whose portfolio.
    pub account: AccountId,
    /// For what share of it, in bp.
    pub share: u16,
    /// What the liquidator pays; negative when it is paid for taking the share.
    #[serde(with = "decimal")]
    pub pay: i128,
    /// The `positions_root` of the portfolio that was bid on.
    #[serde(with = "hex_fr")]
    pub positions: Fr,
    /// The last second at which the bid holds.
    pub expiry: u64,
    /// The liquidator's nonce.
    pub nonce: u32,
}

impl Bid {
    /// What is signed.
    pub fn message(&self, venue: Venue) -> Fr {
        let fields = Packer::new()
            .put(self.liquidator.0, ACCOUNT_BITS)
            .put(self.account.0, ACCOUNT_BITS)
            .put(self.share, SHARE_BITS)
            .put(self.nonce, COUNTER_BITS)
            .put(self.expiry, TIME_BITS);
        let pay = venue.pack(Packer::new().put_signed(self.pay, CASH_BITS));
        chain(Tag::Bid, &[fields.word(), pay.word(), self.positions])
    }
}

/// A liquidation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Liquidate {
    /// The bid.
    pub bid: Bid,
    /// By the liquidator's key.
    pub signature: Signature,
}

/// The discount after an auction has run for `elapsed` seconds, in bp.
fn discount(rules: &LiquidationRules, elapsed: u64) -> i128 {
    let elapsed = elapsed.min(rules.duration.into());
    let range = u64::from(rules.discount_end - rules.discount_start);
    i128::from(u64::from(rules.discount_start) + range * elapsed / u64::from(rules.duration))
}

/// The largest share, in bp, that does not take the account above its buffer. `health` is not MM_ok and not below
/// close-out, so that `0 <= E < M`.
fn largest_share(rules: &LiquidationRules, discount: i128, health: &Health) -> u16 {
    let target = i128::from(rules.buffer) * health.maintenance;
    let needed = target - BP * health.equity;
    let relieved = target - (discount + i128::from(rules.fee)) * health.equity;
    // 0 < needed <= relieved, as buffer >= 1 and discount + fee <= 1; both are below 2^113.
    let largest = (BP * needed + relieved - 1) / relieved;
    largest as u16
}

/// What of a position moves: the share of its lots, rounded away from zero.
fn moved(position: &Position, share: i128) -> i64 {
    let lots = (i128::from(position.qty).abs() * share + BP - 1) / BP;
    position.qty.signum() * lots as i64
}

/// What a liquidator may bid for a share of a portfolio, at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The account's health.
    pub health: Health,
    /// The auction's discount, in bp.
    pub discount: u16,
    /// The largest share that may be bid for, in bp.
    pub largest_share: u16,
    /// What moves to the liquidator, at the marks.
    pub changes: Vec<Change>,
    /// The value of what moves.
    pub value: i128,
    /// The lowest payment that is accepted.
    pub floor: i128,
    /// Fee to the insurance fund, from the account.
    pub fee: i128,
}

impl Quote {
    /// Checks that the account may be liquidated now and by this share, and what moves then.
    pub(in crate::state) fn new(
        draft: &mut Draft<'_>,
        id: AccountId,
        account: &Account,
        share: u16,
    ) -> Result<Self, ApplyError> {
        let health = draft.health(id, account)?;
        let rules = draft.params().liquidation;
        if health.mm_ok() {
            return Err(Reject::Healthy(id).into());
        }
        if health.below_close_out(rules.close_out) {
            return Err(Reject::BelowCloseOut(id).into());
        }
        let elapsed = draft.registers.time - account.auction_start;
        if account.auction_start == 0 || elapsed > rules.lapse.into() {
            return Err(Reject::NoAuction(id).into());
        }
        let discount = discount(&rules, elapsed);
        let largest = largest_share(&rules, discount, &health);
        if share > largest {
            return Err(Reject::ShareTooLarge { share, largest }.into());
        }
        let share = i128::from(share);
        let changes: Result<Vec<Change>, ApplyError> = account
            .positions
            .as_slice()
            .iter()
            .map(|position| {
                let qty = moved(position, share);
                let value = i128::from(qty) * draft.mark(position.instrument)?;
                Ok(Change { instrument: position.instrument, qty, value })
            })
            .collect();
        let changes = changes?;
        let value: i128 = changes.iter().map(|change| change.value).sum();
        let part = |rate: i128| (rate * health.equity * share + BP * BP - 1) / (BP * BP);
        Ok(Self {
            health,
            discount: discount as u16,
            largest_share: largest,
            changes,
            value,
            floor: value - part(discount),
            fee: part(rules.fee.into()),
        })
    }
}

impl Liquidate {
    fn check(&self, draft: &Draft<'_>) -> Result<(), Reject> {
        let (bid, depths) = (&self.bid, draft.params().depths);
        checks::account("liquidator", bid.liquidator, depths)?;
        checks::account("account", bid.account, depths)?;
        checks::share("share", bid.share)?;
        checks::payment("pay", bid.pay)?;
        checks::time("expiry", bid.expiry)?;
        checks::counter("nonce", bid.nonce)?;
        if bid.liquidator == bid.account {
            return Err(Reject::SameAccount(bid.account));
        }
        if bid.account == draft.params().insurance_account {
            return Err(Reject::InsuranceAccount);
        }
        Ok(())
    }

    /// Loads both accounts and checks that the bid is the liquidator's and still holds.
    fn parties(&self, draft: &mut Draft<'_>) -> Result<(Account, Account), ApplyError> {
        let bid = &self.bid;
        let mut liquidator = draft.account(bid.liquidator)?;
        let account = draft.account(bid.account)?;
        liquidator.use_nonce(bid.liquidator, bid.nonce)?;
        if draft.registers.time > bid.expiry {
            return Err(Reject::OrderExpired { account: bid.liquidator }.into());
        }
        if account.positions.root() != bid.positions {
            return Err(Reject::PortfolioChanged(bid.account).into());
        }
        let message = bid.message(draft.params().venue());
        liquidator.key.require_signed(bid.liquidator, message, &self.signature)?;
        Ok((liquidator, account))
    }
}

impl Transaction for Liquidate {
    const TYPE: u8 = 12;

    fn apply(&self, draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
        self.check(draft)?;
        let bid = &self.bid;
        let (mut liquidator, mut account) = self.parties(draft)?;
        let Quote { discount, changes, value, floor, fee, .. } = Quote::new(draft, bid.account, &account, bid.share)?;
        if bid.pay < floor {
            return Err(Reject::BelowFloor { missing: floor - bid.pay }.into());
        }
        let capacity = draft.params().depths.position_capacity();
        for change in changes {
            let reverse = Change { qty: -change.qty, value: -change.value, ..change };
            account.positions.add(bid.account, reverse, capacity)?;
            liquidator.positions.add(bid.liquidator, change, capacity)?;
        }
        account.add_cash(bid.account, bid.pay - fee)?;
        liquidator.add_cash(bid.liquidator, -bid.pay)?;
        draft.registers.add_insurance(fee)?;
        draft.require_initial(bid.liquidator, &mut liquidator)?;
        draft.put_account(bid.account, account);
        draft.put_account(bid.liquidator, liquidator);
        Ok(Event::Liquidated { discount, value, floor, fee })
    }

    fn encode(&self) -> Vec<Fr> {
        let first = Packer::new()
            .put(Self::TYPE, TYPE_BITS)
            .put(self.bid.liquidator.0, ACCOUNT_BITS)
            .put(self.bid.account.0, ACCOUNT_BITS)
            .put(self.bid.share, SHARE_BITS)
            .put_signed(self.bid.pay, CASH_BITS);
        vec![first.word()]
    }
}
