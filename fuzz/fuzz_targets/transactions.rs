//! libFuzzer harness of the target `transactions`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zomma_fuzz::batch::transactions(data));
