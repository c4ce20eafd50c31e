//! Error bounds of the native engine, computed from the certificates of its tables and its formats.
//!
//! The derivation is the book's chapter "Accuracy"; a test compares the figures printed there with these. All are
//! upper bounds; the few products of two errors that the derivation drops are covered by rounding up to a hundredth
//! of a bit.

use zomma_gadgets::functions::{
    EXP_BITS, LN_BITS,
    table::{self, ErrorBound, FunctionTable, RESIDUAL_EXTRA_BITS},
};

use super::blocks::risk::INVERSE_BITS;
use super::native::{DENSITY_BITS, FACTOR_FRACTION, GRID_BITS, SLOPE_BITS, SQRT_BITS, W_BITS};
use super::scenario::{BASIS, REFERENCE_SECONDS, SHORTEST_SECONDS, ScenarioSet};
use super::{CARRY_BITS, YEAR};

/// Greatest $\varphi(x)$, at 0.
const PHI_MAX: f64 = 0.398_942_280_401_432_7;
/// Greatest $|x| \varphi(x)$, at 1.
const X_PHI_MAX: f64 = 0.241_970_724_519_143_4;
/// Greatest $x^2 \varphi(x)$, at $\sqrt 2$.
const X2_PHI_MAX: f64 = 0.293_530_130_062_180_8;
/// Greatest difference of two exponents in `ln`.
const EXPONENTS: f64 = 62.0;
/// Greatest volatility.
const MAX_VOL: f64 = 5.0;
/// Least volatility.
const MIN_VOL: f64 = 0.01;

/// What every bound is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Constants {
    /// $\Phi$ on the grid of $2^{-24}$: absolute.
    pub phi_grid: f64,
    /// $\Phi$ with a rest: absolute.
    pub phi: f64,
    /// $\varphi$ with a rest: absolute.
    pub pdf: f64,
    /// $S D_q$ and $K D$ before they are rounded: relative.
    pub leg: f64,
    /// $\ln S - \ln K + (r - q) T$ but for the error of $\ln 2$: absolute.
    pub log: f64,
    /// $\ln 2$, once for each binade between $S$ and $K$: absolute.
    pub ln_2: f64,
    /// $\sqrt T$: absolute.
    pub root: f64,
    /// Rounding of $w$: absolute.
    pub w: f64,
}

fn exp2(bits: u32) -> f64 {
    f64::from(bits).exp2()
}

fn ulp(bits: u32) -> f64 {
    1.0 / exp2(bits)
}

fn value(bound: ErrorBound) -> f64 {
    bound.units as f64 * ulp(bound.frac_bits)
}

fn with_rest(function: &FunctionTable) -> f64 {
    value(function.error_bound(1))
}

/// Relative error of a row of EXP, rounding to its fractional bits included.
fn relative(segment: usize) -> f64 {
    let absolute = value(table::EXP.row_error_bound(segment, 1)) + ulp(EXP_BITS) / 2.0;
    // The row's least value is at t = -2^-15, less than 2^-20 of it below c0.
    absolute * exp2(EXP_BITS) / table::EXP.coefficients[segment][0] as f64 * (1.0 + ulp(20))
}

impl Constants {
    /// From the tables' certificates.
    #[must_use]
    pub fn compute() -> Self {
        let root = (0..table::EXP.rows()).map(relative).fold(0.0, f64::max);
        Self {
            phi_grid: value(table::PHI.error_bound(0)),
            phi: with_rest(&table::PHI),
            pdf: with_rest(&table::PDF),
            // The square of the root; the argument is rounded down to a unit of 2^-60.
            leg: 2.0 * root + ulp(60),
            // Two logarithms, each rounded; two arguments rounded down, whose difference is the drift.
            log: 2.0 * (with_rest(&table::LN) + ulp(LN_BITS) / 2.0) + ulp(60),
            ln_2: f64::from(table::LN_2_RESIDUAL) * ulp(LN_BITS + RESIDUAL_EXTRA_BITS),
            root: ulp(SQRT_BITS),
            w: ulp(W_BITS) / 2.0,
        }
    }

    /// Absolute error of $w$ at a volatility.
    #[must_use]
    pub fn total_vol(&self, vol: f64) -> f64 {
        vol * self.root + self.w
    }

    /// Absolute error of $x = \ln(F / K)$, over the whole domain.
    #[must_use]
    pub fn log_ratio(&self) -> f64 {
        self.log + EXPONENTS * self.ln_2
    }

    /// Error of an undiscounted price in units of $\max(F, K)$, over the whole domain; what is rounded to ticks adds
    /// [`price_ticks`].
    #[must_use]
    pub fn price(&self) -> f64 {
        let least_w = MIN_VOL / f64::from(YEAR).sqrt();
        let d1 = ulp(GRID_BITS) / 2.0 + ulp(W_BITS) + self.log_ratio() / least_w;
        // w phi(w / 2) is greatest at w = 2.
        let curvature = 2.0 * X_PHI_MAX * d1 * d1 / 2.0;
        2.0 * self.leg + self.phi_grid + self.phi + curvature + PHI_MAX * self.total_vol(MAX_VOL)
    }

    /// As [`Self::price`], for the prices of the risk array under a scenario set.
    ///
    /// Differs by the logarithms of the shocks, by $1/w$ at Q34 and by the volatility's factor.
    #[must_use]
    pub fn scenario_price(&self, set: &ScenarioSet) -> f64 {
        let basis = f64::from(BASIS);
        let exponent = f64::from(set.exponent_short.max(set.exponent_long)) / basis;
        let most = f64::from(REFERENCE_SECONDS / SHORTEST_SECONDS).powf(exponent);
        let (up, down) = (f64::from(set.vol_up) / basis, f64::from(set.vol_down) / basis);
        let least_w = MIN_VOL * (1.0 - down * most) / f64::from(YEAR).sqrt();

        // d1 = x / w + w / 2 with x off as before and by two more logarithms; 1 / w off by 2^-34, which x = z w
        // scales. The suprema are those of w phi(w / 2), 2 phi(1), of w^3 phi(w / 2), 12^(3/2) phi(sqrt 3), and of
        // z exp(-z^2 / 4), sqrt(2 / e).
        let log = self.log_ratio() + self.log + EXPONENTS * self.ln_2;
        let fixed = ulp(GRID_BITS) / 2.0 + log / least_w;
        let scaled = (12_f64.powf(1.5) * PHI_MAX * (-1.5_f64).exp()).sqrt() * (2.0 / std::f64::consts::E).sqrt();
        let d1 = (2.0 * X_PHI_MAX).sqrt() * fixed + scaled * ulp(INVERSE_BITS);
        let curvature = d1 * d1 / 2.0;

        // The power is a square like a discount factor, of an argument off by p times two logarithms; it is rounded
        // to Q56, its multiple c power is rounded down. In the power P the sum below is convex for c < 0 and grows
        // for c > 0: its maximum is at an end, 0 or the greatest.
        let level = |c: f64, power: f64| {
            let factor = 1.0 + c * power;
            let error =
                c.abs() * (power * (self.leg + exponent * log) + ulp(FACTOR_FRACTION) / 2.0) + ulp(FACTOR_FRACTION);
            PHI_MAX * (MAX_VOL * factor * self.root + self.w) + 2.0 * X_PHI_MAX * error / factor
        };
        let levels = [level(up, most), level(-down, most), level(-down, 0.0)].into_iter().fold(0.0, f64::max);
        2.0 * self.leg + self.phi_grid + self.phi + curvature + levels
    }

    /// Bounds of the Greeks at an expiry and a volatility.
    #[must_use]
    pub fn greeks(&self, seconds: u32, vol: f64) -> GreekBounds {
        let root = (f64::from(seconds) / f64::from(YEAR)).sqrt();
        let w = vol * root;
        let (log, total_vol) = (self.log_ratio(), self.total_vol(vol));
        // d1 is off by (log + |d2| total_vol) / w + 2^-52, and |d2| <= |d1| + w.
        let phi_shift = (PHI_MAX * log + (X_PHI_MAX + PHI_MAX * w) * total_vol) / w + PHI_MAX * ulp(W_BITS);
        let pdf_shift = (X_PHI_MAX * log + (X2_PHI_MAX + X_PHI_MAX * w) * total_vol) / w + X_PHI_MAX * ulp(W_BITS);
        let delta = self.leg + self.phi + phi_shift;
        let density = PHI_MAX * self.leg + self.pdf + pdf_shift;
        let slope = density / w + PHI_MAX * total_vol / (w * w);
        GreekBounds { delta, gamma: slope, vega: root * density + PHI_MAX * self.root, theta: slope * vol * vol / 2.0 }
    }
}

/// Bounds at one expiry and volatility, over every strike; without the roundings of the results.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GreekBounds {
    /// Delta, in units of $D_q$.
    pub delta: f64,
    /// Gamma, in units of $D_q / S$.
    pub gamma: f64,
    /// Vega, in units of $S D_q$.
    pub vega: f64,
    /// The decay of time value in theta, in units of $S D_q$.
    pub theta: f64,
}

/// What rounding to ticks adds to the error of a discounted price: the legs and the time value to $2^{-10}$ ticks,
/// the price to a tick.
#[must_use]
pub fn price_ticks() -> f64 {
    0.5 + 2.0 * ulp(CARRY_BITS)
}

/// Roundings inside of the Greeks: of delta (to Q56, with the dividend's factor), of the density (the same, then to
/// Q52), of the slope.
#[must_use]
pub fn greek_roundings() -> [f64; 3] {
    let factor = ulp(FACTOR_FRACTION) / 2.0;
    [2.0 * factor, PHI_MAX * factor + ulp(DENSITY_BITS) / 2.0, ulp(SLOPE_BITS)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOK: &str = include_str!("../../../docs/src/pricing/accuracy.md");

    /// `2^x` with `x` rounded up to a hundredth.
    fn rounded_up(bound: f64) -> String {
        format!("2^{:.2}", (bound.log2() * 100.0).ceil() / 100.0)
    }

    #[test]
    fn constants_are_those_of_the_book() {
        let constants = Constants::compute();
        let Constants { phi_grid, phi, pdf, leg, log, ln_2, root, w } = constants;
        let (price, scenario) = (constants.price(), constants.scenario_price(&ScenarioSet::standard()));
        for (name, bound) in [
            ("phi_grid", phi_grid),
            ("phi", phi),
            ("pdf", pdf),
            ("leg", leg),
            ("log", log),
            ("ln_2", ln_2),
            ("root", root),
            ("w", w),
            ("price", price),
            ("scenario", scenario),
        ] {
            let start = format!("| `{name}` |");
            let mut lines = BOOK.lines().filter(|line| line.starts_with(&start));
            let line = lines.next().unwrap_or_else(|| panic!("the book lacks {name}"));
            assert!(line.ends_with(&format!("| {} |", rounded_up(bound))), "{line}\n{}", rounded_up(bound));
            assert_eq!(lines.next(), None);
        }
    }

    #[test]
    fn price_bounds_are_below_their_target() {
        let constants = Constants::compute();
        assert!(constants.price() < (-49_f64).exp2());
        assert!(constants.scenario_price(&ScenarioSet::standard()) < (-49_f64).exp2());
        assert!((price_ticks() - (0.5 + 1.0 / 512.0)).abs() < 1e-12);
    }

    #[test]
    fn greek_bounds_are_those_of_the_book() {
        let constants = Constants::compute();
        for (seconds, vol) in [(1, 0.01), (60, 0.5), (86_400, 0.5), (30 * 86_400, 0.5), (YEAR, 0.2), (5 * YEAR, 5.0)] {
            let GreekBounds { delta, gamma, vega, theta } = constants.greeks(seconds, vol);
            let [delta, gamma, vega, theta] = [delta, gamma, vega, theta].map(rounded_up);
            let line = format!("| {seconds} | {vol} | {delta} | {gamma} | {vega} | {theta} |");
            assert!(BOOK.contains(&line), "the book lacks the line\n{line}");
        }
        // Printed in the formulas: 2^-56, at most 2^-57 phi + 2^-53, 2^-60.
        let [delta, density, slope] = greek_roundings();
        assert_eq!((delta, slope), ((-56_f64).exp2(), (-60_f64).exp2()));
        assert!((density - ((-57_f64).exp2() * PHI_MAX + (-53_f64).exp2())).abs() < (-80_f64).exp2());
    }
}
