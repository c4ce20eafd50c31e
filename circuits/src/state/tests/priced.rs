//! The venue on real prices: what the `risk` statement computes is what the state adopts.

use super::*;
use crate::{
    Statement,
    pricing::{
        Kind,
        scenario::ScenarioSet,
        statements::{Listing, Risk, RiskInputs},
    },
    state::{
        oracle::{Report, report_message},
        testing::venue::{DAY, START},
        tx::{AdoptRisk, List, OracleUpdate},
    },
};

/// Spot in ticks of a hundredth.
const SPOT: u64 = 4_000_000;

/// A call and a put at each of three strikes of the series that [`listed`] lists.
fn book(venue: &mut Venue) -> RiskInputs {
    let market = *venue.state.market(MarketId(5)).unwrap().unwrap();
    let mut listings = Vec::new();
    for strike in 0..3 {
        for (kind, option) in [(Kind::Call, OptionKind::Call), (Kind::Put, OptionKind::Put)] {
            let instrument = InstrumentId::option(MarketId(5), strike, option).unwrap();
            listings.push(Listing {
                id: instrument.0,
                kind,
                strike: market.strike(instrument),
                expiry: market.expiry,
                spot: SPOT,
                vol: (1 << 38) / 2,
                rate: (1 << 38) / 50,
                dividend: 0,
            });
        }
    }
    RiskInputs { time: venue.time, scenarios: ScenarioSet::standard(), listings }
}

fn attest(venue: &mut Venue, marks: halo2curves::bn256::Fr) {
    let (time, signing) = (venue.time, venue.state.params().venue());
    let reports = (0..3)
        .map(|signer| {
            let message = report_message(PERPETUAL, time, SPOT, marks, signing);
            Report { signer, price: SPOT, signature: venue.oracles[signer as usize].sign(message) }
        })
        .collect();
    accepted(venue, OracleUpdate { market: PERPETUAL, time, marks, reports });
}

#[test]
fn the_array_of_the_risk_statement_is_adopted_and_traded_on() {
    let scenarios = ScenarioSet::standard();
    let empty = RiskInputs { time: START, scenarios, listings: Vec::new() };
    let (_, instance) = Risk::evaluate(&empty, Risk::MIN_K).unwrap();
    let shape = Shape { actors: 3, scenario_hash: instance.scenarios, ..Shape::default() };
    let venue = &mut Venue::new(3, shape);
    let list = List {
        market: MarketId(5),
        underlying: PERPETUAL,
        expiry: START + 30 * DAY,
        strike_base: SPOT - 400_000,
        strike_step: 400_000,
    };
    accepted(venue, list);
    venue.time += 10;
    let inputs = book(venue);
    let k = Risk::k_for(&inputs).unwrap();
    let (_, instance) = Risk::evaluate(&inputs, k).unwrap();
    attest(venue, instance.marks);
    let adopt = AdoptRisk::from_risk(&inputs, &instance).unwrap();
    accepted(venue, adopt);
    assert_eq!(venue.state.registers().risk_root, instance.risk_root);

    // A short straddle is margined on these prices.
    let strike = 1;
    for kind in [OptionKind::Call, OptionKind::Put] {
        let instrument = InstrumentId::option(MarketId(5), strike, kind).unwrap();
        let price = venue.mark(instrument).unwrap();
        assert!(price > 0);
        let fill = venue.trade(BOB, ALICE, instrument, price, 5);
        accepted(venue, fill);
    }
    let id = venue.actors[ALICE].id;
    let health = venue.state.health(id).unwrap();
    let rows = venue.state.risk().rows();
    let straddle = |scenario: usize| {
        let legs = rows.iter().filter(|row| row.instrument.strike_index() == strike);
        legs.map(|row| i128::from(row.prices[scenario])).sum::<i128>()
    };
    let weights = &venue.state.params().margin.weights;
    let worst = (1..=33).map(|s| (i128::from(weights[s - 1]) * -5 * (straddle(s) - straddle(0))).div_euclid(10_000));
    assert_eq!(health.worst, worst.min().unwrap());
    assert!(health.worst < 0 && health.im_ok());
}
