//! Touches: cheating witnesses, and cells that nothing holds.

mod attacks;
mod cells;
mod quantities;
mod signatures;

use std::collections::BTreeSet;

use halo2curves::bn256::Fr;
use zomma_gadgets::testing::failures;

use super::witness::TouchWitness;
use crate::batch::table::PositionsWitness;
use crate::batch::tests::{CIRCUITS, k_of};
use crate::batch::witness::Run;
use crate::batch::{Batch, BatchCircuit, BatchInstance, BatchWitness, Counts};
use crate::state::State;
use crate::state::position::Position;
use crate::state::testing::venue::Venue;
use crate::state::tx::Tx;
use crate::statement::Statement;

/// A root, a word of a list or a coordinate that is another.
const COPY: &str = "copy";

type Cheat = fn(&mut BatchWitness);

/// Which constraints refuse a witness, public inputs apart.
fn refused(shape: Counts, witness: BatchWitness) -> Vec<String> {
    let circuit = BatchCircuit { shape, witness: Some(witness) };
    let public = BatchInstance { old_root: Fr::zero(), new_root: Fr::zero(), context: Fr::zero() };
    let found = failures(k_of(shape), &circuit, &Batch::instance(&public), &[]);
    // Each of the three public inputs differs, and is reported at its cell, too.
    let copies = found.iter().filter(|failure| failure.name.starts_with("copy of advice")).count();
    let names = found.iter().map(|failure| failure.name.clone()).filter(|name| !name.starts_with("copy of"));
    let names: BTreeSet<String> = names.chain((copies > 3).then(|| COPY.to_owned())).collect();
    names.into_iter().collect()
}

/// The witness of a transaction that is applied whatever the state says, after `cheat` has gone over it. The positions afterwards are those that the trade
/// would make, in range or not.
fn forged(venue: &mut Venue, tx: &Tx, cheat: impl Fn(&mut BatchWitness)) -> BatchWitness {
    let state = &mut venue.state;
    let mut run = Run::new(state, Fr::from(CIRCUITS)).expect("a store in memory");
    run.force(state, tx).expect("a store in memory");
    let mut witness = run.finish(state).expect("a store in memory").witness;
    if let Tx::Fill(fill) = tx {
        let market = state.market(fill.maker.order.instrument.market()).expect("a store").copied();
        let funding = i128::from(market.map_or(0, |market| market.funding_index));
        for (touch, order) in witness.touches.iter_mut().zip([fill.maker.order, fill.taker.order]) {
            let sign = order.side.sign();
            let value = i128::from(sign) * i128::from(fill.size) * (i128::from(fill.price) - funding);
            let held = touch.held.map_or((0, 0), |position| (position.qty, position.entry));
            let (qty, entry) = (held.0 + sign * fill.size as i64, held.1 + value);
            let mut list = touch.before.0.clone();
            let traded = (qty != 0).then_some(Position { instrument: order.instrument, qty, entry });
            list.splice(touch.place..touch.place + usize::from(touch.held.is_some()), traded);
            touch.after = PositionsWitness(list);
        }
    }
    cheat(&mut witness);
    witness
}

/// The witness of a transaction that the state accepts, after `cheat` has gone over it.
fn accepted(venue: &mut Venue, tx: &Tx, cheat: impl Fn(&mut BatchWitness)) -> BatchWitness {
    let state = &mut venue.state;
    let mut run = Run::new(state, Fr::from(CIRCUITS)).expect("a store in memory");
    run.push(state, tx, &Counts::UNLIMITED).expect("a good transaction");
    let mut witness = run.finish(state).expect("a store in memory").witness;
    cheat(&mut witness);
    witness
}

impl Run {
    /// Adds a transaction without asking the state.
    fn force(&mut self, state: &mut State, tx: &Tx) -> Result<(), crate::state::store::StoreError> {
        let touches = TouchWitness::of(state, tx)?;
        self.forge(state, tx, touches)
    }
}

/// All cases with `ZOMMA_FULL=1`, else one in three.
fn sampled<T>(cases: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
    let full = std::env::var("ZOMMA_FULL").is_ok_and(|value| value == "1");
    if !full {
        println!("not run: two cases in three, which take ZOMMA_FULL=1");
    }
    cases.into_iter().step_by(if full { 1 } else { 3 })
}

/// What each case is refused by, against what it is said to be refused by: all differences at once.
fn check(found: Vec<(&'static str, Vec<String>, &[&str])>) {
    let wrong: Vec<_> = found.into_iter().filter(|(_, found, expected)| found != expected).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
