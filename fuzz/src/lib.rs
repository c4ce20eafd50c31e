//! Fuzz targets: everything that reads what other people wrote.
//!
//! A target is a function that takes bytes and must come back, whatever they are. Two drivers run them: `cargo run -p zomma-fuzz`, which needs
//! only a stable toolchain and mutates valid files from a seed, and libFuzzer through cargo-fuzz.
#![forbid(unsafe_code)]

pub mod batch;
pub mod exchange;
pub mod mutate;
pub mod seal;
pub mod seeds;
pub mod statement;
pub mod targets;

/// A target: its name, what to start from, and what to run.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// Valid inputs, to be mutated.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Takes an input. Panics if something is wrong with the code, never because something is wrong with the input.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "csv", seeds: seeds::csv, run: targets::csv },
    Target { name: "srs", seeds: seeds::srs, run: targets::srs },
    Target { name: "ptau", seeds: seeds::ptau, run: targets::ptau },
    Target { name: "verifying_key", seeds: seeds::verifying_key, run: targets::verifying_key },
    Target { name: "proving_key", seeds: seeds::proving_key, run: targets::proving_key },
    Target { name: "proof", seeds: seeds::proof, run: targets::proof },
    Target { name: "transaction", seeds: exchange::transactions, run: exchange::transaction },
    Target { name: "snapshot", seeds: exchange::snapshots, run: exchange::snapshot },
    Target { name: "key_file", seeds: exchange::key_files, run: exchange::key_file },
    Target { name: "batch_inputs", seeds: batch::batches, run: batch::batch_inputs },
    Target { name: "venue_params", seeds: batch::parameters, run: batch::venue_params },
    Target { name: "transactions", seeds: batch::transaction_files, run: batch::transactions },
    Target { name: "field", seeds: batch::choices, run: batch::field },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_is_accepted_and_a_few_mutants_come_back() {
        for target in TARGETS {
            let seeds = (target.seeds)();
            assert!(!seeds.is_empty(), "{}", target.name);
            let mut mutator = mutate::Mutator::new(1, &seeds);
            seeds.iter().for_each(|seed| (target.run)(seed));
            (0..20).for_each(|_| (target.run)(&mutator.input()));
        }
    }

    #[test]
    fn the_seed_decides_what_is_tried() {
        let seeds = (TARGETS[0].seeds)();
        let inputs = |seed| {
            let mut mutator = mutate::Mutator::new(seed, &seeds);
            (0..50).map(|_| mutator.input()).collect::<Vec<_>>()
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
    }
}
