//! Addition and multiplication gates with copies, constants, an instance column and a range table: the columns of
//! halo2's `plonk_api` test, with other contents.

use ff::Field;
use halo2_proofs::circuit::{Cell, Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::plonk::{
    Advice, Assigned, Circuit, Column, ConstraintSystem, Error, Fixed, Instance, Selector, TableColumn,
};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;

#[derive(Clone, Debug)]
pub(crate) struct Config {
    a: Column<Advice>,
    b: Column<Advice>,
    c: Column<Advice>,
    /// Only ever looked up.
    e: Column<Advice>,
    q_a: Column<Fixed>,
    q_b: Column<Fixed>,
    q_ab: Column<Fixed>,
    q_c: Column<Fixed>,
    public: Column<Instance>,
    with_next: Selector,
    table: TableColumn,
}

/// `rows` alternating additions and multiplications, whose last result is public.
#[derive(Clone, Debug)]
pub(crate) struct Standard {
    pub(crate) rows: usize,
    pub(crate) start: Fr,
    /// Assigns fractions instead of values.
    pub(crate) fractions: bool,
}

const TABLE: u64 = 9;

impl Standard {
    fn step(row: usize, a: Fr, b: Fr) -> Fr {
        if row.is_multiple_of(2) { a * b } else { a + b }
    }

    pub(crate) fn instance(&self) -> Vec<Vec<Fr>> {
        let (mut a, mut b) = (self.start, self.start + Fr::ONE);
        for row in 0..self.rows {
            (a, b) = (b, Self::step(row, a, b));
        }
        vec![vec![b]]
    }

    /// The value as the circuit assigns it: with a denominator, or with one of zero for a value of zero.
    fn assigned(&self, value: Fr) -> Value<Assigned<Fr>> {
        Value::known(match (self.fractions, bool::from(value.is_zero())) {
            (false, _) => Assigned::Trivial(value),
            (true, false) => Assigned::Rational(value * Fr::from(6), Fr::from(6)),
            (true, true) => Assigned::Rational(Fr::from(6), Fr::ZERO),
        })
    }
}

impl Circuit<Fr> for Standard {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        let [e, a, b] = [(); 3].map(|()| meta.advice_column());
        let [q_a, q_b] = [(); 2].map(|()| meta.fixed_column());
        let c = meta.advice_column();
        let [q_ab, q_c] = [(); 2].map(|()| meta.fixed_column());
        let public = meta.instance_column();
        let table = meta.lookup_table_column();
        let with_next = meta.selector();
        [a, b, c].into_iter().for_each(|column| meta.enable_equality(column));
        meta.enable_equality(public);
        meta.lookup("range", |meta| vec![(meta.query_advice(e, Rotation::cur()), table)]);
        meta.create_gate("q_a a + q_b b + q_ab a b = q_c c", |meta| {
            let [a, b, c] = [a, b, c].map(|column| meta.query_advice(column, Rotation::cur()));
            let [q_a, q_b, q_ab, q_c] = [q_a, q_b, q_ab, q_c].map(|column| meta.query_fixed(column, Rotation::cur()));
            vec![a.clone() * q_a + b.clone() * q_b + a * b * q_ab - c * q_c]
        });
        meta.create_gate("c = b of the next row", |meta| {
            let with_next = meta.query_selector(with_next);
            vec![with_next * (meta.query_advice(c, Rotation::cur()) - meta.query_advice(b, Rotation::next()))]
        });
        Config { a, b, c, e, q_a, q_b, q_ab, q_c, public, with_next, table }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_table(
            || "range",
            |mut table| {
                (0..TABLE as usize).try_for_each(|row| {
                    table.assign_cell(|| "", config.table, row, || Value::known(Fr::from(row as u64)))
                })
            },
        )?;
        let result = layouter.assign_region(
            || "rows",
            |mut region| {
                let (mut a, mut b) = (self.start, self.start + Fr::ONE);
                let mut cells: Option<[Cell; 2]> = None;
                for row in 0..self.rows {
                    let c = Self::step(row, a, b);
                    let assigned = [(config.a, a), (config.b, b), (config.c, c)]
                        .map(|(column, value)| region.assign_advice(column, row, self.assigned(value)));
                    let [a_cell, b_cell, c_cell] = assigned.each_ref().map(|cell| cell.cell());
                    // What the region hands out must be what was assigned.
                    assigned[2].value().map(|value| assert_eq!(value.evaluate(), c));
                    if let Some([b_before, c_before]) = cells {
                        region.constrain_equal(a_cell, b_before);
                        region.constrain_equal(c_before, b_cell);
                    }
                    region.assign_advice(config.e, row, Value::known(Fr::from(row as u64 * 5 % TABLE)));
                    let product = row.is_multiple_of(2);
                    region.assign_fixed(config.q_a, row, Fr::from(u64::from(!product)));
                    region.assign_fixed(
                        config.q_b,
                        row,
                        Assigned::Rational(Fr::from(u64::from(!product) * 3), Fr::from(3)),
                    );
                    region.assign_fixed(config.q_ab, row, Fr::from(u64::from(product)));
                    region.assign_fixed(config.q_c, row, Fr::ONE);
                    if row + 1 < self.rows {
                        config.with_next.enable(&mut region, row)?;
                    }
                    cells = Some([b_cell, c_cell]);
                    (a, b) = (b, c);
                }
                Ok(cells.map(|[_, c]| c))
            },
        )?;
        if let Some(result) = result {
            layouter.constrain_instance(result, config.public, 0);
        }
        Ok(())
    }
}
