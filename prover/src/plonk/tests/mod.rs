//! Our prover held against halo2-axiom's: the same keys and the same proofs, byte for byte.

mod circuits;
mod foreign;
mod harness;
mod identity;
mod refusals;

/// Whether everything is to be tested, however long it takes.
fn full() -> bool {
    std::env::var_os("ZOMMA_FULL").is_some_and(|value| value == "1")
}

/// `quick` of the cases by default, all of them with `ZOMMA_FULL=1`; says which were not run.
fn cases<T: std::fmt::Debug>(all: impl IntoIterator<Item = T>, quick: usize) -> Vec<T> {
    let mut all: Vec<T> = all.into_iter().collect();
    if !full() {
        let rest = all.split_off(quick.min(all.len()));
        if !rest.is_empty() {
            println!("not run without ZOMMA_FULL=1: {rest:?}");
        }
    }
    all
}
