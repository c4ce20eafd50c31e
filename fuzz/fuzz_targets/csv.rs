//! libFuzzer harness of the target `csv`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zomma_fuzz::targets::csv(data));
