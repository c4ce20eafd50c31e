//! The blocks of a touch put together.

use std::sync::Arc;

use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use num_bigint::BigInt;
use zomma_gadgets::eddsa::{EddsaChip, EddsaInstructions};
use zomma_gadgets::frame::{Block, BlockBuilder, Cursor, Lanes, Word};
use zomma_gadgets::list::{Entry, ListChip, ListInstructions};
use zomma_gadgets::merkle::MerkleInstructions;
use zomma_gadgets::poseidon::{Path, PoseidonChip, PoseidonInstructions};
use zomma_gadgets::slots::{AssignedUse, SlotChip, SlotInstructions};

use super::blocks;
use super::kind::{Bits, Class, Kind, kind_block};
use super::witness::TouchWitness;
use crate::batch::ACCOUNT_DEPTH;
use crate::batch::frame::{Constants, FrameChip, Params, Published, Registers, place};
use crate::batch::table::{Position, PositionsChip, Table, TableChip};
use crate::batch::unsigned::UNSIGNED;
use crate::encoding::Tag;
use crate::margin::blocks::account_block;
use crate::state::params::Depths;
use crate::state::tree::empty_root;

/// What a touch shares with all others.
#[derive(Debug, Clone, Copy)]
pub(in crate::batch) struct Shared<'a> {
    pub(in crate::batch) frame: &'a FrameChip,
    pub(in crate::batch) constants: &'a Constants,
    pub(in crate::batch) params: &'a Params,
    pub(in crate::batch) positions: &'a PositionsChip,
    pub(in crate::batch) table: &'a TableChip,
    /// The table, loaded.
    pub(in crate::batch) rows: &'a Table,
}

/// What a touch asks of the next one.
#[derive(Debug, Clone)]
pub(in crate::batch) struct Carry {
    /// Whether it has to be the payee's.
    payee: Word,
    /// Whether it has to be the taker's.
    taker: Word,
    account: Word,
    instrument: Word,
    amount: Word,
    size: Word,
    side: Word,
    id: Word,
}

impl Carry {
    /// Nothing is asked.
    pub(in crate::batch) fn nothing(constants: &Constants) -> Self {
        let zero = || constants.zero.clone();
        Self {
            payee: zero(),
            taker: zero(),
            account: zero(),
            instrument: zero(),
            amount: zero(),
            size: zero(),
            side: zero(),
            id: zero(),
        }
    }

    /// Requires that nothing is asked: a batch does not end within a transaction.
    pub(in crate::batch) fn end(&self, cursor: &mut Cursor<'_, '_>, constants: &Constants) {
        for asked in [&self.payee, &self.taker] {
            cursor.region().constrain_equal(asked.cell, constants.zero.cell);
        }
    }
}

/// What a transaction says.
struct Said {
    amount: Word,
    owner: Word,
    size: Word,
    key: [Word; 2],
    limit: Word,
    most: Word,
    expiry: Word,
    side: Word,
    other: Word,
    id: Word,
    market: Word,
    strike: Word,
    put: Word,
    instrument: Word,
}

/// An account as it was found.
struct Found {
    id: Word,
    path: Path,
    exists: Word,
    cash: Word,
    nonce: Word,
    auction: Word,
    owner: Word,
    reserve: Word,
    key: [Word; 2],
    orders: Word,
    words: Vec<Word>,
    positions: Vec<Position>,
}

/// The blocks.
#[derive(Debug, Clone)]
pub(in crate::batch) struct TouchChip {
    hash: PoseidonChip,
    eddsa: EddsaChip,
    list: ListChip,
    slot: SlotChip,
    kind: Block,
    values: Block,
    order: Block,
    instrument: Block,
    account: Block,
    blank: Block,
    leaf: Block,
    trade: Block,
    position_before: Block,
    position_after: Block,
    payoff: Block,
    cash: Block,
    need: Block,
    outcome: Block,
    relief: Block,
    closed: Block,
    message: Block,
    fixed: Block,
    signer: Block,
    key: Block,
    data: Block,
    registers: Block,
}

impl TouchChip {
    /// Creates the gates.
    pub(in crate::batch) fn configure(
        meta: &mut ConstraintSystem<Fr>,
        lanes: &Lanes,
        (hash, eddsa, list): (&PoseidonChip, &EddsaChip, &ListChip),
    ) -> Self {
        let table = lanes.table();
        let orders = Depths::default().orders;
        let [x, y] = UNSIGNED.key;
        let slot = SlotChip::configure(meta, lanes, *hash, orders.into());
        let mut configure = |builder: BlockBuilder| builder.configure(meta, lanes);
        Self {
            hash: *hash,
            eddsa: eddsa.clone(),
            list: list.clone(),
            slot,
            kind: configure(kind_block(table)),
            values: configure(blocks::values_block(table)),
            order: configure(blocks::order_block(table)),
            instrument: configure(blocks::instrument_block(table)),
            account: configure(account_block(table)),
            blank: configure(blocks::blank_block(table, empty_root(orders))),
            leaf: configure(crate::batch::blocks::leaf_block(table)),
            trade: configure(blocks::trade_block(table)),
            position_before: configure(blocks::position_before_block(table)),
            position_after: configure(blocks::position_after_block(table)),
            payoff: configure(blocks::payoff_block(table)),
            cash: configure(blocks::cash_block(table)),
            need: configure(blocks::need_block(table)),
            outcome: configure(blocks::outcome_block(table)),
            relief: configure(blocks::relief_block(table)),
            closed: configure(blocks::closed_block(table)),
            message: configure(blocks::message_block(table)),
            fixed: configure(blocks::fixed_block(table, [x, y, UNSIGNED.message])),
            signer: configure(blocks::signer_block(table)),
            key: configure(blocks::key_block(table)),
            data: configure(blocks::data_block(table)),
            registers: configure(blocks::registers_block(table)),
        }
    }

    /// A touch: registers and publications as it leaves them, and what it asks of the next.
    pub(in crate::batch) fn touch(
        &self,
        cursor: &mut Cursor<'_, '_>,
        shared: &Shared<'_>,
        (now, published): (&mut Registers, &mut Published),
        carry: &Carry,
        witness: Option<&TouchWitness>,
    ) -> Carry {
        let Shared { frame, constants, params, positions, table, rows } = *shared;
        let zero = &constants.zero;
        let kinds = witness.map(TouchWitness::kinds);
        let bits = Bits::new(place(cursor, &self.kind, &[&carry.payee, &carry.taker], kinds));
        let is = |kind| bits.is(kind);
        let has = |class| bits.has(class);

        let found = self.open(cursor, shared, &bits, now, witness);
        let said = self.said(cursor, &bits, &found, now, carry, witness);

        // What moves.
        let priced = table.instrument(cursor, rows, has(Class::Fill), &said.instrument);
        let inputs = [
            is(Kind::Maker),
            is(Kind::Taker),
            &said.amount,
            &said.size,
            &priced.funding,
            &params.maker_fee,
            &params.taker_fee,
        ];
        let [value, fee] = cursor.block(&self.trade, &inputs);
        let position = witness.map(TouchWitness::position);
        let inputs = [has(Class::Fill), is(Kind::Settle), &said.instrument];
        let [there, qty, entry, word] = place(cursor, &self.position_before, &inputs, position);
        let inputs = [has(Class::Fill), &said.side, &said.size, &value, &said.instrument, &qty, &entry];
        let [still, new_word] = cursor.block(&self.position_after, &inputs);
        let entries = [Entry { present: &there, word: &word }, Entry { present: &still, word: &new_word }];
        let place_of = witness.map(|touch| touch.place);
        let edited = self.list.edit(cursor, &found.words, entries, place_of, zero);
        let after = positions.list(cursor, constants, witness.map(|touch| &touch.after));
        for (edited, opened) in edited.iter().zip(&after) {
            cursor.region().constrain_equal(edited.cell, opened.word.cell);
        }
        let positions_root = positions.root(cursor, constants, &after);
        let market = table.settlement(cursor, rows, is(Kind::Settle), &said.market);
        let inputs = [is(Kind::Settle), &market.price, &market.base, &market.step, &said.strike, &said.put];
        let [payoff] = cursor.block(&self.payoff, &inputs);
        let kinds =
            [Kind::Deposit, Kind::Withdraw, Kind::Forced, Kind::Pay, Kind::Receive, Kind::Settle, Kind::Collect];
        let mut inputs = kinds.map(is).to_vec();
        inputs.extend([has(Class::Moves), &said.side, &found.id, &params.fee_account, &said.amount, &now.fees]);
        inputs.extend([&payoff, &qty, &value, &fee, &found.cash]);
        let [fits, tried] = cursor.block(&self.cash, &inputs);

        // What is checked.
        let kinds = [Kind::Withdraw, Kind::Forced, Kind::Reserve, Kind::Pay, Kind::Auction];
        let mut inputs = kinds.map(is).to_vec();
        inputs.extend([has(Class::Fill), &found.exists, &fits, &rows.fresh, &found.owner, &said.owner]);
        inputs.extend([&said.amount, &found.reserve]);
        let [need, grown, open, reserve] = cursor.block(&self.need, &inputs);
        let health = table.evaluate(cursor, (rows, constants, params), &after, &need, [&tried, &reserve]);
        let mut inputs = [Kind::Withdraw, Kind::Pay, Kind::Auction].map(is).to_vec();
        inputs.extend([has(Class::Fill), &grown, &open, &health.mm_ok, &health.im_ok]);
        inputs.extend([&found.id, &params.insurance_account, &found.auction, &now.time, &params.auction_lapse]);
        let [paid, relief, auction] = cursor.block(&self.outcome, &inputs);
        let money = [&found.cash, &found.reserve];
        let was = table.evaluate(cursor, (rows, constants, params), &found.positions, &relief, money);
        let inputs = [&relief, &said.side, &said.size, &qty, &health.equity, &health.maintenance];
        let [] = cursor.block(&self.relief, &[&inputs[..], &[&was.equity, &was.maintenance]].concat());

        // The account afterwards.
        let slot = witness.map(|touch| (touch.slot, &touch.slot_path));
        let used = self.order_slot(cursor, &bits, &said, zero, slot);
        cursor.region().constrain_equal(used[0].cell, found.orders.cell);
        let mut inputs = [Kind::Deposit, Kind::Withdraw, Kind::Register].map(is).to_vec();
        inputs.extend([Class::Keyed, Class::Nonced, Class::Moves].map(has));
        inputs.extend([&found.exists, &fits, &paid, &found.cash, &tried, &found.nonce, &auction, &reserve]);
        inputs.extend([&found.owner, &said.owner, &found.key[0], &found.key[1], &said.key[0], &said.key[1]]);
        let [exists, balance, owner_word, x, y, pays, payee] = cursor.block(&self.closed, &inputs);
        let leaf = self.account_leaf(cursor, &exists, [&x, &y, &balance, &positions_root, &used[1], &owner_word]);
        let accounts_root = self.hash.merkle_root_again(cursor, &leaf, &found.path, zero);
        self.signature(cursor, shared, &bits, (&said, &found), witness);

        // The registers, and what is published.
        let mut inputs = vec![has(Class::Counted)];
        inputs.extend([Kind::Deposit, Kind::Forced, Kind::Collect].map(is));
        inputs.extend([has(Class::Fill), &now.seq, &now.deposit_cursor, &now.forced_cursor, &now.fees, &fee]);
        let [index, seq, deposit_cursor, forced_cursor, fees] = cursor.block(&self.registers, &inputs);
        let mut inputs: Vec<&Word> = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Receive).map(is).collect();
        inputs.extend([has(Class::Counted), has(Class::Keyed), &found.id, &said.other, &index, &said.amount]);
        inputs.extend([&said.owner, &said.id, &carry.id, &said.instrument, &said.side, &said.size, &said.key[0]]);
        let [has_first, has_second, first, second, queued, payment] = cursor.block(&self.data, &inputs);
        let words = [(&has_first, &first), (&has_second, &second), (has(Class::Keyed), &said.key[1])];
        frame.publish(cursor, published, &words);
        published.deposits = frame.enqueue(cursor, &published.deposits, is(Kind::Deposit), [&said.owner, &queued]);
        published.forced = frame.enqueue(cursor, &published.forced, is(Kind::Forced), [&said.owner, &queued]);
        published.withdrawals = frame.enqueue(cursor, &published.withdrawals, &pays, [&payee, &payment]);
        *now = Registers { seq, deposit_cursor, forced_cursor, fees, accounts_root, ..now.clone() };
        Carry {
            payee: is(Kind::Pay).clone(),
            taker: is(Kind::Maker).clone(),
            account: said.other,
            instrument: said.instrument,
            amount: said.amount,
            size: said.size,
            side: said.side,
            id: said.id,
        }
    }

    /// The account, its positions, and its place in the tree.
    fn open(
        &self,
        cursor: &mut Cursor<'_, '_>,
        shared: &Shared<'_>,
        bits: &Bits,
        now: &Registers,
        witness: Option<&TouchWitness>,
    ) -> Found {
        let positions = shared.positions.list(cursor, shared.constants, witness.map(|touch| &touch.before));
        let root = shared.positions.root(cursor, shared.constants, &positions);
        let account = witness.map(TouchWitness::account);
        let [cash, nonce, auction, owner, reserve, balance, owner_word, x, y, orders] =
            place(cursor, &self.account, &[], account);
        let inputs = [bits.has(Class::Known), bits.is(Kind::Register), &cash, &nonce, &auction, &reserve, &orders];
        let exists = witness.map(|touch| vec![touch.account.is_some().into()]);
        let [exists] = place(cursor, &self.blank, &[&inputs[..], &[&positions[0].active]].concat(), exists);
        let leaf = self.account_leaf(cursor, &exists, [&x, &y, &balance, &root, &orders, &owner_word]);
        let path = witness.map(|touch| &touch.path);
        let zero = &shared.constants.zero;
        let path = self.hash.merkle_membership(cursor, &now.accounts_root, &leaf, ACCOUNT_DEPTH, path, zero);
        // The path proves that the index is below 2^24.
        let bounds = Arc::new((BigInt::from(0), (BigInt::from(1) << ACCOUNT_DEPTH) - 1));
        let id = Word { bounds, ..path.index[0].clone() };
        let words = positions.iter().map(|position| position.word.clone()).collect();
        Found { id, path, exists, cash, nonce, auction, owner, reserve, key: [x, y], orders, words, positions }
    }

    /// The leaf of an account: key, balance, positions, orders, owner and reserve; 0 where there is none.
    fn account_leaf(
        &self,
        cursor: &mut Cursor<'_, '_>,
        exists: &Word,
        [x, y, balance, positions, orders, owner]: [&Word; 6],
    ) -> Word {
        let digest = self.hash.chain(cursor, Tag::Account.word(), [x, y], &[[balance, positions], [orders, owner]]);
        let [leaf] = cursor.block(&self.leaf, &[exists, &digest]);
        leaf
    }

    fn said(
        &self,
        cursor: &mut Cursor<'_, '_>,
        bits: &Bits,
        found: &Found,
        now: &Registers,
        carry: &Carry,
        witness: Option<&TouchWitness>,
    ) -> Said {
        let fill = bits.has(Class::Fill);
        let values = witness.map(TouchWitness::values);
        let [amount, owner, size, x, y] = place(cursor, &self.values, &[bits.has(Class::Asks), fill], values);
        let order = witness.map(TouchWitness::order);
        let [limit, most, expiry, side] = place(cursor, &self.order, &[fill, &now.time, &amount], order);
        let mut inputs = vec![bits.has(Class::First), bits.is(Kind::Receive), bits.is(Kind::Taker)];
        inputs.extend([&found.id, &amount, &size, &side]);
        inputs.extend([&carry.account, &carry.instrument, &carry.amount, &carry.size, &carry.side]);
        let [other, id, market, strike, put, instrument] =
            place(cursor, &self.instrument, &inputs, witness.map(TouchWitness::instrument));
        let key = [x, y];
        Said { amount, owner, size, key, limit, most, expiry, side, other, id, market, strike, put, instrument }
    }

    /// Roots of the account's orders before and after.
    fn order_slot(
        &self,
        cursor: &mut Cursor<'_, '_>,
        bits: &Bits,
        said: &Said,
        zero: &Word,
        witness: Option<(zomma_gadgets::slots::Slot, &zomma_gadgets::merkle::MerklePath)>,
    ) -> [Word; 2] {
        let close = bits.is(Kind::Cancel);
        let used = bits.has(Class::Ordered);
        let of = AssignedUse { used, close, number: &said.id, amount: &said.size, most: &said.most };
        let update = self.slot.use_slot(cursor, of, witness, zero);
        [update.old.root, update.new_root]
    }

    /// The message is signed, and a new key is valid; where there is none, a fixed one.
    fn signature(
        &self,
        cursor: &mut Cursor<'_, '_>,
        shared: &Shared<'_>,
        bits: &Bits,
        (said, found): (&Said, &Found),
        witness: Option<&TouchWitness>,
    ) {
        let kinds = [Kind::Withdraw, Kind::Register, Kind::Rotate, Kind::Cancel, Kind::Reserve, Kind::Pay];
        let mut inputs = kinds.map(|kind| bits.is(kind)).to_vec();
        inputs.extend([bits.has(Class::Fill), &found.id, &said.amount, &found.nonce, &said.owner, &said.other]);
        inputs.extend([&said.id, &said.instrument, &said.side, &said.limit, &said.most, &said.expiry]);
        inputs.push(&shared.params.venue);
        let [tag, first, second] = cursor.block(&self.message, &inputs);
        let short = self.hash.compress(cursor, [&tag, &first, &second]);
        let long = self.hash.compress(cursor, [&short, &said.key[0], &said.key[1]]);
        let [fixed_x, fixed_y, fixed] = cursor.block(&self.fixed, &[]);
        let mut inputs = vec![bits.has(Class::Signed), bits.is(Kind::Register), bits.has(Class::Keyed)];
        inputs.extend([&fixed_x, &fixed_y, &fixed, &found.key[0], &found.key[1], &said.key[0], &said.key[1]]);
        inputs.extend([&short, &long]);
        let [x, y, message, new_x, new_y] = cursor.block(&self.signer, &inputs);
        let signature = witness.map(|touch| &touch.signature);
        self.eddsa.verify(cursor, [&x, &y], &message, signature, &shared.constants.zero);
        let eighth = witness.map(TouchWitness::eighth);
        let [] = place(cursor, &self.key, &[&new_x, &new_y], eighth);
    }
}
