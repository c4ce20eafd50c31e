//! libFuzzer harness of the target `verifying_key`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zomma_fuzz::targets::verifying_key(data));
