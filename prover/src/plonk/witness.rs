//! Witness collection: runs circuits, phase by phase, and commits to the advice of each.

use std::collections::HashMap;

use halo2_proofs::circuit::{Region, Value};
use halo2_proofs::plonk::{
    Advice, Any, Assigned, Assignment, Challenge, Circuit, Column, ConstraintSystem, Error, Fixed, FloorPlanner,
    Instance, Selector,
};
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2curves::bn256::{Bn256, Fr};

use super::column::ColumnBuilder;
use super::shape::Shape;
use super::storage::with_storage;
use crate::ProverError;

/// What happens between two phases of a witness.
pub(super) trait PhaseEnd {
    /// Takes the advice columns of `phase`, blinding rows still zero, and returns the challenges that follow, by index.
    fn end_phase(&mut self, phase: u8, columns: Vec<(usize, Vec<Fr>)>) -> Result<Vec<(usize, Fr)>, ProverError>;
}

/// Runs `circuit` until all its phases have ended.
///
/// # Errors
/// What the circuit's synthesis or `phase_end` fails with; [`ProverError::Witness`] if an assignment is out of bounds
/// or a value is unknown.
pub(super) fn collect<C: Circuit<Fr>>(
    params: &ParamsKZG<Bn256>,
    shape: &Shape,
    circuit: &C,
    instances: &[&[Fr]],
    phase_end: &mut dyn PhaseEnd,
) -> Result<(), ProverError> {
    let mut cs = ConstraintSystem::default();
    let config = C::configure_with_params(&mut cs, circuit.params());
    let constants = cs.constants().clone();
    if cs.advice_column_phase() != shape.advice_phases {
        return Err(ProverError::mismatch(
            "advice columns of the circuit",
            format!("{} as in the key", shape.advice_phases.len()),
            cs.num_advice_columns(),
        ));
    }
    let outcome = with_storage(params, shape.advice_phases.len(), |region| {
        let mut collector = Collector::new(shape, instances, region, phase_end);
        while collector.failure.is_none() && collector.phase < shape.phases() {
            // Circuits that call `next_phase` themselves end all phases in one pass, others need one pass for each.
            let synthesized = C::FloorPlanner::synthesize(&mut collector, circuit, config.clone(), constants.clone());
            if let Err(source) = synthesized {
                collector.fail(ProverError::Halo2 { during: "synthesizing the witness", source });
            }
            if collector.phase < shape.phases() {
                collector.next_phase();
            }
        }
        collector.failure.map_or(Ok(()), Err)
    });
    outcome.map_err(|source| ProverError::Halo2 { during: "synthesizing the witness", source })?
}

struct Collector<'a, 'r> {
    shape: &'a Shape,
    instances: &'a [&'a [Fr]],
    region: &'a mut Region<'r, Fr>,
    phase_end: &'a mut dyn PhaseEnd,
    phase: u8,
    /// Columns of the phases that have not ended; the others have been taken.
    columns: Vec<ColumnBuilder>,
    challenges: HashMap<usize, Fr>,
    /// The first thing that went wrong: halo2's assignments cannot fail.
    failure: Option<ProverError>,
}

impl<'a, 'r> Collector<'a, 'r> {
    fn new(
        shape: &'a Shape,
        instances: &'a [&'a [Fr]],
        region: &'a mut Region<'r, Fr>,
        phase_end: &'a mut dyn PhaseEnd,
    ) -> Self {
        Self {
            shape,
            instances,
            region,
            phase_end,
            phase: 0,
            columns: vec![ColumnBuilder::new(shape.n); shape.advice_phases.len()],
            challenges: HashMap::new(),
            failure: None,
        }
    }

    fn fail(&mut self, error: ProverError) {
        self.failure.get_or_insert(error);
    }

    fn check_cell(&self, column: usize, row: usize) -> Result<(), ProverError> {
        if column >= self.columns.len() {
            let reason = format!("the key has only {} advice columns", self.columns.len());
            return Err(ProverError::Witness { column, row, reason });
        }
        if row >= self.shape.usable_rows() {
            let (needed, available) = (row + 1, self.shape.usable_rows());
            return Err(ProverError::NotEnoughRows { needed, available, k: self.shape.k });
        }
        Ok(())
    }
}

impl Assignment<Fr> for Collector<'_, '_> {
    fn assign_advice<'v>(
        &mut self,
        column: Column<Advice>,
        row: usize,
        to: Value<Assigned<Fr>>,
    ) -> Value<&'v Assigned<Fr>> {
        let mut known = None;
        let _ = to.map(|value| known = Some(value));
        if let Err(error) = self.check_cell(column.index(), row) {
            self.fail(error);
            return Value::unknown();
        }
        let phase = self.shape.advice_phases[column.index()];
        let Some(value) = known else {
            // It may depend on a challenge: then a later pass assigns it.
            if phase > self.phase {
                return Value::unknown();
            }
            let reason = "the assigned value is unknown".into();
            self.fail(ProverError::Witness { column: column.index(), row, reason });
            return Value::unknown();
        };
        // In later passes the columns of earlier phases are committed already.
        if phase >= self.phase {
            self.columns[column.index()].assign(row, &value);
        }
        self.region.assign_advice(column, row, Value::known(value)).value().copied()
    }

    fn query_instance(&self, column: Column<Instance>, row: usize) -> Result<Value<Fr>, Error> {
        if row >= self.shape.usable_rows() {
            return Err(Error::NotEnoughRowsAvailable { current_k: self.shape.k });
        }
        let value = self.instances.get(column.index()).and_then(|column| column.get(row));
        value.map(|value| Value::known(*value)).ok_or(Error::BoundsFailure)
    }

    fn get_challenge(&self, challenge: Challenge) -> Value<Fr> {
        self.challenges.get(&challenge.index()).map_or_else(Value::unknown, |value| Value::known(*value))
    }

    fn next_phase(&mut self) {
        if self.failure.is_some() {
            return;
        }
        if self.phase >= self.shape.phases() {
            self.fail(ProverError::malformed("phases of the circuit", "next_phase was called after the last one"));
            return;
        }
        let columns = self.shape.advice_in(self.phase);
        let columns = columns.into_iter().map(|index| (index, std::mem::take(&mut self.columns[index]).finish()));
        match self.phase_end.end_phase(self.phase, columns.collect()) {
            Ok(challenges) => self.challenges.extend(challenges),
            Err(error) => self.fail(error),
        }
        self.phase += 1;
    }

    // Only advice matters here; the key holds the rest.

    fn enter_region<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn exit_region(&mut self) {}

    fn annotate_column<A: FnOnce() -> AR, AR: Into<String>>(&mut self, _: A, _: Column<Any>) {}

    fn enable_selector<A: FnOnce() -> AR, AR: Into<String>>(
        &mut self,
        _: A,
        _: &Selector,
        _: usize,
    ) -> Result<(), Error> {
        Ok(())
    }

    fn assign_fixed(&mut self, _: Column<Fixed>, _: usize, _: Assigned<Fr>) {}

    fn copy(&mut self, _: Column<Any>, _: usize, _: Column<Any>, _: usize) {}

    fn fill_from_row(&mut self, _: Column<Fixed>, _: usize, _: Value<Assigned<Fr>>) -> Result<(), Error> {
        Ok(())
    }

    fn push_namespace<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn pop_namespace(&mut self, _: Option<String>) {}
}
