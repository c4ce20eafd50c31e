//! libFuzzer harness of the target `srs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zomma_fuzz::targets::srs(data));
