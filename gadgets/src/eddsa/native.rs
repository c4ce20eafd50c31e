//! The native twin: keys, signing, verification, encodings.

use std::fmt;

use ff::PrimeField;
use halo2curves::bn256::Fr;
use num_bigint::BigUint;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::blake512::blake512;
use crate::{
    edwards::{Extended, Point, Scalar},
    error::GadgetError,
    poseidon::hash5,
};

/// A signing key.
///
/// Signing is deterministic and not constant-time: it is for a machine that nobody else measures.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct PrivateKey {
    /// Little-endian, a multiple of 8 between $2^{254}$ and $2^{255}$.
    scalar: [u8; 32],
    /// What nonces are derived from.
    prefix: [u8; 32],
    #[zeroize(skip)]
    public: PublicKey,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PrivateKey").field("public", &self.public).finish_non_exhaustive()
    }
}

impl PrivateKey {
    /// The key of a seed, as circomlibjs's `prv2pub` and `signPoseidon` derive it from their `prv`: BLAKE-512, the first half clamped
    /// as in RFC 8032 section 5.1.5.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let mut digest = blake512(seed);
        let (mut scalar, mut prefix) = ([0; 32], [0; 32]);
        scalar.copy_from_slice(&digest[..32]);
        prefix.copy_from_slice(&digest[32..]);
        digest.zeroize();
        scalar[0] &= 0xf8;
        scalar[31] = scalar[31] & 0x7f | 0x40;
        let eighth = BigUint::from_bytes_le(&scalar) >> 3u8;
        // Of the 2^251 clamped scalars one, 16 l, makes the neutral element; nobody has a seed of it.
        let public = PublicKey(Point::base8_times(Scalar::reduce(&eighth.to_bytes_le())));
        Self { scalar, prefix, public }
    }

    /// The key that verifies.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// Signs a field element.
    #[must_use]
    pub fn sign(&self, message: Fr) -> Signature {
        let mut nonce_input = [0; 64];
        nonce_input[..32].copy_from_slice(&self.prefix);
        nonce_input[32..].copy_from_slice(&message.to_repr());
        let nonce = Scalar::reduce(&blake512(&nonce_input));
        nonce_input.zeroize();
        let r8 = Point::base8_times(nonce);
        let challenge = challenge(&r8, &self.public.0, message);
        let s = Scalar::multiply_add(&self.scalar, &BigUint::from_bytes_le(&challenge.to_repr()), nonce);
        Signature { r8, s }
    }
}

/// A verification key: a point of the prime subgroup other than the neutral element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(Point);

impl PublicKey {
    /// The key that is this point.
    ///
    /// # Errors
    /// [`GadgetError::Malformed`] for the neutral element and for points outside of the prime subgroup.
    pub fn new(point: Point) -> Result<Self, GadgetError> {
        let malformed = |reason| Err(GadgetError::Malformed { what: "public key", reason });
        if point == Point::IDENTITY {
            malformed("it is the neutral element")
        } else if !point.is_in_prime_subgroup() {
            malformed("it is outside of the prime subgroup")
        } else {
            Ok(Self(point))
        }
    }

    /// The point.
    #[must_use]
    pub fn point(&self) -> Point {
        self.0
    }

    /// Reads the packed form of [`Point::from_bytes`].
    ///
    /// # Errors
    /// [`GadgetError::Malformed`] as [`Point::from_bytes`] and [`Self::new`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, GadgetError> {
        Self::new(Point::from_bytes(bytes)?)
    }

    /// The packed form.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Whether $S\,B_8 = R_8 + 8 h A$ with $h$ the hash of $R_8$, the key and the message.
    ///
    /// # Errors
    /// [`GadgetError::WrongSignature`] if it is not.
    pub fn verify(&self, message: Fr, signature: &Signature) -> Result<(), GadgetError> {
        let challenge = Scalar::reduce(&challenge(&signature.r8, &self.0, message).to_repr());
        let minus_8a = Extended::from(-self.0.times_cofactor());
        let difference = Extended::base8_times(signature.s).add(&minus_8a.times(&challenge.limbs()));
        if difference.equals(&signature.r8.into()) { Ok(()) } else { Err(GadgetError::WrongSignature) }
    }
}

/// A signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature {
    /// The nonce's point; that it is in the prime subgroup follows from the equation.
    pub r8: Point,
    /// The response, below $\ell$: the other representatives of its residue are not signatures.
    pub s: Scalar,
}

impl Signature {
    /// circomlibjs's packed form: $R_8$ packed, then S in 32 little-endian bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&self.r8.to_bytes());
        bytes[32..].copy_from_slice(&self.s.to_bytes());
        bytes
    }

    /// Reads the packed form; each signature has one.
    ///
    /// # Errors
    /// [`GadgetError::Malformed`] as [`Point::from_bytes`] and [`Scalar::from_bytes`].
    pub fn from_bytes(bytes: &[u8; 64]) -> Result<Self, GadgetError> {
        let (mut r8, mut s) = ([0; 32], [0; 32]);
        r8.copy_from_slice(&bytes[..32]);
        s.copy_from_slice(&bytes[32..]);
        Ok(Self { r8: Point::from_bytes(&r8)?, s: Scalar::from_bytes(&s)? })
    }
}

/// $h = \mathrm{Poseidon}(R_{8,x}, R_{8,y}, A_x, A_y, M)$.
pub(super) fn challenge(r8: &Point, key: &Point, message: Fr) -> Fr {
    hash5([r8.x(), r8.y(), key.x(), key.y(), message])
}
