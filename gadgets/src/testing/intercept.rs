//! An [`Assignment`] that passes everything on, with advice values overwritten on the way, and notes advice values.

use std::collections::BTreeMap;

use halo2_proofs::{
    circuit::Value,
    plonk::{Advice, Any, Assigned, Assignment, Challenge, Column, Error, Fixed, Instance, Selector},
};
use halo2curves::ff::Field;

/// Between a floor planner and the system that it assigns to.
#[derive(Debug)]
pub(super) struct Intercept<'a, F: Field, CS> {
    pub(super) inner: &'a mut CS,
    /// Values to put in place of the assigned ones, by column and row.
    pub(super) edits: BTreeMap<(usize, usize), F>,
    /// Name of the region that is open.
    pub(super) region: Option<String>,
}

impl<F: Field, CS: Assignment<F>> Assignment<F> for Intercept<'_, F, CS> {
    fn enter_region<NR: Into<String>, N: FnOnce() -> NR>(&mut self, name_fn: N) {
        let name: String = name_fn().into();
        self.region = Some(name.clone());
        self.inner.enter_region(|| name);
    }

    fn annotate_column<A: FnOnce() -> AR, AR: Into<String>>(&mut self, annotation: A, column: Column<Any>) {
        self.inner.annotate_column(annotation, column);
    }

    fn exit_region(&mut self) {
        self.region = None;
        self.inner.exit_region();
    }

    fn enable_selector<A: FnOnce() -> AR, AR: Into<String>>(
        &mut self,
        annotation: A,
        selector: &Selector,
        row: usize,
    ) -> Result<(), Error> {
        self.inner.enable_selector(annotation, selector, row)
    }

    fn query_instance(&self, column: Column<Instance>, row: usize) -> Result<Value<F>, Error> {
        self.inner.query_instance(column, row)
    }

    fn assign_advice<'v>(
        &mut self,
        column: Column<Advice>,
        row: usize,
        to: Value<Assigned<F>>,
    ) -> Value<&'v Assigned<F>> {
        match self.edits.get(&(column.index(), row)) {
            Some(edit) => {
                self.inner.assign_advice(column, row, to.map(|_| Assigned::Trivial(*edit)));
                // The chip goes on with what it has computed: one cell changes, not all that follow from it.
                to.map(|honest| &*Box::leak(Box::new(honest)))
            }
            None => self.inner.assign_advice(column, row, to),
        }
    }

    fn assign_fixed(&mut self, column: Column<Fixed>, row: usize, to: Assigned<F>) {
        // MockProver gives rows relative to the first fixed cell of a region, which it does not tell. It sees no fixed cell in
        // any region, and so gives the row itself.
        let region = self.region.clone();
        if region.is_some() {
            self.inner.exit_region();
        }
        self.inner.assign_fixed(column, row, to);
        if let Some(name) = region {
            self.inner.enter_region(|| name);
        }
    }

    fn copy(&mut self, left_column: Column<Any>, left_row: usize, right_column: Column<Any>, right_row: usize) {
        self.inner.copy(left_column, left_row, right_column, right_row);
    }

    fn fill_from_row(&mut self, column: Column<Fixed>, row: usize, to: Value<Assigned<F>>) -> Result<(), Error> {
        self.inner.fill_from_row(column, row, to)
    }

    fn get_challenge(&self, challenge: Challenge) -> Value<F> {
        self.inner.get_challenge(challenge)
    }

    fn push_namespace<NR: Into<String>, N: FnOnce() -> NR>(&mut self, name_fn: N) {
        self.inner.push_namespace(name_fn);
    }

    fn pop_namespace(&mut self, gadget_name: Option<String>) {
        self.inner.pop_namespace(gadget_name);
    }

    fn next_phase(&mut self) {
        self.inner.next_phase();
    }
}
