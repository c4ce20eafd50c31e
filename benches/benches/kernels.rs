//! Criterion groups of the field kernels: our backends beside halo2-axiom, one group per operation.
// The macros of criterion make a public function without documentation.
#![allow(missing_docs)]

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ff::Field;
use halo2_proofs::arithmetic::best_fft;
use halo2_proofs::fft::recursive;
use halo2_proofs::poly::EvaluationDomain;
use halo2curves::bn256::Fr;
use zomma_benches::kernels::random;
use zomma_kernels::{CpuBackend, Isa};

fn backends() -> impl Iterator<Item = CpuBackend> {
    Isa::ALL.into_iter().filter_map(|isa| CpuBackend::new(isa).ok())
}

fn ntt(c: &mut Criterion) {
    let mut group = c.benchmark_group("ntt");
    group.sample_size(10);
    for log_n in [10, 14, 16, 18, 20] {
        let input = random(log_n, 1);
        let domain = EvaluationDomain::<Fr>::new(1, log_n);
        let (omega, data) = (domain.get_omega(), domain.get_fft_data(input.len()));
        group.throughput(Throughput::Elements(1 << log_n));
        for backend in backends() {
            group.bench_with_input(BenchmarkId::new(backend.isa().name(), log_n), &input, |b, input| {
                b.iter_batched_ref(|| input.clone(), |values| backend.ntt(values), BatchSize::LargeInput);
            });
        }
        group.bench_with_input(BenchmarkId::new("halo2-axiom best_fft", log_n), &input, |b, input| {
            let run = |values: &mut Vec<Fr>| best_fft(values, omega, log_n, data, false);
            b.iter_batched_ref(|| input.clone(), run, BatchSize::LargeInput);
        });
        group.bench_with_input(BenchmarkId::new("halo2-axiom recursive", log_n), &input, |b, input| {
            let run = |values: &mut Vec<Fr>| recursive::fft(values, omega, log_n, data, false);
            b.iter_batched_ref(|| input.clone(), run, BatchSize::LargeInput);
        });
    }
    group.finish();
}

fn vectors(c: &mut Criterion) {
    type Operation = fn(&CpuBackend, &mut Vec<Fr>, &[Fr]);
    let operations: [(&str, Operation); 6] = [
        ("mul", |backend, a, b| backend.mul(a, b)),
        ("batch_invert", |backend, a, _| backend.batch_invert(a)),
        ("evaluate", |backend, a, b| a[0] = backend.evaluate_polynomial(a, &b[0])),
        ("inner_product", |backend, a, b| a[0] = backend.inner_product(a, b)),
        ("divide", |backend, a, b| backend.divide_polynomial(a, &b[0])),
        ("running_product", |backend, a, _| *a = backend.running_product(std::mem::take(a), Fr::ONE)),
    ];
    for (name, operation) in operations {
        let mut group = c.benchmark_group(name);
        group.sample_size(10);
        for log_n in [14, 16, 18] {
            let (input, other) = (random(log_n, 1), random(log_n, 2));
            group.throughput(Throughput::Elements(1 << log_n));
            for backend in backends() {
                group.bench_with_input(BenchmarkId::new(backend.isa().name(), log_n), &input, |b, input| {
                    let run = |values: &mut Vec<Fr>| operation(&backend, values, &other);
                    b.iter_batched_ref(|| input.clone(), run, BatchSize::LargeInput);
                });
            }
        }
        group.finish();
    }
}

criterion_group!(kernels, ntt, vectors);
criterion_main!(kernels);
