//! The native engine against the big-integer model in `tools/oracle/exchange`, which was written from the book chapter alone.
//!
//! The engine writes a trace of a random venue and of random portfolios; the model replays it and compares every
//! rejection, receipt, margin figure and state root.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::{
    encoding::hex_fr,
    margin::{Holding, MarginError, RiskRow, SCENARIOS, assess},
    state::{
        ApplyError, Reject,
        ids::{InstrumentId, MarketId, OptionKind},
        receipt::Receipt,
        testing::{Shape, Venue, spoil::extreme_variants, venue::params},
        tx::{Noop, Tx},
    },
};

/// Roots are compared after every so many transactions.
const ROOT_EVERY: usize = 25;

fn model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/oracle/exchange/check_trace.py")
}

/// Whether python3 is installed; where tools are required, it must be.
pub(super) fn python_is_there() -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(found || std::env::var_os("ZOMMA_REQUIRE_TOOLS").is_none(), "python3 is not installed");
    if !found {
        println!("not run: python3 is not installed");
    }
    found
}

/// How many transactions and portfolios: few by default, 100,000 of each with `ZOMMA_FULL=1`.
fn amount(quick: usize) -> usize {
    if std::env::var("ZOMMA_FULL").is_ok_and(|value| value == "1") {
        return 100_000;
    }
    println!("not run: the 100,000 cases of ZOMMA_FULL=1; {quick} instead");
    quick
}

pub(super) fn check(trace: &Path) {
    let output = Command::new("python3").arg(model()).arg(trace).output().expect("python3 runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    println!("{said}");
}

pub(super) fn transaction_line(tx: &Tx, result: &Result<Receipt, ApplyError>) -> Value {
    match result {
        Ok(receipt) => json!({ "tx": tx, "ok": receipt }),
        Err(ApplyError::Rejected(reject)) => {
            let field = if let Reject::OutOfRange { field } = reject { Some(field) } else { None };
            json!({ "tx": tx, "reject": reject.code(), "field": field })
        }
        Err(ApplyError::Store(error)) => panic!("the store failed: {error}"),
    }
}

#[test]
fn agrees_with_the_model_on_random_transactions() {
    if !python_is_there() {
        return;
    }
    let wanted = amount(1_500);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("trace.jsonl");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    let mut written = 0;
    let mut seed = 1;
    while written < wanted {
        // A fresh venue now and then, so that states do not all look alike.
        let mut venue = Venue::new(seed, Shape::default());
        seed += 1;
        writeln!(file, "{}", json!({ "params": venue.state.params() })).unwrap();
        let this_venue = (wanted - written).min(5_000);
        let mut here = 0;
        while here < this_venue {
            let log = std::mem::take(&mut venue.log);
            let last = log.len().saturating_sub(1);
            for (index, (tx, result)) in log.iter().enumerate() {
                let mut line = transaction_line(tx, result);
                here += 1;
                // The root is that of the state after the whole step, so it goes with the step's last transaction.
                if index == last && here % ROOT_EVERY < log.len() {
                    line["root"] = hex_fr::to_string(&venue.state.root().unwrap()).into();
                }
                writeln!(file, "{line}").unwrap();
            }
            venue.step();
        }
        written += here;
    }
    file.flush().unwrap();
    check(&path);
}

#[test]
fn agrees_with_the_model_on_every_field_at_every_extreme() {
    if !python_is_there() {
        return;
    }
    let full = std::env::var("ZOMMA_FULL").is_ok_and(|value| value == "1");
    let step = if full { 1 } else { 67 };
    if !full {
        println!("not run: all fields of ZOMMA_FULL=1; one in {step} instead");
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("extremes.jsonl");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    let mut venue = Venue::new(1, Shape { actors: 3, ..Shape::default() });
    writeln!(file, "{}", json!({ "params": venue.state.params() })).unwrap();
    let (instrument, price) = (venue.instruments()[0], venue.spot);
    let fill = venue.trade(3, 2, instrument, price, 100);
    venue.must(fill);
    venue.time += 1;
    let actors = [2, 3, 4];
    for number in 0..20 {
        // A risk array has hundreds of like fields; its first row stands for all.
        let sample = &venue.one_of_each(actors)[number];
        let step = if matches!(sample, Tx::AdoptRisk(_)) { 61 * step } else { step };
        for index in 0..extreme_variants(sample).len().div_ceil(step) {
            for signed in [true, false] {
                // What went before may have been accepted, so the transaction is made anew.
                let sample = &venue.one_of_each(actors)[number];
                let Some(variant) = extreme_variants(sample).into_iter().nth(index * step) else { continue };
                let variant = if signed { venue.sign_again(variant) } else { variant };
                let _ = venue.apply(variant);
            }
        }
    }
    for (tx, result) in &venue.log {
        writeln!(file, "{}", transaction_line(tx, result)).unwrap();
    }
    let mut last = transaction_line(&Noop {}.into(), &venue.state.apply(&Noop {}.into()));
    last["root"] = hex_fr::to_string(&venue.state.root().unwrap()).into();
    writeln!(file, "{last}").unwrap();
    file.flush().unwrap();
    check(&path);
}

/// A random row: realistic magnitudes most of the time, the whole range sometimes.
fn random_row(rng: &mut ChaCha8Rng, instrument: InstrumentId) -> RiskRow {
    let bits = if rng.gen_ratio(1, 200) { 63 } else { rng.gen_range(10..40) };
    let mut any = || rng.gen_range(0..1u64 << bits);
    let prices: [u64; SCENARIOS + 1] = core::array::from_fn(|_| any());
    RiskRow { instrument, expiry: 0, strike: 0, spot: any(), prices, greeks: Default::default() }
}

#[test]
fn agrees_with_the_model_on_random_portfolios() {
    if !python_is_there() {
        return;
    }
    let rng = &mut ChaCha8Rng::seed_from_u64(7);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("portfolios.jsonl");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    let mut rules = params(Default::default(), &[]);
    writeln!(file, "{}", json!({ "params": rules })).unwrap();
    for number in 0..amount(1_500) {
        if number % 500 == 499 {
            rules.margin.weights.iter_mut().for_each(|weight| *weight = rng.gen_range(0..=10_000));
            rules.margin.mm_factor = rng.gen_range(0..=10_000);
            writeln!(file, "{}", json!({ "params": rules })).unwrap();
        }
        let size = if rng.gen_ratio(1, 50) { 128 } else { rng.gen_range(0..12) };
        let mut instruments: Vec<(InstrumentId, bool)> = (0..size)
            .map(|_| {
                let market = MarketId(rng.gen_range(0..3));
                let kind = if rng.r#gen() { OptionKind::Call } else { OptionKind::Put };
                let perpetual = market.0 == 0;
                let index = if perpetual { 0 } else { rng.gen_range(0..80) };
                (
                    InstrumentId::option(market, index, if perpetual { OptionKind::Call } else { kind }).unwrap(),
                    perpetual,
                )
            })
            .collect();
        instruments.sort_unstable();
        instruments.dedup();
        let qty_bits = if rng.gen_ratio(1, 20) { 53 } else { 30 };
        let rows: Vec<RiskRow> = instruments.iter().map(|(id, _)| random_row(rng, *id)).collect();
        let holdings: Vec<Holding<'_>> = instruments
            .iter()
            .zip(&rows)
            .map(|((instrument, perpetual), row)| Holding {
                instrument: *instrument,
                qty: rng.gen_range(1..1i64 << qty_bits) * if rng.r#gen() { 1 } else { -1 },
                perpetual: *perpetual,
                funding_index: if *perpetual { rng.gen_range(-(1i64 << 40)..1 << 40) } else { 0 },
                row,
            })
            .collect();
        let cash = rng.gen_range(-(1i128 << 95) + 1..1 << 95) >> rng.gen_range(0..60);
        let reserve = rng.gen_range(0..1u64 << 63) >> rng.gen_range(0..60);
        let listed: Vec<Value> = holdings
            .iter()
            .map(|holding| {
                json!({ "instrument": holding.instrument, "qty": holding.qty, "perpetual": holding.perpetual,
                        "funding_index": holding.funding_index, "row": holding.row })
            })
            .collect();
        let portfolio = json!({ "cash": cash.to_string(), "reserve": reserve, "holdings": listed });
        let line = match assess(&rules.margin, cash, reserve, &holdings) {
            Ok(health) => json!({ "portfolio": portfolio, "ok": health }),
            Err(MarginError::ExposureTooLarge) => {
                json!({ "portfolio": portfolio, "reject": "exposure_too_large", "field": null })
            }
            Err(MarginError::EquityOverflow) => {
                json!({ "portfolio": portfolio, "reject": "equity_overflow", "field": null })
            }
        };
        writeln!(file, "{line}").unwrap();
    }
    file.flush().unwrap();
    check(&path);
}
