//! What every batch has, whatever its transactions: the parameter set unpacked, the registers opened and closed, the digests of what is published.

mod blocks;

use ethnum::I256;
use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use zomma_gadgets::frame::value::to_integer;
use zomma_gadgets::frame::{Block, BlockBuilder, Cursor, Lanes, Word};
use zomma_gadgets::poseidon::{PoseidonChip, PoseidonInstructions};

pub(in crate::batch) use blocks::{SEQ_BITS, grown};

use crate::encoding::Tag;
use crate::margin::blocks::{WEIGHTS, constants_block, ratios_block, select_block, weights_block};
use crate::state::params::{Depths, VenueParams};
use crate::state::registers::Registers as NativeRegisters;

/// Most oracle keys of a parameter set.
pub(in crate::batch) const KEYS: usize = 16;

/// Constants in cells.
#[derive(Debug, Clone)]
pub(in crate::batch) struct Constants {
    /// 0.
    pub(in crate::batch) zero: Word,
    /// 1.
    pub(in crate::batch) one: Word,
    /// -1, the instrument before the first.
    pub(in crate::batch) before: Word,
    /// The tag of a position list.
    pub(in crate::batch) positions: Word,
    data: Word,
    deposits: Word,
    withdrawals: Word,
    forced: Word,
}

/// An oracle key; the coordinates of one that is not active are any.
#[derive(Debug, Clone)]
pub(in crate::batch) struct KeyWords {
    /// Whether the parameter set has it.
    pub(in crate::batch) active: Word,
    /// Coordinate.
    pub(in crate::batch) x: Word,
    /// Coordinate.
    pub(in crate::batch) y: Word,
}

/// The parameter set, every field in a cell of its packed width.
#[derive(Debug, Clone)]
pub(in crate::batch) struct Params {
    /// `pack(chain_id, app_id)`.
    pub(in crate::batch) venue: Word,
    /// `params_hash`.
    pub(in crate::batch) hash: Word,
    /// The 33 weights.
    pub(in crate::batch) weights: Vec<Word>,
    /// mm_factor.
    pub(in crate::batch) mm_factor: Word,
    /// perp_mm, perp_im, naked_mm, naked_im.
    pub(in crate::batch) contingencies: [Word; 4],
    /// The maker's fee, in millionths.
    pub(in crate::batch) maker_fee: Word,
    /// The taker's fee, in millionths.
    pub(in crate::batch) taker_fee: Word,
    /// Largest age of prices, s.
    pub(in crate::batch) max_price_age: Word,
    /// Account id.
    pub(in crate::batch) fee_account: Word,
    /// Account id.
    pub(in crate::batch) insurance_account: Word,
    /// Seconds.
    pub(in crate::batch) funding_interval: Word,
    /// Seconds.
    pub(in crate::batch) funding_period: Word,
    /// bp.
    pub(in crate::batch) funding_cap: Word,
    /// bp.
    pub(in crate::batch) buffer: Word,
    /// bp.
    pub(in crate::batch) close_out: Word,
    /// bp.
    pub(in crate::batch) liquidation_fee: Word,
    /// bp.
    pub(in crate::batch) discount_start: Word,
    /// bp.
    pub(in crate::batch) discount_end: Word,
    /// Seconds.
    pub(in crate::batch) auction_duration: Word,
    /// Seconds.
    pub(in crate::batch) auction_lapse: Word,
    /// Reports in an update.
    pub(in crate::batch) threshold: Word,
    /// [`KEYS`] keys, those that are active first.
    pub(in crate::batch) keys: Vec<KeyWords>,
}

/// The registers, the parameters' hash apart, which does not change.
#[derive(Debug, Clone)]
pub(in crate::batch) struct Registers {
    /// 96 bits.
    pub(in crate::batch) insurance: Word,
    /// 96 bits.
    pub(in crate::batch) fees: Word,
    /// Within [`grown`] of [`SEQ_BITS`].
    pub(in crate::batch) seq: Word,
    /// 40 bits.
    pub(in crate::batch) time: Word,
    /// 40 bits.
    pub(in crate::batch) risk_time: Word,
    /// 32 bits.
    pub(in crate::batch) deposit_cursor: Word,
    /// 32 bits.
    pub(in crate::batch) forced_cursor: Word,
    /// Root of the account tree.
    pub(in crate::batch) accounts_root: Word,
    /// Root of the market tree.
    pub(in crate::batch) markets_root: Word,
    /// Root of the risk array.
    pub(in crate::batch) risk_root: Word,
    /// Digest of the marks.
    pub(in crate::batch) oracle_root: Word,
}

/// What a batch publishes of its transactions, in the making.
#[derive(Debug, Clone)]
pub(in crate::batch) struct Published {
    /// Digest of the deposits taken.
    pub(in crate::batch) deposits: Word,
    /// Digest of the payments owed.
    pub(in crate::batch) withdrawals: Word,
    /// Digest of the forced withdrawals taken.
    pub(in crate::batch) forced: Word,
    /// Digest of the data, the word that waits for its pair, whether one does.
    data: [Word; 3],
    /// How many words of data there are.
    words: Word,
    /// Whether a risk array has been adopted: the context names the last one alone, so there is one at most.
    pub(in crate::batch) adopted: Word,
}

/// A batch before its first transaction.
#[derive(Debug, Clone)]
pub(in crate::batch) struct Opened {
    /// Constants.
    pub(in crate::batch) constants: Constants,
    /// Parameters.
    pub(in crate::batch) params: Params,
    /// Registers.
    pub(in crate::batch) registers: Registers,
    /// What is published: nothing yet.
    pub(in crate::batch) published: Published,
    /// The state root.
    pub(in crate::batch) root: Word,
    circuits: Word,
    claimed: Word,
}

/// What the frame assigns.
#[derive(Debug, Clone)]
pub(in crate::batch) struct FrameWitness {
    /// The parameter set.
    pub(in crate::batch) params: VenueParams,
    /// The registers at the beginning, with their roots.
    pub(in crate::batch) registers: NativeRegisters,
    /// Digest of the circuit set.
    pub(in crate::batch) circuits: Fr,
    /// How many words of data the batch has.
    pub(in crate::batch) words: u32,
}

/// The blocks.
#[derive(Debug, Clone)]
pub(in crate::batch) struct FrameChip {
    hash: PoseidonChip,
    constants: Block,
    venue: Block,
    weights: Block,
    ratios: Block,
    liquidation: Block,
    key: Block,
    registers: Block,
    claim: Block,
    absorb: Block,
    select: Block,
    last: Block,
}

/// Places a block whose witnesses may be unknown.
pub(in crate::batch) fn place<const N: usize>(
    cursor: &mut Cursor<'_, '_>,
    block: &Block,
    inputs: &[&Word],
    witnesses: Option<Vec<I256>>,
) -> [Word; N] {
    cursor.block_with(block, inputs, witnesses.as_deref())
}

impl FrameChip {
    /// Creates the gates.
    pub(in crate::batch) fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes, hash: &PoseidonChip) -> Self {
        let table = lanes.table();
        let d = Depths::default();
        let depths = [d.accounts, d.orders, d.markets, d.instruments, d.positions];
        let depths = depths.into_iter().rev().fold(I256::ZERO, |word, depth| (word << 8) + I256::from(depth));
        let tags =
            [Tag::Positions, Tag::Data, Tag::Deposits, Tag::Withdrawals, Tag::Forced].map(|tag| to_integer(tag.word()));
        let constants = [&[I256::ZERO, I256::ONE, -I256::ONE], &tags[..]].concat();
        let mut configure = |builder: BlockBuilder| builder.configure(meta, lanes);
        Self {
            hash: *hash,
            constants: configure(constants_block(table, &constants)),
            venue: configure(blocks::venue_block(table, depths)),
            weights: configure(weights_block(table)),
            ratios: configure(ratios_block(table)),
            liquidation: configure(blocks::liquidation_block(table)),
            key: configure(blocks::key_block(table)),
            registers: configure(blocks::registers_block(table)),
            claim: configure(blocks::claim_block(table)),
            absorb: configure(blocks::absorb_block(table)),
            select: configure(select_block(table)),
            last: configure(blocks::final_block(table)),
        }
    }

    /// Opens parameters and registers.
    pub(in crate::batch) fn open(&self, cursor: &mut Cursor<'_, '_>, witness: Option<&FrameWitness>) -> Opened {
        let [zero, one, before, positions, data, deposits, withdrawals, forced] = cursor.block(&self.constants, &[]);
        let constants = Constants { zero, one, before, positions, data, deposits, withdrawals, forced };
        let params = self.params(cursor, &constants, witness.map(|witness| &witness.params));
        let (registers, circuits, root) = self.registers(cursor, &constants, &params, witness);
        let [claimed] = place(cursor, &self.claim, &[], witness.map(|witness| vec![witness.words.into()]));
        let published = Published {
            deposits: constants.deposits.clone(),
            withdrawals: constants.withdrawals.clone(),
            forced: constants.forced.clone(),
            data: [constants.data.clone(), claimed.clone(), constants.one.clone()],
            words: constants.zero.clone(),
            adopted: constants.zero.clone(),
        };
        Opened { constants, params, registers, published, root, circuits, claimed }
    }

    /// The new root, and the hash of the context.
    pub(in crate::batch) fn close(
        &self,
        cursor: &mut Cursor<'_, '_>,
        opened: &Opened,
        now: &Registers,
        published: &Published,
    ) -> [Word; 2] {
        let Opened { constants, params, registers: old, circuits, claimed, .. } = opened;
        let [funds, clock, seqs, window, cursors] = cursor.block(
            &self.last,
            &[
                &now.insurance,
                &now.fees,
                &now.seq,
                &now.time,
                &now.risk_time,
                &now.deposit_cursor,
                &now.forced_cursor,
                &old.seq,
                &old.deposit_cursor,
                &old.forced_cursor,
                &published.words,
                claimed,
            ],
        );
        let new_root = self.root(cursor, constants, now, params, [&funds, &clock]);
        // A word that has no pair is absorbed with zero.
        let [digest, pending, has] = &published.data;
        let absorbed = self.hash.compress(cursor, [digest, pending, &constants.zero]);
        let [data] = cursor.block(&self.select, &[has, &absorbed, digest]);
        let context = self.hash.chain(
            cursor,
            Tag::Context.word(),
            [&params.venue, circuits],
            &[
                [&params.hash, &seqs],
                [&window, &now.oracle_root],
                [&now.risk_root, &now.risk_time],
                [&data, &published.deposits],
                [&published.withdrawals, &published.forced],
                [&cursors, &constants.zero],
            ],
        );
        [new_root, context]
    }

    /// Publishes words of data: each comes with the bit that says whether there is one.
    pub(in crate::batch) fn publish(
        &self,
        cursor: &mut Cursor<'_, '_>,
        published: &mut Published,
        words: &[(&Word, &Word)],
    ) {
        for (on, word) in words {
            let [digest, pending, has] = &published.data;
            let absorbed = self.hash.compress(cursor, [digest, pending, word]);
            let inputs = [digest, &absorbed, pending, has, word, on, &published.words];
            let [digest, pending, has, words] = cursor.block(&self.absorb, &inputs);
            published.data = [digest, pending, has];
            published.words = words;
        }
    }

    /// The digest of a queue or of the payments, with one more entry if the bit is set.
    pub(in crate::batch) fn enqueue(
        &self,
        cursor: &mut Cursor<'_, '_>,
        digest: &Word,
        on: &Word,
        entry: [&Word; 2],
    ) -> Word {
        let absorbed = self.hash.compress(cursor, [digest, entry[0], entry[1]]);
        let [digest] = cursor.block(&self.select, &[on, &absorbed, digest]);
        digest
    }

    fn params(&self, cursor: &mut Cursor<'_, '_>, constants: &Constants, params: Option<&VenueParams>) -> Params {
        let venue = params.map(|params| vec![params.chain_id.into(), params.app_id.into()]);
        let [venue, first] = place(cursor, &self.venue, &[], venue);
        let weights = |from: usize, count: usize| {
            params.map(|params| params.margin.weights[from..][..count].iter().map(|weight| (*weight).into()).collect())
        };
        let mut unpacked: Vec<Word> = vec![];
        let [low, high] = [0, WEIGHTS].map(|from| {
            let outputs: [Word; WEIGHTS + 1] = place(cursor, &self.weights, &[], weights(from, WEIGHTS));
            unpacked.extend_from_slice(&outputs[..WEIGHTS]);
            outputs[WEIGHTS].clone()
        });
        let ratios: Option<Vec<I256>> = weights(2 * WEIGHTS, 3).zip(params).map(|(weights, params)| {
            let m = &params.margin;
            let ratios = [m.mm_factor, m.perp_mm, m.perp_im, m.naked_mm, m.naked_im].map(I256::from);
            let accounts = [params.fee_account, params.insurance_account].map(|id| I256::from(id.0));
            let others = [params.fees.maker, params.fees.taker, params.max_price_age].map(I256::from);
            let digests = [params.words()[0], params.scenario_hash].map(to_integer);
            [&weights[..], &ratios, &others, &accounts, &digests].concat()
        });
        let [
            w31,
            w32,
            w33,
            mm_factor,
            perp_mm,
            perp_im,
            naked_mm,
            naked_im,
            maker_fee,
            taker_fee,
            max_price_age,
            fee_account,
            insurance_account,
            claimed_first,
            scenario_hash,
            last_weights,
            ratios,
        ] = place(cursor, &self.ratios, &[], ratios);
        cursor.region().constrain_equal(claimed_first.cell, first.cell);
        unpacked.extend([w31, w32, w33]);
        let liquidation = params.map(|params| {
            let (f, l, oracle) = (&params.funding, &params.liquidation, &params.oracle);
            vec![
                f.interval.into(),
                f.period.into(),
                f.cap.into(),
                l.buffer.into(),
                l.close_out.into(),
                l.fee.into(),
                l.discount_start.into(),
                l.discount_end.into(),
                l.duration.into(),
                l.lapse.into(),
                oracle.threshold.into(),
                I256::from(oracle.keys.len() as u64),
            ]
        });
        let [
            funding_interval,
            funding_period,
            funding_cap,
            buffer,
            close_out,
            liquidation_fee,
            discount_start,
            discount_end,
            auction_duration,
            auction_lapse,
            threshold,
            _,
            liquidation,
        ] = place(cursor, &self.liquidation, &[], liquidation);
        let mut hash = self.hash.chain(
            cursor,
            Tag::Params.word(),
            [&first, &scenario_hash],
            &[[&low, &high], [&last_weights, &ratios], [&liquidation, &constants.zero]],
        );
        let mut keys: Vec<KeyWords> = vec![];
        for index in 0..KEYS {
            let key = params.map(|params| {
                let key = params.oracle.keys.get(index);
                let [x, y] = key.map_or([Fr::zero(); 2], |key| [key.x, key.y]).map(to_integer);
                vec![key.is_some().into(), x, y]
            });
            let before = keys.last().map_or(&constants.one, |key| &key.active);
            let [active, x, y] = place(cursor, &self.key, &[before], key);
            let absorbed = self.hash.compress(cursor, [&hash, &x, &y]);
            [hash] = cursor.block(&self.select, &[&active, &absorbed, &hash]);
            keys.push(KeyWords { active, x, y });
        }
        Params {
            venue,
            hash,
            weights: unpacked,
            mm_factor,
            contingencies: [perp_mm, perp_im, naked_mm, naked_im],
            maker_fee,
            taker_fee,
            max_price_age,
            fee_account,
            insurance_account,
            funding_interval,
            funding_period,
            funding_cap,
            buffer,
            close_out,
            liquidation_fee,
            discount_start,
            discount_end,
            auction_duration,
            auction_lapse,
            threshold,
            keys,
        }
    }

    fn registers(
        &self,
        cursor: &mut Cursor<'_, '_>,
        constants: &Constants,
        params: &Params,
        witness: Option<&FrameWitness>,
    ) -> (Registers, Word, Word) {
        let cells = witness.map(|FrameWitness { registers: r, circuits, .. }| {
            let mut cells: Vec<I256> = vec![
                r.insurance.into(),
                r.fees.into(),
                r.seq.into(),
                r.time.into(),
                r.risk_time.into(),
                r.deposit_cursor.into(),
                r.forced_cursor.into(),
            ];
            cells.extend([r.accounts_root, r.markets_root, r.risk_root, r.oracle_root, *circuits].map(to_integer));
            cells
        });
        let [
            insurance,
            fees,
            seq,
            time,
            risk_time,
            deposit_cursor,
            forced_cursor,
            accounts_root,
            markets_root,
            risk_root,
            oracle_root,
            circuits,
            funds,
            clock,
        ] = place(cursor, &self.registers, &[], cells);
        let registers = Registers {
            insurance,
            fees,
            seq,
            time,
            risk_time,
            deposit_cursor,
            forced_cursor,
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
}
