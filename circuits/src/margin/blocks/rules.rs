//! The words of a parameter set that margin reads.

use zomma_gadgets::frame::{BlockBuilder, lanes::Table};

use super::{RATIO_BITS, pack};

/// Weights in a word.
pub const WEIGHTS: usize = 15;

/// Witnesses: the weights of one word. Outputs: the weights, the word.
pub fn weights_block(table: Table) -> BlockBuilder {
    let mut b = BlockBuilder::over(table, "weights");
    let weights: Vec<_> = (0..WEIGHTS).map(|index| b.witness(&format!("weight {index}"), RATIO_BITS)).collect();
    let parts: Vec<_> = weights.iter().map(|weight| (weight, RATIO_BITS)).collect();
    let word = pack(&mut b, "weights", &parts);
    weights.iter().chain([&word]).for_each(|output| b.output(output));
    b
}

/// Witnesses and first outputs: the last three weights, mm_factor, perp_mm, perp_im, naked_mm, naked_im, the maker's and the taker's fee,
/// the largest age of prices, fee account, insurance account; the word of the venue, the scenario set. Then the two words.
pub fn ratios_block(table: Table) -> BlockBuilder {
    const RATIOS: [&str; 5] = ["mm_factor", "perp_mm", "perp_im", "naked_mm", "naked_im"];
    const OTHERS: [&str; 5] = ["maker_fee", "taker_fee", "max_price_age", "fee_account", "insurance_account"];
    let mut b = BlockBuilder::over(table, "ratios");
    let mut witnesses =
        |names: &[&str], bits: u32| names.iter().map(|name| (b.witness(name, bits), bits)).collect::<Vec<_>>();
    let weights = witnesses(&["weight 31", "weight 32", "weight 33"], RATIO_BITS);
    let ratios = [witnesses(&RATIOS, RATIO_BITS), witnesses(&OTHERS, 32)].concat();
    let digests = [(); 2].map(|()| b.witness_digest());
    weights.iter().chain(&ratios).map(|(field, _)| field).chain(&digests).for_each(|field| b.output(field));
    for (name, fields) in [("last weights", &weights), ("ratios", &ratios)] {
        let fields: Vec<_> = fields.iter().map(|(field, bits)| (field, *bits)).collect();
        let word = pack(&mut b, name, &fields);
        b.output(&word);
    }
    b
}
