//! What a cheating prover could put into the pricing chips' cells.

use halo2curves::bn256::Fr;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use zomma_gadgets::testing::{AdviceCell, Failure, failures, free_cells};

use super::Kind;
use super::native::Terms;
use super::risk_tests::{Rows, group};
use super::scenario::ScenarioSet;
use super::tests::Options;
use super::{RATE_BITS, YEAR};

const K: u32 = 16;

fn option(kind: Kind, strike: u64, seconds: u32) -> Options {
    Options::new(&[Terms {
        kind,
        spot: 10_000_000_000,
        strike,
        seconds,
        vol: 1 << (RATE_BITS - 2),
        rate: 1 << (RATE_BITS - 5),
        dividend: -(1 << (RATE_BITS - 6)),
    }])
}

/// What an unequal pair of cells, and then each failing constraint, is reported as.
fn expect(copied: &[AdviceCell], constraints: &[(&str, usize)]) -> Vec<Failure> {
    let copies = copied.iter().map(|(column, row)| Failure::new(&format!("copy of advice {column}"), *row));
    copies.chain(constraints.iter().map(|(name, row)| Failure::new(name, *row))).collect()
}

#[test]
fn an_option_has_no_free_cells() {
    assert_eq!(free_cells(K, &option(Kind::Call, 9_000_000_000, YEAR / 2), &[]), []);
}

/// At expiry d1, d2, rho and theta are 0, whose sign is free; nothing depends on it, and it is a bit.
#[test]
fn an_expired_option_has_free_signs_of_zeros_and_nothing_else() {
    let circuit = option(Kind::Put, 9_000_000_000, 0);
    let signs = [
        ((2, 96), "price: d2 negative is a bit", 88),
        ((2, 157), "theta: sign of theta is a bit", 151),
        ((3, 95), "price: d1 negative is a bit", 88),
        ((3, 138), "gamma and rho: rho negative is a bit", 133),
    ];
    assert_eq!(free_cells(K, &circuit, &[]), signs.map(|(cell, ..)| cell));
    for (cell, name, row) in signs {
        assert_eq!(failures(K, &circuit, &[], &[(cell, Fr::from(2))]), expect(&[], &[(name, row)]));
    }
}

#[test]
fn each_output_is_held_by_its_own_constraint() {
    let circuit = option(Kind::Call, 9_000_000_000, YEAR / 2);
    assert_eq!(failures(K, &circuit, &[], &[]), []);
    let outputs = circuit.outputs.lock().expect("no test panics while it holds the lock").clone();
    let packed = "gamma and rho: price, delta, gamma, packed";
    let expected = [
        expect(&[(2, 100), (2, 137)], &[("price: price in ticks", 88)]),
        expect(&[(2, 108), (3, 137)], &[("delta: delta", 104)]),
        expect(&[], &[("gamma and rho: gamma", 133), (packed, 133)]),
        expect(&[(2, 122), (2, 156)], &[("vega: vega", 119)]),
        expect(&[], &[("theta: theta", 151), ("theta: vega, theta, rho, packed", 151)]),
        expect(&[(2, 139), (3, 156)], &[("gamma and rho: rho", 133)]),
    ];
    for (cell, expected) in outputs.into_iter().zip(expected) {
        assert_eq!(failures(K, &circuit, &[], &[(cell, Fr::from(77))]), expected);
    }
}

fn rows(same_id: bool) -> Rows {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let (expiry, mut instruments) = group(&mut rng, &ScenarioSet::standard(), 5, 2);
    if same_id {
        instruments[1].id = instruments[0].id;
    }
    Rows::new(&[(expiry, instruments)])
}

/// Whether a slot is in use is for the prover to say; the statement's leaves and marks depend on it.
#[test]
fn rows_of_the_risk_array_are_free_to_be_empty_and_nothing_else() {
    let circuit = rows(false);
    let active = [(3, 292), (3, 1068)];
    assert_eq!(free_cells(K, &circuit, &[]), active);
    for (cell, row) in active.into_iter().zip([288, 1064]) {
        assert_eq!(
            failures(K, &circuit, &[], &[(cell, Fr::from(2))]),
            expect(&[], &[("instrument: active is a bit", row)])
        );
    }
}

#[test]
fn an_id_cannot_come_twice() {
    let expected = expect(&[], &[("instrument: ids ascend = sum of limbs", 1064)]);
    assert_eq!(failures(K, &rows(true), &[], &[]), expected);
}
