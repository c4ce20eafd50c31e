//! Every field of every transaction at every extreme: refused or accepted, never a panic, and nothing changed when refused.

use super::*;
use crate::state::{
    ids::AccountId,
    testing::{spoil::extreme_variants, venue::unsigned},
    tx::{
        Auction, Cancel, Collect, FixExpiry, ForcedWithdraw, FundingTick, List, Noop, Reserve, RotateKey, Settle,
        Takeover, Transfer, Withdraw,
    },
};

/// One transaction of every type.
fn one_of_each(venue: &mut Venue) -> Vec<Tx> {
    let (account, owner, signature) = (AccountId(ALICE as u32), venue.actors[ALICE].owner, unsigned());
    let key = venue.actors[BOB].key.public();
    let price = venue.spot;
    let all: Vec<Tx> = vec![
        Noop {}.into(),
        venue.deposit(ALICE, 5).into(),
        Withdraw { account, amount: 5, nonce: 0, signature }.into(),
        ForcedWithdraw { index: 0, account, owner, amount: 5 }.into(),
        venue.registration(ALICE).into(),
        RotateKey { account, key, nonce: 0, signature }.into(),
        Cancel { account, order_id: 5, signature }.into(),
        Reserve { account, amount: 5, nonce: 0, signature }.into(),
        Transfer { from: account, to: AccountId(BOB as u32), amount: 5, nonce: 0, signature }.into(),
        venue.trade(BOB, ALICE, perpetual(), price, 10).into(),
        Settle { account, instrument: perpetual() }.into(),
        Auction { account }.into(),
        venue.bid(CAROL, account, 100, 5).into(),
        Takeover { account }.into(),
        Collect {}.into(),
        List { market: MarketId(7), underlying: PERPETUAL, expiry: venue.time + 9, strike_base: 1, strike_step: 1 }
            .into(),
        venue.oracle_update().into(),
        FixExpiry { market: MarketId(1), ..venue.fixing(MarketId(1), 5) }.into(),
        venue.risk_array().into(),
        FundingTick { market: PERPETUAL }.into(),
    ];
    let mut types: Vec<u8> = all.iter().map(Tx::type_number).collect();
    types.dedup();
    assert_eq!(types, (0..20).collect::<Vec<u8>>(), "one of each, in the order of the chapter");
    all.into_iter().map(|tx| venue.sign_again(tx)).collect()
}

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
    for tx in one_of_each(&mut venue) {
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
    for tx in one_of_each(&mut venue) {
        let text = serde_json::to_string(&tx).unwrap();
        assert_eq!(serde_json::from_str::<Tx>(&text).unwrap(), tx);
        for length in (0..text.len()).step_by(7) {
            assert!(serde_json::from_str::<Tx>(&text[..length]).is_err());
        }
        let unknown = text.replacen('{', "{\"surplus\":1,", 1);
        assert!(serde_json::from_str::<Tx>(&unknown).is_err(), "{unknown}");
    }
}
