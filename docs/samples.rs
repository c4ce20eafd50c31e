//! The book's chapters, each as the documentation of a module, so that `cargo test --doc` runs their code samples. No other tool is needed.
#![forbid(unsafe_code)]

include!(concat!(env!("OUT_DIR"), "/chapters.rs"));
