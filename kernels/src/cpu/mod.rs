//! Kernels for the host processor: portable, and AVX-512 IFMA where the processor has it.

pub mod ifma;
