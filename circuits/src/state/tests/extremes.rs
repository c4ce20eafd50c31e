//! Every field of every transaction at every extreme: refused or accepted, never a panic, and nothing changed when refused.

use super::*;
use crate::state::testing::spoil::extreme_variants;

/// A small venue with positions on both sides.
fn traded() -> Venue {
    let mut venue = small();
    let price = venue.spot;
    let fill = venue.trade(BOB, ALICE, perpetual(), price, 100);
    accepted(&mut venue, fill);
    venue.time += 1;
    venue
}

#[test]
fn no_field_of_any_transaction_can_do_harm() {
    let mut venue = traded();
    let (mut tried, mut taken) = (0, 0);
    for tx in venue.one_of_each([ALICE, BOB, CAROL]) {
        // A risk array has hundreds of like fields; its first row stands for all.
        let variants = extreme_variants(&tx);
        let step = if matches!(tx, Tx::AdoptRisk(_)) { 61 } else { 1 };
        for variant in variants.into_iter().step_by(step) {
            for variant in [venue.sign_again(variant.clone()), variant] {
                let before = venue.state.registers().clone();
                let result = venue.state.apply(&variant);
                tried += 1;
                match result {
                    Ok(_) => {
                        taken += 1;
                        // Its words can be hashed, and the state can be read back.
                        variant.encode();
                        venue.state.root().unwrap();
                        venue = traded();
                    }
                    Err(ApplyError::Rejected(_)) => assert_eq!(&before, venue.state.registers()),
                    Err(ApplyError::Store(error)) => panic!("{variant:?}: {error}"),
                }
            }
        }
    }
    assert!(tried > 2_000 && taken > 20, "{tried} tried, {taken} taken");
}

#[test]
fn transactions_survive_their_text() {
    let mut venue = traded();
    for tx in venue.one_of_each([ALICE, BOB, CAROL]) {
        let text = serde_json::to_string(&tx).unwrap();
        assert_eq!(serde_json::from_str::<Tx>(&text).unwrap(), tx);
        for length in (0..text.len()).step_by(7) {
            assert!(serde_json::from_str::<Tx>(&text[..length]).is_err());
        }
        let unknown = text.replacen('{', "{\"surplus\":1,", 1);
        assert!(serde_json::from_str::<Tx>(&unknown).is_err(), "{unknown}");
    }
}
