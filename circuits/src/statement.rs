//! The [`Statement`] seam: what is proven.

use halo2_proofs::plonk::Circuit;
use halo2curves::bn256::Fr;
use serde::{Serialize, de::DeserializeOwned};

use crate::error::StatementError;

/// A statement that zomma proves.
///
/// `Inputs` are plain, validated and serialisable. [`evaluate`](Self::evaluate) is the native engine: from the
/// inputs it yields the witness of the circuit and the public instance. A statement's shape depends on `k` alone, so
/// that one verifying key serves every input that fits.
pub trait Statement: 'static {
    /// What a user hands in.
    type Inputs: Serialize + DeserializeOwned + Clone + Send + Sync;
    /// Everything that the circuit assigns.
    type Witness: Send + Sync;
    /// The public instance, typed.
    type Instance: Serialize + DeserializeOwned + Clone + PartialEq + core::fmt::Debug + Send + Sync;
    /// The halo2 circuit.
    type Circuit: Circuit<Fr, Params = ()> + Clone + Send + Sync;

    /// The name under which the registry, the command line and every artefact know the statement.
    const NAME: &'static str;
    /// Goes up whenever what is proven changes: the constraints, the layout or the meaning of the instance. Keys and proofs carry it.
    const VERSION: u32 = 1;
    /// The smallest `k` at which the circuit can be laid out at all.
    const MIN_K: u32;
    /// The `k` that is used when none is asked for.
    const DEFAULT_K: u32;

    /// The smallest `k` whose shape holds `inputs`.
    ///
    /// # Errors
    /// [`StatementError`] when no supported `k` does.
    fn k_for(inputs: &Self::Inputs) -> Result<u32, StatementError>;

    /// Computes natively what the circuit proves.
    ///
    /// # Errors
    /// [`StatementError`] naming the field of `inputs` that is out of its domain, or `TooMany` when the
    /// inputs do not fit the shape at `k`.
    fn evaluate(inputs: &Self::Inputs, k: u32) -> Result<(Self::Witness, Self::Instance), StatementError>;

    /// The instance columns as the verifier takes them.
    fn instance(instance: &Self::Instance) -> Vec<Vec<Fr>>;

    /// The circuit at `k`; without a witness it is the one for key generation.
    fn circuit(k: u32, witness: Option<Self::Witness>) -> Self::Circuit;
}
