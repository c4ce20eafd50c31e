//! The tables: per segment the integer coefficients of a cubic and its certified residual.
//!
//! Segment $j$ of width $h = 2^{-s}$ covers $u \in [j h, (j+1) h)$ with local variable $t = u / h - j$, and
//!
//! $$ f(u) \approx (c_0 + c_1 t + c_2 t^2 + c_3 t^3) / 2^Q, \qquad t = \text{lo} / 2^{14} + \text{rest} / 2^{14+R} . $$
//!
//! The cubic is taken exactly in `lo` and to first order in `rest`. `rest` is at most half a grid step, so $t$ may leave
//! $[0, 1)$ by $2^{-15}$: the residuals cover that.

use std::sync::LazyLock;

use ethnum::{AsI256, I256};

/// Bits of the local grid: `lo` is below $2^{14}$.
pub const LOCAL_BITS: u32 = 14;

/// Residuals are in units of $2^{-(Q + 20)}$.
pub const RESIDUAL_EXTRA_BITS: u32 = 20;

include!(concat!(env!("OUT_DIR"), "/constants.rs"));

/// $\Phi(u)$ for $u \in [0, 9)$, Q60, $h = 2^{-10}$; row 9216 is 1 and stands for all $u \ge 9$. $\Phi(0) = 1/2$ is
/// exact.
pub static PHI: LazyLock<FunctionTable> =
    LazyLock::new(|| FunctionTable::read("phi", include_bytes!(concat!(env!("OUT_DIR"), "/phi.bin"))));

/// $\varphi(u)$ for $u \in [0, 9)$, Q60, $h = 2^{-10}$; row 9216 is 0 and stands for all $u \ge 9$.
pub static PDF: LazyLock<FunctionTable> =
    LazyLock::new(|| FunctionTable::read("pdf", include_bytes!(concat!(env!("OUT_DIR"), "/pdf.bin"))));

/// $e^{u - 5/2}$ for $u \in [0, 3.75]$, Q60, $h = 2^{-11}$. $e^0 = 1$ is exact (row 5120).
///
/// A discount factor $e^v$, $v \in [-5, 5/2]$, is the square of this at $u = (v + 5) / 2$: with the same number of
/// rows its relative error stays below $2^{-51.57}$ over the whole range, where a table of $e^v$ itself at Q56 has
/// $2^{-48.4}$ at $v = -5$.
pub static EXP: LazyLock<FunctionTable> =
    LazyLock::new(|| FunctionTable::read("exp", include_bytes!(concat!(env!("OUT_DIR"), "/exp.bin"))));

/// $\ln(1 + u)$ for $u \in [0, 1]$, Q60, $h = 2^{-13}$. $\ln 1 = 0$ is exact (row 0).
pub static LN: LazyLock<FunctionTable> =
    LazyLock::new(|| FunctionTable::read("ln", include_bytes!(concat!(env!("OUT_DIR"), "/ln.bin"))));

/// $2^e$ for the row $e \in 0..=62$: an integer, exact, not a function of $u$.
pub static POW2: LazyLock<FunctionTable> =
    LazyLock::new(|| FunctionTable::read("pow2", include_bytes!(concat!(env!("OUT_DIR"), "/pow2.bin"))));

/// Every table, in the order of their tags.
#[must_use]
pub fn tables() -> [&'static FunctionTable; 5] {
    [&PHI, &PDF, &EXP, &LN, &POW2]
}

/// A function as cubics on segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionTable {
    /// Name, lower case.
    pub name: &'static str,
    /// Tag in the circuit's lookup table.
    pub tag: u32,
    /// $Q$: coefficients stand for $c / 2^Q$.
    pub frac_bits: u32,
    /// $s$: segments are $2^{-s}$ wide.
    pub segment_bits: u32,
    /// $c_0 .. c_3$ of each row.
    pub coefficients: Vec<[i64; 4]>,
    /// For each row a certified bound of $|p(t) - f|$ for $t \in [-2^{-15}, 1 + 2^{-15}]$, in units of $2^{-(Q+20)}$.
    /// A saturated row's bound holds for all greater arguments too.
    pub residuals: Vec<u32>,
}

/// A proven bound of an absolute error: `units` $/ 2^{\text{frac\_bits}}$.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ErrorBound {
    /// Fractional bits of the unit.
    pub frac_bits: u32,
    /// How many units, rounded up.
    pub units: u64,
}

impl ErrorBound {
    /// Its binary logarithm, for display; minus infinity for an exact value.
    #[must_use]
    pub fn log2(self) -> f64 {
        (self.units as f64).log2() - f64::from(self.frac_bits)
    }
}

impl FunctionTable {
    /// Reads what the build script wrote.
    fn read(name: &'static str, bytes: &[u8]) -> Self {
        const HEADER: usize = 3 * 4;
        const ROW: usize = 4 * 8 + 4;
        let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("a word is four bytes"));
        let (header, rows) = bytes.split_at(HEADER);
        assert_eq!(rows.len() % ROW, 0, "the table file {name} is cut short");
        let (coefficients, residuals) = rows
            .chunks_exact(ROW)
            .map(|row| {
                let coefficient = |i: usize| {
                    i64::from_le_bytes(row[8 * i..8 * (i + 1)].try_into().expect("a coefficient is eight bytes"))
                };
                (std::array::from_fn(coefficient), word(&row[32..]))
            })
            .unzip();
        let [tag, frac_bits, segment_bits] = std::array::from_fn(|i| word(&header[4 * i..4 * (i + 1)]));
        Self { name, tag, frac_bits, segment_bits, coefficients, residuals }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.coefficients.len()
    }

    /// The exact numerator of $p(\tau) + p'(\tau) \, \text{rest} / 2^{14+R}$ at $\tau = \text{lo} / 2^{14}$:
    ///
    /// $$ (c_0 2^{42} + c_1 \text{lo} 2^{28} + c_2 \text{lo}^2 2^{14} + c_3 \text{lo}^3) 2^R
    ///  + (c_1 2^{28} + 2 c_2 \text{lo} 2^{14} + 3 c_3 \text{lo}^2) \, \text{rest} $$
    ///
    /// over $2^{Q + 42 + R}$.
    ///
    /// # Panics
    /// If the segment is not a row, `lo` is not below $2^{14}$, `rest_bits` is above 62 or $|\text{rest}| > 2^{R-1}$
    /// (both halves are allowed, for a rest that is negated).
    #[must_use]
    pub fn numerator(&self, segment: usize, lo: u32, rest: i64, rest_bits: u32) -> I256 {
        assert!(lo < 1 << LOCAL_BITS, "lo = {lo} is not below 2^{LOCAL_BITS}");
        assert!(rest_bits <= 62, "a rest of {rest_bits} bits is too long");
        let half = (1_u64 << rest_bits) / 2;
        assert!(rest.unsigned_abs() <= half, "rest = {rest} is more than half of 2^{rest_bits}");
        let [c0, c1, c2, c3] = self.coefficients[segment].map(i128::from);
        let lo = i128::from(lo);
        // Below 2^105 and 2^81: the coefficients have at most 62, 51, 39 and 27 bits (a test holds them to it).
        let value = (((c0 << 14) + c1 * lo) << 28) + ((c2 << 14) + c3 * lo) * lo * lo;
        let slope = (c1 << 28) + ((2 * c2) << 14) * lo + 3 * c3 * lo * lo;
        (value.as_i256() << rest_bits) + slope.as_i256() * rest.as_i256()
    }

    /// Bits of the greatest $|c_i|$ of each degree: $|c_i| < 2^{\text{bits}_i}$ in every row.
    #[must_use]
    pub fn coefficient_bits(&self) -> [u32; 4] {
        std::array::from_fn(|degree| {
            let greatest = self.coefficients.iter().map(|row| row[degree].unsigned_abs()).max().unwrap_or(0);
            u64::BITS - greatest.leading_zeros()
        })
    }

    /// The proven bound of one row: the residual, and for `rest_bits` $> 0$ the second and third order in `rest`.
    ///
    /// For $|\delta| \le 2^{-15}$ and $\tau < 1$
    ///
    /// $$ |p(\tau + \delta) - p(\tau) - p'(\tau) \delta| \le (|c_2| + 3 |c_3| \tau) \delta^2 + |c_3| |\delta|^3
    ///  \le (|c_2| + 4 |c_3|) 2^{-30} . $$
    ///
    /// The bound is of the exact value; rounding it adds half a unit of the result.
    #[must_use]
    pub fn row_error_bound(&self, segment: usize, rest_bits: u32) -> ErrorBound {
        let [_, _, c2, c3] = self.coefficients[segment].map(i64::unsigned_abs);
        let curvature = if rest_bits == 0 { 0 } else { c2 + 4 * c3 };
        let units = u64::from(self.residuals[segment]) + curvature.div_ceil(1 << (30 - RESIDUAL_EXTRA_BITS));
        ErrorBound { frac_bits: self.frac_bits + RESIDUAL_EXTRA_BITS, units }
    }

    /// The proven bound over all rows.
    #[must_use]
    pub fn error_bound(&self, rest_bits: u32) -> ErrorBound {
        let rows = (0..self.rows()).map(|segment| self.row_error_bound(segment, rest_bits));
        rows.max().expect("a table has rows")
    }
}
