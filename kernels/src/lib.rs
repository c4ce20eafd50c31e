//! zomma: room `kernels`.

pub mod cpu;
