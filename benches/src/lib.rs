//! zomma: room `benches`.
#![forbid(unsafe_code)]
