//! Circuits that go wrong, each in one way.

use ff::Field;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Instance, TableColumn};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;

/// What the circuit does when it is proven. Its keys are made without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Looks a value up that is not in the table.
    NotInTable,
    /// Assigns an unknown value.
    Unknown,
    /// Assigns a row beyond the usable ones.
    Row(usize),
    /// Assigns a column that is not in the constraint system.
    Column,
    /// Fails by itself.
    Synthesis,
    /// Reads an instance row that is not given.
    Instance,
    /// Ends a phase too many.
    Phase,
    /// Panics.
    Panic,
}

#[derive(Clone, Debug)]
pub(crate) struct Misfit(pub(crate) Fault);

#[derive(Clone, Debug)]
pub(crate) struct Config {
    looked_up: Column<Advice>,
    public: Column<Instance>,
    table: TableColumn,
}

impl Circuit<Fr> for Misfit {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self(Fault::None)
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        let (looked_up, table, public) = (meta.advice_column(), meta.lookup_table_column(), meta.instance_column());
        meta.enable_equality(looked_up);
        meta.enable_equality(public);
        meta.lookup("three values", |meta| vec![(meta.query_advice(looked_up, Rotation::cur()), table)]);
        Config { looked_up, public, table }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_table(
            || "three values",
            |mut table| {
                (0..3).try_for_each(|row| {
                    table.assign_cell(|| "", config.table, row, || Value::known(Fr::from(row as u64)))
                })
            },
        )?;
        layouter.assign_region(
            || "cells",
            |mut region| {
                let mut assign = |row, value| region.assign_advice(config.looked_up, row, value);
                assign(0, Value::known(Fr::ONE));
                match self.0 {
                    Fault::None => {}
                    Fault::NotInTable => {
                        assign(1, Value::known(Fr::from(3)));
                    }
                    Fault::Unknown => {
                        assign(1, Value::<Fr>::unknown());
                    }
                    Fault::Row(row) => {
                        assign(row, Value::known(Fr::ONE));
                    }
                    Fault::Column => {
                        let mut other = ConstraintSystem::<Fr>::default();
                        let column = [(); 8].map(|()| other.advice_column())[7];
                        region.assign_advice(column, 0, Value::known(Fr::ONE));
                    }
                    Fault::Synthesis => return Err(Error::Synthesis),
                    Fault::Instance => {
                        region.assign_advice_from_instance(|| "", config.public, 2, config.looked_up, 1)?;
                    }
                    Fault::Phase => {
                        region.next_phase();
                        region.next_phase();
                    }
                    Fault::Panic => panic!("the circuit's own"),
                }
                Ok(())
            },
        )
    }
}
