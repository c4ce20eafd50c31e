//! Prints the function tables as text: `table name frac_bits segment_bits` and then a line `c0 c1 c2 c3 residual` per
//! row.
//!
//! `tools/oracle/engine_model.py` takes the coefficients from here; what it does with them is its own.
#![forbid(unsafe_code)]

use std::io::{self, BufWriter, Write};

use zomma_gadgets::functions::table::tables;

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for table in tables() {
        writeln!(out, "table {} {} {}", table.name, table.frac_bits, table.segment_bits)?;
        for ([c0, c1, c2, c3], residual) in table.coefficients.iter().zip(&table.residuals) {
            writeln!(out, "{c0} {c1} {c2} {c3} {residual}")?;
        }
    }
    out.flush()
}
