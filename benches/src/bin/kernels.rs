//! `kernels [LOG_N ...]`: the kernels against halo2-axiom's and arkworks', as a table.
#![forbid(unsafe_code)]

use zomma_benches::interleaved::Spread;
use zomma_benches::kernels::{Comparison, ntt, vectors};

fn main() -> std::process::ExitCode {
    let sizes: Result<Vec<u32>, _> = std::env::args().skip(1).map(|argument| argument.parse()).collect();
    let sizes = match sizes {
        Ok(sizes) if sizes.iter().all(|log_n| (6..=24).contains(log_n)) => sizes,
        _ => {
            eprintln!("usage: kernels [LOG_N ...], each from 6 to 24");
            return std::process::ExitCode::FAILURE;
        }
    };
    let sizes = if sizes.is_empty() { vec![14, 16, 18, 20] } else { sizes };
    println!("{} threads; medians; ratios are how many times longer the others take", rayon::current_num_threads());
    for log_n in sizes {
        let rounds = if log_n >= 20 { 4 } else { 10 };
        show(&ntt(log_n, rounds));
        vectors(log_n, rounds).iter().for_each(show);
    }
    std::process::ExitCode::SUCCESS
}

fn show(comparison: &Comparison) {
    println!("\n{}, 2^{}", comparison.what, comparison.log_n);
    let ours = &comparison.timings[0];
    for timing in &comparison.timings {
        let wall = Spread::of(&timing.wall);
        print!(
            "  {:34} {:9.3} ms ({:.3} .. {:.3})   ratio {:5.2}",
            timing.name,
            wall.median * 1e3,
            wall.lower * 1e3,
            wall.upper * 1e3,
            ours.speedup_over(timing),
        );
        match ours.cpu_speedup_over(timing) {
            Some(ratio) => println!("   cpu {:9.3} ms   ratio {ratio:5.2}", Spread::of(&timing.cpu).median * 1e3),
            None => println!("   cpu time not measured"),
        }
    }
}
