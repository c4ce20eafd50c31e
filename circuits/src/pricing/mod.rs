//! Pricing: options from what people write to what is proven.

pub mod csv;
