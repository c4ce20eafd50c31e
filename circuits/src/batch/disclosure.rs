//! What is published of a batch beside its proof.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::encoding::hex_fr;
use crate::error::StatementError;
use crate::state::batch::{BatchContext, CONTEXT_WORDS};
use crate::state::params::VenueParams;
use crate::state::receipt::Payment;

/// What opens the public instance of a batch: whoever folds it needs context and parameters, whoever settles it the payments too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// Digest of the set of circuits, which the context names.
    #[serde(with = "hex_fr")]
    pub circuits: Fr,
    /// The parameter set, whose hash is in the context.
    pub params: VenueParams,
    /// The context.
    pub context: BatchContext,
    /// The payments that the batch owes, in order; their digest is in the context.
    pub payments: Vec<Payment>,
}

impl Disclosure {
    /// The words of the context.
    pub fn words(&self) -> [Fr; CONTEXT_WORDS] {
        self.context.words(self.circuits)
    }

    /// As [`Statement::disclosure`](crate::Statement::disclosure) hands it out.
    ///
    /// # Errors
    /// [`StatementError::Domain`] for what JSON cannot express.
    pub fn to_json(&self) -> Result<Value, StatementError> {
        serde_json::to_value(self)
            .map_err(|error| StatementError::Domain { field: "disclosure".into(), reason: error.to_string() })
    }
}
