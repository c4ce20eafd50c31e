//! The evaluation domain of a circuit and the cosets on which its quotient is evaluated.

use ff::{Field, PrimeField, WithSmallOrderMulGroup};
use halo2curves::bn256::Fr;

use crate::Error;

/// The rows of a circuit, $H = \langle\omega\rangle$ of order $n = 2^k$, and the cosets $s_i H$ on which quotients
/// are evaluated.
///
/// The coset shifts are those of halo2: $s_i = \zeta\,\omega_e^i$, where $\zeta$ is the cube root of unity of the
/// field and $\omega_e$ generates the smallest power-of-two domain that holds `parts` copies of $H$. A quotient of
/// fewer than `parts * n` coefficients is determined by its values on the first `parts` cosets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    k: u32,
    omega: Fr,
    shifts: Vec<Fr>,
}

impl Domain {
    /// The domain of `2^k` rows whose quotients have `parts * 2^k` coefficients.
    ///
    /// # Errors
    /// [`Error::DomainTooLarge`] if the field has no root of unity of that order.
    pub fn new(k: u32, parts: usize) -> Result<Self, Error> {
        let extension = parts.next_power_of_two().trailing_zeros();
        if k + extension > Fr::S {
            return Err(Error::DomainTooLarge { k, parts });
        }
        let omega_extended = root_of_unity(k + extension);
        let shifts = std::iter::successors(Some(Fr::ZETA), |shift| Some(shift * omega_extended)).take(parts).collect();
        Ok(Self { k, omega: root_of_unity(k), shifts })
    }

    /// log2 of the number of rows.
    pub fn k(&self) -> u32 {
        self.k
    }

    /// Number of rows, `2^k`.
    pub fn n(&self) -> usize {
        1 << self.k
    }

    /// The generator $\omega$ of the rows.
    pub fn omega(&self) -> Fr {
        self.omega
    }

    /// The shift $s_i$ of every coset part.
    pub fn shifts(&self) -> &[Fr] {
        &self.shifts
    }

    /// $x\,\omega^r$: the point that `rotation` rows away from the point `x` looks at.
    pub fn rotate(&self, x: Fr, rotation: i32) -> Fr {
        let exponent = i64::from(rotation).rem_euclid(self.n() as i64);
        x * self.omega.pow_vartime([exponent as u64])
    }

    /// The matrix $M$ that turns values on the cosets into quotient pieces:
    /// `pieces[j][c] = Σ_i M[j][i] · folded_i[c]`.
    ///
    /// `folded_i` are the coefficients modulo $X^n - s_i^n$ of the polynomial with the given values on coset `i`.
    /// With $u_i = s_i^n$ they are $\sum_j u_i^j q_j$ for the pieces $q_j$ of the numerator divided by $X^n - 1$, so
    /// $M$ is the inverse of the Vandermonde matrix in $u_i$, column `i` divided by $u_i - 1$.
    pub fn quotient_matrix(&self) -> Vec<Vec<Fr>> {
        let nodes: Vec<Fr> = self.shifts.iter().map(|shift| shift.pow_vartime([self.n() as u64])).collect();
        let mut matrix = vec![vec![Fr::ZERO; nodes.len()]; nodes.len()];
        for (i, node) in nodes.iter().enumerate() {
            // Coefficients of the Lagrange polynomial of node i.
            let mut lagrange = vec![Fr::ONE];
            let mut denominator = node - Fr::ONE;
            for other in nodes.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, other)| other) {
                denominator *= node - other;
                lagrange.insert(0, Fr::ZERO);
                for j in 0..lagrange.len() - 1 {
                    let above = lagrange[j + 1];
                    lagrange[j] -= other * above;
                }
            }
            let scale = denominator.invert().expect("coset shifts are distinct and lie off the rows");
            for (row, coefficient) in matrix.iter_mut().zip(lagrange) {
                row[i] = coefficient * scale;
            }
        }
        matrix
    }
}

/// The primitive `2^k`-th root of unity that halo2 uses, for `k` at most the field's two-adicity.
fn root_of_unity(k: u32) -> Fr {
    (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotient_matrix_inverts_evaluation_of_pieces() {
        for parts in 1..=8 {
            let domain = Domain::new(3, parts).unwrap();
            let pieces: Vec<Fr> = (0..parts).map(|j| Fr::from(7 + 11 * j as u64)).collect();
            let values: Vec<Fr> = domain
                .shifts()
                .iter()
                .map(|shift| {
                    let node = shift.pow_vartime([8]);
                    let quotient = pieces.iter().rev().fold(Fr::ZERO, |acc, piece| acc * node + piece);
                    quotient * (node - Fr::ONE)
                })
                .collect();
            for (row, piece) in domain.quotient_matrix().iter().zip(&pieces) {
                let found: Fr = row.iter().zip(&values).map(|(m, v)| m * v).sum();
                assert_eq!(found, *piece);
            }
        }
    }

    #[test]
    fn a_domain_beyond_the_two_adicity_is_refused() {
        assert!(Domain::new(28, 1).is_ok());
        assert_eq!(Domain::new(27, 3), Err(Error::DomainTooLarge { k: 27, parts: 3 }));
    }
}
