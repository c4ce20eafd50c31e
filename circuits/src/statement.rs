//! The [`Statement`] seam: what is proven.

use std::io::Read;

use halo2_proofs::plonk::Circuit;
use halo2curves::bn256::Fr;
use serde::{Serialize, de::DeserializeOwned};

use crate::decimal::Decimal;
use crate::error::StatementError;
use crate::pricing::scenario::ScenarioSet;

/// How a file of inputs is read where the file does not say.
#[derive(Debug, Clone)]
pub struct InputOptions {
    /// Unit of prices in CSV files.
    pub tick: Decimal,
    /// Time of the inputs, seconds of the Unix epoch.
    pub timestamp: u64,
    /// The scenario set of risk arrays.
    pub scenarios: ScenarioSet,
}

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

    /// Reads inputs as people write them. What is not overridden reads JSON.
    ///
    /// # Errors
    /// [`StatementError::Domain`] naming line or field and reason.
    fn read(mut file: impl Read, options: &InputOptions) -> Result<Self::Inputs, StatementError>
    where
        Self: Sized,
    {
        let _ = options;
        let mut text = String::new();
        let failure = |reason: String| StatementError::Domain { field: "inputs".into(), reason };
        file.read_to_string(&mut text).map_err(|error| failure(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| failure(error.to_string()))
    }

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

    /// What has to be published with a proof beside its instance, such as the preimages of digests in it. Most statements have nothing.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    fn disclosure(inputs: &Self::Inputs) -> Result<Option<serde_json::Value>, StatementError> {
        let _ = inputs;
        Ok(None)
    }

    /// The circuit at `k`; without a witness it is the one for key generation.
    fn circuit(k: u32, witness: Option<Self::Witness>) -> Self::Circuit;
}
