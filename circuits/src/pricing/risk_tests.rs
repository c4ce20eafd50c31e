//! Rows of the risk array: circuit against native engine.

use std::sync::{Arc, Mutex};

use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::dev::MockProver;
use halo2_proofs::plonk::{Circuit, ConstraintSystem, Error};
use halo2curves::bn256::Fr;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use zomma_gadgets::frame::{Block, BlockBuilder, Cursor, Lanes};

use super::native::{Terms, Valuation};
use super::risk_chip::{ExpiryTerms, InstrumentTerms, RiskChip, RowWords};
use super::risk_native::{ExpiryRisk, RiskRow};
use super::scenario::{SCENARIOS, ScenarioSet};
use super::tests::random_terms;

const TIME: u64 = 1_700_000_000;

/// The chip on groups of instruments.
#[derive(Clone)]
pub(super) struct Rows {
    set: ScenarioSet,
    groups: Vec<Group>,
    known: bool,
    found: Arc<Mutex<Vec<RiskRow>>>,
}

/// An expiry with its instruments.
type Group = (ExpiryTerms, Vec<InstrumentTerms>);

impl Rows {
    pub(super) fn new(groups: &[Group]) -> Self {
        Self { set: ScenarioSet::standard(), groups: groups.to_vec(), known: true, found: Arc::default() }
    }
}

fn row(words: &RowWords) -> Option<RiskRow> {
    let base = &words.base;
    Some(RiskRow {
        base: Valuation {
            price: base.price.value?.as_u128(),
            delta: base.delta.value?.as_i64(),
            gamma: base.gamma.value?.as_u128(),
            vega: base.vega.value?.as_u128(),
            theta: base.theta.value?.as_i128(),
            rho: base.rho.value?.as_i128(),
        },
        prices: words.prices.iter().map(|price| price.value.map(|value| value.as_u64())).collect::<Option<_>>()?,
    })
}

impl Circuit<Fr> for Rows {
    type Config = (Lanes, RiskChip, Block);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self { known: false, ..self.clone() }
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let lanes = Lanes::configure(meta);
        let chip = RiskChip::configure(meta, &lanes);
        let mut zero = BlockBuilder::new("zero");
        let cell = {
            use zomma_gadgets::fixed::FixedPointInstructions;
            zero.named("0", &zomma_gadgets::frame::Integer::constant(0))
        };
        zero.output(&cell);
        let zero = zero.configure(meta, &lanes);
        (lanes, chip, zero)
    }

    fn synthesize(&self, (lanes, chip, zero): Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        lanes.load_table(&mut layouter)?;
        let found = layouter.assign_region(
            || "rows",
            |mut region| {
                let mut cursor = Cursor::new(&mut region, &lanes);
                let [zero] = cursor.block(&zero, &[]);
                let time = chip.time(&mut cursor, self.known.then_some(TIME));
                let set = chip.scenarios(&mut cursor, self.known.then_some(&self.set));
                let mut least = zero.clone();
                let mut found = vec![];
                for (expiry, instruments) in &self.groups {
                    let expiry = chip.expiry(&mut cursor, &time, &set, self.known.then_some(expiry));
                    for instrument in instruments {
                        let words = chip.row(&mut cursor, &expiry, (&least, &zero), self.known.then_some(instrument));
                        found.extend(row(&words));
                        least = words.next_id;
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

/// Instruments over a random expiry, with prices that fit the lanes.
pub(super) fn group(rng: &mut impl Rng, set: &ScenarioSet, first_id: u32, count: u32) -> Group {
    let mut shared = random_terms(rng);
    shared.spot = shared.spot.min(1 << 50);
    let expiry = ExpiryTerms {
        spot: shared.spot,
        expiry: TIME + u64::from(shared.seconds),
        rate: shared.rate,
        dividend: shared.dividend,
    };
    let risk = ExpiryRisk::new(set, shared.spot, shared.seconds, shared.rate, shared.dividend);
    let mut instruments = vec![];
    while instruments.len() < count as usize {
        let other = random_terms(rng);
        let strike = ((shared.spot as f64 * rng.gen_range(-2.0..2.0f64).exp()) as u64).max(1);
        let terms = Terms { strike, vol: other.vol, kind: other.kind, ..shared };
        if risk.row(&terms).is_some() {
            instruments.push(InstrumentTerms {
                id: first_id + 3 * instruments.len() as u32,
                active: rng.r#gen(),
                terms,
            });
        }
    }
    (expiry, instruments)
}

/// Circuits of 76 instruments each: one by default, 1,000 instruments in all with `ZOMMA_FULL=1`.
fn circuits() -> usize {
    if std::env::var("ZOMMA_FULL").is_ok_and(|value| value == "1") {
        14
    } else {
        println!("not run: 13 more circuits of 76 instruments, without ZOMMA_FULL=1");
        1
    }
}

#[test]
fn circuit_and_engine_agree_on_every_scenario() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let set = ScenarioSet::standard();
    set.check().expect("the default set is within its domain");
    for _ in 0..circuits() {
        let groups: Vec<_> = (0..19).map(|index| group(&mut rng, &set, 1000 * index, 4)).collect();
        let circuit = Rows::new(&groups);
        let prover = MockProver::run(16, &circuit, vec![]).expect("the circuit fits");
        let found = circuit.found.lock().expect("no test panics while it holds the lock").clone();
        let mut rows = found.iter();
        for (expiry, instruments) in &groups {
            for instrument in instruments {
                let Terms { spot, seconds, rate, dividend, .. } = instrument.terms;
                assert_eq!((spot, rate, dividend), (expiry.spot, expiry.rate, expiry.dividend));
                let native = ExpiryRisk::new(&set, spot, seconds, rate, dividend).row(&instrument.terms);
                assert_eq!(native.as_ref(), rows.next(), "{instrument:?}");
            }
        }
        assert!(rows.next().is_none());
        assert_eq!(found[0].prices.len(), SCENARIOS);
        prover.assert_satisfied();
    }
}

#[test]
fn a_scenario_is_within_its_target() {
    let mut meta = ConstraintSystem::<Fr>::default();
    let lanes = Lanes::configure(&mut meta);
    let chip = RiskChip::configure(&mut meta, &lanes);
    let cost = chip.scenario_cost();
    println!("{:?}", chip.costs());
    assert!(cost.advice_cells <= 128 && cost.area <= 160, "{cost:?}");
    assert_eq!(meta.degree(), 5);
}
