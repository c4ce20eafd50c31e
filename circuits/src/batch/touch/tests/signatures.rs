//! Signatures that are nearly one.

use ff::PrimeField;
use zomma_gadgets::eddsa::Signature;
use zomma_gadgets::edwards::{ORDER, Point, Scalar};

use super::*;
use crate::batch::tests::{of, perpetual, venue};
use crate::state::keys::SecretKey;
use crate::state::order::Order;

/// A signature of an order by a key, for the venue of this number.
fn signed(key: &SecretKey, order: Order, venue: &Venue, app_id: u64) -> Signature {
    let mut params = venue.state.params().clone();
    params.app_id = app_id;
    key.sign(order.message(params.venue())).read().expect("a signature")
}

/// The maker's signature of an honest fill is replaced.
///
/// With the order of the subgroup added to its response, the equation of the points still holds, and what is against it is the response's range alone. All
/// else breaks the equation, whose sum is copied to the nonce's point.
#[test]
fn forged_and_malleated() {
    type Forge = fn(&Venue, Order, Signature) -> Signature;
    let cases: [(&str, Forge, &[&str]); 7] = [
        (
            "the response and the order of the subgroup",
            |_, _, Signature { r8, s }| Signature { r8, s: s.one_order_above() },
            &["not negative: V = sum of limbs"],
        ),
        ("the nonce's point negated", |_, _, Signature { r8, s }| Signature { r8: -r8, s }, &[COPY]),
        (
            "the nonce's point and the response negated",
            |_, _, Signature { r8, s }| {
                let negated = Fr::from_raw(ORDER) - Fr::from_raw(s.limbs());
                Signature { r8: -r8, s: Scalar::from_bytes(&negated.to_repr()).expect("below the order") }
            },
            &[COPY],
        ),
        (
            "the nonce's point and the point of order two",
            |_, _, Signature { r8, s }| {
                let of_order_two = Point::new(Fr::zero(), -Fr::one()).expect("a point of the curve");
                Signature { r8: r8 + of_order_two, s }
            },
            &[COPY],
        ),
        ("for another venue", |venue, order, _| signed(&venue.actors[3].key, order, venue, 8), &[COPY]),
        (
            "of a larger order",
            |venue, order, _| signed(&venue.actors[3].key, Order { size: order.size + 1, ..order }, venue, 7),
            &[COPY],
        ),
        ("by another key", |venue, order, _| signed(&venue.actors[4].key, order, venue, 7), &[COPY]),
    ];
    let mut found = vec![];
    for (name, forge, expected) in cases {
        let mut venue = venue(15);
        let instrument = perpetual(&mut venue);
        let fill = venue.trade(4, 3, instrument, 20_000, 10);
        let mut witness = accepted(&mut venue, &fill.into(), |_| {});
        let honest = witness.touches[0].signature;
        assert_eq!(honest, signed(&venue.actors[3].key, fill.maker.order, &venue, 7));
        witness.touches[0].signature = forge(&venue, fill.maker.order, honest);
        found.push((name, refused(of([0, 2, 2, 0, 2]), witness), expected));
    }
    check(found);
}
