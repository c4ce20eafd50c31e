//! Multi-scalar multiplications by kind of scalars and by contender. For ratios use the program `msm`, which interleaves.
// The macros of criterion make a public function without documentation.
#![allow(missing_docs)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use zomma_benches::msm::{Arena, Contender, Scalars, points};

fn msm(criterion: &mut Criterion) {
    for log in [14, 16] {
        let arena = Arena::new(points(1 << log, 1));
        for scalars in Scalars::ALL {
            let task = arena.task(scalars.generate(1 << log, 2));
            let expected = arena.run(Contender::Halo2, &task);
            let mut group = criterion.benchmark_group(format!("msm, {} scalars", scalars.name()));
            group.sample_size(10).throughput(Throughput::Elements(1 << log));
            for contender in Contender::all() {
                assert!(arena.run(contender, &task) == expected, "{} is wrong", contender.name());
                group.bench_function(BenchmarkId::new(contender.name(), format!("2^{log}")), |bencher| {
                    bencher.iter(|| arena.run(contender, &task));
                });
            }
        }
    }
}

criterion_group!(benches, msm);
criterion_main!(benches);
