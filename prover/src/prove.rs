//! From inputs to a proof.

use halo2curves::bn256::Fr;
use rand::RngCore;
use zomma_circuits::Statement;

use crate::{
    artefact::{Opening, Proof, ProofHeader, Public},
    engine::Engine,
    error::ProverError,
    keys::StatementProvingKey,
    progress::Progress,
    srs::Srs,
    transcript::TranscriptKind,
    verify::verify,
};

/// Proves a statement about `inputs`.
///
/// The proof is verified before it is returned.
///
/// # Errors
/// [`ProverError::Statement`] when the inputs are refused, [`ProverError::Mismatch`] when key and parameters do not belong together, and
/// what the proving system reports.
pub fn prove<S: Statement>(
    engine: &Engine,
    key: &StatementProvingKey<S>,
    srs: &Srs,
    inputs: &S::Inputs,
    transcript: TranscriptKind,
    rng: impl RngCore,
    progress: &dyn Progress,
) -> Result<(Proof, S::Instance), ProverError> {
    let header = key.header();
    if header.srs != *srs.id() {
        return Err(ProverError::mismatch("structured reference string", header.srs.sha256, srs.id().sha256));
    }
    progress.stage("evaluating natively", 0);
    let (witness, instance) = S::evaluate(inputs, header.k)?;
    let columns = S::instance(&instance);
    let circuit = S::circuit(header.k, Some(witness));
    progress.stage("proving", 0);
    let references: Vec<&[Fr]> = columns.iter().map(Vec::as_slice).collect();
    let bytes = engine.prove(srs.params(), key.key(), &[circuit], &[&references], rng, transcript)?;
    let proof = Proof {
        header: ProofHeader {
            statement: header.statement.clone(),
            version: header.version,
            k: header.k,
            verifying_key: key.verifying_key().digest(),
            srs: header.srs.clone(),
            transcript,
            opening: Opening::Shplonk,
            backend: engine.to_string(),
            made_by: concat!("zomma ", env!("CARGO_PKG_VERSION")).to_owned(),
            instances: columns.into_iter().map(|column| column.into_iter().map(Public).collect()).collect(),
        },
        bytes,
    };
    progress.stage("verifying", 0);
    verify(key.verifying_key(), &proof)?;
    Ok((proof, instance))
}
