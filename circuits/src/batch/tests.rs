//! Batches: circuit against native engine, public inputs, shapes.

use halo2curves::bn256::Fr;
use zomma_gadgets::layout::Layout;
use zomma_gadgets::testing::failures;

use super::*;
use crate::state::batch::BatchBuilder;
use crate::state::testing::venue::{Shape, Venue};
use crate::state::tx::Tx;

const CIRCUITS: u64 = 77;

/// A venue that has traded, committed.
fn venue(seed: u64) -> Venue {
    let mut venue = Venue::new(seed, Shape { actors: 3, series: 1, cash: 4_000_000_000, ..Shape::default() });
    let instrument = venue.instruments()[1];
    let fill = venue.trade(2, 3, instrument, 1_000, 500);
    venue.must(fill);
    venue.state.commit().expect("a store in memory");
    venue
}

/// The circuit takes the transactions made on a venue, and publishes what the native engine does on its twin.
fn proves(k: u32, [mut venue, mut twin]: [Venue; 2], make: impl Fn(&mut Venue) -> Vec<Tx>) {
    let txs = &make(&mut venue)[..];
    let mut builder = BatchBuilder::new(&mut twin.state).expect("a store in memory");
    for tx in txs {
        builder.push(tx.clone()).expect("a good transaction");
    }
    let batch = builder.finish().expect("a store in memory");
    let inputs = BatchInputs::of(&mut venue.state, txs, Fr::from(CIRCUITS)).expect("good transactions");
    let (witness, instance) = Batch::evaluate(&inputs, k).expect("inputs in range");
    let expected = BatchInstance {
        old_root: batch.old_root,
        new_root: batch.new_root,
        context: batch.context.hash(Fr::from(CIRCUITS)),
    };
    assert_eq!(instance, expected);
    let circuit = Batch::circuit(k, Some(witness));
    assert_eq!(failures(k, &circuit, &Batch::instance(&instance), &[]), []);
}

#[test]
fn the_shape_fits_its_rows() {
    for k in [15, 16] {
        let layout = Layout::record(k, &Batch::circuit(k, None)).expect("it can be laid out");
        println!("k = {k}: {:?}, {} rows", shape(k), layout.rows());
        assert!(layout.fits(), "k = {k} needs {} of {}", layout.needed_rows, layout.usable_rows);
    }
}

#[test]
fn a_fill() {
    proves(15, [venue(1), venue(1)], |venue| {
        let instrument = venue.instruments()[1];
        vec![venue.trade(3, 4, instrument, 1_000, 200).into()]
    });
}
