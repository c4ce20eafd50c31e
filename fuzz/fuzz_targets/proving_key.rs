//! libFuzzer harness of the target `proving_key`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zomma_fuzz::targets::proving_key(data));
