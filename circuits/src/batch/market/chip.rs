//! A market slot: its blocks, hashes, paths and signatures put together.

use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use num_bigint::BigInt;
use zomma_gadgets::eddsa::{EddsaChip, EddsaInstructions};
use zomma_gadgets::frame::{Block, BlockBuilder, Cursor, Lanes, Word};
use zomma_gadgets::merkle::MerkleInstructions;
use zomma_gadgets::poseidon::{PoseidonChip, PoseidonInstructions};

use super::blocks::{self, REPORTS};
use super::witness::{MarketWitness, ReportWitness};
use crate::batch::frame::{Constants, FrameChip, KEYS, Params, Published, Registers, place};
use crate::batch::unsigned::UNSIGNED;
use crate::encoding::Tag;
use crate::margin::WORDS;
use crate::margin::chip::DEPTH;

/// The blocks of a market slot.
#[derive(Debug, Clone)]
pub(in crate::batch) struct MarketChip {
    hash: PoseidonChip,
    eddsa: EddsaChip,
    kind: Block,
    terms: Block,
    index: Block,
    leaf: Block,
    listing: Block,
    rules: Block,
    report: Block,
    signer: Block,
    median: Block,
    row: Block,
    last: Block,
    opened: Block,
    due: Block,
    premium: Block,
    step: Block,
    effect: Block,
    encode: Block,
}

/// A transaction, unpacked.
#[derive(Debug)]
struct Transaction {
    list: Word,
    update: Word,
    fixing: Word,
    adopt: Word,
    tick: Word,
    some: Word,
    time: Word,
    marks: Word,
    adopted: Word,
}

/// A market, unpacked.
#[derive(Debug)]
struct Market {
    id: Word,
    exists: Word,
    underlying: Word,
    expiry: Word,
    base: Word,
    step: Word,
    settlement: Word,
    perpetual: Word,
    terms: Word,
    price: Word,
    index_time: Word,
    funding: Word,
    funding_time: Word,
}

impl MarketChip {
    /// Creates the gates.
    pub(in crate::batch) fn configure(
        meta: &mut ConstraintSystem<Fr>,
        lanes: &Lanes,
        (hash, eddsa): (&PoseidonChip, &EddsaChip),
    ) -> Self {
        let table = lanes.table();
        let [x, y] = UNSIGNED.key;
        let unsigned = [x, y, UNSIGNED.message];
        let mut configure = |builder: BlockBuilder| builder.configure(meta, lanes);
        Self {
            hash: *hash,
            eddsa: eddsa.clone(),
            kind: configure(blocks::kind_block(table)),
            terms: configure(blocks::terms_block(table)),
            index: configure(blocks::index_block(table)),
            leaf: configure(crate::batch::blocks::leaf_block(table)),
            listing: configure(blocks::listing_block(table)),
            rules: configure(blocks::rules_block(table)),
            report: configure(blocks::report_block(table)),
            signer: configure(blocks::signer_block(table, unsigned)),
            median: configure(blocks::median_block(table)),
            row: configure(blocks::row_block(table)),
            last: configure(blocks::last_block(table)),
            opened: configure(blocks::opened_block(table)),
            due: configure(blocks::due_block(table)),
            premium: configure(blocks::premium_block(table)),
            step: configure(blocks::step_block(table)),
            effect: configure(blocks::effect_block(table)),
            encode: configure(blocks::encode_block(table)),
        }
    }

    /// A slot: registers and publications as its transaction leaves them.
    pub(in crate::batch) fn slot(
        &self,
        cursor: &mut Cursor<'_, '_>,
        (frame, constants, params): (&FrameChip, &Constants, &Params),
        (now, published): (&mut Registers, &mut Published),
        witness: Option<&MarketWitness>,
    ) {
        let [list, update, fixing, adopt, tick, some, time, marks, adopted, has_adopted] =
            place(cursor, &self.kind, &[&published.adopted], witness.map(MarketWitness::kind));
        let tx = Transaction { list, update, fixing, adopt, tick, some, time, marks, adopted };

        // The market before, and the place that it has in the tree.
        let [underlying, expiry, base, step, settlement, perpetual, terms] =
            place(cursor, &self.terms, &[], witness.map(MarketWitness::terms));
        let [exists, price, index_time, funding, funding_time, index] =
            place(cursor, &self.index, &[], witness.map(MarketWitness::index));
        let before = self.leaf(cursor, &exists, [&terms, &index]);
        let path = witness.map(|slot| &slot.path);
        let path = self.hash.merkle_membership(cursor, &now.markets_root, &before, DEPTH, path, &constants.zero);
        let market = Market {
            id: below(&path.index[0], DEPTH),
            exists,
            underlying,
            expiry,
            base,
            step,
            settlement,
            perpetual,
            terms,
            price,
            index_time,
            funding,
            funding_time,
        };

        let median = self.reports(cursor, (constants, params), (&tx, &market), now, witness);
        let mark = self.second_leaf(cursor, constants, (&tx, &market), now, witness);
        let (funding, funding_time) = self.funding(cursor, params, (&tx, &market), now, &mark);

        let inputs = [&tx.list, &tx.update, &tx.fixing, &tx.adopt, &tx.some, &market.exists, &market.terms];
        let index = [&market.price, &market.index_time, &funding, &funding_time];
        let fields = [&median, &tx.time, &tx.marks, &tx.adopted];
        let registers = [&now.time, &now.risk_time, &now.oracle_root, &now.risk_root, &now.seq];
        let inputs: Vec<&Word> = inputs.into_iter().chain(index).chain(fields).chain(registers).collect();
        let [exists, terms, index, time, risk_time, oracle_root, risk_root, seq] =
            place(cursor, &self.effect, &inputs, None);
        let after = self.leaf(cursor, &exists, [&terms, &index]);
        let markets_root = self.hash.merkle_root_again(cursor, &after, &path, &constants.zero);

        let bits = [&tx.list, &tx.update, &tx.fixing, &tx.adopt, &tx.tick];
        let terms = [&market.id, &market.underlying, &market.expiry, &market.base, &market.step];
        let fields = [&tx.time, &median, &now.time, &tx.marks, &tx.adopted];
        let inputs: Vec<&Word> = bits.into_iter().chain(terms).chain(fields).collect();
        let [has_second, first, second] = place(cursor, &self.encode, &inputs, None);
        frame.publish(cursor, published, &[(&tx.some, &first), (&has_second, &second)]);
        published.adopted = has_adopted;
        *now = Registers { time, risk_time, oracle_root, risk_root, markets_root, seq, ..now.clone() };
    }

    /// The leaf of a market's words; 0 where there is none.
    fn leaf(&self, cursor: &mut Cursor<'_, '_>, exists: &Word, words: [&Word; 2]) -> Word {
        let digest = self.hash.compress_under(cursor, Tag::Market.word(), words);
        let [leaf] = cursor.block(&self.leaf, &[exists, &digest]);
        leaf
    }

    /// The rules of reports, the reports, and their median.
    fn reports(
        &self,
        cursor: &mut Cursor<'_, '_>,
        (constants, params): (&Constants, &Params),
        (tx, market): (&Transaction, &Market),
        now: &Registers,
        witness: Option<&MarketWitness>,
    ) -> Word {
        let kinds = [&tx.update, &tx.fixing, &tx.tick];
        let fields = [&market.exists, &market.perpetual, &market.expiry, &market.settlement, &market.index_time];
        let inputs: Vec<&Word> =
            kinds.into_iter().chain(fields).chain([&tx.time, &now.time, &params.threshold]).collect();
        let [reported, time, tag] = place(cursor, &self.rules, &inputs, None);
        let mut least = constants.zero.clone();
        let prices: [Word; REPORTS] = std::array::from_fn(|index| {
            let report = witness.map(|slot| &slot.reports[index]);
            let inputs = [&reported, &market.id, &time];
            let [price, word] = place(cursor, &self.report, &inputs, report.map(ReportWitness::price));
            let fixing = self.hash.compress(cursor, [&tag, &word, &params.venue]);
            let update = self.hash.compress(cursor, [&fixing, &tx.marks, &constants.zero]);
            let keys = params.keys[..KEYS].iter().flat_map(|key| [&key.active, &key.x, &key.y]);
            let inputs: Vec<&Word> =
                [&tx.update, &tx.fixing, &least, &update, &fixing].into_iter().chain(keys).collect();
            let [next, x, y, message] = place(cursor, &self.signer, &inputs, report.map(ReportWitness::signer));
            let signature = report.map(|report| &report.signature);
            self.eddsa.verify(cursor, [&x, &y], &message, signature, &constants.zero);
            least = next;
            price
        });
        let [median] = cursor.block(&self.median, &prices.each_ref());
        median
    }

    /// What is opened beside the market; of a row the mark.
    fn second_leaf(
        &self,
        cursor: &mut Cursor<'_, '_>,
        constants: &Constants,
        (tx, market): (&Transaction, &Market),
        now: &Registers,
        witness: Option<&MarketWitness>,
    ) -> Word {
        let Market { id, exists, underlying, expiry, base, step, settlement, perpetual, .. } = market;
        let terms = [underlying, expiry, base, step, settlement, perpetual];
        let index = [&market.price, &market.index_time, &market.funding, &market.funding_time];
        let inputs: Vec<&Word> = [&tx.list, exists, id, &now.time].into_iter().chain(terms).chain(index).collect();
        let [series] = place(cursor, &self.listing, &inputs, None);

        let outputs: [Word; WORDS + 2] = place(cursor, &self.row, &[&tx.tick, id], witness.map(MarketWitness::words));
        let [leading @ .., last, mark] = &outputs;
        let pairs: Vec<_> = leading.chunks_exact(2).map(|pair| [&pair[0], &pair[1]]).collect();
        let digest = self.hash.chain(cursor, Tag::Risk.word(), pairs[0], &pairs[1..]);
        let inputs = [&series, underlying, &digest, last];
        let leaf: [Word; 3] = place(cursor, &self.last, &inputs, witness.map(MarketWitness::last));
        let leaf = self.hash.compress(cursor, leaf.each_ref());
        let path = witness.map(|slot| &slot.second);
        let path = self.hash.merkle_root(cursor, &leaf, DEPTH, path, &constants.zero);
        let index = below(&path.index[0], DEPTH);
        let inputs = [&series, underlying, &tx.tick, &index, &path.root, &now.markets_root, &now.risk_root];
        let [] = cursor.block(&self.opened, &inputs);
        mark.clone()
    }

    /// Funding index, biased, and time of funding afterwards.
    fn funding(
        &self,
        cursor: &mut Cursor<'_, '_>,
        params: &Params,
        (tx, market): (&Transaction, &Market),
        now: &Registers,
        mark: &Word,
    ) -> (Word, Word) {
        let times = [&market.index_time, &market.funding_time, &now.time, &now.risk_time];
        let rules = [&params.max_price_age, &params.funding_interval];
        let inputs: Vec<&Word> = [&tx.tick].into_iter().chain(times).chain(rules).collect();
        let [funding_time] = place(cursor, &self.due, &inputs, None);
        let [premium] = cursor.block(&self.premium, &[&tx.tick, mark, &market.price, &params.funding_cap]);
        let inputs = [&premium, &market.funding, &params.funding_interval, &params.funding_period];
        let [funding] = cursor.block(&self.step, &inputs);
        (funding, funding_time)
    }
}

/// A path's index, which its depth proves.
fn below(index: &Word, depth: usize) -> Word {
    let bounds = (BigInt::from(0), (BigInt::from(1) << depth) - 1);
    Word { bounds: std::sync::Arc::new(bounds), ..index.clone() }
}
