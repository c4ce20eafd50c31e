//! Keys and signatures of accounts and oracles: EdDSA-Poseidon on Baby Jubjub, as in circomlibjs.
//!
//! What arrives in a transaction is any field elements, [`PublicKey`] and [`Signature`]; what the state holds is a
//! [`VerifyingKey`], checked once.

use ff::PrimeField;
use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use zomma_gadgets::{
    eddsa,
    edwards::{Point, Scalar},
};

use super::{
    ids::AccountId,
    reject::{Reject, Signer},
};
use crate::encoding::hex_fr;

/// A public key as it is written: the coordinates of a point, which may or may not be a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicKey {
    /// Abscissa.
    #[serde(with = "hex_fr")]
    pub x: Fr,
    /// Ordinate.
    #[serde(with = "hex_fr")]
    pub y: Fr,
}

impl PublicKey {
    /// The key, if it is one: on the curve, in the prime-order subgroup, not the identity.
    ///
    /// # Errors
    /// [`Reject::BadKey`].
    pub fn check(&self) -> Result<VerifyingKey, Reject> {
        let key = Point::new(self.x, self.y).and_then(eddsa::PublicKey::new);
        key.map(VerifyingKey).map_err(|_| Reject::BadKey)
    }
}

/// A public key that is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "PublicKey")]
pub struct VerifyingKey(eddsa::PublicKey);

impl From<VerifyingKey> for PublicKey {
    fn from(key: VerifyingKey) -> Self {
        let point = key.0.point();
        Self { x: point.x(), y: point.y() }
    }
}

impl VerifyingKey {
    /// Whether `signature` is this key's over `message`.
    pub fn verify(&self, message: Fr, signature: &Signature) -> bool {
        signature.read().is_some_and(|signature| self.0.verify(message, &signature).is_ok())
    }

    /// Checks that `signature` is this key's, the one of `account`, over `message`.
    ///
    /// # Errors
    /// [`Reject::BadSignature`].
    pub fn require_signed(&self, account: AccountId, message: Fr, signature: &Signature) -> Result<(), Reject> {
        let signer = Signer::Account(account);
        if self.verify(message, signature) { Ok(()) } else { Err(Reject::BadSignature { signer }) }
    }
}

/// A signature as it is written: three field elements, which may or may not be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Abscissa of the commitment R.
    #[serde(with = "hex_fr")]
    pub r_x: Fr,
    /// Ordinate of R.
    #[serde(with = "hex_fr")]
    pub r_y: Fr,
    /// The response; below the order of the subgroup in a signature.
    #[serde(with = "hex_fr")]
    pub s: Fr,
}

impl Signature {
    /// R on the curve, and the response in its range; else it is the signature of nothing.
    pub(crate) fn read(&self) -> Option<eddsa::Signature> {
        let r8 = Point::new(self.r_x, self.r_y).ok()?;
        let s = Scalar::from_bytes(&self.s.to_repr()).ok()?;
        Some(eddsa::Signature { r8, s })
    }
}

/// A secret key. It is wiped from memory when dropped.
#[derive(Debug, Clone)]
pub struct SecretKey(eddsa::PrivateKey);

impl SecretKey {
    /// The key of a seed, circomlibjs' `prv`.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(eddsa::PrivateKey::from_seed(seed))
    }

    /// The public key.
    pub fn public(&self) -> PublicKey {
        VerifyingKey(self.0.public()).into()
    }

    /// Signs a field element.
    pub fn sign(&self, message: Fr) -> Signature {
        let eddsa::Signature { r8, s } = self.0.sign(message);
        Signature { r_x: r8.x(), r_y: r8.y(), s: Fr::from_raw(s.limbs()) }
    }
}
