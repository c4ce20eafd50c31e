//! libFuzzer harness of the target `ptau`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zomma_fuzz::targets::ptau(data));
