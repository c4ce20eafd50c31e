//! What vector arithmetic needs from an instruction set.

use std::fmt::Debug;

use halo2curves::bn256::Fr;

/// Number of independent recurrences in the scans below.
pub(crate) const LANES: usize = 16;

/// Arithmetic on one chunk by one thread. Slices given together have the same length, unless it says otherwise.
///
/// Functions with "lane" in their name cut the chunk into [`LANES`] runs of the same length, which must divide it; lane i
/// is the i-th run.
pub(crate) trait Kernel: Copy + Debug + Send + Sync {
    /// `a += b`.
    fn add(self, a: &mut [Fr], b: &[Fr]);

    /// `a -= b`.
    fn sub(self, a: &mut [Fr], b: &[Fr]);

    /// `a *= b`.
    fn mul(self, a: &mut [Fr], b: &[Fr]);

    /// `a *= factor`.
    fn scale(self, a: &mut [Fr], factor: &Fr);

    /// $\sum_i a_i b_i$.
    fn inner_product(self, a: &[Fr], b: &[Fr]) -> Fr;

    /// `sum = Σ c p` over all terms; every p is as long as the sum.
    fn combine(self, terms: &[(Fr, &[Fr])], sum: &mut [Fr]);

    /// `out[i] = first * ratio^i`.
    fn powers(self, first: &Fr, ratio: &Fr, out: &mut [Fr]);

    /// Inverses; zeros stay. Any length.
    fn invert(self, a: &mut [Fr]);

    /// For each lane $\sum_i e_i z^i$, given the powers of z.
    fn lane_values(self, elements: &[Fr], powers: &[Fr]) -> [Fr; LANES];

    /// Replaces each lane, from its end, by `q_i = e_{i+1} + z q_{i+1}`; the last `q` of lane i is `carries[i]`.
    fn lane_quotients(self, elements: &mut [Fr], z: &Fr, carries: &[Fr; LANES]);

    /// The product of each lane.
    fn lane_products(self, factors: &[Fr]) -> [Fr; LANES];

    /// Replaces each lane by its running products, from `starts[i]` on: the first element becomes that, the last factor
    /// is not used.
    fn lane_running_products(self, factors: &mut [Fr], starts: &[Fr; LANES]);

    /// For each lane the product of its numerators and the product of its denominators. Where a denominator is zero the
    /// fraction counts as 0 / 1.
    fn lane_fractions(self, numerators: &[Fr], denominators: &[Fr]) -> [[Fr; LANES]; 2];

    /// Replaces each lane of the numerators by the running products of its fractions, from `starts[i]` on, given the
    /// inverse of the product of its denominators.
    fn lane_running_fractions(
        self,
        numerators: &mut [Fr],
        denominators: &[Fr],
        starts: &[Fr; LANES],
        inverses: &[Fr; LANES],
    );
}
