//! The public instance that every leaf, node and wrap exposes.
//!
//! | index | what |
//! |---|---|
//! | 0 .. 12 | the accumulator: x and y of its left point, then of its right point, 3 limbs of 88 bits each, least significant first |
//! | 12 | state root before the first batch |
//! | 13 | state root after the last batch |
//! | 14 | number of batches |
//! | 15 | digest of the batches' contexts |
//! | 16 | digest of all verifying keys below |

use halo2curves::{
    CurveAffine,
    bn256::{Bn256, Fq, Fr, G1Affine, G2Affine, G2Prepared},
    ff::PrimeField,
    group::{Group, prime::PrimeCurveAffine},
    pairing::{MillerLoopResult, MultiMillerLoop},
};

use crate::error::ProverError;

/// Limbs of a coordinate.
pub const LIMBS: usize = 3;
/// Bits of a limb.
pub const LIMB_BITS: usize = 88;
/// Public instances of the accumulator.
pub const ACCUMULATOR_LEN: usize = 4 * LIMBS;
/// Public instances of a leaf, a node or a wrap.
pub const INSTANCE_LEN: usize = ACCUMULATOR_LEN + 5;

/// Where the values after the accumulator lie.
pub(crate) mod index {
    use super::ACCUMULATOR_LEN;
    pub(crate) const OLD_ROOT: usize = ACCUMULATOR_LEN;
    pub(crate) const NEW_ROOT: usize = ACCUMULATOR_LEN + 1;
    pub(crate) const BATCHES: usize = ACCUMULATOR_LEN + 2;
    pub(crate) const CONTEXTS: usize = ACCUMULATOR_LEN + 3;
    pub(crate) const KEYS: usize = ACCUMULATOR_LEN + 4;
}

/// What is left to check of all proofs below: $e(\mathrm{left}, \[1\]_2) = e(\mathrm{right}, \[\tau\]_2)$.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accumulator {
    /// The left point.
    pub left: G1Affine,
    /// The right point.
    pub right: G1Affine,
}

impl Accumulator {
    /// Whether the pairing equation holds for the secret in `s_g2` = $[\tau]_2$.
    #[must_use]
    pub fn holds(&self, s_g2: G2Affine) -> bool {
        let [g2, minus_s_g2] = [G2Affine::generator(), -s_g2].map(G2Prepared::from);
        let terms = [(&self.left, &g2), (&self.right, &minus_s_g2)];
        Bn256::multi_miller_loop(&terms).final_exponentiation().is_identity().into()
    }

    /// The limbs, as they lie in the instance.
    #[must_use]
    pub fn limbs(&self) -> [Fr; ACCUMULATOR_LEN] {
        let coordinates = [self.left, self.right].map(|point| [point.x, point.y]);
        let mut limbs = coordinates.as_flattened().iter().flat_map(split_limbs);
        std::array::from_fn(|_| limbs.next().expect("three for each of four coordinates"))
    }

    fn from_limbs(limbs: &[Fr]) -> Result<Self, ProverError> {
        let point = |name: &str, limbs: &[Fr]| {
            let coordinate = |axis: &str, limbs: &[Fr]| {
                let why = format!("not {LIMBS} limbs of {LIMB_BITS} bits of a number below the base field's modulus");
                join_limbs(limbs)
                    .ok_or_else(|| ProverError::malformed(format!("{axis} of the accumulator's {name} point"), why))
            };
            let (x, y) = limbs.split_at(LIMBS);
            let (x, y) = (coordinate("x", x)?, coordinate("y", y)?);
            Option::<G1Affine>::from(G1Affine::from_xy(x, y))
                .filter(|point| !bool::from(point.is_identity()))
                .ok_or_else(|| ProverError::malformed(format!("the accumulator's {name} point"), "not on the curve"))
        };
        let (left, right) = limbs.split_at(2 * LIMBS);
        Ok(Self { left: point("left", left)?, right: point("right", right)? })
    }
}

/// The limbs of a coordinate, least significant first.
pub(crate) fn split_limbs(coordinate: &Fq) -> [Fr; LIMBS] {
    const BYTES: usize = LIMB_BITS / 8;
    let repr = coordinate.to_repr();
    std::array::from_fn(|i| {
        let mut limb = [0; 32];
        let bytes = &repr[i * BYTES..repr.len().min((i + 1) * BYTES)];
        limb[..bytes.len()].copy_from_slice(bytes);
        Fr::from_repr(limb).expect("88 bits are below the modulus")
    })
}

/// The coordinate, if each limb has at most 88 bits and the whole is below the modulus.
pub(crate) fn join_limbs(limbs: &[Fr]) -> Option<Fq> {
    const BYTES: usize = LIMB_BITS / 8;
    let mut whole = [0; LIMBS * BYTES];
    for (limb, place) in limbs.iter().zip(whole.chunks_mut(BYTES)) {
        let repr = limb.to_repr();
        let (low, high) = repr.split_at(BYTES);
        if high.iter().any(|&byte| byte != 0) {
            return None;
        }
        place.copy_from_slice(low);
    }
    let (low, high) = whole.split_at(32);
    if high.iter().any(|&byte| byte != 0) {
        return None;
    }
    Fq::from_repr(low.try_into().expect("32 bytes")).into()
}

/// What a leaf, a node or a wrap claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoldInstance {
    /// What is left to check.
    pub accumulator: Accumulator,
    /// State root before the first batch.
    pub old_root: Fr,
    /// State root after the last batch.
    pub new_root: Fr,
    /// Number of batches.
    pub batches: u64,
    /// Digest of the batches' contexts, a tree with the shape of the folding.
    pub contexts: Fr,
    /// Digest of all verifying keys below.
    pub keys: Fr,
}

impl FoldInstance {
    /// The instance column.
    #[must_use]
    pub fn to_column(&self) -> Vec<Fr> {
        let Self { accumulator, old_root, new_root, batches, contexts, keys } = self;
        accumulator.limbs().into_iter().chain([*old_root, *new_root, Fr::from(*batches), *contexts, *keys]).collect()
    }

    /// Reads the instance column.
    ///
    /// # Errors
    /// [`ProverError::Mismatch`] for a column of another length, [`ProverError::Malformed`] when the limbs are not those of two
    /// points or the number of batches is none.
    pub fn from_column(column: &[Fr]) -> Result<Self, ProverError> {
        if column.len() != INSTANCE_LEN {
            return Err(ProverError::mismatch("number of public instances", INSTANCE_LEN, column.len()));
        }
        let repr = column[index::BATCHES].to_repr();
        let (low, high) = repr.split_at(8);
        let batches = u64::from_le_bytes(low.try_into().expect("eight bytes"));
        if batches == 0 || high.iter().any(|&byte| byte != 0) {
            return Err(ProverError::malformed("number of batches", "not from 1 to 2^64 - 1"));
        }
        Ok(Self {
            accumulator: Accumulator::from_limbs(&column[..ACCUMULATOR_LEN])?,
            old_root: column[index::OLD_ROOT],
            new_root: column[index::NEW_ROOT],
            batches,
            contexts: column[index::CONTEXTS],
            keys: column[index::KEYS],
        })
    }
}

#[cfg(test)]
mod tests {
    use halo2curves::{bn256::G1, ff::Field, group::Curve};
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    fn instance() -> FoldInstance {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut point = || G1::random(&mut rng).to_affine();
        let accumulator = Accumulator { left: point(), right: point() };
        let [old_root, new_root, contexts, keys] = [3, 5, 7, 9].map(Fr::from);
        FoldInstance { accumulator, old_root, new_root, batches: 1 << 40, contexts, keys }
    }

    #[test]
    fn columns_are_read_back() {
        let instance = instance();
        let column = instance.to_column();
        assert_eq!(column.len(), INSTANCE_LEN);
        assert_eq!(FoldInstance::from_column(&column).unwrap(), instance);
        // The limbs are what snark-verifier makes of the coordinates.
        let theirs =
            snark_verifier::util::arithmetic::fe_to_limbs::<Fq, Fr, LIMBS, LIMB_BITS>(instance.accumulator.right.y);
        assert_eq!(column[9..12], theirs);
    }

    #[test]
    fn every_limb_and_count_has_one_encoding() {
        let refused = |change: &dyn Fn(&mut Vec<Fr>)| {
            let mut column = instance().to_column();
            change(&mut column);
            FoldInstance::from_column(&column).unwrap_err().to_string()
        };
        let limbs = "not 3 limbs of 88 bits of a number below the base field's modulus";
        let two_88 = Fr::from(2).pow([88]);
        for i in 0..ACCUMULATOR_LEN {
            let name = format!("{} of the accumulator's {} point", ["x", "y"][i / 3 % 2], ["left", "right"][i / 6]);
            assert_eq!(refused(&|column| column[i] += two_88), format!("{name}: {limbs}"), "limb {i}");
            // The same number, with a bit carried between two limbs.
            if i % 3 < 2 {
                let carried = refused(&|column| {
                    column[i] += two_88;
                    column[i + 1] -= Fr::ONE;
                });
                assert_eq!(carried, format!("{name}: {limbs}"), "limb {i}");
            }
            let off = refused(&|column| column[i] += Fr::ONE);
            assert!(off.ends_with("point: not on the curve"), "limb {i}: {off}");
        }
        // The same coordinate, with the modulus added.
        let modulus = split_limbs(&-Fq::ONE);
        let above = refused(&|column| {
            for (limb, part) in column[..3].iter_mut().zip(modulus) {
                *limb += part;
            }
            column[0] += Fr::ONE;
        });
        assert_eq!(above, format!("x of the accumulator's left point: {limbs}"));
        assert_eq!(refused(&|column| column[..6].fill(Fr::ZERO)), "the accumulator's left point: not on the curve");
        assert_eq!(refused(&|column| column[14] = Fr::ZERO), "number of batches: not from 1 to 2^64 - 1");
        assert_eq!(refused(&|column| column[14] = Fr::from(2).pow([64])), "number of batches: not from 1 to 2^64 - 1");
        assert_eq!(refused(&|column| column.truncate(16)), "number of public instances: expected 17, found 16");
    }

    #[test]
    fn the_pairing_equation_is_checked() {
        let secret = Fr::from(123_456_789);
        let s_g2 = (G2Affine::generator() * secret).to_affine();
        let right = (G1Affine::generator() * Fr::from(42)).to_affine();
        let left = (right * secret).to_affine();
        assert!(Accumulator { left, right }.holds(s_g2));
        assert!(!Accumulator { left: right, right: left }.holds(s_g2));
        assert!(!Accumulator { left, right }.holds(G2Affine::generator()));
    }
}
