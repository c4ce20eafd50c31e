//! Polynomials with ball coefficients in the Chebyshev basis.

use crate::ball::Ball;

/// $\sum_k c_k T_k(y)$.
#[derive(Debug, Clone)]
pub(crate) struct Chebyshev(pub(crate) Vec<Ball>);

impl Chebyshev {
    /// $p(\text{centre} + \text{radius} \cdot y)$ for $p(s) = \sum_n p_n s^n$, by Horner's rule.
    pub(crate) fn compose(power_coefficients: &[Ball], centre: &Ball, radius: &Ball) -> Self {
        let mut sum = Self(Vec::new());
        for coefficient in power_coefficients.iter().rev() {
            sum = sum.times_affine(centre, radius);
            sum.add_constant(coefficient);
        }
        sum
    }

    /// Times $\text{centre} + \text{radius} \cdot y$, with $y T_0 = T_1$ and $y T_k = (T_{k+1} + T_{k-1}) / 2$.
    fn times_affine(&self, centre: &Ball, radius: &Ball) -> Self {
        if self.0.is_empty() {
            return self.clone();
        }
        let mut product = vec![Ball::integer(0); self.0.len() + 1];
        for (k, coefficient) in self.0.iter().enumerate() {
            let scaled = coefficient * radius;
            if k == 0 {
                product[1] = &product[1] + &scaled;
            } else {
                let half = scaled.halved(1);
                product[k + 1] = &product[k + 1] + &half;
                product[k - 1] = &product[k - 1] + &half;
            }
            product[k] = &product[k] + &(coefficient * centre);
        }
        Self(product)
    }

    fn add_constant(&mut self, constant: &Ball) {
        match self.0.first_mut() {
            Some(first) => *first = &*first + constant,
            None => self.0.push(constant.clone()),
        }
    }

    /// Minus `factor` times `other`.
    pub(crate) fn subtract(&mut self, other: &Self, factor: &Ball) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = &*mine - &(theirs * factor);
        }
    }
}
