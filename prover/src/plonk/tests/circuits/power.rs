//! One gate of any degree: `b = a^d` with a selector in front, which makes its degree d + 1.

use ff::Field;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Selector};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;

#[derive(Clone, Debug)]
pub(crate) struct Power {
    /// Degree of the gate.
    pub(crate) degree: usize,
    pub(crate) rows: usize,
}

impl Circuit<Fr> for Power {
    type Config = (Selector, Column<Advice>, Column<Advice>);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = usize;

    fn params(&self) -> usize {
        self.degree
    }

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Self::Config {
        unreachable!("configured with parameters")
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, degree: usize) -> Self::Config {
        let (selector, a, b) = (meta.selector(), meta.advice_column(), meta.advice_column());
        meta.create_gate("power", |meta| {
            let a = meta.query_advice(a, Rotation::cur());
            let power = (1..degree - 1).fold(a.clone(), |power, _| power * a.clone());
            vec![meta.query_selector(selector) * (meta.query_advice(b, Rotation::cur()) - power)]
        });
        (selector, a, b)
    }

    fn synthesize(&self, (selector, a, b): Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || "powers",
            |mut region| {
                for row in 0..self.rows {
                    let value = Fr::from(row as u64 + 2);
                    selector.enable(&mut region, row)?;
                    region.assign_advice(a, row, Value::known(value));
                    region.assign_advice(b, row, Value::known(value.pow_vartime([self.degree as u64 - 1])));
                }
                Ok(())
            },
        )
    }
}
