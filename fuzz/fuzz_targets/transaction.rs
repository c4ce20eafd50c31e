//! libFuzzer harness of the target `transaction`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zomma_fuzz::exchange::transaction(data));
