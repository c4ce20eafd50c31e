//! The statement as a whole: circuit against native engine, public inputs, refused inputs, cheating witnesses.

use halo2curves::bn256::Fr;
use zomma_gadgets::layout::Layout;
use zomma_gadgets::testing::{Failure, failures};

use super::{Margin, MarginCircuit, MarginInputs, MarginInstance, markets, positions};
use crate::error::StatementError;
use crate::{InputOptions, Statement};

use crate::margin::Health;
use crate::state::ids::AccountId;
use crate::state::testing::venue::{Shape, Venue};

pub(super) const K: u32 = 14;

/// A venue whose actors have traded in a perpetual and three series.
pub(super) fn traded(seed: u64) -> Venue {
    let mut venue = Venue::new(seed, Shape { series: 3, cash: 4_000_000_000, ..Shape::default() });
    let instruments: Vec<_> = venue.instruments().into_iter().enumerate().filter(|(index, _)| index % 6 != 4).collect();
    for (index, instrument) in instruments {
        let mark = venue.mark(instrument).expect("a priced instrument").max(1);
        let mut trade = |buyer, seller, size| {
            let fill = venue.trade(buyer, seller, instrument, mark, size);
            venue.must(fill);
        };
        trade(2 + index % 2, 3 - index % 2, 10 + index as u64);
        if index % 3 == 1 {
            trade(4, 3, 100);
        }
    }
    venue
}

pub(super) fn inputs(venue: &mut Venue, account: u32) -> MarginInputs {
    MarginInputs::of(&mut venue.state, AccountId(account)).expect("an account with prices")
}

fn circuit(inputs: &MarginInputs) -> (MarginCircuit, MarginInstance) {
    let (witness, instance) = Margin::evaluate(inputs, K).expect("inputs in range");
    (Margin::circuit(K, Some(witness)), instance)
}

fn figures(instance: &MarginInstance) -> Health {
    let MarginInstance { equity, worst, maintenance, initial, .. } = *instance;
    Health { equity, worst, maintenance, initial }
}

#[test]
fn the_circuit_agrees_with_the_state() {
    let mut venue = traded(1);
    let mut held = vec![];
    for account in [0, 2, 3, 4] {
        let inputs = inputs(&mut venue, account);
        let (circuit, instance) = circuit(&inputs);
        assert_eq!(figures(&instance), venue.state.health(AccountId(account)).expect("prices"));
        assert_eq!(failures(K, &circuit, &Margin::instance(&instance), &[]), []);
        let proof = venue.state.account_proof(AccountId(account)).expect("a store in memory");
        assert_eq!(instance.account, proof.leaf);
        held.push((inputs.account.positions.len(), inputs.markets.len(), instance.worst < 0));
    }
    assert_eq!(held, [(0, 0, false), (16, 4, true), (16, 4, true), (3, 3, true)]);
}

#[test]
fn every_public_input_is_bound() {
    let mut venue = traded(2);
    let (circuit, instance) = circuit(&inputs(&mut venue, 2));
    let columns = Margin::instance(&instance);
    assert_eq!(columns[0].len(), 13);
    for row in 0..columns[0].len() {
        let mut wrong = columns.clone();
        wrong[0][row] += Fr::one();
        let found = failures(K, &circuit, &wrong, &[]);
        assert!(found.contains(&Failure::new("copy of instance 0", row)), "row {row}: {found:?}");
        assert!(found.iter().all(|failure| failure.name.starts_with("copy of")), "row {row}: {found:?}");
    }
}

#[test]
fn the_shape_fits_its_rows() {
    for k in 14..=17 {
        let layout = Layout::record(k, &Margin::circuit(k, None)).expect("it can be laid out");
        println!("k = {k}: {} positions, {} markets, {} rows", positions(k), markets(k), layout.rows());
        assert_eq!(layout.overwritten, [], "fixed cells with two values");
        assert!(layout.fits(), "k = {k} needs {} of {}", layout.needed_rows, layout.usable_rows);
    }
}

/// What is wrong with inputs, once `spoil` has changed something.
fn reason(spoil: impl Fn(&mut MarginInputs)) -> String {
    let mut inputs = inputs(&mut traded(4), 2);
    spoil(&mut inputs);
    Margin::evaluate(&inputs, K).map(|(_, instance)| instance).expect_err("a spoilt input").to_string()
}

#[test]
fn refused_inputs_say_why() {
    type Spoil = fn(&mut MarginInputs);
    let cases: [(Spoil, &str); 18] = [
        (
            |inputs| inputs.params.margin.mm_factor = 10_001,
            "params: mm_factor: 33 weights and all margin ratios are at most 10000",
        ),
        (|inputs| inputs.params.depths.markets = 11, "params: depths.markets: 11; the circuit's trees are 12 deep"),
        (|inputs| inputs.time = 1 << 40, "time: 1099511627776 is 2^40 or more"),
        (|inputs| inputs.risk_time += 1, "risk_time: 1700000001 is after the state's time, 1700000000"),
        (|inputs| inputs.time += 301, "risk_time: prices of 1700000000 are stale at 1700000301"),
        (|inputs| inputs.account.key.x += Fr::one(), "account: key: it is not a valid key"),
        (
            |inputs| inputs.account.cash = 1 << 95,
            "account: cash: 39614081257132168796771975168 is 2^95 or more in magnitude",
        ),
        (|inputs| inputs.account.auction_start = 1 << 40, "account: auction_start: 1099511627776 is 2^40 or more"),
        (|inputs| inputs.account.reserve = 1 << 63, "account: reserve: 9223372036854775808 is 2^63 or more"),
        (|inputs| inputs.account.positions.swap(0, 1), "account: positions: instrument 0 is out of order"),
        (|inputs| inputs.account.positions[1].qty = 0, "account: positions: position in 4096: qty is out of range"),
        (
            |inputs| inputs.markets[1].market.expiry = inputs.time,
            "market 1: expiry: 1700000000 is not after the time, 1700000000",
        ),
        (|inputs| drop(inputs.rows.pop()), "rows: 15 given for 16 positions"),
        (
            |inputs| inputs.rows.swap(1, 2),
            "row of instrument 4096: it is of instrument 4097; rows are in the order of the positions",
        ),
        (|inputs| inputs.rows[1].row.prices[3] ^= 1, "row of instrument 4096: its path does not lead to the root"),
        (|inputs| inputs.markets[1].siblings.truncate(11), "market 1: siblings: 11 given, the tree is 12 deep"),
        (|inputs| inputs.markets[1].market.funding_index += 1, "market 1: its path does not lead to the root"),
        (|inputs| drop(inputs.markets.remove(1)), "position in 4096: its market is not given"),
    ];
    for (spoil, expected) in cases {
        assert_eq!(reason(spoil), expected);
    }
}

#[test]
fn more_than_fits_is_refused() {
    let mut inputs = inputs(&mut traded(4), 2);
    assert_eq!(Margin::k_for(&inputs), Ok(14));
    inputs.account.positions.resize(128, inputs.account.positions[0]);
    assert_eq!(Margin::k_for(&inputs), Ok(17));
    inputs.account.positions.resize(129, inputs.account.positions[0]);
    let error = StatementError::TooMany { what: "positions", given: 129, room: 128, k: 17 };
    assert_eq!(Margin::k_for(&inputs), Err(error.clone()));
    assert_eq!(Margin::evaluate(&inputs, 17).map(|(_, instance)| instance), Err(error));
}

#[test]
fn inputs_survive_json() {
    let inputs = inputs(&mut traded(5), 3);
    let text = serde_json::to_string(&inputs).expect("plain data");
    assert_eq!(Margin::read(text.as_bytes(), &options()), Ok(inputs));
    let error =
        Margin::read(text.replacen("risk_time", "risk_tim", 1).as_bytes(), &options()).expect_err("an unknown field");
    assert!(error.to_string().starts_with("inputs: unknown field `risk_tim`"), "{error}");
}

fn options() -> InputOptions {
    let tick = crate::pricing::csv::read_tick("1e-8").expect("a tick");
    InputOptions { tick, timestamp: 0, scenarios: crate::pricing::scenario::ScenarioSet::standard() }
}

/// Portfolios of a venue that trades, withdraws and is liquidated at random.
#[test]
fn random_portfolios() {
    let full = std::env::var_os("ZOMMA_FULL").is_some();
    let count = if full { 200 } else { 3 };
    if !full {
        println!("not run: 197 of 200 random portfolios, which take ZOMMA_FULL=1");
    }
    let mut venue = Venue::new(6, Shape::default());
    let mut checked = 0;
    while checked < count {
        (0..150).for_each(|_| venue.step());
        for account in 1..14 {
            // Prices may be stale at this moment, or a series expired.
            let Ok(health) = venue.state.health(AccountId(account)) else { continue };
            let inputs = inputs(&mut venue, account);
            let Ok(k) = Margin::k_for(&inputs) else { continue };
            if k > K || checked == count || inputs.account.positions.is_empty() {
                continue;
            }
            let (circuit, instance) = circuit(&inputs);
            assert_eq!(figures(&instance), health);
            assert_eq!(failures(K, &circuit, &Margin::instance(&instance), &[]), []);
            checked += 1;
        }
    }
}
