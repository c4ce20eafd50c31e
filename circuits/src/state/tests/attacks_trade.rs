//! Attacks on fills, orders, cash and keys: each is refused for exactly its reason.

use halo2curves::bn256::Fr;

use super::*;
use crate::{
    encoding::hex_fr,
    state::{
        OpenError, State,
        ids::{AccountId, Owner},
        keys::{PublicKey, SecretKey},
        limits::CANCELLED,
        order::{Order, Side},
        receipt::{Event, Forced},
        reject::Signer,
        store::{MemoryStore, StoreError},
        testing::venue::{params, unsigned},
        tx::{Cancel, Collect, Deposit, Fill, ForcedWithdraw, Noop, Register, Reserve, RotateKey, Transfer, Withdraw},
    },
};

fn id(actor: usize) -> AccountId {
    AccountId(actor as u32)
}

/// A fill of two fresh orders in the perpetual, at the mark.
fn good_fill(venue: &mut Venue, size: u64) -> Fill {
    let price = venue.spot;
    venue.trade(BOB, ALICE, perpetual(), price, size)
}

/// Signs both orders again, as their owners would had they meant what they now say.
fn resigned(venue: &Venue, mut fill: Fill) -> Fill {
    fill.maker = venue.sign(fill.maker.order.account.0 as usize, fill.maker.order);
    fill.taker = venue.sign(fill.taker.order.account.0 as usize, fill.taker.order);
    fill
}

#[test]
fn replayed_and_overfilled_orders() {
    let venue = &mut small();
    let fill = good_fill(venue, 10);
    accepted(venue, Fill { size: 6, ..fill });
    let (account, order) = (id(ALICE), fill.maker.order.id);
    assert_eq!(refused(venue, Fill { size: 5, ..fill }), Reject::Overfilled { account, order, left: 4 });
    accepted(venue, Fill { size: 4, ..fill });
    assert_eq!(refused(venue, Fill { size: 1, ..fill }), Reject::Overfilled { account, order, left: 0 });
    // A fresh taker does not revive the maker.
    let fresh = good_fill(venue, 10);
    let mixed = Fill { maker: fill.maker, ..fresh };
    assert_eq!(refused(venue, mixed), Reject::Overfilled { account, order, left: 0 });
    // Nor does a larger size under the same id.
    let larger = Order { size: 100, ..fill.maker.order };
    let mixed =
        Fill { maker: venue.sign(ALICE, larger), size: 91, ..venue.trade(BOB, ALICE, perpetual(), venue.spot, 91) };
    assert_eq!(refused(venue, mixed), Reject::Overfilled { account, order, left: 90 });
}

#[test]
fn slots_do_not_roll_back() {
    let venue = &mut small();
    let old = good_fill(venue, 10);
    venue.actors[ALICE].next_order = old.maker.order.id + 256;
    let new = good_fill(venue, 10);
    accepted(venue, new);
    let superseded =
        Reject::OrderSuperseded { account: id(ALICE), order: old.maker.order.id, seen: new.maker.order.id };
    assert_eq!(refused(venue, old), superseded);
    let mut cancel = Cancel { account: id(ALICE), order_id: old.maker.order.id, signature: unsigned() };
    cancel.signature = venue.actors[ALICE].key.sign(cancel.message(venue.state.params().venue()));
    assert_eq!(refused(venue, cancel), superseded);
}

#[test]
fn cancelled_orders_stay_cancelled() {
    let venue = &mut small();
    let fill = good_fill(venue, 10);
    accepted(venue, Fill { size: 1, ..fill });
    let mut cancel = Cancel { account: id(BOB), order_id: fill.taker.order.id, signature: unsigned() };
    let signer = Signer::Account(id(BOB));
    assert_eq!(refused(venue, cancel), Reject::BadSignature { signer });
    cancel.signature = venue.actors[ALICE].key.sign(cancel.message(venue.state.params().venue()));
    assert_eq!(refused(venue, cancel), Reject::BadSignature { signer }, "only the owner cancels");
    cancel.signature = venue.actors[BOB].key.sign(cancel.message(venue.state.params().venue()));
    accepted(venue, cancel);
    let closed = Reject::OrderClosed { account: id(BOB), order: fill.taker.order.id };
    assert_eq!(refused(venue, Fill { size: 1, ..fill }), closed);
    assert_eq!(refused(venue, cancel), closed);
    let account = venue.state.account(id(BOB)).unwrap().unwrap();
    assert_eq!(account.orders.get(fill.taker.order.id as u32).unwrap().filled, CANCELLED);
    // Before it was ever seen, too.
    let fill = good_fill(venue, 10);
    let mut cancel = Cancel { account: id(ALICE), order_id: fill.maker.order.id, signature: unsigned() };
    cancel.signature = venue.actors[ALICE].key.sign(cancel.message(venue.state.params().venue()));
    accepted(venue, cancel);
    assert_eq!(refused(venue, fill), Reject::OrderClosed { account: id(ALICE), order: fill.maker.order.id });
}

#[test]
fn prices_beyond_a_limit_and_orders_past_their_time() {
    let venue = &mut small();
    let fill = good_fill(venue, 10);
    assert_eq!(refused(venue, Fill { price: fill.price + 1, ..fill }), Reject::LimitPrice { account: id(BOB) });
    assert_eq!(refused(venue, Fill { price: fill.price - 1, ..fill }), Reject::LimitPrice { account: id(ALICE) });
    let expired = |fill: &Fill, maker: u64, taker: u64| {
        let mut fill = *fill;
        (fill.maker.order.expiry, fill.taker.order.expiry) = (maker, taker);
        fill
    };
    let now = venue.time;
    let late = resigned(venue, expired(&fill, now - 1, now));
    assert_eq!(refused(venue, late), Reject::OrderExpired { account: id(ALICE) });
    let late = resigned(venue, expired(&fill, now, now - 1));
    assert_eq!(refused(venue, late), Reject::OrderExpired { account: id(BOB) });
    let last_second = resigned(venue, expired(&fill, now, now));
    accepted(venue, last_second);
}

#[test]
fn orders_that_do_not_meet() {
    let venue = &mut small();
    let fill = good_fill(venue, 10);
    let with = |venue: &Venue, change: &dyn Fn(&mut Fill)| {
        let mut changed = fill;
        change(&mut changed);
        resigned(venue, changed)
    };
    let both_buy = with(venue, &|fill| fill.maker.order.side = Side::Buy);
    assert_eq!(refused(venue, both_buy), Reject::SameSide);
    let other_instrument = with(venue, &|fill| fill.maker.order.instrument = call(1));
    assert_eq!(refused(venue, other_instrument), Reject::InstrumentMismatch);
    let with_oneself = with(venue, &|fill| fill.taker.order.account = id(ALICE));
    assert_eq!(refused(venue, with_oneself), Reject::SameAccount(id(ALICE)));
    let nowhere = with(venue, &|fill| {
        fill.maker.order.instrument = InstrumentId::perpetual(MarketId(9)).unwrap();
        fill.taker.order.instrument = fill.maker.order.instrument;
    });
    assert_eq!(refused(venue, nowhere), Reject::UnknownMarket(MarketId(9)));
    let second_perpetual = InstrumentId(1);
    let not_the_perpetual = with(venue, &|fill| {
        fill.maker.order.instrument = second_perpetual;
        fill.taker.order.instrument = second_perpetual;
    });
    assert_eq!(refused(venue, not_the_perpetual), Reject::UnknownInstrument(second_perpetual));
    let unpriced = call(900);
    let not_priced = with(venue, &|fill| {
        fill.maker.order.instrument = unpriced;
        fill.taker.order.instrument = unpriced;
    });
    assert_eq!(refused(venue, not_priced), Reject::NotInRiskArray(unpriced));
    let nobody = with(venue, &|fill| fill.maker.order.size = 10);
    let nobody = Fill { taker: venue.sign(BOB, Order { account: AccountId(77), ..fill.taker.order }), ..nobody };
    assert_eq!(refused(venue, nobody), Reject::UnknownAccount(AccountId(77)));
}

#[test]
fn forged_signatures() {
    let venue = &mut small();
    let fill = good_fill(venue, 10);
    let forged = |actor| Reject::BadSignature { signer: Signer::Account(id(actor)) };
    let by_another = Fill { maker: venue.sign(CAROL, fill.maker.order), ..fill };
    assert_eq!(refused(venue, by_another), forged(ALICE));
    for field in 0..7 {
        let mut changed = fill;
        let order = &mut changed.taker.order;
        match field {
            0 => order.limit += 1,
            1 => order.size += 1,
            2 => order.expiry += 1,
            3 => order.id += 1,
            4 => order.account = id(CAROL),
            5 => {
                order.instrument = call(1);
                changed.maker = venue.sign(ALICE, Order { instrument: call(1), ..changed.maker.order });
                changed.price = venue.mark(call(1)).unwrap().min(fill.price);
                changed.maker = venue.sign(ALICE, Order { limit: 1, ..changed.maker.order });
            }
            _ => {
                order.side = Side::Sell;
                changed.maker = venue.sign(ALICE, Order { side: Side::Buy, ..changed.maker.order });
            }
        }
        let signer = Signer::Account(changed.taker.order.account);
        assert_eq!(refused(venue, changed), Reject::BadSignature { signer }, "field {field}");
    }
    let mut changed = fill;
    changed.maker.signature.s += Fr::one();
    assert_eq!(refused(venue, changed), forged(ALICE));
    let mut changed = fill;
    changed.maker.signature.r_x += Fr::one();
    assert_eq!(refused(venue, changed), forged(ALICE));
    let mut changed = fill;
    changed.maker.signature = fill.taker.signature;
    assert_eq!(refused(venue, changed), forged(ALICE));
    // The same signature with the order of the subgroup added to its response.
    let order = hex_fr::parse("0x060c89ce5c263405370a08b6d0302b0bab3eedb83920ee0a677297dc392126f1").unwrap();
    let mut malleated = fill;
    malleated.taker.signature.s += order;
    assert_eq!(refused(venue, malleated), forged(BOB));
    accepted(venue, fill);
}

#[test]
fn signatures_are_for_one_venue() {
    let venue = &mut small();
    let fill = good_fill(venue, 10);
    let mut other = venue.state.params().clone();
    other.app_id += 1;
    let signature = venue.actors[ALICE].key.sign(fill.maker.order.message(other.venue()));
    let mut replayed = fill;
    replayed.maker.signature = signature;
    assert_eq!(refused(venue, replayed), Reject::BadSignature { signer: Signer::Account(id(ALICE)) });
}

#[test]
fn fills_beyond_what_an_account_can_bear() {
    let venue = &mut small();
    // 40,000,000 of cash carry about 10,000 lots at 20,000 ticks.
    let fill = good_fill(venue, 12_000);
    let Reject::InitialMargin { account, shortfall } = refused(venue, fill) else { panic!("not a matter of margin") };
    assert_eq!(account, id(ALICE), "the maker is checked first");
    assert!(shortfall > 0);
    // With a rich maker the taker is checked too.
    let tx = venue.deposit(ALICE, 1 << 40);
    accepted(venue, tx);
    let Reject::InitialMargin { account, .. } = refused(venue, fill) else { panic!("not a matter of margin") };
    assert_eq!(account, id(BOB));
}

#[test]
fn quantities_values_and_lists_that_overflow() {
    let venue = &mut small();
    let fill = good_fill(venue, 1);
    let size = (1 << 53) - 1;
    let mut large = fill;
    (large.maker.order.size, large.taker.order.size, large.size) = (size, size, size);
    (large.maker.order.limit, large.taker.order.limit, large.price) = (1, 1 << 62, 1 << 62);
    let large = resigned(venue, large);
    assert_eq!(refused(venue, large), Reject::ValueTooLarge);
    let out = |field| Reject::OutOfRange { field };
    let mut beyond = fill;
    beyond.size = 1 << 53;
    assert_eq!(refused(venue, beyond), out("size"));
    beyond.size = 0;
    assert_eq!(refused(venue, beyond), out("size"));
    let mut beyond = fill;
    beyond.taker.order.limit = 1 << 63;
    assert_eq!(refused(venue, beyond), out("taker.limit"));
    let mut beyond = fill;
    beyond.maker.order.id = 0;
    assert_eq!(refused(venue, beyond), out("maker.id"));
    let mut beyond = fill;
    beyond.maker.order.account = AccountId(256);
    assert_eq!(refused(venue, beyond), out("maker.account"));
    let mut beyond = fill;
    beyond.maker.order.instrument = InstrumentId(u32::MAX);
    assert_eq!(refused(venue, beyond), out("maker.instrument"));
    let mut beyond = fill;
    beyond.taker.order.expiry = 1 << 40;
    assert_eq!(refused(venue, beyond), out("taker.expiry"));
}

#[test]
fn a_full_position_list() {
    let mut shape = Shape { actors: 3, ..Shape::default() };
    shape.depths.positions = 1;
    let venue = &mut Venue::new(1, shape);
    for strike in 0..2 {
        let price = venue.mark(call(strike)).unwrap();
        let fill = venue.trade(BOB, ALICE, call(strike), price, 1);
        accepted(venue, fill);
    }
    let fill = good_fill(venue, 1);
    assert_eq!(refused(venue, fill), Reject::TooManyPositions(id(ALICE)));
}

/// Sells to, then closes with, a different counterparty: quantity and entry of the middleman vanish together.
#[test]
fn closed_positions_leave_the_list_and_cash_is_conserved() {
    let venue = &mut small();
    let total = venue.total_cash();
    let open = good_fill(venue, 10);
    accepted(venue, open);
    let price = venue.spot + 5;
    let close = venue.trade(ALICE, CAROL, perpetual(), price, 10);
    let receipt = accepted(venue, close);
    let Event::Filled { maker_fee, taker_fee } = receipt.event else { panic!("a fill") };
    // 100 and 300 millionths of 200,050, rounded up.
    assert_eq!((maker_fee, taker_fee), (21, 61));
    let alice = venue.state.account(id(ALICE)).unwrap().unwrap().clone();
    assert!(alice.positions.is_empty());
    assert_eq!(alice.cash, 40_000_000 - 50 - 20 - 61);
    assert_eq!(venue.total_cash(), total);
}

#[test]
fn fees_have_one_way_to_go() {
    let venue = &mut small();
    assert_eq!(refused(venue, Collect {}), Reject::NothingToCollect);
    let price = venue.mark(call(1)).unwrap();
    let fill = venue.trade(BOB, ALICE, call(1), price, 1);
    let receipt = accepted(venue, fill);
    assert_eq!(receipt.event, Event::Filled { maker_fee: 1, taker_fee: 1 }, "fees are rounded up, never to nothing");
    let others: Vec<i128> = (1..5).map(|actor| venue.state.account(id(actor)).unwrap().unwrap().cash).collect();
    assert_eq!(accepted(venue, Collect {}).event, Event::Collected { amount: 2 });
    assert_eq!(venue.state.account(venue.state.params().fee_account).unwrap().unwrap().cash, 2);
    let after: Vec<i128> = (1..5).map(|actor| venue.state.account(id(actor)).unwrap().unwrap().cash).collect();
    assert_eq!(others, after);
    // A transaction that names a destination or a fee is not one.
    assert!(serde_json::from_str::<Tx>(r#"{"type":"collect","account":4}"#).is_err());
    let mut text = serde_json::to_value(Tx::from(fill)).unwrap();
    text["fee"] = (-1).into();
    assert!(serde_json::from_value::<Tx>(text).is_err());
}

#[test]
fn parameters_are_part_of_the_root() {
    let venue = small();
    let good = venue.state.params().clone();
    let mut changes: Vec<crate::state::params::VenueParams> = vec![good.clone(); 9];
    changes[0].fees.maker = 0;
    changes[1].fee_account = AccountId(4);
    changes[2].margin.mm_factor -= 1;
    changes[3].scenario_hash += Fr::one();
    changes[4].max_price_age += 1;
    changes[5].oracle.threshold = 1;
    changes[6].margin.weights[32] -= 1;
    changes[7].liquidation.buffer += 1;
    changes[8].app_id += 1;
    let mut store = MemoryStore::new();
    let mut state = State::open(Box::new(store.clone()), good.clone()).unwrap();
    state.commit().unwrap();
    // The store moved into the state; write the same version into one that can be opened again and again.
    let records = state.store().records(1, crate::state::store::RecordKind::Registers).unwrap();
    let commit = crate::state::store::Commit {
        root: state.root().unwrap(),
        nodes: vec![],
        records: vec![(
            crate::state::store::RecordKey { kind: crate::state::store::RecordKind::Registers, index: 0 },
            records[0].1.clone(),
        )],
    };
    crate::state::store::NodeStore::commit(&mut store, commit).unwrap();
    assert!(State::open(Box::new(store.clone()), good.clone()).is_ok());
    for changed in changes {
        assert_ne!(changed.hash(), good.hash());
        let refused = State::open(Box::new(store.clone()), changed).unwrap_err();
        assert_eq!(refused, OpenError::Store(StoreError::OtherParams));
    }
}

#[test]
fn cash_leaves_only_as_signed_and_only_if_margin_allows() {
    let venue = &mut small();
    let signing = venue.state.params().venue();
    let mut tx = Withdraw { account: id(ALICE), amount: 1_000, nonce: 0, signature: unsigned() };
    let signer = Signer::Account(id(ALICE));
    assert_eq!(refused(venue, tx), Reject::BadSignature { signer });
    tx.signature = venue.actors[ALICE].key.sign(tx.message(signing));
    assert_eq!(refused(venue, Withdraw { amount: 1_001, ..tx }), Reject::BadSignature { signer });
    let receipt = accepted(venue, tx);
    assert_eq!(receipt.payment.unwrap().owner, venue.actors[ALICE].owner);
    assert_eq!(refused(venue, tx), Reject::BadNonce { account: id(ALICE), expected: 1, given: 0 });
    let mut tx = Withdraw { account: id(ALICE), amount: 39_999_001, nonce: 1, signature: unsigned() };
    tx.signature = venue.actors[ALICE].key.sign(tx.message(signing));
    assert_eq!(refused(venue, tx), Reject::InitialMargin { account: id(ALICE), shortfall: 1 });
    let mut tx = Transfer { from: id(ALICE), to: id(BOB), amount: 39_999_001, nonce: 1, signature: unsigned() };
    tx.signature = venue.actors[ALICE].key.sign(tx.message(signing));
    assert_eq!(refused(venue, tx), Reject::InitialMargin { account: id(ALICE), shortfall: 1 });
    assert_eq!(refused(venue, Transfer { to: id(ALICE), ..tx }), Reject::SameAccount(id(ALICE)));
    assert_eq!(refused(venue, Transfer { to: AccountId(99), ..tx }), Reject::UnknownAccount(AccountId(99)));
    assert_eq!(refused(venue, Transfer { amount: 0, ..tx }), Reject::OutOfRange { field: "amount" });
    assert_eq!(refused(venue, Transfer { nonce: u32::MAX, ..tx }), Reject::OutOfRange { field: "nonce" });
}

#[test]
fn reserves_bind_withdrawals_and_forced_ones() {
    let venue = &mut small();
    let signing = venue.state.params().venue();
    let mut tx = Reserve { account: id(ALICE), amount: 40_000_001, nonce: 0, signature: unsigned() };
    tx.signature = venue.actors[ALICE].key.sign(tx.message(signing));
    assert_eq!(refused(venue, tx), Reject::InitialMargin { account: id(ALICE), shortfall: 1 });
    tx.amount -= 2;
    tx.signature = venue.actors[ALICE].key.sign(tx.message(signing));
    accepted(venue, tx);
    let owner = venue.actors[ALICE].owner;
    let forced = |index, amount, owner| ForcedWithdraw { index, account: id(ALICE), owner, amount };
    assert_eq!(refused(venue, forced(1, 1, owner)), Reject::QueueOrder { expected: 0, given: 1 });
    let outcome = |receipt: Receipt| match receipt.event {
        Event::Forced { outcome } => (outcome, receipt.payment.map(|payment| payment.amount)),
        other => panic!("{other:?}"),
    };
    assert_eq!(outcome(accepted(venue, forced(0, 2, owner))), (Forced::Refused, None));
    assert_eq!(outcome(accepted(venue, forced(1, 1, Owner([9; 20])))), (Forced::Void, None));
    assert_eq!(outcome(accepted(venue, forced(2, 1, owner))), (Forced::Paid, Some(1)));
    assert_eq!(venue.state.account(id(ALICE)).unwrap().unwrap().cash, 39_999_999);
    assert_eq!(refused(venue, forced(2, 1, owner)), Reject::QueueOrder { expected: 3, given: 2 });
}

#[test]
fn deposits_are_taken_once_and_in_order() {
    let venue = &mut small();
    let tx = venue.deposit(ALICE, 5);
    let next = tx.index;
    assert_eq!(
        refused(venue, Deposit { index: next - 1, ..tx }),
        Reject::QueueOrder { expected: next, given: next - 1 }
    );
    accepted(venue, tx);
    assert_eq!(refused(venue, tx), Reject::QueueOrder { expected: next + 1, given: next });
    // To nobody: back to where it came from, so that the queue goes on.
    let stray = Deposit { index: next + 1, account: AccountId(88), ..tx };
    let receipt = accepted(venue, stray);
    assert_eq!(receipt.event, Event::Deposited { refunded: true });
    assert_eq!(receipt.payment.unwrap().amount, 5);
}

#[test]
fn keys_are_checked_and_replaced() {
    let venue = &mut small();
    let signing = venue.state.params().venue();
    let taken = venue.registration(ALICE);
    assert_eq!(refused(venue, taken), Reject::AccountExists(id(ALICE)));
    let fresh = SecretKey::from_seed(&[7; 32]);
    let mut tx = Register { account: AccountId(50), owner: Owner([1; 20]), key: fresh.public(), signature: unsigned() };
    assert_eq!(refused(venue, tx), Reject::BadSignature { signer: Signer::Account(AccountId(50)) });
    for bad in bad_keys() {
        assert_eq!(refused(venue, Register { key: bad, ..tx }), Reject::BadKey);
        let rotate = RotateKey { account: id(ALICE), key: bad, nonce: 0, signature: unsigned() };
        assert_eq!(refused(venue, rotate), Reject::BadKey);
    }
    tx.signature = fresh.sign(tx.message(signing));
    assert_eq!(
        refused(venue, Register { owner: Owner([2; 20]), ..tx }),
        Reject::BadSignature { signer: Signer::Account(AccountId(50)) },
        "the signature names the owner"
    );
    accepted(venue, tx);

    let resting = good_fill(venue, 10);
    let mut rotate = RotateKey { account: id(ALICE), key: fresh.public(), nonce: 0, signature: unsigned() };
    rotate.signature = fresh.sign(rotate.message(signing));
    let signer = Signer::Account(id(ALICE));
    assert_eq!(refused(venue, rotate), Reject::BadSignature { signer }, "the old key signs");
    rotate.signature = venue.actors[ALICE].key.sign(rotate.message(signing));
    accepted(venue, rotate);
    assert_eq!(refused(venue, resting), Reject::BadSignature { signer }, "orders die with their key");
}

/// The identity, the point of order two, a point off the curve.
fn bad_keys() -> [PublicKey; 3] {
    let (zero, one) = (Fr::zero(), Fr::one());
    [PublicKey { x: zero, y: one }, PublicKey { x: zero, y: -one }, PublicKey { x: one, y: one }]
}

#[test]
fn padding_changes_nothing() {
    let venue = &mut small();
    let before = (venue.state.root().unwrap(), venue.state.registers().clone());
    for _ in 0..5 {
        let receipt = accepted(venue, Noop {});
        assert_eq!((receipt.event, receipt.seq), (Event::Noop, before.1.seq));
        assert!(receipt.healths.is_empty() && receipt.payment.is_none());
    }
    assert_eq!((venue.state.root().unwrap(), venue.state.registers().clone()), before);
    assert!(Tx::from(Noop {}).encode().is_empty());
    assert!(serde_json::from_str::<Tx>(r#"{"type":"noop","account":4}"#).is_err(), "padding has no fields");
}

#[test]
fn parameter_sets_out_of_range_are_refused() {
    let good = params(Default::default(), &[1u8, 2, 3].map(|byte| SecretKey::from_seed(&[byte; 32])));
    assert_eq!(good.check(), Ok(()));
    let field = |change: &dyn Fn(&mut crate::state::params::VenueParams)| {
        let mut changed = good.clone();
        change(&mut changed);
        changed.check().unwrap_err().field
    };
    assert_eq!(field(&|p| p.depths.accounts = 33), "depths.accounts");
    assert_eq!(field(&|p| p.depths.positions = 8), "depths.positions");
    assert_eq!(field(&|p| p.margin.weights.truncate(32)), "weights");
    assert_eq!(field(&|p| p.fees.maker = 100_001), "fees.maker");
    assert_eq!(field(&|p| p.insurance_account = p.fee_account), "insurance_account");
    assert_eq!(field(&|p| p.funding.period = 0), "funding.period");
    assert_eq!(field(&|p| p.liquidation.buffer = 9_999), "liquidation.buffer");
    assert_eq!(field(&|p| p.liquidation.fee = 101), "liquidation.fee");
    assert_eq!(field(&|p| p.liquidation.discount_end = 9_901), "liquidation.discount_end");
    assert_eq!(field(&|p| p.liquidation.lapse = p.liquidation.duration - 1), "liquidation.lapse");
    assert_eq!(field(&|p| p.oracle.threshold = 2), "oracle.threshold");
    assert_eq!(field(&|p| p.oracle.threshold = 5), "oracle.keys");
    assert_eq!(field(&|p| p.oracle.keys[1] = bad_keys()[0]), "oracle.keys");
    let text = serde_json::to_string(&good).unwrap();
    assert_eq!(serde_json::from_str::<crate::state::params::VenueParams>(&text).unwrap(), good);
    assert!(
        serde_json::from_str::<crate::state::params::VenueParams>(&text.replace("\"maker\":100", "\"maker\":-1"))
            .is_err()
    );
}
