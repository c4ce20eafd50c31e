//! The native exchange: margin of a full account, fills, hashing of the state. Ends with a histogram of margin times, whose 99th percentile
//! has a goal: below one millisecond for 128 positions under 33 scenarios.
// The macros of criterion make a public function without documentation.
#![allow(missing_docs)]

use std::{hint::black_box, time::Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group};
use zomma_circuits::state::{
    State,
    ids::{AccountId, InstrumentId, MarketId, OptionKind},
    params::Depths,
    testing::{Shape, Venue},
    tx::Tx,
};

/// The trader whose account is looked at.
const TRADER: usize = 2;
/// Margin evaluations behind the histogram.
const SAMPLES: usize = 50_000;

/// A venue whose trader holds `positions` options, long and short, over two series.
fn venue(positions: usize, actors: u32) -> Venue {
    let shape = Shape {
        actors,
        series: 2,
        strikes: 40,
        cash: 1 << 50,
        depths: Depths { instruments: 8, ..Depths::default() },
        ..Shape::default()
    };
    let mut venue = Venue::new(1, shape);
    venue.keep_log = false;
    for number in 0..positions as u32 {
        let kind = if number % 2 == 0 { OptionKind::Call } else { OptionKind::Put };
        let market = MarketId(1 + number / 80);
        let instrument = InstrumentId::option(market, number / 2 % 40, kind).expect("within the grid");
        let price = venue.mark(instrument).expect("priced").max(1);
        let (buyer, seller) = if number % 3 == 0 { (TRADER, TRADER + 1) } else { (TRADER + 1, TRADER) };
        let fill = venue.trade(buyer, seller, instrument, price, 100 + u64::from(number));
        venue.must(fill);
    }
    venue
}

/// Fills between random pairs of accounts, signed ahead of time.
fn fills(venue: &mut Venue, count: usize) -> Vec<Tx> {
    let actors = venue.actors.len() - 2;
    let instruments: Vec<InstrumentId> = venue.instruments().into_iter().take(16).collect();
    (0..count)
        .map(|number| {
            let (buyer, seller) = (2 + number % actors, 2 + (number + 1 + number / actors % (actors - 1)) % actors);
            let instrument = instruments[number % instruments.len()];
            let price = venue.mark(instrument).expect("priced").max(1);
            venue.trade(buyer, seller, instrument, price, 1).into()
        })
        .collect()
}

fn margin(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("margin");
    for positions in [1, 16, 128] {
        let mut venue = venue(positions, 3);
        let id = AccountId(TRADER as u32);
        assert_eq!(venue.state.account(id).expect("in memory").expect("there").positions.as_slice().len(), positions);
        group.bench_function(format!("{positions} positions"), |bencher| {
            bencher.iter(|| black_box(venue.state.health(id).expect("priced")));
        });
    }
    group.finish();
}

fn apply_all(state: &mut State, fills: &[Tx]) {
    for fill in fills {
        state.apply(fill).expect("accepted");
    }
}

fn trading(criterion: &mut Criterion) {
    const FILLS: usize = 64;
    let mut group = criterion.benchmark_group("trading");
    group.throughput(Throughput::Elements(FILLS as u64)).sample_size(10);
    let fresh = || {
        let mut venue = venue(0, 50);
        let fills = fills(&mut venue, FILLS);
        venue.state.root().expect("in memory");
        (venue.state, fills)
    };
    group.bench_function("fills", |bencher| {
        bencher.iter_batched(fresh, |(mut state, fills)| apply_all(&mut state, &fills), BatchSize::PerIteration);
    });
    group.bench_function("fills and one root", |bencher| {
        bencher.iter_batched(
            fresh,
            |(mut state, fills)| {
                apply_all(&mut state, &fills);
                state.root().expect("in memory")
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// Times single evaluations of a full account and prints how they are distributed.
fn histogram() {
    let mut venue = venue(128, 3);
    let id = AccountId(TRADER as u32);
    let mut nanoseconds: Vec<u128> = (0..SAMPLES)
        .map(|_| {
            let start = Instant::now();
            black_box(venue.state.health(id).expect("priced"));
            start.elapsed().as_nanos()
        })
        .collect();
    nanoseconds.sort_unstable();
    println!("\nmargin of 128 positions under 33 scenarios, {SAMPLES} evaluations");
    let mut from = 0;
    for exponent in 0..40 {
        let to = nanoseconds.partition_point(|time| *time < 1 << (exponent + 1));
        if to > from {
            let share = (to - from) as f64 / SAMPLES as f64;
            let bar = "#".repeat((share * 60.0).ceil() as usize);
            println!("{:>9.1} us .. {:>6} {bar}", (1u64 << exponent) as f64 / 1e3, to - from);
        }
        from = to;
    }
    for percentile in [50.0, 90.0, 99.0, 99.9] {
        let index = ((percentile / 100.0 * SAMPLES as f64) as usize).min(SAMPLES - 1);
        println!("p{percentile:<5} {:>8.1} us", nanoseconds[index] as f64 / 1e3);
    }
    let p99 = nanoseconds[SAMPLES * 99 / 100];
    println!("p99 below 1 ms: {}", if p99 < 1_000_000 { "yes" } else { "NO" });
}

criterion_group!(benches, margin, trading);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    histogram();
}
