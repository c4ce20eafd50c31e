//! libFuzzer harness of the target `proof`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zomma_fuzz::targets::proof(data));
