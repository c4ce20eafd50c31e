//! libFuzzer harness of the target `batch_inputs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zomma_fuzz::batch::batch_inputs(data));
