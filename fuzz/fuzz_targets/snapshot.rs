//! libFuzzer harness of the target `snapshot`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zomma_fuzz::exchange::snapshot(data));
