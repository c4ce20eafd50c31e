//! Verification on the shared columns.
//!
//! With $T = A / 8$, which the prover gives, the conditions are two sums of points:
//!
//! - the ladder, $T - \sum_{i < 260} (2 b_i - 1)\, 2^i T = -64 h\, T = -8 h A$ for the bits $b_i$ of $32 h + 2^{259}$;
//! - from there S times $B_8$, which must end in $R_8$.
//!
//! That A is $8 T$, the point of the ladder's fourth step, proves that it is in the prime subgroup, and $A_x \ne 0$ that it is not the neutral
//! element. $R_8$ is a point of the curve because a sum of such points is one.
//!
//! h and S are integers and not residues: the ladder's 254 bits of h are at most p - 1, and S is at most $\ell - 1$.

use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::{bn256::Fr, ff::Field};
use num_bigint::BigUint;

use super::{
    AssignedSignature, EddsaInstructions, Signature,
    canonical::{CanonicalChip, Cells, Maximum, integer},
    native::challenge,
};
use crate::{
    edwards::{BaseMultiple, DIGIT_BITS, DIGITS, EdwardsChip, LADDER_BITS, Ladder, ORDER, Point, after_the_last},
    frame::{Cost, Cursor, Lanes, Word, value::to_field},
    linear::{LinearChip, LinearInstructions},
    poseidon::{Given, WidePoseidonChip, WidePoseidonInstructions},
};

/// Steps of the ladder before the challenge's lowest bit: three from T to A, two more because $h A$ counts double and the sum is of odd multiples.
const BELOW_CHALLENGE: usize = 5;

/// The step of the ladder whose point is the key.
const KEY_STEP: usize = 3;

/// Where the challenge is cut to compare it with p - 1: both parts of p - 1 are below $2^{126}$.
const CHALLENGE_CUT: usize = 128;

/// Digits of S below where it is cut: at 126 bits.
const LOWER_DIGITS: usize = DIGITS / 2;

/// EdDSA on the shared columns.
#[derive(Debug, Clone)]
pub struct EddsaChip {
    linear: LinearChip,
    hash: WidePoseidonChip,
    edwards: EdwardsChip,
    canonical: CanonicalChip,
}

impl EddsaChip {
    /// Creates the gates.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Self {
        let linear = LinearChip::configure(meta, lanes);
        Self {
            linear,
            hash: WidePoseidonChip::configure(meta, lanes, linear),
            edwards: EdwardsChip::configure(meta, lanes),
            canonical: CanonicalChip::configure(meta, lanes),
        }
    }

    /// What a verification costs.
    #[must_use]
    pub fn cost(&self) -> Cost {
        let nonce_point = Cost { rows: 1, advice_cells: 2, lookup_cells: 0, area: 4 };
        let points = EdwardsChip::ladder_cost() + EdwardsChip::base_cost();
        let comparisons = self.canonical.cost() + self.canonical.cost();
        nonce_point + WidePoseidonChip::cost_of_five() + LinearChip::cost(1) + points + comparisons
    }

    /// [`EddsaInstructions::verify`] of a claim as it stands, whatever it is worth.
    pub(super) fn constrain(
        &self,
        cursor: &mut Cursor<'_, '_>,
        key: [&Word; 2],
        message: &Word,
        claim: Option<&Claim>,
        zero: &Word,
    ) -> AssignedSignature {
        let row = cursor.row;
        cursor.row += 1;
        let r8 = [0, 1].map(|column| cursor.assign(row, column, claim.map(|claim| claim.r8[column])));
        let h = self.hash.hash5(cursor, [&r8[0], &r8[1], key[0], key[1], message], zero);

        let lowest = self.linear.sum(cursor, &[(Fr::from(1 << BELOW_CHALLENGE), &h)], zero);
        let bits = claim.map(Claim::ladder_bits);
        let ladder = self.edwards.ladder(cursor, claim.map(|claim| claim.eighth), bits.as_deref());
        let Ladder { left, points, sum } = &ladder;
        cursor.equal(&left[0], &lowest);
        cursor.equal(&left[BELOW_CHALLENGE], &h);
        cursor.equal(&left[LADDER_BITS], zero);
        points[KEY_STEP].iter().zip(key).for_each(|(point, key)| cursor.equal(point, key));

        let multiple = self.edwards.add_base_multiple(cursor, sum, claim.map(|claim| &claim.s));
        let BaseMultiple { left: digits, sum } = &multiple;
        cursor.equal(&digits[DIGITS], zero);
        sum.iter().zip(&r8).for_each(|(sum, r8)| cursor.equal(sum, r8));

        let cofactor = key[0].value.map(|x| to_field(x).invert().unwrap_or(Fr::ZERO) * after_the_last());
        let cells = Cells {
            total: Given::Copied(&h),
            integer: claim.map(|claim| &claim.challenge),
            high: &left[BELOW_CHALLENGE + CHALLENGE_CUT],
            factor: key[0],
            cofactor: Given::Witness(cofactor),
            constant: after_the_last(),
        };
        let [_, last] = self.canonical.at_most(cursor, &Self::largest_challenge(), cells);
        cursor.equal(&left[LADDER_BITS + 1], &last);
        cursor.equal(&digits[DIGITS + 1], &last);
        let cells = Cells {
            total: Given::Copied(&digits[0]),
            integer: claim.map(|claim| &claim.s),
            high: &digits[LOWER_DIGITS],
            factor: zero,
            cofactor: Given::Copied(zero),
            constant: Fr::ZERO,
        };
        let [s, _] = self.canonical.at_most(cursor, &Self::largest_response(), cells);
        AssignedSignature { r8, s }
    }

    /// $p - 1$.
    fn largest_challenge() -> Maximum {
        Maximum::new(&integer(-Fr::ONE), CHALLENGE_CUT as u32)
    }

    /// $\ell - 1$.
    fn largest_response() -> Maximum {
        let order = BigUint::from_bytes_le(&ORDER.map(u64::to_le_bytes).concat());
        Maximum::new(&(order - 1u8), (LOWER_DIGITS * DIGIT_BITS) as u32)
    }
}

/// What a prover claims.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    /// A / 8.
    pub(super) eighth: Point,
    pub(super) r8: [Fr; 2],
    pub(super) s: BigUint,
    /// h, as the integer of the ladder's bits.
    pub(super) challenge: BigUint,
}

impl Claim {
    /// The claim of a signature.
    fn new(key: [Fr; 2], message: Fr, signature: &Signature) -> Self {
        let point = Point::unchecked(key[0], key[1]);
        let challenge = integer(challenge(&signature.r8, &point, message));
        let r8 = [signature.r8.x(), signature.r8.y()];
        Self { eighth: point.eighth(), r8, s: BigUint::from_bytes_le(&signature.s.to_bytes()), challenge }
    }

    fn ladder_bits(&self) -> Vec<bool> {
        (0..LADDER_BITS as u64)
            .map(|i| i >= BELOW_CHALLENGE as u64 && self.challenge.bit(i - BELOW_CHALLENGE as u64))
            .collect()
    }
}

impl EddsaInstructions for EddsaChip {
    fn verify(
        &self,
        cursor: &mut Cursor<'_, '_>,
        key: [&Word; 2],
        message: &Word,
        signature: Option<&Signature>,
        zero: &Word,
    ) -> AssignedSignature {
        let value = |word: &Word| word.value.map(to_field);
        let claim = value(key[0]).zip(value(key[1])).zip(value(message)).zip(signature);
        let claim = claim.map(|(((x, y), message), signature)| Claim::new([x, y], message, signature));
        self.constrain(cursor, key, message, claim.as_ref(), zero)
    }
}
