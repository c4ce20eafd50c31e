//! `MockProver` on tampered witnesses.

use std::{any::Any as Anything, cell::RefCell, collections::BTreeMap, fmt};

use halo2_proofs::{
    circuit::{Layouter, layouter::SyncDeps},
    dev::{FailureLocation, MockProver, VerifyFailure},
    plonk::{Assignment, Circuit, Column, ConstraintSystem, Error, Fixed, FloorPlanner},
};
use halo2curves::{bn256::Fr, ff::Field};

use super::{Edit, intercept::Intercept};

/// One complaint of the mock prover.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// `gate: constraint`, `lookup name`, or `copy of column`.
    pub name: String,
    /// The row: of the gate's selector, of the lookup's input, of the copied cell.
    pub row: usize,
}

impl Failure {
    /// A failure to expect.
    #[must_use]
    pub fn new(name: &str, row: usize) -> Self {
        Self { name: name.to_owned(), row }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} @ {}", self.name, self.row)
    }
}

thread_local! {
    /// Edits for the synthesis that this thread runs next: a floor planner has no other way to get them.
    static EDITS: RefCell<BTreeMap<(usize, usize), Fr>> = const { RefCell::new(BTreeMap::new()) };
}

/// A circuit whose witness is edited while it is assigned.
struct Tampered<'a, C>(&'a C);

impl<C: Circuit<Fr>> Circuit<Fr> for Tampered<'_, C> {
    type Config = C::Config;
    type FloorPlanner = TamperingPlanner<C::FloorPlanner>;
    type Params = C::Params;

    fn params(&self) -> Self::Params {
        self.0.params()
    }

    fn without_witnesses(&self) -> Self {
        Self(self.0)
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, params: Self::Params) -> Self::Config {
        C::configure_with_params(meta, params)
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        C::configure(meta)
    }

    fn synthesize(&self, config: Self::Config, layouter: impl Layouter<Fr>) -> Result<(), Error> {
        self.0.synthesize(config, layouter)
    }
}

struct TamperingPlanner<P>(std::marker::PhantomData<P>);

impl<P: FloorPlanner> FloorPlanner for TamperingPlanner<P> {
    fn synthesize<F: Field, CS: Assignment<F> + SyncDeps, C: Circuit<F>>(
        cs: &mut CS,
        circuit: &C,
        config: C::Config,
        constants: Vec<Column<Fixed>>,
    ) -> Result<(), Error> {
        let edits = EDITS.with_borrow(|edits| {
            // The harness is for Fr alone, which the trait cannot say.
            let cast = |value: &Fr| *(value as &dyn Anything).downcast_ref::<F>().expect("circuits are over Fr");
            edits.iter().map(|(cell, value)| (*cell, cast(value))).collect()
        });
        P::synthesize(&mut Intercept { inner: cs, edits, region: None }, circuit, config, constants)
    }
}

/// What `MockProver` reports when the advice cells of `edits` hold the given values and everything else is as the circuit
/// assigns it, in order of name and row; empty if the witness is accepted.
///
/// # Panics
/// If the circuit cannot be synthesised on $2^k$ rows.
#[must_use]
pub fn failures<C: Circuit<Fr>>(k: u32, circuit: &C, instance: &[Vec<Fr>], edits: &[Edit]) -> Vec<Failure> {
    EDITS.set(edits.iter().copied().collect());
    let prover = MockProver::run(k, &Tampered(circuit), instance.to_vec()).expect("the circuit can be synthesised");
    EDITS.take();
    let mut meta = ConstraintSystem::default();
    C::configure_with_params(&mut meta, circuit.params());
    let mut failures: Vec<_> =
        prover.verify().err().unwrap_or_default().into_iter().map(|failure| describe(&meta, failure)).collect();
    failures.sort();
    failures
}

fn describe(meta: &ConstraintSystem<Fr>, failure: VerifyFailure) -> Failure {
    match failure {
        VerifyFailure::ConstraintNotSatisfied { constraint, location, .. } => {
            Failure { name: constraint_name(meta, &constraint.to_string()), row: row(&location) }
        }
        VerifyFailure::Lookup { name, location, .. } => Failure { name: format!("lookup {name}"), row: row(&location) },
        VerifyFailure::Permutation { column, location } => {
            let kind = format!("{:?}", column.column_type()).to_lowercase();
            Failure { name: format!("copy of {kind} {}", column.index()), row: row(&location) }
        }
        other => Failure { name: other.to_string(), row: 0 },
    }
}

/// `gate: constraint` from halo2's "Constraint 1 ('b') in gate 0 ('a')", whose fields are private.
fn constraint_name(meta: &ConstraintSystem<Fr>, shown: &str) -> String {
    let number = |text: &str| text.split(' ').next().and_then(|digits| digits.parse::<usize>().ok());
    let parsed = shown
        .strip_prefix("Constraint ")
        .and_then(number)
        .zip(shown.rsplit_once(" in gate ").and_then(|(_, gate)| number(gate)));
    match parsed.and_then(|(constraint, gate)| Some((constraint, meta.gates().get(gate)?))) {
        Some((constraint, gate)) => match gate.constraint_name(constraint) {
            "" => format!("{}: {constraint}", gate.name()),
            name => format!("{}: {name}", gate.name()),
        },
        None => shown.to_owned(),
    }
}

fn row(location: &FailureLocation) -> usize {
    match location {
        FailureLocation::OutsideRegion { row } => *row,
        FailureLocation::InRegion { offset, .. } => *offset,
    }
}
