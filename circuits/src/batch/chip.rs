//! The blocks of a batch put together: registers opened, transactions one after the other, registers and context hashed.

use ethnum::I256;
use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use num_bigint::BigInt;
use zomma_gadgets::frame::value::to_integer;
use zomma_gadgets::frame::{Block, BlockBuilder, Cursor, Lanes, Word};
use zomma_gadgets::merkle::MerkleInstructions;
use zomma_gadgets::poseidon::{PoseidonChip, PoseidonInstructions};

use super::inputs::{BatchWitness, SlotWitness};
use super::{ACCOUNT_DEPTH, KEYS, blocks};
use crate::encoding::Tag;
use crate::margin::blocks::{account_block, constants_block, select_block};
use crate::state::limits::ACCOUNT_BITS;
use crate::state::params::Depths;

/// The blocks.
#[derive(Debug, Clone)]
pub(super) struct BatchChip {
    hash: PoseidonChip,
    constants: Block,
    params: Block,
    key: Block,
    registers: Block,
    claim: Block,
    fields: Block,
    account: Block,
    effect: Block,
    encode: Block,
    absorb: Block,
    leaf: Block,
    select: Block,
    last: Block,
}

/// Constants in cells.
#[derive(Debug, Clone)]
struct Constants {
    zero: Word,
    one: Word,
    data: Word,
    deposits: Word,
    withdrawals: Word,
    forced: Word,
}

/// The parameter set, opened.
#[derive(Debug, Clone)]
struct Params {
    venue: Word,
    fee_account: Word,
    hash: Word,
}

/// The registers.
#[derive(Debug, Clone)]
struct Registers {
    insurance: Word,
    fees: Word,
    seq: Word,
    time: Word,
    risk_time: Word,
    deposits: Word,
    forced: Word,
    accounts_root: Word,
    markets_root: Word,
    risk_root: Word,
    oracle_root: Word,
}

/// What a batch publishes of its transactions, in the making.
#[derive(Debug, Clone)]
struct Published {
    deposits: Word,
    withdrawals: Word,
    /// Digest of the data, the word that waits for its pair, whether one does.
    data: [Word; 3],
    words: Word,
    /// Whether an account has been touched.
    touched: Word,
}

/// Places a block whose witnesses may be unknown.
fn place<const N: usize>(
    cursor: &mut Cursor<'_, '_>,
    block: &Block,
    inputs: &[&Word],
    witnesses: Option<Vec<I256>>,
) -> [Word; N] {
    cursor.block_with(block, inputs, witnesses.as_deref())
}

impl BatchChip {
    /// Creates the gates.
    pub(super) fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self {
        let hash = PoseidonChip::configure_with_paths(meta, lanes);
        let table = lanes.table();
        let d = Depths::default();
        let depths = [d.accounts, d.orders, d.markets, d.instruments, d.positions];
        let depths = depths.into_iter().rev().fold(I256::ZERO, |word, depth| (word << 8) + I256::from(depth));
        let tags = [Tag::Data, Tag::Deposits, Tag::Withdrawals, Tag::Forced].map(|tag| to_integer(tag.word()));
        let constants = [&[I256::ZERO, I256::ONE], &tags[..]].concat();
        let mut configure = |builder: BlockBuilder| builder.configure(meta, lanes);
        Self {
            hash,
            constants: configure(constants_block(table, &constants)),
            params: configure(blocks::params_block(table, depths)),
            key: configure(blocks::key_block(table)),
            registers: configure(blocks::registers_block(table)),
            claim: configure(blocks::claim_block(table)),
            fields: configure(blocks::fields_block(table)),
            account: configure(account_block(table)),
            effect: configure(blocks::effect_block(table)),
            encode: configure(blocks::encode_block(table)),
            absorb: configure(blocks::absorb_block(table)),
            leaf: configure(blocks::leaf_block(table)),
            select: configure(select_block(table)),
            last: configure(blocks::final_block(table)),
        }
    }

    /// A batch of so many slots: old root, new root, hash of the context.
    pub(super) fn batch(&self, cursor: &mut Cursor<'_, '_>, slots: usize, witness: Option<&BatchWitness>) -> [Word; 3] {
        let [zero, one, data, deposits, withdrawals, forced] = cursor.block(&self.constants, &[]);
        let constants = Constants { zero, one, data, deposits, withdrawals, forced };
        let params = self.params(cursor, &constants, witness);
        let (old, circuits, old_root) = self.registers(cursor, &constants, &params, witness);
        let [claimed] = place(cursor, &self.claim, &[], witness.map(|witness| vec![witness.words.into()]));
        let mut published = Published {
            deposits: constants.deposits.clone(),
            withdrawals: constants.withdrawals.clone(),
            data: [constants.data.clone(), claimed.clone(), constants.one.clone()],
            words: constants.zero.clone(),
            touched: constants.zero.clone(),
        };
        let mut now = old.clone();
        for slot in 0..slots {
            let slot = witness.map(|witness| &witness.slots[slot]);
            self.transaction(cursor, &constants, &params, (&mut now, &mut published), slot);
        }
        let [funds, clock, seqs, window, cursors] = cursor.block(
            &self.last,
            &[
                &now.insurance,
                &now.fees,
                &now.seq,
                &now.time,
                &now.risk_time,
                &now.deposits,
                &now.forced,
                &old.seq,
                &old.deposits,
                &published.words,
                &claimed,
            ],
        );
        let new_root = self.root(cursor, &constants, &now, &params, [&funds, &clock]);
        // A word that has no pair is absorbed with zero.
        let [digest, pending, has] = &published.data;
        let absorbed = self.hash.compress(cursor, [digest, pending, &constants.zero]);
        let [data] = cursor.block(&self.select, &[has, &absorbed, digest]);
        let context = self.hash.chain(
            cursor,
            Tag::Context.word(),
            [&params.venue, &circuits],
            &[
                [&params.hash, &seqs],
                [&window, &now.oracle_root],
                [&now.risk_root, &now.risk_time],
                [&data, &published.deposits],
                [&published.withdrawals, &constants.forced],
                [&cursors, &constants.zero],
            ],
        );
        [old_root, new_root, context]
    }

    fn params(&self, cursor: &mut Cursor<'_, '_>, constants: &Constants, witness: Option<&BatchWitness>) -> Params {
        let cells = witness.map(|witness| witness.params.clone());
        let [venue, first, ratios, fee_account, scenarios, weights_0, weights_1, weights_2, liquidation] =
            place(cursor, &self.params, &[], cells);
        let mut hash = self.hash.chain(
            cursor,
            Tag::Params.word(),
            [&first, &scenarios],
            &[[&weights_0, &weights_1], [&weights_2, &ratios], [&liquidation, &constants.zero]],
        );
        let mut before = constants.one.clone();
        for index in 0..KEYS {
            let key = witness.map(|witness| {
                let key = witness.keys.get(index);
                let [x, y] = key.copied().unwrap_or([Fr::zero(); 2]).map(to_integer);
                vec![key.is_some().into(), x, y]
            });
            let [active, x, y] = place(cursor, &self.key, &[&before], key);
            let absorbed = self.hash.compress(cursor, [&hash, &x, &y]);
            [hash] = cursor.block(&self.select, &[&active, &absorbed, &hash]);
            before = active;
        }
        Params { venue, fee_account, hash }
    }

    fn registers(
        &self,
        cursor: &mut Cursor<'_, '_>,
        constants: &Constants,
        params: &Params,
        witness: Option<&BatchWitness>,
    ) -> (Registers, Word, Word) {
        let cells = witness.map(|witness| witness.registers.clone());
        let outputs: [Word; 14] = place(cursor, &self.registers, &[], cells);
        let [
            insurance,
            fees,
            seq,
            time,
            risk_time,
            deposits,
            forced,
            accounts_root,
            markets_root,
            risk_root,
            oracle_root,
            circuits,
            funds,
            clock,
        ] = outputs;
        let registers = Registers {
            insurance,
            fees,
            seq,
            time,
            risk_time,
            deposits,
            forced,
            accounts_root,
            markets_root,
            risk_root,
            oracle_root,
        };
        let root = self.root(cursor, constants, &registers, params, [&funds, &clock]);
        (registers, circuits, root)
    }

    fn root(
        &self,
        cursor: &mut Cursor<'_, '_>,
        constants: &Constants,
        registers: &Registers,
        params: &Params,
        [funds, clock]: [&Word; 2],
    ) -> Word {
        self.hash.chain(
            cursor,
            Tag::State.word(),
            [&registers.accounts_root, &registers.markets_root],
            &[[&registers.risk_root, &params.hash], [&registers.oracle_root, funds], [clock, &constants.zero]],
        )
    }

    /// One transaction: what it does to its account and the registers, and what it publishes.
    fn transaction(
        &self,
        cursor: &mut Cursor<'_, '_>,
        constants: &Constants,
        params: &Params,
        (now, published): (&mut Registers, &mut Published),
        witness: Option<&SlotWitness>,
    ) {
        let fields = witness.map(|slot| slot.fields.clone());
        let [touched, deposit, collect, adopt, amount, owner, exists, positions, adopted] =
            place(cursor, &self.fields, &[&published.touched], fields);
        let [cash, _, _, _, _, balance, owner_word, x, y, orders] =
            place(cursor, &self.account, &[], witness.map(|slot| slot.account.clone()));
        let inputs = [&deposit, &collect, &adopt, &amount, &exists, &adopted, &cash, &balance];
        let registers = [&now.fees, &now.seq, &now.time, &now.risk_time, &now.deposits, &now.risk_root];
        let [_, refunded, new_balance, fees, seq, risk_time, cursor_after, risk_root] =
            cursor.block(&self.effect, &[&inputs[..], &registers].concat());

        // The account's leaf before and after differ in the balance alone.
        let key = self.hash.compress_under(cursor, Tag::Account.word(), [&x, &y]);
        let [before, after] = [&balance, &new_balance].map(|balance| {
            let digest = self.hash.compress(cursor, [&key, balance, &positions]);
            let digest = self.hash.compress(cursor, [&digest, &orders, &owner_word]);
            let [leaf] = cursor.block(&self.leaf, &[&exists, &digest]);
            leaf
        });
        let path = witness.map(|slot| &slot.path);
        let update = self.hash.merkle_update(cursor, [&before, &after], ACCOUNT_DEPTH, path, &constants.zero);
        cursor.region().constrain_equal(update.old.root.cell, now.accounts_root.cell);
        // The path proves that the index is below 2^24.
        let bounds = (BigInt::from(0), (BigInt::from(1) << ACCOUNT_BITS) - 1);
        let account = Word { bounds: std::sync::Arc::new(bounds), ..update.old.index[0].clone() };

        let [has_first, has_second, first, second, entry, payment, words] = cursor.block(
            &self.encode,
            &[
                &deposit,
                &collect,
                &adopt,
                &account,
                &now.deposits,
                &amount,
                &owner,
                &now.time,
                &adopted,
                &params.fee_account,
                &published.words,
            ],
        );
        for (bit, digest, word) in
            [(&deposit, &mut published.deposits, &entry), (&refunded, &mut published.withdrawals, &payment)]
        {
            let absorbed = self.hash.compress(cursor, [digest, &owner, word]);
            [*digest] = cursor.block(&self.select, &[bit, &absorbed, digest]);
        }
        for (on, word) in [(&has_first, &first), (&has_second, &second)] {
            let [digest, pending, has] = &published.data;
            let absorbed = self.hash.compress(cursor, [digest, pending, word]);
            published.data = cursor.block(&self.absorb, &[digest, &absorbed, pending, has, word, on]);
        }
        published.words = words;
        published.touched = touched;
        *now = Registers {
            fees,
            seq,
            risk_time,
            deposits: cursor_after,
            accounts_root: update.new_root,
            risk_root,
            ..now.clone()
        };
    }
}
