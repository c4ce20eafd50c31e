//! What operations cost.

use halo2_proofs::plonk::ConstraintSystem;
use zomma_gadgets::frame::{Cost, Lanes};

use crate::pricing::{chip::PricingChip, risk_chip::RiskChip};

/// Names of operations and their costs: the [gadgets' own](zomma_gadgets::costs::operations), and
///
/// | name | operation |
/// |---|---|
/// | `scenario_price` | an instrument's price under one scenario |
/// | `option_with_greeks` | price, delta, gamma, vega, theta and rho of an option, from its terms |
#[must_use]
pub fn operations() -> Vec<(&'static str, Cost)> {
    let mut meta = ConstraintSystem::default();
    let lanes = Lanes::configure(&mut meta);
    let options = PricingChip::configure(&mut meta, &lanes).option_cost();
    let scenario = RiskChip::configure(&mut meta, &lanes).scenario_cost();
    let mut costs = zomma_gadgets::costs::operations();
    costs.extend([("scenario_price", scenario), ("option_with_greeks", options)]);
    costs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The most that a scenario's price and an option with its Greeks may cost, in advice cells and area.
    #[test]
    fn prices_cost_what_they_may() {
        let costs = operations();
        for (name, advice_cells, area) in [("scenario_price", 128, 160), ("option_with_greeks", 512, 640)] {
            let (_, cost) = costs.iter().find(|(known, _)| *known == name).unwrap();
            assert!(cost.advice_cells <= advice_cells && cost.area <= area, "{name}: {cost:?}");
        }
    }
}
