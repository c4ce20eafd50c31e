//! Honest batches of which the prover changes something: what refuses it, exactly.

use super::*;
use crate::state::ids::AccountId;
use crate::state::params::VenueParams;

/// What refuses an honest batch of one transaction once its slot has been changed.
fn refused(claim: &Claim, cheat: impl FnOnce(&mut MarketWitness)) -> Vec<String> {
    claim.clone().with(|claim| cheat(claim.slot())).refused(K)
}

const PUBLIC: [&str; 2] = ["context", "new root"];

fn padding() -> Claim {
    Claim::of(&mut venue(30).state, &[], 1)
}

#[test]
fn padding_that_changes_the_market() {
    let claim = padding();
    let changed = ["new root", "path"];
    assert_eq!(refused(&claim, |slot| slot.market.index_price += 1), changed);
    assert_eq!(refused(&claim, |slot| slot.market.settlement_price = 9), changed);
    assert_eq!(refused(&claim, |slot| slot.exists = false), changed);
    assert_eq!(refused(&claim, |slot| slot.path.siblings.swap(0, 1)), changed);
}

#[test]
fn padding_whose_fields_nobody_reads() {
    let claim = padding();
    let honest = refused(&claim, |slot| {
        (slot.time, slot.marks, slot.adopted, slot.last) = (9, Fr::from(9), Fr::from(9), Fr::from(9));
        slot.reports[1].price = 9;
        slot.second.siblings[3] = Fr::from(9);
    });
    assert_eq!(honest, [""; 0]);
}

#[test]
fn a_signature_where_none_is_due() {
    let claim = padding();
    let secret = zomma_gadgets::eddsa::PrivateKey::from_seed(&[9; 32]);
    let found = refused(&claim, |slot| slot.reports[0].signature = secret.sign(Fr::from(9)));
    assert_eq!(found, ["signature 0"]);
    let found = refused(&claim, |slot| slot.reports[2].signer = Some(0));
    // The sum of two keys is none.
    let curve = "edwards: step of a ladder: a p^2 + y^2 = 1 + d p^2 y^2";
    assert_eq!(found, [curve, "signature 2", "signer: one key signs"]);
}

#[test]
fn a_transaction_left_out_or_put_in() {
    let mut venue = priced(31, 9);
    let claim = Claim::of(&mut venue.state, &[TICK.into()], 0);
    let words = "registers afterwards: as many words as claimed";
    let found = refused(&claim, |slot| slot.kind = None);
    assert_eq!(found, [&PUBLIC[..], &[words]].concat());
    // The number of words is in the data's digest.
    let found = claim.clone().with(|claim| {
        claim.slot().kind = None;
        claim.circuit.frame.as_mut().expect("a witness").words = 0;
    });
    assert_eq!(found.refused(K), PUBLIC);
    let mut venue = priced(31, 9);
    let mut claim = Claim::of(&mut venue.state, &[], 1);
    claim.circuit.slots[0] = MarketWitness::of(&mut venue.state, &TICK.into()).expect("a store in memory");
    assert_eq!(claim.refused(K), [&PUBLIC[..], &[words]].concat());
}

#[test]
fn another_type() {
    use crate::batch::market::witness::Kind;
    let mut venue = priced(32, 9);
    let claim = Claim::of(&mut venue.state, &[TICK.into()], 0);
    // A tick passed off as an array: the context has no time of marks that would fit, and data has another word.
    let found = refused(&claim, |slot| slot.kind = Some(Kind::AdoptRisk));
    let words = "registers afterwards: as many words as claimed";
    assert_eq!(found, [&PUBLIC[..], &[words]].concat());
    let found = refused(&claim, |slot| slot.kind = Some(Kind::List));
    let listing = ["listing: it has no prices", "listing: its funding begins now", "listing: no such market"];
    assert_eq!(found, [&PUBLIC[..1], &listing, &PUBLIC[1..]].concat());
}

#[test]
fn another_risk_root() {
    let mut venue = priced(33, 0);
    let adopt = array(&mut venue, 4);
    let claim = Claim::of(&mut venue.state, &[adopt.into()], 0);
    assert_eq!(refused(&claim, |slot| slot.adopted += Fr::one()), PUBLIC);
    // Another scenario set, or marks: they are those of the parameters and of the state, which the old root has.
    let found = claim.clone().with(|claim| {
        claim.circuit.frame.as_mut().expect("a witness").params.scenario_hash += Fr::one();
    });
    assert_eq!(found.refused(K), ["context", "new root", "old root"]);
    let found = claim.clone().with(|claim| {
        claim.circuit.frame.as_mut().expect("a witness").registers.oracle_root += Fr::one();
    });
    assert_eq!(found.refused(K), ["context", "new root", "old root"]);
}

/// A parameter set of the prover's: its hash is in both roots, and in the context. Depths, which a batch has at their defaults only, are constants.
#[test]
fn a_parameter_changed_without_its_hash() {
    type Change = fn(&mut VenueParams);
    let claim = Claim::of(&mut venue(39).state, &[], 0);
    assert_eq!(claim.refused(K), [""; 0]);
    let changes: [(&str, Change); 28] = [
        ("chain_id", |params| params.chain_id += 1),
        ("app_id", |params| params.app_id += 1),
        ("scenario_hash", |params| params.scenario_hash += Fr::one()),
        ("first weight", |params| params.margin.weights[0] -= 1),
        ("last weight", |params| params.margin.weights[32] -= 1),
        ("mm_factor", |params| params.margin.mm_factor -= 1),
        ("perp_mm", |params| params.margin.perp_mm -= 1),
        ("perp_im", |params| params.margin.perp_im -= 1),
        ("naked_mm", |params| params.margin.naked_mm -= 1),
        ("naked_im", |params| params.margin.naked_im -= 1),
        ("maker_fee", |params| params.fees.maker = 0),
        ("taker_fee", |params| params.fees.taker = 0),
        ("max_price_age", |params| params.max_price_age += 1),
        ("fee_account", |params| params.fee_account = AccountId(4)),
        ("insurance_account", |params| params.insurance_account = AccountId(4)),
        ("funding_interval", |params| params.funding.interval -= 1),
        ("funding_period", |params| params.funding.period += 1),
        ("funding_cap", |params| params.funding.cap += 1),
        ("buffer", |params| params.liquidation.buffer += 1),
        ("close_out", |params| params.liquidation.close_out += 1),
        ("liquidation_fee", |params| params.liquidation.fee -= 1),
        ("discount_start", |params| params.liquidation.discount_start += 1),
        ("discount_end", |params| params.liquidation.discount_end += 1),
        ("auction_duration", |params| params.liquidation.duration += 1),
        ("auction_lapse", |params| params.liquidation.lapse += 1),
        ("oracle_threshold", |params| params.oracle.threshold = 1),
        ("number of keys", |params| params.oracle.keys.truncate(4)),
        ("an oracle's key", |params| params.oracle.keys.swap(0, 1)),
    ];
    for (field, change) in changes {
        let found = claim.clone().with(|claim| change(&mut claim.circuit.frame.as_mut().expect("a witness").params));
        assert_eq!(found.refused(K), ["context", "new root", "old root"], "{field}");
    }
}

#[test]
fn another_row() {
    let mut venue = priced(34, 9);
    let claim = Claim::of(&mut venue.state, &[TICK.into()], 0);
    let row = "second opening: the row is in the risk array";
    let with_row = ["new root", row];
    // A mark that is 80 ticks higher, in its lane.
    assert_eq!(refused(&claim, |slot| slot.words[0] += Fr::from(80)), with_row);
    // Others are only hashed.
    assert_eq!(refused(&claim, |slot| slot.words[7] += Fr::one()), [row]);
    assert_eq!(refused(&claim, |slot| slot.last += Fr::one()), [row]);
    assert_eq!(refused(&claim, |slot| slot.second.siblings.swap(0, 1)), [row]);
    let found = refused(&claim, |slot| slot.words[0] = -Fr::one());
    assert_eq!(found, ["new root", "row of a perpetual: first word = lanes", row]);
}

#[test]
fn an_older_market() {
    let mut venue = priced(35, 9);
    let before = market(&mut venue, PERPETUAL);
    venue.must(TICK);
    venue.time += HOUR;
    venue.publish();
    let claim = Claim::of(&mut venue.state, &[TICK.into()], 0);
    let found = refused(&claim, |slot| slot.market.funding_time = before.funding_time);
    // The boundary that it moves to is the same.
    assert_eq!(found, ["path"]);
    let found = refused(&claim, |slot| slot.market.funding_index = before.funding_index);
    assert_eq!(found, ["new root", "path"]);
}

#[test]
fn a_listing_with_prices() {
    let mut venue = venue(36);
    let claim = Claim::of(&mut venue.state, &[perpetual(3).into()], 0);
    let refuses = |cheat: &dyn Fn(&mut MarketWitness), name: &str| {
        assert_eq!(refused(&claim, cheat), [name, "new root"], "{name}");
    };
    refuses(&|slot| slot.market.index_price = 5, "listing: it has no prices");
    refuses(&|slot| slot.market.funding_index = -5, "listing: it has no funding index");
    refuses(&|slot| slot.market.funding_time -= 1, "listing: its funding begins now");
    // Elsewhere: the place of another market is taken.
    let found = refused(&claim, |slot| {
        slot.path.index = 0;
        slot.market.underlying = PERPETUAL;
    });
    assert_eq!(found, ["context", "new root", "path"]);
}

#[test]
fn a_series_on_another_underlying() {
    let mut venue = venue(37);
    venue.must(perpetual(3));
    let list = series(4, venue.time + 9);
    let claim = Claim::of(&mut venue.state, &[list.into()], 0);
    let unknown = "second opening: the underlying is a market";
    assert_eq!(refused(&claim, |slot| slot.last += Fr::one()), [unknown]);
    assert_eq!(refused(&claim, |slot| slot.second.siblings.swap(0, 1)), [unknown]);
    // The fields say 3, and what is opened is 0.
    let found = refused(&claim, |slot| slot.market.underlying = MarketId(3));
    assert_eq!(found, ["context", "new root", "second opening: it is the one named", unknown]);
}

#[test]
fn transactions_swapped() {
    let mut venue = priced(38, 9);
    let list = perpetual(3);
    let mut claim = Claim::of(&mut venue.state, &[TICK.into(), list.into()], 0);
    claim.circuit.slots.swap(0, 1);
    assert_eq!(claim.refused(K), ["context", "new root", "path"]);
}
