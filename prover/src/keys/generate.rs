//! Key generation.

use std::marker::PhantomData;

use zomma_circuits::Statement;
use zomma_kernels::CpuBackend;

use super::{CircuitId, KeyHeader, SecretG2, StatementProvingKey, StatementVerifyingKey, file};
use crate::{
    error::ProverError,
    plonk::{keygen_pk, keygen_vk},
    progress::Progress,
    srs::Srs,
};

impl<S: Statement> StatementVerifyingKey<S> {
    /// Makes the key for the size of `srs`, on the best CPU backend of this machine. The same twice gives the same bytes, on any backend.
    ///
    /// # Errors
    /// See [`CircuitId::of`]; what key generation itself reports.
    pub fn generate(srs: &Srs, progress: &dyn Progress) -> Result<Self, ProverError> {
        progress.stage("laying the circuit out", 0);
        Self::generate_for(header::<S>(srs)?, srs, progress)
    }

    fn generate_for(header: KeyHeader, srs: &Srs, progress: &dyn Progress) -> Result<Self, ProverError> {
        progress.stage("verifying key", 0);
        let key = keygen_vk(&CpuBackend::detect(), srs.params(), &S::circuit(srs.k(), None))?;
        let digest = file::seal(&header, &key).digest;
        Ok(Self { header, digest, key, statement: PhantomData })
    }
}

impl<S: Statement> StatementProvingKey<S> {
    /// Makes the key for the size of `srs`, on the best CPU backend of this machine. The same twice gives the same bytes, on any backend.
    ///
    /// # Errors
    /// See [`StatementVerifyingKey::generate`].
    pub fn generate(srs: &Srs, progress: &dyn Progress) -> Result<Self, ProverError> {
        progress.stage("laying the circuit out", 0);
        Self::generate_for(header::<S>(srs)?, srs, progress)
    }

    /// Makes the key whose [header](header) is known.
    pub(super) fn generate_for(header: KeyHeader, srs: &Srs, progress: &dyn Progress) -> Result<Self, ProverError> {
        let verifying = StatementVerifyingKey::<S>::generate_for(header, srs, progress)?;
        progress.stage("proving key", 0);
        let circuit = S::circuit(srs.k(), None);
        let key = keygen_pk(&CpuBackend::detect(), srs.params(), verifying.key.clone(), &circuit)?;
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
