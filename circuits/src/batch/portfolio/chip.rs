//! The blocks of a portfolio slot put together.

use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use num_bigint::BigInt;
use zomma_gadgets::eddsa::{EddsaChip, EddsaInstructions};
use zomma_gadgets::frame::value::to_integer;
use zomma_gadgets::frame::{Block, BlockBuilder, Cursor, Lanes, Word};
use zomma_gadgets::list::{Entry, ListChip, ListInstructions};
use zomma_gadgets::merkle::MerkleInstructions;
use zomma_gadgets::poseidon::{Path, PoseidonChip, PoseidonInstructions};

use super::witness::{Party, PortfolioWitness};
use super::{blocks, moves};
use crate::batch::ACCOUNT_DEPTH;
use crate::batch::frame::{Published, Registers, place};
use crate::batch::table::{Position, within};
use crate::batch::touch::Shared;
use crate::batch::unsigned::UNSIGNED;
use crate::encoding::Tag;
use crate::margin::blocks::{account_block, constants_block};

/// An account as it was found.
struct Found {
    id: Word,
    path: Path,
    cash: Word,
    nonce: Word,
    auction: Word,
    owner: Word,
    reserve: Word,
    owner_word: Word,
    key: [Word; 2],
    orders: Word,
    positions_root: Word,
    positions: Vec<Position>,
}

/// What a slot says.
struct Bid {
    some: Word,
    liquidate: Word,
    takeover: Word,
    share: Word,
    pay: Word,
    stored_pay: Word,
    expiry: Word,
}

/// What has moved from one account to the other.
struct Moved {
    /// Words of the list of the one and of the other.
    words: [Vec<Word>; 2],
    /// The value, at the marks.
    value: Word,
}

/// The blocks.
#[derive(Debug, Clone)]
pub(in crate::batch) struct PortfolioChip {
    hash: PoseidonChip,
    eddsa: EddsaChip,
    list: ListChip,
    account: Block,
    bid: Block,
    parties: Block,
    moving: Block,
    share: Block,
    take: Block,
    entry: Block,
    auction: Block,
    standing: Block,
    base: Block,
    part: Block,
    floor: Block,
    fund: Block,
    account_after: Block,
    other_after: Block,
    initial: Block,
    encode: Block,
    fixed: Block,
    signer: Block,
    registers: Block,
}

impl PortfolioChip {
    /// Creates the gates.
    pub(in crate::batch) fn configure(
        meta: &mut ConstraintSystem<Fr>,
        lanes: &Lanes,
        (hash, eddsa, list): (&PoseidonChip, &EddsaChip, &ListChip),
    ) -> Self {
        let table = lanes.table();
        let [x, y] = UNSIGNED.key;
        let fixed = [x, y, UNSIGNED.message].map(to_integer);
        let mut configure = |builder: BlockBuilder| builder.configure(meta, lanes);
        Self {
            hash: *hash,
            eddsa: eddsa.clone(),
            list: list.clone(),
            account: configure(account_block(table)),
            bid: configure(blocks::bid_block(table)),
            parties: configure(blocks::parties_block(table)),
            moving: configure(moves::moving_block(table)),
            share: configure(moves::share_block(table)),
            take: configure(moves::take_block(table)),
            entry: configure(moves::entry_block(table)),
            auction: configure(blocks::auction_block(table)),
            standing: configure(blocks::standing_block(table)),
            base: configure(blocks::base_block(table)),
            part: configure(blocks::part_block(table)),
            floor: configure(blocks::floor_block(table)),
            fund: configure(blocks::fund_block(table)),
            account_after: configure(blocks::account_after_block(table)),
            other_after: configure(blocks::other_after_block(table)),
            initial: configure(blocks::initial_block(table)),
            encode: configure(blocks::encode_block(table)),
            fixed: configure(constants_block(table, &fixed)),
            signer: configure(blocks::signer_block(table)),
            registers: configure(blocks::registers_block(table)),
        }
    }

    /// A slot: registers and publications as it leaves them.
    pub(in crate::batch) fn slot(
        &self,
        cursor: &mut Cursor<'_, '_>,
        shared: &Shared<'_>,
        (now, published): (&mut Registers, &mut Published),
        witness: Option<&PortfolioWitness>,
    ) {
        let Shared { frame, constants, params, table, rows, .. } = *shared;
        let zero = &constants.zero;
        let [some, liquidate, takeover, share, pay, stored_pay, expiry] =
            place(cursor, &self.bid, &[], witness.map(PortfolioWitness::bid));
        let bid = Bid { some, liquidate, takeover, share, pay, stored_pay, expiry };
        let [account, other] = [0, 1].map(|party| self.open(cursor, shared, witness.map(|slot| &slot.parties[party])));
        let types = [&bid.liquidate, &bid.takeover];
        let ids = [&account.id, &other.id, &params.insurance_account];
        let [] = cursor.block(&self.parties, &[&[&bid.some][..], &types, &ids].concat());

        // Whether the account's portfolio may move, and what of it does.
        let money = [&account.cash, &account.reserve];
        let health = table.evaluate(cursor, (rows, constants, params), &account.positions, &bid.some, money);
        let times = [&now.time, &bid.expiry, &account.auction, &params.auction_duration, &params.auction_lapse];
        let rates = [&params.discount_start, &params.discount_end];
        let [discount] = cursor.block(&self.auction, &[&[&bid.liquidate][..], &times, &rates].concat());
        let figures = [&health.equity, &health.maintenance, &health.mm_ok];
        let rules = [&params.close_out, &params.buffer, &params.liquidation_fee];
        let [] = cursor.block(&self.standing, &[&types[..], &figures, &rules, &[&discount, &bid.share]].concat());
        let moved = self.moves(cursor, shared, &bid, [&account, &other], witness);

        // The price.
        let [base] = cursor.block(&self.base, &[&bid.liquidate, &health.equity, &bid.share]);
        let [discounted] = cursor.block(&self.part, &[&discount, &base]);
        let [fee] = cursor.block(&self.part, &[&params.liquidation_fee, &base]);
        let [] = cursor.block(&self.floor, &[&bid.liquidate, &moved.value, &discounted, &bid.pay]);
        let [paid, insurance] = cursor.block(&self.fund, &[&bid.takeover, &health.equity, &now.insurance, &fee]);

        // Both accounts afterwards.
        let fields = [&account.cash, &account.nonce, &account.auction, &account.owner, &account.reserve];
        let [balance, owner_word] =
            cursor.block(&self.account_after, &[&types[..], &fields, &[&bid.pay, &fee]].concat());
        let fields = [&other.cash, &other.nonce, &other.auction, &bid.pay, &account.cash, &paid];
        let [other_cash, other_balance] = cursor.block(&self.other_after, &[&types[..], &fields].concat());
        let [(_, root), (taken, other_root)] =
            [0, 1].map(|party| self.close_list(cursor, shared, &moved.words[party], party, witness));
        let money = [&other_cash, &other.reserve];
        let after = table.evaluate(cursor, (rows, constants, params), &taken, &bid.liquidate, money);
        let [] = cursor.block(&self.initial, &[&bid.liquidate, &after.im_ok]);
        let leaf = self.leaf(cursor, &account, [&balance, &root, &owner_word]);
        let between = self.hash.merkle_root_again(cursor, &leaf, &account.path, zero);
        let leaf = self.leaf(cursor, &other, [&other_balance, &other_root, &other.owner_word]);
        let last = self.hash.merkle_root_again(cursor, &leaf, &other.path, zero);

        // Signature, registers, and what is published.
        let said = [&other.id, &account.id, &bid.share, &bid.stored_pay, &other.nonce, &bid.expiry, &params.venue];
        let [fields, signed, data] = cursor.block(&self.encode, &[&types[..], &said].concat());
        self.signature(cursor, shared, &bid, (&account, &other), [&fields, &signed], witness);
        let roots = [&now.accounts_root, &account.path.root, &between, &other.path.root, &last];
        let [accounts_root, seq] = cursor.block(&self.registers, &[&[&bid.some][..], &roots, &[&now.seq]].concat());
        frame.publish(cursor, published, &[(&bid.some, &data)]);
        *now = Registers { insurance, accounts_root, seq, ..now.clone() };
    }

    /// An account that exists, its positions, and where its path leads.
    fn open(&self, cursor: &mut Cursor<'_, '_>, shared: &Shared<'_>, witness: Option<&Party>) -> Found {
        let positions = shared.positions.list(cursor, shared.constants, witness.map(|party| &party.lists[0]));
        let positions_root = shared.positions.root(cursor, shared.constants, &positions);
        let [cash, nonce, auction, owner, reserve, balance, owner_word, x, y, orders] =
            place(cursor, &self.account, &[], witness.map(|party| party.cells.clone()));
        let words = [[&balance, &positions_root], [&orders, &owner_word]];
        let leaf = self.hash.chain(cursor, Tag::Account.word(), [&x, &y], &words);
        let path = witness.map(|party| &party.path);
        let path = self.hash.merkle_root(cursor, &leaf, ACCOUNT_DEPTH, path, &shared.constants.zero);
        // The path proves that the index is below 2^24.
        let id = within(&path.index[0], 0, (BigInt::from(1) << ACCOUNT_DEPTH) - 1);
        let key = [x, y];
        Found { id, path, cash, nonce, auction, owner, reserve, owner_word, key, orders, positions_root, positions }
    }

    /// The leaf of an account with other words of balance, positions and owner.
    fn leaf(&self, cursor: &mut Cursor<'_, '_>, of: &Found, [balance, positions, owner]: [&Word; 3]) -> Word {
        let [x, y] = &of.key;
        self.hash.chain(cursor, Tag::Account.word(), [x, y], &[[balance, positions], [&of.orders, owner]])
    }

    /// Takes the share out of each position of the one list, and puts it into the other.
    fn moves(
        &self,
        cursor: &mut Cursor<'_, '_>,
        shared: &Shared<'_>,
        bid: &Bid,
        [account, other]: [&Found; 2],
        witness: Option<&PortfolioWitness>,
    ) -> Moved {
        let zero = &shared.constants.zero;
        let words = |of: &Found| of.positions.iter().map(|position| position.word.clone()).collect::<Vec<_>>();
        let mut moved = Moved { words: [words(account), words(other)], value: zero.clone() };
        for (index, position) in account.positions.iter().enumerate() {
            let Position { active, instrument, qty, entry, word, .. } = position;
            let places = witness.map(|slot| slot.places(index));
            let [on] = cursor.block(&self.moving, &[&bid.some, active]);
            let read = shared.table.instrument(cursor, shared.rows, &on, instrument);
            let inputs = [active, instrument, qty, entry, &bid.share, &read.mark, &moved.value];
            let [lots, value, left, left_word, left_entry, sum] = cursor.block(&self.share, &inputs);
            let taken = witness.map(|slot| slot.taken(index));
            let [was, was_word, is, is_word, is_entry] =
                place(cursor, &self.take, &[active, instrument, &lots, &value], taken);
            for entry in [&left_entry, &is_entry] {
                let [] = cursor.block(&self.entry, &[entry]);
            }
            let edits = [[(active, word), (&left, &left_word)], [(&was, &was_word), (&is, &is_word)]];
            for (party, entries) in edits.into_iter().enumerate() {
                let entries = entries.map(|(present, word)| Entry { present, word });
                let place = places.map(|places| places[party]);
                moved.words[party] = self.list.edit(cursor, &moved.words[party], entries, place, zero);
            }
            moved.value = sum;
        }
        moved
    }

    /// A list as it is afterwards, and its root.
    fn close_list(
        &self,
        cursor: &mut Cursor<'_, '_>,
        shared: &Shared<'_>,
        words: &[Word],
        party: usize,
        witness: Option<&PortfolioWitness>,
    ) -> (Vec<Position>, Word) {
        let list = witness.map(|slot| &slot.parties[party].lists[1]);
        let list = shared.positions.list(cursor, shared.constants, list);
        for (edited, opened) in words.iter().zip(&list) {
            cursor.region().constrain_equal(edited.cell, opened.word.cell);
        }
        let root = shared.positions.root(cursor, shared.constants, &list);
        (list, root)
    }

    /// The liquidator has signed the bid; of a takeover a fixed message is signed by a fixed key.
    fn signature(
        &self,
        cursor: &mut Cursor<'_, '_>,
        shared: &Shared<'_>,
        bid: &Bid,
        (account, other): (&Found, &Found),
        [fields, signed]: [&Word; 2],
        witness: Option<&PortfolioWitness>,
    ) {
        let zero = &shared.constants.zero;
        let words = [[&account.positions_root, zero]];
        let message = self.hash.chain(cursor, Tag::Bid.word(), [fields, signed], &words);
        let [fixed_x, fixed_y, fixed] = cursor.block(&self.fixed, &[]);
        let [x, y] = &other.key;
        let inputs = [&bid.liquidate, x, y, &message, &fixed_x, &fixed_y, &fixed];
        let [x, y, message] = cursor.block(&self.signer, &inputs);
        let signature = witness.map(|slot| &slot.signature);
        self.eddsa.verify(cursor, [&x, &y], &message, signature, zero);
    }
}
