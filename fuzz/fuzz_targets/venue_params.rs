//! libFuzzer harness of the target `venue_params`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zomma_fuzz::batch::venue_params(data));
