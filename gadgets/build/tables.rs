//! Which tables there are.

use num_bigint::BigInt;

use crate::{
    ball::PRECISION,
    fit::{Row, fit, residual_units},
    special::{Function, inverse_sqrt_two_pi},
};

/// Fractional bits of the logarithm's table, and of the constant $\ln 2$ beside it.
pub(crate) const LN_FRAC_BITS: u32 = 60;

/// A row that the polynomials do not give.
#[derive(Debug, Clone, Copy)]
enum LastRow {
    /// Like the others.
    Fitted,
    /// A constant for every argument from there on, off by at most $2^{-\text{bits}}$.
    Saturated { value: i64, bits: u32 },
}

/// A table of segments or, without a function, of powers of two.
#[derive(Debug)]
pub(crate) struct TableSpec {
    pub(crate) name: &'static str,
    pub(crate) tag: u32,
    pub(crate) frac_bits: u32,
    pub(crate) segment_bits: u32,
    rows: u64,
    function: Option<Function>,
    /// A row whose $c_0$ is fixed.
    exact: Option<(u64, i64)>,
    last: LastRow,
}

/// Every table.
pub(crate) const SPECS: [TableSpec; 5] = [
    TableSpec {
        name: "phi",
        tag: 32,
        frac_bits: 60,
        segment_bits: 10,
        rows: 9217,
        function: Some(Function::NormalCdf),
        exact: Some((0, 1 << 59)),
        // 1 - Phi(x) < phi(x) / x < 2^-62 from x = 9 - 2^-25 on.
        last: LastRow::Saturated { value: 1 << 60, bits: 62 },
    },
    TableSpec {
        name: "pdf",
        tag: 33,
        frac_bits: 60,
        segment_bits: 10,
        rows: 9217,
        function: Some(Function::NormalPdf),
        exact: None,
        // phi(x) < 1.03e-18 < 2^-59 from x = 9 - 2^-25 on.
        last: LastRow::Saturated { value: 0, bits: 59 },
    },
    TableSpec {
        name: "exp",
        tag: 34,
        frac_bits: 60,
        segment_bits: 11,
        rows: 7681,
        function: Some(Function::ExpShifted),
        exact: Some((5120, 1 << 60)),
        last: LastRow::Fitted,
    },
    TableSpec {
        name: "ln",
        tag: 35,
        frac_bits: LN_FRAC_BITS,
        segment_bits: 13,
        rows: 8193,
        function: Some(Function::LnOnePlus),
        exact: Some((0, 0)),
        last: LastRow::Fitted,
    },
    TableSpec {
        name: "pow2",
        tag: 36,
        frac_bits: 0,
        segment_bits: 0,
        rows: 63,
        function: None,
        exact: None,
        last: LastRow::Fitted,
    },
];

impl TableSpec {
    /// Fits and certifies every row.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let Some(function) = self.function else {
            return (0..self.rows).map(|e| Row { coefficients: [1 << e, 0, 0, 0], residual: 0 }).collect();
        };
        let inverse_sqrt_two_pi = inverse_sqrt_two_pi();
        let row = |j| {
            if let (LastRow::Saturated { value, bits }, true) = (self.last, j + 1 == self.rows) {
                let residual = residual_units(&(BigInt::from(1) << (PRECISION - bits)), self.frac_bits);
                return Row { coefficients: [value, 0, 0, 0], residual };
            }
            let exact = self.exact.and_then(|(row, value)| (row == j).then_some(value));
            fit(&function.expand(j, self.segment_bits, &inverse_sqrt_two_pi), self.frac_bits, exact)
        };
        (0..self.rows).map(row).collect()
    }
}
