//! Batches: circuit against native engine, public inputs, shapes, refused inputs, cheating witnesses.

mod inputs;
mod kinds;
mod random;

use halo2curves::bn256::Fr;
use zomma_gadgets::layout::Layout;
use zomma_gadgets::testing::failures;

use super::*;
use crate::state::batch::BatchBuilder;
use crate::state::ids::{AccountId, InstrumentId};
use crate::state::testing::venue::{Shape, Venue};
use crate::state::tx::Tx;

pub(in crate::batch) const CIRCUITS: u64 = 77;

/// A shape, briefly.
pub(in crate::batch) fn of([market_slots, markets, instruments, portfolios, touches]: [usize; 5]) -> Counts {
    Counts { market_slots, markets, instruments, portfolios, touches }
}

/// The smallest `k` at which a shape fits, and no smaller than the table of ranges.
pub(in crate::batch) fn k_of(shape: Counts) -> u32 {
    let layout = Layout::record(20, &BatchCircuit { shape, witness: None }).expect("it can be laid out");
    (14..20).find(|k| layout.rows() + 64 <= 1 << k).expect("a small shape")
}

/// A venue that has traded, committed. Accounts 2 to 4 have cash, 2 and 3 a position in the first call.
pub(in crate::batch) fn venue(seed: u64) -> Venue {
    let mut venue = Venue::new(seed, Shape { actors: 3, series: 1, cash: 4_000_000_000, ..Shape::default() });
    let instrument = call(&mut venue);
    let fill = venue.trade(2, 3, instrument, 1_000, 500);
    venue.must(fill);
    venue.state.commit().expect("a store in memory");
    venue
}

/// The perpetual.
pub(in crate::batch) fn perpetual(venue: &mut Venue) -> InstrumentId {
    venue.instruments()[0]
}

/// The first call.
pub(in crate::batch) fn call(venue: &mut Venue) -> InstrumentId {
    venue.instruments()[1]
}

/// Transactions in the making, each applied to the venue that makes them.
pub(in crate::batch) struct Script {
    pub(in crate::batch) venue: Venue,
    pub(in crate::batch) txs: Vec<Tx>,
}

impl Script {
    pub(in crate::batch) fn send(&mut self, tx: impl Into<Tx>) {
        let tx = tx.into();
        self.venue.must(tx.clone());
        self.txs.push(tx);
    }
}

/// The transactions that a script makes of a venue.
pub(in crate::batch) fn scripted(venue: Venue, script: impl Fn(&mut Script)) -> Vec<Tx> {
    let mut made = Script { venue, txs: vec![] };
    script(&mut made);
    made.txs
}

/// What is public of transactions, as the native engine has it.
pub(in crate::batch) fn native(mut venue: Venue, txs: &[Tx]) -> BatchInstance {
    let mut builder = BatchBuilder::new(&mut venue.state).expect("a store in memory");
    for tx in txs {
        builder.push(tx.clone()).expect("a good transaction");
    }
    let batch = builder.finish().expect("a store in memory");
    BatchInstance {
        old_root: batch.old_root,
        new_root: batch.new_root,
        context: batch.context.hash(Fr::from(CIRCUITS)),
    }
}

/// Witness and public inputs of a script, which the native engine agrees with.
pub(in crate::batch) fn evaluated(
    shape: Counts,
    make: impl Fn() -> Venue,
    script: impl Fn(&mut Script),
) -> (BatchWitness, BatchInstance) {
    let txs = scripted(make(), script);
    let mut venue = make();
    let inputs = BatchInputs::of(&mut venue.state, &txs, Fr::from(CIRCUITS)).expect("good transactions");
    let ran = inputs.run(&Counts::UNLIMITED).expect("good inputs");
    assert_eq!(ran.counts.exceeds(&shape), None, "{:?} do not fit {shape:?}", ran.counts);
    let instance =
        BatchInstance { old_root: ran.old_root, new_root: ran.new_root, context: ran.context.hash(inputs.circuits) };
    assert_eq!(instance, native(make(), &txs));
    (ran.witness, instance)
}

/// The circuit takes the transactions of a script, and publishes what the native engine does.
pub(in crate::batch) fn proves(shape: Counts, make: impl Fn() -> Venue, script: impl Fn(&mut Script)) {
    let (witness, instance) = evaluated(shape, make, script);
    let circuit = BatchCircuit { shape, witness: Some(witness) };
    assert_eq!(failures(k_of(shape), &circuit, &Batch::instance(&instance), &[]), []);
}

#[test]
fn the_shapes_fit_their_rows() {
    let rows = |shape| Layout::record(20, &BatchCircuit { shape: of(shape), witness: None }).expect("a layout").rows();
    let all = rows([0; 5]);
    let slots = [0, 1, 2, 3, 4].map(|which| {
        let mut one = [0; 5];
        one[which] = 1;
        rows(one) - all
    });
    let [market, table_market, instrument, portfolio, touch] = slots;
    println!(
        "{all} rows, {market} a market transaction, {table_market} a market, {instrument} an instrument, {portfolio} a liquidation, {touch} a touch"
    );
    for k in MIN_K..=MAX_K {
        let Counts { market_slots, markets, instruments, portfolios, touches } = shape(k);
        let counts = [market_slots, markets, instruments, portfolios, touches];
        let needed = counts.iter().zip(slots).fold(all, |sum, (count, rows)| sum + count * rows);
        println!("k = {k}: {:?}, {needed} rows", shape(k));
        assert!(needed + 64 <= 1 << k, "k = {k} needs {needed} rows");
    }
    let layout = Layout::record(MIN_K, &Batch::circuit(MIN_K, None)).expect("it can be laid out");
    assert_eq!(layout.overwritten, [], "fixed cells with two values");
    assert!(layout.fits(), "k = {MIN_K} needs {} of {}", layout.needed_rows, layout.usable_rows);
}
