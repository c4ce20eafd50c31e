//! From an account's sums over its positions to the figures of its health.

use ethnum::I256;
use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;
use zomma_gadgets::frame::{Block, BlockBuilder, Cost, Cursor, Lanes, Word};

use super::blocks;
use super::row::{LANES_PER_WORD, WORDS};

/// An account's sums over its positions.
#[derive(Debug, Clone)]
pub(crate) struct Sums {
    /// `sum q W`, word by word.
    pub(crate) words: Vec<Word>,
    /// `sum |q| T`.
    pub(crate) gross: Word,
    /// `sum |q| S` over perpetuals.
    pub(crate) perp: Word,
    /// `sum n S` over strikes.
    pub(crate) naked: Word,
    /// `sum q I`.
    pub(crate) funding: Word,
}

impl Sums {
    /// Over no positions.
    pub(crate) fn none(zero: &Word) -> Self {
        let [gross, perp, naked, funding] = [(); 4].map(|()| zero.clone());
        Self { words: vec![zero.clone(); WORDS], gross, perp, naked, funding }
    }
}

/// The parameters that figures depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ratios<'a> {
    /// The weights of the scenarios.
    pub(crate) weights: &'a [Word],
    /// mm_factor.
    pub(crate) mm_factor: &'a Word,
    /// perp_mm, perp_im, naked_mm, naked_im.
    pub(crate) contingencies: &'a [Word; 4],
}

/// The figures of margin, assigned.
#[derive(Debug, Clone)]
pub struct HealthWords {
    /// E.
    pub equity: Word,
    /// L.
    pub worst: Word,
    /// M.
    pub maintenance: Word,
    /// N.
    pub initial: Word,
    /// MM_ok.
    pub mm_ok: Word,
    /// IM_ok.
    pub im_ok: Word,
}

/// The lanes of all sums of words.
pub(crate) type SumLanes = [[Word; LANES_PER_WORD]];

/// The blocks.
#[derive(Debug, Clone)]
pub(crate) struct FiguresChip {
    lanes: Block,
    worst: Block,
    scenario: Block,
    contingency: Block,
    equity: Block,
    health: Block,
}

impl FiguresChip {
    /// Creates the gates.
    pub(crate) fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self {
        let table = lanes.table();
        let mut configure = |builder: BlockBuilder| builder.configure(meta, lanes);
        Self {
            lanes: configure(blocks::lanes_block(table)),
            worst: configure(blocks::worst_block(table)),
            scenario: configure(blocks::scenario_block(table)),
            contingency: configure(blocks::contingency_block(table)),
            equity: configure(blocks::equity_block(table)),
            health: configure(blocks::health_block(table)),
        }
    }

    /// Cost of each block, by name.
    pub(crate) fn costs(&self) -> [(&'static str, Cost); 6] {
        [&self.lanes, &self.worst, &self.scenario, &self.contingency, &self.equity, &self.health]
            .map(|block| (block.name(), block.cost()))
    }

    /// Takes the sums of words apart.
    pub(crate) fn lanes(&self, cursor: &mut Cursor<'_, '_>, sums: &Sums) -> Vec<[Word; LANES_PER_WORD]> {
        sums.words.iter().map(|sum| cursor.block(&self.lanes, &[sum])).collect()
    }

    /// The figures, from sums and their lanes. `least` is the lane with the least weighted result, and minus that result.
    pub(crate) fn figures(
        &self,
        cursor: &mut Cursor<'_, '_>,
        zero: &Word,
        ratios: Ratios<'_>,
        [cash, reserve]: [&Word; 2],
        (sums, lanes): (&Sums, &SumLanes),
        least: Option<(usize, I256)>,
    ) -> HealthWords {
        let base = &lanes[0][0];
        let loss = least.map(|(_, loss)| vec![loss]);
        let [lowest, worst, share] = cursor.block_with(&self.worst, &[ratios.mm_factor], loss.as_deref());
        let mut count = zero.clone();
        for (index, lanes) in lanes.iter().enumerate() {
            // The base is a scenario in which nothing changes; so are the last two lanes, which are no prices, once they are read as the base.
            let scenario = |lane: usize| scenario_of(LANES_PER_WORD * index + lane, ratios.weights);
            let lane = |lane: usize| scenario(lane).map_or(base, |_| &lanes[lane]);
            let weight = |lane: usize| scenario(lane).unwrap_or(zero);
            let inputs = [&count, lane(0), lane(1), lane(2), base, weight(0), weight(1), weight(2), &lowest];
            let bits: Option<Vec<I256>> = least.map(|(least, _)| {
                (0..LANES_PER_WORD).map(|lane| (least == LANES_PER_WORD * index + lane).into()).collect()
            });
            [count] = cursor.block_with(&self.scenario, &inputs, bits.as_deref());
        }
        let [perp_mm, perp_im, naked_mm, naked_im] = ratios.contingencies;
        let [contingency_mm, contingency_im] =
            cursor.block(&self.contingency, &[&count, &sums.perp, &sums.naked, perp_mm, perp_im, naked_mm, naked_im]);
        let [equity] = cursor.block(&self.equity, &[cash, base, &sums.funding, &sums.gross]);
        let [worst, maintenance, initial, mm_ok, im_ok] =
            cursor.block(&self.health, &[&equity, &worst, &share, &contingency_mm, &contingency_im, reserve]);
        HealthWords { equity, worst, maintenance, initial, mm_ok, im_ok }
    }
}

/// The weight of a lane that is a scenario.
fn scenario_of(lane: usize, weights: &[Word]) -> Option<&Word> {
    lane.checked_sub(1).and_then(|scenario| weights.get(scenario))
}

/// The lane with the least weighted result, and minus that result, which the base's lane makes 0 at least.
pub(crate) fn least(lanes: &SumLanes, weights: &[Word]) -> Option<(usize, I256)> {
    let base = lanes[0][0].value?;
    let mut least = (0, I256::ZERO);
    for (index, lane) in lanes.iter().flatten().enumerate() {
        let Some(weight) = scenario_of(index, weights) else { continue };
        let loss = weight.value? * (base - lane.value?);
        if loss > least.1 {
            least = (index, loss);
        }
    }
    Some(least)
}
