//! Generates the tables of `functions`: a cubic per segment with a certified residual, from interval arithmetic alone.
//!
//! One binary file per table in `OUT_DIR`: tag, fractional bits, segment bits (u32 each), then per row four i64
//! coefficients and the residual (u32), all little-endian. `src/functions/table.rs` reads them.

use std::{env, fs, io, path::Path, thread};

#[path = "build/ball.rs"]
mod ball;
#[path = "build/chebyshev.rs"]
mod chebyshev;
#[path = "build/fit.rs"]
mod fit;
#[path = "build/special.rs"]
mod special;
#[path = "build/tables.rs"]
mod tables;

use tables::{SPECS, TableSpec};

fn main() -> io::Result<()> {
    for source in ["build.rs", "build"] {
        println!("cargo::rerun-if-changed={source}");
    }
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR for build scripts");
    let out = Path::new(&out);
    thread::scope(|scope| {
        let writers: Vec<_> = SPECS.iter().map(|spec| scope.spawn(move || write_table(out, spec))).collect();
        writers.into_iter().try_for_each(|writer| writer.join().expect("a table's generator failed"))
    })?;
    let ln_2 = special::ln_2();
    let rounded = ln_2.round_certified(tables::LN_FRAC_BITS);
    let residual = (&ln_2 - &ball::Ball::dyadic(rounded.clone(), tables::LN_FRAC_BITS)).magnitude();
    let constants = format!(
        "/// $\\ln 2$ in Q60, rounded to nearest.\npub const LN_2: i64 = {rounded};\n\n\
         /// Certified bound of the error of [`LN_2`], in units of $2^{{-80}}$.\npub const LN_2_RESIDUAL: u32 = {};\n",
        fit::residual_units(&residual, tables::LN_FRAC_BITS)
    );
    fs::write(out.join("constants.rs"), constants)
}

fn write_table(out: &Path, spec: &TableSpec) -> io::Result<()> {
    let rows = spec.rows();
    let mut bytes = Vec::with_capacity(12 + 36 * rows.len());
    for word in [spec.tag, spec.frac_bits, spec.segment_bits] {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    for row in rows {
        for coefficient in row.coefficients {
            bytes.extend_from_slice(&coefficient.to_le_bytes());
        }
        bytes.extend_from_slice(&row.residual.to_le_bytes());
    }
    fs::write(out.join(format!("{}.bin", spec.name)), bytes)
}
