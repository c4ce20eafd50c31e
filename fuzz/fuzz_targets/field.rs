//! libFuzzer harness of the target `field`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zomma_fuzz::batch::field(data));
