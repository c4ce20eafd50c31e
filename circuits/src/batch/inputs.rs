//! The inputs of `batch`: transactions, each with the account that it touches as the one before left it.

use ethnum::I256;
use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use zomma_gadgets::frame::value::to_integer;
use zomma_gadgets::merkle::MerklePath;

use super::ACCOUNT_DEPTH;
use crate::encoding::{Tag, biased, hex_fr};
use crate::error::StatementError;
use crate::margin::statement::AccountInputs;
use crate::margin::witness::account_cells;
use crate::state::account::Account;
use crate::state::batch::{BatchContext, BatchError, absorb_entry, absorb_payment, data_digest};
use crate::state::ids::{AccountId, Owner};
use crate::state::limits::{AMOUNT_LIMIT, CASH_BITS, COUNTER_LIMIT};
use crate::state::params::{Depths, VenueParams};
use crate::state::receipt::Payment;
use crate::state::registers::Registers;
use crate::state::reject::Reject;
use crate::state::tree::Sibling;
use crate::state::tx::{AdoptRisk, Collect, Deposit, Tx};
use crate::state::{ApplyError, State};

/// A transaction with the place in the account tree that it touches; one that touches none shows any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotInputs {
    /// The transaction.
    pub tx: Tx,
    /// The place.
    pub id: AccountId,
    /// The account there, if there is one.
    pub account: Option<AccountInputs>,
    /// Siblings on the way up, from the leaf's.
    pub siblings: Vec<Sibling>,
}

/// A batch of transactions and the state that it begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchInputs {
    /// The parameter set.
    pub params: VenueParams,
    /// The registers before.
    pub registers: Registers,
    /// Digest of the set of circuits, which the context names.
    #[serde(with = "hex_fr")]
    pub circuits: Fr,
    /// The transactions in order, one at least.
    pub slots: Vec<SlotInputs>,
}

/// What a slot assigns.
#[derive(Debug, Clone)]
pub(super) struct SlotWitness {
    /// As [`super::blocks::fields_block`] takes it.
    pub(super) fields: Vec<I256>,
    /// As [`crate::margin::blocks::account_block`] takes it.
    pub(super) account: Vec<I256>,
    pub(super) path: MerklePath,
}

/// What the circuit assigns.
#[derive(Debug, Clone)]
pub struct BatchWitness {
    pub(super) params: Vec<I256>,
    pub(super) keys: Vec<[Fr; 2]>,
    pub(super) registers: Vec<I256>,
    pub(super) words: u32,
    pub(super) slots: Vec<SlotWitness>,
}

/// What is computed from inputs.
pub(super) struct Evaluated {
    pub(super) witness: BatchWitness,
    pub(super) registers: Registers,
    pub(super) context: BatchContext,
    pub(super) payments: Vec<Payment>,
}

/// What a transaction of a provable type does.
#[derive(Debug, Clone, Copy)]
enum Action<'a> {
    Nothing,
    Deposit(&'a Deposit),
    Collect,
    Adopt(&'a AdoptRisk),
}

fn refuse<T>(field: impl Into<String>, reason: impl Into<String>) -> Result<T, StatementError> {
    Err(StatementError::Domain { field: field.into(), reason: reason.into() })
}

/// What an account's block takes where there is none.
fn no_account() -> Vec<I256> {
    let mut cells = vec![I256::ZERO; 8];
    cells[0] = biased(0, CASH_BITS).into();
    cells
}

impl<'a> Action<'a> {
    fn of(tx: &'a Tx) -> Option<Self> {
        match tx {
            Tx::Noop(_) => Some(Self::Nothing),
            Tx::Deposit(deposit) => Some(Self::Deposit(deposit)),
            Tx::Collect(Collect {}) => Some(Self::Collect),
            Tx::AdoptRisk(adopt) => Some(Self::Adopt(adopt)),
            Tx::Withdraw(_)
            | Tx::ForcedWithdraw(_)
            | Tx::Register(_)
            | Tx::RotateKey(_)
            | Tx::Cancel(_)
            | Tx::Reserve(_)
            | Tx::Transfer(_)
            | Tx::Fill(_)
            | Tx::Settle(_)
            | Tx::Auction(_)
            | Tx::Liquidate(_)
            | Tx::Takeover(_)
            | Tx::List(_)
            | Tx::OracleUpdate(_)
            | Tx::FixExpiry(_)
            | Tx::FundingTick(_) => None,
        }
    }
}

impl BatchInputs {
    /// The inputs that prove transactions on a state; the state is left as they make it. `circuits` is the digest of the circuit set.
    ///
    /// # Errors
    /// [`BatchError`] for the first transaction that is refused; the state then holds what came before.
    pub fn of(state: &mut State, transactions: &[Tx], circuits: Fr) -> Result<Self, BatchError> {
        let store = |error| BatchError::Apply(ApplyError::Store(error));
        state.root().map_err(store)?;
        let (params, registers) = (state.params().clone(), state.registers().clone());
        let mut slots = vec![];
        let mut accounts_touched = false;
        for tx in transactions {
            if tx.is_market() && accounts_touched {
                return Err(BatchError::MarketAfterAccount);
            }
            accounts_touched |= !tx.is_market() && !matches!(tx, Tx::Noop(_));
            let id = match tx {
                Tx::Deposit(deposit) => deposit.account,
                _ => params.fee_account,
            };
            let orders_root = state.orders_root(id).map_err(store)?;
            let account = state.account(id).map_err(store)?.map(|account| AccountInputs::new(account, orders_root));
            let siblings = state.account_proof(id).map_err(store)?.siblings;
            state.apply(tx)?;
            slots.push(SlotInputs { tx: tx.clone(), id, account, siblings });
        }
        Ok(Self { params, registers, circuits, slots })
    }

    /// Checks everything and computes what the batch makes of the state; the witness has so many slots.
    pub(super) fn evaluate(&self, room: usize) -> Result<Evaluated, StatementError> {
        self.params.check().or_else(|error| refuse(format!("params: {}", error.field), error.rule))?;
        if self.params.depths != Depths::default() {
            return refuse("params: depths", "the circuit's trees have the default depths");
        }
        if self.registers.params_hash != self.params.hash() {
            return refuse("registers: params_hash", "it is not that of the parameter set");
        }
        self.check_registers()?;
        let mut now = Running {
            registers: self.registers.clone(),
            deposits: Tag::Deposits.word(),
            withdrawals: Tag::Withdrawals.word(),
            payments: vec![],
            accounts_touched: false,
        };
        let mut slots = self
            .slots
            .iter()
            .enumerate()
            .map(|(index, slot)| now.apply(&self.params, slot, &format!("transaction {}", index + 1)))
            .collect::<Result<Vec<_>, _>>()?;
        // Padding shows the last place once more.
        let Some(last) = slots.last() else { return refuse("slots", "a batch has one transaction at least") };
        let padding = SlotWitness {
            fields: padding(&last.fields),
            account: last.afterwards.clone(),
            path: last.witness.path.clone(),
        };
        let transactions: Vec<Tx> = self.slots.iter().map(|slot| slot.tx.clone()).collect();
        let registers = now.registers;
        let context = BatchContext {
            venue: self.params.venue().word(),
            params_hash: registers.params_hash,
            seq: (self.registers.seq, registers.seq),
            window: (registers.risk_time, registers.time),
            oracle_root: registers.oracle_root,
            risk_root: registers.risk_root,
            data: data_digest(&transactions),
            deposits: now.deposits,
            withdrawals: now.withdrawals,
            forced: Tag::Forced.word(),
            deposit_cursor: (self.registers.deposit_cursor, registers.deposit_cursor),
            forced_cursor: (registers.forced_cursor, registers.forced_cursor),
        };
        let words = transactions.iter().map(|tx| tx.encode().len() as u32).sum();
        let mut witnesses: Vec<SlotWitness> = slots.drain(..).map(|step| step.witness).collect();
        witnesses.resize(room, padding);
        let witness = BatchWitness {
            params: self.params_cells(),
            keys: self.params.oracle.keys.iter().map(|key| [key.x, key.y]).collect(),
            registers: self.register_cells(),
            words,
            slots: witnesses,
        };
        Ok(Evaluated { witness, registers, context, payments: now.payments })
    }

    fn check_registers(&self) -> Result<(), StatementError> {
        let Registers { insurance, fees, time, risk_time, .. } = &self.registers;
        for (field, value) in [("insurance", insurance), ("fees", fees)] {
            if *value < 0 || *value >= crate::state::limits::CASH_LIMIT {
                return refuse(format!("registers: {field}"), format!("{value} is outside 0 to 2^95"));
            }
        }
        for (field, value) in [("time", time), ("risk_time", risk_time)] {
            if *value >= crate::state::limits::TIME_LIMIT {
                return refuse(format!("registers: {field}"), format!("{value} is 2^40 or more"));
            }
        }
        Ok(())
    }

    fn params_cells(&self) -> Vec<I256> {
        let words = self.params.words();
        let ratios = to_integer(words[5]) & ((I256::ONE << 176u32) - I256::ONE);
        let mut cells = vec![self.params.chain_id.into(), self.params.app_id.into(), ratios];
        cells.extend([self.params.fee_account, self.params.insurance_account].map(|id| I256::from(id.0)));
        cells.extend([words[1], words[2], words[3], words[4], words[6]].map(to_integer));
        cells
    }

    fn register_cells(&self) -> Vec<I256> {
        let r = &self.registers;
        let mut cells: Vec<I256> = vec![
            r.insurance.into(),
            r.fees.into(),
            r.seq.into(),
            r.time.into(),
            r.risk_time.into(),
            r.deposit_cursor.into(),
            r.forced_cursor.into(),
        ];
        cells.extend([r.accounts_root, r.markets_root, r.risk_root, r.oracle_root, self.circuits].map(to_integer));
        cells
    }
}

/// The fields of a slot that does nothing, at the place of another.
fn padding(fields: &[I256]) -> Vec<I256> {
    fields.iter().enumerate().map(|(index, field)| if PLACE.contains(&index) { *field } else { I256::ZERO }).collect()
}

/// Which fields say what is at the place: existence and positions root.
const PLACE: [usize; 2] = [5, 6];

/// A slot, and the account's cells afterwards.
struct Step {
    witness: SlotWitness,
    fields: Vec<I256>,
    afterwards: Vec<I256>,
}

/// A batch in the making.
struct Running {
    registers: Registers,
    deposits: Fr,
    withdrawals: Fr,
    payments: Vec<Payment>,
    accounts_touched: bool,
}

impl Running {
    fn apply(&mut self, params: &VenueParams, slot: &SlotInputs, field: &str) -> Result<Step, StatementError> {
        let Some(action) = Action::of(&slot.tx) else {
            return refuse(field, "its type is not proven yet; noop, deposit, collect and adopt_risk are");
        };
        if slot.tx.is_market() && self.accounts_touched {
            return refuse(field, BatchError::MarketAfterAccount.to_string());
        }
        if u64::from(slot.id.0) >> ACCOUNT_DEPTH != 0 {
            return refuse(format!("{field}: id"), format!("{} is not in a tree of depth {ACCOUNT_DEPTH}", slot.id));
        }
        if slot.siblings.len() != ACCOUNT_DEPTH {
            let reason = format!("{} given, the tree is {ACCOUNT_DEPTH} deep", slot.siblings.len());
            return refuse(format!("{field}: siblings"), reason);
        }
        let siblings = slot.siblings.iter().map(|Sibling(sibling)| *sibling).collect();
        let path = MerklePath { index: slot.id.0.into(), siblings };
        let before = slot.account.as_ref().map(|account| Ok((account.check()?, account.orders_root))).transpose()?;
        let leaf = |account: &Option<(Account, Fr)>| {
            account.as_ref().map_or(Fr::zero(), |(account, orders)| account.leaf(*orders))
        };
        if path.root(leaf(&before)) != Some(self.registers.accounts_root) {
            return refuse(format!("{field}: account"), "its path does not lead to the root of the accounts");
        }
        let mut after = before.clone();
        let rejected = |reject: Reject| StatementError::Domain { field: field.to_owned(), reason: reject.to_string() };
        self.act(params, action, slot.id, after.as_mut().map(|(account, _)| account)).map_err(rejected)?;
        self.accounts_touched |= matches!(action, Action::Deposit(_) | Action::Collect);
        self.registers.accounts_root = path.root(leaf(&after)).unwrap_or_default();
        let cells = |account: &Option<(Account, Fr)>| {
            account.as_ref().map_or_else(no_account, |(account, orders)| account_cells(account, *orders))
        };
        let fields = fields(action, before.as_ref().map(|(account, _)| account));
        let witness = SlotWitness { fields: fields.clone(), account: cells(&before), path };
        Ok(Step { witness, fields, afterwards: cells(&after) })
    }

    /// The rules of section 7 for the types that are proven.
    fn act(
        &mut self,
        params: &VenueParams,
        action: Action<'_>,
        id: AccountId,
        account: Option<&mut Account>,
    ) -> Result<(), Reject> {
        let registers = &mut self.registers;
        let range = |field, holds| if holds { Ok(()) } else { Err(Reject::OutOfRange { field }) };
        match action {
            Action::Nothing => return Ok(()),
            Action::Deposit(Deposit { index, account: to, owner, amount }) => {
                range("index", *index < COUNTER_LIMIT)?;
                range("account", *to == id)?;
                range("amount", (1..AMOUNT_LIMIT).contains(amount))?;
                if *index != registers.deposit_cursor {
                    return Err(Reject::QueueOrder { expected: registers.deposit_cursor, given: *index });
                }
                registers.deposit_cursor += 1;
                self.deposits = absorb_entry(self.deposits, *index, id, *owner, *amount);
                let credited = account.is_some_and(|account| account.add_cash(id, (*amount).into()).is_ok());
                if !credited {
                    let payment = Payment { owner: *owner, account: id, amount: *amount };
                    self.withdrawals = absorb_payment(self.withdrawals, &payment);
                    self.payments.push(payment);
                }
            }
            Action::Collect => {
                if registers.fees == 0 {
                    return Err(Reject::NothingToCollect);
                }
                range("fee_account", id == params.fee_account)?;
                account.ok_or(Reject::UnknownAccount(id))?.add_cash(id, registers.fees)?;
                registers.fees = 0;
            }
            Action::Adopt(adopt) => {
                if adopt.scenario_hash != params.scenario_hash {
                    return Err(Reject::WrongScenarios);
                }
                if adopt.marks != registers.oracle_root {
                    return Err(Reject::WrongMarks);
                }
                if adopt.time != registers.time || adopt.time == 0 {
                    return Err(Reject::StaleMarks);
                }
                registers.risk_root = adopt.risk_root;
                registers.risk_time = adopt.time;
            }
        }
        registers.seq += 1;
        Ok(())
    }
}

/// Three bits of the type, amount, owner, existence, positions root, adopted root.
fn fields(action: Action<'_>, account: Option<&Account>) -> Vec<I256> {
    let (amount, owner, root) = match action {
        Action::Deposit(deposit) => (deposit.amount, deposit.owner, Fr::zero()),
        Action::Adopt(adopt) => (0, Owner::default(), adopt.risk_root),
        Action::Nothing | Action::Collect => (0, Owner::default(), Fr::zero()),
    };
    let mut address = [0; 32];
    address[..20].copy_from_slice(&owner.little_endian());
    vec![
        matches!(action, Action::Deposit(_)).into(),
        matches!(action, Action::Collect).into(),
        matches!(action, Action::Adopt(_)).into(),
        amount.into(),
        I256::from_le_bytes(address),
        account.is_some().into(),
        to_integer(account.map_or(Fr::zero(), |account| account.positions.root())),
        to_integer(root),
    ]
}
