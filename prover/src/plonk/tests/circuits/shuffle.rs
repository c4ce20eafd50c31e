//! One set of columns is a permutation of another: a running product in the second phase over challenges of the first,
//! as in halo2's `shuffle` example.

use ff::{Field, PrimeField};
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::plonk::{
    Advice, Challenge, Circuit, Column, ConstraintSystem, Error, FirstPhase, SecondPhase, Selector,
};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;

const WIDTH: usize = 3;

#[derive(Clone, Debug)]
pub(crate) struct Config {
    step: Selector,
    end: Selector,
    original: [Column<Advice>; WIDTH],
    shuffled: [Column<Advice>; WIDTH],
    product: Column<Advice>,
    theta: Challenge,
    gamma: Challenge,
}

/// `rows` rows, and the same in reverse order.
#[derive(Clone, Debug)]
pub(crate) struct Shuffle {
    pub(crate) rows: usize,
}

impl Shuffle {
    fn cell(&self, column: usize, row: usize) -> Fr {
        Fr::MULTIPLICATIVE_GENERATOR.pow_vartime([(column * self.rows + row) as u64])
    }

    /// Numerator and denominator of the product's step in a row.
    fn factors(&self, row: usize, theta: Fr, gamma: Fr) -> (Fr, Fr) {
        let compress = |row| (0..WIDTH).fold(Fr::ZERO, |acc, column| acc * theta + self.cell(column, row)) + gamma;
        (compress(row), compress(self.rows - 1 - row))
    }
}

impl Circuit<Fr> for Shuffle {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        let [step, end] = [(); 2].map(|()| meta.selector());
        let original = [(); WIDTH].map(|()| meta.advice_column_in(FirstPhase));
        let shuffled = [(); WIDTH].map(|()| meta.advice_column_in(FirstPhase));
        let [theta, gamma] = [(); 2].map(|()| meta.challenge_usable_after(FirstPhase));
        let product = meta.advice_column_in(SecondPhase);
        meta.create_gate("the product is one at both ends", |meta| {
            let one = halo2_proofs::plonk::Expression::Constant(Fr::ONE);
            vec![meta.query_selector(end) * (one - meta.query_advice(product, Rotation::cur()))]
        });
        meta.create_gate("z (original + gamma) = z_next (shuffled + gamma)", |meta| {
            let [theta, gamma] = [theta, gamma].map(|challenge| meta.query_challenge(challenge));
            let mut compress = |columns: [Column<Advice>; WIDTH]| {
                let columns = columns.map(|column| meta.query_advice(column, Rotation::cur()));
                columns.into_iter().reduce(|acc, column| acc * theta.clone() + column).unwrap() + gamma.clone()
            };
            let (original, shuffled) = (compress(original), compress(shuffled));
            let [z, z_next] = [Rotation::cur(), Rotation::next()].map(|at| meta.query_advice(product, at));
            vec![meta.query_selector(step) * (z * original - z_next * shuffled)]
        });
        Config { step, end, original, shuffled, product, theta, gamma }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || "shuffle",
            |mut region| {
                config.end.enable(&mut region, 0)?;
                config.end.enable(&mut region, self.rows)?;
                for row in 0..self.rows {
                    config.step.enable(&mut region, row)?;
                    for column in 0..WIDTH {
                        let values = [self.cell(column, row), self.cell(column, self.rows - 1 - row)];
                        region.assign_advice(config.original[column], row, Value::known(values[0]));
                        region.assign_advice(config.shuffled[column], row, Value::known(values[1]));
                    }
                }
                region.next_phase();
                let challenges = region.get_challenge(config.theta).zip(region.get_challenge(config.gamma));
                let mut z = Value::known(Fr::ONE);
                for row in 0..=self.rows {
                    region.assign_advice(config.product, row, z);
                    if row < self.rows {
                        z = z.zip(challenges).map(|(z, (theta, gamma))| {
                            let (numerator, denominator) = self.factors(row, theta, gamma);
                            z * numerator * denominator.invert().unwrap()
                        });
                    }
                }
                Ok(())
            },
        )
    }
}
