//! Key generation.

use std::marker::PhantomData;

use halo2_proofs::plonk::{keygen_pk, keygen_vk};
use zomma_circuits::Statement;

use super::{CircuitId, KeyHeader, SecretG2, StatementProvingKey, StatementVerifyingKey, file};
use crate::{error::ProverError, progress::Progress, srs::Srs};

impl<S: Statement> StatementVerifyingKey<S> {
    /// Makes the key for the size of `srs`. The same twice gives the same bytes.
    ///
    /// # Errors
    /// See [`CircuitId::of`]; [`ProverError::Halo2`] for what key generation itself reports.
    pub fn generate(srs: &Srs, progress: &dyn Progress) -> Result<Self, ProverError> {
        progress.stage("laying the circuit out", 0);
        let header = header::<S>(srs)?;
        progress.stage("verifying key", 0);
        let key = keygen_vk(srs.params(), &S::circuit(srs.k(), None))
            .map_err(|source| ProverError::Halo2 { during: "making the verifying key", source })?;
        let digest = file::seal(&header, &key).digest;
        Ok(Self { header, digest, key, statement: PhantomData })
    }
}

impl<S: Statement> StatementProvingKey<S> {
    /// Makes the key for the size of `srs`. The same twice gives the same bytes.
    ///
    /// # Errors
    /// See [`StatementVerifyingKey::generate`].
    pub fn generate(srs: &Srs, progress: &dyn Progress) -> Result<Self, ProverError> {
        let verifying = StatementVerifyingKey::<S>::generate(srs, progress)?;
        progress.stage("proving key", 0);
        let key = keygen_pk(srs.params(), verifying.key.clone(), &S::circuit(srs.k(), None))
            .map_err(|source| ProverError::Halo2 { during: "making the proving key", source })?;
        Ok(Self { verifying, key })
    }
}

/// What a key made from `srs` is for.
pub(super) fn header<S: Statement>(srs: &Srs) -> Result<KeyHeader, ProverError> {
    let CircuitId { digest, instances } = CircuitId::of::<S>(srs.k())?;
    Ok(KeyHeader {
        statement: S::NAME.to_owned(),
        version: S::VERSION,
        k: srs.k(),
        circuit: digest,
        instances,
        srs: srs.id().clone(),
        s_g2: SecretG2(srs.params().s_g2()),
    })
}
