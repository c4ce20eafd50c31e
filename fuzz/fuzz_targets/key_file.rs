//! libFuzzer harness of the target `key_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zomma_fuzz::exchange::key_file(data));
