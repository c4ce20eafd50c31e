//! Enclosures of exp, ln, the normal distribution and its density, from series with explicit remainders.

use crate::ball::{Ball, PRECISION};

/// Terms of a local expansion: degrees 0 to 7, the rest goes into the remainder.
pub(crate) const TERMS: usize = 8;

/// $f(m + h s)$ as a polynomial in $s$, the Taylor remainder for $|s| \le 1/2 + 2^{-15}$ inside the constant term.
pub(crate) type Expansion = [Ball; TERMS];

/// $\pi = 16 \arctan(1/5) - 4 \arctan(1/239)$ (Machin 1706).
fn pi() -> Ball {
    let arctan_of_reciprocal = |n: u64| {
        // Alternating with falling terms: the remainder is below the first term left out.
        let mut power = Ball::integer(1).scaled(1, n);
        let mut sum = Ball::integer(0);
        for k in 0.. {
            let term = power.scaled(1, 2 * k + 1);
            if term.is_negligible() {
                return sum.widened_by(&term);
            }
            sum = if k % 2 == 0 { &sum + &term } else { &sum - &term };
            power = power.scaled(1, n * n);
        }
        unreachable!("the terms fall by n squared")
    };
    let (fifth, small) = (arctan_of_reciprocal(5), arctan_of_reciprocal(239));
    &fifth.scaled(16, 1) - &small.scaled(4, 1)
}

/// $1 / \sqrt{2 \pi}$.
pub(crate) fn inverse_sqrt_two_pi() -> Ball {
    pi().scaled(2, 1).reciprocal().sqrt()
}

/// $e^x$ for $|x| \le 64$: $e^{x / 2^{10}}$ by its series, then ten squarings.
pub(crate) fn exp(x: &Ball) -> Ball {
    const SQUARINGS: u32 = 10;
    let reduced = x.halved(SQUARINGS);
    let mut term = Ball::integer(1);
    let mut sum = Ball::integer(1);
    for n in 1.. {
        term = (&term * &reduced).scaled(1, n);
        sum = &sum + &term;
        // |reduced| <= 1/16, so what follows is below a fifteenth of the last term.
        if term.is_negligible() {
            break;
        }
    }
    sum = sum.widened_by(&term);
    for _ in 0..SQUARINGS {
        sum = &sum * &sum;
    }
    sum
}

/// $\ln(1 + v) = 2 \operatorname{artanh}(v / (2 + v))$ for $v = n / 2^{bits}$ in $[0, 1]$.
pub(crate) fn ln_1p(numerator: u64, bits: u32) -> Ball {
    let v = Ball::dyadic(numerator, bits);
    let z = &v * &(&v + &Ball::integer(2)).reciprocal();
    let square = &z * &z;
    let mut power = z;
    let mut sum = Ball::integer(0);
    for k in 0.. {
        let term = power.scaled(1, 2 * k + 1);
        sum = &sum + &term;
        // z <= 1/3, so what follows is below an eighth of the last term.
        if term.is_negligible() {
            sum = sum.widened_by(&term);
            break;
        }
        power = &power * &square;
    }
    sum.scaled(2, 1)
}

/// $\ln 2$.
pub(crate) fn ln_2() -> Ball {
    ln_1p(1, 0)
}

/// $\varphi(x) = e^{-x^2 / 2} / \sqrt{2 \pi}$ at $x = n / 2^{bits}$.
fn density(numerator: u64, bits: u32, inverse_sqrt_two_pi: &Ball) -> Ball {
    let exponent = -&Ball::dyadic(u128::from(numerator).pow(2), 2 * bits + 1);
    &exp(&exponent) * inverse_sqrt_two_pi
}

/// $\Phi(x) = 1/2 + \varphi(x) \sum_n x^{2n+1} / (2n+1)!!$ at $x = n / 2^{bits}$ (Abramowitz and Stegun 26.2.11).
fn distribution(numerator: u64, bits: u32, density: &Ball) -> Ball {
    let square = numerator.pow(2);
    let mut term = Ball::dyadic(numerator, bits);
    let mut sum = term.clone();
    for n in 1u64.. {
        term = term.scaled(square, (2 * n + 1) << (2 * bits));
        sum = &sum + &term;
        // Once the ratio x^2 / (2n + 3) is below one half, what follows is below the last term.
        if term.is_negligible() && 2 * square < (2 * n + 3) << (2 * bits) {
            break;
        }
    }
    &Ball::dyadic(1, 1) + &(density * &sum.widened_by(&term))
}

/// What is expanded around the middle of a segment.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Function {
    /// $\Phi(u)$, $u \ge 0$.
    NormalCdf,
    /// $\varphi(u)$, $u \ge 0$.
    NormalPdf,
    /// $e^{u - 5/2}$, $u \le 3.76$.
    ExpShifted,
    /// $\ln(1 + u)$, $u \ge -2^{-20}$.
    LnOnePlus,
}

impl Function {
    /// The expansion around the middle $m = (j + 1/2) h$ of segment `j`, $h = 2^{-\text{segment\_bits}}$.
    pub(crate) fn expand(self, j: u64, segment_bits: u32, inverse_sqrt_two_pi: &Ball) -> Expansion {
        let (middle, bits) = (2 * j + 1, segment_bits + 1);
        let derivatives = match self {
            Self::NormalPdf => density_terms(middle, bits, inverse_sqrt_two_pi),
            Self::NormalCdf => {
                let density = density_terms(middle, bits, inverse_sqrt_two_pi);
                std::array::from_fn(|n| match n {
                    0 => distribution(middle, bits, &density[0]),
                    _ => density[n - 1].scaled(1, n as u64),
                })
            }
            Self::ExpShifted => {
                let mut term = exp(&(&Ball::dyadic(middle, bits) - &Ball::dyadic(5, 1)));
                std::array::from_fn(|n| {
                    term = term.scaled(1, n.max(1) as u64);
                    term.clone()
                })
            }
            Self::LnOnePlus => {
                let inverse = (&Ball::dyadic(middle, bits) + &Ball::integer(1)).reciprocal();
                let mut power = Ball::integer(-1);
                std::array::from_fn(|n| match n {
                    0 => ln_1p(middle, bits),
                    _ => {
                        power = -&(&power * &inverse);
                        power.scaled(1, n as u64)
                    }
                })
            }
        };
        let mut expansion: Expansion = std::array::from_fn(|n| derivatives[n].halved(n as u32 * segment_bits));
        // h^8 |s|^8 <= 2^-7 h^8, since (1/2 + 2^-15)^8 < 2^-7.
        let exponent = PRECISION - 8 * segment_bits - 7 - self.eighth_term_bits();
        expansion[0] = expansion[0].clone().widened(1 << exponent);
        expansion
    }

    /// $b$ with $|f^{(8)}| / 8! \le 2^{-b}$ everywhere in the domain.
    fn eighth_term_bits(self) -> u32 {
        match self {
            // |phi^(n)| <= E|Z|^n / sqrt(2 pi), from the Fourier integral: 15.3 for n = 7, 41.9 for n = 8; 8! = 40320.
            Self::NormalCdf => 11,
            Self::NormalPdf => 9,
            // e^1.26 < 4.
            Self::ExpShifted => 13,
            // (1 + u)^-8 / 8 with u >= -2^-20.
            Self::LnOnePlus => 2,
        }
    }
}

/// $\varphi^{(n)}(m) / n!$: from $\varphi' = -x \varphi$, $(n + 1) a_{n+1} = -(m a_n + a_{n-1})$.
fn density_terms(middle: u64, bits: u32, inverse_sqrt_two_pi: &Ball) -> [Ball; TERMS] {
    let m = Ball::dyadic(middle, bits);
    let mut terms = vec![density(middle, bits, inverse_sqrt_two_pi)];
    for n in 0..TERMS - 1 {
        let mut next = &m * &terms[n];
        if n > 0 {
            next = &next + &terms[n - 1];
        }
        terms.push((-&next).scaled(1, n as u64 + 1));
    }
    terms.try_into().expect("one term per degree")
}
