//! The blocks of margin, configured and put together: from openings of an account, its markets and its rows to its health.

use ethnum::I256;
use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use num_bigint::BigInt;
use zomma_gadgets::frame::value::{to_field, to_integer};
use zomma_gadgets::frame::{Block, BlockBuilder, Cost, Cursor, Lanes, Word};
use zomma_gadgets::merkle::MerkleInstructions;
use zomma_gadgets::poseidon::{PoseidonChip, PoseidonInstructions};

use super::blocks::{self, FIELDS, GROUP, SELECTED, WEIGHTS};
use super::figures::{FiguresChip, Ratios, Sums};
use super::row::WORDS;
use super::witness::{AccountWitness, MarketWitness, PositionWitness, RulesWitness};
use crate::encoding::Tag;
use crate::state::limits::{AMOUNT_BITS, MARKET_BITS, TIME_BITS};

pub use super::figures::HealthWords;

/// Depth of the trees of markets and of the risk array.
pub const DEPTH: usize = 12;

/// The blocks.
#[derive(Debug, Clone)]
pub struct MarginChip {
    hash: PoseidonChip,
    constants: Block,
    select: Block,
    clock: Block,
    fresh: Block,
    weights: Block,
    ratios: Block,
    account: Block,
    terms: Block,
    index: Block,
    opened_market: Block,
    position: Block,
    products: Block,
    pick: Block,
    holding: Block,
    opened_row: Block,
    figures: FiguresChip,
}

/// Cells with constants.
#[derive(Debug, Clone)]
pub struct Constants {
    /// 0.
    pub zero: Word,
    /// 1.
    pub one: Word,
    /// -1, the instrument before the first.
    pub before: Word,
    /// The tag of a position list.
    pub positions: Word,
    /// The statement's domain separator.
    pub domain: Word,
}

/// What margin reads of a parameter set.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The digest of these words.
    pub digest: Word,
    weights: Vec<Word>,
    mm_factor: Word,
    /// perp_mm, perp_im, naked_mm, naked_im.
    contingencies: [Word; 4],
    max_age: Word,
}

/// A market, opened.
#[derive(Debug, Clone)]
pub struct OpenedMarket {
    fields: [Word; FIELDS],
}

/// A position, unpacked.
#[derive(Debug, Clone)]
struct OpenedPosition {
    active: Word,
    instrument: Word,
    market: Word,
    strike_index: Word,
    qty: Word,
    word: Word,
    pair: Word,
    paired: Word,
}

/// An account, unpacked.
#[derive(Debug, Clone)]
pub struct OpenedAccount {
    /// The leaf.
    pub leaf: Word,
    cash: Word,
    reserve: Word,
}

/// A word that other constraints keep within `low..=high`.
fn within(word: &Word, low: impl Into<BigInt>, high: impl Into<BigInt>) -> Word {
    Word { bounds: std::sync::Arc::new((low.into(), high.into())), ..word.clone() }
}

fn below(word: &Word, bits: u32) -> Word {
    within(word, 0, (BigInt::from(1) << bits) - 1)
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

impl MarginChip {
    /// Creates the gates. `domain` is the statement's domain separator.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes, domain: Fr) -> Self {
        let hash = PoseidonChip::configure_with_paths(meta, lanes);
        let table = lanes.table();
        let constants = [I256::ZERO, I256::ONE, -I256::ONE, to_integer(Tag::Positions.word()), to_integer(domain)];
        let mut configure = |builder: BlockBuilder| builder.configure(meta, lanes);
        Self {
            hash,
            constants: configure(blocks::constants_block(table, &constants)),
            select: configure(blocks::select_block(table)),
            clock: configure(blocks::clock_block(table)),
            fresh: configure(blocks::fresh_block(table)),
            weights: configure(blocks::weights_block(table)),
            ratios: configure(blocks::ratios_block(table)),
            account: configure(blocks::account_block(table)),
            terms: configure(blocks::terms_block(table)),
            index: configure(blocks::index_block(table)),
            opened_market: configure(blocks::opened_market_block(table)),
            position: configure(blocks::position_block(table)),
            products: configure(blocks::products_block(table)),
            pick: configure(blocks::pick_block(table)),
            holding: configure(blocks::holding_block(table)),
            opened_row: configure(blocks::opened_row_block(table)),
            figures: FiguresChip::configure(meta, lanes),
        }
    }

    /// Cost of each block, by name.
    pub fn costs(&self) -> Vec<(&'static str, Cost)> {
        [
            &self.position,
            &self.products,
            &self.pick,
            &self.holding,
            &self.opened_row,
            &self.terms,
            &self.index,
            &self.account,
            &self.weights,
            &self.ratios,
        ]
        .map(|block| (block.name(), block.cost()))
        .into_iter()
        .chain(self.figures.costs())
        .collect()
    }

    /// The constants.
    pub fn constants(&self, cursor: &mut Cursor<'_, '_>) -> Constants {
        let [zero, one, before, positions, domain] = cursor.block(&self.constants, &[]);
        Constants { zero, one, before, positions, domain }
    }

    /// Time and time of the marks, root of the markets and of the risk array.
    pub fn clock(&self, cursor: &mut Cursor<'_, '_>, witness: Option<([u64; 2], [Fr; 2])>) -> [Word; 4] {
        let cells = |(times, roots): ([u64; 2], [Fr; 2])| [times.map(I256::from), roots.map(to_integer)].concat();
        place(cursor, &self.clock, &[], witness.map(cells))
    }

    /// The rules.
    pub fn rules(&self, cursor: &mut Cursor<'_, '_>, witness: Option<&RulesWitness>) -> Rules {
        let mut weights = vec![];
        let mut words = vec![];
        for word in 0..2 {
            let values = witness.map(|rules| rules.weights(word * WEIGHTS, WEIGHTS));
            let outputs: [Word; WEIGHTS + 1] = place(cursor, &self.weights, &[], values);
            words.push(outputs[WEIGHTS].clone());
            weights.extend_from_slice(&outputs[..WEIGHTS]);
        }
        let last = witness.map(RulesWitness::last);
        let outputs: [Word; 17] = place(cursor, &self.ratios, &[], last);
        let [
            w31,
            w32,
            w33,
            mm_factor,
            perp_mm,
            perp_im,
            naked_mm,
            naked_im,
            _,
            _,
            max_age,
            _,
            _,
            venue,
            scenarios,
            last,
            ratios,
        ] = outputs;
        weights.extend([w31, w32, w33]);
        let words = [[&words[0], &words[1]], [&last, &ratios]];
        let digest = self.hash.chain(cursor, Tag::Params.word(), [&venue, &scenarios], &words);
        Rules { digest, weights, mm_factor, contingencies: [perp_mm, perp_im, naked_mm, naked_im], max_age }
    }

    /// A market: its words, its leaf, its place below `root`; `None` in `witness` is for one that is not there.
    pub fn market(
        &self,
        cursor: &mut Cursor<'_, '_>,
        time: &Word,
        root: &Word,
        constants: &Constants,
        witness: Option<&MarketWitness>,
    ) -> OpenedMarket {
        let [perpetual, expiry, base, step, terms] =
            place(cursor, &self.terms, &[time], witness.map(MarketWitness::terms));
        let [funding, index] = place(cursor, &self.index, &[], witness.map(MarketWitness::index));
        let leaf = self.hash.compress_under(cursor, Tag::Market.word(), [&terms, &index]);
        let path = witness.map(|market| &market.path);
        let path = self.hash.merkle_root(cursor, &leaf, DEPTH, path, &constants.zero);
        // The path proves that the index is below 2^12.
        let id = below(&path.index[0], MARKET_BITS);
        let used = witness.map(|market| vec![market.used.into()]);
        let [key] = place(cursor, &self.opened_market, &[&path.root, root, &id], used);
        // A sum of picked fields is taken in the field.
        let funding = Word::digest(funding.cell, funding.value.map(to_field));
        OpenedMarket { fields: [key, perpetual, expiry, base, step, funding] }
    }

    /// The account's words and leaf, and its positions.
    fn account(
        &self,
        cursor: &mut Cursor<'_, '_>,
        constants: &Constants,
        witness: Option<&AccountWitness>,
        slots: &[Option<&PositionWitness>],
    ) -> (OpenedAccount, Vec<OpenedPosition>) {
        let mut positions: Vec<OpenedPosition> = vec![];
        for slot in slots {
            let (active, instrument) =
                positions.last().map_or((&constants.one, &constants.before), |last| (&last.active, &last.instrument));
            let witnesses = slot.map(PositionWitness::cells);
            let [active, instrument, market, strike_index, qty, word, pair, paired] =
                place(cursor, &self.position, &[active, instrument], witnesses);
            positions.push(OpenedPosition { active, instrument, market, strike_index, qty, word, pair, paired });
        }
        let mut root = constants.positions.clone();
        for (index, two) in positions.chunks_exact(2).enumerate() {
            let inputs = [&two[0].word, &two[1].word];
            let absorbed = if index == 0 {
                self.hash.compress_under(cursor, Tag::Positions.word(), inputs)
            } else {
                self.hash.compress(cursor, [&root, inputs[0], inputs[1]])
            };
            [root] = cursor.block(&self.select, &[&two[0].active, &absorbed, &root]);
        }
        let [cash, _, _, _, reserve, balance, owner, x, y, orders] =
            place(cursor, &self.account, &[], witness.map(AccountWitness::cells));
        let leaf = self.hash.chain(cursor, Tag::Account.word(), [&x, &y], &[[&balance, &root], [&orders, &owner]]);
        (OpenedAccount { leaf, cash, reserve }, positions)
    }

    /// What the positions add up to: each is of a market that is opened, and its row is opened below `root`.
    fn sums(
        &self,
        cursor: &mut Cursor<'_, '_>,
        constants: &Constants,
        root: &Word,
        markets: &[OpenedMarket],
        positions: &[OpenedPosition],
        slots: &[Option<&PositionWitness>],
    ) -> Sums {
        let zero = &constants.zero;
        let mut sums = Sums::none(zero);
        for (group, four) in positions.chunks_exact(GROUP).enumerate() {
            let slots = &slots[group * GROUP..][..GROUP];
            let witnesses = slots.iter().map(|slot| slot.map(PositionWitness::words)).collect::<Option<Vec<_>>>();
            let inputs: Vec<&Word> = four.iter().map(|position| &position.qty).chain(&sums.words).collect();
            let outputs: [Word; (GROUP + 1) * WORDS] =
                place(cursor, &self.products, &inputs, witnesses.map(|words| words.concat()));
            sums.words = outputs[GROUP * WORDS..].to_vec();
            for (index, position) in four.iter().enumerate() {
                let words = &outputs[index * WORDS..][..WORDS];
                let at = group * GROUP + index;
                let paired = positions.get(at + 1).map_or(zero, |next| &next.paired);
                let picked = self.pick(cursor, constants, markets, slots[index].map(|slot| slot.market));
                let greeks = slots[index].map(PositionWitness::greeks);
                let mut inputs = vec![
                    &position.active,
                    &position.instrument,
                    &position.market,
                    &position.strike_index,
                    &position.qty,
                    &position.pair,
                    paired,
                ];
                inputs.extend(&picked);
                inputs.extend([&words[WORDS - 1], &sums.gross, &sums.perp, &sums.naked, &sums.funding]);
                let [terms, greeks, gross, perp, naked, funding] = place(cursor, &self.holding, &inputs, greeks);
                sums = Sums { words: sums.words, gross, perp, naked, funding };
                let leaf: Vec<&Word> = [&terms].into_iter().chain(words).chain([&greeks]).collect();
                let pairs: Vec<_> = leaf.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
                let digest = self.hash.chain(cursor, Tag::Risk.word(), pairs[0], &pairs[1..]);
                let path = slots[index].map(|slot| &slot.path);
                let path = self.hash.merkle_root(cursor, &digest, DEPTH, path, zero);
                let [] = cursor.block(&self.opened_row, &[&position.active, &path.root, root]);
            }
        }
        sums
    }

    /// How many markets are picked, and the fields of the one that is. `picked` is the index of the market, if there is one to pick.
    fn pick(
        &self,
        cursor: &mut Cursor<'_, '_>,
        constants: &Constants,
        markets: &[OpenedMarket],
        picked: Option<Option<usize>>,
    ) -> Vec<Word> {
        let mut sums = vec![constants.zero.clone(); FIELDS + 1];
        for (group, some) in markets.chunks_exact(SELECTED).enumerate() {
            let bits = picked
                .map(|picked| (0..SELECTED).map(|index| (picked == Some(group * SELECTED + index)).into()).collect());
            let inputs: Vec<&Word> = sums.iter().chain(some.iter().flat_map(|market| &market.fields)).collect();
            sums = place::<{ FIELDS + 1 }>(cursor, &self.pick, &inputs, bits).to_vec();
        }
        // At most one is picked, as the next block requires of the count, so each field is one market's, or 0.
        let funding = BigInt::from(1) << (AMOUNT_BITS - 1);
        let bounded = [
            sums[0].clone(),
            sums[1].clone(),
            within(&sums[2], 0, 1),
            below(&sums[3], TIME_BITS),
            below(&sums[4], AMOUNT_BITS),
            below(&sums[5], AMOUNT_BITS),
        ];
        let funding_index = within(&sums[6], -funding.clone(), funding);
        bounded.into_iter().chain([signed(funding_index)]).collect()
    }

    /// An account's leaf and health, at prices that are fresh. Each position's market is one of `markets`.
    pub fn health(
        &self,
        cursor: &mut Cursor<'_, '_>,
        constants: &Constants,
        (rules, root, [time, risk_time]): (&Rules, &Word, [&Word; 2]),
        markets: &[OpenedMarket],
        account: Option<&AccountWitness>,
        slots: &[Option<&PositionWitness>],
    ) -> (Word, HealthWords) {
        let (opened, positions) = self.account(cursor, constants, account, slots);
        let used = positions.first().map_or(&constants.zero, |first| &first.active);
        let [] = cursor.block(&self.fresh, &[used, time, risk_time, &rules.max_age]);
        let sums = self.sums(cursor, constants, root, markets, &positions, slots);
        let least = account.map(|account| (account.least(), account.loss()));
        let ratios =
            Ratios { weights: &rules.weights, mm_factor: &rules.mm_factor, contingencies: &rules.contingencies };
        let lanes = self.figures.lanes(cursor, &sums);
        let money = [&opened.cash, &opened.reserve];
        let figures = self.figures.figures(cursor, &constants.zero, ratios, money, (&sums, &lanes), least);
        (opened.leaf, figures)
    }
}

/// A word whose value is a field element, read as a signed integer.
fn signed(word: Word) -> Word {
    let order: I256 =
        zomma_gadgets::frame::integer::field_order().to_string().parse().expect("the field order has 254 bits");
    let value = word.value.map(|value| if value > order / 2 { value - order } else { value });
    Word { value, ..word }
}
