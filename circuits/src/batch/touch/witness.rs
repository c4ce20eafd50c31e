//! What a touch assigns, read off the state before and after the transaction.

use ethnum::I256;
use halo2curves::bn256::Fr;
use zomma_gadgets::eddsa::Signature as EddsaSignature;
use zomma_gadgets::edwards::Point;
use zomma_gadgets::frame::value::to_integer;
use zomma_gadgets::merkle::MerklePath;
use zomma_gadgets::slots::Slot;

use super::kind::{KINDS, Kind};
use crate::batch::table::PositionsWitness;
use crate::batch::unsigned::UNSIGNED;
use crate::batch::witness::path_of;
use crate::encoding::biased;
use crate::margin::witness::account_cells;
use crate::state::State;
use crate::state::account::Account;
use crate::state::ids::{AccountId, InstrumentId, OptionKind, Owner};
use crate::state::keys::Signature;
use crate::state::limits::{CASH_BITS, QTY_BITS};
use crate::state::order::{Side, SignedOrder};
use crate::state::orders::OrderSlots;
use crate::state::position::Position;
use crate::state::store::StoreError;
use crate::state::tx::Tx;

/// What an order says, for the kinds that carry one; of others the id is 1 and the rest is 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct OrderFields {
    pub(super) limit: u64,
    pub(super) size: u64,
    pub(super) expiry: u64,
    pub(super) sells: bool,
    pub(super) id: u64,
}

/// What a touch assigns.
#[derive(Debug, Clone)]
pub(in crate::batch) struct TouchWitness {
    /// `None` for padding.
    pub(super) kind: Option<Kind>,
    pub(super) id: AccountId,
    /// Amount, or price.
    pub(super) amount: u64,
    pub(super) owner: Owner,
    pub(super) size: u64,
    /// A new key.
    pub(super) key: [Fr; 2],
    pub(super) other: AccountId,
    pub(super) order: OrderFields,
    pub(super) instrument: InstrumentId,
    pub(super) signature: EddsaSignature,
    /// The account before.
    pub(super) account: Option<Account>,
    pub(super) orders_root: Fr,
    pub(super) path: MerklePath,
    pub(super) slot: Slot,
    pub(super) slot_path: MerklePath,
    /// Its positions before.
    pub(super) before: PositionsWitness,
    /// Its position in the instrument that is traded or settled.
    pub(super) held: Option<Position>,
    /// Where that instrument is in the list, or would be.
    pub(super) place: usize,
    /// Its positions afterwards.
    pub(super) after: PositionsWitness,
}

/// An owner's address as an integer.
fn owner_cell(owner: Owner) -> I256 {
    let mut bytes = [0; 32];
    bytes[..20].copy_from_slice(&owner.little_endian());
    I256::from_le_bytes(bytes)
}

impl TouchWitness {
    /// A touch that does nothing, of an account as the state has it.
    ///
    /// # Errors
    /// The store's failures.
    pub(in crate::batch) fn nothing(state: &mut State, id: AccountId) -> Result<Self, StoreError> {
        Self::at(state, id, 1)
    }

    /// The touches of a transaction on the state that it is about to be applied to; none of one that touches no account in this way. For one that
    /// the state then refuses, what they assign means nothing. [`finish`](Self::finish) completes them.
    ///
    /// # Errors
    /// The store's failures.
    pub(in crate::batch) fn of(state: &mut State, tx: &Tx) -> Result<Vec<Self>, StoreError> {
        let one = |witness: Self| vec![witness];
        Ok(match tx {
            Tx::Deposit(tx) => one(Self { owner: tx.owner, ..Self::new(state, Kind::Deposit, tx.account, tx.amount)? }),
            Tx::Withdraw(tx) => one(Self::new(state, Kind::Withdraw, tx.account, tx.amount)?.signed(&tx.signature)),
            Tx::ForcedWithdraw(tx) => {
                one(Self { owner: tx.owner, ..Self::new(state, Kind::Forced, tx.account, tx.amount)? })
            }
            Tx::Register(tx) => {
                let touch = Self::new(state, Kind::Register, tx.account, 0)?.signed(&tx.signature);
                one(Self { owner: tx.owner, key: [tx.key.x, tx.key.y], ..touch })
            }
            Tx::RotateKey(tx) => {
                let touch = Self::new(state, Kind::Rotate, tx.account, 0)?.signed(&tx.signature);
                one(Self { key: [tx.key.x, tx.key.y], ..touch })
            }
            Tx::Cancel(tx) => {
                let touch = Self { kind: Some(Kind::Cancel), ..Self::at(state, tx.account, tx.order_id)? };
                one(touch.signed(&tx.signature))
            }
            Tx::Reserve(tx) => one(Self::new(state, Kind::Reserve, tx.account, tx.amount)?.signed(&tx.signature)),
            Tx::Transfer(tx) => {
                let from = Self::new(state, Kind::Pay, tx.from, tx.amount)?.signed(&tx.signature);
                vec![Self { other: tx.to, ..from }, Self::new(state, Kind::Receive, tx.to, tx.amount)?]
            }
            Tx::Fill(tx) => {
                let maker = Self::leg(state, Kind::Maker, &tx.maker, tx.price, tx.size)?;
                let taker = Self::leg(state, Kind::Taker, &tx.taker, tx.price, tx.size)?;
                vec![Self { other: taker.id, ..maker }, taker]
            }
            Tx::Settle(tx) => one(Self::new(state, Kind::Settle, tx.account, 0)?.trading(tx.instrument)),
            Tx::Auction(tx) => one(Self::new(state, Kind::Auction, tx.account, 0)?),
            Tx::Collect(_) => {
                let id = state.params().fee_account;
                one(Self::new(state, Kind::Collect, id, 0)?)
            }
            Tx::Noop(_)
            | Tx::Liquidate(_)
            | Tx::Takeover(_)
            | Tx::List(_)
            | Tx::OracleUpdate(_)
            | Tx::FixExpiry(_)
            | Tx::AdoptRisk(_)
            | Tx::FundingTick(_) => vec![],
        })
    }

    /// Completes the touches of a transaction that the state has accepted: the positions afterwards, and the second account's path, which has the
    /// first one's new leaf beside it.
    ///
    /// # Errors
    /// The store's failures.
    pub(in crate::batch) fn finish(touches: &mut [Self], state: &mut State) -> Result<(), StoreError> {
        for (index, touch) in touches.iter_mut().enumerate() {
            touch.after = positions(state.account(touch.id)?);
            if index > 0 {
                touch.path = path_of(state.account_proof(touch.id)?);
            }
        }
        Ok(())
    }

    fn at(state: &mut State, id: AccountId, order: u64) -> Result<Self, StoreError> {
        let index = OrderSlots::index(order, state.params().depths.orders);
        let orders_root = state.orders_root(id)?;
        let path = path_of(state.account_proof(id)?);
        let slot_path = path_of(state.order_proof(id, index)?);
        let account = state.account(id)?.cloned();
        let slot = account.as_ref().and_then(|account| account.orders.get(index));
        Ok(Self {
            kind: None,
            id,
            amount: 0,
            owner: Owner::default(),
            size: 0,
            key: [Fr::zero(); 2],
            other: AccountId(0),
            order: OrderFields { limit: 0, size: 0, expiry: 0, sells: false, id: order },
            instrument: InstrumentId(0),
            signature: UNSIGNED.signature,
            orders_root,
            path,
            slot: slot.map_or_else(Slot::default, |slot| Slot { number: slot.order_id, used: slot.filled }),
            slot_path,
            before: positions(account.as_ref()),
            held: None,
            place: 0,
            after: positions(account.as_ref()),
            account,
        })
    }

    fn new(state: &mut State, kind: Kind, id: AccountId, amount: u64) -> Result<Self, StoreError> {
        Ok(Self { kind: Some(kind), amount, ..Self::at(state, id, 1)? })
    }

    fn leg(state: &mut State, kind: Kind, signed: &SignedOrder, price: u64, size: u64) -> Result<Self, StoreError> {
        let order = &signed.order;
        let touch = Self { kind: Some(kind), ..Self::at(state, order.account, order.id)? };
        let sells = order.side == Side::Sell;
        let fields = OrderFields { limit: order.limit, size: order.size, expiry: order.expiry, sells, id: order.id };
        let touch = Self { amount: price, size, order: fields, ..touch };
        Ok(touch.trading(order.instrument).signed(&signed.signature))
    }

    /// Of an instrument.
    fn trading(self, instrument: InstrumentId) -> Self {
        let list = &self.before.0;
        let place = list.partition_point(|position| position.instrument < instrument);
        let held = list.get(place).filter(|position| position.instrument == instrument).copied();
        Self { instrument, held, place, ..self }
    }

    /// With a signature; one that is none stays the fixed one, which no proof takes for it.
    fn signed(self, signature: &Signature) -> Self {
        Self { signature: signature.read().unwrap_or(UNSIGNED.signature), ..self }
    }

    /// Whose it is.
    pub(in crate::batch) fn account_id(&self) -> AccountId {
        self.id
    }

    /// How many positions the account has, with the one that is traded.
    pub(in crate::batch) fn needs_positions(&self) -> usize {
        let trades = matches!(self.kind, Some(Kind::Maker | Kind::Taker));
        self.before.0.len() + usize::from(trades && self.held.is_none())
    }

    /// Bits of the kinds.
    pub(super) fn kinds(&self) -> Vec<I256> {
        (0..KINDS).map(|kind| (self.kind == Some(Kind::ALL[kind])).into()).collect()
    }

    /// As [`super::blocks::values_block`] takes it.
    pub(super) fn values(&self) -> Vec<I256> {
        let [x, y] = self.key.map(to_integer);
        vec![self.amount.into(), owner_cell(self.owner), self.size.into(), x, y]
    }

    /// As [`super::blocks::order_block`] takes it.
    pub(super) fn order(&self) -> Vec<I256> {
        let OrderFields { limit, size, expiry, sells, .. } = self.order;
        vec![limit.into(), size.into(), expiry.into(), sells.into()]
    }

    /// As [`super::blocks::instrument_block`] takes it.
    pub(super) fn instrument(&self) -> Vec<I256> {
        vec![
            self.other.0.into(),
            I256::from(self.order.id) - 1,
            self.instrument.market().0.into(),
            self.instrument.strike_index().into(),
            (self.instrument.kind() == OptionKind::Put).into(),
        ]
    }

    /// As [`crate::margin::blocks::account_block`] takes it.
    pub(super) fn account(&self) -> Vec<I256> {
        self.account.as_ref().map_or_else(
            || {
                let mut cells = vec![I256::ZERO; 8];
                cells[0] = biased(0, CASH_BITS).into();
                cells[7] = to_integer(self.orders_root);
                cells
            },
            |account| account_cells(account, self.orders_root),
        )
    }

    /// As [`super::blocks::key_block`] takes it.
    pub(super) fn eighth(&self) -> Vec<I256> {
        let [x, y] = if matches!(self.kind, Some(Kind::Register | Kind::Rotate)) { self.key } else { UNSIGNED.key };
        let eighth = Point::new(x, y).map_or(Point::IDENTITY, |point| point.eighth());
        vec![to_integer(eighth.x()), to_integer(eighth.y())]
    }

    /// As [`super::blocks::position_before_block`] takes it.
    pub(super) fn position(&self) -> Vec<I256> {
        let (qty, entry) = self.held.map_or((0, 0), |position| (position.qty, position.entry));
        vec![biased(qty.into(), QTY_BITS).into(), biased(entry, CASH_BITS).into(), self.held.is_some().into()]
    }
}

fn positions(account: Option<&Account>) -> PositionsWitness {
    PositionsWitness(account.map_or_else(Vec::new, |account| account.positions.as_slice().to_vec()))
}
