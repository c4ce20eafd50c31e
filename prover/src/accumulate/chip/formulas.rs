//! The equations between limbs, as gates and witnesses use them: the same text for field elements and for expressions.
//!
//! Bounds, with $x < 2^{255}$ for every range-checked number, ordinates $|Y| < 16 \cdot 2^{510} + 2^{255}$ (at most [`MAX_STEPS`] steps since
//! the last reduction, each of which adds a product) and $p < 2^{254}$:
//!
//! | equation | $\lvert V\rvert$ below |
//! |---|---|
//! | chord | $2^{510} + 2^{514.1} + 2^{271} p < 2^{524.7}$ |
//! | tangent | $2 \cdot 2^{510} + 3 \cdot 2^{510} + 2^{271} p < 2^{524.7}$ |
//! | root | $2^{510} + 3 \cdot 2^{255} + 2^{255} p < 2^{511}$ |
//! | reduction | $2^{514.1} + 2^{255} + 2^{271} p < 2^{524.7}$ |
//!
//! all below $2^{272} r > 2^{525.5}$. Coefficients: a product of numbers has at most four terms below $2^{136}$, an ordinate after 16 steps is
//! below $2^{142} + 2^{68}$, so each equation's are below $2^{143}$.

use std::sync::LazyLock;

use halo2curves::{
    bn256::Fr,
    ff::{Field, PrimeField},
};
use num_bigint::BigUint;

use super::limbs::{BASE, LIMBS, MODULUS, Ring, Truncated, reduce as into_field, split};

/// Steps after which an ordinate has to be reduced.
pub(super) const MAX_STEPS: usize = 16;

/// Added to the quotients of slopes and reductions, which can be negative: $2^{271}$, half of what 16 pieces hold.
pub(super) static Q_CHORD: LazyLock<BigUint> = LazyLock::new(|| BigUint::from(1u32) << 271);
/// Added to the quotient of an abscissa, which is above $-3$.
pub(super) static Q_ROOT: LazyLock<BigUint> = LazyLock::new(|| BigUint::from(8u32));

/// $(q - \mathrm{offset}) \, p$.
fn multiple<T: Ring>(q: Truncated<T>, offset: &BigUint) -> Truncated<T> {
    (q - Truncated::constant(offset)) * Truncated::constant(&MODULUS)
}

/// The slope of the line through $(x_1, y_1)$ and $(x_2, y_2)$: $s (x_2 - x_1) - y_2 + y_1 = q p$.
pub(super) fn chord<T: Ring>(
    slope: Truncated<T>,
    x1: Truncated<T>,
    x2: Truncated<T>,
    y1: Truncated<T>,
    y2: Truncated<T>,
    q: Truncated<T>,
) -> Truncated<T> {
    slope * (x2 - x1) - y2 + y1 - multiple(q, &Q_CHORD)
}

/// The slope of the tangent at $(x_1, y_1)$, with $y_1$ reduced: $2 s y_1 - 3 x_1^2 = q p$.
pub(super) fn tangent<T: Ring>(
    slope: Truncated<T>,
    x1: Truncated<T>,
    y1: Truncated<T>,
    q: Truncated<T>,
) -> Truncated<T> {
    (slope * y1).times(2) - (x1.clone() * x1).times(3) - multiple(q, &Q_CHORD)
}

/// The third abscissa on a line: $s^2 - x_1 - x_2 - x_3 = q p$.
pub(super) fn root<T: Ring>(
    slope: Truncated<T>,
    x1: Truncated<T>,
    x2: Truncated<T>,
    x3: Truncated<T>,
    q: Truncated<T>,
) -> Truncated<T> {
    slope.clone() * slope - x1 - x2 - x3 - multiple(q, &Q_ROOT)
}

/// Its ordinate, mirrored, not reduced: $s (x_1 - x_3) - y_1$.
pub(super) fn third<T: Ring>(
    slope: Truncated<T>,
    x1: Truncated<T>,
    x3: Truncated<T>,
    y1: Truncated<T>,
) -> Truncated<T> {
    slope * (x1 - x3) - y1
}

/// An ordinate reduced: $Y - y = q p$.
pub(super) fn reduce<T: Ring>(ordinate: Truncated<T>, reduced: Truncated<T>, q: Truncated<T>) -> Truncated<T> {
    ordinate - reduced - multiple(q, &Q_CHORD)
}

/// That a difference of two numbers below $2^{255}$ is not a multiple of the modulus, by its value $d$ modulo $r$: with
/// `square` $= d^2$, $d (d^2 - p^2)(d^2 - 4 p^2)$ has an inverse.
///
/// $2^{255} < 3 p$, so no other multiples are possible. That $d$ is one of these modulo $r$ only is improbable, and costs no
/// soundness: an honest prover would fail.
pub(super) fn distinct<T: Ring>(difference: T, square: T, inverse: T) -> [T; 2] {
    let p: Fr = into_field(&MODULUS);
    let factor = |multiple: Fr| square.clone() - T::constant(multiple.square());
    let product = inverse * difference.clone() * factor(p) * factor(p.double());
    [difference.clone() * difference - square.clone(), product - T::constant(Fr::ONE)]
}

/// That $x + t = p - 1$, limb by limb with carries: then $x < p$.
pub(super) fn below<T: Ring>(x: [T; LIMBS], complement: [T; LIMBS], carries: [T; LIMBS - 1]) -> Vec<T> {
    let target = split(&(&*MODULUS - 1u32)).map(Fr::from_u128);
    let sums = x.into_iter().zip(complement).zip(target).enumerate().map(|(i, ((x, t), target))| {
        let sum = x + t - T::constant(target);
        let sum = if i == 0 { sum } else { sum + carries[i - 1].clone() };
        if i < carries.len() { sum - carries[i].clone() * T::constant(*BASE) } else { sum }
    });
    let bits = carries.iter().map(|carry| carry.clone() * (carry.clone() - T::constant(Fr::ONE)));
    sums.chain(bits.collect::<Vec<_>>()).collect()
}
