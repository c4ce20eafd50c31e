//! Special functions: exp, ln, the normal distribution $\Phi$ and its density $\varphi$, by table and polynomial.
//!
//! A function is cut into segments, each with a cubic whose integer coefficients the build script generates and certifies with
//! interval arithmetic. Polynomials are evaluated exactly; a formula is rounded once, at its end. The derivation of the published
//! error bounds is in the book, chapter "Special functions".

pub mod native;
pub mod table;

#[cfg(test)]
mod tests;
