//! The statements as wholes.

use halo2_proofs::dev::MockProver;
use halo2curves::bn256::Fr;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use zomma_gadgets::testing::{Failure, failures};

use super::{Listing, Price, PriceInputs, Risk, RiskInputs, price::slot_row};
use crate::Statement;
use crate::pricing::csv::Row;
use crate::pricing::scenario::ScenarioSet;
use crate::pricing::tests::random_terms;

fn options(count: usize) -> PriceInputs {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let row = |index: usize| {
        let terms = random_terms(&mut rng);
        Row {
            line: index as u64 + 2,
            id: index.to_string(),
            kind: terms.kind,
            spot: terms.spot,
            strike: terms.strike,
            expiry_seconds: terms.seconds,
            vol: terms.vol,
            rate: terms.rate,
            dividend: terms.dividend,
        }
    };
    PriceInputs { timestamp: 1_700_000_000, options: (0..count).map(row).collect() }
}

fn book() -> RiskInputs {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let time = 1_700_000_000;
    let mut listings = vec![];
    for expiry in [0u64, 3_600, 86_400 * 7, 86_400 * 90] {
        for _ in 0..rng.gen_range(1..7) {
            let terms = random_terms(&mut rng);
            listings.push(Listing {
                id: 10 * listings.len() as u32 + 3,
                kind: terms.kind,
                strike: rng.gen_range(20_000..60_000) << 20,
                expiry: time + expiry,
                spot: 40_000 << 20,
                vol: terms.vol,
                rate: 1 << 33,
                dividend: -(1 << 31),
            });
        }
    }
    RiskInputs { time, scenarios: ScenarioSet::standard(), listings }
}

/// The circuit accepts the instance and refuses it with any one public input changed.
fn satisfied<S: Statement>(inputs: &S::Inputs) {
    let k = S::k_for(inputs).expect("the inputs fit");
    let (witness, instance) = S::evaluate(inputs, k).expect("the inputs are within their domain");
    let columns = S::instance(&instance);
    let circuit = S::circuit(k, Some(witness));
    MockProver::run(k, &circuit, columns.clone()).expect("the circuit fits").assert_satisfied();
    for row in 0..columns[0].len() {
        // MockProver knows the copies of the instance only when it checks them.
        let mut wrong = columns.clone();
        wrong[0][row] += Fr::one();
        let failures = MockProver::run(k, &circuit, wrong)
            .expect("the circuit fits")
            .verify()
            .expect_err("a changed public input");
        assert!(
            failures.iter().all(|failure| matches!(failure, halo2_proofs::dev::VerifyFailure::Permutation { .. })),
            "row {row}: {failures:?}"
        );
    }
}

#[test]
fn price_is_satisfied_by_its_witness() {
    satisfied::<Price>(&options(23));
}

#[test]
fn risk_is_satisfied_by_its_witness() {
    satisfied::<Risk>(&book());
}

/// A leaf's index is its option's place in the list: there are no gaps.
#[test]
fn no_option_comes_after_an_empty_slot() {
    let inputs = options(2);
    let (witness, instance) = Price::evaluate(&inputs, 16).expect("the inputs are within their domain");
    let (row, next) = (slot_row(3), slot_row(4));
    let failed =
        failures(16, &Price::circuit(16, Some(witness)), &Price::instance(&instance), &[((2, row + 2), Fr::one())]);
    let slot = |name: &str| Failure::new(&format!("slot: {name}"), row);
    assert_eq!(
        failed,
        [
            Failure::new("copy of advice 2", row + 2),
            Failure::new("copy of advice 2", next),
            slot("active ? longer list : list"),
            slot("active ? value : 0"),
            slot("active only below an active one"),
        ]
    );
}

#[test]
fn capacities() {
    for k in 16..=18 {
        println!("k = {k}: {} options, {} groups", super::price::capacity(k), super::risk::room(k));
    }
    assert_eq!((super::price::capacity(16), super::risk::room(16)), (228, 13));
    assert_eq!(super::price::capacity(8), 0);
}
