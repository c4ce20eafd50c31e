//! zomma: room `kernels`.
