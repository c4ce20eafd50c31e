//! A lookup whose table is the columns that it reads from: entries in some rows, reads in others, told apart by fixed columns.

use ff::Field;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Fixed};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;

#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    /// How many entries there are, with keys from 1.
    pub(crate) entries: u64,
    /// Keys of the reads.
    pub(crate) reads: Vec<u64>,
}

type Columns = ([Column<Advice>; 4], [Column<Fixed>; 2]);

impl Circuit<Fr> for Ledger {
    type Config = Columns;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Columns {
        let cells = [(); 4].map(|()| meta.advice_column());
        cells.iter().for_each(|column| meta.enable_equality(*column));
        let [entry, read] = [(); 2].map(|()| meta.fixed_column());
        meta.lookup_any("entries", |meta| {
            let [entry, read] = [entry, read].map(|column| meta.query_fixed(column, Rotation::cur()));
            let row = cells.map(|column| meta.query_advice(column, Rotation::cur()));
            let tag = (read.clone(), entry);
            [tag].into_iter().chain(row.map(|cell| (read.clone() * cell.clone(), cell))).collect()
        });
        (cells, [entry, read])
    }

    fn synthesize(&self, (cells, [entry, read]): Columns, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || "ledger",
            |mut region| {
                // Row 0 stays blank: every row that is no read finds it.
                let keys = (1..=self.entries).map(|key| (entry, key)).chain(self.reads.iter().map(|key| (read, *key)));
                for (row, (kind, key)) in (1..).zip(keys) {
                    region.assign_fixed(kind, row, Fr::ONE);
                    let mut value = Fr::from(key);
                    for column in cells {
                        region.assign_advice(column, row, Value::known(value));
                        value = value.square() + Fr::ONE;
                    }
                }
                Ok(())
            },
        )
    }
}
