//! Circuit against native engine, and the engine against known values.

use halo2_proofs::circuit::{Cell, Layouter, SimpleFloorPlanner};
use halo2_proofs::dev::MockProver;
use halo2_proofs::plonk::{Circuit, ConstraintSystem, Error};
use halo2curves::bn256::Fr;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::{Arc, Mutex};
use zomma_gadgets::frame::{Cursor, Lanes};
use zomma_gadgets::testing::AdviceCell;

use super::carry_chip::ValueWords;
use super::chip::PricingChip;
use super::native::{Terms, Valuation, value};
use super::{Kind, RATE_BITS};

/// Random terms over the whole domain, corners included.
pub(crate) fn random_terms(rng: &mut impl Rng) -> Terms {
    let one = (1u64 << RATE_BITS) as f64;
    let spot = ((rng.gen_range(0.0..63.0f64)).exp2() as u64).clamp(1, (1 << 63) - 1);
    let moneyness = if rng.gen_bool(0.1) { 0.0 } else { rng.gen_range(-3.0..3.0f64) * rng.gen_range(0.0..1.0f64) };
    let strike = (((spot as f64) * moneyness.exp()) as u64).clamp(1, (1 << 63) - 1);
    let seconds = match rng.gen_range(0..10) {
        0 => 0,
        1 => 1,
        2 => 5 * super::YEAR,
        3 => rng.gen_range(1..86_400),
        _ => rng.gen_range(1..5 * super::YEAR),
    };
    let vol = match rng.gen_range(0..8) {
        0 => 0.01,
        1 => 5.0,
        _ => rng.gen_range(0.01..2.0),
    };
    Terms {
        kind: if rng.r#gen() { Kind::Call } else { Kind::Put },
        spot,
        strike,
        seconds,
        vol: (vol * one) as u64,
        rate: (rng.gen_range(-0.5..1.0f64) * one) as i64,
        dividend: (rng.gen_range(-0.5..1.0f64) * one) as i64,
    }
}

/// The chip on several options.
#[derive(Clone)]
pub(super) struct Options {
    terms: Vec<Terms>,
    known: bool,
    found: Arc<Mutex<Vec<Valuation>>>,
    /// Where the last option's price, delta, gamma, vega, theta and rho are.
    pub(super) outputs: Arc<Mutex<Vec<AdviceCell>>>,
}

impl Options {
    pub(super) fn new(terms: &[Terms]) -> Self {
        Self { terms: terms.to_vec(), known: true, found: Arc::default(), outputs: Arc::default() }
    }
}

impl Circuit<Fr> for Options {
    type Config = (Lanes, PricingChip);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self { known: false, ..self.clone() }
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let lanes = Lanes::configure(meta);
        let chip = PricingChip::configure(meta, &lanes);
        (lanes, chip)
    }

    fn synthesize(&self, (lanes, chip): Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        lanes.load_table(&mut layouter)?;
        let found = layouter.assign_region(
            || "options",
            |mut region| {
                let mut cursor = Cursor::new(&mut region, &lanes);
                let mut found = vec![];
                for terms in &self.terms {
                    let words = chip.terms(&mut cursor, self.known.then_some(terms));
                    let value = chip.value(&mut cursor, &words);
                    let ValueWords { price, delta, gamma, vega, theta, rho, .. } = &value;
                    let cells = [price, delta, gamma, vega, theta, rho].map(|word| {
                        let Cell { row_offset, column, .. } = word.cell;
                        (column.index(), row_offset)
                    });
                    *self.outputs.lock().expect("no test panics while it holds the lock") = cells.to_vec();
                    if let (Some(price), Some(delta), Some(gamma), Some(vega), Some(theta), Some(rho)) = (
                        value.price.value,
                        value.delta.value,
                        value.gamma.value,
                        value.vega.value,
                        value.theta.value,
                        value.rho.value,
                    ) {
                        found.push(Valuation {
                            price: price.as_u128(),
                            delta: delta.as_i64(),
                            gamma: gamma.as_u128(),
                            vega: vega.as_u128(),
                            theta: theta.as_i128(),
                            rho: rho.as_i128(),
                        });
                    }
                }
                Ok(found)
            },
        )?;
        if !found.is_empty() {
            *self.found.lock().expect("no test panics while it holds the lock") = found;
        }
        Ok(())
    }
}

#[test]
fn costs_are_within_their_targets() {
    let mut meta = ConstraintSystem::<Fr>::default();
    let lanes = Lanes::configure(&mut meta);
    let chip = PricingChip::configure(&mut meta, &lanes);
    let cost = chip.option_cost();
    println!("{cost:?} degree {} table {}", meta.degree(), Lanes::table_rows());
    println!("{chip:?}", chip = chip.costs());
    assert!(cost.advice_cells <= 512 && cost.area <= 640, "{cost:?}");
    assert_eq!(meta.degree(), 5);
}

#[test]
fn circuit_and_engine_agree_on_a_thousand_options() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let terms: Vec<Terms> = (0..1000).map(|_| random_terms(&mut rng)).collect();
    // As many at a time as k = 16 holds.
    for terms in terms.chunks(400) {
        let circuit = Options::new(terms);
        let prover = MockProver::run(16, &circuit, vec![]).expect("the circuit fits");
        let found = circuit.found.lock().expect("no test panics while it holds the lock").clone();
        assert_eq!(found.len(), terms.len());
        for (terms, found) in terms.iter().zip(&found) {
            assert_eq!(&value(terms), found, "{terms:?}");
        }
        prover.assert_satisfied();
    }
}

#[test]
fn a_textbook_option() {
    let one = (1u64 << RATE_BITS) as f64;
    let terms = Terms {
        kind: Kind::Call,
        spot: 10_000_000_000,
        strike: 10_000_000_000,
        seconds: super::YEAR,
        vol: (0.2 * one).round() as u64,
        rate: (0.05 * one).round() as i64,
        dividend: 0,
    };
    let found = value(&terms);
    println!("{found:?}");
    // Hull: 10.450583572185565 for S = K = 100, r = 5 %, sigma = 20 %, T = 1; delta 0.6368306511756191, vega 37.52403469169379.
    assert_eq!(found.price, 1_045_058_357);
    assert!((found.delta as f64 / 2f64.powi(56) - 0.636_830_651_175_619_1).abs() < 1e-11);
    assert_eq!(found.vega, 3_752_403_469);
}
