//! Circuits that nobody here wrote the constraints of.

use halo2_base::gates::circuit::BaseCircuitParams;
use halo2_base::gates::circuit::builder::BaseCircuitBuilder;
use halo2_base::gates::{GateInstructions, RangeInstructions};
use halo2_proofs::circuit::Layouter;
use halo2_proofs::plonk::{Circuit, ConstraintSystem, Error};
use halo2curves::bn256::Fr;

use super::cases;
use super::harness::{Blake2b, Case, Keccak};
use crate::plonk::{Gwc, Shplonk};

/// A halo2-base circuit with lookups over several columns and a public output, built anew whenever it is asked for.
#[derive(Clone, Debug)]
struct Base {
    k: usize,
    steps: u64,
}

impl Base {
    fn build(&self) -> BaseCircuitBuilder<Fr> {
        let builder = BaseCircuitBuilder::new(false).use_k(self.k).use_lookup_bits(self.k - 1);
        let mut builder = builder.use_instance_columns(1);
        let range = builder.range_chip();
        let ctx = builder.main(0);
        let mut value = ctx.load_witness(Fr::from(1_000_003));
        for step in 0..self.steps {
            let square = range.gate().mul(ctx, value, value);
            let (_, remainder) = range.div_mod(ctx, square, 1_000_033u64 + step, 48);
            range.range_check(ctx, remainder, 21);
            range.check_less_than_safe(ctx, remainder, 1 << 20);
            let sum = range.gate().add(ctx, remainder, value);
            let is_zero = range.gate().is_zero(ctx, sum);
            value = range.gate().select(ctx, value, remainder, is_zero);
        }
        builder.assigned_instances[0].push(value);
        builder.calculate_params(Some(9));
        builder
    }
}

impl Circuit<Fr> for Base {
    type Config = <BaseCircuitBuilder<Fr> as Circuit<Fr>>::Config;
    type FloorPlanner = <BaseCircuitBuilder<Fr> as Circuit<Fr>>::FloorPlanner;
    type Params = BaseCircuitParams;

    fn params(&self) -> BaseCircuitParams {
        self.build().params()
    }

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, params: BaseCircuitParams) -> Self::Config {
        BaseCircuitBuilder::configure_with_params(meta, params)
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Self::Config {
        unreachable!("configured with parameters")
    }

    fn synthesize(&self, config: Self::Config, layouter: impl Layouter<Fr>) -> Result<(), Error> {
        self.build().synthesize(config, layouter)
    }
}

#[test]
fn halo2_base() {
    for (k, steps) in cases([(8, 10), (10, 60), (14, 2000)], 2) {
        let circuit = Base { k, steps };
        let public = *circuit.build().assigned_instances[0][0].value();

        let circuits = [circuit];
        let instances = [vec![vec![public]]];
        let case = Case::new(k as u32, &circuits, &instances, false);
        assert!(case.pk.get_vk().cs().num_advice_columns() > 2 && !case.pk.get_vk().cs().lookups().is_empty());
        case.check::<Shplonk, Blake2b>();
        case.check::<Gwc, Keccak>();
    }
}
