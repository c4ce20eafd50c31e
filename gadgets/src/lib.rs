//! zomma: room `gadgets`.
#![forbid(unsafe_code)]
