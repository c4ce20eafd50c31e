//! The measurements of zomma: workloads, clocks, interleaved comparisons with other provers and kernels, their report.
//!
//! | room | what it does |
//! |---|---|
//! | `clock`, `machine` | time, memory, and where they were measured |
//! | `interleaved` | competitors by turns, ratios with their spread |
//! | `kernels`, `msm` | kernels beside other people's |
//! | `circuit`, `workload` | what is proven: a synthetic circuit, full books of options |
//! | `proofs`, `phases` | whole proofs beside halo2-axiom's, and where their time goes |
//! | `folding` | the layers of a folding beside halo2-axiom's prover |
//! | `layouts` | layouts of the circuits that were weighed |
//! | `throughput` | options and scenario valuations per second |
//! | `compare`, `report` | all of it, as JSON and as a page with plots |
#![forbid(unsafe_code)]

pub mod circuit;
pub mod clock;
pub mod compare;
pub mod error;
pub mod folding;
pub mod interleaved;
pub mod kernels;
pub mod layouts;
pub mod machine;
pub mod msm;
pub mod phases;
pub mod proofs;
pub mod report;
pub mod throughput;
pub mod workload;

pub use error::BenchError;
